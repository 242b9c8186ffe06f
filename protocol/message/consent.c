/* Shapes by table. What goes to buyers before a sale is written from a list of its own, name by name: a field added to
 * the table does not leak because someone forgot to say so. */
#include "protocol/message/consent.h"

#include <arpa/inet.h>

#include "protocol/base/clock.h"
#include "protocol/crypto/digest.h"
#include "protocol/message/request.h"
#include "protocol/message/wording.h"

#define PREFIX_LEN (sizeof "consent." - 1)
#define HEX_DIGITS "0123456789abcdefABCDEF"

struct row;

/* NULL: fine; else the complaint's code, with the sentence in *text. */
typedef const char *check_shape(const struct row *row, const struct node *value, const char **text);

struct row {
    const char *path; /* "consent." and the field's name */
    check_shape *check;
    size_t max;         /* bytes of a text, or of each text of a list */
    uint32_t count_max; /* of a list */
};

static check_shape is_truth, is_text, is_prose, are_texts, is_hash, is_instant, is_address, is_url;

static const struct row rows[] = {
    {"consent.tcpa", is_truth, 0, 0},
    {"consent.channels", are_texts, 32, CONSENT_CHANNELS_MAX},
    {"consent.text", is_prose, 8192, 0},
    {"consent.text_id", is_text, 128, 0},
    {"consent.text_sha256", is_hash, 0, 0},
    {"consent.page_url", is_url, 2048, 0},
    {"consent.at", is_instant, 0, 0},
    {"consent.ip", is_address, 0, 0},
    {"consent.user_agent", is_text, 1024, 0},
    {"consent.sellers", are_texts, 256, CONSENT_SELLERS_MAX},
    {"consent.trustedform_cert_url", is_url, 512, 0},
    {"consent.trustedform_ping_url", is_url, 512, 0},
    {"consent.leadid", is_text, 128, 0},
};

unsigned consent_parts(void)
{
    return sizeof rows / sizeof *rows;
}

struct bytes consent_part(unsigned number)
{
    return bytes_of(rows[number].path + PREFIX_LEN);
}

static const struct row *find(struct bytes name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bytes_is(name, rows[i].path + PREFIX_LEN)) return &rows[i];
    return NULL;
}

/* Of the two, either may be missing. */
static bool is_hash_of_text(const struct node *consent)
{
    const struct node *text = node_find(consent, "text"), *hash = node_find(consent, "text_sha256");
    struct digest digest;
    uint8_t told[DIGEST_LEN];
    if (!text || !hash || text->kind != NODE_TEXT || hash->kind != NODE_TEXT) return true;
    if (!bytes_unhex(hash->text, told, sizeof told)) return true; /* complained about already */
    digest_of(&digest, &text->text, 1);
    return memcmp(told, digest.at, sizeof told) == 0;
}

void consent_check(const struct node *consent, struct complaints *complaints)
{
    NODE_EACH(member, consent)
    {
        const struct row *row = find(member->key);
        const char *text = NULL;
        if (!row) {
            complain_within(complaints, "consent", member->key, "unknown", "unknown field");
            continue;
        }
        const char *code = row->check(row, member, &text);
        if (code) complain(complaints, bytes_of(row->path), code, text);
    }
    if (!is_hash_of_text(consent))
        complain(complaints, BYTES("consent.text_sha256"), "mismatch", "is not the SHA-256 of text");
}

bool consent_has_part(struct bytes name)
{
    return find(name) != NULL;
}

bool consent_is_fact(struct bytes name)
{
    static const char *const FACTS[] = {"tcpa", "channels", "text_id", "leadid", "trustedform_ping_url"};
    for (size_t i = 0; i < sizeof FACTS / sizeof *FACTS; i++)
        if (bytes_is(name, FACTS[i])) return true;
    return false;
}

bool consent_says(const struct node *consent, struct bytes fact)
{
    const struct node *member = node_find_bytes(consent, fact);
    bool truth;
    return member && request_truth(member, &truth) && truth;
}

bool consent_names(const struct node *consent, struct bytes seller)
{
    const struct node *sellers = node_find(consent, "sellers");
    if (!sellers) return false;
    if (sellers->kind == NODE_TEXT) return bytes_same(sellers->text, seller);
    if (sellers->kind != NODE_LIST) return false;
    NODE_EACH(one, sellers)
    if (one->kind == NODE_TEXT && bytes_same(one->text, seller)) return true;
    return false;
}

static void write_texts(struct json *json, const struct node *value)
{
    json_open_list(json);
    if (value->kind == NODE_TEXT) {
        json_text(json, value->text);
    } else {
        NODE_EACH(one, value) json_text(json, one->text);
    }
    json_close_list(json);
}

static void write_text_of(struct json *json, const struct node *consent, const char *name)
{
    const struct node *member = node_find(consent, name);
    if (!member) return;
    json_key(json, name);
    json_text(json, member->text);
}

void consent_write_facts(struct json *json, const struct node *consent, int64_t wall_ms)
{
    const struct node *channels = node_find(consent, "channels"), *at = node_find(consent, "at");
    int64_t at_ms;
    json_open_map(json);
    if (node_find(consent, "tcpa")) {
        json_key(json, "tcpa");
        json_bool(json, consent_says(consent, BYTES("tcpa")));
    }
    if (channels) {
        json_key(json, "channels");
        write_texts(json, channels);
    }
    if (at && clock_read_wall(at->text, &at_ms)) {
        json_key(json, "age_s");
        json_i64(json, at_ms < wall_ms ? (wall_ms - at_ms) / 1000 : 0);
    }
    write_text_of(json, consent, "text_id");
    write_text_of(json, consent, "leadid");
    write_text_of(json, consent, "trustedform_ping_url");
    json_close_map(json);
}

/* The shapes ---------------------------------------------------------------------------------------------------- */

static const char *is_truth(const struct row *row, const struct node *value, const char **text)
{
    (void)row;
    bool truth;
    *text = "must be true or false";
    return request_truth(value, &truth) ? NULL : "type";
}

static const char *is_bounded(const struct row *row, const struct node *value, const char **text)
{
    *text = "must be text";
    if (value->kind != NODE_TEXT) return "type";
    *text = "too long";
    return value->text.len <= row->max ? NULL : "too_long";
}

static const char *is_text(const struct row *row, const struct node *value, const char **text)
{
    const char *code = is_bounded(row, value, text);
    if (code) return code;
    *text = "must not hold control characters";
    return wording_is_plain(value->text) ? NULL : "format";
}

/* Of several lines, perhaps; but not with a NUL, on which stores and screens differ. */
static const char *is_prose(const struct row *row, const struct node *value, const char **text)
{
    const char *code = is_bounded(row, value, text);
    if (code) return code;
    *text = "must not hold NUL";
    return bytes_find(value->text, '\0') == value->text.len ? NULL : "format";
}

static const char *are_texts(const struct row *row, const struct node *value, const char **text)
{
    if (value->kind == NODE_TEXT) return is_text(row, value, text);
    *text = "must be text or a list of texts";
    if (value->kind != NODE_LIST) return "type";
    if (value->count > row->count_max) {
        *text = "too many entries";
        return "too_long";
    }
    NODE_EACH(one, value)
    {
        const char *code = is_text(row, one, text);
        if (code) return code;
    }
    return NULL;
}

static const char *is_hash(const struct row *row, const struct node *value, const char **text)
{
    (void)row;
    *text = "must be text";
    if (value->kind != NODE_TEXT) return "type";
    *text = "must be a SHA-256 in 64 hexadecimal digits";
    if (value->text.len != 64) return "format";
    for (size_t i = 0; i < value->text.len; i++)
        if (!memchr(HEX_DIGITS, value->text.at[i], sizeof HEX_DIGITS - 1)) return "format";
    return NULL;
}

static const char *is_instant(const struct row *row, const struct node *value, const char **text)
{
    (void)row;
    int64_t wall_ms;
    *text = "must be text";
    if (value->kind != NODE_TEXT) return "type";
    *text = "must be an RFC 3339 instant";
    return clock_read_wall(value->text, &wall_ms) ? NULL : "format";
}

static const char *is_address(const struct row *row, const struct node *value, const char **text)
{
    (void)row;
    char address[INET6_ADDRSTRLEN] = "";
    struct in6_addr raw;
    *text = "must be text";
    if (value->kind != NODE_TEXT) return "type";
    *text = "must be an IPv4 or IPv6 address";
    if (value->text.len >= sizeof address) return "format";
    if (bytes_find(value->text, '\0') != value->text.len) return "format";
    if (value->text.len) memcpy(address, value->text.at, value->text.len);
    return inet_pton(AF_INET, address, &raw) == 1 || inet_pton(AF_INET6, address, &raw) == 1 ? NULL : "format";
}

static const char *is_url(const struct row *row, const struct node *value, const char **text)
{
    const char *code = is_text(row, value, text);
    if (code) return code;
    *text = "must be an http or https URL";
    if (!bytes_starts(value->text, BYTES("https://")) && !bytes_starts(value->text, BYTES("http://"))) return "format";
    return bytes_find(value->text, ' ') == value->text.len ? NULL : "format";
}

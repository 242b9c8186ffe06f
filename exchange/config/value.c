/* One table of types: what a value looks like (for the message), how its number is read where it has one, and what else
 * must hold. The number readers are market's, so that a catalogue means the same here and there. */
#include "exchange/config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

#include "exchange/base/file.h"
#include "exchange/base/spelling.h"
#include "exchange/base/zonefile.h"
#include "exchange/market/scalar.h"
#include "exchange/market/schedule.h"
#include "protocol/crypto/signature.h"
#include "protocol/wire/client.h"

#define NAME_MAX_BYTES 64
#define TEXT_MAX_BYTES 4096

/* Reports and says false, or true. */
typedef bool check_text(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder);

struct kind {
    const char *looks; /* "a duration (250ms 3s 5m 2h 30d 5y)" */
    bool (*number)(const struct node *node, int64_t *number);
    check_text *check;
};

static bool number_of_bool(const struct node *node, int64_t *number);
static bool check_range(struct tree *tree, const struct schema_row *row, const struct node *node, int64_t number);
static bool range_end(const struct schema_row *row, struct bytes text, int64_t *number);
static check_text check_plain, check_name, check_choice, check_currency, check_address, check_path, check_url,
    check_zone, check_secret, check_keyfile, check_key, check_value, check_hours, check_date, check_day, check_opening;
static bool refuse(struct tree *tree, const struct schema_row *row, const struct node *node);

static const struct kind kinds[SCHEMA_TYPES] = {
    [SCHEMA_TEXT] = {"text", NULL, check_plain},
    [SCHEMA_NAME] = {"a name (letters, digits, . _ - ; at most 64)", NULL, check_name},
    [SCHEMA_BOOL] = {"true or false", number_of_bool, NULL},
    [SCHEMA_COUNT] = {"a whole number", scalar_i64, NULL},
    [SCHEMA_DURATION] = {"a duration (250ms 3s 5m 2h 30d 5y)", scalar_duration, NULL},
    [SCHEMA_SIZE] = {"a size (512 64KiB 2GiB)", scalar_size, NULL},
    [SCHEMA_MONEY] = {"money (\"12.50\")", scalar_money, NULL},
    [SCHEMA_PERCENT] = {"a percentage (15, 12.5)", scalar_percent, NULL},
    [SCHEMA_CHOICE] = {"one of its words", NULL, check_choice},
    [SCHEMA_CURRENCY] = {"a currency (three capitals: USD)", NULL, check_currency},
    [SCHEMA_ADDRESS] = {"an address (127.0.0.1:8443, \"[::1]:8443\", unix:PATH)", NULL, check_address},
    [SCHEMA_PATH] = {"a path", NULL, check_path},
    [SCHEMA_URL] = {"a URL (https://host/path, without user or fragment)", NULL, check_url},
    [SCHEMA_ZONE] = {"a time zone (America/New_York)", NULL, check_zone},
    [SCHEMA_SECRET] = {"a secret (whsec_..., file:PATH or env:NAME)", NULL, check_secret},
    [SCHEMA_KEYFILE] = {"a key file (file:PATH)", NULL, check_keyfile},
    [SCHEMA_KEY] = {"a key's hash (sha256: and 64 hexadecimal digits)", NULL, check_key},
    [SCHEMA_VALUE] = {"a plain value", NULL, check_value},
    [SCHEMA_HOURS] = {"hours (\"08:00-20:00\")", NULL, check_hours},
    [SCHEMA_DATE] = {"a date (\"2026-12-25\")", NULL, check_date},
    [SCHEMA_DAY] = {"closed or hours (\"08:00-20:00\")", NULL, check_day},
    [SCHEMA_OPENING] = {"hours (\"08:00-20:00\")", NULL, check_opening},
    [SCHEMA_MAP] = {"a map", NULL, NULL},
    [SCHEMA_PRICE] = {"live, money or a list of rules", scalar_money, NULL},
};

bool value_check(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    const struct kind *kind = &kinds[row->type];
    struct bytes text;
    if (node->kind == NODE_LIST || node->kind == NODE_MAP) {
        if (node->kind == NODE_MAP && row->flags & SCHEMA_MAP_LATER)
            tree_complain(tree, node, "%s: not supported yet: a map here", row->key);
        else
            tree_complain(tree, node, "%s: must be %s, not a %s", row->key, kind->looks,
                          node->kind == NODE_LIST ? "list" : "map");
        return false;
    }
    if (kind->number) {
        int64_t number;
        if (row->choices && scalar_text(node, &text) && bytes_is(text, row->choices)) return true;
        if (!kind->number(node, &number)) return refuse(tree, row, node);
        if (!row->only && !check_range(tree, row, node, number)) return false;
    } else if (!kind->check(tree, row, node, folder)) {
        return false;
    }
    if (row->only && (!scalar_text(node, &text) || !bytes_is(text, row->only))) {
        tree_complain(tree, node, "%s: not supported yet: only %s", row->key, row->only);
        return false;
    }
    return true;
}

bool value_number(const struct schema_row *row, const struct node *node, int64_t *number)
{
    struct bytes text, word;
    if (row->type != SCHEMA_CHOICE) {
        if (row->choices && scalar_text(node, &text) && bytes_is(text, row->choices)) {
            *number = 0;
            return true;
        }
        return kinds[row->type].number && kinds[row->type].number(node, number);
    }
    if (!scalar_text(node, &text)) return false;
    struct bytes rest = bytes_of(row->choices);
    for (int64_t place = 0; rest.len > 0; place++) {
        rest = bytes_split(rest, ' ', &word);
        if (!bytes_same(word, text)) continue;
        *number = place;
        return true;
    }
    return false;
}

bool value_path(const char *folder, struct bytes path, char *out, size_t cap)
{
    struct sink sink = sink_over(out, cap);
    if (*folder && !bytes_starts(path, BYTES("/"))) {
        sink_text(&sink, folder);
        sink_char(&sink, '/');
    }
    sink_bytes(&sink, path);
    sink_char(&sink, 0);
    return !sink.cut;
}

bool value_key(struct bytes text, uint8_t raw[32])
{
    return bytes_starts(text, BYTES("sha256:")) && bytes_unhex(bytes_from(text, 7), raw, 32);
}

bool value_is_name(struct bytes text)
{
    if (text.len == 0 || text.len > NAME_MAX_BYTES) return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char one = (unsigned char)text.at[i];
        if (one >= 0x80 || (!isalnum(one) && one != '.' && one != '_' && one != '-')) return false;
    }
    return true;
}

struct value_shown value_shown(struct bytes text)
{
    struct value_shown shown;
    size_t room = sizeof shown.text - 4, len = 0;
    for (size_t step; len < text.len && (step = bytes_utf8_step(bytes_from(text, len))) > 0; len += step) {
        if (len + step > room) break;
        memcpy(shown.text + len, text.at + len, step);
    }
    memcpy(shown.text + len, len < text.len ? "..." : "", len < text.len ? 4 : 1);
    return shown;
}

struct value_hint value_hint(struct bytes word, const char *words)
{
    struct value_hint hint = {""};
    unsigned best = SPELLING_WORD_MAX;
    struct bytes rest = bytes_of(words), known;
    while (rest.len > 0) {
        rest = bytes_split(rest, ' ', &known);
        if (known.len > 0 && known.at[known.len - 1] == '?') known.len--;
        unsigned distance = spelling_distance(word, known);
        if (distance >= best || !spelling_is_near(word, known)) continue;
        best = distance;
        (void)snprintf(hint.text, sizeof hint.text, " (did you mean %.*s?)", (int)known.len, known.at);
    }
    return hint;
}

static bool number_of_bool(const struct node *node, int64_t *number)
{
    bool truth;
    if (!scalar_bool(node, &truth)) return false;
    *number = truth;
    return true;
}

static bool check_range(struct tree *tree, const struct schema_row *row, const struct node *node, int64_t number)
{
    if (!row->range) return true;
    struct bytes low, high = bytes_of(row->range);
    size_t dots = 0;
    while (memcmp(high.at + dots, "..", 2) != 0) dots++;
    low = bytes_first(high, dots);
    high = bytes_from(high, dots + 2);
    int64_t least, most;
    if (range_end(row, low, &least) && number < least) {
        tree_complain(tree, node, "%s: %s is too low: %s", row->key, value_shown(node->text).text, row->range);
        return false;
    }
    if (range_end(row, high, &most) && number > most) {
        tree_complain(tree, node, "%s: %s is too high: %s", row->key, value_shown(node->text).text, row->range);
        return false;
    }
    return true;
}

/* False: open on that side. */
static bool range_end(const struct schema_row *row, struct bytes text, int64_t *number)
{
    struct node node = {.kind = NODE_TEXT, .text = text, .span = 1};
    return text.len > 0 && kinds[row->type].number(&node, number);
}

static bool check_plain(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    if (!scalar_text(node, &text) || bytes_find(text, 0) < text.len) return refuse(tree, row, node);
    uint64_t least = 0, most = TEXT_MAX_BYTES;
    struct bytes high, low;
    if (row->range) {
        high = bytes_split(bytes_of(row->range), '.', &low);
        (void)bytes_u64(low, &least); /* the table's own figures */
        (void)bytes_u64(bytes_from(high, 1), &most);
    }
    if (text.len >= least && text.len <= most) return true;
    tree_complain(tree, node, "%s: must be %u to %u bytes long", row->key, (unsigned)least, (unsigned)most);
    return false;
}

static bool check_name(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    return (scalar_text(node, &text) && value_is_name(text)) || refuse(tree, row, node);
}

static bool check_choice(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text, word, rest = bytes_of(row->choices);
    if (!scalar_text(node, &text)) return refuse(tree, row, node);
    while (rest.len > 0) {
        rest = bytes_split(rest, ' ', &word);
        bool later = word.at[word.len - 1] == '?';
        if (!bytes_same(bytes_first(word, word.len - later), text)) continue;
        if (later) tree_complain(tree, node, "%s: %s is not supported yet", row->key, value_shown(text).text);
        return !later;
    }
    char words[256];
    struct sink sink = sink_over(words, sizeof words - 1);
    for (const char *at = row->choices; *at; at++)
        if (*at != '?') sink_char(&sink, *at);
    words[sink.len] = 0;
    tree_complain(tree, node, "%s: %s is not one of: %s%s", row->key, value_shown(text).text, words,
                  value_hint(text, row->choices).text);
    return false;
}

static bool check_currency(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    bool good = scalar_text(node, &text) && text.len == 3;
    for (size_t i = 0; good && i < 3; i++) good = text.at[i] >= 'A' && text.at[i] <= 'Z';
    return good || refuse(tree, row, node);
}

static bool check_address(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    if (!scalar_text(node, &text)) return refuse(tree, row, node);
    if (bytes_starts(text, BYTES("unix:"))) return text.len > 5 || refuse(tree, row, node);
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':') colon--;
    uint64_t port;
    if (colon == 0 || !bytes_u64(bytes_from(text, colon), &port) || port > 65535) return refuse(tree, row, node);
    struct bytes host = bytes_first(text, colon - 1);
    bool v6 = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    if (v6) host = bytes_first(bytes_from(host, 1), host.len - 2);
    char literal[64];
    unsigned char raw[16];
    if (!value_path("", host, literal, sizeof literal)) return refuse(tree, row, node);
    return inet_pton(v6 ? AF_INET6 : AF_INET, literal, raw) == 1 || refuse(tree, row, node);
}

static bool check_path(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    struct bytes text;
    char path[1024];
    if (!scalar_text(node, &text) || text.len == 0) return refuse(tree, row, node);
    if (value_path(folder, text, path, sizeof path)) return true;
    tree_complain(tree, node, "%s: the path is too long", row->key);
    return false;
}

static bool check_url(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text, scheme, host, target;
    unsigned port;
    if (!scalar_text(node, &text) || !client_split_url(text, &scheme, &host, &port, &target))
        return refuse(tree, row, node);
    return true;
}

static bool check_zone(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text, file;
    if (!scalar_text(node, &text) || !zonefile_is_name(text)) return refuse(tree, row, node);
    struct arena scratch;
    arena_init(&scratch, 8192, 2 * ZONEFILE_BYTES_MAX);
    enum fault fault = zonefile_read(text, &scratch, &file);
    arena_free(&scratch);
    if (fault == FAULT_NONE) return true;
    tree_complain(tree, node, "%s: no such time zone on this system: %s", row->key, value_shown(text).text);
    return false;
}

/* "16..256" bytes. */
static bool is_long_enough(struct tree *tree, const struct schema_row *row, const struct node *node)
{
    struct bytes low, rest = bytes_split(bytes_of(row->range), '.', &low);
    uint64_t from = 0, to = 0;
    bool fits = bytes_u64(low, &from) && bytes_u64(bytes_from(rest, 1), &to) && node->text.len >= from &&
                node->text.len <= to;
    if (fits) return true;
    tree_complain(tree, node, "%s: must have %s bytes", row->key, row->range);
    return false;
}

/* Where the secret is named, not what it is, may stand in a message. */
static bool check_secret(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    struct bytes text, fetched;
    if (!scalar_text(node, &text)) return refuse(tree, row, node);
    if (bytes_starts(text, BYTES("env:"))) {
        const char *value = getenv(text.at + 4);
        if (!value) {
            tree_complain(tree, node, "%s: %s is not set", row->key, value_shown(text).text);
            return false;
        }
        node->text = tree_text(tree, bytes_of(value));
    } else if (bytes_starts(text, BYTES("file:"))) {
        char path[1024];
        bool fits = value_path(folder, bytes_from(text, 5), path, sizeof path);
        enum fault fault = fits ? file_read(path, VALUE_SECRET_MAX, &tree->texts, &fetched) : FAULT_TOO_LARGE;
        if (fault != FAULT_NONE) {
            tree_complain(tree, node, "%s: %s cannot be read: %s", row->key, value_shown(text).text, fault_text(fault));
            return false;
        }
        while (fetched.len > 0 && isspace((unsigned char)fetched.at[fetched.len - 1])) fetched.len--;
        node->text = tree_text(tree, fetched);
    }
    node->kind = NODE_TEXT;
    if (row->range) return node->text.at && is_long_enough(tree, row, node);
    uint8_t raw[64];
    size_t len;
    bool good = node->text.at && signature_secret(node->text, raw, sizeof raw, &len);
    crypto_wipe(raw, sizeof raw);
    if (good) return true;
    tree_complain(tree, node, "%s: must be whsec_ and the base64 of 24 to 64 bytes", row->key);
    return false;
}

static bool check_keyfile(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    struct bytes text;
    char path[1024];
    if (!scalar_text(node, &text) || !bytes_starts(text, BYTES("file:")) || text.len == 5)
        return refuse(tree, row, node);
    return value_path(folder, bytes_from(text, 5), path, sizeof path) || refuse(tree, row, node);
}

static bool check_key(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    uint8_t raw[32];
    if (scalar_text(node, &text) && value_key(text, raw)) return true;
    bool is_key = scalar_text(node, &text) && bytes_starts(text, BYTES("oc_"));
    tree_complain(tree, node, "%s: must be %s%s", row->key, kinds[SCHEMA_KEY].looks,
                  is_key ? ", never the key itself: replace this key, it has been written down" : "");
    return false;
}

static bool check_value(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    return scalar_text(node, &text) || refuse(tree, row, node);
}

static bool check_date(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    int64_t days;
    return (scalar_text(node, &text) && schedule_read_date(text, &days)) || refuse(tree, row, node);
}

static bool check_day(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    struct calendar_day day;
    if (!scalar_text(node, &text)) return refuse(tree, row, node);
    const char *error = schedule_read_day(node->key, text, &day);
    if (error) tree_complain_key(tree, node, "%s: %s", value_shown(node->key).text, error);
    return !error;
}

static bool check_hours(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    if (!scalar_text(node, &text)) return refuse(tree, row, node);
    struct schedule schedule = {0};
    const char *error = schedule_add(&schedule, node->key, text);
    if (!error) return true;
    bool of_days = strncmp(error, "days", 4) == 0;
    if (of_days)
        tree_complain_key(tree, node, "%s: %s: %s", row->key, value_shown(node->key).text, error);
    else
        tree_complain(tree, node, "%s: %s: %s", row->key, value_shown(text).text, error);
    return false;
}

static bool check_opening(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder)
{
    (void)folder;
    struct bytes text;
    uint64_t half_hours = 0;
    if (!scalar_text(node, &text)) return refuse(tree, row, node);
    const char *error = schedule_read_hours(text, &half_hours);
    if (error) tree_complain(tree, node, "%s: %s: %s", row->key, value_shown(text).text, error);
    return !error;
}

static bool refuse(struct tree *tree, const struct schema_row *row, const struct node *node)
{
    struct bytes text = node->kind == NODE_BOOL ? (node->truth ? BYTES("true") : BYTES("false")) : node->text;
    if (node->kind == NODE_NULL) text = BYTES("null");
    bool private = row->type == SCHEMA_SECRET || row->type == SCHEMA_KEYFILE || row->type == SCHEMA_KEY;
    if (private)
        tree_complain(tree, node, "%s: must be %s", row->key, kinds[row->type].looks);
    else
        tree_complain(tree, node, "%s: %s is not %s", row->key, text.len ? value_shown(text).text : "an empty value",
                      kinds[row->type].looks);
    return false;
}

/* What is told here is read off the very structures that leads are held against, so it cannot go stale; and the
 * examples are tests ("test": true), so whoever tries them sells nothing. */
#include "exchange/api/spec.h"

#include "exchange/market/match.h"
#include "exchange/market/seller.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM 262144u
#define FIELD_ROOM 1024u /* of a field on the page, beside its choices */

static const struct {
    const char *looks, *value;
} TYPES[FIELD_TYPES] = {
    [FIELD_TEXT] = {"text", "\"Ann\""},
    [FIELD_INTEGER] = {"a whole number", "34"},
    [FIELD_CHOICE] = {"one of the allowed values", NULL},
    [FIELD_US_STATE] = {"a state's two letters", "\"CA\""},
    [FIELD_US_ZIP] = {"five digits, as text; in the lead's state", "\"94110\""},
    [FIELD_US_PHONE] = {"a North American phone number, in any usual spelling", "\"+14155550142\""},
    [FIELD_EMAIL] = {"an e-mail address", "\"ann@example.com\""},
    [FIELD_DATE] = {"a date: 1985-04-12 or 04/12/1985", "\"1985-04-12\""},
    [FIELD_DECIMAL] = {"a number with at most six decimals", "120.5"},
    [FIELD_BOOLEAN] = {"true or false", "true"},
    [FIELD_URL] = {"an http or https URL", "\"https://www.example.com/\""},
    [FIELD_IP] = {"an IPv4 or IPv6 address", "\"203.0.113.7\""},
};

static bool find(struct visit *visit, struct spec *spec);
static void find_sellers(struct spec *spec);
static size_t room_of(const struct spec *spec);
static void write_json(const struct spec *spec, struct sink *sink);

void spec_answer(struct visit *visit)
{
    struct spec spec;
    if (!find(visit, &spec)) return;
    find_sellers(&spec);
    size_t room = room_of(&spec);
    char *text = malloc(room);
    struct sink sink = sink_over(text, text ? room : 0);
    bool as_page = visit_wants_page(visit);
    if (as_page)
        spec_write_page(&spec, &sink);
    else
        write_json(&spec, &sink);
    if (!text || sink.cut)
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    else if (as_page)
        visit_send(visit->worker, visit->request, &visit->manners, 200, "text/html; charset=utf-8",
                   "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nVary: Accept\r\n",
                   sink_written(&sink));
    else
        visit_send(visit->worker, visit->request, &visit->manners, 200, "application/json", "Vary: Accept\r\n",
                   sink_written(&sink));
    free(text);
}

/* A campaign this key may not sell in is not found, like anything else of others. */
static bool find(struct visit *visit, struct spec *spec)
{
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    const struct campaign *campaign = catalogue_campaign(catalogue, visit->path_id);
    struct bytes host = http_field_find(visit->view->head, "host");
    bool may_sell = false;
    for (uint32_t i = 0; campaign && i < visit->affiliate->campaigns_count; i++)
        may_sell |= visit->affiliate->campaigns[i] == campaign->index;
    *spec = (struct spec){.catalogue = catalogue, .campaign = campaign, .affiliate = visit->affiliate};
    snprintf(spec->origin, sizeof spec->origin, "%s://%.*s", visit->view->over_tls ? "https" : "http",
             host.len ? (int)(host.len < 256 ? host.len : 256) : 9, host.len ? host.at : "localhost");
    if (may_sell) return true;
    visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND,
                  "no such campaign, or not one that this key may sell in", NULL, 0);
    return false;
}

/* Each once, in the order of their contracts: of those that trade with this affiliate and are not paused for good. */
static void find_sellers(struct spec *spec)
{
    const struct catalogue *catalogue = spec->catalogue;
    const struct facts nothing = {0};
    for (uint32_t i = 0; i < spec->campaign->contracts_count; i++) {
        const struct contract *contract = &catalogue->contracts[spec->campaign->contracts[i]];
        uint32_t at = 0;
        if (!contract->seller || contract->paused) continue;
        if (match_excludes(spec->affiliate, &catalogue->buyers[contract->buyer], &nothing)) continue;
        while (at < spec->sellers_count && !bytes_same(spec->sellers[at].seller->name, contract->seller->name)) at++;
        spec->has_more_sellers |= at == SPEC_SELLERS_MAX;
        if (at == SPEC_SELLERS_MAX) continue;
        if (at == spec->sellers_count) spec->sellers[spec->sellers_count++].seller = contract->seller;
        spec->sellers[at].is_named |= contract->is_named;
    }
}

/* Values stand on the page, in JSON, and in three examples; each byte of a name may take six. */
static size_t room_of(const struct spec *spec)
{
    const struct campaign *campaign = spec->campaign;
    size_t room = ROOM;
    for (uint32_t i = 0; i < spec->sellers_count; i++) {
        const struct seller *seller = spec->sellers[i].seller;
        room += FIELD_ROOM + 6 * (seller->name.len + seller->url.len + seller->logo_url.len + seller->consent_text.len);
    }
    for (uint32_t i = 0; i < campaign->fields_count; i++) {
        const struct field *field = &campaign->fields[i];
        room += FIELD_ROOM + 36 * field->name.len;
        for (uint32_t k = 0; k < field->choices_count; k++) room += 64 + 6 * field->choices[k].len;
    }
    return room;
}

/* A field -------------------------------------------------------------------------------------------------------- */

const char *spec_looks(enum field_type type)
{
    return TYPES[type].looks;
}

const char *spec_required(const struct field *field)
{
    return field->required == FIELD_AT_PING ? "ping" : field->required == FIELD_AT_POST ? "post" : NULL;
}

static void write_number(const struct field *field, int64_t number, struct sink *sink)
{
    if (field->type == FIELD_DECIMAL) {
        field_write_decimal(sink, number);
    } else if (field->type == FIELD_DATE) {
        sink_digits(sink, (uint64_t)number / 10000, 4);
        sink_char(sink, '-');
        sink_digits(sink, (uint64_t)number / 100 % 100, 2);
        sink_char(sink, '-');
        sink_digits(sink, (uint64_t)number % 100, 2);
    } else {
        sink_i64(sink, number);
    }
}

bool spec_write_limit(const struct field *field, bool is_max, struct sink *sink)
{
    bool is_number = field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL || field->type == FIELD_DATE;
    bool is_long = field->type == FIELD_TEXT || field->type == FIELD_URL;
    int64_t limit = is_max ? field->max : field->min;
    if (!is_number && !(is_long && is_max)) return false;
    if (limit == INT64_MAX || limit == INT64_MIN) return false;
    write_number(field, limit, sink);
    return true;
}

static int64_t within(const struct field *field, int64_t value)
{
    return value < field->min ? field->min : value > field->max ? field->max : value;
}

/* The usual one, moved to where it is allowed. */
void spec_write_value(const struct field *field, struct sink *sink)
{
    static const int64_t NUMBERS[FIELD_TYPES] = {
        [FIELD_INTEGER] = 34, [FIELD_DECIMAL] = 120500000, [FIELD_DATE] = 19850412};
    struct bytes text = TYPES[field->type].value ? bytes_of(TYPES[field->type].value) : BYTES_NONE;
    if (field->type == FIELD_CHOICE) {
        json_write_text(sink, field->choices[0]);
    } else if (NUMBERS[field->type]) {
        bool is_text = field->type == FIELD_DATE;
        if (is_text) sink_char(sink, '"');
        write_number(field, within(field, NUMBERS[field->type]), sink);
        if (is_text) sink_char(sink, '"');
    } else if (field->type == FIELD_TEXT && field->max < 3) {
        sink_text(sink, "\"A\"");
    } else {
        sink_bytes(sink, text);
    }
}

/* Examples ------------------------------------------------------------------------------------------------------- */

const char *spec_example_title(enum spec_example example)
{
    static const char *const TITLES[SPEC_EXAMPLES] = {"Ask for a price", "Post the whole lead for it",
                                                      "Or both in one call"};
    return TITLES[example];
}

/* In single quotes: one of them ends the text, stands for itself, and begins it again. */
static void write_quoted(struct bytes text, struct sink *sink)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\'')
            sink_text(sink, "'\\''");
        else
            sink_char(sink, text.at[i]);
    }
}

static void write_lead(const struct spec *spec, bool whole, struct sink *sink)
{
    char value[SPEC_VALUE_MAX], spelled[FIELD_NAME_MAX * 6 + 3];
    bool first = true;
    sink_text(sink, "\"lead\":{");
    for (uint32_t i = 0; i < spec->campaign->fields_count; i++) {
        const struct field *field = &spec->campaign->fields[i];
        bool is_told = whole ? field->required != FIELD_OPTIONAL || !field->is_private : !field->is_private;
        if (!is_told) continue;
        struct sink written = sink_over(value, sizeof value), name = sink_over(spelled, sizeof spelled);
        spec_write_value(field, &written);
        json_write_text(&name, field->name);
        sink_text(sink, first ? "" : ",");
        write_quoted(sink_written(&name), sink);
        sink_char(sink, ':');
        write_quoted(sink_written(&written), sink);
        first = false;
    }
    sink_char(sink, '}');
}

static void write_part(const struct spec *spec, struct bytes part, struct sink *sink)
{
    static const char *const VALUES[][2] = {
        {"tcpa", "true"},
        {"channels", "[\"phone\"]"},
        {"at", "\"2026-01-05T10:00:00Z\""},
        {"ip", "\"203.0.113.7\""},
        {"sellers", "[\"Example Insurance\"]"},
        {"page_url", "\"https://www.example.com/quote\""},
        {"trustedform_cert_url", "\"https://cert.trustedform.com/example\""},
        {"trustedform_ping_url", "\"https://ping.trustedform.com/example\""},
        {"text_sha256", "\"50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c\""},
    };
    const char *value = "\"example\"";
    for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++)
        if (bytes_is(part, VALUES[i][0])) value = VALUES[i][1];
    json_write_text(sink, part);
    sink_char(sink, ':');
    if (!bytes_is(part, "sellers") || !spec->sellers_count) {
        sink_text(sink, value);
        return;
    }
    char text[6 * SELLER_NAME_MAX + 2];
    struct sink name = sink_over(text, sizeof text);
    json_write_text(&name, spec->sellers[0].seller->name);
    sink_char(sink, '[');
    write_quoted(sink_written(&name), sink);
    sink_char(sink, ']');
}

static void write_consent(const struct spec *spec, struct sink *sink)
{
    const struct quality *quality = &spec->campaign->quality;
    sink_text(sink, ",\"consent\":{");
    for (uint32_t i = 0; i < quality->consent_required_count; i++) {
        if (i) sink_char(sink, ',');
        write_part(spec, quality->consent_required[i], sink);
    }
    sink_char(sink, '}');
}

/* A ping id is only known when the ping was answered: the post's line takes it out of that answer. */
void spec_write_example(const struct spec *spec, enum spec_example example, struct sink *sink)
{
    static const char *const PATHS[SPEC_EXAMPLES] = {"/v1/pings", "/v1/posts", "/v1/leads"};
    bool has_consent = spec->campaign->quality.consent_required_count > 0;
    if (example == SPEC_POST)
        sink_text(sink, "PING_ID=$(sed -n 's/.*\"ping_id\":\"\\([^\"]*\\)\".*/\\1/p' ping.json)\n");
    sink_text(sink, "curl --json '{");
    if (example == SPEC_POST) {
        sink_text(sink, "\"ping_id\":\"'\"$PING_ID\"'\",");
    } else {
        sink_text(sink, "\"campaign\":");
        json_write_text(sink, spec->campaign->id);
        sink_text(sink, ",\"test\":true,");
    }
    write_lead(spec, example != SPEC_PING, sink);
    if (has_consent && (example != SPEC_PING || spec->campaign->quality.consent_at_ping)) write_consent(spec, sink);
    sink_text(sink, "}' \\\n  -H \"Authorization: Bearer $KEY\" ");
    sink_text(sink, spec->origin);
    sink_text(sink, PATHS[example]);
    if (example == SPEC_PING) sink_text(sink, " | tee ping.json");
}

/* As JSON -------------------------------------------------------------------------------------------------------- */

static void write_limit(struct json *json, const struct field *field, bool is_max)
{
    char text[40];
    struct sink limit = sink_over(text, sizeof text);
    if (!spec_write_limit(field, is_max, &limit)) return;
    bool is_long = field->type == FIELD_TEXT || field->type == FIELD_URL;
    json_key(json, is_long ? "max_bytes" : is_max ? "max" : "min");
    if (field->type == FIELD_DATE)
        json_text(json, sink_written(&limit));
    else
        json_raw(json, sink_written(&limit));
}

static void write_field(struct json *json, const struct field *field)
{
    char value[SPEC_VALUE_MAX];
    struct sink written = sink_over(value, sizeof value);
    const char *required = spec_required(field);
    json_open_map(json);
    json_key(json, "name");
    json_text(json, field->name);
    json_key(json, "type");
    json_text(json, bytes_of(field_type_name(field->type)));
    json_key(json, "looks");
    json_text(json, bytes_of(spec_looks(field->type)));
    json_key(json, "required");
    if (required)
        json_text(json, bytes_of(required));
    else
        json_null(json);
    json_key(json, "private");
    json_bool(json, field->is_private);
    write_limit(json, field, false);
    write_limit(json, field, true);
    if (field->choices_count) {
        json_key(json, "values");
        json_open_list(json);
        for (uint32_t i = 0; i < field->choices_count; i++) json_text(json, field->choices[i]);
        json_close_list(json);
    }
    spec_write_value(field, &written);
    json_key(json, "test_value");
    json_raw(json, sink_written(&written));
    json_close_map(json);
}

static void write_seller_part(struct json *json, const char *key, struct bytes text)
{
    if (!text.len) return;
    json_key(json, key);
    json_text(json, text);
}

static void write_sellers(struct json *json, const struct spec *spec)
{
    json_key(json, "sellers");
    json_open_list(json);
    for (uint32_t i = 0; i < spec->sellers_count; i++) {
        const struct seller *seller = spec->sellers[i].seller;
        json_open_map(json);
        write_seller_part(json, "name", seller->name);
        write_seller_part(json, "url", seller->url);
        write_seller_part(json, "logo_url", seller->logo_url);
        write_seller_part(json, "consent_text", seller->consent_text);
        write_seller_part(json, "consent_sha256", seller->consent_sha256);
        json_key(json, "consent");
        json_text(json, spec->sellers[i].is_named ? BYTES("named") : BYTES("general"));
        json_close_map(json);
    }
    json_close_list(json);
    json_key(json, "more_sellers");
    json_bool(json, spec->has_more_sellers);
}

static void write_terms(struct json *json, const struct spec *spec)
{
    const struct campaign *campaign = spec->campaign;
    json_key(json, "campaign");
    json_text(json, campaign->id);
    json_key(json, "affiliate");
    json_text(json, spec->affiliate->id);
    json_key(json, "currency");
    json_text(json, spec->catalogue->house.currency);
    json_key(json, "paused");
    json_bool(json, campaign->paused || spec->affiliate->paused);
    json_key(json, "min_price");
    json_money(json, spec->affiliate->min_price_micros);
    json_key(json, "timeout_ms");
    json_i64(json, campaign->timeout_us / 1000);
    json_key(json, "post_timeout_ms");
    json_i64(json, campaign->post_timeout_us / 1000);
    json_key(json, "offer_ttl_ms");
    json_i64(json, campaign->offer_ttl_us / 1000);
    json_key(json, "consent");
    json_open_map(json);
    json_key(json, "required");
    json_open_list(json);
    for (uint32_t i = 0; i < campaign->quality.consent_required_count; i++)
        json_text(json, campaign->quality.consent_required[i]);
    json_close_list(json);
    json_key(json, "required_at");
    json_text(json, campaign->quality.consent_at_ping ? BYTES("ping") : BYTES("post"));
    json_close_map(json);
    write_sellers(json, spec);
}

static void write_json(const struct spec *spec, struct sink *sink)
{
    static const char *const NAMES[SPEC_EXAMPLES] = {"ping", "post", "lead"};
    struct json json = json_into(sink);
    json_open_map(&json);
    write_terms(&json, spec);
    json_key(&json, "fields");
    json_open_list(&json);
    for (uint32_t i = 0; i < spec->campaign->fields_count; i++) write_field(&json, &spec->campaign->fields[i]);
    json_close_list(&json);
    json_key(&json, "examples");
    json_open_map(&json);
    for (unsigned i = 0; i < SPEC_EXAMPLES; i++) {
        char *text = malloc(ROOM);
        struct sink shell = sink_over(text, text ? ROOM : 0);
        spec_write_example(spec, (enum spec_example)i, &shell);
        if (shell.cut) sink->cut = true;
        json_key(&json, NAMES[i]);
        json_text(&json, sink_written(&shell));
        free(text);
    }
    json_close_map(&json);
    json_close_map(&json);
}

/* Reading goes once over the schema, not over the lead: a ping has a handful of named fields, and they are wanted in
 * schema order. The two JSON fragments are written from the facts, so whatever spelling came in, every buyer sees one.
 */
#include "exchange/market/campaign.h"

#include "exchange/market/filter.h"
#include "exchange/market/places.h"
#include "protocol/base/check.h"
#include "protocol/codec/json.h"
#include "protocol/codec/pack.h"
#include "protocol/message/consent.h"

#define NODE_PACK_MAX                                                                                                  \
    10u                /* bytes a value may need beside its characters in MessagePack: the longest head, or a number */
#define ESCAPED_MAX 6u /* \u0000 */
#define JSON_VALUE_EXTRA 8u /* quotes, colon, comma, and a word such as false */

struct reading {
    const struct campaign *campaign;
    enum lead_stage stage;
    const struct node *lead, *consent;
    struct arena *arena;
    struct fact *facts;
    struct complaints *complaints;
    bool no_memory;
};

static bool read_fields(struct reading *reading);
static bool check_zips(struct reading *reading);
static bool read_area_code(const struct reading *reading, uint32_t *code);
static bool write_public(struct reading *reading, struct bytes *json);
static bool write_full(struct reading *reading, struct bytes *json);
static bool digest_document(struct reading *reading, struct digest *digest);

bool campaign_read_lead(const struct campaign *campaign, enum lead_stage stage, const struct node *lead,
                        const struct node *consent, struct arena *arena, struct lead_form *form,
                        struct complaints *complaints, bool *out_of_memory)
{
    struct reading reading = {campaign, stage, lead, consent, arena, NULL, complaints, false};
    *form = (struct lead_form){.facts = {.campaign = campaign, .consent = consent, .with_private = stage != LEAD_PING}};
    reading.facts = arena_zero(arena, campaign->fields_count, sizeof *reading.facts);
    form->facts.fields = reading.facts;
    *out_of_memory = !reading.facts;
    if (!reading.facts) return false;
    if (lead->count > DOCUMENT_KEYS_MAX) {
        complain(complaints, BYTES("lead"), "too_long", "has too many fields");
        return false;
    }
    bool fine = read_fields(&reading);
    if (fine) fine = check_zips(&reading);
    if (!read_area_code(&reading, &form->facts.area_code)) reading.no_memory = true;
    if (fine && !write_public(&reading, &form->public_json)) reading.no_memory = true;
    if (fine && stage != LEAD_PING)
        if (!write_full(&reading, &form->full_json) || !digest_document(&reading, &form->document))
            reading.no_memory = true;
    *out_of_memory = reading.no_memory;
    return fine && !reading.no_memory;
}

static bool is_given(const struct node *value)
{
    return value && value->kind != NODE_NULL && (value->kind != NODE_TEXT || value->text.len > 0);
}

bool campaign_has_consent(const struct campaign *campaign, const struct node *consent)
{
    for (uint32_t i = 0; i < campaign->quality.consent_required_count; i++) {
        struct bytes part = campaign->quality.consent_required[i];
        bool given = bytes_is(part, "tcpa") ? consent_says(consent, part) : is_given(node_find_bytes(consent, part));
        if (!given) return false;
    }
    return true;
}

bool campaign_had_consent(const struct campaign *campaign, const struct node *facts)
{
    for (uint32_t i = 0; i < campaign->quality.consent_required_count; i++) {
        struct bytes part = campaign->quality.consent_required[i];
        bool given = bytes_is(part, "tcpa") ? consent_says(facts, part) : is_given(node_find_bytes(facts, part));
        if (!given && consent_is_fact(part)) return false;
    }
    return true;
}

bool campaign_is_test(const struct facts *facts)
{
    for (uint32_t i = 0; i < facts->campaign->quality.test_patterns_count; i++)
        if (filter_matches(facts->campaign->quality.test_patterns[i], facts)) return true;
    return false;
}

/* Days since 1970 to a date of the Gregorian calendar, counted in eras of 400 years that begin in March. */
int64_t campaign_day(int64_t wall_ms)
{
    int64_t days = (wall_ms >= 0 ? wall_ms : wall_ms - 86399999) / 86400000 + 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, in_era = days - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100), shifted = (5 * in_year + 2) / 153;
    int64_t day = in_year - (153 * shifted + 2) / 5 + 1, month = shifted < 10 ? shifted + 3 : shifted - 9;
    return (year + era * 400 + (month <= 2)) * 10000 + month * 100 + day;
}

const struct field *campaign_field(const struct campaign *campaign, struct bytes name)
{
    for (uint32_t i = 0; i < campaign->fields_count; i++)
        if (bytes_same(campaign->fields[i].name, name)) return &campaign->fields[i];
    return NULL;
}

/* "state", then "state, zip". False: memory is out. */
static bool name_mismatch(struct arena *arena, struct bytes name, struct bytes *names)
{
    size_t room = names->len + name.len + 2;
    struct sink sink = sink_over(arena_take(arena, room), room);
    if (!sink.at) return false;
    sink_bytes(&sink, *names);
    if (names->len) sink_text(&sink, ", ");
    sink_bytes(&sink, name);
    *names = sink_written(&sink);
    return true;
}

const struct node *campaign_merge_ping(const struct campaign *campaign, struct bytes ping_public_json,
                                       const struct node *lead, struct arena *arena, struct bytes *mismatch)
{
    struct document_error error;
    const struct node *ping = document_read_json(arena, ping_public_json, &DOCUMENT_LIMITS, &error);
    *mismatch = BYTES_NONE;
    if (!ping) {
        check(error.too_large, "a ping's own public fields do not read back");
        return NULL;
    }
    struct node *merged = arena_take(arena, (lead->span + ping->span) * sizeof *merged);
    if (!merged) return NULL;
    struct node *next = merged + 1;
    *merged = (struct node){.key = lead->key, .kind = NODE_MAP, .at = lead->at};
    NODE_EACH(value, lead)
    {
        if (!is_given(value) && node_find_bytes(ping, value->key)) continue; /* inherited below */
        memcpy(next, value, value->span * sizeof *next);
        next += value->span;
        merged->count++;
    }
    NODE_EACH(known, ping)
    {
        struct fact before, now;
        struct field_fault fault;
        const struct field *field = campaign_field(campaign, known->key);
        const struct node *value = node_find_bytes(lead, known->key);
        if (!is_given(value)) {
            *next++ = *known;
            merged->count++;
            continue;
        }
        if (!field) continue; /* the schema was reloaded, and does not know it any more */
        enum field_verdict verdict = field_read(field, value, arena, &now, &fault);
        if (verdict == FIELD_NO_MEMORY || field_read(field, known, arena, &before, &fault) == FIELD_NO_MEMORY)
            return NULL;
        bool differs = verdict == FIELD_FINE && before.is_set && !bytes_same(before.text, now.text);
        if (differs && !name_mismatch(arena, field->name, mismatch)) return NULL;
    }
    merged->span = (uint32_t)(next - merged);
    return merged;
}

/* "lead.<field>"; the name alone when memory is out. */
static struct bytes complaint_name(struct reading *reading, struct bytes name)
{
    char *at = arena_take(reading->arena, name.len + 5);
    if (!at) return name;
    memcpy(at, "lead.", 5);
    memcpy(at + 5, name.at, name.len);
    return (struct bytes){at, name.len + 5};
}

static bool is_required(const struct field *field, enum lead_stage stage)
{
    return field->required == FIELD_AT_PING || (field->required == FIELD_AT_POST && stage != LEAD_PING);
}

static bool read_fields(struct reading *reading)
{
    bool fine = true;
    for (uint32_t i = 0; i < reading->campaign->fields_count; i++) {
        const struct field *field = &reading->campaign->fields[i];
        struct field_fault fault;
        if (field->is_private && reading->stage == LEAD_PING) continue;
        const struct node *value = node_find_bytes(reading->lead, field->name);
        enum field_verdict verdict = field_read(field, value, reading->arena, &reading->facts[i], &fault);
        if (verdict == FIELD_NO_MEMORY) {
            reading->no_memory = true;
            return false;
        }
        if (verdict == FIELD_ABSENT && is_required(field, reading->stage)) {
            fault = (struct field_fault){"required", "is required"};
            verdict = FIELD_WRONG;
        }
        if (verdict != FIELD_WRONG) continue;
        complain(reading->complaints, complaint_name(reading, field->name), fault.code, fault.text);
        fine = false;
    }
    return fine;
}

/* A zip that the operator's table does not have (a new one, a post office box) may be anywhere. */
static bool check_zips(struct reading *reading)
{
    const struct campaign *campaign = reading->campaign;
    bool fine = true;
    for (uint32_t i = 0; i < campaign->quality.zip_pairs_count; i++) {
        const struct zip_pair *pair = &campaign->quality.zip_pairs[i];
        const struct fact *zip = &reading->facts[pair->zip], *state = &reading->facts[pair->state];
        if (!zip->is_set || !state->is_set) continue;
        const struct place *place = places_zip(campaign->quality.zip_places, (uint32_t)zip->number);
        if (!place || place->state == state->number) continue;
        complain(reading->complaints, complaint_name(reading, campaign->fields[pair->zip].name), "mismatch",
                 "is not in the lead's state");
        fine = false;
    }
    return fine;
}

/* Digits behind "+1" of the first phone that is given; a public field of that name comes first. False: memory is out.
 */
static bool read_area_code(const struct reading *reading, uint32_t *code)
{
    uint64_t number;
    for (uint32_t i = 0; i < reading->campaign->fields_count; i++) {
        const struct field *field = &reading->campaign->fields[i];
        const struct fact *fact = &reading->facts[i];
        if (field->is_private || !bytes_is(field->name, "area_code") || !fact->is_set) continue;
        if (fact->text.len == 3 && bytes_u64(fact->text, &number)) *code = (uint32_t)number;
        return true;
    }
    for (uint32_t i = 0; i < reading->campaign->fields_count && *code == 0; i++) {
        const struct field *field = &reading->campaign->fields[i];
        struct fact fact;
        struct field_fault fault;
        if (field->type != FIELD_US_PHONE) continue;
        const struct node *value = node_find_bytes(reading->lead, field->name);
        enum field_verdict verdict = field_read(field, value, reading->arena, &fact, &fault);
        if (verdict == FIELD_NO_MEMORY) return false;
        if (verdict == FIELD_FINE && bytes_u64((struct bytes){fact.text.at + 2, 3}, &number)) *code = (uint32_t)number;
    }
    return true;
}

/* Named fields hold no control characters but tab and line ends, so an escape takes two bytes at most. */
static size_t fields_bound(const struct reading *reading)
{
    size_t bound = 2;
    for (uint32_t i = 0; i < reading->campaign->fields_count; i++)
        bound += reading->campaign->fields[i].name.len * 2 + reading->facts[i].text.len * 2 + JSON_VALUE_EXTRA;
    return bound;
}

static void write_fields(const struct reading *reading, struct json *json, bool with_private)
{
    for (uint32_t i = 0; i < reading->campaign->fields_count; i++) {
        const struct field *field = &reading->campaign->fields[i];
        const struct fact *fact = &reading->facts[i];
        if (!fact->is_set || (field->is_private && !with_private)) continue;
        json_key_bytes(json, field->name);
        if (field_is_bare(field->type))
            json_raw(json, fact->text);
        else
            json_text(json, fact->text);
    }
}

static bool write_public(struct reading *reading, struct bytes *written)
{
    size_t bound = fields_bound(reading);
    struct sink sink = sink_over(arena_take(reading->arena, bound), bound);
    if (!sink.at) return false;
    struct json json = json_into(&sink);
    json_open_map(&json);
    write_fields(reading, &json, false);
    json_close_map(&json);
    check(!sink.cut);
    *written = sink_written(&sink);
    return true;
}

static bool write_full(struct reading *reading, struct bytes *written)
{
    size_t bound = fields_bound(reading);
    for (uint32_t i = 1; i < reading->lead->span; i++) {
        const struct node *node = &reading->lead[i];
        bound += (node->key.len + node->text.len) * ESCAPED_MAX + JSON_VALUE_EXTRA;
    }
    struct sink sink = sink_over(arena_take(reading->arena, bound), bound);
    if (!sink.at) return false;
    struct json json = json_into(&sink);
    json_open_map(&json);
    write_fields(reading, &json, true);
    NODE_EACH(value, reading->lead)
    {
        if (campaign_field(reading->campaign, value->key)) continue;
        json_key_bytes(&json, value->key);
        json_node(&json, value);
    }
    json_close_map(&json);
    check(!sink.cut);
    *written = sink_written(&sink);
    return true;
}

/* One spelling for a plain value: a form can only say text, so text it is. */
static bool plain_text(struct arena *arena, struct node *node)
{
    int64_t whole;
    char digits[24];
    struct sink sink = sink_over(digits, sizeof digits);
    if (node->kind == NODE_BOOL) node->text = node->truth ? BYTES("true") : BYTES("false");
    if (node->kind == NODE_NUMBER && node_i64(node, &whole)) {
        sink_i64(&sink, whole);
        node->text = arena_copy(arena, sink_written(&sink));
    }
    if (node->kind == NODE_BOOL || node->kind == NODE_NUMBER) node->kind = NODE_TEXT;
    return node->kind != NODE_TEXT || node->text.at || node->text.len == 0;
}

static struct node *copy_plain(struct reading *reading, struct node *to, const struct node *from)
{
    for (uint32_t i = 0; i < from->span; i++) {
        to[i] = from[i];
        if (!plain_text(reading->arena, &to[i])) reading->no_memory = true;
    }
    return to + from->span;
}

/* {"consent": …, "lead": {named fields normalised, others as they came}}; canonical packing sorts the names. */
static struct node *normal_document(struct reading *reading)
{
    size_t room = 2 + reading->campaign->fields_count + reading->lead->span;
    if (reading->consent) room += reading->consent->span;
    struct node *root = arena_take(reading->arena, room * sizeof *root);
    if (!root) return NULL;
    struct node *next = root + 1;
    *root = (struct node){.kind = NODE_MAP, .count = reading->consent ? 2 : 1};
    if (reading->consent) {
        struct node *consent = next;
        next = copy_plain(reading, next, reading->consent);
        consent->key = BYTES("consent");
    }
    struct node *lead = next++;
    *lead = (struct node){.key = BYTES("lead"), .kind = NODE_MAP};
    for (uint32_t i = 0; i < reading->campaign->fields_count; i++) {
        if (!reading->facts[i].is_set) continue;
        *next++ = (struct node){
            .key = reading->campaign->fields[i].name, .text = reading->facts[i].text, .span = 1, .kind = NODE_TEXT};
        lead->count++;
    }
    NODE_EACH(value, reading->lead)
    {
        if (campaign_field(reading->campaign, value->key)) continue;
        next = copy_plain(reading, next, value);
        lead->count++;
    }
    lead->span = (uint32_t)(next - lead);
    root->span = (uint32_t)(next - root);
    return reading->no_memory ? NULL : root;
}

static bool digest_document(struct reading *reading, struct digest *digest)
{
    const struct node *document = normal_document(reading);
    if (!document) return false;
    size_t bound = 0;
    for (uint32_t i = 0; i < document->span; i++)
        bound += document[i].key.len + document[i].text.len + 2 * (size_t)NODE_PACK_MAX;
    struct sink sink = sink_over(arena_take(reading->arena, bound), bound);
    if (!sink.at) return false;
    check(pack_write_canonical(&sink, document), "%zu bytes did not fit", bound);
    struct bytes packed = sink_written(&sink);
    digest_of(digest, &packed, 1);
    return true;
}

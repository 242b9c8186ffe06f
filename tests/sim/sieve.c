/* Every condition is a function over three documents: the condition, the campaign's fields, the request. Nothing is
 * compiled or kept, so there is nothing here that could be wrong in the same way as an index of bitsets. */
#include "tests/sim/sieve.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "protocol/base/check.h"

#define FILE_ROOM (1u << 20)
#define TEXT_MAX 200

struct sieve {
    struct arena arena;
    const struct node *market, *campaign, *fields; /* fields: of the campaign */
    const struct node *contracts[SIEVE_CONTRACTS_MAX], *buyers[SIEVE_CONTRACTS_MAX];
    unsigned count;
};

/* What is asked about. */
struct question {
    const struct sieve *sieve;
    const struct node *request, *lead;
    struct bytes affiliate;
    bool is_whole;
    int64_t wall_ms;
};

static bool holds(const struct question *question, const struct node *condition);

/* Opening ---------------------------------------------------------------------------------------------------------- */

static const struct node *read_file(struct arena *arena, const char *path)
{
    static const struct document_limits limits = {DOCUMENT_DEPTH_MAX, 1 << 16, DOCUMENT_KEYS_MAX};
    struct document_error error;
    FILE *file = fopen(path, "rb");
    char *at = arena_take(arena, FILE_ROOM);
    if (!file || !at) return NULL;
    size_t len = fread(at, 1, FILE_ROOM, file);
    fclose(file);
    return document_read_json(arena, (struct bytes){at, len}, &limits, &error);
}

static bool list_contracts(struct sieve *sieve)
{
    const struct node *buyers = node_find(sieve->market, "buyers");
    if (!buyers) return false;
    NODE_EACH(buyer, buyers)
    {
        const struct node *contracts = node_find(buyer, "contracts");
        if (!contracts) continue;
        NODE_EACH(contract, contracts)
        {
            if (sieve->count == SIEVE_CONTRACTS_MAX) return false;
            sieve->buyers[sieve->count] = buyer;
            sieve->contracts[sieve->count++] = contract;
        }
    }
    return true;
}

struct sieve *sieve_open(const char *market_file)
{
    struct sieve *sieve = calloc(1, sizeof *sieve);
    if (!sieve) return NULL;
    arena_init(&sieve->arena, 1 << 16, 64 << 20);
    sieve->market = read_file(&sieve->arena, market_file);
    const struct node *campaigns = sieve->market ? node_find(sieve->market, "campaigns") : NULL;
    sieve->campaign = campaigns ? node_first(campaigns) : NULL;
    if (campaigns) sieve->fields = node_find(sieve->campaign, "fields");
    if (sieve->fields && list_contracts(sieve)) return sieve;
    sieve_close(&sieve);
    return NULL;
}

void sieve_close(struct sieve **closed)
{
    struct sieve *sieve = *closed;
    *closed = NULL;
    if (!sieve) return;
    arena_free(&sieve->arena);
    free(sieve);
}

/* Words ------------------------------------------------------------------------------------------------------------ */

static struct bytes text_of(const struct node *map, const char *name)
{
    const struct node *node = node_find(map, name);
    return node ? node->text : BYTES_NONE;
}

static bool is_listed(const struct node *list, struct bytes text)
{
    NODE_EACH(item, list)
    {
        if (bytes_same(item->text, text)) return true;
    }
    return false;
}

/* A list, or one text in place of a list of one. */
static bool names(const struct node *named, struct bytes text)
{
    return named->kind == NODE_LIST ? is_listed(named, text) : bytes_same(named->text, text);
}

static bool has_type(const struct sieve *sieve, struct bytes field, const char *type)
{
    const struct node *rules = node_find_bytes(sieve->fields, field);
    return rules && bytes_is(text_of(rules, "type"), type);
}

/* Private unless the field says it is not. */
static bool is_private(const struct sieve *sieve, struct bytes field)
{
    const struct node *rules = node_find_bytes(sieve->fields, field),
                      *says = rules ? node_find(rules, "private") : NULL;
    return !says || says->truth;
}

/* What the lead gives; nothing when it is private and the lead is not whole. */
static struct bytes given(const struct question *question, struct bytes field)
{
    const struct node *node = node_find_bytes(question->lead, field);
    if (!node || (is_private(question->sieve, field) && !question->is_whole)) return BYTES_NONE;
    if (node->kind == NODE_BOOL) return bytes_of(node->truth ? "true" : "false");
    bool is_truth = has_type(question->sieve, field, "boolean");
    return is_truth && bytes_is(node->text, "no") ? BYTES("false") : node->text;
}

static struct bytes first_of_type(const struct question *question, const char *type)
{
    NODE_EACH(field, question->sieve->fields)
    {
        if (bytes_is(text_of(field, "type"), type)) return field->key;
    }
    return BYTES_NONE;
}

/* Millionths, so that integers and decimals compare alike. */
static bool read_number(struct bytes text, int64_t *micros)
{
    char copy[TEXT_MAX], *end;
    if (!text.len || text.len >= sizeof copy) return false;
    snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.at);
    long double value = strtold(copy, &end);
    *micros = (int64_t)(value * 1000000 + (value < 0 ? -0.5L : 0.5L));
    return *end == '\0';
}

/* YYYY-MM-DD as the number YYYYMMDD. */
static bool read_date(struct bytes text, int64_t *day)
{
    int year, month, date;
    char copy[16];
    if (text.len != 10) return false;
    snprintf(copy, sizeof copy, "%.10s", text.at);
    if (sscanf(copy, "%4d-%2d-%2d", &year, &month, &date) != 3) return false;
    *day = year * 10000 + month * 100 + date;
    return true;
}

static bool is_between(const struct node *condition, bool is_date, int64_t value)
{
    const struct node *min = node_find(condition, "min"), *max = node_find(condition, "max");
    int64_t bound;
    if (min && (is_date ? read_date(min->text, &bound) : read_number(min->text, &bound)) && value < bound) return false;
    if (max && (is_date ? read_date(max->text, &bound) : read_number(max->text, &bound)) && value > bound) return false;
    return true;
}

/* Conditions on a field -------------------------------------------------------------------------------------------- */

static bool is_one_of(const struct node *list, struct bytes text)
{
    int64_t value, other;
    NODE_EACH(item, list)
    {
        if (bytes_same(item->text, text)) return true;
        if (read_number(item->text, &other) && read_number(text, &value) && other == value) return true;
    }
    return false;
}

static bool has_prefix(const struct node *list, struct bytes text)
{
    NODE_EACH(item, list)
    {
        if (text.len >= item->text.len && bytes_same(bytes_first(text, item->text.len), item->text)) return true;
    }
    return false;
}

static bool is_matched(struct bytes expression, struct bytes text)
{
    char pattern[TEXT_MAX], subject[TEXT_MAX];
    regex_t compiled;
    check(expression.len < sizeof pattern && text.len < sizeof subject);
    snprintf(pattern, sizeof pattern, "%.*s", (int)expression.len, expression.at);
    snprintf(subject, sizeof subject, "%.*s", (int)text.len, text.at);
    check(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0, "%s", pattern);
    bool found = regexec(&compiled, subject, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

static bool by_field(const struct question *question, const struct node *condition)
{
    struct bytes field = node_find(condition, "field")->text, text = given(question, field);
    const struct node *exists = node_find(condition, "exists"), *is = node_find(condition, "is"),
                      *in = node_find(condition, "in"), *prefix = node_find(condition, "prefix"),
                      *matches = node_find(condition, "matches");
    bool is_date = has_type(question->sieve, field, "date");
    int64_t value;
    if (exists) return (text.len > 0) == exists->truth;
    if (!text.len) return false;
    if (is) {
        int64_t other;
        bool equal = read_number(is->text, &other) && read_number(text, &value) && other == value;
        return equal || bytes_same(is->kind == NODE_BOOL ? bytes_of(is->truth ? "true" : "false") : is->text, text);
    }
    if (in) return is_one_of(in, text);
    if (prefix) return has_prefix(prefix, text);
    if (matches) return is_matched(matches->text, text);
    return (is_date ? read_date(text, &value) : read_number(text, &value)) && is_between(condition, is_date, value);
}

/* Full years to the day of the ping, in UTC. */
static bool by_age(const struct question *question, const struct node *condition)
{
    int64_t born;
    struct tm now;
    time_t wall = (time_t)(question->wall_ms / 1000);
    if (!read_date(given(question, node_find(condition, "age_from")->text), &born) || !gmtime_r(&wall, &now))
        return false;
    int64_t today = (now.tm_year + 1900) * 10000 + (now.tm_mon + 1) * 100 + now.tm_mday;
    return today >= born && is_between(condition, false, (today - born) / 10000 * 1000000);
}

/* Conditions with names of their own ------------------------------------------------------------------------------- */

static bool by_state(const struct question *question, const struct node *condition)
{
    struct bytes text = given(question, first_of_type(question, "us_state"));
    return text.len && names(node_find(condition, "state"), text);
}

static bool by_zip(const struct question *question, const struct node *condition)
{
    struct bytes text = given(question, first_of_type(question, "us_zip"));
    return text.len && names(node_find(condition, "zip"), text);
}

static bool by_source(const struct question *question, const struct node *condition)
{
    return names(node_find(condition, "source"), text_of(question->request, "source"));
}

static bool by_affiliate(const struct question *question, const struct node *condition)
{
    return names(node_find(condition, "affiliate"), question->affiliate);
}

static bool by_sub_id(const struct question *question, const struct node *condition)
{
    const struct node *wanted = node_find(condition, "sub_id"), *told = node_find(question->request, "sub_id");
    if (!told) return false;
    if (told->kind == NODE_TEXT) return names(wanted, told->text);
    NODE_EACH(item, told)
    {
        if (names(wanted, item->text)) return true;
    }
    return false;
}

static bool by_consent(const struct question *question, const struct node *condition)
{
    const struct node *consent = node_find(question->request, "consent");
    const struct node *fact = consent ? node_find_bytes(consent, node_find(condition, "consent")->text) : NULL;
    return fact && fact->kind == NODE_BOOL && fact->truth;
}

/* Of the phone, which is looked at even in a ping. */
static bool by_area_code(const struct question *question, const struct node *condition)
{
    const struct node *phone = node_find_bytes(question->lead, first_of_type(question, "us_phone"));
    if (!phone || phone->text.len != 12) return false; /* +14155550142 */
    return names(node_find(condition, "area_code"), (struct bytes){phone->text.at + 2, 3});
}

/* The rules that hold, added up. */
static bool by_score(const struct question *question, const struct node *condition)
{
    const struct node *rules = node_find(question->sieve->campaign, "score");
    int64_t points, sum = 0;
    NODE_EACH(rule, rules)
    {
        const struct node *when = node_find(rule, "when");
        if (when && !holds(question, when)) continue;
        check(read_number(node_find(rule, "points")->text, &points));
        sum += points;
    }
    return is_between(node_find(condition, "score"), false, sum);
}

/* The one list there is has every odd area code from 213 on (random.c); a ping may tell the phone by its hash alone. */
static bool by_in_list(const struct question *question, const struct node *condition)
{
    const struct node *phone = node_find(question->lead, "phone");
    const struct node *hash = node_find(node_find(question->request, "hashes"), "phone");
    const struct node *test = node_find(question->request, "test");
    (void)condition;
    if (test && test->truth) return false; /* a test is about nobody */
    if (phone) return phone->text.len == 12 && (phone->text.at[4] - '0') % 2 == 1;
    for (unsigned area = 213; hash && area < 280; area += 2) {
        char text[16], hex[2 * DIGEST_LEN];
        struct digest digest;
        struct sink spelled = sink_over(text, sizeof text), written = sink_over(hex, sizeof hex);
        sink_format(&spelled, "+1%u5550142", area);
        struct bytes value = sink_written(&spelled);
        digest_of(&digest, &value, 1);
        sink_hex(&written, (struct bytes){(const char *)digest.at, DIGEST_LEN});
        if (bytes_same(hash->text, sink_written(&written))) return true;
    }
    return false;
}

static bool by_all(const struct question *question, const struct node *condition)
{
    NODE_EACH(part, node_find(condition, "all"))
    {
        if (!holds(question, part)) return false;
    }
    return true;
}

static bool by_any(const struct question *question, const struct node *condition)
{
    NODE_EACH(part, node_find(condition, "any"))
    {
        if (holds(question, part)) return true;
    }
    return false;
}

static bool by_none(const struct question *question, const struct node *condition)
{
    NODE_EACH(part, node_find(condition, "none"))
    {
        if (holds(question, part)) return false;
    }
    return true;
}

static const struct {
    const char *name;
    bool (*holds)(const struct question *question, const struct node *condition);
} words[] = {{"field", by_field},   {"age_from", by_age},        {"state", by_state},   {"zip", by_zip},
             {"source", by_source}, {"affiliate", by_affiliate}, {"sub_id", by_sub_id}, {"consent", by_consent},
             {"all", by_all},       {"area_code", by_area_code}, {"any", by_any},       {"none", by_none},
             {"score", by_score},   {"in_list", by_in_list}};

static bool holds(const struct question *question, const struct node *condition)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (node_find(condition, words[i].name)) return words[i].holds(question, condition);
    struct bytes name = node_first(condition) ? node_first(condition)->key : BYTES_NONE;
    check(false, "the reference has no word for the condition %.*s", (int)name.len, name.at);
    return false;
}

/* Contracts -------------------------------------------------------------------------------------------------------- */

/* A filter that looks at a private field anywhere holds for no ping. */
static bool looks_at_private(const struct sieve *sieve, const struct node *condition)
{
    static const char *const groups[] = {"all", "any", "none"};
    struct bytes field = text_of(condition, "field");
    if (!field.len) field = text_of(condition, "age_from");
    if (field.len) return is_private(sieve, field);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        const struct node *parts = node_find(condition, groups[i]);
        if (!parts) continue;
        NODE_EACH(part, parts)
        {
            if (looks_at_private(sieve, part)) return true;
        }
    }
    return false;
}

static bool fits(const struct question *question, const struct node *condition)
{
    if (!condition) return true;
    return (question->is_whole || !looks_at_private(question->sieve, condition)) && holds(question, condition);
}

/* A live price, a plain one, or rules of which one must hold. */
static bool has_price(const struct question *question, const struct node *price)
{
    if (price->kind != NODE_LIST) return true;
    NODE_EACH(rule, price)
    {
        if (fits(question, node_find(rule, "when"))) return true;
    }
    return false;
}

/* By its id, or by the group it says it is of. */
static bool names_buyer(const struct node *named, const struct node *buyer)
{
    struct bytes group = text_of(buyer, "group");
    return named && (names(named, text_of(buyer, "id")) || (group.len && names(named, group)));
}

static bool excludes(const struct question *question, const struct node *buyer)
{
    const struct node *exclude = node_find(buyer, "exclude");
    const struct node *affiliates = exclude ? node_find(exclude, "affiliates") : NULL,
                      *sources = exclude ? node_find(exclude, "sources") : NULL;
    if (affiliates && is_listed(affiliates, question->affiliate)) return true;
    if (sources && is_listed(sources, text_of(question->request, "source"))) return true;
    if (names_buyer(node_find(question->request, "exclude_buyers"), buyer)) return true;
    NODE_EACH(affiliate, node_find(question->sieve->market, "affiliates"))
    {
        if (!bytes_same(text_of(affiliate, "id"), question->affiliate)) continue;
        if (names_buyer(node_find(affiliate, "exclude_buyers"), buyer)) return true;
    }
    return false;
}

sieve_set sieve_run(const struct sieve *sieve, struct bytes affiliate, const struct node *request, bool is_whole,
                    int64_t wall_ms)
{
    struct question question = {sieve, request, node_find(request, "lead"), affiliate, is_whole, wall_ms};
    sieve_set set = 0;
    if (!question.lead) return 0;
    for (unsigned i = 0; i < sieve->count; i++)
        if (fits(&question, node_find(sieve->contracts[i], "filter")) &&
            has_price(&question, node_find(sieve->contracts[i], "price")) && !excludes(&question, sieve->buyers[i]))
            set |= UINT64_C(1) << i;
    return set;
}

bool sieve_agrees(const struct sieve *sieve, sieve_set set, const struct trace_auction *record,
                  char note[SIEVE_NOTE_MAX])
{
    uint64_t told = record->contracts_count;
    for (unsigned i = 0; i < REASON_COUNT; i++) told += record->counts[i];
    if (told == 0) return true;
    for (unsigned i = 0; i < sieve->count; i++) {
        struct bytes id = text_of(sieve->contracts[i], "id");
        bool is_there = false, should = set >> i & 1;
        for (uint32_t k = 0; k < record->contracts_count; k++)
            is_there |= bytes_same(record->contracts[k].contract, id);
        if (is_there == should) continue;
        snprintf(note, SIEVE_NOTE_MAX, "the filters %s %.*s, the reference says %s",
                 is_there ? "let through" : "keep out", (int)id.len, id.at, should ? "yes" : "no");
        return false;
    }
    return true;
}

/* A filter is a small tree in a row of 24-byte nodes. Values were normalised and turned into numbers when it was built,
 * so a condition costs a shift, two comparisons or a binary search, and no memory. */
#include "exchange/market/filter.h"

#include "exchange/market/condition.h"
#include "exchange/market/score.h"
#include "exchange/market/suppress.h"
#include "protocol/message/consent.h"

#define OWN_MAX 40u   /* bytes of the lead's own value */
#define LISTED_MAX 6u /* so many values of a list are named in an explanation */

typedef bool holds(const struct filter *filter, const struct facts *facts);

static holds all_hold, any_holds, none_holds, in_mask, in_range, in_numbers, in_texts, has_prefix, is_there, is_missing,
    by_affiliate, by_source, in_runs, by_regex, by_age, by_sub_id, by_area_code, by_consent, by_score, by_list;

static holds *const HOLDS[CONDITIONS_COUNT] = {
    [CONDITION_ALL] = all_hold,       [CONDITION_ANY] = any_holds,          [CONDITION_NONE] = none_holds,
    [CONDITION_MASK] = in_mask,       [CONDITION_RANGE] = in_range,         [CONDITION_NUMBERS] = in_numbers,
    [CONDITION_TEXTS] = in_texts,     [CONDITION_PREFIXES] = has_prefix,    [CONDITION_EXISTS] = is_there,
    [CONDITION_MISSING] = is_missing, [CONDITION_AFFILIATE] = by_affiliate, [CONDITION_SOURCE] = by_source,
    [CONDITION_RUNS] = in_runs,       [CONDITION_REGEX] = by_regex,         [CONDITION_AGE] = by_age,
    [CONDITION_SUB_ID] = by_sub_id,   [CONDITION_AREA_CODE] = by_area_code, [CONDITION_CONSENT] = by_consent,
    [CONDITION_IN_LIST] = by_list,    [CONDITION_SCORE] = by_score,
};

static void explain(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                    bool wanted, struct sink *out);

static void tell_private(const struct filter *filter, const struct campaign *campaign, bool of_ping, struct sink *out);

bool filter_matches(const struct filter *filter, const struct facts *facts)
{
    return (!filter->is_private || facts->with_private) && condition_holds(filter, facts);
}

bool filter_is_private(const struct filter *filter)
{
    return filter->is_private;
}

void filter_explain(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                    struct sink *out)
{
    if (filter->is_private && !facts->with_private)
        tell_private(filter, campaign, true, out);
    else if (!condition_holds(filter, facts))
        explain(filter, campaign, facts, true, out);
}

void filter_explain_private(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                            struct sink *out)
{
    for (uint32_t i = 0; filter->condition == CONDITION_ALL && i < filter->count; i++) {
        const struct filter *part = &filter->parts[i];
        if (part->is_private || condition_holds(part, facts)) continue;
        explain(part, campaign, facts, true, out);
        return;
    }
    tell_private(filter, campaign, false, out);
}

bool condition_holds(const struct filter *filter, const struct facts *facts)
{
    return HOLDS[filter->condition](filter, facts);
}

static bool all_hold(const struct filter *filter, const struct facts *facts)
{
    for (uint32_t i = 0; i < filter->count; i++)
        if (!condition_holds(&filter->parts[i], facts)) return false;
    return true;
}

static bool any_holds(const struct filter *filter, const struct facts *facts)
{
    for (uint32_t i = 0; i < filter->count; i++)
        if (condition_holds(&filter->parts[i], facts)) return true;
    return false;
}

static bool none_holds(const struct filter *filter, const struct facts *facts)
{
    return !any_holds(filter, facts);
}

static bool in_mask(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    return fact->is_set && (filter->mask >> fact->number & 1);
}

static bool in_range(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    return fact->is_set && fact->number >= filter->from && fact->number <= filter->to;
}

static bool has_number(const struct filter *filter, int64_t number)
{
    uint32_t low = 0, high = filter->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (filter->numbers[middle] == number) return true;
        if (filter->numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool in_numbers(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    return fact->is_set && has_number(filter, fact->number);
}

static bool in_runs(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    uint32_t low = 0, high = fact->is_set ? filter->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (fact->number < filter->runs[middle].from)
            high = middle;
        else if (fact->number > filter->runs[middle].to)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

int64_t condition_age(const struct facts *facts, int64_t born)
{
    return facts->today >= born ? (facts->today - born) / 10000 : -1;
}

static bool by_age(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    int64_t age = fact->is_set ? condition_age(facts, fact->number) : -1;
    return age >= 0 && age >= filter->from && age <= filter->to;
}

static bool by_regex(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    return fact->is_set && regex_matches(filter->regex, fact->text);
}

/* How many texts stand at or before this one. */
static uint32_t count_up_to(const struct filter *filter, struct bytes text)
{
    uint32_t low = 0, high = filter->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (bytes_compare(filter->texts[middle], text) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_among(const struct filter *filter, struct bytes text)
{
    uint32_t count = count_up_to(filter, text);
    return count > 0 && bytes_same(filter->texts[count - 1], text);
}

static bool in_texts(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    return fact->is_set && is_among(filter, fact->text);
}

/* No prefix starts with another, so only the nearest one before the text can be one of it. */
static bool has_prefix(const struct filter *filter, const struct facts *facts)
{
    const struct fact *fact = &facts->fields[filter->field];
    uint32_t count = fact->is_set ? count_up_to(filter, fact->text) : 0;
    return count > 0 && bytes_starts(fact->text, filter->texts[count - 1]);
}

static bool is_there(const struct filter *filter, const struct facts *facts)
{
    return facts->fields[filter->field].is_set;
}

static bool is_missing(const struct filter *filter, const struct facts *facts)
{
    return !facts->fields[filter->field].is_set;
}

static bool by_affiliate(const struct filter *filter, const struct facts *facts)
{
    return is_among(filter, facts->affiliate);
}

static bool by_source(const struct filter *filter, const struct facts *facts)
{
    return is_among(filter, facts->source);
}

static bool by_sub_id(const struct filter *filter, const struct facts *facts)
{
    for (uint32_t i = 0; i < facts->sub_ids_count; i++)
        if (is_among(filter, facts->sub_ids[i])) return true;
    return false;
}

static bool by_area_code(const struct filter *filter, const struct facts *facts)
{
    return facts->area_code && has_number(filter, facts->area_code);
}

static bool by_consent(const struct filter *filter, const struct facts *facts)
{
    return consent_says(facts->consent, filter->texts[0]);
}

static bool by_list(const struct filter *filter, const struct facts *facts)
{
    return suppress_is_on(facts, (uint32_t)filter->from);
}

bool filter_asks_list(const struct filter *filter)
{
    if (filter->condition > CONDITION_NONE) return filter->condition == CONDITION_IN_LIST;
    for (uint32_t i = 0; i < filter->count; i++)
        if (filter_asks_list(&filter->parts[i])) return true;
    return false;
}

void filter_lists(const struct filter *filter, uint64_t *lists)
{
    if (filter->condition == CONDITION_IN_LIST) lists[filter->from / 64] |= UINT64_C(1) << filter->from % 64;
    for (uint32_t i = 0; i < filter->count && filter->condition <= CONDITION_NONE; i++)
        filter_lists(&filter->parts[i], lists);
}

static bool by_score(const struct filter *filter, const struct facts *facts)
{
    int64_t points = score_of(facts);
    return points >= filter->from && points <= filter->to;
}

static void write_value(const struct filter *filter, const struct field *field, uint32_t at, struct sink *out)
{
    if (filter->condition == CONDITION_AREA_CODE)
        sink_i64(out, filter->numbers[at]);
    else if (filter->condition != CONDITION_NUMBERS)
        sink_bytes(out, filter->texts[at]);
    else if (field->type == FIELD_CHOICE)
        sink_bytes(out, field->choices[filter->numbers[at]]);
    else if (field->type == FIELD_DECIMAL)
        field_write_decimal(out, filter->numbers[at]);
    else if (field->type == FIELD_US_ZIP)
        sink_digits(out, (uint64_t)filter->numbers[at], 5);
    else
        sink_i64(out, filter->numbers[at]);
}

static void write_mask(const struct filter *filter, const struct field *field, struct sink *out)
{
    unsigned written = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!(filter->mask >> bit & 1)) continue;
        if (written++) sink_text(out, ", ");
        sink_bytes(out, field->type == FIELD_US_STATE  ? field_state_name(bit)
                        : field->type == FIELD_BOOLEAN ? bytes_of(bit ? "true" : "false")
                                                       : field->choices[bit]);
    }
}

static void write_list(const struct filter *filter, const struct field *field, struct sink *out)
{
    for (uint32_t i = 0; i < filter->count && i < LISTED_MAX; i++) {
        if (i) sink_text(out, ", ");
        write_value(filter, field, i, out);
    }
    if (filter->count > LISTED_MAX) sink_format(out, " or %u more", filter->count - LISTED_MAX);
}

static void write_bound(const struct field *field, int64_t bound, struct sink *out)
{
    if (field->type == FIELD_DECIMAL)
        field_write_decimal(out, bound);
    else
        sink_i64(out, bound);
}

static void write_range(const struct filter *filter, const struct field *field, struct sink *out)
{
    bool has_from = filter->from != INT64_MIN, has_to = filter->to != INT64_MAX;
    if (has_from && has_to && filter->from != filter->to) {
        sink_text(out, "from ");
        write_bound(field, filter->from, out);
        sink_text(out, " to ");
        write_bound(field, filter->to, out);
        return;
    }
    if (filter->from != filter->to) sink_text(out, has_from ? "at least " : "at most ");
    write_bound(field, has_from ? filter->from : filter->to, out);
}

/* What the lead itself says, where buyers may see it: " NY". */
static void write_own(const struct filter *filter, const struct field *field, const struct facts *facts,
                      struct sink *out)
{
    bool of_field = filter->condition < CONDITION_AFFILIATE;
    struct bytes own = BYTES_NONE;
    if (of_field && !field->is_private) own = facts->fields[filter->field].text;
    if (filter->condition == CONDITION_AFFILIATE) own = facts->affiliate;
    if (filter->condition == CONDITION_SOURCE) own = facts->source;
    if (own.len) sink_char(out, ' ');
    sink_bytes(out, bytes_first(own, OWN_MAX));
}

/* "state NY is not CA, NV", or without "not" where that is what went wrong (below `none`). */
static void explain_one(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                        bool wanted, struct sink *out)
{
    static const struct field NO_FIELD = {.type = FIELD_TEXT};
    static const char *const NAMES[CONDITIONS_COUNT] = {
        [CONDITION_AFFILIATE] = "affiliate", [CONDITION_SOURCE] = "source",   [CONDITION_SUB_ID] = "sub_id",
        [CONDITION_AREA_CODE] = "area_code", [CONDITION_CONSENT] = "consent", [CONDITION_SCORE] = "score"};
    bool of_field = filter->condition < CONDITION_AFFILIATE;
    const struct field *field = of_field ? &campaign->fields[filter->field] : &NO_FIELD;
    const char *name = NAMES[filter->condition];
    bool on_presence = filter->condition == CONDITION_EXISTS || filter->condition == CONDITION_MISSING;
    sink_bytes(out, of_field ? field->name : bytes_of(name));
    bool is_absent = of_field && !facts->fields[filter->field].is_set;
    if (on_presence || is_absent) {
        sink_text(out, is_absent ? " is not given" : " is given");
        return;
    }
    if (filter->condition == CONDITION_IN_LIST) {
        sink_text(out, wanted ? "the person is not on the list" : "the person is on the list");
        return;
    }
    write_own(filter, field, facts, out);
    if (filter->condition == CONDITION_RUNS || filter->condition == CONDITION_REGEX) {
        sink_text(out, wanted ? " is not" : " is");
        sink_text(out, filter->condition == CONDITION_RUNS ? " in the area asked for" : " as the expression asks for");
        return;
    }
    if (filter->condition == CONDITION_AGE) sink_text(out, ": the age");
    bool on_prefix = filter->condition == CONDITION_PREFIXES;
    if (on_prefix)
        sink_text(out, wanted ? " does not start with " : " starts with ");
    else
        sink_text(out, wanted ? " is not " : " is ");
    if (filter->condition == CONDITION_MASK)
        write_mask(filter, field, out);
    else if (filter->condition == CONDITION_RANGE || filter->condition == CONDITION_AGE ||
             filter->condition == CONDITION_SCORE)
        write_range(filter, field, out);
    else
        write_list(filter, field, out);
}

/* Why this part is not as wanted; it is known not to be. The depth is bounded by FILTER_DEPTH_MAX. */
static void explain(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                    bool wanted, struct sink *out)
{
    if (filter->condition > CONDITION_NONE) {
        explain_one(filter, campaign, facts, wanted, out);
        return;
    }
    bool part_wanted = filter->condition == CONDITION_NONE ? !wanted : wanted;
    bool one_suffices = (filter->condition == CONDITION_ALL) ==
                        wanted; /* one bad part spoils all; any needs each to fail */
    if (filter->condition == CONDITION_NONE) one_suffices = wanted;
    unsigned written = 0;
    for (uint32_t i = 0; i < filter->count; i++) {
        if (condition_holds(&filter->parts[i], facts) == part_wanted) continue;
        if (written++) sink_text(out, " and ");
        explain(&filter->parts[i], campaign, facts, part_wanted, out);
        if (one_suffices) return;
    }
}

/* The private fields it looks at, each once, as far as there is room. */
static uint32_t list_private(const struct filter *filter, const struct campaign *campaign, uint16_t *fields,
                             uint32_t count)
{
    if (filter->condition <= CONDITION_NONE) {
        for (uint32_t i = 0; i < filter->count; i++) count = list_private(&filter->parts[i], campaign, fields, count);
        return count;
    }
    if (!filter->is_private || filter->condition >= CONDITION_AFFILIATE) return count;
    for (uint32_t i = 0; i < count; i++)
        if (fields[i] == filter->field) return count;
    if (count < LISTED_MAX) fields[count++] = filter->field;
    return count;
}

/* "looks at first_name, which is private …". */
static void tell_private(const struct filter *filter, const struct campaign *campaign, bool of_ping, struct sink *out)
{
    uint16_t fields[LISTED_MAX];
    uint32_t count = list_private(filter, campaign, fields, 0);
    sink_text(out, "its filter looks at ");
    for (uint32_t i = 0; i < count; i++) {
        if (i) sink_text(out, i + 1 == count ? " and " : ", ");
        sink_bytes(out, campaign->fields[fields[i]].name);
    }
    sink_text(out, count > 1 ? ", which are private: " : ", which is private: ");
    if (of_ping)
        sink_text(out, "it takes leads in one call only");
    else
        sink_text(out, count > 1 ? "what they say does not suit, and is not kept"
                                 : "what it says does not suit, and is not kept");
}

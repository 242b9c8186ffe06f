/* What must hold together is taken apart into leaves, each about one fact. Between the values that the leaves of a fact
 * name nothing changes, so it is enough to try those values, their neighbours and the fact's absence: if none of them
 * suits all leaves of the fact, no lead does. An "any" is tried part by part. */
#include "exchange/market/reach.h"

#include <stdlib.h>

#include "exchange/market/condition.h"
#include "exchange/market/score.h"

#define PARTS_MAX 256u   /* leaves, and choices */
#define TRIES_MAX 20000u /* candidates tried for one filter; beyond it counts as possible */
#define CHOICES_DEEP 3u
#define TODAY INT64_C(20260101)

struct leaf {
    const struct filter *filter;
    uint32_t fact; /* what it is about */
    bool wanted;
};

struct reach {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    struct fact *fields;
    struct leaf leaves[PARTS_MAX], choices[PARTS_MAX]; /* a choice: one of its parts has to be as wanted */
    uint32_t leaves_count, choices_count, tries;
    bool gives_up;
};

struct reach *reach_open(const struct catalogue *catalogue, const struct campaign *campaign)
{
    struct reach *reach = calloc(1, sizeof *reach);
    if (!reach) return NULL;
    reach->catalogue = catalogue;
    reach->campaign = campaign;
    reach->fields = calloc(campaign->fields_count + 1, sizeof *reach->fields);
    if (!reach->fields) reach_close(&reach);
    return reach;
}

void reach_close(struct reach **closed)
{
    struct reach *reach = *closed;
    *closed = NULL;
    if (!reach) return;
    free(reach->fields);
    free(reach);
}

void reach_begin(struct reach *reach)
{
    reach->leaves_count = reach->choices_count = reach->tries = 0;
    reach->gives_up = false;
}

/* A fact is told apart by its field, or by what the condition is about. */
static uint32_t fact_of(const struct reach *reach, const struct filter *filter)
{
    uint32_t fields = reach->campaign->fields_count;
    if (filter->condition >= CONDITION_AFFILIATE) return 2 * fields + filter->condition;
    return filter->condition == CONDITION_AGE ? fields + filter->field : filter->field;
}

static void put(struct reach *reach, struct leaf *list, uint32_t *count, const struct filter *filter, bool wanted)
{
    if (*count == PARTS_MAX)
        reach->gives_up = true;
    else
        list[(*count)++] = (struct leaf){filter, fact_of(reach, filter), wanted};
}

/* The depth is bounded by FILTER_DEPTH_MAX. */
void reach_add(struct reach *reach, const struct filter *filter, bool wanted)
{
    if (!filter) {
        if (!wanted) reach->leaves_count = PARTS_MAX + 1; /* what always holds is not to hold */
        return;
    }
    if (filter->condition > CONDITION_NONE) {
        if (filter->condition != CONDITION_REGEX && filter->condition != CONDITION_SUB_ID)
            put(reach, reach->leaves, &reach->leaves_count, filter, wanted);
        return;
    }
    bool each = (filter->condition == CONDITION_ANY) != wanted;
    bool part_wanted = filter->condition == CONDITION_NONE ? !wanted : wanted;
    if (!each && filter->count > 1) {
        put(reach, reach->choices, &reach->choices_count, filter, wanted);
        return;
    }
    for (uint32_t i = 0; i < filter->count; i++) reach_add(reach, &filter->parts[i], part_wanted);
}

/* Trying ---------------------------------------------------------------------------------------------------------- */

static bool suits(struct reach *reach, uint32_t fact, const struct facts *facts)
{
    if (++reach->tries > TRIES_MAX) return true;
    for (uint32_t i = 0; i < reach->leaves_count; i++) {
        const struct leaf *leaf = &reach->leaves[i];
        if (leaf->fact == fact && condition_holds(leaf->filter, facts) != leaf->wanted) return false;
    }
    return true;
}

struct attempt_at {
    struct reach *reach;
    uint32_t fact;
    const struct field *field; /* NULL: not about one */
    struct fact *into;
    int64_t min, max;
    struct facts facts;
    bool found;
};

static void try_number(struct attempt_at *at, int64_t number)
{
    char digits[8];
    if (at->found || number < at->min || number > at->max) return;
    bool is_age = at->fact >= at->reach->campaign->fields_count;
    *at->into = (struct fact){.is_set = true, .number = is_age ? TODAY - number * 10000 : number};
    if (at->field->type == FIELD_US_ZIP) {
        struct sink sink = sink_over(digits, sizeof digits);
        sink_digits(&sink, (uint64_t)number, 5);
        at->into->text = sink_written(&sink);
    }
    at->found = suits(at->reach, at->fact, &at->facts);
}

static void try_around(struct attempt_at *at, int64_t number)
{
    if (number > INT64_MIN) try_number(at, number - 1);
    try_number(at, number);
    if (number < INT64_MAX) try_number(at, number + 1);
}

static void try_leaf(struct attempt_at *at, const struct filter *filter)
{
    if (filter->condition == CONDITION_RANGE || filter->condition == CONDITION_AGE) {
        try_around(at, filter->from);
        try_around(at, filter->to);
    }
    for (unsigned bit = 0; bit < 64 && filter->condition == CONDITION_MASK; bit++) try_number(at, bit);
    for (uint32_t i = 0; i < filter->count && !at->found; i++) {
        if (filter->condition == CONDITION_NUMBERS) try_around(at, filter->numbers[i]);
        if (filter->condition == CONDITION_RUNS) try_around(at, filter->runs[i].from);
        if (filter->condition == CONDITION_RUNS) try_around(at, filter->runs[i].to);
        if (filter->condition != CONDITION_PREFIXES) continue;
        int64_t from = 0;
        for (size_t k = 0; k < 5; k++)
            from = from * 10 + (k < filter->texts[i].len ? filter->texts[i].at[k] - '0' : k == 4);
        try_around(at, from);
    }
}

static void try_text(struct attempt_at *at, struct bytes text)
{
    if (at->found) return;
    *at->into = (struct fact){.is_set = true, .text = text};
    at->found = suits(at->reach, at->fact, &at->facts);
}

/* A prefix goes on in ways that no other condition names. */
static void try_longer(struct attempt_at *at, struct bytes text)
{
    char longer[FIELD_TEXT_MAX + 1];
    struct sink sink = sink_over(longer, sizeof longer);
    sink_bytes(&sink, text);
    sink_char(&sink, '\x01');
    if (sink.cut)
        at->found = true; /* too long to say */
    else
        try_text(at, sink_written(&sink));
}

static void bound_numbers(struct attempt_at *at)
{
    const struct field *field = at->field;
    at->min = field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL || field->type == FIELD_DATE ? field->min
                                                                                                        : 0;
    at->max = field->type == FIELD_US_ZIP     ? 99999
              : field->type == FIELD_US_STATE ? FIELD_STATES - 1
              : field->type == FIELD_CHOICE   ? (int64_t)field->choices_count - 1
              : field->type == FIELD_BOOLEAN  ? 1
                                              : field->max;
    if (at->fact < at->reach->campaign->fields_count) return;
    at->min = 0; /* an age */
    at->max = 150;
}

static bool field_can(struct reach *reach, uint32_t fact)
{
    uint32_t number = fact % reach->campaign->fields_count;
    struct attempt_at at = {.reach = reach, .fact = fact, .field = &reach->campaign->fields[number]};
    at.into = &reach->fields[number];
    at.facts = (struct facts){
        .campaign = reach->campaign, .fields = reach->fields, .today = TODAY, .with_private = true};
    *at.into = (struct fact){0};
    if (at.field->required != FIELD_AT_PING && suits(reach, fact, &at.facts)) return true;
    bool is_of_text = field_is_of_text(at.field->type);
    bound_numbers(&at);
    if (is_of_text) try_text(&at, BYTES("\x01 what nobody says"));
    if (!is_of_text) try_number(&at, at.min == INT64_MIN ? 0 : at.min);
    for (uint32_t i = 0; i < reach->leaves_count && !at.found; i++) {
        const struct filter *filter = reach->leaves[i].filter;
        if (reach->leaves[i].fact != fact) continue;
        if (!is_of_text) try_leaf(&at, filter);
        bool has_texts = filter->condition == CONDITION_TEXTS || filter->condition == CONDITION_PREFIXES;
        for (uint32_t k = 0; is_of_text && has_texts && k < filter->count; k++) {
            try_text(&at, filter->texts[k]);
            if (filter->condition == CONDITION_PREFIXES) try_longer(&at, filter->texts[k]);
        }
    }
    *at.into = (struct fact){0};
    return at.found;
}

/* Of the affiliates that may sell here, one does. */
static bool affiliate_can(struct reach *reach, uint32_t fact)
{
    struct facts facts = {.campaign = reach->campaign, .fields = reach->fields, .with_private = true};
    for (uint32_t i = 0; i < reach->catalogue->affiliates_count; i++) {
        const struct affiliate *affiliate = &reach->catalogue->affiliates[i];
        bool may_sell = false;
        for (uint32_t k = 0; k < affiliate->campaigns_count; k++)
            may_sell |= affiliate->campaigns[k] == reach->campaign->index;
        facts.affiliate = affiliate->id;
        if (may_sell && suits(reach, fact, &facts)) return true;
    }
    return false;
}

static bool source_can(struct reach *reach, uint32_t fact)
{
    struct facts facts = {.campaign = reach->campaign, .fields = reach->fields, .with_private = true};
    facts.source = BYTES("\x01 what nobody says");
    if (suits(reach, fact, &facts)) return true;
    for (uint32_t i = 0; i < reach->leaves_count; i++) {
        const struct filter *filter = reach->leaves[i].filter;
        for (uint32_t k = 0; reach->leaves[i].fact == fact && k < filter->count; k++) {
            facts.source = filter->texts[k];
            if (suits(reach, fact, &facts)) return true;
        }
    }
    return false;
}

static bool area_code_can(struct reach *reach, uint32_t fact)
{
    struct facts facts = {.campaign = reach->campaign, .fields = reach->fields, .with_private = true};
    for (facts.area_code = 199; facts.area_code <= 999; facts.area_code++)
        if (suits(reach, fact, &facts)) return true;
    return false;
}

/* The rules hold or do not, as if they had nothing to do with each other: so many sums there may be at most. */
static bool score_can(struct reach *reach, uint32_t fact)
{
    int64_t low = 0, high = 0, from = INT64_MIN, to = INT64_MAX;
    for (uint32_t i = 0; i < reach->campaign->quality.score_count; i++) {
        const struct score_rule *rule = &reach->campaign->quality.score[i];
        if (rule->points < 0 || !rule->when) low += rule->points;
        if (rule->points > 0 || !rule->when) high += rule->points;
    }
    for (uint32_t i = 0; i < reach->leaves_count; i++) {
        const struct leaf *leaf = &reach->leaves[i];
        if (leaf->fact != fact || !leaf->wanted) continue;
        if (leaf->filter->from > from) from = leaf->filter->from;
        if (leaf->filter->to < to) to = leaf->filter->to;
    }
    return from <= to && from <= high && to >= low;
}

static bool consent_can(struct reach *reach, uint32_t fact)
{
    bool is_wanted = false, is_unwanted = false;
    for (uint32_t i = 0; i < reach->leaves_count; i++) {
        if (reach->leaves[i].fact != fact) continue;
        is_wanted |= reach->leaves[i].wanted;
        is_unwanted |= !reach->leaves[i].wanted;
    }
    return !is_wanted || !is_unwanted; /* tcpa is the only one there is */
}

static bool fact_can(struct reach *reach, uint32_t first)
{
    const struct leaf *leaf = &reach->leaves[first];
    uint32_t fact = leaf->fact, met = 0;
    for (uint32_t i = 0; i < reach->leaves_count; i++) {
        if (reach->leaves[i].fact != fact) continue;
        if (i < first) return true; /* looked at before */
        met++;
    }
    bool is_alone = met == 1 && leaf->wanted; /* compiled, so some value of its fact suits it */
    switch (leaf->filter->condition) {
    case CONDITION_AFFILIATE:
        return affiliate_can(reach, fact);
    case CONDITION_SOURCE:
        return is_alone || source_can(reach, fact);
    case CONDITION_AREA_CODE:
        return is_alone || area_code_can(reach, fact);
    case CONDITION_CONSENT:
        return consent_can(reach, fact);
    case CONDITION_SCORE:
        return score_can(reach, fact);
    default:
        if (leaf->filter->condition > CONDITION_CONSENT) return true; /* nothing is known about it here */
        return (is_alone && leaf->filter->condition != CONDITION_MISSING) || field_can(reach, fact);
    }
}

static bool can(struct reach *reach, uint32_t depth)
{
    if (reach->gives_up || reach->tries > TRIES_MAX) return true;
    if (reach->leaves_count > PARTS_MAX) return false;
    for (uint32_t i = 0; i < reach->leaves_count; i++)
        if (!fact_can(reach, i)) return false;
    for (uint32_t i = 0; i < reach->choices_count && depth < CHOICES_DEEP; i++) {
        const struct leaf choice = reach->choices[i];
        bool part_wanted = choice.filter->condition == CONDITION_NONE ? !choice.wanted : choice.wanted;
        uint32_t leaves = reach->leaves_count, choices = reach->choices_count;
        bool some = false;
        for (uint32_t k = 0; k < choice.filter->count && !some; k++) {
            reach_add(reach, &choice.filter->parts[k], part_wanted);
            some = can(reach, depth + 1);
            reach->leaves_count = leaves;
            reach->choices_count = choices;
        }
        if (!some) return false;
    }
    return true;
}

bool reach_is_never(struct reach *reach)
{
    return !can(reach, 0);
}

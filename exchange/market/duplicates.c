#include "exchange/market/duplicates.h"

/* Kinds by which that encounter's post was found. */
static unsigned kinds_of(const struct duplicates_question *question, const struct encounter *encounter)
{
    unsigned kinds = 0;
    for (uint32_t i = 0; i < question->count; i++)
        if (ident_same(&question->list[i].post_id, &encounter->post_id)) kinds |= 1u << question->list[i].kind;
    return kinds;
}

static bool is_by(const struct duplicates_question *question, const struct encounter *encounter)
{
    const struct duplicates *rule = &question->campaign->duplicates;
    if (!rule->match_all) return rule->by >> encounter->kind & 1;
    return (kinds_of(question, encounter) & rule->by) == rule->by;
}

static bool is_own(const struct duplicates_question *question, const struct encounter *encounter)
{
    bool is_origin = !ident_is_none(&question->origin) && ident_same(&question->origin, &encounter->lead_id);
    return is_origin || (question->lead_id && ident_same(question->lead_id, &encounter->lead_id));
}

static bool counts(const struct duplicates *rule, const struct encounter *encounter)
{
    return encounter->state == ENCOUNTER_OPEN || encounter->state == ENCOUNTER_SOLD ||
           (encounter->state == ENCOUNTER_REFUSED && rule->counts_posted);
}

/* What has no verdict has no end either. */
static bool is_within(const struct duplicates_question *question, const struct encounter *encounter, int64_t window_ms)
{
    return encounter->state == ENCOUNTER_OPEN || encounter->at_ms > question->wall_ms - window_ms;
}

static bool in_scope(const struct duplicates_question *question, const struct encounter *encounter)
{
    const struct duplicates *rule = &question->campaign->duplicates;
    if (rule->is_everywhere || bytes_same(encounter->campaign, question->campaign->id)) return true;
    for (uint32_t i = 0; i < rule->campaigns_count; i++)
        if (bytes_same(encounter->campaign, question->catalogue->campaigns[rule->campaigns[i]].id)) return true;
    return false;
}

bool duplicates_seen(const struct duplicates_question *question)
{
    const struct duplicates *rule = &question->campaign->duplicates;
    for (uint32_t i = 0; i < question->count && rule->window_ms; i++) {
        const struct encounter *encounter = &question->list[i];
        if (counts(rule, encounter) && !is_own(question, encounter) && in_scope(question, encounter) &&
            is_within(question, encounter, rule->window_ms) && is_by(question, encounter))
            return true;
    }
    return false;
}

bool duplicates_met(const struct duplicates_question *question, const struct contract *contract)
{
    int64_t window_ms = contract->people ? contract->people->duplicates_ms : 0;
    const struct duplicates *rule = &question->campaign->duplicates;
    for (uint32_t i = 0; i < question->count; i++) {
        const struct encounter *encounter = &question->list[i];
        bool refused = encounter->state == ENCOUNTER_REFUSED && rule->reject_memory_ms &&
                       is_within(question, encounter, rule->reject_memory_ms);
        bool sold = window_ms && counts(rule, encounter) && is_within(question, encounter, window_ms);
        if ((refused || sold) && !is_own(question, encounter) && bytes_same(encounter->contract, contract->id) &&
            is_by(question, encounter))
            return true;
    }
    return false;
}

bool duplicates_bars(const struct duplicates_question *question, const struct contract *contract)
{
    return duplicates_seen(question) || duplicates_met(question, contract);
}

bool duplicates_guards(const struct duplicates_guard *guard, const struct ident *lead_id, const struct encounter *list,
                       uint32_t count, int64_t wall_ms)
{
    struct duplicates_question question = {guard->catalogue, guard->campaign, lead_id, list, count,
                                           wall_ms,          guard->origin};
    for (uint32_t i = 0; i < guard->contracts_count; i++)
        if (duplicates_bars(&question, guard->contracts[i])) return true;
    return false;
}

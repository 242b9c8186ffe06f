/* Two walks: the static one over all contracts of the campaign touches nothing but the snapshot and notes who is left;
 * the second reads standing's words for those few only. */
#include "exchange/market/match.h"

static uint32_t run_static(const struct catalogue *catalogue, const struct facts *facts, struct match *match,
                           uint32_t *left);

bool match_run(const struct catalogue *catalogue, const struct facts *facts, struct standing *standing, int64_t now_us,
               int64_t wall_ms, struct arena *arena, struct match *match)
{
    uint32_t *left = arena_take(arena, facts->campaign->contracts_count * sizeof *left);
    *match = (struct match){0};
    if (!left) return false;
    match->entries_count = run_static(catalogue, facts, match, left);
    match->entries = arena_take(arena, match->entries_count * sizeof *match->entries);
    if (!match->entries) return false;
    for (uint32_t i = 0; i < match->entries_count; i++) {
        const struct contract *contract = &catalogue->contracts[left[i]];
        const struct buyer *buyer = &catalogue->buyers[contract->buyer];
        struct match_entry *entry = &match->entries[i];
        entry->contract = contract;
        entry->standing_price_micros = match_standing_price(contract, facts);
        availability_read(contract, buyer, standing, now_us, wall_ms, &entry->view);
        entry->reason = availability_reason(contract, buyer, &entry->view, wall_ms);
        match->counts[entry->reason]++;
    }
    match->askable = match->counts[REASON_NONE];
    match->counts[REASON_NONE] = 0;
    return true;
}

enum reason match_static(const struct contract *contract, const struct facts *facts)
{
    if (contract->filter && !filter_matches(contract->filter, facts)) return REASON_FILTERED;
    if (!contract->is_live && match_standing_price(contract, facts) == 0) return REASON_FILTERED;
    return REASON_NONE;
}

int64_t match_standing_price(const struct contract *contract, const struct facts *facts)
{
    for (uint32_t i = 0; i < contract->prices_count && !contract->is_live; i++) {
        const struct price_rule *rule = &contract->prices[i];
        if (!rule->when || filter_matches(rule->when, facts)) return rule->price_micros;
    }
    return 0;
}

enum reason match_commonest(const struct match *match)
{
    enum reason best = REASON_NO_CONTRACT;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (match->counts[i] > match->counts[best]) best = (enum reason)i;
    return best;
}

static uint32_t run_static(const struct catalogue *catalogue, const struct facts *facts, struct match *match,
                           uint32_t *left)
{
    const struct campaign *campaign = facts->campaign;
    uint32_t count = 0;
    for (uint32_t i = 0; i < campaign->contracts_count; i++) {
        enum reason reason = match_static(&catalogue->contracts[campaign->contracts[i]], facts);
        if (reason == REASON_NONE)
            left[count++] = campaign->contracts[i];
        else
            match->counts[reason]++;
    }
    return count;
}

/* Two walks: the index tells whose filter suits the lead (exchange/market/index.h), without a look at any contract; the
 * second walk reads standing's words for those few only. */
#include "exchange/market/match.h"

#include "exchange/market/index.h"

static uint32_t run_static(const struct catalogue *catalogue, const struct facts *facts, struct match *match,
                           const uint64_t *bits, uint32_t *left);

bool match_run(const struct catalogue *catalogue, const struct facts *facts, struct standing *standing, int64_t now_us,
               int64_t wall_ms, struct arena *arena, struct match *match)
{
    struct availability_lead lead;
    const uint32_t *left = match_suiting(catalogue, facts, arena, match);
    if (!left) return false;
    match->entries = arena_take(arena, match->entries_count * sizeof *match->entries);
    if (!match->entries) return false;
    availability_lead(facts, wall_ms, &lead);
    for (uint32_t i = 0; i < match->entries_count; i++) {
        const struct contract *contract = &catalogue->contracts[left[i]];
        const struct buyer *buyer = &catalogue->buyers[contract->buyer];
        struct match_entry *entry = &match->entries[i];
        entry->contract = contract;
        entry->standing_price_micros = match_standing_price(contract, facts);
        availability_read(contract, buyer, &lead, standing, now_us, wall_ms, &entry->view);
        if (contract->counts_today) entry->view.sold_today = cap_sold_today(catalogue, contract, standing, wall_ms);
        entry->view.stake_micros = purse_stake(contract, entry->standing_price_micros);
        entry->reason = availability_reason(contract, buyer, &entry->view, wall_ms);
        match->counts[entry->reason]++;
    }
    match->askable = match->counts[REASON_NONE];
    match->counts[REASON_NONE] = 0;
    return true;
}

const uint32_t *match_suiting(const struct catalogue *catalogue, const struct facts *facts, struct arena *arena,
                              struct match *match)
{
    const struct index *index = facts->campaign->filters;
    uint64_t *bits = arena_take(arena, (index_words(index) + 1) * sizeof *bits);
    *match = (struct match){0};
    if (!bits) return NULL;
    uint32_t count = index_run(index, facts, bits);
    uint32_t *left = arena_take(arena, (count + 1) * sizeof *left);
    if (!left) return NULL;
    match->counts[REASON_FILTERED] = facts->campaign->contracts_count - count;
    match->entries_count = run_static(catalogue, facts, match, bits, left);
    return left;
}

static bool is_among(const struct names *names, struct bytes name)
{
    uint32_t low = 0, high = names->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = bytes_compare(names->at[middle], name);
        if (order == 0) return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool names_buyer(const struct names *names, const struct buyer *buyer)
{
    return names->count && (is_among(names, buyer->id) || is_among(names, buyer->group));
}

bool match_excludes(const struct affiliate *affiliate, const struct buyer *buyer, const struct facts *facts)
{
    if (buyer->exclude_sources.count && is_among(&buyer->exclude_sources, facts->source)) return true;
    if (names_buyer(&facts->excluded, buyer)) return true;
    if (!affiliate) return false;
    return (buyer->exclude_affiliates.count && is_among(&buyer->exclude_affiliates, affiliate->id)) ||
           names_buyer(&affiliate->exclude_buyers, buyer);
}

static bool is_filtered(const struct contract *contract, const struct facts *facts)
{
    return (contract->filter && !filter_matches(contract->filter, facts)) ||
           (!contract->is_live && match_standing_price(contract, facts) == 0);
}

enum reason match_static(const struct catalogue *catalogue, const struct contract *contract, const struct facts *facts)
{
    if (is_filtered(contract, facts)) return REASON_FILTERED;
    bool is_out = match_excludes(catalogue_affiliate(catalogue, facts->affiliate), &catalogue->buyers[contract->buyer],
                                 facts);
    return is_out ? REASON_EXCLUDED : REASON_NONE;
}

struct bytes match_pack_hidden(const struct catalogue *catalogue, const struct facts *facts, struct arena *arena)
{
    const struct campaign *campaign = facts->campaign;
    if (!facts->with_private || campaign->hidden_count == 0) return BYTES_NONE;
    size_t len = (campaign->hidden_count + 7u) / 8u;
    char *bits = arena_zero(arena, len, 1);
    if (!bits) return BYTES_NONE;
    for (uint32_t i = 0, bit = 0; i < campaign->contracts_count; i++) {
        const struct contract *contract = &catalogue->contracts[campaign->contracts[i]];
        if (!contract->is_hidden) continue;
        if (!is_filtered(contract, facts)) bits[bit / 8] = (char)(bits[bit / 8] | 1 << bit % 8);
        bit++;
    }
    return (struct bytes){bits, len};
}

int64_t match_standing_price(const struct contract *contract, const struct facts *facts)
{
    for (uint32_t i = 0; i < contract->prices_count && !contract->is_live; i++) {
        const struct price_rule *rule = &contract->prices[i];
        if (!rule->when || filter_matches(rule->when, facts)) return rule->price_micros;
    }
    return 0;
}

enum reason match_commonest(const uint32_t counts[REASON_COUNT])
{
    enum reason best = REASON_NO_CONTRACT;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (counts[i] > counts[best]) best = (enum reason)i;
    return best;
}

/* Whom the bits leave, unless the whole filter says otherwise or the two do not trade. Those that are out are counted
 * without being looked at. */
static uint32_t run_static(const struct catalogue *catalogue, const struct facts *facts, struct match *match,
                           const uint64_t *bits, uint32_t *left)
{
    const struct campaign *campaign = facts->campaign;
    const struct affiliate *affiliate = catalogue_affiliate(catalogue, facts->affiliate);
    uint32_t count = 0;
    for (uint32_t word = 0; word < index_words(campaign->filters); word++) {
        for (uint64_t rest = bits[word]; rest; rest &= rest - 1) {
            uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(rest);
            const struct contract *contract = &catalogue->contracts[campaign->contracts[i]];
            if (index_needs_check(campaign->filters, i) && is_filtered(contract, facts))
                match->counts[REASON_FILTERED]++;
            else if (match_excludes(affiliate, &catalogue->buyers[contract->buyer], facts))
                match->counts[REASON_EXCLUDED]++;
            else
                left[count++] = campaign->contracts[i];
        }
    }
    return count;
}

/* The late one is given a bid: the best it may make. If the winner stands before even that one, it stands before all of
 * them, because a lower price never betters a place. Whether a price carries the floor is not that simple where margins
 * go by bands: there it is taken to. */
#include "exchange/market/ceiling.h"

bool ceiling_is_known(const struct contract *contract)
{
    return contract->max_price_micros > 0;
}

bool ceiling_may_carry(const struct rank_terms *terms, const struct contract *contract)
{
    struct price_parties parties = {terms->catalogue, terms->campaign, terms->affiliate, terms->source, contract};
    return price_has_bands(&parties) ||
           price_carries(contract, price_payout(&parties, contract->max_price_micros), terms->floor_micros);
}

static struct bytes group_of(const struct rank_terms *terms, const struct contract *contract)
{
    return terms->catalogue->buyers[contract->buyer].group;
}

/* Under a second price the late bid must not become the best of another group behind the winner. */
static bool keeps_price(const struct rank_terms *terms, const struct rank_bid *bids, const uint32_t *order,
                        uint32_t count, const struct rank_bid *late)
{
    const struct rank_bid *winner = &bids[order[0]];
    struct bytes group = group_of(terms, winner->entry->contract);
    if (winner->pays_micros == winner->price_micros) return true;
    if (bytes_same(group_of(terms, late->entry->contract), group)) return true;
    for (uint32_t i = 1; i < count; i++) {
        const struct rank_bid *bid = &bids[order[i]];
        if (bytes_same(group_of(terms, bid->entry->contract), group)) continue;
        if (bid->effective_micros >= late->effective_micros) return true;
    }
    return false;
}

static const struct rank_bid *first_of_shadow(const struct rank_bid *bids, const uint32_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (bids[order[i]].shadow_rank == 1) return &bids[order[i]];
    return NULL;
}

bool ceiling_settles(const struct rank_terms *terms, const struct rank_bid *bids, const uint32_t *order, uint32_t count,
                     const struct match_entry *late)
{
    const struct ranking *ranking = terms->ranking ? terms->ranking : &terms->campaign->ranking;
    struct rank_bid best = {.entry = late, .price_micros = late->contract->max_price_micros, .available = true};
    if (!ceiling_is_known(late->contract) || count == 0) return false;
    if (!ceiling_may_carry(terms, late->contract)) return true;
    rank_value(terms, &best);
    if (!rank_is_before(terms, &bids[order[0]], &best, false)) return false;
    if (ranking->is_shadow) {
        const struct rank_bid *first = first_of_shadow(bids, order, count);
        if (!first || !rank_is_before(terms, first, &best, true)) return false;
    }
    return !ranking->is_second_price || keeps_price(terms, bids, order, count, &best);
}

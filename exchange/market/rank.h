/* rank: from bids to an ordered list of candidates, and for every other bid the reason it lost (market.md section 5).
 * Pure: a function of catalogue, terms and bids, whose entries hold what was read of standing (turn, sold today,
 * learned P, response time).
 *
 * The order: bids that can be had now, tier by tier; inside a tier the campaign's policy, then the effective price;
 * ties by recent response time, then a draw seeded by the ping. A contract with less than 20 calls of history counts as
 * fast as the fastest it ties with; so ties have one order, whatever the order of the bids. */
#pragma once

#include "exchange/market/match.h"
#include "exchange/market/price.h"

/* One leg of a contract's bid. */
struct rank_bid {
    const struct match_entry *entry;
    int64_t price_micros;
    uint8_t max_sold; /* for the case that at most so many buyers get the lead; 1: exclusive */
    bool available;
    struct bytes bid_id;
    int64_t valid_us;       /* 0: not said */
    int64_t valid_until_ms; /* wall; of interest with rank_terms.now_ms only */
    int64_t ms;             /* answer time, for the trace */
    /* results */
    struct payout payout; /* of what would be paid */
    int64_t pays_micros;  /* its own price, or the second one */
    int64_t effective_micros;
    uint64_t policy_key;  /* lower ones first, before the effective price */
    enum reason reason;   /* NONE: a candidate */
    uint32_t rank;        /* 1 = best; 0: not a candidate */
    uint32_t shadow_rank; /* by expected value, where the campaign keeps a shadow; else 0 */
};

struct rank_terms {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct affiliate *affiliate;
    int64_t floor_micros;       /* max(affiliate floor, source floor, ping min_price); of several sales: of each */
    int64_t alone_floor_micros; /* at least this for a bid that is exclusive, so alone has to carry it all; 0: none */
    uint64_t seed;
    const struct lead_source *source; /* of the affiliate; NULL: one without rules of its own */
    const struct ranking *ranking;    /* of the auction's arm; NULL: the campaign's own */
    int64_t now_ms;                   /* bids that end by then are NO_TIME; 0: none is */
};

/* Which arm of its campaign's experiment an auction of that seed is in. */
enum ranking_arm rank_arm(const struct campaign *campaign, uint64_t seed);
const struct ranking *rank_rules(const struct campaign *campaign, enum ranking_arm arm);

/* Sets the results of each bid and sorts `order` (indexes into bids, best first). Returns the number of candidates.
 * Candidates of the same group after the first stay candidates (for fallback after a refusal). */
uint32_t rank_run(const struct rank_terms *terms, struct rank_bid *bids, uint32_t bids_count, uint32_t *order);
/* What each candidate in order would pay, and the payout of that: its own bid, or under a second price what the best
 * bid of another group behind it makes it pay. The first `planned` get the lead together: for them only bids behind all
 * of these have lost (the (m+1)-th). rank_run has priced for one. */
void rank_price(const struct rank_terms *terms, struct rank_bid *bids, const uint32_t *order, uint32_t count,
                uint32_t planned);
/* Its own bid carries the floor it has to: rank_price may be asked for its price. */
bool rank_carries(const struct rank_terms *terms, const struct rank_bid *bid);
/* A priced candidate pays as much more as its payout needs to be that, at most its own bid. */
void rank_raise(const struct rank_terms *terms, struct rank_bid *bid, int64_t payout_micros);
/* Fills in what a bid's place depends on (effective price, policy key), and judges nothing. */
void rank_value(const struct rank_terms *terms, struct rank_bid *bid);
/* Two valued bids: a stands before b, and it is no tie. `of_shadow`: in the shadow's order. */
bool rank_is_before(const struct rank_terms *terms, const struct rank_bid *a, const struct rank_bid *b, bool of_shadow);
/* The reason a ping without candidate is refused with: low_bid if any bid was too low, else price_out_of_range,
 * unavailable, …: the one nearest to a sale; NO_BID when nobody bid. */
enum reason rank_nearest(const struct rank_bid *bids, uint32_t bids_count);

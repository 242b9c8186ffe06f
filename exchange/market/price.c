/* The margin is rounded down by money_share and the payout down to its step, so the odd micro-units stay with the house
 * and payout + margin is the price, always. */
#include "exchange/market/price.h"

#include "exchange/market/sale_terms.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

static struct payout split(int64_t price_micros, int64_t payout_micros, enum margin_source rule);
static struct payout usual(const struct price_parties *parties, int64_t price_micros);

/* NULL: this affiliate and this contract have no margin of their own. */
static const struct margin *pair_of(const struct contract *contract, uint32_t affiliate)
{
    const struct margin_pairs *pairs = contract->pairs;
    uint32_t low = 0, high = pairs ? pairs->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (pairs->list[middle].affiliate == affiliate) return &pairs->list[middle].margin;
        if (pairs->list[middle].affiliate < affiliate)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Most specific first. */
static const struct margin *margin_of(const struct price_parties *parties, enum margin_source *rule)
{
    const struct contract *contract = parties->contract;
    const struct affiliate *affiliate = parties->affiliate;
    const struct margin *const stated[MARGIN_SOURCE_COUNT] = {
        [MARGIN_PAIR] = contract && affiliate ? pair_of(contract, affiliate->index) : NULL,
        [MARGIN_CONTRACT] = contract ? contract->margin : NULL,
        [MARGIN_SOURCE] = parties->source ? &parties->source->margin : NULL,
        [MARGIN_AFFILIATE] = affiliate ? &affiliate->margin : NULL,
        [MARGIN_CAMPAIGN] = parties->campaign ? &parties->campaign->margin : NULL,
    };
    static const enum margin_source ORDER[] = {MARGIN_PAIR, MARGIN_CONTRACT, MARGIN_SOURCE, MARGIN_AFFILIATE,
                                               MARGIN_CAMPAIGN};
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
        *rule = ORDER[i];
        if (stated[ORDER[i]] && stated[ORDER[i]]->is_set) return stated[ORDER[i]];
    }
    *rule = MARGIN_EXCHANGE;
    return &parties->catalogue->house.margin;
}

bool price_has_bands(const struct price_parties *parties)
{
    enum margin_source rule;
    return margin_of(parties, &rule)->bands_count > 0;
}

/* A share of a price is never above it; what a fixed amount adds beyond the range of money is cut off there. */
static int64_t kept_of(const struct margin *margin, int64_t price_micros)
{
    int64_t ppm = margin->ppm, fixed = margin->fixed_micros, kept;
    for (uint32_t i = 0; i < margin->bands_count; i++) {
        if (price_micros > margin->bands[i].up_to_micros) continue;
        ppm = margin->bands[i].ppm;
        fixed = margin->bands[i].fixed_micros;
        break;
    }
    check(ppm >= 0 && ppm <= MONEY_PPM && fixed >= 0 && margin->min_micros >= 0);
    check(money_share(price_micros, ppm, &kept));
    if (!money_add(kept, fixed, &kept)) kept = INT64_MAX;
    if (kept < margin->min_micros) kept = margin->min_micros;
    if (margin->max_micros && kept > margin->max_micros) kept = margin->max_micros;
    return kept;
}

bool price_is_later(const struct contract *contract)
{
    const struct sale_terms *after = contract_after(contract);
    return after && after->pays_at;
}

struct payout price_payout(const struct price_parties *parties, int64_t price_micros)
{
    if (parties->contract && price_is_later(parties->contract)) return split(price_micros, 0, MARGIN_CONTRACT);
    return usual(parties, price_micros);
}

struct payout price_at_stage(const struct price_parties *parties, int64_t price_micros)
{
    struct payout payout = usual(parties, price_micros);
    int64_t gets = payout.payout_micros < 0 ? 0 : payout.payout_micros;
    return split(price_micros, gets < price_micros ? gets : price_micros, payout.rule);
}

static struct payout usual(const struct price_parties *parties, int64_t price_micros)
{
    enum margin_source rule;
    const struct margin *margin = margin_of(parties, &rule);
    int64_t payout;
    check(price_micros >= 0);
    if (!margin->is_pay)
        check(money_sub(price_micros, kept_of(margin, price_micros), &payout));
    else if (margin->is_fixed)
        payout = margin->fixed_micros;
    else
        check(money_share(price_micros, margin->ppm, &payout));
    payout = money_floor(payout, parties->catalogue->house.payout_step_micros);
    if (parties->contract && parties->contract->is_free && payout < 0) payout = 0;
    return split(price_micros, payout, rule);
}

bool price_carries(const struct contract *contract, struct payout payout, int64_t floor_micros)
{
    int64_t least = contract->is_free ? 0 : 1;
    return payout.margin_micros >= 0 && payout.payout_micros >= least && payout.payout_micros >= floor_micros;
}

/* Halving looks for an edge: below it a price does not carry, on it one does. Margins by bands may have several; any of
 * them is a price that is enough. */
int64_t price_least(const struct price_parties *parties, int64_t floor_micros, int64_t most_micros)
{
    int64_t low = -1, high = most_micros;
    if (!price_carries(parties->contract, price_payout(parties, high), floor_micros)) return -1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (price_carries(parties->contract, price_payout(parties, middle), floor_micros))
            high = middle;
        else
            low = middle;
    }
    return high;
}

int64_t price_readable(const struct catalogue *catalogue, int64_t price_micros, int64_t most_micros)
{
    int64_t step_micros = catalogue->house.payout_step_micros, odd_micros = price_micros % step_micros;
    if (!odd_micros) return price_micros;
    return step_micros - odd_micros >= most_micros - price_micros ? most_micros
                                                                  : price_micros + step_micros - odd_micros;
}

int64_t price_floor(const struct affiliate *affiliate, const struct lead_source *source, int64_t asked_micros)
{
    int64_t floor = affiliate->min_price_micros;
    if (source && source->min_price_micros > floor) floor = source->min_price_micros;
    return asked_micros > floor ? asked_micros : floor;
}

bool price_under_promise(const struct campaign *campaign, struct payout usual, int64_t price_micros,
                         int64_t promise_micros, struct payout *payout)
{
    *payout = usual;
    if (usual.payout_micros >= promise_micros && usual.margin_micros >= 0) return true;
    if (campaign->promise == PROMISE_KEEP) return false;
    struct payout squeezed = split(price_micros, promise_micros, usual.rule);
    if (squeezed.margin_micros < campaign->min_margin_micros) return false;
    *payout = squeezed;
    return true;
}

int64_t price_billed(const struct price_parties *parties, int64_t agreed_micros, int64_t named_micros,
                     int64_t owed_micros, struct payout *payout)
{
    const struct contract *contract = parties->contract;
    if (price_is_later(contract) && payout->payout_micros == 0) {
        *payout = split(0, 0, payout->rule);
        return 0;
    }
    if (!contract->bills_lower || named_micros < 0 || named_micros >= agreed_micros) return agreed_micros;
    int64_t billed = named_micros > contract->min_price_micros ? named_micros : contract->min_price_micros;
    if (billed >= agreed_micros) return agreed_micros;
    int64_t gets = price_payout(parties, billed).payout_micros;
    if (gets < owed_micros) gets = owed_micros;
    if (gets > payout->payout_micros) gets = payout->payout_micros;
    *payout = split(billed, gets, payout->rule);
    return billed;
}

static struct payout split(int64_t price_micros, int64_t payout_micros, enum margin_source rule)
{
    struct payout payout = {.payout_micros = payout_micros, .rule = rule};
    check(money_sub(price_micros, payout_micros, &payout.margin_micros));
    return payout;
}

/* The margin is rounded down by money_share and the payout down to its step, so the odd micro-units stay with the house
 * and payout + margin is the price, always. */
#include "exchange/market/price.h"

#include "protocol/base/check.h"
#include "protocol/base/money.h"

const char *margin_source_name(enum margin_source source)
{
    static const char *const NAMES[MARGIN_SOURCE_COUNT] = {"exchange", "campaign", "affiliate"};
    return source < MARGIN_SOURCE_COUNT ? NAMES[source] : "";
}

/* Most specific first. */
static const struct margin *margin_of(const struct catalogue *catalogue, const struct campaign *campaign,
                                      const struct affiliate *affiliate, enum margin_source *rule)
{
    *rule = MARGIN_AFFILIATE;
    if (affiliate->margin.is_set) return &affiliate->margin;
    *rule = MARGIN_CAMPAIGN;
    if (campaign->margin.is_set) return &campaign->margin;
    *rule = MARGIN_EXCHANGE;
    return &catalogue->house.margin;
}

static struct payout split(int64_t price_micros, int64_t payout_micros, enum margin_source rule)
{
    struct payout payout = {.payout_micros = payout_micros, .rule = rule};
    check(money_sub(price_micros, payout_micros, &payout.margin_micros));
    return payout;
}

struct payout price_payout(const struct catalogue *catalogue, const struct campaign *campaign,
                           const struct affiliate *affiliate, int64_t price_micros)
{
    enum margin_source rule;
    const struct margin *margin = margin_of(catalogue, campaign, affiliate, &rule);
    int64_t kept, payout;
    check(price_micros >= 0 && margin->ppm >= 0 && margin->ppm <= MONEY_PPM && margin->min_micros >= 0);
    check(money_share(price_micros, margin->ppm, &kept));
    if (kept < margin->min_micros) kept = margin->min_micros;
    check(money_sub(price_micros, kept, &payout));
    return split(price_micros, money_floor(payout, catalogue->house.payout_step_micros), rule);
}

bool price_under_promise(const struct campaign *campaign, struct payout usual, int64_t price_micros,
                         int64_t promise_micros, struct payout *payout)
{
    *payout = usual;
    if (usual.payout_micros >= promise_micros) return true;
    if (campaign->promise == PROMISE_KEEP) return false;
    struct payout squeezed = split(price_micros, promise_micros, usual.rule);
    if (squeezed.margin_micros < campaign->min_margin_micros) return false;
    *payout = squeezed;
    return true;
}

/* What is peeked at match has to follow from what a trace keeps, so that it can be judged again. */
#include "exchange/market/purse.h"

#include "exchange/market/contract.h"
#include "protocol/base/money.h"

int64_t purse_left(const struct purse *purse, int64_t funds_micros)
{
    int64_t left;
    return money_add(funds_micros, purse->credit_micros, &left) ? left : INT64_MAX;
}

static int64_t least_price(const struct contract *contract)
{
    int64_t least = INT64_MAX;
    uint32_t count = contract->prices_count + contract->has_alone;
    for (uint32_t i = 0; i < count; i++)
        if (contract->prices[i].price_micros < least) least = contract->prices[i].price_micros;
    return least == INT64_MAX ? 0 : least;
}

int64_t purse_stake(const struct contract *contract, int64_t standing_price_micros)
{
    bool is_told = standing_price_micros > 0 && !contract->is_hidden && !contract->has_alone;
    int64_t stake = contract->is_live ? contract->min_price_micros
                    : is_told         ? standing_price_micros
                                      : least_price(contract);
    return stake > 0 ? stake : 1;
}

/* purse: what a buyer may spend: all it likes, what it has paid in, or that and a credit (buyer key funds; market.md
 * sections 2 and 4). Pure; what it has is standing's funds. */
#pragma once

#include "exchange/standing/funds.h"

struct contract;

struct purse {
    bool is_limited;
    bool has_low;          /* its owner is told when there is little left */
    int64_t credit_micros; /* limited: how far its balance may fall below 0; prepaid: not at all */
    int64_t low_micros;    /* has_low: told when its balance falls below this; of a credit it may be negative */
};

/* FUNDS_ANY: not limited. */
static inline int64_t purse_credit(const struct purse *purse)
{
    return purse->is_limited ? purse->credit_micros : FUNDS_ANY;
}

/* Of a limited one: what may still be spent where that is its balance less what is held; negative: that much less than
 * nothing, since its limit was lowered. */
int64_t purse_left(const struct purse *purse, int64_t funds_micros);
/* The least that a sale to this contract would cost its buyer, never 0: its standing price for this lead (0: not
 * known), or the least of its standing prices where those hang on private fields, which nobody can look at again; of a
 * live one its min_price. Of two prices, alone and shared, the lower one. */
int64_t purse_stake(const struct contract *contract, int64_t standing_price_micros);

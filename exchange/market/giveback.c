/* A share is taken of the whole, not of what is left: the order of two partial returns does not matter but for the last
 * micro-unit, and that one is settled by the last return. */
#include "exchange/market/giveback.h"

#include "protocol/base/money.h"

bool giveback_rest(const struct sale_money *sold, const struct sale_money *returned, struct sale_money *part)
{
    return money_sub(sold->price_micros, returned->price_micros, &part->price_micros) &&
           money_sub(sold->payout_micros, returned->payout_micros, &part->payout_micros) &&
           money_sub(sold->margin_micros, returned->margin_micros, &part->margin_micros);
}

bool giveback_part(const struct sale_money *sold, const struct sale_money *returned, int64_t amount,
                   struct sale_money *part)
{
    struct sale_money rest;
    if (!giveback_rest(sold, returned, &rest) || amount <= 0 || amount > rest.price_micros) return false;
    *part = rest;
    if (amount == rest.price_micros) return true;
    __int128 share = (__int128)sold->payout_micros * amount / sold->price_micros;
    part->price_micros = amount;
    part->payout_micros = share < rest.payout_micros ? (int64_t)share : rest.payout_micros;
    return money_sub(amount, part->payout_micros, &part->margin_micros);
}

/* giveback: how much of a sale's payout and margin goes back with a part of its price. Pure. */
#pragma once

#include <stdbool.h>

#include "exchange/record/sale.h"

/* `amount` of the price of what was sold (its stages included), of which `returned` went back before: the payout's
 * share rounded down, the rest is margin; the last of it takes whatever is left. False: amount is not above 0, more
 * than is left, or the sums overflow. */
bool giveback_part(const struct sale_money *sold, const struct sale_money *returned, int64_t amount,
                   struct sale_money *part) __attribute__((warn_unused_result));
/* All that is left. */
bool giveback_rest(const struct sale_money *sold, const struct sale_money *returned, struct sale_money *part)
    __attribute__((warn_unused_result));

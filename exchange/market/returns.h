/* returns: may a sale be given back, how much of it, and who bears it (market.md section 9). Pure.
 *
 * Windows run from the sale. A share is one of the sales of the month the sale was made in (the house's month): so many
 * of them may come back, rounded down, and one always may. A sale counts once, however many parts of it come back. */
#pragma once

#include "exchange/market/sale_terms.h"

/* The month's sales (this one included) and how many of them are coming or have come back (this one not counted twice).
 */
struct return_month {
    uint64_t sales, returns;
};

struct return_question {
    const struct return_terms *terms; /* NULL: none */
    int64_t sold_ms, wall_ms;
    struct bytes reason_code;
    bool has_amount;
    int64_t amount_micros;
    int64_t left_micros; /* of the price: neither returned nor asked for */
    bool is_counted;     /* a part of it is coming or came back before */
    struct return_month month;
};

/* NULL: it may. Else why not, with the field that is to blame (NULL: none is; what stands forbids it). */
const char *returns_refusal(const struct return_question *question, const char **field);
/* Who bears the affiliate's part of a return that may be. */
bool returns_by_house(const struct return_share *share, int64_t sold_ms, int64_t wall_ms, bool is_counted,
                      const struct return_month *month);

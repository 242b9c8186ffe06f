#include "exchange/market/returns.h"

#include "protocol/base/money.h"

static bool is_over(int64_t sold_ms, int64_t window_ms, int64_t wall_ms)
{
    return wall_ms - sold_ms > window_ms;
}

/* One more of that month; the first is always let through. */
static bool has_room(const struct return_month *month, int64_t ppm, bool is_counted)
{
    int64_t most;
    if (is_counted || ppm >= MONEY_PPM || month->returns == 0) return true;
    if (month->sales > INT64_MAX || !money_share((int64_t)month->sales, ppm, &most)) return false;
    return month->returns < (uint64_t)most;
}

static bool is_known(const struct names *reasons, struct bytes code)
{
    if (reasons->count == 0) return code.len > 0;
    for (uint32_t i = 0; i < reasons->count; i++)
        if (bytes_same(reasons->at[i], code)) return true;
    return false;
}

const char *returns_refusal(const struct return_question *question, const char **field)
{
    const struct return_terms *terms = question->terms;
    *field = NULL;
    if (!terms) return "this contract takes nothing back";
    if (is_over(question->sold_ms, terms->window_ms, question->wall_ms)) return "the time for returning it is over";
    if (question->left_micros <= 0) return "nothing of its price is left to return";
    if (!has_room(&question->month, terms->max_ppm, question->is_counted))
        return "more of the month's sales than the contract may return";
    *field = "reason_code";
    if (!is_known(&terms->reasons, question->reason_code)) return "is none of the contract's reasons";
    *field = "amount";
    if (question->has_amount && question->amount_micros <= 0) return "must be above 0";
    if (question->has_amount && question->amount_micros > question->left_micros)
        return "is more than what is left of the price";
    *field = NULL;
    return NULL;
}

bool returns_by_house(const struct return_share *share, int64_t sold_ms, int64_t wall_ms, bool is_counted,
                      const struct return_month *month)
{
    if (!share->is_set || is_over(sold_ms, share->window_ms, wall_ms)) return true;
    return !has_room(month, share->max_ppm, is_counted);
}

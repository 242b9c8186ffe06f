/* Added up anew whenever it is asked for, so that nobody who holds facts can forget to fill it in: the index asks once
 * a ping, filters only where the index cannot tell. */
#include "exchange/market/score.h"

#include "exchange/market/filter.h"

int64_t score_of(const struct facts *facts)
{
    int64_t points = 0;
    for (uint32_t i = 0; i < facts->campaign->quality.score_count; i++) {
        const struct score_rule *rule = &facts->campaign->quality.score[i];
        if (!rule->when || filter_matches(rule->when, facts)) points += rule->points;
    }
    return points;
}

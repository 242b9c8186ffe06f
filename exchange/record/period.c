/* Years and months side by side in one decimal number, so that what is stored can be read in a dump. */
#include "exchange/record/period.h"

#include "protocol/base/clock.h"

#define DAY_MS INT64_C(86400000)
#define YEAR_MAX 9999

uint32_t period_of(int64_t local_ms)
{
    int64_t year, days = local_ms / DAY_MS - (local_ms % DAY_MS < 0);
    unsigned month, day;
    clock_date_from_days(days, &year, &month, &day);
    return year >= 1 && year <= YEAR_MAX ? (uint32_t)year * 100 + month : PERIOD_NONE;
}

uint32_t period_after(uint32_t period)
{
    return period % 100 == 12 ? period + 89 : period + 1;
}

void period_write(struct sink *sink, uint32_t period)
{
    char text[PERIOD_TEXT] = {0};
    uint32_t rest = period / 100;
    for (unsigned i = 4; i > 0; i--, rest /= 10) text[i - 1] = (char)('0' + rest % 10);
    text[4] = '-';
    text[5] = (char)('0' + period % 100 / 10);
    text[6] = (char)('0' + period % 10);
    sink_bytes(sink, (struct bytes){text, sizeof text});
}

bool period_read(struct bytes text, uint32_t *period)
{
    uint32_t number = 0;
    if (text.len != PERIOD_TEXT || text.at[4] != '-') return false;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 4) continue;
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        number = number * 10 + (uint32_t)(text.at[i] - '0');
    }
    if (number < 100 || number % 100 == 0 || number % 100 > 12) return false;
    *period = number;
    return true;
}

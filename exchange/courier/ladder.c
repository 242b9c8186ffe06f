#include "exchange/courier/ladder.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

int64_t ladder_wait_ms(uint32_t tries)
{
    static const int64_t waits_ms[LADDER_TRIES - 1] = {5000,        5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS,
                                                       5 * HOUR_MS, 10 * HOUR_MS,  10 * HOUR_MS};
    return tries > 0 && tries < LADDER_TRIES ? waits_ms[tries - 1] : -1;
}

/* posix_zone: the rule in a TZif footer ("EST5EDT,M3.2.0,M11.1.0"): POSIX TZ with the extensions of RFC 8536 section
 * 3.3.1 (hours from -167 to 167). Pure; for zone.c only. */
#pragma once

#include "protocol/base/bytes.h"

enum posix_day { POSIX_MONTH_WEEK_DAY, POSIX_JULIAN, POSIX_ZERO_BASED };

struct posix_date {
    enum posix_day kind;
    unsigned month, week, weekday; /* Mm.w.d: week 5 is the last one, weekday 0 is Sunday */
    unsigned day;                  /* Jn: 1..365, never 29 February; n: 0..365 */
    int32_t time_s;                /* of local time as it was before the change */
};

struct posix_zone {
    int32_t standard_s, summer_s; /* east of UTC */
    bool has_summer;
    struct posix_date start, end; /* of summer */
};

/* An offset that begins at an instant. */
struct zone_change {
    int64_t at_s;
    int32_t offset_s;
};

#define POSIX_CHANGES 2

bool posix_zone_read(struct bytes text, struct posix_zone *zone);
/* The changes of that year in their order; at one and the same instant the end of summer stands first, so that a summer
 * without end reads as one. Only for a zone that has summer. */
void posix_zone_changes(const struct posix_zone *zone, int64_t year, struct zone_change changes[POSIX_CHANGES]);

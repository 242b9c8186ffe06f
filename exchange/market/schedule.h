/* schedule: when a contract is open: 336 half hours of a local week, Monday first.
 *
 * The schedule asks only for the local time now: a local hour that a DST night skips is never open, one that it repeats
 * is open twice. Pure. */
#pragma once

#include "exchange/market/zone.h"

#define SCHEDULE_HALF_HOURS 336u

/* One date's own hours, whatever the week says. */
struct calendar_day {
    int64_t day;         /* days since 1970, of the local date */
    uint64_t half_hours; /* bit n: the n-th half hour of the day; 0: closed */
};

/* Dated exceptions, ascending. */
struct calendar {
    const struct calendar_day *days;
    uint32_t count;
};

struct schedule {
    const struct zone *zone;
    const struct calendar *calendar; /* NULL: none */
    uint64_t half_hours[6];          /* bit n: the n-th half hour of the week, Monday 00:00 first */
};

/* "mon-fri", "sat", "mon,wed,fri" and "08:00-20:00", "09:00-12:00,13:00-17:30", up to "24:00"; half-hour grid. Day
 * ranges may run over the week's end (fri-mon), hours may not run over midnight. Adds to the schedule; the error is a
 * constant sentence, NULL when all is well (on an error the schedule may hold a part). */
const char *schedule_add(struct schedule *schedule, struct bytes days, struct bytes hours);
/* "2026-12-25" and "closed" or hours as above. */
const char *schedule_read_day(struct bytes date, struct bytes hours, struct calendar_day *day);
/* Hours alone: adds the half hours of a day. */
const char *schedule_read_hours(struct bytes hours, uint64_t *half_hours);
/* "2026-12-25", a date there is -> days since 1970. */
bool schedule_read_date(struct bytes date, int64_t *days);
bool schedule_is_open(const struct schedule *schedule, int64_t wall_ms);
/* The next instant (ms) at which open and closed change, or CLOCK_NEVER. */
int64_t schedule_next_change(const struct schedule *schedule, int64_t wall_ms);
/* The local day that holds the instant: its open seconds, and how many of them have gone. Days of 23 or 25 hours have
 * what they have. `schedule` NULL: open all day. */
struct schedule_day {
    int64_t open_s, gone_s;
};
struct schedule_day schedule_day_at(const struct schedule *schedule, const struct zone *zone, int64_t wall_ms);
/* True if no half hour of the week is open. */
bool schedule_is_empty(const struct schedule *schedule);

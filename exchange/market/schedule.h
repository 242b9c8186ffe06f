/* schedule: when a contract is open: 336 half hours of a local week; and zone: local time from a TZif file (RFC 8536).
 *
 * A local hour that a DST night skips does not exist, one that it repeats counts twice; the schedule asks only for the
 * local time now. Pure; the zone's file is parsed at build. */
#pragma once

#include "protocol/base/arena.h"

struct zone;

/* NULL: malformed file, or memory is out. Version 2 or later, with its footer rule. */
const struct zone *zone_parse(struct arena *arena, struct bytes tzif);
/* Seconds east of UTC at that instant. */
int32_t zone_offset_s(const struct zone *zone, int64_t wall_s);
/* The UTC instant (seconds) at which the local hour or local day that holds `wall_s` began. Days start at the first
 * instant of the local date, so they may last 23 or 25 hours. */
int64_t zone_hour_start(const struct zone *zone, int64_t wall_s);
int64_t zone_day_start(const struct zone *zone, int64_t wall_s);

struct schedule {
    const struct zone *zone;
    uint64_t half_hours[6]; /* bit n: the n-th half hour of the week, Monday 00:00 first */
};

/* "mon-fri", "sat", "mon,wed,fri" and "08:00-20:00", "09:00-12:00,13:00-17:30", up to "24:00"; half-hour grid. Adds to
 * the schedule; the error is a constant sentence, NULL when all is well. */
const char *schedule_add(struct schedule *schedule, struct bytes days, struct bytes hours);
bool schedule_is_open(const struct schedule *schedule, int64_t wall_ms);
/* The next instant (ms) at which open and closed change, or CLOCK_NEVER. */
int64_t schedule_next_change(const struct schedule *schedule, int64_t wall_ms);

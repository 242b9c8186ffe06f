/* zone: local time from a TZif file (RFC 8536): the transitions it lists, and the POSIX rule in its footer after them.
 *
 * Pure; the file is parsed once and not needed afterwards. Instants are seconds since 1970 UTC. A local hour that a DST
 * night skips does not exist, one that it repeats counts twice. */
#pragma once

#include "protocol/base/arena.h"

struct zone;

/* NULL: malformed file, or memory is out. Version 2 or later, with its footer rule (which may be empty); files that
 * count leap seconds ("right/…") are refused, because our clock does not. */
const struct zone *zone_parse(struct arena *arena, struct bytes tzif);
/* UTC, without a file. */
const struct zone *zone_utc(void);
/* Seconds east of UTC at that instant. */
int32_t zone_offset_s(const struct zone *zone, int64_t wall_s);
/* The next instant after `wall_s` at which the offset may change, or CLOCK_NEVER. */
int64_t zone_next_change(const struct zone *zone, int64_t wall_s);
/* The UTC instant at which the local hour or local day that holds `wall_s` began. Days start at the first instant of
 * the local date, so they may last 23 or 25 hours; a repeated hour starts anew with its second round. */
int64_t zone_hour_start(const struct zone *zone, int64_t wall_s);
int64_t zone_day_start(const struct zone *zone, int64_t wall_s);
/* The same of the local week (Monday first) and month. */
int64_t zone_week_start(const struct zone *zone, int64_t wall_s);
int64_t zone_month_start(const struct zone *zone, int64_t wall_s);
/* The instant at which the local date (days since 1970) began. */
int64_t zone_date_start(const struct zone *zone, int64_t days);

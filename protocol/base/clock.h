/* clock: the two clocks, read nowhere else.
 *
 * Deadlines and spans are monotonic microseconds (`_us`), an absolute instant; stamps people read are wall milliseconds
 * since 1970 UTC (`_ms`). Code that decides takes instants as arguments, so that a simulation can give its own. */
#pragma once

#include "protocol/base/bytes.h"

#define CLOCK_NEVER INT64_MAX

int64_t clock_now_us(void);
int64_t clock_wall_ms(void);
/* CPU time of the whole process, microseconds. */
int64_t clock_cpu_us(void);

/* RFC 3339 in UTC with milliseconds: 2026-11-22T15:04:05.678Z (24 bytes). */
void clock_write_wall(struct sink *sink, int64_t wall_ms);
/* RFC 3339 with any offset and up to nine digits of a second (those past the third are dropped). */
bool clock_read_wall(struct bytes text, int64_t *wall_ms);
/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. */
int64_t clock_days_from_date(int64_t year, unsigned month, unsigned day);
void clock_date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);
/* True if the date exists. */
bool clock_is_date(int64_t year, unsigned month, unsigned day);

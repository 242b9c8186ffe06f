/* period: a calendar month as the house's accounts know it: a number that sorts, 202611, and its text, "2026-11". Which
 * month an instant is in depends on the house's time zone: whoever asks gives local time. Pure. */
#pragma once

#include "protocol/base/bytes.h"

#define PERIOD_NONE 0u
#define PERIOD_TEXT 7u /* "2026-11" */

/* Of local wall time, ms since 1970. PERIOD_NONE: outside the years 1 to 9999. */
uint32_t period_of(int64_t local_ms);
uint32_t period_after(uint32_t period);
void period_write(struct sink *sink, uint32_t period);
/* Exactly "YYYY-MM". */
bool period_read(struct bytes text, uint32_t *period);

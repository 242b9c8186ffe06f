/* zonefile: the system's time zone files by their IANA name, for exchange/market's zone_parse. Blocking; start and
 * reload only. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/fault.h"

#define ZONEFILE_BYTES_MAX 262144 /* the largest of tzdata is below 4 KiB */
#define ZONEFILE_NAME_MAX 63

/* "America/New_York": letters, digits and _ + - in parts, none of which is empty or starts with a dot. */
bool zonefile_is_name(struct bytes name);
/* The TZif file of that zone, in the arena, out of $TZDIR or /usr/share/zoneinfo. FAULT_INPUT: not a name, or not a
 * TZif file; FAULT_NOT_FOUND: no such zone (or no tzdata). */
enum fault zonefile_read(struct bytes name, struct arena *arena, struct bytes *file) MUST_USE;

/* instant: a time as a person gives it to a command (api.md, "The command line"). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/bytes.h"

#define INSTANT_FORMS "times like 2026-11-22T15:00:00Z, or relative: -1h, -30m, -7d, now"

/* RFC 3339, "now", or "-1h": that long before now_ms. */
bool instant_read(const char *text, int64_t now_ms, int64_t *wall_ms);
/* "2026-11-22 15:00:00" in UTC, for tables. */
void instant_write(struct sink *sink, int64_t wall_ms);

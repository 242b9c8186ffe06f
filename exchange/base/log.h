/* log: lines for operators, on standard error, text or JSON; any thread, one write per line. Holds ids, sizes, codes;
 * never a private field (there is no printer for one). Values are escaped. The level is set once at start. */
#pragma once

#include "protocol/base/bytes.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

void log_start(enum log_level level, enum log_format format);
/* event: a constant, e.g. "auction.closed"; then name/value pairs, ended by NULL: log_line(LOG_INFO, "ledger.failed",
 * "why", text, NULL). */
void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));
bool log_wants(enum log_level level);

/* lists: the contents of the lists a catalogue names: out of the operator's files, and out of what owners have put by
 * the API, which is kept beside the book: of the two the later one counts. Reads millions of lines: start, reload,
 * check, and the main thread only. */
#pragma once

#include "exchange/config/report.h"
#include "exchange/config/settings.h"
#include "exchange/standing/list.h"

/* Everything `catalogue` names. A file that is as it was when `before` (may be NULL) read it is not read again. Lists
 * of `serving` (may be NULL) that the catalogue names no more stay on the shelf, for the leads under way. NULL: the
 * report tells why. */
struct shelf *lists_read(const struct settings *settings, const struct catalogue *catalogue, const struct shelf *before,
                         const struct catalogue *serving, struct config_report *report);

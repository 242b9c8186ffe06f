/* reason: the closed list of refusals (market.md section 10), the same in API, log, ledger and reports. */
#pragma once

#include "protocol/base/bytes.h"

enum reason {
#define X(name, code, text) REASON_##name,
#include "protocol/message/reason.tbl.h"
#undef X
    REASON_COUNT
};

/* "low_bid"; "" for NONE. */
const char *reason_code(enum reason reason);
/* One plain sentence without a full stop. */
const char *reason_text(enum reason reason);
/* REASON_COUNT if no reason has that code. */
enum reason reason_find(struct bytes code);

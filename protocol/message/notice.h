/* notice: what is told after the fact (market.md section 9): the closed list of its types, and who hears which. */
#pragma once

#include "protocol/base/bytes.h"

/* Who is told: an affiliate or a buyer (by notice and feed), or an address that a contract names: one for notices, or
 * one for copies of whole leads. */
enum notice_hearer {
    NOTICE_TO_AFFILIATE = 1,
    NOTICE_TO_BUYER = 2,
    NOTICE_TO_ADDRESS = 4,
    NOTICE_TO_COPY = 8,
};

enum notice {
#define X(name, text, who) NOTICE_##name,
#include "protocol/message/notice.tbl.h"
#undef X
    NOTICE_COUNT
};

/* "lead.sold" */
const char *notice_type(enum notice notice);
bool notice_is_for(enum notice notice, enum notice_hearer hearer);

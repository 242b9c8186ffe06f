/* lane: one line's traces on their way to the ledger thread: a ring of bytes with one writer and one reader, so that a
 * trace costs the worker a copy, no allocation and no signal. For this room only.
 *
 * The reader goes ahead of what it has given back: what it read in a transaction that failed it can read again. */
#pragma once

#include "protocol/base/fault.h"
#include "protocol/base/ident.h"

#define LANE_BYTES (4u << 20)
#define LANE_ITEM_MAX (LANE_BYTES / 4)

struct lane;

struct lane_item {
    struct ident ping_id, lead_id; /* either may be none */
    int64_t offer_expires_ms;
    struct bytes record, offer; /* in the ring until lane_give_back; either may be empty */
};

enum fault lane_open(struct lane **lane) MUST_USE;
void lane_close(struct lane **lane);
/* Writer. False: no room, or longer than LANE_ITEM_MAX. */
bool lane_put(struct lane *lane, const struct lane_item *item);
/* Reader: the next item not yet taken. False: none. */
bool lane_take(struct lane *lane, struct lane_item *item);
/* Reader: what was taken is done with; or: it is to be taken again. */
void lane_give_back(struct lane *lane);
void lane_rewind(struct lane *lane);
/* Any thread: bytes put and not yet given back. */
uint64_t lane_depth(const struct lane *lane);

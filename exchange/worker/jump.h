/* jump: an offer read again after the wall clock has jumped. A promise lasts as long as it was said to last, by the
 * clock that never jumps; its stamps are of the wall, because they outlive the process, so they move with the wall. Any
 * thread. */
#pragma once

#include "exchange/standing/offers.h"
#include "protocol/base/bytes.h"

#define JUMP_MIN_MS 1000 /* less is the rounding of both clocks, or one that is being slewed */

/* The offer in the OFFER_BYTES_MAX bytes at `flat`, len of them used, as the wall tells its times now: the new length.
 * Bytes that are no offer, and one that stands nowhere any more, stay as they are. */
size_t jump_follow(struct offers *offers, int64_t now_us, int64_t wall_ms, char *flat, size_t len);

/* caps: how much of a cap is used up in its current window, one word {window, used} each, exact with any number of
 * threads (market.md section 7). Reserved at the intent, released at a rejection; a sale keeps it: nothing to call. */
#pragma once

#include "exchange/standing/cell.h"

struct cap_id {
    uint8_t at[16]; /* first half of SHA-256(owner kind, owner id, window, unit, segment) */
};

/* One counter a reservation touches: its window by the UTC minute the window began. */
struct cap_key {
    uint32_t cell;
    struct cap_id id;
    uint32_t window; /* minutes since 1970 */
    uint32_t amount;
    uint32_t limit;
};

#define RESERVATION_KEYS_MAX 8

/* Used in that window (0 when the cell counts another one). */
uint32_t caps_used(struct standing *standing, uint32_t cell, uint32_t window);
/* All keys or none, in order, with roll-back: a brief false "full" is possible for others, over is not. A window older
 * than the cell's is refused. False: the key *full has no room. */
bool caps_reserve(struct standing *standing, const struct cap_key *keys, unsigned count, unsigned *full);
/* Gives back into that very window only; a cell that has moved on ignores it. */
void caps_release(struct standing *standing, const struct cap_key *keys, unsigned count);
/* At start, from the book; found or made by id. A window older than the cell's is ignored. False: memory is out, and
 * the cap would not hold: do not start. */
bool caps_load(struct standing *standing, const struct cap_id *id, uint32_t window, uint32_t used) MUST_USE;

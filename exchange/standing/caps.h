/* caps: how much of a cap is used up in its current window, one word {window, used} each, exact with any number of
 * threads (market.md section 7). Reserved at the intent, released at a rejection, kept by a sale.
 *
 * A cap per state, source and so on has a counter for each such segment, made when the first lead of it is reserved;
 * its id follows from the cap's and the segment's, and is found without a lock. */
#pragma once

#include "exchange/standing/cell.h"

#define RESERVATION_KEYS_MAX 17     /* caps of contract and buyer, of the affiliate, and what policy even counts */
#define CAP_SEGMENTS_MAX (1u << 19) /* counters of segments; a lead that needs one more finds the cap full */

struct cap_id {
    uint8_t at[16]; /* first half of SHA-256(owner kind, owner id, window, unit, …); a segment's: see caps_segment */
};

/* How long what a key takes stays taken. Stored: append only. */
enum cap_stay {
    CAP_HELD,    /* until the post is refused */
    CAP_SPENT,   /* for good, once the post's bytes may have left */
    CAP_COUNTED, /* nothing is taken: a sale is counted here when it is made */
    CAP_PINGED,  /* like SPENT, for pings: never in a step of the book; see caps_pinged */
    CAP_STAYS
};

/* One counter a reservation touches: its window by the UTC minute the window began. */
struct cap_key {
    uint32_t cell; /* STANDING_NONE: a segment's that is not made yet */
    struct cap_id id;
    uint32_t window; /* minutes since 1970 */
    uint32_t amount;
    uint32_t limit;
    enum cap_stay stay;
    bool gives_back; /* once the sale it was taken for is returned */
};

/* The id of a cap's counter for one segment; `segment` is a digest of its name. `ends`: its windows follow each other,
 * so that an old one need never be read again. */
struct cap_id caps_segment(const struct cap_id *cap, const struct cap_id *segment, bool ends);
bool caps_is_segment(const struct cap_id *id);
/* A counter that has this id; STANDING_NONE: nothing was ever counted there. Lock-free, for segments only. */
uint32_t caps_find(struct standing *standing, const struct cap_id *segment);
/* Used in that window (0 when the cell counts another one, or there is none). */
uint32_t caps_used(struct standing *standing, uint32_t cell, uint32_t window);
/* All keys or none, in order, with roll-back: a brief false "full" is possible for others, over is not. A window older
 * than the cell's is refused. Counters of segments are made as needed; where there can be none the key has no room.
 * False: the key *full has no room. */
bool caps_reserve(struct standing *standing, struct cap_key *keys, unsigned count, unsigned *full);
/* Gives back into that very window only; a cell that has moved on ignores it. `sent`: what is spent stays. */
void caps_release(struct standing *standing, const struct cap_key *keys, unsigned count, bool sent);
/* What was released is taken again, room or not: the release turned out not to be in the book. */
void caps_retake(struct standing *standing, const struct cap_key *keys, unsigned count, bool sent);
/* The sale these keys were taken for has come back: what it took, and what it was counted in, into that very window
 * only. */
void caps_give_back(struct standing *standing, const struct cap_key *keys, unsigned count);
/* The sale is made: it is counted where the keys say so. */
void caps_count(struct standing *standing, const struct cap_key *keys, unsigned count);
/* Counters that pings were taken from, by number, each for good: the book notes them from time to time. `id` is filled;
 * window << 32 | used. Any thread. */
uint32_t caps_pinged_count(struct standing *standing);
uint64_t caps_pinged(struct standing *standing, uint32_t number, struct cap_id *id);
/* At start, from the book; found or made by id. A window older than the cell's is ignored. False: memory is out, and
 * the cap would not hold: do not start. */
bool caps_load(struct standing *standing, const struct cap_id *id, uint32_t window, uint32_t used) MUST_USE;
/* A counter no lead can ask for any more: a segment's, of a window that ended long before that minute. */
bool caps_is_past(const struct cap_id *id, uint32_t window, uint32_t minute);

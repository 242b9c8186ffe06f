/* standing: what changes between auctions, process-wide, outside the snapshot (architecture.md). Cells are found or made by
 * stable id when a catalogue is built (under a lock), and reached by index from then on; cells are never removed.
 *
 * Hot words are atomics, each contract's and buyer's on cache lines of its own. Any thread. The rules that read these words
 * are pure functions in market; here they are only kept. */
#pragma once

#include <stdatomic.h>

#include "protocol/base/clock.h"
#include "protocol/base/fault.h"
#include "protocol/base/ident.h"
#include "protocol/crypto/digest.h"

#define STANDING_NONE UINT32_MAX

struct standing;

enum fault standing_open(struct standing **standing) MUST_USE;
void standing_close(struct standing **standing);

/* Cells by stable id; STANDING_NONE only when memory is out. Not for hot paths. */
uint32_t standing_contract_cell(struct standing *standing, struct bytes contract_id);
uint32_t standing_buyer_cell(struct standing *standing, struct bytes buyer_id);
uint32_t standing_origin_cell(struct standing *standing, struct bytes origin); /* "https://host:port" */
uint32_t standing_affiliate_cell(struct standing *standing, struct bytes affiliate_id);

/* Caps ------------------------------------------------------------------------------------------------------------------- */
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

uint32_t standing_cap_cell(struct standing *standing, const struct cap_id *id);
/* Used in that window (0 when the cell counts another one). */
uint32_t caps_used(struct standing *standing, uint32_t cell, uint32_t window);
/* All keys or none, in order, with roll-back. A window older than the cell's is refused. False: the key *full has no room. */
bool caps_reserve(struct standing *standing, const struct cap_key *keys, unsigned count, unsigned *full);
/* Gives back into that very window only; a cell that has moved on ignores it. */
void caps_release(struct standing *standing, const struct cap_key *keys, unsigned count);
/* At start, from the book; found or made by id. */
void caps_load(struct standing *standing, const struct cap_id *id, uint32_t window, uint32_t used);

/* Seats and signals ------------------------------------------------------------------------------------------------------- */
struct seat_signal {
    bool pushed;        /* ever, and not expired at now */
    bool available;
    bool has_seats;     /* the push named seats */
    int64_t seats_free; /* with has_seats; after posts taken since */
    int64_t expires_us;
};

/* A push for one contract (cell) or for all of a buyer's (one pool): seats < 0: not named. Seats are absolute; posts open when the
 * push arrives take nothing more when they settle. */
void seats_push_contract(struct standing *standing, uint32_t contract_cell, bool available, int64_t seats, int64_t expires_us);
void seats_push_buyer(struct standing *standing, uint32_t buyer_cell, bool available, int64_t seats, int64_t expires_us);
/* What counts for this contract now: the later of its own push and its buyer's. */
void seats_read(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us, struct seat_signal *signal);
/* A pause_s from the buyer: as a pushed available=false of that length, seats untouched. */
void seats_pause(struct standing *standing, uint32_t contract_cell, int64_t until_us);

struct seat_hold {
    uint32_t cell; /* STANDING_NONE: nothing was taken */
    bool of_buyer; /* the buyer's pool */
    uint32_t epoch; /* of the push it was taken from */
};
/* Takes one seat where seats are counted. False: none is free. */
bool seats_take(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us, struct seat_hold *hold);
/* Gives it back (rejection), unless a newer push has come. A sale keeps it: nothing to call. */
void seats_give(struct standing *standing, const struct seat_hold *hold);

/* Circuits ---------------------------------------------------------------------------------------------------------------- */
/* The word's meaning belongs to market/availability. `next` is called until the swap holds; returns the word put in place. */
uint64_t circuits_word(struct standing *standing, bool of_origin, uint32_t cell);
bool circuits_swap(struct standing *standing, bool of_origin, uint32_t cell, uint64_t from, uint64_t to);

/* Load, rates, response times --------------------------------------------------------------------------------------------- */
/* In-flight calls of a buyer: +1 if below max (0: no bound), else false. */
bool rates_enter(struct standing *standing, uint32_t buyer_cell, uint32_t max);
void rates_leave(struct standing *standing, uint32_t buyer_cell);
uint32_t rates_in_flight(struct standing *standing, uint32_t buyer_cell);
/* Token buckets of one second's depth; per_s 0: no limit. take: false when spent; peek does not take. */
bool rates_take_buyer(struct standing *standing, uint32_t buyer_cell, uint32_t per_s, int64_t now_us);
bool rates_peek_buyer(struct standing *standing, uint32_t buyer_cell, uint32_t per_s, int64_t now_us);
bool rates_take_affiliate(struct standing *standing, uint32_t affiliate_cell, uint32_t per_s, int64_t now_us);
/* A call's answer time; the mean with decay, 0 before 20 calls. */
void rates_answered(struct standing *standing, uint32_t contract_cell, int64_t us);
int32_t rates_response_us(struct standing *standing, uint32_t contract_cell);

/* Operator's pause (durable in the book) ---------------------------------------------------------------------------------- */
void switches_set(struct standing *standing, uint32_t contract_cell, bool paused);
bool switches_paused(struct standing *standing, uint32_t contract_cell);

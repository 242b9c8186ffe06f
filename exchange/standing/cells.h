/* cells: the memory behind the indexes, and what stands in a cell; for the files of this room only.
 *
 * Chunk k holds 64 << k cells and is never moved, so a cell's address is good for ever and reading it takes no lock:
 *
 *   chunks  [0] 64 cells  [1] 128 cells  [2] 256 cells ...      index 200 → chunk 2, place 8 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "exchange/standing/standing.h"
#include "protocol/base/arena.h"
#include "protocol/base/check.h"
#include "protocol/base/table.h"

#define CACHE_LINE 64
#define CELLS_CHUNKS_MAX 26u /* 64 << 26 is beyond a 32-bit index */

enum cell_kind { CELL_CONTRACT, CELL_BUYER, CELL_ORIGIN, CELL_AFFILIATE, CELL_CAP, CELL_EXPERIMENT, CELL_KINDS };

struct cells {
    _Atomic(char *) chunks[CELLS_CHUNKS_MAX];
    uint32_t count;   /* under the lock, like the ids */
    struct table ids; /* stable id -> index */
};

/* What was pushed for one contract or one buyer. Written under the seats' lock (pauses apart), read without it. */
struct seat_pool {
    _Atomic uint64_t signal; /* expires_us << 2 | available << 1 | has_seats; 0: never pushed */
    _Atomic uint64_t stamp;  /* when, in the order of all pushes and pauses */
    _Atomic uint32_t free;
    uint32_t open, sold; /* posts held; seats of this epoch that were kept for good */
    uint32_t epoch;      /* grows with each push; never 0 after the first */
    _Atomic uint64_t pause_stamp;
    _Atomic int64_t pause_until_us;
};

struct contract_cell {
    _Alignas(CACHE_LINE) _Atomic uint64_t circuit;
    _Atomic uint64_t response; /* rates.c */
    _Atomic uint64_t turn;     /* number of its latest turn; 0: none yet */
    _Atomic uint64_t learned;  /* market/acceptance's word; 0: nothing learned */
    _Atomic uint64_t kept;     /* likewise of its sales */
    _Alignas(CACHE_LINE) struct seat_pool pool;
    _Atomic bool paused;
    _Atomic uint32_t open_offers; /* holds.c */
    _Atomic uint64_t last_error;  /* wall ms << 8 | code; 0: none */
};

struct buyer_cell {
    _Alignas(CACHE_LINE) _Atomic int64_t bucket; /* rates.c */
    _Atomic uint32_t in_flight;
    _Alignas(CACHE_LINE) struct seat_pool pool;
    _Alignas(CACHE_LINE) _Atomic int64_t funds; /* micros: balance less holds */
};

struct origin_cell {
    _Alignas(CACHE_LINE) _Atomic uint64_t circuit;
};

struct affiliate_cell {
    _Alignas(CACHE_LINE) _Atomic int64_t bucket;
};

struct cap_cell {
    _Alignas(CACHE_LINE) _Atomic uint64_t word; /* window << 32 | used */
    struct cap_id id;                           /* of a segment; written before the cell can be found */
    _Atomic bool is_noted;                      /* among the pinged ones */
};

/* A counter that pings were taken from. */
struct pinged {
    uint32_t cell;
    struct cap_id id;
};

#define SEGMENT_PLACES (2 * CAP_SEGMENTS_MAX)

struct arm_cell {
    _Alignas(CACHE_LINE) _Atomic uint64_t auctions;
    _Atomic uint64_t sold, revenue_micros, payout_micros, margin_micros, margin_squares;
};

struct experiment_cell {
    struct arm_cell arms[ARMS_PER_EXPERIMENT];
};

struct standing {
    struct cells cells[CELL_KINDS];
    pthread_mutex_t lock;       /* over making cells */
    struct arena ids;           /* the texts of the ids */
    _Atomic uint64_t *segments; /* SEGMENT_PLACES: see standing.c */
    struct revoked *revoked, *keys_revoked;
    struct doubts *doubts;
    struct pinged *pinged; /* under the lock */
    uint32_t pinged_room, segments_count;
    _Atomic uint32_t pinged_count;
    _Alignas(CACHE_LINE) pthread_mutex_t seats_lock;
    _Alignas(CACHE_LINE) _Atomic uint64_t stamp;
    _Alignas(CACHE_LINE) _Atomic uint64_t turns; /* given so far, to all contracts */
};

/* The counter of a segment, by its id: found without a lock; found or made under it (STANDING_NONE: memory is out, or
 * CAP_SEGMENTS_MAX is reached). */
uint32_t standing_find_segment(struct standing *standing, const struct cap_id *id);
uint32_t standing_segment_cell(struct standing *standing, const struct cap_id *id);
/* Enters the key's counter among the pinged ones, once. False: memory is out. */
bool standing_note_pinged(struct standing *standing, const struct cap_key *key);
/* The cell of that number, below pinged_count. */
uint32_t standing_pinged(struct standing *standing, uint32_t number, struct cap_id *id);

static inline void *cells_at(struct standing *standing, enum cell_kind kind, size_t cell_bytes, uint32_t index)
{
    check(index != STANDING_NONE, "kind %d", (int)kind);
    uint64_t group = ((uint64_t)index >> 6) + 1;
    unsigned chunk = 63u - (unsigned)__builtin_clzll(group);
    char *at = atomic_load_explicit(&standing->cells[kind].chunks[chunk], memory_order_acquire);
    check(at != NULL, "kind %d index %u", (int)kind, index);
    return at + (index - (((UINT64_C(1) << chunk) - 1) << 6)) * cell_bytes;
}

static inline struct contract_cell *contract_at(struct standing *standing, uint32_t index)
{
    return cells_at(standing, CELL_CONTRACT, sizeof(struct contract_cell), index);
}

static inline struct buyer_cell *buyer_at(struct standing *standing, uint32_t index)
{
    return cells_at(standing, CELL_BUYER, sizeof(struct buyer_cell), index);
}

static inline struct origin_cell *origin_at(struct standing *standing, uint32_t index)
{
    return cells_at(standing, CELL_ORIGIN, sizeof(struct origin_cell), index);
}

static inline struct affiliate_cell *affiliate_at(struct standing *standing, uint32_t index)
{
    return cells_at(standing, CELL_AFFILIATE, sizeof(struct affiliate_cell), index);
}

static inline struct experiment_cell *experiment_at(struct standing *standing, uint32_t index)
{
    return cells_at(standing, CELL_EXPERIMENT, sizeof(struct experiment_cell), index);
}

static inline struct cap_cell *cap_at(struct standing *standing, uint32_t index)
{
    return cells_at(standing, CELL_CAP, sizeof(struct cap_cell), index);
}

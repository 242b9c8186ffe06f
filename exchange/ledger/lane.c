/* Positions only grow; a place in the ring is a position modulo its size. An item is never cut in two: where it would
 * pass the ring's end, a filler takes the rest and the item starts at the beginning. When the ring is empty the next
 * lap need not touch fresh memory, so a lane that never fills stays small.
 *
 *   | done … given back | taken | put, waiting | free … |
 *                       ^back   ^taken         ^put                */
#include "exchange/ledger/lane.h"

#include <stdatomic.h>
#include <stdlib.h>

#define CACHE_LINE 64

struct head {
    uint32_t bytes; /* of the whole item, head included, a multiple of 16 */
    uint32_t record_len;
    uint32_t offer_len;
    uint32_t is_filler;
    int64_t offer_expires_ms;
    struct ident ping_id, lead_id;
};

struct lane {
    _Alignas(CACHE_LINE) _Atomic uint64_t put;
    _Alignas(CACHE_LINE) _Atomic uint64_t back;
    _Alignas(CACHE_LINE) uint64_t taken; /* the reader's */
    char *ring;
};

enum fault lane_open(struct lane **lane)
{
    struct lane *made = aligned_alloc(CACHE_LINE, sizeof *made);
    if (!made) return FAULT_MEMORY;
    memset(made, 0, sizeof *made);
    made->ring = calloc(1, LANE_BYTES);
    if (!made->ring) {
        free(made);
        return FAULT_MEMORY;
    }
    *lane = made;
    return FAULT_NONE;
}

void lane_close(struct lane **lane)
{
    if (*lane) free((*lane)->ring);
    free(*lane);
    *lane = NULL;
}

static size_t place_of(uint64_t position)
{
    return (size_t)(position % LANE_BYTES);
}

bool lane_put(struct lane *lane, const struct lane_item *item)
{
    uint64_t put = atomic_load_explicit(&lane->put, memory_order_relaxed);
    uint64_t back = atomic_load_explicit(&lane->back, memory_order_acquire);
    size_t bytes = (sizeof(struct head) + item->record.len + item->offer.len + 15) & ~(size_t)15;
    if (item->record.len > LANE_ITEM_MAX || item->offer.len > LANE_ITEM_MAX || bytes > LANE_ITEM_MAX) return false;
    size_t to_end = LANE_BYTES - place_of(put), skipped = to_end < bytes ? to_end : 0;
    if (put - back + skipped + bytes > LANE_BYTES) return false;
    if (skipped >= sizeof(struct head)) {
        struct head filler = {.bytes = (uint32_t)skipped, .is_filler = 1};
        memcpy(lane->ring + place_of(put), &filler, sizeof filler);
    }
    put += skipped;
    struct head head = {.bytes = (uint32_t)bytes,
                        .record_len = (uint32_t)item->record.len,
                        .offer_len = (uint32_t)item->offer.len,
                        .offer_expires_ms = item->offer_expires_ms,
                        .ping_id = item->ping_id,
                        .lead_id = item->lead_id};
    char *at = lane->ring + place_of(put);
    memcpy(at, &head, sizeof head);
    if (item->record.len) memcpy(at + sizeof head, item->record.at, item->record.len);
    if (item->offer.len) memcpy(at + sizeof head + item->record.len, item->offer.at, item->offer.len);
    atomic_store_explicit(&lane->put, put + bytes, memory_order_release);
    return true;
}

bool lane_take(struct lane *lane, struct lane_item *item)
{
    uint64_t put = atomic_load_explicit(&lane->put, memory_order_acquire);
    while (lane->taken != put) {
        size_t to_end = LANE_BYTES - place_of(lane->taken);
        const char *at = lane->ring + place_of(lane->taken);
        struct head head;
        if (to_end < sizeof head) { /* too short for a filler's head */
            lane->taken += to_end;
            continue;
        }
        memcpy(&head, at, sizeof head);
        lane->taken += head.bytes;
        if (head.is_filler) continue;
        *item = (struct lane_item){.ping_id = head.ping_id,
                                   .lead_id = head.lead_id,
                                   .offer_expires_ms = head.offer_expires_ms,
                                   .record = {at + sizeof head, head.record_len},
                                   .offer = {at + sizeof head + head.record_len, head.offer_len}};
        return true;
    }
    return false;
}

void lane_give_back(struct lane *lane)
{
    atomic_store_explicit(&lane->back, lane->taken, memory_order_release);
}

void lane_rewind(struct lane *lane)
{
    lane->taken = atomic_load_explicit(&lane->back, memory_order_relaxed);
}

uint64_t lane_depth(const struct lane *lane)
{
    uint64_t back = atomic_load_explicit(&lane->back, memory_order_relaxed);
    uint64_t put = atomic_load_explicit(&lane->put, memory_order_relaxed);
    return put > back ? put - back : 0;
}

/* A record for each contract of an offer, those of one ping in a chain behind its id. They end together, when the offer
 * is used up or expires; a reservation may end sooner. A heap tells what is due first; a record that ended sooner
 * leaves its entry there, where its id has gone stale; when the heap is full it is made anew without those. */
#include "exchange/standing/holds.h"

#include <stdlib.h>

#include "exchange/standing/cells.h"
#include "protocol/base/slots.h"

#define NONE UINT32_MAX
#define DUES_FIRST 256u

struct hold {
    uint64_t id;
    struct ident ping_id;
    uint32_t contract_cell;
    uint32_t next; /* of the same ping: a slot's index */
    bool is_first, has_reservation;
    int64_t expires_us, until_us;
    struct reservation reservation;
};

struct due {
    int64_t at_us;
    uint64_t id;
};

struct holds {
    pthread_mutex_t lock;
    _Atomic int64_t next_us; /* the earliest that is due; CLOCK_NEVER: nothing */
    _Atomic uint32_t offers;
    struct slots slots;
    struct table pings; /* id -> index of the first record */
    struct due *heap;
    uint32_t heap_count, heap_room;
};

enum fault holds_open(struct holds **holds)
{
    struct holds *opened = *holds = calloc(1, sizeof *opened);
    if (!opened) return FAULT_MEMORY;
    enum fault fault = slots_open(&opened->slots, sizeof(struct hold), HOLDS_MAX);
    opened->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    atomic_store(&opened->next_us, CLOCK_NEVER);
    if (fault) {
        free(opened);
        *holds = NULL;
    }
    return fault;
}

void holds_close(struct holds **holds)
{
    struct holds *closing = *holds;
    *holds = NULL;
    if (!closing) return;
    table_free(&closing->pings);
    slots_close(&closing->slots);
    free(closing->heap);
    free(closing);
}

/* What is due -------------------------------------------------------------------------------------------------------
 */

static void heap_put(struct holds *holds, struct due due)
{
    uint32_t at = holds->heap_count++;
    for (uint32_t up; at > 0 && holds->heap[up = (at - 1) / 2].at_us > due.at_us; at = up)
        holds->heap[at] = holds->heap[up];
    holds->heap[at] = due;
}

static struct due heap_take(struct holds *holds)
{
    struct due first = holds->heap[0], last = holds->heap[--holds->heap_count];
    uint32_t at = 0, count = holds->heap_count;
    for (uint32_t down; (down = 2 * at + 1) < count; at = down) {
        if (down + 1 < count && holds->heap[down + 1].at_us < holds->heap[down].at_us) down++;
        if (holds->heap[down].at_us >= last.at_us) break;
        holds->heap[at] = holds->heap[down];
    }
    if (count) holds->heap[at] = last;
    return first;
}

static void publish_next(struct holds *holds)
{
    int64_t next_us = holds->heap_count ? holds->heap[0].at_us : CLOCK_NEVER;
    atomic_store_explicit(&holds->next_us, next_us, memory_order_release);
}

/* Without the stale ones; in any order, since the heap grows entry by entry. */
static void clear_stale(struct holds *holds)
{
    uint32_t count = holds->heap_count;
    holds->heap_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct due due = holds->heap[i];
        if (slots_find(&holds->slots, due.id)) heap_put(holds, due);
    }
}

/* Room for two more entries. */
static bool make_room(struct holds *holds)
{
    if (holds->heap_count + 2 <= holds->heap_room) return true;
    if (holds->heap) clear_stale(holds);
    if (holds->heap_count + 2 <= holds->heap_room / 2) return true;
    uint32_t room = holds->heap_room ? holds->heap_room * 2 : DUES_FIRST;
    struct due *heap = realloc(holds->heap, room * sizeof *heap);
    if (!heap) return false;
    holds->heap = heap;
    holds->heap_room = room;
    return true;
}

/* Places --------------------------------------------------------------------------------------------------------------
 */

uint32_t holds_open_offers(struct standing *standing, uint32_t contract_cell)
{
    return atomic_load_explicit(&contract_at(standing, contract_cell)->open_offers, memory_order_acquire);
}

static bool enter(struct standing *standing, uint32_t contract_cell, uint32_t max)
{
    _Atomic uint32_t *open = &contract_at(standing, contract_cell)->open_offers;
    uint32_t now = atomic_load_explicit(open, memory_order_relaxed);
    do {
        if (max && now >= max) return false;
    } while (!atomic_compare_exchange_weak_explicit(open, &now, now + 1, memory_order_acq_rel, memory_order_relaxed));
    return true;
}

static void leave(struct standing *standing, uint32_t contract_cell)
{
    uint32_t before = atomic_fetch_sub_explicit(&contract_at(standing, contract_cell)->open_offers, 1,
                                                memory_order_acq_rel);
    check(before > 0, "contract cell %u", contract_cell);
}

/* Records -------------------------------------------------------------------------------------------------------------
 */

static struct hold *first_of(const struct holds *holds, const struct ident *ping_id)
{
    uint32_t index = table_find(&holds->pings, ident_bytes(ping_id));
    return index == TABLE_NONE ? NULL : slots_at(&holds->slots, index);
}

static struct hold *next_of(const struct holds *holds, const struct hold *hold)
{
    return hold->next == NONE ? NULL : slots_at(&holds->slots, hold->next);
}

static struct hold *find(const struct holds *holds, const struct ident *ping_id, uint32_t contract_cell)
{
    struct hold *hold = first_of(holds, ping_id);
    while (hold && hold->contract_cell != contract_cell) hold = next_of(holds, hold);
    return hold;
}

static struct hold *add(struct holds *holds, const struct hold_terms *terms)
{
    uint64_t id;
    struct hold *first = first_of(holds, &terms->ping_id);
    struct hold *hold = make_room(holds) ? slots_take(&holds->slots, &id) : NULL;
    if (!hold) return NULL;
    *hold = (struct hold){.id = id,
                          .ping_id = terms->ping_id,
                          .contract_cell = terms->contract_cell,
                          .next = NONE,
                          .is_first = !first,
                          .expires_us = terms->expires_us,
                          .until_us = terms->until_us};
    uint32_t index = (uint32_t)id;
    if (first) {
        hold->next = first->next;
        first->next = index;
    } else if (table_put(&holds->pings, ident_bytes(&hold->ping_id), index) != FAULT_NONE) {
        slots_give(&holds->slots, id);
        return NULL;
    }
    if (terms->reservation) {
        hold->reservation = *terms->reservation;
        hold->has_reservation = true;
        heap_put(holds, (struct due){hold->until_us, id});
    }
    if (hold->is_first) heap_put(holds, (struct due){hold->expires_us, id});
    publish_next(holds);
    return hold;
}

bool holds_put(struct holds *holds, struct standing *standing, const struct hold_terms *terms)
{
    if (!enter(standing, terms->contract_cell, terms->max)) return false;
    pthread_mutex_lock(&holds->lock);
    struct hold *hold = add(holds, terms);
    if (hold && hold->is_first) atomic_fetch_add_explicit(&holds->offers, 1, memory_order_relaxed);
    pthread_mutex_unlock(&holds->lock);
    if (!hold) leave(standing, terms->contract_cell);
    return hold != NULL;
}

bool holds_has(struct holds *holds, const struct ident *ping_id, uint32_t contract_cell)
{
    pthread_mutex_lock(&holds->lock);
    const struct hold *hold = find(holds, ping_id, contract_cell);
    bool has = hold && hold->has_reservation;
    pthread_mutex_unlock(&holds->lock);
    return has;
}

bool holds_take(struct holds *holds, const struct ident *ping_id, uint32_t contract_cell,
                struct reservation *reservation)
{
    pthread_mutex_lock(&holds->lock);
    struct hold *hold = find(holds, ping_id, contract_cell);
    bool has = hold && hold->has_reservation;
    if (has) *reservation = hold->reservation;
    if (has) hold->has_reservation = false;
    pthread_mutex_unlock(&holds->lock);
    return has;
}

static void let_go(struct standing *standing, struct hold *hold)
{
    if (hold->has_reservation) reservation_release(standing, &hold->reservation);
    hold->has_reservation = false;
}

/* The whole chain; the key in the table is the first record's, so it goes before the record. */
static void end(struct holds *holds, struct standing *standing, struct hold *hold)
{
    table_drop(&holds->pings, ident_bytes(&hold->ping_id));
    atomic_fetch_sub_explicit(&holds->offers, 1, memory_order_relaxed);
    while (hold) {
        struct hold *next = next_of(holds, hold);
        let_go(standing, hold);
        leave(standing, hold->contract_cell);
        slots_give(&holds->slots, hold->id);
        hold = next;
    }
}

void holds_end(struct holds *holds, struct standing *standing, const struct ident *ping_id)
{
    if (atomic_load_explicit(&holds->offers, memory_order_relaxed) == 0) return;
    pthread_mutex_lock(&holds->lock);
    struct hold *hold = first_of(holds, ping_id);
    if (hold) end(holds, standing, hold);
    pthread_mutex_unlock(&holds->lock);
}

void holds_sweep(struct holds *holds, struct standing *standing, int64_t now_us)
{
    if (atomic_load_explicit(&holds->next_us, memory_order_acquire) > now_us) return;
    pthread_mutex_lock(&holds->lock);
    while (holds->heap_count && holds->heap[0].at_us <= now_us) {
        struct hold *hold = slots_find(&holds->slots, heap_take(holds).id);
        if (hold && hold->until_us <= now_us) let_go(standing, hold);
        if (hold && hold->is_first && hold->expires_us <= now_us) end(holds, standing, hold);
    }
    publish_next(holds);
    pthread_mutex_unlock(&holds->lock);
}

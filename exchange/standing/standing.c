/* A zeroed cell is a valid one (nothing used, nothing pushed, circuit closed), so making a cell is memory and an entry
 * in the table of ids, no more. Ids are copied once and kept for good: as many as ever stood in a catalogue.
 *
 * Counters of segments are looked for by every ping that meets such a cap, so they are in an index of their own that
 * only grows: open addressing over words {32 bits of the id, cell + 1}, 0 where it is free. A word is stored after the
 * cell's id, so whoever sees the word may compare the id. */
#include "exchange/standing/standing.h"

#include <stdlib.h>

#include "exchange/standing/cells.h"

#define IDS_CHUNK_BYTES 4096

static uint32_t find_or_make(struct standing *standing, enum cell_kind kind, struct bytes id);
static uint32_t make(struct standing *standing, enum cell_kind kind, struct bytes id);

static const size_t cell_bytes[CELL_KINDS] = {
    [CELL_CONTRACT] = sizeof(struct contract_cell), [CELL_BUYER] = sizeof(struct buyer_cell),
    [CELL_ORIGIN] = sizeof(struct origin_cell),     [CELL_AFFILIATE] = sizeof(struct affiliate_cell),
    [CELL_CAP] = sizeof(struct cap_cell),           [CELL_EXPERIMENT] = sizeof(struct experiment_cell),
};

enum fault standing_open(struct standing **standing)
{
    struct standing *opened = aligned_alloc(CACHE_LINE, sizeof *opened);
    *standing = NULL;
    if (!opened) return FAULT_MEMORY;
    memset(opened, 0, sizeof *opened);
    if (pthread_mutex_init(&opened->lock, NULL) != 0) goto fail;
    if (pthread_mutex_init(&opened->seats_lock, NULL) != 0) goto fail_lock;
    opened->segments = calloc(SEGMENT_PLACES, sizeof *opened->segments); /* touched as places are used */
    if (!opened->segments) goto fail_seats_lock;
    opened->revoked = revoked_open();
    opened->keys_revoked = revoked_open();
    if (!opened->revoked || !opened->keys_revoked) goto fail_revoked;
    opened->doubts = doubts_open();
    if (!opened->doubts) goto fail_revoked;
    arena_init(&opened->ids, IDS_CHUNK_BYTES, SIZE_MAX);
    *standing = opened;
    return FAULT_NONE;
fail_revoked:
    revoked_close(&opened->keys_revoked);
    revoked_close(&opened->revoked);
    free((void *)opened->segments);
fail_seats_lock:
    pthread_mutex_destroy(&opened->seats_lock);
fail_lock:
    pthread_mutex_destroy(&opened->lock);
fail:
    free(opened);
    return FAULT_SYSTEM;
}

void standing_close(struct standing **standing)
{
    struct standing *closing = *standing;
    if (!closing) return;
    *standing = NULL;
    for (unsigned kind = 0; kind < CELL_KINDS; kind++) {
        for (unsigned chunk = 0; chunk < CELLS_CHUNKS_MAX; chunk++) free(closing->cells[kind].chunks[chunk]);
        table_free(&closing->cells[kind].ids);
    }
    free((void *)closing->segments);
    revoked_close(&closing->revoked);
    revoked_close(&closing->keys_revoked);
    doubts_close(&closing->doubts);
    free(closing->pinged);
    arena_free(&closing->ids);
    pthread_mutex_destroy(&closing->seats_lock);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
}

uint32_t standing_contract_cell(struct standing *standing, struct bytes contract_id)
{
    return find_or_make(standing, CELL_CONTRACT, contract_id);
}

uint32_t standing_buyer_cell(struct standing *standing, struct bytes buyer_id)
{
    return find_or_make(standing, CELL_BUYER, buyer_id);
}

uint32_t standing_origin_cell(struct standing *standing, struct bytes origin)
{
    return find_or_make(standing, CELL_ORIGIN, origin);
}

uint32_t standing_affiliate_cell(struct standing *standing, struct bytes affiliate_id)
{
    return find_or_make(standing, CELL_AFFILIATE, affiliate_id);
}

uint32_t standing_experiment_cell(struct standing *standing, struct bytes experiment)
{
    return find_or_make(standing, CELL_EXPERIMENT, experiment);
}

uint32_t standing_cap_cell(struct standing *standing, const struct cap_id *id)
{
    if (caps_is_segment(id)) return standing_segment_cell(standing, id);
    return find_or_make(standing, CELL_CAP, (struct bytes){(const char *)id->at, sizeof id->at});
}

/* Segments -------------------------------------------------------------------------------------------------------- */

static uint64_t start_of(const struct cap_id *id)
{
    uint64_t start;
    memcpy(&start, id->at, sizeof start);
    return start;
}

static uint32_t segment_in(struct standing *standing, uint64_t word, const struct cap_id *id)
{
    if ((uint32_t)(word >> 32) != (uint32_t)(start_of(id) >> 32)) return STANDING_NONE;
    uint32_t cell = (uint32_t)word - 1;
    return memcmp(&cap_at(standing, cell)->id, id, sizeof *id) == 0 ? cell : STANDING_NONE;
}

uint32_t standing_find_segment(struct standing *standing, const struct cap_id *id)
{
    for (uint64_t place = start_of(id) % SEGMENT_PLACES;; place = (place + 1) % SEGMENT_PLACES) {
        uint64_t word = atomic_load_explicit(&standing->segments[place], memory_order_acquire);
        if (word == 0) return STANDING_NONE;
        uint32_t cell = segment_in(standing, word, id);
        if (cell != STANDING_NONE) return cell;
    }
}

static uint32_t make_segment(struct standing *standing, const struct cap_id *id)
{
    uint32_t cell = make(standing, CELL_CAP, (struct bytes){(const char *)id->at, sizeof id->at});
    uint64_t place = start_of(id) % SEGMENT_PLACES;
    if (cell == STANDING_NONE) return cell;
    while (atomic_load_explicit(&standing->segments[place], memory_order_relaxed)) place = (place + 1) % SEGMENT_PLACES;
    cap_at(standing, cell)->id = *id;
    atomic_store_explicit(&standing->segments[place], start_of(id) >> 32 << 32 | (cell + 1), memory_order_release);
    standing->segments_count++;
    return cell;
}

uint32_t standing_segment_cell(struct standing *standing, const struct cap_id *id)
{
    uint32_t cell = standing_find_segment(standing, id);
    if (cell != STANDING_NONE) return cell;
    pthread_mutex_lock(&standing->lock);
    cell = standing_find_segment(standing, id);
    if (cell == STANDING_NONE && standing->segments_count < CAP_SEGMENTS_MAX) cell = make_segment(standing, id);
    pthread_mutex_unlock(&standing->lock);
    return cell;
}

static bool reach_pinged(struct standing *standing, uint32_t count)
{
    if (count < standing->pinged_room) return true;
    uint32_t room = standing->pinged_room ? standing->pinged_room * 2 : 64;
    struct pinged *list = realloc(standing->pinged, room * sizeof *list);
    if (!list) return false;
    standing->pinged = list;
    standing->pinged_room = room;
    return true;
}

bool standing_note_pinged(struct standing *standing, const struct cap_key *key)
{
    _Atomic bool *is_noted = &cap_at(standing, key->cell)->is_noted;
    pthread_mutex_lock(&standing->lock);
    uint32_t count = atomic_load_explicit(&standing->pinged_count, memory_order_relaxed);
    bool noted = atomic_load_explicit(is_noted, memory_order_relaxed);
    if (!noted && reach_pinged(standing, count)) {
        standing->pinged[count] = (struct pinged){key->cell, key->id};
        atomic_store_explicit(&standing->pinged_count, count + 1, memory_order_release);
        atomic_store_explicit(is_noted, true, memory_order_release);
        noted = true;
    }
    pthread_mutex_unlock(&standing->lock);
    return noted;
}

uint32_t standing_pinged(struct standing *standing, uint32_t number, struct cap_id *id)
{
    pthread_mutex_lock(&standing->lock);
    struct pinged pinged = standing->pinged[number];
    pthread_mutex_unlock(&standing->lock);
    *id = pinged.id;
    return pinged.cell;
}

/* The chunk that holds cell `index` is there after this, or memory is out. */
static bool reach(struct cells *cells, size_t bytes, uint32_t index)
{
    unsigned chunk = 63u - (unsigned)__builtin_clzll(((uint64_t)index >> 6) + 1);
    if (atomic_load_explicit(&cells->chunks[chunk], memory_order_relaxed)) return true;
    size_t size = ((size_t)64 << chunk) * bytes;
    char *made = aligned_alloc(CACHE_LINE, size);
    if (!made) return false;
    memset(made, 0, size);
    atomic_store_explicit(&cells->chunks[chunk], made, memory_order_release);
    return true;
}

static uint32_t make(struct standing *standing, enum cell_kind kind, struct bytes id)
{
    struct cells *cells = &standing->cells[kind];
    if (cells->count == STANDING_NONE || !reach(cells, cell_bytes[kind], cells->count)) return STANDING_NONE;
    struct bytes kept = arena_copy(&standing->ids, id);
    if (!kept.at || table_put(&cells->ids, kept, cells->count)) return STANDING_NONE;
    return cells->count++;
}

static uint32_t find_or_make(struct standing *standing, enum cell_kind kind, struct bytes id)
{
    pthread_mutex_lock(&standing->lock);
    uint32_t index = table_find(&standing->cells[kind].ids, id);
    if (index == TABLE_NONE) index = make(standing, kind, id);
    pthread_mutex_unlock(&standing->lock);
    return index;
}

struct revoked *standing_revoked(struct standing *standing)
{
    return standing->revoked;
}

struct doubts *standing_doubts(struct standing *standing)
{
    return standing->doubts;
}

/* The set of people serves for keys too: both are hashes, and half of one is as good as all of it. */
static struct person_key half_of(const struct digest *key)
{
    struct person_key half;
    memcpy(half.at, key->at, PERSON_KEY_LEN);
    return half;
}

enum fault standing_revoke_key(struct standing *standing, const struct digest *key)
{
    struct person_key half = half_of(key);
    return revoked_add(standing->keys_revoked, &half);
}

bool standing_is_key_revoked(const struct standing *standing, const struct digest *key)
{
    if (revoked_is_empty(standing->keys_revoked)) return false;
    struct person_keys keys = {.count = 1, .list = {half_of(key)}};
    return revoked_has(standing->keys_revoked, &keys);
}

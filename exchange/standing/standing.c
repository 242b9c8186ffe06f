/* A zeroed cell is a valid one (nothing used, nothing pushed, circuit closed), so making a cell is memory and an entry
 * in the table of ids, no more. Ids are copied once and kept for good: as many as ever stood in a catalogue. */
#include "exchange/standing/standing.h"

#include <stdlib.h>

#include "exchange/standing/cells.h"

#define IDS_CHUNK_BYTES 4096

static uint32_t find_or_make(struct standing *standing, enum cell_kind kind, struct bytes id);

static const size_t cell_bytes[CELL_KINDS] = {
    [CELL_CONTRACT] = sizeof(struct contract_cell), [CELL_BUYER] = sizeof(struct buyer_cell),
    [CELL_ORIGIN] = sizeof(struct origin_cell),     [CELL_AFFILIATE] = sizeof(struct affiliate_cell),
    [CELL_CAP] = sizeof(struct cap_cell),
};

enum fault standing_open(struct standing **standing)
{
    struct standing *opened = aligned_alloc(CACHE_LINE, sizeof *opened);
    *standing = NULL;
    if (!opened) return FAULT_MEMORY;
    memset(opened, 0, sizeof *opened);
    if (pthread_mutex_init(&opened->lock, NULL) != 0) goto fail;
    if (pthread_mutex_init(&opened->seats_lock, NULL) != 0) goto fail_lock;
    arena_init(&opened->ids, IDS_CHUNK_BYTES, SIZE_MAX);
    *standing = opened;
    return FAULT_NONE;
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

uint32_t standing_cap_cell(struct standing *standing, const struct cap_id *id)
{
    return find_or_make(standing, CELL_CAP, (struct bytes){(const char *)id->at, sizeof id->at});
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

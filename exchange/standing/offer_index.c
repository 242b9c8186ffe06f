/* Removal by tombstones would silt up a table that lives for months, and closing up gaps moves entries under readers.
 * So an id has a window of eight cache lines: it stands in the first of its entries that was free, and a look-up that
 * does not find it looks at all of them. The table is at most half full, so nearly all ids stand in their first line;
 * that a whole window is full while half the table is free does not happen by chance, and the hash is seeded. */
#include "exchange/standing/offer_index.h"

#include "protocol/base/table.h"

#define LINE 8u /* entries in a cache line */

static uint32_t lines_for(uint32_t offers_max)
{
    uint32_t lines = OFFER_INDEX_WINDOW / LINE;
    while (lines * LINE < offers_max * 2u) lines *= 2;
    return lines;
}

size_t offer_index_bytes(uint32_t offers_max)
{
    return (size_t)lines_for(offers_max) * LINE * sizeof(uint64_t);
}

void offer_index_over(struct offer_index *index, void *memory, uint32_t offers_max)
{
    *index = (struct offer_index){memory, lines_for(offers_max) * LINE - 1};
}

/* The n-th entry of the window that starts at the hash's line. */
static uint32_t entry_of(const struct offer_index *index, uint64_t hash, uint32_t n)
{
    return ((uint32_t)hash * LINE + n) & index->mask;
}

static uint64_t tag_of(uint64_t hash)
{
    return hash & UINT64_C(0xFFFFFFFF00000000);
}

uint32_t offer_index_put(struct offer_index *index, const struct ident *id, uint32_t place)
{
    uint64_t hash = table_hash(ident_bytes(id)), content = tag_of(hash) | (place + 1);
    for (uint32_t n = 0; n < OFFER_INDEX_WINDOW; n++) {
        uint32_t entry = entry_of(index, hash, n);
        uint64_t was = 0;
        if (atomic_load_explicit(&index->entries[entry], memory_order_relaxed)) continue;
        if (atomic_compare_exchange_strong_explicit(&index->entries[entry], &was, content, memory_order_release,
                                                    memory_order_relaxed))
            return entry;
    }
    return OFFER_INDEX_NONE;
}

void offer_index_drop(struct offer_index *index, uint32_t entry)
{
    atomic_store_explicit(&index->entries[entry], 0, memory_order_release);
}

uint32_t offer_index_next(const struct offer_index *index, const struct ident *id, uint32_t *at)
{
    uint64_t hash = table_hash(ident_bytes(id));
    while (*at < OFFER_INDEX_WINDOW) {
        uint64_t content = atomic_load_explicit(&index->entries[entry_of(index, hash, (*at)++)], memory_order_acquire);
        if (content && tag_of(content) == tag_of(hash)) return (uint32_t)content - 1;
    }
    return OFFER_INDEX_NONE;
}

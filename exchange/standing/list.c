/* Open addressing over bare words: one touch of memory a look-up, eight bytes an entry and a third more for the gaps.
 * The entries are hashes already, so their own bits say where they go. 0 marks a free place. */
#include "exchange/standing/list.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "protocol/base/check.h"
#include "protocol/base/table.h"

struct list {
    _Atomic uint32_t references;
    bool is_keyed;
    uint64_t count, places; /* places: 4/3 of the entries, at least */
    uint64_t at[];
};

struct list_maker {
    uint64_t *at;
    uint64_t count, room;
};

struct shelved {
    char *name;
    struct list *list;
    struct list_origin origin;
};

struct shelf {
    _Atomic uint32_t references;
    struct table names;
    struct shelved at[SHELF_LISTS_MAX];
    uint32_t count;
};

uint64_t list_entry(const struct digest *digest)
{
    uint64_t entry;
    memcpy(&entry, digest->at, sizeof entry);
    return entry ? entry : 1;
}

enum fault list_begin(struct list_maker **maker)
{
    *maker = calloc(1, sizeof **maker);
    return *maker ? FAULT_NONE : FAULT_MEMORY;
}

enum fault list_add(struct list_maker *maker, uint64_t entry)
{
    if (maker->count == LIST_ENTRIES_MAX) return FAULT_FULL;
    if (maker->count == maker->room) {
        uint64_t room = maker->room ? maker->room * 2 : 1024;
        uint64_t *grown = realloc(maker->at, room * sizeof *grown);
        if (!grown) return FAULT_MEMORY;
        maker->at = grown;
        maker->room = room;
    }
    maker->at[maker->count++] = entry;
    return FAULT_NONE;
}

/* The first place that is the entry's, or free; the high bits spread it over all places without a division. */
static uint64_t place_of(const struct list *list, uint64_t entry)
{
    uint64_t place = (uint64_t)((unsigned __int128)(entry * UINT64_C(0x9E3779B97F4A7C15)) * list->places >> 64);
    while (list->at[place] != 0 && list->at[place] != entry) place = place + 1 == list->places ? 0 : place + 1;
    return place;
}

enum fault list_open(uint64_t entries_max, bool is_keyed, struct list **opened)
{
    *opened = NULL;
    if (entries_max > LIST_ENTRIES_MAX) return FAULT_FULL;
    uint64_t places = entries_max + entries_max / 3 + 8;
    struct list *list = calloc(1, sizeof *list + places * sizeof *list->at);
    if (!list) return FAULT_MEMORY;
    list->references = 1;
    list->is_keyed = is_keyed;
    list->places = places;
    *opened = list;
    return FAULT_NONE;
}

void list_put(struct list *list, uint64_t entry)
{
    uint64_t place = place_of(list, entry);
    list->count += list->at[place] == 0;
    list->at[place] = entry;
    check(list->count < list->places); /* a free place ends every search */
}

enum fault list_finish(struct list_maker **ended, bool is_keyed, struct list **list)
{
    struct list_maker *maker = *ended;
    *ended = NULL;
    enum fault fault = list ? list_open(maker->count, is_keyed, list) : FAULT_NONE;
    for (uint64_t i = 0; i < maker->count && list && fault == FAULT_NONE; i++) list_put(*list, maker->at[i]);
    free(maker->at);
    free(maker);
    return fault;
}

void list_take(struct list *list)
{
    check(atomic_fetch_add_explicit(&list->references, 1, memory_order_relaxed) > 0);
}

void list_drop(struct list **list)
{
    struct list *dropped = *list;
    *list = NULL;
    if (dropped && atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) == 1) free(dropped);
}

bool list_has(const struct list *list, uint64_t entry)
{
    return list->at[place_of(list, entry)] == entry;
}

bool list_is_keyed(const struct list *list)
{
    return list->is_keyed;
}

uint64_t list_count(const struct list *list)
{
    return list->count;
}

void list_each(const struct list *list, void (*fn)(void *arg, uint64_t entry), void *arg)
{
    for (uint64_t i = 0; i < list->places; i++)
        if (list->at[i]) fn(arg, list->at[i]);
}

/* --- the shelf --- */

struct shelf *shelf_open(void)
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    if (!shelf) return NULL;
    shelf->references = 1;
    table_init(&shelf->names);
    return shelf;
}

static enum fault put_new(struct shelf *shelf, struct bytes name, struct list *list, const struct list_origin *origin)
{
    if (shelf->count == SHELF_LISTS_MAX) return FAULT_FULL;
    struct shelved *shelved = &shelf->at[shelf->count];
    shelved->name = malloc(name.len + 1);
    if (!shelved->name) return FAULT_MEMORY;
    memcpy(shelved->name, name.at, name.len);
    shelved->name[name.len] = 0;
    if (table_put(&shelf->names, (struct bytes){shelved->name, name.len}, shelf->count) != FAULT_NONE) {
        free(shelved->name);
        return FAULT_MEMORY;
    }
    shelved->list = list;
    shelved->origin = *origin;
    shelf->count++;
    return FAULT_NONE;
}

enum fault shelf_put(struct shelf *shelf, struct bytes name, struct list *list, const struct list_origin *origin)
{
    uint32_t at = table_find(&shelf->names, name);
    if (at == TABLE_NONE) {
        enum fault fault = put_new(shelf, name, list, origin);
        if (fault != FAULT_NONE) list_drop(&list);
        return fault;
    }
    list_drop(&shelf->at[at].list);
    shelf->at[at].list = list;
    shelf->at[at].origin = *origin;
    return FAULT_NONE;
}

enum fault shelf_copy(struct shelf *shelf, const struct shelf *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        const struct shelved *shelved = &from->at[i];
        list_take(shelved->list);
        enum fault fault = shelf_put(shelf, bytes_of(shelved->name), shelved->list, &shelved->origin);
        if (fault != FAULT_NONE) return fault;
    }
    return FAULT_NONE;
}

bool shelf_is_last(const struct shelf *shelf)
{
    return atomic_load_explicit(&shelf->references, memory_order_acquire) == 1;
}

void shelf_take(struct shelf *shelf)
{
    check(atomic_fetch_add_explicit(&shelf->references, 1, memory_order_relaxed) > 0);
}

void shelf_drop(struct shelf **shelf)
{
    struct shelf *dropped = *shelf;
    *shelf = NULL;
    if (!dropped || atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) > 1) return;
    for (uint32_t i = 0; i < dropped->count; i++) {
        list_drop(&dropped->at[i].list);
        free(dropped->at[i].name);
    }
    table_free(&dropped->names);
    free(dropped);
}

struct list *shelf_find(const struct shelf *shelf, struct bytes name, struct list_origin *origin)
{
    uint32_t at = shelf ? table_find(&shelf->names, name) : TABLE_NONE;
    if (at == TABLE_NONE) return NULL;
    if (origin) *origin = shelf->at[at].origin;
    return shelf->at[at].list;
}

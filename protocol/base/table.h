/* table: bytes -> 32-bit number, open addressing, hash seeded per process because keys may come from outside.
 *
 * Keys are borrowed: they must live as long as their entry. One thread writes; an unchanging table may be read by many. */
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/fault.h"

#define TABLE_NONE UINT32_MAX

struct table_entry {
    uint64_t hash; /* 0 marks a free place */
    struct bytes key;
    uint32_t value;
};

struct table {
    struct table_entry *entries;
    uint32_t places; /* a power of two, at least twice `count`; 0 before the first entry */
    uint32_t count;
};

/* Allocates nothing yet. */
static inline void table_init(struct table *table) { *table = (struct table){0}; }
void table_free(struct table *table);
/* The value, or TABLE_NONE. */
uint32_t table_find(const struct table *table, struct bytes key);
/* Adds or replaces; the value may not be TABLE_NONE. FAULT_MEMORY leaves the table as it was. */
enum fault table_put(struct table *table, struct bytes key, uint32_t value) MUST_USE;
/* True if the key was there. */
bool table_drop(struct table *table, struct bytes key);
/* The hash used by tables, for other tables of the same process. Never for anything stored or private. */
uint64_t table_hash(struct bytes key);

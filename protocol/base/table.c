/* Linear probing; a removed entry is closed up by moving later ones of its run back (no tombstones, so look-ups stay short
 * in tables that churn). The seed makes flooding one run with chosen keys impractical; the hash is wyhash-like: 64x64→128
 * bit multiplication folded, eight bytes a step. */
#include "protocol/base/table.h"

#include <stdlib.h>
#include <sys/random.h>

#include "protocol/base/check.h"

static uint64_t process_seed(void)
{
    static uint64_t seed; /* written once; two threads that race write the same kind of random value before any table is shared */
    uint64_t now = __atomic_load_n(&seed, __ATOMIC_RELAXED);
    if (now) return now;
    check(getrandom(&now, sizeof now, 0) == (ssize_t)sizeof now);
    uint64_t expected = 0;
    now |= 1;
    if (!__atomic_compare_exchange_n(&seed, &expected, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) now = expected;
    return now;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t table_hash(struct bytes key)
{
    uint64_t hash = process_seed() ^ key.len;
    size_t left = key.len;
    const char *at = key.at;
    for (uint64_t word; left >= 8; at += 8, left -= 8) {
        memcpy(&word, at, 8);
        hash = fold(hash ^ word, UINT64_C(0xA0761D6478BD642F));
    }
    uint64_t tail = 0;
    if (left) memcpy(&tail, at, left);
    hash = fold(hash ^ tail, UINT64_C(0xE7037ED1A0B428DB));
    return hash ? hash : 1;
}

void table_free(struct table *table)
{
    free(table->entries);
    table_init(table);
}

static uint32_t place_of(const struct table *table, uint64_t hash, struct bytes key)
{
    uint32_t mask = table->places - 1, place = (uint32_t)hash & mask;
    while (table->entries[place].hash != 0) {
        if (table->entries[place].hash == hash && bytes_same(table->entries[place].key, key)) break;
        place = (place + 1) & mask;
    }
    return place;
}

uint32_t table_find(const struct table *table, struct bytes key)
{
    if (table->count == 0) return TABLE_NONE;
    const struct table_entry *entry = &table->entries[place_of(table, table_hash(key), key)];
    return entry->hash ? entry->value : TABLE_NONE;
}

static enum fault grow(struct table *table)
{
    struct table bigger = {.places = table->places ? table->places * 2 : 16, .count = table->count};
    bigger.entries = calloc(bigger.places, sizeof *bigger.entries);
    if (!bigger.entries) return FAULT_MEMORY;
    for (uint32_t i = 0; i < table->places; i++) {
        const struct table_entry *entry = &table->entries[i];
        if (entry->hash) bigger.entries[place_of(&bigger, entry->hash, entry->key)] = *entry;
    }
    free(table->entries);
    *table = bigger;
    return FAULT_NONE;
}

enum fault table_put(struct table *table, struct bytes key, uint32_t value)
{
    check(value != TABLE_NONE);
    if (table->count * 2 >= table->places) {
        enum fault fault = grow(table);
        if (fault) return fault;
    }
    uint64_t hash = table_hash(key);
    struct table_entry *entry = &table->entries[place_of(table, hash, key)];
    if (!entry->hash) table->count++;
    *entry = (struct table_entry){hash, key, value};
    return FAULT_NONE;
}

bool table_drop(struct table *table, struct bytes key)
{
    if (table->count == 0) return false;
    uint32_t mask = table->places - 1, hole = place_of(table, table_hash(key), key);
    if (!table->entries[hole].hash) return false;
    for (uint32_t next = (hole + 1) & mask; table->entries[next].hash; next = (next + 1) & mask) {
        uint32_t home = (uint32_t)table->entries[next].hash & mask;
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            table->entries[hole] = table->entries[next];
            hole = next;
        }
    }
    table->entries[hole] = (struct table_entry){0};
    table->count--;
    return true;
}

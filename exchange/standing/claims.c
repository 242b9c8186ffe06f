/* Chains in one array of entries; a bucket's stripe locks its chain, a second lock the list of free entries. Buckets
 * grow with claims_max, the locks do not: 64 of them are more than there are workers. An entry is 1 + its index, 0 ends
 * a list. */
#include "exchange/standing/claims.h"

#include <pthread.h>
#include <stdlib.h>

#include "protocol/base/check.h"
#include "protocol/base/table.h"

#define STRIPES 64u
#define CACHE_LINE 64

struct entry {
    struct digest key;
    uint32_t next;
};

struct stripe {
    _Alignas(CACHE_LINE) pthread_mutex_t lock;
};

struct claims {
    struct entry *entries;
    uint32_t *buckets;
    uint32_t mask; /* of buckets; a power of two of them, at least STRIPES */
    uint32_t entries_max;
    struct stripe stripes[STRIPES];
    _Alignas(CACHE_LINE) pthread_mutex_t free_lock;
    uint32_t free_first;
    uint32_t made; /* entries below were in use once */
};

static void locks_close(struct claims *claims, unsigned stripes);

enum fault claims_open(uint32_t claims_max, struct claims **claims)
{
    struct claims *opened = aligned_alloc(CACHE_LINE, sizeof *opened);
    unsigned stripes = 0;
    *claims = NULL;
    if (!opened) return FAULT_MEMORY;
    memset(opened, 0, sizeof *opened);
    uint64_t buckets = STRIPES;
    while (buckets < claims_max) buckets *= 2;
    opened->mask = (uint32_t)(buckets - 1);
    opened->entries_max = claims_max;
    opened->entries = calloc(claims_max ? claims_max : 1, sizeof *opened->entries);
    opened->buckets = calloc(buckets, sizeof *opened->buckets);
    if (!opened->entries || !opened->buckets) goto fail;
    if (pthread_mutex_init(&opened->free_lock, NULL) != 0) goto fail;
    for (; stripes < STRIPES; stripes++)
        if (pthread_mutex_init(&opened->stripes[stripes].lock, NULL) != 0) goto fail_locks;
    *claims = opened;
    return FAULT_NONE;
fail_locks:
    locks_close(opened, stripes);
fail:
    free(opened->buckets);
    free(opened->entries);
    free(opened);
    return FAULT_MEMORY;
}

void claims_close(struct claims **claims)
{
    if (!*claims) return;
    locks_close(*claims, STRIPES);
    free((*claims)->buckets);
    free((*claims)->entries);
    free(*claims);
    *claims = NULL;
}

static void locks_close(struct claims *claims, unsigned stripes)
{
    while (stripes > 0) pthread_mutex_destroy(&claims->stripes[--stripes].lock);
    pthread_mutex_destroy(&claims->free_lock);
}

/* Locks the key's chain and returns its bucket. */
static uint32_t lock(struct claims *claims, const struct digest *key)
{
    uint32_t bucket = (uint32_t)table_hash((struct bytes){(const char *)key->at, sizeof key->at}) & claims->mask;
    pthread_mutex_lock(&claims->stripes[bucket % STRIPES].lock);
    return bucket;
}

static void unlock(struct claims *claims, uint32_t bucket)
{
    pthread_mutex_unlock(&claims->stripes[bucket % STRIPES].lock);
}

/* Where the entry of that key is named, or the 0 at the chain's end. */
static uint32_t *find(struct claims *claims, uint32_t bucket, const struct digest *key)
{
    uint32_t *link = &claims->buckets[bucket];
    while (*link && !digest_same(&claims->entries[*link - 1].key, key)) link = &claims->entries[*link - 1].next;
    return link;
}

static uint32_t take_entry(struct claims *claims)
{
    pthread_mutex_lock(&claims->free_lock);
    uint32_t entry = claims->free_first;
    if (entry)
        claims->free_first = claims->entries[entry - 1].next;
    else if (claims->made < claims->entries_max)
        entry = ++claims->made;
    pthread_mutex_unlock(&claims->free_lock);
    return entry;
}

static void give_entry(struct claims *claims, uint32_t entry)
{
    pthread_mutex_lock(&claims->free_lock);
    claims->entries[entry - 1].next = claims->free_first;
    claims->free_first = entry;
    pthread_mutex_unlock(&claims->free_lock);
}

enum claim_result claims_take(struct claims *claims, const struct digest *key)
{
    uint32_t bucket = lock(claims, key), *link = find(claims, bucket, key);
    enum claim_result result = *link ? CLAIM_HELD : CLAIM_FULL;
    uint32_t entry = *link ? 0 : take_entry(claims);
    if (entry) {
        claims->entries[entry - 1] = (struct entry){*key, 0};
        *link = entry;
        result = CLAIM_TAKEN;
    }
    unlock(claims, bucket);
    return result;
}

void claims_drop(struct claims *claims, const struct digest *key)
{
    uint32_t bucket = lock(claims, key), *link = find(claims, bucket, key), entry = *link;
    check(entry != 0, "a claim dropped that nobody holds");
    *link = claims->entries[entry - 1].next;
    give_entry(claims, entry);
    unlock(claims, bucket);
}

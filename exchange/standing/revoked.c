/* Tables that are never moved: when one is half full the next, twice as large, is begun; a look goes through all of
 * them, and there are few. A key is written second half first, so whoever sees its first half sees all of it. A place
 * is judged by what one load of it said: seen free, it may be another's a moment later. */
#include "exchange/standing/revoked.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LEVELS_MAX 20u
#define FIRST_PLACES 1024u

struct half {
    _Atomic uint64_t first, second; /* first 0: free */
};

struct level {
    uint64_t places, count;
    struct half at[];
};

struct revoked {
    struct level *_Atomic levels[LEVELS_MAX];
    _Atomic uint32_t levels_count;
    pthread_mutex_t lock; /* of adding */
};

struct revoked *revoked_open(void)
{
    struct revoked *revoked = calloc(1, sizeof *revoked);
    if (!revoked || pthread_mutex_init(&revoked->lock, NULL) == 0) return revoked;
    free(revoked);
    return NULL;
}

void revoked_close(struct revoked **closed)
{
    struct revoked *revoked = *closed;
    *closed = NULL;
    if (!revoked) return;
    for (uint32_t i = 0; i < revoked->levels_count; i++) free(revoked->levels[i]);
    pthread_mutex_destroy(&revoked->lock);
    free(revoked);
}

static void halves_of(const struct person_key *key, uint64_t *first, uint64_t *second)
{
    memcpy(first, key->at, sizeof *first);
    memcpy(second, key->at + sizeof *first, sizeof *second);
    if (*first == 0) *first = 1;
}

/* True: the key is there. Else *free_one (may be NULL) is the place where it would be. */
static bool find(struct level *level, uint64_t first, uint64_t second, struct half **free_one)
{
    for (uint64_t place = first % level->places;; place = (place + 1) % level->places) {
        struct half *half = &level->at[place];
        uint64_t found = atomic_load_explicit(&half->first, memory_order_acquire);
        if (found == first && atomic_load_explicit(&half->second, memory_order_relaxed) == second) return true;
        if (found != 0) continue;
        if (free_one) *free_one = half;
        return false;
    }
}

static bool has(const struct revoked *revoked, const struct person_key *key)
{
    uint64_t first, second;
    halves_of(key, &first, &second);
    uint32_t count = atomic_load_explicit(&revoked->levels_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++)
        if (find(revoked->levels[i], first, second, NULL)) return true;
    return false;
}

/* The last level, with room for one more; NULL: memory is out. */
static struct level *make_room(struct revoked *revoked)
{
    uint32_t count = revoked->levels_count;
    struct level *last = count ? revoked->levels[count - 1] : NULL;
    if (last && last->count < last->places / 2) return last;
    if (count == LEVELS_MAX) return NULL;
    uint64_t places = last ? last->places * 2 : FIRST_PLACES;
    struct level *next = calloc(1, sizeof *next + places * sizeof *next->at);
    if (!next) return NULL;
    next->places = places;
    revoked->levels[count] = next;
    atomic_store_explicit(&revoked->levels_count, count + 1, memory_order_release);
    return next;
}

enum fault revoked_add(struct revoked *revoked, const struct person_key *key)
{
    uint64_t first, second;
    halves_of(key, &first, &second);
    enum fault fault = FAULT_NONE;
    pthread_mutex_lock(&revoked->lock);
    bool is_new = !has(revoked, key);
    struct level *level = is_new ? make_room(revoked) : NULL;
    struct half *half = NULL;
    if (level && !find(level, first, second, &half)) {
        atomic_store_explicit(&half->second, second, memory_order_relaxed);
        atomic_store_explicit(&half->first, first, memory_order_release);
        level->count++;
    } else if (is_new) {
        fault = FAULT_MEMORY;
    }
    pthread_mutex_unlock(&revoked->lock);
    return fault;
}

bool revoked_is_empty(const struct revoked *revoked)
{
    return atomic_load_explicit(&revoked->levels_count, memory_order_acquire) == 0;
}

bool revoked_has(const struct revoked *revoked, const struct person_keys *keys)
{
    for (uint32_t i = 0; i < keys->count; i++)
        if (has(revoked, &keys->list[i])) return true;
    return false;
}

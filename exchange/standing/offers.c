/* A place is a word {generation, state}, what the offer says about itself, and 2 KiB of bytes. Only its worker writes a
 * place, and only while the word says FREE; every new offer there is a new generation. A reader copies and then looks
 * at the word again: the same generation means that nothing was written in between. The bytes are moved as 64-bit
 * atomics, released by the writer and acquired by readers: whoever read a byte of a newer offer also sees the newer
 * generation. (Fences would do the same, but the thread sanitizer does not know them.)
 *
 *   FREE --put--> OPEN <--claim/return--> CLAIMED --answered, superseded--> ANSWERED, SUPERSEDED
 *   any of these but CLAIMED --expired--> FREE
 *
 * Places are handed to workers in small blocks as they need them and stay with them; a worker's heap tells which of its
 * offers expires first. Everything is mapped at once and touched when first used. */
#include "exchange/standing/offers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "exchange/standing/offer_index.h"
#include "protocol/base/check.h"

#define CACHE_LINE 64
#define BLOCK_MAX 64u    /* places a worker takes at once */
#define RECLAIMED_MAX 16 /* at one put: keeps a put short after a long pause */
#define NO_PLACE UINT32_MAX
#define WORDS (OFFER_BYTES_MAX / 8)
#define STATE_MASK UINT64_C(7)
#define GENERATION_ONE UINT64_C(8)

/* By what an offer is found: one index each. */
enum offer_name { BY_PING, BY_SAME, NAMES };

/* OFFER_NONE in a word's state means FREE; OFFER_EXPIRED never stands there. */
struct place {
    _Alignas(CACHE_LINE) _Atomic uint64_t word; /* generation << 3 | state */
    _Atomic uint64_t names[NAMES][2];
    _Atomic int64_t expires_us;
    _Atomic uint32_t len;
    uint32_t entries[NAMES]; /* in the indexes, or OFFER_INDEX_NONE; its worker's */
    uint32_t next_free;      /* its worker's */
};

struct expiry {
    int64_t at_us;
    uint32_t place;
};

struct slab {
    _Alignas(CACHE_LINE) struct expiry *heap; /* earliest first */
    uint32_t heap_count;
    uint32_t free_first;
};

struct offers {
    struct place *places;
    _Atomic uint64_t *bytes; /* WORDS for each place */
    struct slab *slabs;
    struct offer_index indexes[NAMES];
    uint32_t places_max, workers, block;
    void *index_memory[NAMES];
    _Alignas(CACHE_LINE) _Atomic uint32_t places_made;
};

static void *map(size_t bytes);
static void unmap(void *memory, size_t bytes);
static uint32_t take_place(struct offers *offers, struct slab *slab, int64_t now_us);
static void give_place(struct offers *offers, struct slab *slab, uint32_t place);
static void reclaim_first(struct offers *offers, struct slab *slab, int64_t now_us);
static void heap_add(struct slab *slab, struct expiry expiry);
static struct expiry heap_take(struct slab *slab);
static void fill(struct offers *offers, uint32_t place, const struct ident *const *ids, int64_t expires_us,
                 struct bytes flat);
static bool enter(struct offers *offers, uint32_t place, const struct ident *const *ids);

enum fault offers_open(uint32_t offers_max, uint32_t workers, struct offers **offers)
{
    *offers = NULL;
    if (!offers_max || offers_max > OFFERS_MAX || !workers) return FAULT_INPUT;
    struct offers *opened = aligned_alloc(CACHE_LINE, sizeof *opened);
    if (!opened) return FAULT_MEMORY;
    memset(opened, 0, sizeof *opened);
    opened->places_max = offers_max;
    opened->workers = workers;
    opened->block = offers_max / workers / 4;
    opened->block = opened->block < 1 ? 1 : opened->block > BLOCK_MAX ? BLOCK_MAX : opened->block;
    opened->places = map(offers_max * sizeof *opened->places);
    opened->bytes = map((size_t)offers_max * OFFER_BYTES_MAX);
    for (int name = 0; name < NAMES; name++) {
        opened->index_memory[name] = map(offer_index_bytes(offers_max));
        if (!opened->index_memory[name]) goto fail;
        offer_index_over(&opened->indexes[name], opened->index_memory[name], offers_max);
    }
    opened->slabs = map(workers * sizeof *opened->slabs);
    if (!opened->places || !opened->bytes || !opened->slabs) goto fail;
    for (uint32_t i = 0; i < workers; i++) {
        opened->slabs[i].free_first = NO_PLACE;
        opened->slabs[i].heap = map(offers_max * sizeof(struct expiry));
        if (!opened->slabs[i].heap) goto fail;
    }
    *offers = opened;
    return FAULT_NONE;
fail:
    offers_close(&opened);
    return FAULT_MEMORY;
}

void offers_close(struct offers **offers)
{
    struct offers *closing = *offers;
    if (!closing) return;
    *offers = NULL;
    for (uint32_t i = 0; closing->slabs && i < closing->workers; i++)
        unmap(closing->slabs[i].heap, closing->places_max * sizeof(struct expiry));
    unmap(closing->slabs, closing->workers * sizeof *closing->slabs);
    for (int name = 0; name < NAMES; name++) unmap(closing->index_memory[name], offer_index_bytes(closing->places_max));
    unmap((void *)closing->bytes, (size_t)closing->places_max * OFFER_BYTES_MAX);
    unmap(closing->places, closing->places_max * sizeof *closing->places);
    free(closing);
}

bool offers_put(struct offers *offers, uint32_t worker, const struct ident *ping_id, const struct ident *same,
                int64_t expires_us, int64_t now_us, struct bytes flat)
{
    check(worker < offers->workers, "worker %u", worker);
    struct slab *slab = &offers->slabs[worker];
    const struct ident *ids[NAMES] = {[BY_PING] = ping_id, [BY_SAME] = same};
    if (flat.len > OFFER_BYTES_MAX) return false;
    for (int i = 0; i < RECLAIMED_MAX && slab->heap_count && slab->heap[0].at_us <= now_us - OFFERS_LINGER_US; i++)
        reclaim_first(offers, slab, now_us);
    uint32_t place = take_place(offers, slab, now_us);
    if (place == NO_PLACE) return false;
    fill(offers, place, ids, expires_us, flat);
    if (!enter(offers, place, ids)) {
        give_place(offers, slab, place);
        return false;
    }
    heap_add(slab, (struct expiry){expires_us, place});
    return true;
}

/* Only the ping's own name must be found: without room for the other one, the same ping is asked about again. */
static bool enter(struct offers *offers, uint32_t place, const struct ident *const *ids)
{
    for (int name = 0; name < NAMES; name++)
        offers->places[place].entries[name] = ids[name] ? offer_index_put(&offers->indexes[name], ids[name], place)
                                                        : OFFER_INDEX_NONE;
    return offers->places[place].entries[BY_PING] != OFFER_INDEX_NONE;
}

static void leave(struct offers *offers, uint32_t place)
{
    for (int name = 0; name < NAMES; name++)
        if (offers->places[place].entries[name] != OFFER_INDEX_NONE)
            offer_index_drop(&offers->indexes[name], offers->places[place].entries[name]);
}

/* Looking and claiming ------------------------------------------------------------------------------------------ */

static uint64_t half_of(const struct ident *id, unsigned half)
{
    uint64_t word;
    memcpy(&word, id->at + half * 8, 8);
    return word;
}

static bool is_same_generation(const struct place *place, uint64_t word)
{
    return ((atomic_load_explicit(&place->word, memory_order_acquire) ^ word) & ~STATE_MASK) == 0;
}

/* The place that goes by that name, and its word; NULL when there is none. */
static struct place *find_by(struct offers *offers, enum offer_name name, const struct ident *id, uint64_t *word)
{
    uint32_t at = 0, index;
    while ((index = offer_index_next(&offers->indexes[name], id, &at)) != OFFER_INDEX_NONE) {
        struct place *place = &offers->places[index];
        *word = atomic_load_explicit(&place->word, memory_order_acquire);
        if ((*word & STATE_MASK) == OFFER_NONE) continue;
        if (atomic_load_explicit(&place->names[name][0], memory_order_acquire) != half_of(id, 0)) continue;
        if (atomic_load_explicit(&place->names[name][1], memory_order_acquire) != half_of(id, 1)) continue;
        bool is_open = (*word & STATE_MASK) == OFFER_OPEN;
        if (name == BY_SAME && !is_open) continue; /* several may go by it, one after the other */
        if (is_same_generation(place, *word)) return place;
    }
    return NULL;
}

static struct place *find(struct offers *offers, const struct ident *ping_id, uint64_t *word)
{
    return find_by(offers, BY_PING, ping_id, word);
}

/* Copies what the place holds; false when it was given to another offer meanwhile. */
static bool copy_out(struct offers *offers, const struct place *place, uint64_t word, char *copy, size_t *len,
                     int64_t *expires_us)
{
    const _Atomic uint64_t *bytes = offers->bytes + (size_t)(place - offers->places) * WORDS;
    uint32_t left = atomic_load_explicit(&place->len, memory_order_acquire);
    *expires_us = atomic_load_explicit(&place->expires_us, memory_order_acquire);
    *len = left;
    for (; left > 0; bytes++) {
        uint64_t eight = atomic_load_explicit(bytes, memory_order_acquire);
        uint32_t some = left < 8 ? left : 8;
        memcpy(copy, &eight, some);
        copy += some;
        left -= some;
    }
    return is_same_generation(place, word);
}

enum offer_state offers_look(struct offers *offers, const struct ident *ping_id, int64_t now_us, char *copy, size_t cap,
                             size_t *len)
{
    uint64_t word;
    int64_t expires_us;
    check(cap >= OFFER_BYTES_MAX, "%zu bytes", cap);
    const struct place *place = find(offers, ping_id, &word);
    if (!place || !copy_out(offers, place, word, copy, len, &expires_us)) return OFFER_NONE;
    enum offer_state state = (enum offer_state)(word & STATE_MASK);
    return state == OFFER_OPEN && expires_us <= now_us ? OFFER_EXPIRED : state;
}

bool offers_standing(struct offers *offers, const struct ident *same, int64_t now_us, char *copy, size_t cap,
                     size_t *len)
{
    uint64_t word;
    int64_t expires_us;
    check(cap >= OFFER_BYTES_MAX, "%zu bytes", cap);
    const struct place *place = find_by(offers, BY_SAME, same, &word);
    return place && copy_out(offers, place, word, copy, len, &expires_us) && expires_us > now_us;
}

enum offer_state offers_claim(struct offers *offers, const struct ident *ping_id, int64_t now_us, char *copy,
                              size_t cap, size_t *len)
{
    uint64_t word;
    int64_t expires_us;
    check(cap >= OFFER_BYTES_MAX, "%zu bytes", cap);
    for (;;) {
        struct place *place = find(offers, ping_id, &word);
        if (!place || !copy_out(offers, place, word, copy, len, &expires_us)) return OFFER_NONE;
        if ((word & STATE_MASK) != OFFER_OPEN) return (enum offer_state)(word & STATE_MASK);
        if (expires_us <= now_us) return OFFER_EXPIRED;
        if (atomic_compare_exchange_strong_explicit(&place->word, &word, (word & ~STATE_MASK) | OFFER_CLAIMED,
                                                    memory_order_acq_rel, memory_order_acquire))
            return OFFER_OPEN;
    }
}

int64_t offers_end_us(struct offers *offers, const struct ident *ping_id)
{
    uint64_t word;
    const struct place *place = find(offers, ping_id, &word);
    int64_t expires_us = place ? atomic_load_explicit(&place->expires_us, memory_order_acquire) : 0;
    return place && is_same_generation(place, word) ? expires_us : 0;
}

/* claimed → `state`, unless the place has been reclaimed after the expiry. */
static void leave_claimed(struct offers *offers, const struct ident *ping_id, enum offer_state state)
{
    uint64_t word;
    struct place *place = find(offers, ping_id, &word);
    if (!place || (word & STATE_MASK) != OFFER_CLAIMED) return;
    /* Fails only if the worker reclaims it at this moment, and then there is nothing left to say. */
    (void)atomic_compare_exchange_strong_explicit(&place->word, &word, (word & ~STATE_MASK) | state,
                                                  memory_order_acq_rel, memory_order_acquire);
}

void offers_return(struct offers *offers, const struct ident *ping_id)
{
    leave_claimed(offers, ping_id, OFFER_OPEN);
}

void offers_answered(struct offers *offers, const struct ident *ping_id)
{
    leave_claimed(offers, ping_id, OFFER_ANSWERED);
}

void offers_superseded(struct offers *offers, const struct ident *ping_id)
{
    leave_claimed(offers, ping_id, OFFER_SUPERSEDED);
}

uint32_t offers_count(struct offers *offers, int64_t now_us)
{
    uint32_t count = 0, made = atomic_load_explicit(&offers->places_made, memory_order_acquire);
    for (uint32_t i = 0; i < made; i++) {
        const struct place *place = &offers->places[i];
        if ((atomic_load_explicit(&place->word, memory_order_acquire) & STATE_MASK) == OFFER_OPEN &&
            atomic_load_explicit(&place->expires_us, memory_order_relaxed) > now_us)
            count++;
    }
    return count;
}

/* A worker's places ---------------------------------------------------------------------------------------------- */

static void take_block(struct offers *offers, struct slab *slab)
{
    uint32_t made = atomic_load_explicit(&offers->places_made, memory_order_relaxed), block;
    do {
        block = offers->places_max - made;
        if (block > offers->block) block = offers->block;
    } while (!atomic_compare_exchange_weak_explicit(&offers->places_made, &made, made + block, memory_order_acq_rel,
                                                    memory_order_relaxed));
    for (uint32_t place = made + block; place > made; place--) {
        offers->places[place - 1].next_free = slab->free_first;
        slab->free_first = place - 1;
    }
}

static uint32_t take_place(struct offers *offers, struct slab *slab, int64_t now_us)
{
    if (slab->free_first == NO_PLACE) take_block(offers, slab);
    for (int i = 0; i < RECLAIMED_MAX && slab->free_first == NO_PLACE; i++) {
        if (!slab->heap_count || slab->heap[0].at_us > now_us) break;
        reclaim_first(offers, slab, now_us);
    }
    uint32_t place = slab->free_first;
    if (place != NO_PLACE) slab->free_first = offers->places[place].next_free;
    return place;
}

/* Its names must be out of the indexes, or never have been in it. */
static void give_place(struct offers *offers, struct slab *slab, uint32_t place)
{
    struct place *given = &offers->places[place];
    atomic_fetch_and_explicit(&given->word, ~STATE_MASK, memory_order_acq_rel);
    given->next_free = slab->free_first;
    slab->free_first = place;
}

/* Not one that is claimed: until its story ends, nobody else may begin one for that ping. */
static void reclaim_first(struct offers *offers, struct slab *slab, int64_t now_us)
{
    uint32_t place = heap_take(slab).place;
    uint64_t word = atomic_load_explicit(&offers->places[place].word, memory_order_acquire);
    if ((word & STATE_MASK) == OFFER_CLAIMED) {
        heap_add(slab, (struct expiry){now_us + 1, place});
        return;
    }
    leave(offers, place);
    give_place(offers, slab, place);
}

static void fill(struct offers *offers, uint32_t place, const struct ident *const *ids, int64_t expires_us,
                 struct bytes flat)
{
    struct place *filled = &offers->places[place];
    _Atomic uint64_t *bytes = offers->bytes + (size_t)place * WORDS;
    uint64_t word = (atomic_load_explicit(&filled->word, memory_order_relaxed) & ~STATE_MASK) + GENERATION_ONE;
    atomic_store_explicit(&filled->word, word, memory_order_relaxed); /* FREE, and readers of the old one will know */
    for (int name = 0; name < NAMES; name++)
        for (unsigned half = 0; half < 2; half++)
            atomic_store_explicit(&filled->names[name][half], ids[name] ? half_of(ids[name], half) : 0,
                                  memory_order_release);
    atomic_store_explicit(&filled->expires_us, expires_us, memory_order_release);
    atomic_store_explicit(&filled->len, (uint32_t)flat.len, memory_order_release);
    for (size_t at = 0; at < flat.len; at += 8, bytes++) {
        uint64_t eight = 0;
        memcpy(&eight, flat.at + at, flat.len - at < 8 ? flat.len - at : 8);
        atomic_store_explicit(bytes, eight, memory_order_release);
    }
    atomic_store_explicit(&filled->word, word | OFFER_OPEN, memory_order_release);
}

/* The heap: a place's expiry is not later than those of 2n + 1 and 2n + 2. */
static void heap_add(struct slab *slab, struct expiry expiry)
{
    uint32_t at = slab->heap_count++;
    for (; at > 0 && slab->heap[(at - 1) / 2].at_us > expiry.at_us; at = (at - 1) / 2)
        slab->heap[at] = slab->heap[(at - 1) / 2];
    slab->heap[at] = expiry;
}

static struct expiry heap_take(struct slab *slab)
{
    struct expiry first = slab->heap[0], last = slab->heap[--slab->heap_count];
    uint32_t at = 0;
    for (uint32_t next; (next = at * 2 + 1) < slab->heap_count; at = next) {
        if (next + 1 < slab->heap_count && slab->heap[next + 1].at_us < slab->heap[next].at_us) next++;
        if (last.at_us <= slab->heap[next].at_us) break;
        slab->heap[at] = slab->heap[next];
    }
    slab->heap[at] = last;
    return first;
}

/* Zeroed, and no memory until it is touched; small pages, so that one touch does not take two megabytes. */
static void *map(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    (void)madvise(memory, bytes, MADV_NOHUGEPAGE); /* advice: a kernel without huge pages refuses it */
    return memory;
}

static void unmap(void *memory, size_t bytes)
{
    if (memory) munmap(memory, bytes);
}

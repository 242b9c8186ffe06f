/* One word holds window and count, so one swap moves a cell into a new window and takes from it at once: there is no
 * instant at which a count belongs to no window. Windows only move forward.
 *
 * A segment's id is the cap's with the segment's digest laid over it, and a mark at its end: no hash is worked out for
 * each cap of each ping, and a start knows whose old windows it may pass over. */
#include "exchange/standing/caps.h"

#include "exchange/standing/cells.h"

#define MARK_AT 12
static const char ENDING[4] = {'s', 'e', 'g', 'w'}, LASTING[4] = {'s', 'e', 'g', 't'};
#define WINDOW_MINUTES_MAX (40u * 24 * 60) /* the longest, a month, and what a start may be late */

static uint64_t word_of(uint32_t window, uint32_t used)
{
    return (uint64_t)window << 32 | used;
}
static uint32_t window_of(uint64_t word)
{
    return (uint32_t)(word >> 32);
}
static uint32_t used_of(uint64_t word)
{
    return (uint32_t)word;
}

static bool reserve(struct cap_cell *cell, const struct cap_key *key)
{
    uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire);
    for (;;) {
        if (key->window < window_of(word)) return false;
        uint32_t used = key->window == window_of(word) ? used_of(word) : 0;
        if (used > key->limit || key->amount > key->limit - used) return false;
        if (atomic_compare_exchange_weak_explicit(&cell->word, &word, word_of(key->window, used + key->amount),
                                                  memory_order_acq_rel, memory_order_acquire))
            return true;
    }
}

static void release(struct cap_cell *cell, const struct cap_key *key)
{
    uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire);
    do {
        if (window_of(word) != key->window) return;
        check(used_of(word) >= key->amount, "cell %u window %u", key->cell, key->window);
    } while (!atomic_compare_exchange_weak_explicit(&cell->word, &word,
                                                    word_of(key->window, used_of(word) - key->amount),
                                                    memory_order_acq_rel, memory_order_acquire));
}

struct cap_id caps_segment(const struct cap_id *cap, const struct cap_id *segment, bool ends)
{
    struct cap_id made;
    for (unsigned i = 0; i < sizeof made.at; i++) made.at[i] = cap->at[i] ^ segment->at[i];
    memcpy(made.at + MARK_AT, ends ? ENDING : LASTING, sizeof ENDING);
    return made;
}

static bool is_marked(const struct cap_id *id, const char *mark)
{
    return memcmp(id->at + MARK_AT, mark, sizeof ENDING) == 0;
}

bool caps_is_segment(const struct cap_id *id)
{
    return is_marked(id, ENDING) || is_marked(id, LASTING);
}

bool caps_is_past(const struct cap_id *id, uint32_t window, uint32_t minute)
{
    return is_marked(id, ENDING) && window < minute && minute - window > WINDOW_MINUTES_MAX;
}

uint32_t caps_find(struct standing *standing, const struct cap_id *segment)
{
    return standing_find_segment(standing, segment);
}

uint32_t caps_used(struct standing *standing, uint32_t cell, uint32_t window)
{
    if (cell == STANDING_NONE) return 0;
    uint64_t word = atomic_load_explicit(&cap_at(standing, cell)->word, memory_order_acquire);
    return window_of(word) == window ? used_of(word) : 0;
}

/* The counter may have to be made, under a lock; posts only come here. */
static bool reach(struct standing *standing, struct cap_key *key)
{
    if (key->cell == STANDING_NONE) key->cell = standing_segment_cell(standing, &key->id);
    return key->cell != STANDING_NONE;
}

/* False: memory is out, and the count would be lost with a restart; what was taken is given back. */
static bool note_pinged(struct standing *standing, const struct cap_key *key)
{
    struct cap_cell *cell = cap_at(standing, key->cell);
    if (atomic_load_explicit(&cell->is_noted, memory_order_acquire) || standing_note_pinged(standing, key)) return true;
    release(cell, key);
    return false;
}

bool caps_reserve(struct standing *standing, struct cap_key *keys, unsigned count, unsigned *full)
{
    check(count <= RESERVATION_KEYS_MAX, "keys %u", count);
    for (unsigned i = 0; i < count; i++) {
        bool taken = reach(standing, &keys[i]);
        if (taken && keys[i].stay != CAP_COUNTED) taken = reserve(cap_at(standing, keys[i].cell), &keys[i]);
        if (taken && keys[i].stay == CAP_PINGED) taken = note_pinged(standing, &keys[i]);
        if (taken) continue;
        caps_release(standing, keys, i, false);
        *full = i;
        return false;
    }
    return true;
}

void caps_release(struct standing *standing, const struct cap_key *keys, unsigned count, bool sent)
{
    for (unsigned i = count; i-- > 0;)
        if (keys[i].stay == CAP_HELD || (keys[i].stay != CAP_COUNTED && !sent))
            release(cap_at(standing, keys[i].cell), &keys[i]);
}

void caps_give_back(struct standing *standing, const struct cap_key *keys, unsigned count)
{
    for (unsigned i = 0; i < count; i++) release(cap_at(standing, keys[i].cell), &keys[i]);
}

static void count_in(struct cap_cell *cell, const struct cap_key *key)
{
    uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire), next;
    do {
        if (key->window < window_of(word)) return;
        uint32_t used = key->window == window_of(word) ? used_of(word) : 0;
        next = word_of(key->window, used > UINT32_MAX - key->amount ? UINT32_MAX : used + key->amount);
    } while (
        !atomic_compare_exchange_weak_explicit(&cell->word, &word, next, memory_order_acq_rel, memory_order_acquire));
}

void caps_count(struct standing *standing, const struct cap_key *keys, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (keys[i].stay == CAP_COUNTED) count_in(cap_at(standing, keys[i].cell), &keys[i]);
}

uint32_t caps_pinged_count(struct standing *standing)
{
    return atomic_load_explicit(&standing->pinged_count, memory_order_acquire);
}

uint64_t caps_pinged(struct standing *standing, uint32_t number, struct cap_id *id)
{
    uint32_t cell = standing_pinged(standing, number, id);
    return atomic_load_explicit(&cap_at(standing, cell)->word, memory_order_acquire);
}

void caps_retake(struct standing *standing, const struct cap_key *keys, unsigned count, bool sent)
{
    for (unsigned i = 0; i < count; i++)
        if (keys[i].stay == CAP_HELD || (keys[i].stay == CAP_SPENT && !sent))
            count_in(cap_at(standing, keys[i].cell), &keys[i]);
}

bool caps_load(struct standing *standing, const struct cap_id *id, uint32_t window, uint32_t used)
{
    uint32_t index = standing_cap_cell(standing, id);
    if (index == STANDING_NONE) return false;
    struct cap_cell *cell = cap_at(standing, index);
    uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire);
    while (window >= window_of(word) &&
           !atomic_compare_exchange_weak_explicit(&cell->word, &word, word_of(window, used), memory_order_acq_rel,
                                                  memory_order_acquire))
        ;
    return true;
}

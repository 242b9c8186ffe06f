/* One word holds window and count, so one swap moves a cell into a new window and takes from it at once: there is no
 * instant at which a count belongs to no window. Windows only move forward. */
#include "exchange/standing/caps.h"

#include "exchange/standing/cells.h"

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

uint32_t caps_used(struct standing *standing, uint32_t cell, uint32_t window)
{
    uint64_t word = atomic_load_explicit(&cap_at(standing, cell)->word, memory_order_acquire);
    return window_of(word) == window ? used_of(word) : 0;
}

bool caps_reserve(struct standing *standing, const struct cap_key *keys, unsigned count, unsigned *full)
{
    check(count <= RESERVATION_KEYS_MAX, "keys %u", count);
    for (unsigned i = 0; i < count; i++) {
        if (reserve(cap_at(standing, keys[i].cell), &keys[i])) continue;
        caps_release(standing, keys, i);
        *full = i;
        return false;
    }
    return true;
}

void caps_release(struct standing *standing, const struct cap_key *keys, unsigned count)
{
    for (unsigned i = count; i-- > 0;) release(cap_at(standing, keys[i].cell), &keys[i]);
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

/* Sorted twice: whole without response times, then every tie with the time that those without history borrow from its
 * fastest. Heap sort, because it needs no memory and has no bad input. */
#include "exchange/market/order.h"

typedef void key_reader(const void *arg, uint32_t index, struct order_key *key);

struct sorter {
    key_reader *key_of;
    const void *arg;
    bool with_times;
    int32_t history_us; /* what no history counts as */
};

static void sort(const struct sorter *sorter, uint32_t *order, uint32_t count);

/* splitmix64's finisher (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). */
uint64_t order_draw(uint64_t seed, uint64_t key)
{
    uint64_t mixed = (seed ^ key) + UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

/* The whole part is the number of leading zeros; a bit behind the point is 1 where the square of what is left reaches
 * 2. Integers only, so that every machine draws the same. */
uint64_t order_minus_log2(uint64_t drawn)
{
    if (drawn == UINT64_MAX) return 0;
    uint64_t number = drawn + 1, log = 0;
    unsigned zeros = (unsigned)__builtin_clzll(number);
    number <<= zeros; /* 1.0 to 2.0, in units of 2^-63 */
    for (unsigned bit = 0; bit < 32; bit++) {
        unsigned __int128 square = (unsigned __int128)number * number;
        bool is_two = square >> 127;
        number = (uint64_t)(is_two ? square >> 64 : square >> 63);
        log = log << 1 | is_two;
    }
    return ((uint64_t)(zeros + 1) << 32) - log;
}

int order_compare(const struct order_key *a, const struct order_key *b)
{
    if (a->is_last != b->is_last) return a->is_last ? 1 : -1;
    if (a->tier != b->tier) return a->tier < b->tier ? -1 : 1;
    if (a->policy_key != b->policy_key) return a->policy_key < b->policy_key ? -1 : 1;
    if (a->effective_micros != b->effective_micros) return a->effective_micros > b->effective_micros ? -1 : 1;
    return 0;
}

void order_sort(uint32_t *order, uint32_t count, key_reader *key_of, const void *arg)
{
    struct sorter sorter = {.key_of = key_of, .arg = arg};
    sort(&sorter, order, count);
    sorter.with_times = true;
    for (uint32_t start = 0, end; start < count; start = end) {
        struct order_key first, key;
        sorter.history_us = 0;
        key_of(arg, order[start], &first);
        for (end = start; end < count; end++) {
            key_of(arg, order[end], &key);
            if (order_compare(&first, &key) != 0) break;
            if (key.response_us > 0 && (sorter.history_us == 0 || key.response_us < sorter.history_us))
                sorter.history_us = key.response_us;
        }
        if (end - start > 1) sort(&sorter, order + start, end - start);
    }
}

static struct order_key read(const struct sorter *sorter, uint32_t index)
{
    struct order_key key;
    sorter->key_of(sorter->arg, index, &key);
    key.index = index;
    if (!sorter->with_times) key.response_us = 0;
    if (sorter->with_times && key.response_us <= 0) key.response_us = sorter->history_us;
    return key;
}

/* True if a stands before b. */
static bool is_before(const struct order_key *a, const struct order_key *b)
{
    int order = order_compare(a, b);
    if (order != 0) return order < 0;
    if (a->response_us != b->response_us) return a->response_us < b->response_us;
    if (a->draw != b->draw) return a->draw < b->draw;
    int ids = bytes_compare(a->id, b->id);
    return ids ? ids < 0 : a->index < b->index;
}

static void sift(const struct sorter *sorter, uint32_t *order, uint32_t count, uint32_t hole)
{
    uint32_t moved = order[hole];
    struct order_key key = read(sorter, moved);
    for (uint32_t child = 2 * hole + 1; child < count; child = 2 * hole + 1) {
        struct order_key last = read(sorter, order[child]);
        if (child + 1 < count) {
            struct order_key right = read(sorter, order[child + 1]);
            if (is_before(&last, &right)) {
                last = right;
                child++;
            }
        }
        if (!is_before(&key, &last)) break;
        order[hole] = order[child];
        hole = child;
    }
    order[hole] = moved;
}

static void sort(const struct sorter *sorter, uint32_t *order, uint32_t count)
{
    for (uint32_t i = count / 2; i > 0; i--) sift(sorter, order, count, i - 1);
    for (uint32_t end = count; end > 1; end--) {
        uint32_t last = order[0];
        order[0] = order[end - 1];
        order[end - 1] = last;
        sift(sorter, order, end - 1, 0);
    }
}

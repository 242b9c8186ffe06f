/* Below 128 each value has its own cell; from there every doubling is cut into 64 cells, so a cell is at most 1/64 wide. */
#include "protocol/base/histogram.h"

static unsigned cell_of(int64_t value_us)
{
    if (value_us < 0) value_us = 0;
    if (value_us > HISTOGRAM_MAX_US) value_us = HISTOGRAM_MAX_US;
    uint64_t value = (uint64_t)value_us;
    if (value < 128) return (unsigned)value;
    unsigned top = 63u - (unsigned)__builtin_clzll(value); /* 7 .. 25 */
    unsigned shift = top - 6u;
    return 128u + (top - 7u) * 64u + (unsigned)(value >> shift) - 64u;
}

int64_t histogram_cell_top(unsigned cell)
{
    if (cell < 128) return (int64_t)cell;
    unsigned top = (cell - 128u) / 64u + 7u, shift = top - 6u;
    uint64_t step = (cell - 128u) % 64u + 64u;
    return (int64_t)(((step + 1) << shift) - 1);
}

static void bump(_Atomic uint64_t *cell, uint64_t by)
{
    atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + by, memory_order_relaxed);
}

static void raise_max(struct histogram *histogram, int64_t value_us)
{
    if (value_us > atomic_load_explicit(&histogram->max_us, memory_order_relaxed))
        atomic_store_explicit(&histogram->max_us, value_us, memory_order_relaxed);
}

static void add_sum(struct histogram *histogram, int64_t value_us)
{
    int64_t sum = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
    atomic_store_explicit(&histogram->sum_us, sum + value_us, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, int64_t value_us)
{
    bump(&histogram->cells[cell_of(value_us)], 1);
    bump(&histogram->count, 1);
    add_sum(histogram, value_us);
    raise_max(histogram, value_us);
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_CELLS; i++) {
        uint64_t seen = histogram_cell_count(from, i);
        if (seen) bump(&into->cells[i], seen);
    }
    bump(&into->count, histogram_count(from));
    add_sum(into, atomic_load_explicit(&from->sum_us, memory_order_relaxed));
    raise_max(into, histogram_max(from));
}

void histogram_clear(struct histogram *histogram)
{
    for (unsigned i = 0; i < HISTOGRAM_CELLS; i++) atomic_store_explicit(&histogram->cells[i], 0, memory_order_relaxed);
    atomic_store_explicit(&histogram->count, 0, memory_order_relaxed);
    atomic_store_explicit(&histogram->sum_us, 0, memory_order_relaxed);
    atomic_store_explicit(&histogram->max_us, 0, memory_order_relaxed);
}

uint64_t histogram_count(const struct histogram *histogram)
{
    return atomic_load_explicit(&histogram->count, memory_order_relaxed);
}

uint64_t histogram_cell_count(const struct histogram *histogram, unsigned cell)
{
    return atomic_load_explicit(&histogram->cells[cell], memory_order_relaxed);
}

int64_t histogram_max(const struct histogram *histogram)
{
    return atomic_load_explicit(&histogram->max_us, memory_order_relaxed);
}

int64_t histogram_mean(const struct histogram *histogram)
{
    uint64_t count = histogram_count(histogram);
    return count ? atomic_load_explicit(&histogram->sum_us, memory_order_relaxed) / (int64_t)count : 0;
}

int64_t histogram_quantile(const struct histogram *histogram, uint32_t share_ppm)
{
    uint64_t count = histogram_count(histogram), seen = 0;
    if (count == 0) return 0;
    uint64_t wanted = (uint64_t)(((unsigned __int128)count * share_ppm + 999999) / 1000000);
    if (wanted == 0) wanted = 1;
    for (unsigned i = 0; i < HISTOGRAM_CELLS; i++) {
        seen += histogram_cell_count(histogram, i);
        if (seen >= wanted) {
            int64_t top = histogram_cell_top(i), max = histogram_max(histogram);
            return top < max ? top : max;
        }
    }
    return histogram_max(histogram);
}

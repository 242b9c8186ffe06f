/* histogram: how often each span of time was seen, log-linear, about 2 significant digits from 1 µs to 60 s.
 *
 * One thread writes; another may read while it does (the counts are relaxed atomics, so a reader sees a recent state, not a
 * torn one). Merging several threads' histograms is the reader's sum. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_MAX_US INT64_C(60000000)
#define HISTOGRAM_CELLS 1344 /* 64 values per power of two, from 128 on; see cell_of */

struct histogram {
    _Atomic uint64_t cells[HISTOGRAM_CELLS];
    _Atomic uint64_t count;
    _Atomic int64_t sum_us;
    _Atomic int64_t max_us;
};

/* Values below 0 count as 0, above the range as its end (max_us keeps the true one). */
void histogram_add(struct histogram *histogram, int64_t value_us);
/* *into += *from. */
void histogram_merge(struct histogram *into, const struct histogram *from);
void histogram_clear(struct histogram *histogram);
uint64_t histogram_count(const struct histogram *histogram);
/* The value below or at which `share` parts per million of the counts lie (500000 = median); 0 when empty. */
int64_t histogram_quantile(const struct histogram *histogram, uint32_t share_ppm);
int64_t histogram_mean(const struct histogram *histogram);
int64_t histogram_max(const struct histogram *histogram);
/* Cell by cell, for plots and exports: the highest value of cell `cell`, and its count. */
int64_t histogram_cell_top(unsigned cell);
uint64_t histogram_cell_count(const struct histogram *histogram, unsigned cell);

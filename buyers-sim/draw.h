/* draw: seeded chance. Each buyer has one stream for pings and one for posts, so that what it does depends on its name,
 * the scenario's seed and how many it was sent, on nothing else.
 *
 * Integers throughout but for the log-normal factor, which is computed here by hand: the same seed gives the same
 * prices on every machine and with every C library. One thread. */
#pragma once

#include "buyers-sim/reading.h"

struct draw {
    uint64_t state;
};

void draw_init(struct draw *draw, uint64_t seed, struct bytes name, uint64_t stream);
uint64_t draw_next(struct draw *draw);
/* 0 .. bound-1; bound > 0. */
uint64_t draw_below(struct draw *draw, uint64_t bound);
/* True in `ppm` of a million draws. Draws once whatever the share is. */
bool draw_hit(struct draw *draw, int64_t ppm);

enum spread_kind { SPREAD_CONSTANT, SPREAD_UNIFORM, SPREAD_LOG_NORMAL, SPREAD_TAIL };

/* How a price (micros) or a think time (µs) is spread. */
struct spread {
    enum spread_kind kind;
    int64_t low;       /* the constant, the lower end, the median, the base */
    int64_t high;      /* the upper end, the tail */
    int64_t sigma_ppm; /* log-normal: of the logarithm */
    int64_t tail_ppm;  /* how often the tail instead of the base */
};

/* Rounded down to a multiple of `step`, but not to less than one step unless the scenario says less. */
int64_t spread_draw(const struct spread *spread, struct draw *draw, int64_t step);
/* {"constant": V} | {"uniform": [V, V]} | {"log_normal": {"median": V, "sigma": 0.4}} |
 * {"tail": {"base": V, "share": 0.01, "ms": V}}, or V alone; V is read by `value`. */
bool spread_read(struct reading *reading, const struct node *node, reading_reader *value, struct spread *spread);

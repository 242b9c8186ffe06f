/* schedule: the instants at which requests are due, whether or not anybody was ready for the last one (an open loop).
 * No state but its own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_RATE_MAX 1000000

struct schedule {
    int64_t start_us;
    int64_t offset_ns; /* of the next instant, from the start */
    uint64_t number;   /* of the next instant */
    uint32_t per_s;
    uint64_t state; /* of the Poisson draw */
    bool poisson;
};

/* The first instant is start_us itself (constant) or one gap later (Poisson). */
void schedule_init(struct schedule *schedule, int64_t start_us, uint32_t per_s, bool poisson, uint64_t seed);
int64_t schedule_due_us(const struct schedule *schedule);
void schedule_step(struct schedule *schedule);

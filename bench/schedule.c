/* Each constant instant is computed from its number, so that rounding never adds up to another rate. */
#include "bench/schedule.h"

#define SECOND_NS UINT64_C(1000000000)

static uint64_t next(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* An exponential draw with mean 1 in units of 2^-32, by comparing uniforms (von Neumann 1951): a falling run of odd
 * length gives its first value, an even one adds one and tries again. No logarithm, no rounding of its own. */
static uint64_t exponential(uint64_t *state)
{
    for (uint64_t whole = 0;; whole++) {
        uint64_t first = next(state) >> 32, last = first, drawn;
        unsigned length = 1;
        while ((drawn = next(state) >> 32) < last) {
            last = drawn;
            length++;
        }
        if (length % 2) return (whole << 32) + first;
    }
}

void schedule_init(struct schedule *schedule, int64_t start_us, uint32_t per_s, bool poisson, uint64_t seed)
{
    *schedule = (struct schedule){
        .start_us = start_us,
        .per_s = per_s,
        .poisson = poisson,
        .state = seed,
    };
    if (poisson) schedule_step(schedule);
}

int64_t schedule_due_us(const struct schedule *schedule)
{
    return schedule->start_us + schedule->offset_ns / 1000;
}

void schedule_step(struct schedule *schedule)
{
    schedule->number++;
    if (schedule->poisson) {
        unsigned __int128 gaps = (unsigned __int128)exponential(&schedule->state) * SECOND_NS;
        schedule->offset_ns += (int64_t)((gaps / schedule->per_s) >> 32);
    } else {
        schedule->offset_ns = (int64_t)((unsigned __int128)schedule->number * SECOND_NS / schedule->per_s);
    }
}

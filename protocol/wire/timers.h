/* timers: the instants a loop waits for, soonest first. For loop.c.
 *
 * Setting a timer later than it stands in the heap, or switching it off, only notes the wish: the entry is moved when
 * it comes to the top. A timer that is pushed back at every request therefore costs nothing per request. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/fault.h"

struct loop_timer {
    struct timers *timers;
    int64_t due_us;    /* CLOCK_NEVER: off */
    uint32_t place;    /* in the heap, or TIMERS_NO_PLACE */
    uint32_t set_pass; /* the pass of timers_run in which it was last set */
    void (*on_time)(void *arg);
    void *arg;
};

#define TIMERS_NO_PLACE UINT32_MAX

struct timers_entry {
    int64_t key_us; /* never after its timer's due_us */
    struct loop_timer *timer;
};

struct timers {
    struct timers_entry *heap;
    uint32_t count;
    uint32_t cap;
    uint32_t open; /* timers made; the heap has room for all of them, so setting cannot fail */
    uint32_t pass;
};

enum fault timers_open_one(struct timers *timers, struct loop_timer **timer) MUST_USE;
void timers_close_one(struct loop_timer **timer);
void timers_free(struct timers *timers);
void timers_set(struct loop_timer *timer, int64_t at_us);
/* When to look again: CLOCK_NEVER, or an instant that is not after the soonest due one. */
int64_t timers_next_us(const struct timers *timers);
/* Runs what is due; what is set meanwhile waits for the next pass. */
void timers_run(struct timers *timers, int64_t now_us);

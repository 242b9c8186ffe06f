/* A binary heap of {instant, timer}: the instants lie side by side, so sifting touches few cache lines and no timer but
 * those that move. */
#include "protocol/wire/timers.h"

#include <stdlib.h>

#include "protocol/base/check.h"
#include "protocol/base/clock.h"

static void put(struct timers *timers, uint32_t place, struct timers_entry entry);
static void sift_up(struct timers *timers, uint32_t place, struct timers_entry entry);
static void sift_down(struct timers *timers, uint32_t place, struct timers_entry entry);
static void take_out(struct timers *timers, uint32_t place);

enum fault timers_open_one(struct timers *timers, struct loop_timer **timer)
{
    if (timers->open == timers->cap) {
        uint32_t cap = timers->cap ? timers->cap * 2 : 64;
        struct timers_entry *heap = realloc(timers->heap, cap * sizeof *heap);
        if (!heap) return FAULT_MEMORY;
        timers->heap = heap;
        timers->cap = cap;
    }
    struct loop_timer *made = malloc(sizeof *made);
    if (!made) return FAULT_MEMORY;
    *made = (struct loop_timer){.timers = timers, .due_us = CLOCK_NEVER, .place = TIMERS_NO_PLACE};
    timers->open++;
    *timer = made;
    return FAULT_NONE;
}

void timers_close_one(struct loop_timer **timer)
{
    struct loop_timer *gone = *timer;
    *timer = NULL;
    if (!gone) return;
    if (gone->place != TIMERS_NO_PLACE) take_out(gone->timers, gone->place);
    gone->timers->open--;
    free(gone);
}

void timers_free(struct timers *timers)
{
    check(timers->open == 0, "%u timers still open", timers->open);
    free(timers->heap);
    *timers = (struct timers){0};
}

void timers_set(struct loop_timer *timer, int64_t at_us)
{
    struct timers *timers = timer->timers;
    timer->due_us = at_us;
    timer->set_pass = timers->pass;
    if (timer->place == TIMERS_NO_PLACE) {
        if (at_us == CLOCK_NEVER) return;
        sift_up(timers, timers->count++, (struct timers_entry){at_us, timer});
    } else if (at_us < timers->heap[timer->place].key_us) {
        sift_up(timers, timer->place, (struct timers_entry){at_us, timer});
    }
}

int64_t timers_next_us(const struct timers *timers)
{
    return timers->count ? timers->heap[0].key_us : CLOCK_NEVER;
}

void timers_run(struct timers *timers, int64_t now_us)
{
    timers->pass++;
    while (timers->count && timers->heap[0].key_us <= now_us) {
        struct loop_timer *timer = timers->heap[0].timer;
        if (timer->due_us == CLOCK_NEVER) {
            take_out(timers, 0);
        } else if (timer->due_us > timers->heap[0].key_us) {
            sift_down(timers, 0, (struct timers_entry){timer->due_us, timer});
        } else if (timer->set_pass == timers->pass) {
            return; /* set by one of this pass's own callbacks; with it at the top, nothing older is due before it */
        } else {
            take_out(timers, 0);
            timer->due_us = CLOCK_NEVER;
            timer->on_time(timer->arg);
        }
    }
}

static void put(struct timers *timers, uint32_t place, struct timers_entry entry)
{
    timers->heap[place] = entry;
    entry.timer->place = place;
}

static void sift_up(struct timers *timers, uint32_t place, struct timers_entry entry)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / 2;
        if (timers->heap[parent].key_us <= entry.key_us) break;
        put(timers, place, timers->heap[parent]);
        place = parent;
    }
    put(timers, place, entry);
}

static void sift_down(struct timers *timers, uint32_t place, struct timers_entry entry)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= timers->count) break;
        if (child + 1 < timers->count && timers->heap[child + 1].key_us < timers->heap[child].key_us) child++;
        if (timers->heap[child].key_us >= entry.key_us) break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, entry);
}

/* The last entry takes the freed place, and goes up or down from there. */
static void take_out(struct timers *timers, uint32_t place)
{
    timers->heap[place].timer->place = TIMERS_NO_PLACE;
    struct timers_entry last = timers->heap[--timers->count];
    if (place == timers->count) return;
    if (place > 0 && last.key_us < timers->heap[(place - 1) / 2].key_us)
        sift_up(timers, place, last);
    else
        sift_down(timers, place, last);
}

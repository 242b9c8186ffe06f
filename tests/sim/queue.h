/* queue: the simulated world's clock and what is still to happen. Time stands still while an event runs and jumps to
 * the next one after it; events of the same instant come in the order they were asked for, or, shaken, in a seeded one.
 *
 * An event that has become void is not taken out: it names its object by an id that has gone stale. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef void queue_fn(void *arg, uint64_t id);

struct queue_event {
    int64_t at_us;
    uint64_t order;
    queue_fn *fn;
    void *arg;
    uint64_t id;
};

struct queue {
    struct queue_event *heap;
    uint32_t count, room;
    uint64_t serial, state;
    int64_t now_us;
    bool shaken;
};

void queue_open(struct queue *queue, int64_t now_us, uint64_t seed, bool shaken);
void queue_close(struct queue *queue);
void queue_at(struct queue *queue, int64_t at_us, queue_fn *fn, void *arg, uint64_t id);
/* When the next event is; INT64_MAX: there is none. */
int64_t queue_next_us(const struct queue *queue);
/* Runs the next one. False: there is none. */
bool queue_step(struct queue *queue);
/* All of them are forgotten: the process has died. */
void queue_clear(struct queue *queue);

/* Seeded chance, 0 to bound - 1. */
uint64_t queue_draw(struct queue *queue, uint64_t bound);

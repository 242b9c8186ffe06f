#include "tests/sim/queue.h"

#include <stdlib.h>

#include "protocol/base/check.h"

void queue_open(struct queue *queue, int64_t now_us, uint64_t seed, bool shaken)
{
    *queue = (struct queue){.now_us = now_us, .state = seed, .shaken = shaken};
}

void queue_close(struct queue *queue)
{
    free(queue->heap);
    queue->heap = NULL;
    queue->count = queue->room = 0;
}

uint64_t queue_draw(struct queue *queue, uint64_t bound)
{
    uint64_t mixed = queue->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    return (uint64_t)(((unsigned __int128)mixed * bound) >> 64);
}

static bool before(const struct queue_event *a, const struct queue_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void queue_at(struct queue *queue, int64_t at_us, queue_fn *fn, void *arg, uint64_t id)
{
    if (queue->count == queue->room) {
        queue->room = queue->room ? queue->room * 2 : 256;
        queue->heap = realloc(queue->heap, queue->room * sizeof *queue->heap);
        check(queue->heap != NULL);
    }
    uint64_t order = queue->serial++;
    if (queue->shaken) order |= queue_draw(queue, UINT64_C(1) << 20) << 44;
    struct queue_event event = {at_us < queue->now_us ? queue->now_us : at_us, order, fn, arg, id};
    uint32_t place = queue->count++;
    for (; place > 0 && before(&event, &queue->heap[(place - 1) / 2]); place = (place - 1) / 2)
        queue->heap[place] = queue->heap[(place - 1) / 2];
    queue->heap[place] = event;
}

int64_t queue_next_us(const struct queue *queue)
{
    return queue->count ? queue->heap[0].at_us : INT64_MAX;
}

bool queue_step(struct queue *queue)
{
    if (!queue->count) return false;
    struct queue_event event = queue->heap[0], last = queue->heap[--queue->count];
    uint32_t place = 0;
    for (;;) {
        uint32_t child = place * 2 + 1;
        if (child >= queue->count) break;
        if (child + 1 < queue->count && before(&queue->heap[child + 1], &queue->heap[child])) child++;
        if (!before(&queue->heap[child], &last)) break;
        queue->heap[place] = queue->heap[child];
        place = child;
    }
    if (queue->count) queue->heap[place] = last;
    check(event.at_us >= queue->now_us);
    queue->now_us = event.at_us;
    event.fn(event.arg, event.id);
    return true;
}

void queue_clear(struct queue *queue)
{
    queue->count = 0;
}

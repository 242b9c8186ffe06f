/* Leads that are to go to a new auction are looked for in the book, by the first worker, once a second: so those of an
 * earlier run are found like those of this one, whoever wrote that they are to go. One that cannot be opened now is
 * tried again with the next round. */
#include <stdlib.h>

#include "exchange/worker/held.h"

#define LOOK_US INT64_C(1000000)
#define ROUND_US INT64_C(60000000) /* between two tries of the same lead */
#define AT_ONCE 32u

struct onward {
    struct worker *worker;
    struct loop_timer *timer;
    struct reader_onward after;
    struct ident ids[AT_ONCE];
    uint32_t count;
    int64_t round_at_us;
    bool is_looking;
    enum fault fault;
};

static bool goes_on(const struct catalogue *catalogue)
{
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++)
        if (catalogue->campaigns[i].onward.returned || catalogue->campaigns[i].onward.uncontacted) return true;
    return false;
}

static void look(void *context, struct reader *reader)
{
    struct onward *onward = context;
    onward->fault = reader_onward_waiting(reader, &onward->after, onward->ids, AT_ONCE, &onward->count);
}

static void on_looked(void *context)
{
    struct onward *onward = context;
    onward->is_looking = false;
    for (uint32_t i = 0; !onward->fault && i < onward->count; i++) resume_onward(onward->worker, &onward->ids[i]);
}

/* A round begins with what is not too old yet; news of this second stands behind what was looked at, or is found by the
 * next round, since leads wait in the order in which they grow too old. */
static void on_time(void *arg)
{
    struct onward *onward = arg;
    struct worker *worker = onward->worker;
    int64_t now_us = loop_now_us(worker->loop);
    if (worker->drain_by_us) return;
    loop_timer_at(onward->timer, now_us + LOOK_US);
    if (onward->is_looking || !goes_on(worker->catalogue)) return;
    if (now_us >= onward->round_at_us) {
        onward->after = (struct reader_onward){clock_wall_ms(), IDENT_NONE};
        onward->round_at_us = now_us + ROUND_US;
    }
    onward->is_looking = ledger_ask(worker->line, look, on_looked, onward, 0, false) == FAULT_NONE;
}

enum fault onward_start(struct worker *worker)
{
    struct onward *onward = worker->onward = calloc(1, sizeof *onward);
    if (!onward) return FAULT_MEMORY;
    onward->worker = worker;
    enum fault fault = loop_timer_open(worker->loop, on_time, onward, &onward->timer);
    if (fault == FAULT_NONE) loop_timer_at(onward->timer, loop_now_us(worker->loop) + LOOK_US);
    return fault;
}

void onward_stop(struct worker *worker)
{
    if (worker->onward && worker->onward->timer) loop_timer_close(&worker->onward->timer);
}

void onward_forget(struct worker *worker)
{
    free(worker->onward);
    worker->onward = NULL;
}

/*      due, line full → dropped
 *        ↓
 *   schedule → line of due instants → a free place → client → answer: latency from the due instant
 *
 * A place is an index with the due instant of its call; there are as many as connections, so the client is never asked
 * for more. In the closed loop a place sends again as soon as it was answered. */
#include "bench/sender.h"

#include <stdlib.h>

#include "bench/schedule.h"
#include "protocol/base/check.h"

#define SECOND_US INT64_C(1000000)

struct place {
    struct sender_run *run;
    int64_t due_us;
};

struct sender_run {
    struct sender *sender;
    struct loop *loop;
    struct loop_timer *due, *second, *window;
    struct schedule schedule;
    struct place *places;
    uint32_t *free_places;
    uint32_t free_count;
    int64_t *line; /* a ring */
    uint32_t line_first, line_count;
    uint32_t next_request;
    int64_t start_us, counted_us, end_us;
    bool windowed; /* the window of what is counted is open */
    bool counted;  /* and closed again */
    bool over;     /* nothing more is sent */
    enum fault fault;
};

static void on_due(void *arg);
static void on_second(void *arg);
static void on_window(void *arg);
static void on_done(void *arg, uint64_t call, const struct client_result *result);

void sender_init(struct sender *sender, const struct sender_plan *plan)
{
    *sender = (struct sender){.plan = *plan};
    tallies_init(&sender->tallies);
}

void sender_free(struct sender *sender)
{
    tallies_free(&sender->tallies);
}

uint32_t sender_in_flight(const struct sender *sender)
{
    return sender->run ? sender->plan.connections - sender->run->free_count : 0;
}

uint32_t sender_waiting(const struct sender *sender)
{
    return sender->run ? sender->run->line_count : 0;
}

static void close_run(struct sender_run *run)
{
    if (run->due) loop_timer_close(&run->due);
    if (run->second) loop_timer_close(&run->second);
    if (run->window) loop_timer_close(&run->window);
    free(run->places);
    free(run->free_places);
    free(run->line);
}

static enum fault open_run(struct sender_run *run, uint32_t connections)
{
    run->places = calloc(connections, sizeof *run->places);
    run->free_places = calloc(connections, sizeof *run->free_places);
    run->line = malloc(SENDER_LINE_MAX * sizeof *run->line);
    if (!run->places || !run->free_places || !run->line) return FAULT_MEMORY;
    for (uint32_t i = 0; i < connections; i++) {
        run->places[i].run = run;
        run->free_places[run->free_count++] = connections - 1 - i;
    }
    enum fault fault = loop_timer_open(run->loop, on_due, run, &run->due);
    if (!fault) fault = loop_timer_open(run->loop, on_second, run, &run->second);
    if (!fault) fault = loop_timer_open(run->loop, on_window, run, &run->window);
    return fault;
}

enum fault sender_run(struct sender *sender, struct loop *loop)
{
    struct sender_run run = {.sender = sender, .loop = loop};
    const struct sender_plan *plan = &sender->plan;
    enum fault fault = open_run(&run, plan->connections);
    if (!fault) {
        run.start_us = loop_now_us(loop) + 1000;
        run.counted_us = run.start_us + plan->warmup_us;
        run.end_us = run.counted_us + plan->duration_us;
        if (plan->rate_per_s) schedule_init(&run.schedule, run.start_us, plan->rate_per_s, plan->poisson, plan->seed);
        sender->run = &run;
        loop_timer_at(run.due, run.start_us);
        loop_timer_at(run.second, run.start_us + SECOND_US);
        loop_timer_at(run.window, run.counted_us);
        loop_run(loop);
        sender->run = NULL;
        fault = run.fault;
    }
    close_run(&run);
    return fault;
}

static void finish_if_quiet(struct sender_run *run)
{
    bool quiet = !run->line_count && run->free_count == run->sender->plan.connections;
    if (run->over && run->counted && quiet) loop_stop(run->loop);
}

static bool is_counted(const struct sender_run *run, int64_t due_us)
{
    return run->sender->plan.rate_per_s ? due_us >= run->counted_us : run->windowed;
}

static void count_failure(struct sender_run *run, int64_t due_us, struct bytes why)
{
    if (!is_counted(run, due_us)) return;
    run->sender->counts.failed++;
    tallies_add(&run->sender->tallies, why);
}

static void send_one(struct sender_run *run, int64_t due_us)
{
    const struct sender_plan *plan = &run->sender->plan;
    uint32_t index = run->free_places[--run->free_count];
    struct bytes request = plan->mix->requests[run->next_request];
    run->next_request = (run->next_request + 1) % plan->mix->count;
    run->places[index].due_us = due_us;
    struct client_call call = {
        .origin = plan->origin,
        .parts = {{(void *)(uintptr_t)request.at, request.len}},
        .parts_count = 1,
        .deadline_us = loop_now_us(run->loop) + plan->timeout_us,
        .on_done = on_done,
        .arg = &run->places[index],
    };
    enum fault fault;
    run->sender->counts.total_sent++;
    run->sender->counts.sent += is_counted(run, due_us);
    if (client_send(plan->client, &call, &fault)) return;
    run->free_places[run->free_count++] = index;
    count_failure(run, due_us, bytes_of(fault_text(fault)));
}

/* Sends what waits, as far as places are free. */
static void send_waiting(struct sender_run *run)
{
    while (run->line_count && run->free_count) {
        int64_t due_us = run->line[run->line_first];
        run->line_first = (run->line_first + 1) % SENDER_LINE_MAX;
        run->line_count--;
        send_one(run, due_us);
    }
}

static void stand_in_line(struct sender_run *run, int64_t due_us)
{
    if (run->line_count == SENDER_LINE_MAX) {
        run->sender->counts.dropped += is_counted(run, due_us);
        return;
    }
    run->line[(run->line_first + run->line_count++) % SENDER_LINE_MAX] = due_us;
}

static void on_due(void *arg)
{
    struct sender_run *run = arg;
    if (!run->sender->plan.rate_per_s) {
        while (run->free_count && !run->over) send_one(run, loop_now_us(run->loop));
        return;
    }
    int64_t now_us = loop_now_us(run->loop);
    while (schedule_due_us(&run->schedule) <= now_us && schedule_due_us(&run->schedule) < run->end_us) {
        stand_in_line(run, schedule_due_us(&run->schedule));
        schedule_step(&run->schedule);
    }
    send_waiting(run);
    int64_t next_us = schedule_due_us(&run->schedule);
    run->over = next_us >= run->end_us;
    if (run->over)
        finish_if_quiet(run);
    else
        loop_timer_at(run->due, next_us);
}

static void on_second(void *arg)
{
    struct sender_run *run = arg;
    int64_t now_us = loop_now_us(run->loop);
    if (run->sender->on_second) run->sender->on_second(run->sender->arg, now_us - run->start_us);
    loop_timer_at(run->second, run->start_us + ((now_us - run->start_us) / SECOND_US + 1) * SECOND_US);
}

/* Begins what is counted, then ends it. The closed loop counts by when an answer came, the open one by when it was due.
 */
static void on_window(void *arg)
{
    struct sender_run *run = arg;
    run->windowed = !run->windowed;
    if (run->sender->on_window) run->sender->on_window(run->sender->arg, run->windowed);
    if (run->windowed) {
        run->counted_us = run->sender->plan.rate_per_s ? run->counted_us : loop_now_us(run->loop);
        loop_timer_at(run->window, run->end_us);
        return;
    }
    run->sender->counts.counted_us = loop_now_us(run->loop) - run->counted_us;
    run->counted = true;
    if (!run->sender->plan.rate_per_s) run->over = true;
    finish_if_quiet(run);
}

static void on_done(void *arg, uint64_t call, const struct client_result *result)
{
    (void)call;
    struct place *place = arg;
    struct sender_run *run = place->run;
    struct sender *sender = run->sender;
    int64_t due_us = place->due_us, took_us = result->done_us - due_us;
    run->free_places[run->free_count++] = (uint32_t)(place - run->places);
    if (result->end != CLIENT_ANSWERED) {
        count_failure(run, due_us, bytes_of(fault_text(result->fault)));
    } else {
        histogram_add(&sender->second, took_us);
        if (is_counted(run, due_us)) {
            sender->counts.answered++;
            histogram_add(&sender->latency, took_us);
            tallies_add_answer(&sender->tallies, result->head->status, result->body);
        }
    }
    if (sender->plan.rate_per_s)
        send_waiting(run);
    else if (!run->over)
        send_one(run, loop_now_us(run->loop));
    finish_if_quiet(run);
}

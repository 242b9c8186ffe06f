/* Lane two, on the ledger thread: a few records a turn, so that a step never waits for more than those and one commit.
 * A round begins every 100 ms, or at once when somebody waits for a record or a lane is filling up, and ends when the
 * lanes are empty: then everything taken is committed, and only then given back to the lanes. */
#include "exchange/base/log.h"
#include "exchange/ledger/engine.h"

#define ITEMS_PER_TURN 64u
#define ROUND_US INT64_C(100000)
#define DROPPED_LOG_US INT64_C(10000000)
#define PENDING_MAX 8192u /* records in one transaction */

static bool is_due(const struct ledger *ledger, int64_t now_us);
static unsigned take(struct ledger *ledger, enum fault *fault);
static void end_round(struct ledger *ledger, int64_t now_us);
static void recover(struct ledger *ledger, enum fault fault);

bool traces_turn(struct ledger *ledger, int64_t now_us, bool is_last)
{
    bool in_round = ledger->traces_pending > 0;
    if (!in_round && !is_last && !is_due(ledger, now_us)) return false;
    if (!in_round) ledger->flush_taken = atomic_load(&ledger->flush_asked); /* before the lanes are looked at */
    enum fault fault = FAULT_NONE;
    unsigned taken = take(ledger, &fault);
    if (fault != FAULT_NONE) {
        recover(ledger, fault);
        return true;
    }
    if (taken == ITEMS_PER_TURN && ledger->traces_pending < PENDING_MAX) return true;
    end_round(ledger, now_us);
    return taken == ITEMS_PER_TURN;
}

static struct ledger_line *line_at(const struct ledger *ledger, unsigned place)
{
    return atomic_load_explicit(&ledger->lines[place], memory_order_acquire);
}

static bool is_due(const struct ledger *ledger, int64_t now_us)
{
    if (now_us >= ledger->next_trace_us || atomic_load(&ledger->flush_asked) != atomic_load(&ledger->flush_done))
        return true;
    for (unsigned i = 0; i < ledger->lines_max; i++) {
        const struct ledger_line *line = line_at(ledger, i);
        if (line && lane_depth(line->lane) > LANE_BYTES / 2) return true;
    }
    return false;
}

static unsigned take(struct ledger *ledger, enum fault *fault)
{
    unsigned taken = 0;
    int64_t wall_ms = clock_wall_ms();
    for (unsigned i = 0; i < ledger->lines_max; i++) {
        struct ledger_line *line = line_at(ledger, i);
        struct lane_item item;
        while (line && taken < ITEMS_PER_TURN && lane_take(line->lane, &item)) {
            taken++;
            ledger->traces_pending++;
            *fault = days_put(ledger->days, &item, wall_ms);
            if (*fault != FAULT_NONE) return taken;
        }
    }
    return taken;
}

static void for_lanes(struct ledger *ledger, void (*fn)(struct lane *lane))
{
    for (unsigned i = 0; i < ledger->lines_max; i++) {
        struct ledger_line *line = line_at(ledger, i);
        if (line) fn(line->lane);
    }
}

static void end_round(struct ledger *ledger, int64_t now_us)
{
    enum fault fault = days_commit(ledger->days);
    if (fault != FAULT_NONE) {
        recover(ledger, fault);
        return;
    }
    for_lanes(ledger, lane_give_back);
    atomic_fetch_add_explicit(&ledger->traces, ledger->traces_pending, memory_order_relaxed);
    ledger->traces_pending = 0;
    ledger->trace_failed = false;
    ledger->next_trace_us = now_us + ROUND_US;
    pthread_mutex_lock(&ledger->flush_mutex);
    atomic_store(&ledger->flush_done, ledger->flush_taken);
    pthread_cond_broadcast(&ledger->flushed);
    pthread_mutex_unlock(&ledger->flush_mutex);
}

/* Once more, into the next part of the day, with the oldest day gone; if that fails too, these records are dropped: the
 * trace never stops the trade. */
static void recover(struct ledger *ledger, enum fault fault)
{
    days_abort(ledger->days);
    if (!ledger->trace_failed) {
        ledger->trace_failed = true;
        ledger->traces_pending = 0;
        for_lanes(ledger, lane_rewind);
        return;
    }
    atomic_fetch_add_explicit(&ledger->traces_dropped, ledger->traces_pending, memory_order_relaxed);
    int64_t now_us = clock_now_us();
    if (now_us >= ledger->next_dropped_us) {
        log_line(LOG_ERROR, "trace.dropped", "why", fault_text(fault), NULL);
        ledger->next_dropped_us = now_us + DROPPED_LOG_US;
    }
    for_lanes(ledger, lane_give_back);
    ledger->traces_pending = 0;
    ledger->trace_failed = false;
}

/* sender: sends the mix, by a schedule (open loop) or with every connection always busy (closed loop), and counts.
 *
 * Open loop: latency runs from the instant a request was due, so what queues because the other side is slow is counted,
 * not hidden. At most `connections` are in flight; what is due beyond waits in a line of SENDER_LINE_MAX, and what does
 * not fit there is counted as dropped. Requests due before the warm-up is over are sent and not counted.
 * One thread; sender_run returns when all is answered or given up. */
#pragma once

#include "bench/mix.h"
#include "bench/tallies.h"
#include "protocol/base/histogram.h"
#include "protocol/wire/client.h"

#define SENDER_LINE_MAX (1u << 20)

struct sender_plan {
    const struct mix *mix;
    struct client *client;
    struct client_origin *origin;
    uint32_t connections;
    uint32_t rate_per_s; /* 0: closed loop */
    bool poisson;
    uint64_t seed;
    int64_t warmup_us, duration_us, timeout_us;
};

struct sender_counts {
    uint64_t sent, answered, failed, dropped;
    uint64_t total_sent; /* warm-up included */
    int64_t counted_us;  /* closed loop: the span in which answers were counted */
};

struct sender {
    struct sender_plan plan;
    struct sender_counts counts;
    struct histogram latency;
    struct histogram second; /* of the current second; the holder clears it */
    struct tallies tallies;
    /* called each second while it runs, and at the start and the end of what is counted */
    void (*on_second)(void *arg, int64_t elapsed_us);
    void (*on_window)(void *arg, bool begins);
    void *arg;
    struct sender_run *run; /* while it runs */
};

void sender_init(struct sender *sender, const struct sender_plan *plan);
void sender_free(struct sender *sender);
enum fault sender_run(struct sender *sender, struct loop *loop) MUST_USE;
/* In flight and waiting for a connection, now. */
uint32_t sender_in_flight(const struct sender *sender);
uint32_t sender_waiting(const struct sender *sender);

/* circuit: the rule that spares a sick endpoint (market.md section 4), pure, over the packed word that standing keeps.
 *
 * closed --(failures in a row, or a share of the last calls)--> open --(pause over: one real call)--> probing
 *    ^                                                            ^                                      |
 *    +---------------- success: history forgotten -----------------+------- failure: pause doubled -------+
 *
 * A word of 0 is a closed circuit without history. Instants are monotonic microseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CIRCUIT_HISTORY_MAX 20u
#define CIRCUIT_PAUSE_MAX_US INT64_C(3600000000)

struct circuit_rules {
    uint32_t failures;              /* in a row; 1..CIRCUIT_HISTORY_MAX */
    uint32_t share_ppm;             /* of the last `of` */
    uint32_t of;                    /* 1..CIRCUIT_HISTORY_MAX */
    int64_t pause_us, pause_max_us; /* at most CIRCUIT_PAUSE_MAX_US */
};

/* What settings say when they say nothing: 5 in a row, half of 20, 1 s doubling to 4 s. */
#define CIRCUIT_RULES                                                                                                  \
    ((struct circuit_rules){.failures = 5, .share_ppm = 500000, .of = 20, .pause_us = 1000000, .pause_max_us = 4000000})

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_PROBING };

/* The word after a call ended. Calls that were under way when the circuit opened no longer count while it is open. */
uint64_t circuit_after(uint64_t word, bool success, int64_t now_us, const struct circuit_rules *rules);
/* The word with a probe taken, or the same word when none is due: open, pause over, no probe out (a probe that never
 * ended is forgotten after pause_max). */
uint64_t circuit_probe(uint64_t word, int64_t now_us, const struct circuit_rules *rules);
enum circuit_state circuit_state_of(uint64_t word);
/* May a call be made: closed, or a probe is due. */
bool circuit_lets(uint64_t word, int64_t now_us);

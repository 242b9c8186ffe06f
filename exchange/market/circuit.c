/*  63                          31 30  27 26 25 24   20 19                  0
 *  +-----------------------------+------+-----+-------+--------------------+
 *  | until (units of 1024 µs)    | step |state| calls | last calls, 1 = bad |
 *  +-----------------------------+------+-----+-------+--------------------+
 *
 * The newest call is bit 0. `until` wraps after 101 days; since a pause is short, a distance longer than the longest
 * pause allowed can only be one that lies in the past. A healthy endpoint's word does not change from call to call once
 * its history is full, so it stays shared in every core's cache. */
#include "exchange/market/circuit.h"

#define CALLS_SHIFT 20
#define STATE_SHIFT 25
#define STEP_SHIFT 27
#define UNTIL_SHIFT 31
#define HISTORY_MASK ((UINT64_C(1) << CIRCUIT_HISTORY_MAX) - 1)
#define UNTIL_MASK ((UINT64_C(1) << 33) - 1)
#define STEP_MAX 15u

struct parts {
    uint32_t history, calls, step;
    enum circuit_state state;
    uint64_t until;
};

static struct parts unpack(uint64_t word)
{
    return (struct parts){.history = (uint32_t)(word & HISTORY_MASK),
                          .calls = (uint32_t)(word >> CALLS_SHIFT & 31),
                          .step = (uint32_t)(word >> STEP_SHIFT & 15),
                          .state = (enum circuit_state)(word >> STATE_SHIFT & 3),
                          .until = word >> UNTIL_SHIFT};
}

static uint64_t pack(struct parts parts)
{
    return parts.history | (uint64_t)parts.calls << CALLS_SHIFT | (uint64_t)parts.state << STATE_SHIFT |
           (uint64_t)parts.step << STEP_SHIFT | parts.until << UNTIL_SHIFT;
}

static uint64_t ticks_of(int64_t us)
{
    return (uint64_t)us >> 10 & UNTIL_MASK;
}

/* Rounded up, so that a pause is never shorter than said. */
static uint64_t ticks_after(int64_t now_us, int64_t pause_us)
{
    return (ticks_of(now_us + pause_us) + 1) & UNTIL_MASK;
}

static bool is_past(uint64_t until, int64_t now_us)
{
    uint64_t ahead = (until - ticks_of(now_us)) & UNTIL_MASK;
    return ahead == 0 || ahead > (ticks_of(CIRCUIT_PAUSE_MAX_US) + 2);
}

static int64_t pause_of(uint32_t step, const struct circuit_rules *rules)
{
    int64_t pause = rules->pause_us;
    for (uint32_t i = 0; i < step && pause < rules->pause_max_us; i++) pause *= 2;
    return pause < rules->pause_max_us ? pause : rules->pause_max_us;
}

static uint64_t opened(uint32_t step, int64_t now_us, const struct circuit_rules *rules)
{
    return pack(
        (struct parts){.state = CIRCUIT_OPEN, .step = step, .until = ticks_after(now_us, pause_of(step, rules))});
}

static bool must_open(const struct parts *parts, const struct circuit_rules *rules)
{
    uint32_t row = (1u << rules->failures) - 1;
    if (parts->calls >= rules->failures && (parts->history & row) == row) return true;
    uint32_t bad = (uint32_t)__builtin_popcount(parts->history & ((1u << rules->of) - 1));
    return parts->calls >= rules->of && bad > 0 && (uint64_t)bad * 1000000 >= (uint64_t)rules->share_ppm * rules->of;
}

uint64_t circuit_after(uint64_t word, bool success, int64_t now_us, const struct circuit_rules *rules)
{
    struct parts parts = unpack(word);
    if (parts.state == CIRCUIT_OPEN) return word;
    if (parts.state == CIRCUIT_PROBING) {
        if (success) return 0;
        return opened(parts.step < STEP_MAX ? parts.step + 1 : STEP_MAX, now_us, rules);
    }
    parts.history = (uint32_t)((parts.history << 1 | !success) & HISTORY_MASK);
    if (parts.calls < CIRCUIT_HISTORY_MAX) parts.calls++;
    return !success && must_open(&parts, rules) ? opened(0, now_us, rules) : pack(parts);
}

uint64_t circuit_probe(uint64_t word, int64_t now_us, const struct circuit_rules *rules)
{
    struct parts parts = unpack(word);
    if (parts.state == CIRCUIT_CLOSED || !is_past(parts.until, now_us)) return word;
    parts.state = CIRCUIT_PROBING;
    parts.until = ticks_after(now_us, rules->pause_max_us);
    return pack(parts);
}

enum circuit_state circuit_state_of(uint64_t word)
{
    return unpack(word).state;
}

bool circuit_lets(uint64_t word, int64_t now_us)
{
    struct parts parts = unpack(word);
    return parts.state == CIRCUIT_CLOSED || is_past(parts.until, now_us);
}

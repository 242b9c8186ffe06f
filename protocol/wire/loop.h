/* loop: one event loop per thread: timers to the microsecond, watched descriptors, work for the end of the turn.
 *
 * The only room that speaks libevent. Everything of a loop is used on its own thread, except loop_wake and loop_stop,
 * which any thread may call. Callbacks never nest: each runs from the loop itself. */
#pragma once

#include "protocol/base/clock.h"
#include "protocol/base/fault.h"

struct loop;
struct loop_timer;
struct loop_watch;

enum fault loop_open(struct loop **loop) MUST_USE;
/* All timers and watches must be closed. */
void loop_close(struct loop **loop);
/* Returns after loop_stop, at the end of the turn. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Runs on_wake (set once, before the loop runs) on the loop's thread soon; calls that come close together may be one.
 */
void loop_wake(struct loop *loop);
void loop_set_wake(struct loop *loop, void (*on_wake)(void *arg), void *arg);
/* Monotonic now; read afresh at each call. */
int64_t loop_now_us(const struct loop *loop);

/* A timer is made once and set many times; setting allocates nothing. It fires once per setting, never early. */
enum fault loop_timer_open(struct loop *loop, void (*on_time)(void *arg), void *arg,
                           struct loop_timer **timer) MUST_USE;
void loop_timer_close(struct loop_timer **timer);
/* An absolute instant; one that has passed fires in the next turn. CLOCK_NEVER is off. */
void loop_timer_at(struct loop_timer *timer, int64_t at_us);
void loop_timer_off(struct loop_timer *timer);

/* Level-triggered. `read` / `write` say what is wanted; both may be changed at any time. */
enum fault loop_watch_open(struct loop *loop, int fd, void (*on_ready)(void *arg, bool readable, bool writable),
                           void *arg, struct loop_watch **watch) MUST_USE;
void loop_watch_want(struct loop_watch *watch, bool read, bool write);
/* Does not close the descriptor. */
void loop_watch_close(struct loop_watch **watch);

/* An entry in the loop's list of things to do at the end of the turn (reaping what was closed inside its own callback).
 * Embedded in its owner; set twice before it ran, it runs once. */
struct loop_later {
    struct loop_later *next;
    void (*run)(struct loop_later *later);
    bool queued;
};
void loop_later(struct loop *loop, struct loop_later *later, void (*run)(struct loop_later *later));

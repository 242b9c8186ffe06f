/* libevent gives the portable readiness loop (epoll under it); the timers are our own heap over one timerfd.
 *
 * Why not libevent's timers: precise ones cost one timerfd_settime a turn whether anything changed or not, and an add
 * and a delete in its heap per request. Here the timerfd is touched only when an instant sooner than the armed one
 * appears, and once when it fires. Without timers of its own libevent never computes a timeout, so
 * EVENT_BASE_FLAG_PRECISE_TIMER has nothing left to act on.
 *
 * One turn: arm the timerfd · wait and run what is ready · run the timers that are due · run the list for later. A turn
 * does not sleep while there is something for later. No locks: the base belongs to one thread (EVENT_BASE_FLAG_NOLOCK);
 * other threads reach it by the eventfd only. */
#include "protocol/wire/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "protocol/base/check.h"
#include "protocol/wire/timers.h"

struct loop {
    struct event_base *base;
    struct timers timers;
    int64_t armed_us; /* what the timerfd is set to; CLOCK_NEVER: it will not fire */
    int timer_fd;
    int wake_fd;
    struct event timer_event;
    struct event wake_event;
    void (*on_wake)(void *arg);
    void *wake_arg;
    struct loop_later *later_first;
    struct loop_later **later_end;
    unsigned watches;
    _Atomic bool waking;
    _Atomic bool stopping;
};

struct loop_watch {
    struct loop *loop;
    struct event event;
    short wanted; /* EV_READ | EV_WRITE, as added */
    void (*on_ready)(void *arg, bool readable, bool writable);
    void *arg;
};

static enum fault open_base(struct loop *loop);
static void turn(struct loop *loop);
static void on_wake_fd(int fd, short what, void *arg);
static void on_timer_fd(int fd, short what, void *arg);
static void on_watch(int fd, short what, void *arg);

enum fault loop_open(struct loop **loop)
{
    struct loop *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->armed_us = CLOCK_NEVER;
    made->later_end = &made->later_first;
    enum fault fault = FAULT_DESCRIPTORS;
    made->wake_fd = made->timer_fd = -1;
    made->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (made->wake_fd < 0) goto fail;
    made->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (made->timer_fd < 0) goto fail;
    fault = open_base(made);
    if (fault != FAULT_NONE) goto fail;
    *loop = made;
    return FAULT_NONE;
fail:
    if (made->base) event_base_free(made->base);
    if (made->timer_fd >= 0) close(made->timer_fd);
    if (made->wake_fd >= 0) close(made->wake_fd);
    free(made);
    return fault;
}

static enum fault open_base(struct loop *loop)
{
    struct event_config *config = event_config_new();
    if (!config) return FAULT_MEMORY;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!loop->base) return FAULT_SYSTEM;
    if (event_assign(&loop->wake_event, loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake_fd, loop))
        return FAULT_SYSTEM;
    if (event_assign(&loop->timer_event, loop->base, loop->timer_fd, EV_READ | EV_PERSIST, on_timer_fd, loop))
        return FAULT_SYSTEM;
    if (event_add(&loop->wake_event, NULL) || event_add(&loop->timer_event, NULL)) return FAULT_MEMORY;
    return FAULT_NONE;
}

static void run_later(struct loop *loop)
{
    struct loop_later *first = loop->later_first;
    loop->later_first = NULL;
    loop->later_end = &loop->later_first;
    while (first) {
        struct loop_later *later = first;
        first = later->next; /* before it runs: running may free it */
        later->queued = false;
        later->run(later);
    }
}

void loop_close(struct loop **loop)
{
    struct loop *gone = *loop;
    *loop = NULL;
    if (!gone) return;
    while (gone->later_first) run_later(gone);
    check(gone->watches == 0, "%u watches still open", gone->watches);
    timers_free(&gone->timers);
    event_del(&gone->wake_event);
    event_del(&gone->timer_event);
    event_base_free(gone->base);
    close(gone->timer_fd);
    close(gone->wake_fd);
    free(gone);
}

void loop_run(struct loop *loop)
{
    while (!atomic_exchange(&loop->stopping, false)) turn(loop);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    loop_wake(loop);
}

void loop_wake(struct loop *loop)
{
    if (atomic_exchange(&loop->waking, true)) return; /* the loop has yet to take the wake that is under way */
    ssize_t written = write(loop->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    check(written == (ssize_t)sizeof(uint64_t), "eventfd errno %d", errno);
}

void loop_set_wake(struct loop *loop, void (*on_wake)(void *arg), void *arg)
{
    loop->on_wake = on_wake;
    loop->wake_arg = arg;
}

int64_t loop_now_us(const struct loop *loop)
{
    (void)loop;
    return clock_now_us();
}

/* --- a turn --- */

/* Arms the timerfd for the soonest timer unless it will fire no later anyway. True if a timer is due already. */
static bool arm(struct loop *loop)
{
    int64_t next_us = timers_next_us(&loop->timers);
    if (next_us >= loop->armed_us) return false;
    int64_t now_us = clock_now_us();
    if (next_us <= now_us) return true;
    struct itimerspec spec = {.it_value = {.tv_sec = next_us / 1000000, .tv_nsec = next_us % 1000000 * 1000}};
    check(timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) == 0, "timerfd errno %d", errno);
    loop->armed_us = next_us;
    return false;
}

static void turn(struct loop *loop)
{
    bool sleeps = !arm(loop) && !loop->later_first;
    int result = event_base_loop(loop->base, sleeps ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
    check(result >= 0, "event_base_loop failed, errno %d", errno);
    if (timers_next_us(&loop->timers) != CLOCK_NEVER) timers_run(&loop->timers, clock_now_us());
    run_later(loop);
}

static void on_wake_fd(int fd, short what, void *arg)
{
    (void)what;
    struct loop *loop = arg;
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    check(got == (ssize_t)sizeof count || errno == EAGAIN, "eventfd errno %d", errno);
    atomic_exchange(&loop->waking,
                    false); /* before the callback looks, so that what comes after its look wakes again */
    if (loop->on_wake) loop->on_wake(loop->wake_arg);
}

/* The timers themselves run at the end of the turn; here the descriptor is only made quiet. */
static void on_timer_fd(int fd, short what, void *arg)
{
    (void)what;
    struct loop *loop = arg;
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    check(got == (ssize_t)sizeof count || errno == EAGAIN, "timerfd errno %d", errno);
    loop->armed_us = CLOCK_NEVER;
}

/* --- timers --- */

enum fault loop_timer_open(struct loop *loop, void (*on_time)(void *arg), void *arg, struct loop_timer **timer)
{
    enum fault fault = timers_open_one(&loop->timers, timer);
    if (fault != FAULT_NONE) return fault;
    (*timer)->on_time = on_time;
    (*timer)->arg = arg;
    return FAULT_NONE;
}

void loop_timer_close(struct loop_timer **timer)
{
    timers_close_one(timer);
}
void loop_timer_at(struct loop_timer *timer, int64_t at_us)
{
    timers_set(timer, at_us);
}
void loop_timer_off(struct loop_timer *timer)
{
    timers_set(timer, CLOCK_NEVER);
}

/* --- watches --- */

enum fault loop_watch_open(struct loop *loop, int fd, void (*on_ready)(void *arg, bool readable, bool writable),
                           void *arg, struct loop_watch **watch)
{
    struct loop_watch *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->loop = loop;
    made->on_ready = on_ready;
    made->arg = arg;
    if (event_assign(&made->event, loop->base, fd, EV_READ | EV_PERSIST, on_watch, made)) {
        free(made);
        return FAULT_SYSTEM;
    }
    loop->watches++;
    *watch = made;
    return FAULT_NONE;
}

void loop_watch_want(struct loop_watch *watch, bool read, bool write)
{
    short wanted = (short)((read ? EV_READ : 0) | (write ? EV_WRITE : 0));
    if (wanted == watch->wanted) return;
    int fd = event_get_fd(&watch->event);
    if (watch->wanted) event_del(&watch->event);
    watch->wanted = wanted;
    if (!wanted) return;
    /* epoll_ctl can only fail here for want of kernel memory, or for a descriptor that was closed too soon. */
    check(event_assign(&watch->event, watch->loop->base, fd, (short)(wanted | EV_PERSIST), on_watch, watch) == 0);
    check(event_add(&watch->event, NULL) == 0, "fd %d errno %d", fd, errno);
}

void loop_watch_close(struct loop_watch **watch)
{
    struct loop_watch *gone = *watch;
    *watch = NULL;
    if (!gone) return;
    if (gone->wanted) event_del(&gone->event);
    gone->loop->watches--;
    free(gone);
}

static void on_watch(int fd, short what, void *arg)
{
    (void)fd;
    struct loop_watch *watch = arg;
    watch->on_ready(watch->arg, (what & EV_READ) != 0, (what & EV_WRITE) != 0);
}

/* --- later --- */

void loop_later(struct loop *loop, struct loop_later *later, void (*run)(struct loop_later *later))
{
    if (later->queued) {
        check(later->run == run);
        return;
    }
    later->next = NULL;
    later->run = run;
    later->queued = true;
    *loop->later_end = later;
    loop->later_end = &later->next;
}

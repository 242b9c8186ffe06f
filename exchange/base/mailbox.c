/* A ring of cells, each with a turn number that says whose it is (Dmitry Vyukov's bounded queue): a sender claims a
 * place with one CAS and hands the cell over by its turn, so senders never wait for each other and the receiver needs
 * no CAS.
 *
 *   turn == place           free, for the sender that gets this place
 *   turn == place + 1       filled, for the receiver when it comes to this place
 *   turn == place + places  taken out: free for the next time round
 *
 * Sleeping: the receiver says so (`armed`) and looks at the ring once more; a sender fills its cell and then looks
 * whether the receiver is armed. All four are sequentially consistent, so one of the two sees the other, and an eventfd
 * is written only when the receiver may sleep: once for many messages. No fences, which the thread sanitizer could not
 * follow. */
#include "exchange/base/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "protocol/base/check.h"

#define LINE_BYTES 64
#define PLACES_MAX (1u << 24)

struct cell {
    _Atomic uint64_t turn;
    char message[];
};

struct mailbox {
    /* The senders' line, the receiver's line, and what both only read. */
    _Alignas(LINE_BYTES) _Atomic uint64_t next_in;
    _Alignas(LINE_BYTES) _Atomic uint64_t next_out; /* written by the receiver alone */
    _Alignas(LINE_BYTES) _Atomic bool armed;        /* the receiver sleeps, or is about to */
    _Alignas(LINE_BYTES) char *cells;
    size_t cell_bytes;
    size_t message_bytes;
    uint64_t places;
    int fd;
    struct loop_watch *watch;
    void (*on_mail)(void *arg);
    void *arg;
};

static struct cell *cell_at(const struct mailbox *mailbox, uint64_t place);
static bool has_mail(struct mailbox *mailbox);
static void on_ready(void *arg, bool readable, bool writable);
static void signal_receiver(struct mailbox *mailbox);
static void quiet(struct mailbox *mailbox);

enum fault mailbox_open(size_t message_bytes, unsigned max, struct mailbox **mailbox)
{
    check(message_bytes > 0 && max > 0 && max <= PLACES_MAX, "%zu bytes, %u places", message_bytes, max);
    struct mailbox *made = aligned_alloc(LINE_BYTES, sizeof *made);
    if (!made) return FAULT_MEMORY;
    memset(made, 0, sizeof *made);
    made->places = 2;
    while (made->places < max) made->places *= 2;
    made->message_bytes = message_bytes;
    made->cell_bytes = (sizeof(struct cell) + message_bytes + 7u) & ~(size_t)7u;
    enum fault fault = FAULT_MEMORY;
    made->fd = -1;
    made->cells = calloc(made->places, made->cell_bytes);
    if (!made->cells) goto fail;
    fault = FAULT_DESCRIPTORS;
    made->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (made->fd < 0) goto fail;
    for (uint64_t place = 0; place < made->places; place++) atomic_init(&cell_at(made, place)->turn, place);
    *mailbox = made;
    return FAULT_NONE;
fail:
    free(made->cells);
    free(made);
    return fault;
}

void mailbox_close(struct mailbox **mailbox)
{
    struct mailbox *gone = *mailbox;
    *mailbox = NULL;
    if (!gone) return;
    loop_watch_close(&gone->watch);
    close(gone->fd);
    free(gone->cells);
    free(gone);
}

bool mailbox_send(struct mailbox *mailbox, const void *message)
{
    uint64_t place = atomic_load_explicit(&mailbox->next_in, memory_order_relaxed);
    struct cell *cell;
    for (;;) {
        cell = cell_at(mailbox, place);
        int64_t ahead = (int64_t)(atomic_load_explicit(&cell->turn, memory_order_acquire) - place);
        if (ahead < 0) return false; /* not taken out since the last time round */
        if (ahead > 0) {
            place = atomic_load_explicit(&mailbox->next_in, memory_order_relaxed);
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(&mailbox->next_in, &place, place + 1, memory_order_relaxed,
                                                  memory_order_relaxed))
            break;
    }
    memcpy(cell->message, message, mailbox->message_bytes);
    atomic_store(&cell->turn, place + 1);
    if (atomic_load(&mailbox->armed) && atomic_exchange(&mailbox->armed, false)) signal_receiver(mailbox);
    return true;
}

bool mailbox_take(struct mailbox *mailbox, void *message)
{
    uint64_t place = atomic_load_explicit(&mailbox->next_out, memory_order_relaxed);
    struct cell *cell = cell_at(mailbox, place);
    if (atomic_load_explicit(&cell->turn, memory_order_acquire) != place + 1) return false;
    memcpy(message, cell->message, mailbox->message_bytes);
    atomic_store_explicit(&cell->turn, place + mailbox->places, memory_order_release);
    atomic_store_explicit(&mailbox->next_out, place + 1, memory_order_relaxed);
    return true;
}

enum fault mailbox_attend(struct mailbox *mailbox, struct loop *loop, void (*on_mail)(void *arg), void *arg)
{
    check(!mailbox->watch, "attended twice");
    mailbox->on_mail = on_mail;
    mailbox->arg = arg;
    enum fault fault = loop_watch_open(loop, mailbox->fd, on_ready, mailbox, &mailbox->watch);
    if (fault != FAULT_NONE) return fault;
    loop_watch_want(mailbox->watch, true, false);
    atomic_store(&mailbox->armed, true);
    if (has_mail(mailbox)) signal_receiver(mailbox);
    return FAULT_NONE;
}

void mailbox_leave(struct mailbox *mailbox)
{
    loop_watch_close(&mailbox->watch);
    atomic_store(&mailbox->armed, false);
    quiet(mailbox);
}

void mailbox_wait(struct mailbox *mailbox, int64_t until_us)
{
    check(!mailbox->watch, "a loop attends this mailbox");
    atomic_store(&mailbox->armed, true);
    while (!has_mail(mailbox)) {
        int64_t left_us = until_us == CLOCK_NEVER ? INT64_C(60000000) : until_us - clock_now_us();
        if (left_us <= 0) break;
        struct timespec span = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
        struct pollfd poll = {.fd = mailbox->fd, .events = POLLIN};
        int ready = ppoll(&poll, 1, &span, NULL);
        check(ready >= 0 || errno == EINTR, "ppoll errno %d", errno);
        if (ready > 0) quiet(mailbox);
        if (ready > 0 && !has_mail(mailbox)) atomic_store(&mailbox->armed, true); /* a signal of earlier mail */
    }
    atomic_store(&mailbox->armed, false);
}

unsigned mailbox_depth(const struct mailbox *mailbox)
{
    uint64_t out = atomic_load_explicit(&mailbox->next_out, memory_order_relaxed);
    uint64_t in = atomic_load_explicit(&mailbox->next_in, memory_order_relaxed);
    return in > out ? (unsigned)(in - out) : 0; /* the two are not read at one instant */
}

static struct cell *cell_at(const struct mailbox *mailbox, uint64_t place)
{
    return (struct cell *)(void *)(mailbox->cells + (place & (mailbox->places - 1)) * mailbox->cell_bytes);
}

static bool has_mail(struct mailbox *mailbox)
{
    uint64_t place = atomic_load_explicit(&mailbox->next_out, memory_order_relaxed);
    return atomic_load(&cell_at(mailbox, place)->turn) == place + 1;
}

/* What the callback left in the ring, or what came while it ran, is the next turn's. */
static void on_ready(void *arg, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct mailbox *mailbox = arg;
    quiet(mailbox);
    mailbox->on_mail(mailbox->arg);
    atomic_store(&mailbox->armed, true);
    if (has_mail(mailbox) && atomic_exchange(&mailbox->armed, false)) signal_receiver(mailbox);
}

static void signal_receiver(struct mailbox *mailbox)
{
    ssize_t written = write(mailbox->fd, &(uint64_t){1}, sizeof(uint64_t));
    check(written == (ssize_t)sizeof(uint64_t), "eventfd errno %d", errno);
}

static void quiet(struct mailbox *mailbox)
{
    uint64_t count;
    ssize_t got = read(mailbox->fd, &count, sizeof count);
    check(got == (ssize_t)sizeof count || errno == EAGAIN, "eventfd errno %d", errno);
}

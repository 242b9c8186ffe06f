/* One state machine for both transports:
 *
 *   CONNECTING --SO_ERROR 0--> HANDSHAKE (TLS only) --done--> OPEN --end or error--> (the holder closes)
 *   accepted, plain: OPENING (told at the end of the turn) --> OPEN
 *
 * The read interest is registered once when the stream opens and stays, so a warm request and answer cost one read and
 * one write and no epoll_ctl. A short read needs no second read to see that nothing is left, because the loop is
 * level-triggered; what OpenSSL has taken off the socket but not given out yet is the exception, and is announced again
 * from the loop's later list. Memory is given back from that list too, so every callback may close. */
#include "protocol/wire/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/base/check.h"
#include "protocol/wire/tls_stream.h"

enum conn_state { CONNECTING, HANDSHAKE, OPENING, OPEN, FAILED, GONE };

struct conn {
    struct loop *loop;
    struct loop_watch *watch;
    struct tls_stream *tls; /* NULL: plain */
    void (*on_event)(void *arg, enum conn_event event);
    void *arg;
    struct loop_later later;
    int fd;
    enum conn_state state;
    enum fault fault;
    bool paused;
    bool ended;            /* the read side is over: no more read interest, or the loop would spin */
    bool write_short;      /* CONN_WRITABLE is owed */
    bool read_wants_write; /* TLS: a key update has to go out first */
    bool more;             /* TLS: there may be more inside */
};

static enum fault make(struct loop *loop, int fd, const struct conn_options *options, struct conn **conn);
static void on_ready(void *arg, bool readable, bool writable);
static void on_later(struct loop_later *later);
static void want(struct conn *conn);
static void tell(struct conn *conn, enum conn_event event);
static long end_with(struct conn *conn, enum fault fault);

/* --- opening --- */

enum fault conn_dial(struct loop *loop, const struct sockaddr *address, unsigned address_len,
                     const struct conn_options *options, struct conn **conn)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno == EMFILE || errno == ENFILE ? FAULT_DESCRIPTORS : FAULT_CONNECT;
    if (connect(fd, address, address_len) < 0 && errno != EINPROGRESS) {
        close(fd);
        return FAULT_CONNECT;
    }
    enum fault fault = make(loop, fd, options, conn);
    if (fault != FAULT_NONE) return fault;
    (*conn)->state = CONNECTING;
    loop_watch_want((*conn)->watch, false, true);
    return FAULT_NONE;
}

enum fault conn_accept(struct loop *loop, int fd, const struct conn_options *options, struct conn **conn)
{
    enum fault fault = make(loop, fd, options, conn);
    if (fault != FAULT_NONE) return fault;
    (*conn)->state = (*conn)->tls ? HANDSHAKE : OPENING;
    if ((*conn)->tls)
        loop_watch_want((*conn)->watch, true, false);
    else
        loop_later(loop, &(*conn)->later, on_later);
    return FAULT_NONE;
}

/* Takes the descriptor over, also when it fails. */
static enum fault make(struct loop *loop, int fd, const struct conn_options *options, struct conn **conn)
{
    enum fault fault = FAULT_MEMORY;
    struct conn *made = calloc(1, sizeof *made);
    if (!made) goto fail;
    *made = (struct conn){.loop = loop, .fd = fd, .on_event = options->on_event, .arg = options->arg};
    /* Fails on unix sockets, which have no delay to switch off. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (options->tls) {
        fault = tls_stream_open(options->tls, fd, options->host, options->session_key, &made->tls);
        if (fault != FAULT_NONE) goto fail;
    }
    fault = loop_watch_open(loop, fd, on_ready, made, &made->watch);
    if (fault != FAULT_NONE) goto fail;
    *conn = made;
    return FAULT_NONE;
fail:
    if (made) tls_stream_close(&made->tls, false);
    free(made);
    close(fd);
    return fault;
}

/* --- closing --- */

static void let_go(struct conn **conn, bool orderly)
{
    struct conn *gone = *conn;
    *conn = NULL;
    if (!gone) return;
    check(gone->state != GONE);
    gone->state = GONE;
    loop_watch_close(&gone->watch);
    tls_stream_close(&gone->tls, orderly);
    close(gone->fd);
    loop_later(gone->loop, &gone->later, on_later);
}

void conn_close(struct conn **conn)
{
    let_go(conn, *conn && (*conn)->state == OPEN && (*conn)->fault == FAULT_NONE);
}

void conn_reset(struct conn **conn)
{
    /* Fails on unix sockets, which know no reset; they are just closed. */
    if (*conn)
        (void)setsockopt((*conn)->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    let_go(conn, false);
}

void conn_end(struct conn *conn)
{
    if (conn->tls) tls_stream_end(conn->tls);
    (void)shutdown(conn->fd, SHUT_WR); /* fails if the peer has reset, which the next read tells */
}

/* --- what the loop tells --- */

static void fail(struct conn *conn, enum fault fault)
{
    conn->state = FAILED;
    conn->fault = fault;
    loop_watch_want(conn->watch, false, false);
    tell(conn, CONN_FAILED);
}

static void open_up(struct conn *conn)
{
    conn->state = OPEN;
    conn->more = conn->tls && tls_stream_pending(conn->tls);
    want(conn);
    tell(conn, CONN_OPEN);
    if (conn->state == OPEN && conn->more && !conn->paused) loop_later(conn->loop, &conn->later, on_later);
}

static void shake(struct conn *conn)
{
    enum tls_step step = tls_stream_handshake(conn->tls);
    if (step == TLS_DONE)
        open_up(conn);
    else if (step == TLS_WANT_READ || step == TLS_WANT_WRITE)
        loop_watch_want(conn->watch, step == TLS_WANT_READ, step == TLS_WANT_WRITE);
    else
        fail(conn, FAULT_TLS);
}

static void finish_connect(struct conn *conn)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error) {
        fail(conn, FAULT_CONNECT);
    } else if (conn->tls) {
        conn->state = HANDSHAKE;
        shake(conn);
    } else {
        open_up(conn);
    }
}

static void serve(struct conn *conn, bool readable, bool writable)
{
    if (writable && conn->read_wants_write) {
        conn->read_wants_write = false;
        readable = true;
        want(conn);
    }
    if (writable && conn->write_short) {
        conn->write_short = false;
        want(conn);
        tell(conn, CONN_WRITABLE);
    }
    if (conn->state == OPEN && readable && !conn->paused) tell(conn, CONN_READABLE);
    if (conn->state == OPEN && conn->more && !conn->paused) loop_later(conn->loop, &conn->later, on_later);
}

static void on_ready(void *arg, bool readable, bool writable)
{
    struct conn *conn = arg;
    if (conn->state == OPEN)
        serve(conn, readable, writable);
    else if (conn->state == CONNECTING)
        finish_connect(conn);
    else if (conn->state == HANDSHAKE)
        shake(conn);
}

static void on_later(struct loop_later *later)
{
    struct conn *conn = (struct conn *)((char *)later - offsetof(struct conn, later));
    if (conn->state == GONE)
        free(conn);
    else if (conn->state == OPENING)
        open_up(conn);
    else if (conn->state == OPEN && conn->more && !conn->paused)
        serve(conn, true, false);
}

static void tell(struct conn *conn, enum conn_event event)
{
    conn->on_event(conn->arg, event);
}

static void want(struct conn *conn)
{
    loop_watch_want(conn->watch, !conn->paused && !conn->ended, conn->write_short || conn->read_wants_write);
}

/* --- reading --- */

static long read_tls(struct conn *conn, char *at, size_t cap)
{
    size_t got = 0;
    enum tls_step step = tls_stream_read(conn->tls, at, cap, &got);
    conn->more = false;
    switch (step) {
    case TLS_DONE:
        conn->more = tls_stream_pending(conn->tls);
        return (long)got;
    case TLS_WANT_READ:
        return 0;
    case TLS_WANT_WRITE:
        conn->read_wants_write = true;
        want(conn);
        return 0;
    case TLS_ENDED:
        return end_with(conn, FAULT_CLOSED);
    case TLS_RESET:
        return end_with(conn, FAULT_RESET);
    case TLS_FAILED:
        break;
    }
    return end_with(conn, FAULT_TLS);
}

long conn_read(struct conn *conn, char *at, size_t cap)
{
    check(cap > 0);
    if (conn->state != OPEN || conn->ended) return conn->state == OPEN || conn->state == FAILED ? -1 : 0;
    if (conn->tls) return read_tls(conn, at, cap);
    ssize_t got = recv(conn->fd, at, cap, 0);
    if (got > 0) return got;
    if (got == 0) return end_with(conn, FAULT_CLOSED);
    if (errno == EAGAIN || errno == EINTR) return 0;
    return end_with(conn, FAULT_RESET);
}

static long end_with(struct conn *conn, enum fault fault)
{
    if (conn->fault == FAULT_NONE) conn->fault = fault;
    conn->ended = true;
    want(conn);
    return -1;
}

/* --- writing --- */

/* The first bytes of the parts from `skip` on, at most one record, side by side. */
static size_t gather(const struct iovec *parts, int count, size_t skip, char *record)
{
    size_t len = 0;
    for (int i = 0; i < count && len < TLS_RECORD_MAX; i++) {
        if (skip >= parts[i].iov_len) {
            skip -= parts[i].iov_len;
            continue;
        }
        size_t part = parts[i].iov_len - skip, room = TLS_RECORD_MAX - len;
        if (part > room) part = room;
        memcpy(record + len, (const char *)parts[i].iov_base + skip, part);
        len += part;
        skip = 0;
    }
    return len;
}

static long write_tls(struct conn *conn, const struct iovec *parts, int count)
{
    char record[TLS_RECORD_MAX];
    size_t total = 0, filled_max = 0;
    enum tls_step step = TLS_DONE;
    for (size_t len; (len = gather(parts, count, total, record)) > 0;) {
        size_t taken = 0;
        if (len > filled_max) filled_max = len;
        step = tls_stream_write(conn->tls, record, len, &taken);
        if (step != TLS_DONE) break;
        total += taken;
    }
    explicit_bzero(record, filled_max); /* leads pass through here */
    if (step == TLS_WANT_READ || step == TLS_WANT_WRITE) {
        conn->write_short = true;
        want(conn);
    } else if (step != TLS_DONE && total == 0) {
        conn->fault = step == TLS_FAILED ? FAULT_TLS : FAULT_RESET;
        return -1;
    } else if (step != TLS_DONE) {
        conn->write_short = true; /* the failure is told by the write that follows */
        want(conn);
    }
    return (long)total;
}

long conn_write(struct conn *conn, const struct iovec *parts, int count)
{
    if (conn->state != OPEN) return conn->state == FAILED ? -1 : 0;
    if (conn->tls) return write_tls(conn, parts, count);
    size_t total = 0;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = (size_t)count};
    ssize_t sent = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
        conn->fault = FAULT_RESET;
        return -1;
    }
    if (sent < 0) sent = 0;
    if ((size_t)sent < total) {
        conn->write_short = true;
        want(conn);
    }
    return sent;
}

/* --- the rest --- */

enum fault conn_fault(const struct conn *conn)
{
    return conn->fault;
}

void conn_pause(struct conn *conn, bool paused)
{
    if (conn->paused == paused) return;
    conn->paused = paused;
    if (conn->state != OPEN) return;
    want(conn);
    if (!paused && conn->more) loop_later(conn->loop, &conn->later, on_later);
}

bool conn_is_quiet(struct conn *conn)
{
    if (conn->state != OPEN || conn->fault != FAULT_NONE) return false;
    if (conn->tls) return tls_stream_peek(conn->tls) == TLS_WANT_READ;
    char one;
    return recv(conn->fd, &one, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

int conn_fd(const struct conn *conn)
{
    return conn->fd;
}
bool conn_was_resumed(const struct conn *conn)
{
    return conn->tls && tls_stream_was_resumed(conn->tls);
}

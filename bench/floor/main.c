/* outcry-floor: the least an exchange can do. For each request of an affiliate it writes k requests of a given size to
 * kept connections, reads k replies, and writes one answer of a given size. Nothing is parsed, chosen, signed or
 * stored: bytes are counted, by raw libevent and read and write. What the product costs is told as a multiple of this.
 *
 * Sizes: of the call and the answer they are given (take the product's own); of the affiliate's request and of a
 * buyer's reply they are learned from the first one, by its Content-Length, and then fixed.
 *
 *   affiliate --read--> [peer] --write--> k x [call] --write--> buyer
 *   affiliate <-write-- [peer] <--read--- k x [call] <--read--- buyer
 *
 * So a request costs one read and one write on its side, and one of each per call. One thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/base/check.h"

#define BUYERS_MAX 256
#define BYTES_MAX 65536
#define IDLE_MAX 8192 /* kept connections per buyer */
#define HEAD_MAX 1024

struct floor;

struct buyer {
    struct sockaddr_in address;
    char *request; /* call_bytes long */
    struct call *idle[IDLE_MAX];
    unsigned idle_count;
};

/* One affiliate's connection, with at most one request under way. */
struct peer {
    struct floor *floor;
    struct event *event;
    int fd;
    size_t got;
    unsigned left; /* replies to come */
};

struct call {
    struct floor *floor;
    struct event *event;
    struct buyer *buyer;
    struct peer *peer;
    int fd;
    size_t got;
};

struct floor {
    struct event_base *base;
    struct buyer *buyers; /* k */
    unsigned k;
    size_t call_bytes, answer_bytes;
    size_t request_bytes, reply_bytes; /* 0: not learned yet */
    char *answer;
    char scratch[BYTES_MAX];
};

static void on_knock(evutil_socket_t fd, short what, void *arg);
static void on_request(evutil_socket_t fd, short what, void *arg);
static void on_reply(evutil_socket_t fd, short what, void *arg);

static const char usage[] =
    "usage: outcry-floor --listen ADDRESS:PORT --buyers ADDRESS:PORT --call-bytes N --answer-bytes N [options]\n"
    "  --buyers LIST      where the calls go, in turn, separated by commas\n"
    "  --k N              calls per request (10); call i goes to /bidI\n"
    "  --call-bytes N     size of a whole call, head and body\n"
    "  --answer-bytes N   size of a whole answer, head and body\n"
    "It prints the address it listens at and ends at SIGTERM or SIGINT.\n";

/* --- messages: any bytes would do, but HTTP servers stand at both ends --- */

/* `size` bytes: the head with a Content-Length that fits, then the body's beginning, then filling and the end. */
static char *make_message(size_t size, const char *head, const char *body_head, const char *body_tail)
{
    size_t frame = strlen(head) + strlen("Content-Length: \r\n\r\n") + strlen(body_head) + strlen(body_tail);
    for (size_t digits = 1; digits < 6; digits++) {
        size_t fixed = frame + digits;
        if (fixed > size || size > BYTES_MAX) break;
        size_t length = size - fixed + strlen(body_head) + strlen(body_tail);
        char lead[HEAD_MAX];
        int len = snprintf(lead, sizeof lead, "%sContent-Length: %zu\r\n\r\n%s", head, length, body_head);
        if ((size_t)len + strlen(body_tail) > size || fixed - strlen(body_tail) != (size_t)len) continue;
        char *message = malloc(size);
        if (!message) return NULL;
        memset(message, 'x', size);
        memcpy(message, lead, (size_t)len);
        memcpy(message + size - strlen(body_tail), body_tail, strlen(body_tail));
        return message;
    }
    fprintf(stderr, "outcry-floor: no message of %zu bytes can be made\n", size);
    return NULL;
}

/* The size of the whole message that starts with these bytes, 0 if its head is not whole yet. */
static size_t learn_size(const char *at, size_t len)
{
    static const char field[] = "Content-Length: ";
    const char *end = memmem(at, len, "\r\n\r\n", 4);
    if (!end) return 0;
    const char *length = memmem(at, (size_t)(end - at), field, sizeof field - 1);
    size_t head = (size_t)(end - at) + 4;
    return head + (length ? strtoul(length + sizeof field - 1, NULL, 10) : 0);
}

/* --- the buyers' side --- */

static struct call *dial(struct floor *floor, struct buyer *buyer)
{
    struct call *call = calloc(1, sizeof *call);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!call || fd < 0 || connect(fd, (struct sockaddr *)&buyer->address, sizeof buyer->address) < 0) {
        fprintf(stderr, "outcry-floor: a buyer cannot be reached: %s\n", strerror(errno));
        exit(EXIT_FAILURE);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    *call = (struct call){.floor = floor, .buyer = buyer, .fd = fd};
    call->event = event_new(floor->base, fd, EV_READ | EV_PERSIST, on_reply, call);
    check(call->event && event_add(call->event, NULL) == 0, "no event");
    return call;
}

static void send_call(struct floor *floor, struct buyer *buyer, struct peer *peer)
{
    struct call *call = buyer->idle_count ? buyer->idle[--buyer->idle_count] : dial(floor, buyer);
    call->peer = peer;
    call->got = 0;
    ssize_t sent = write(call->fd, buyer->request, floor->call_bytes);
    check(sent == (ssize_t)floor->call_bytes, "a call of %zu bytes, %zd sent", floor->call_bytes, sent);
}

static void finish(struct floor *floor, struct peer *peer)
{
    ssize_t sent = write(peer->fd, floor->answer, floor->answer_bytes);
    check(sent == (ssize_t)floor->answer_bytes, "an answer of %zu bytes, %zd sent", floor->answer_bytes, sent);
}

static void on_reply(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct call *call = arg;
    struct floor *floor = call->floor;
    ssize_t got = read(fd, floor->scratch, sizeof floor->scratch);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0 || !call->peer) {
        fprintf(stderr, "outcry-floor: a buyer closed its connection\n");
        exit(EXIT_FAILURE);
    }
    call->got += (size_t)got;
    if (!floor->reply_bytes) floor->reply_bytes = learn_size(floor->scratch, (size_t)got);
    if (call->got < floor->reply_bytes) return;
    check(call->got == floor->reply_bytes, "a reply of %zu bytes, not %zu", call->got, floor->reply_bytes);
    struct peer *peer = call->peer;
    call->peer = NULL;
    check(call->buyer->idle_count < IDLE_MAX, "too many connections");
    call->buyer->idle[call->buyer->idle_count++] = call;
    if (--peer->left == 0) finish(floor, peer);
}

/* --- the affiliates' side --- */

static void on_knock(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct floor *floor = arg;
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    struct peer *peer = calloc(1, sizeof *peer);
    check(peer != NULL, "out of memory");
    (void)setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    *peer = (struct peer){.floor = floor, .fd = accepted};
    peer->event = event_new(floor->base, accepted, EV_READ | EV_PERSIST, on_request, peer);
    check(peer->event && event_add(peer->event, NULL) == 0, "no event");
}

static void hang_up(struct peer *peer)
{
    if (peer->left) {
        fprintf(stderr, "outcry-floor: an affiliate left in the middle\n");
        exit(EXIT_FAILURE);
    }
    event_free(peer->event);
    close(peer->fd);
    free(peer);
}

static void on_request(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    struct peer *peer = arg;
    struct floor *floor = peer->floor;
    ssize_t got = read(fd, floor->scratch, sizeof floor->scratch);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        hang_up(peer);
        return;
    }
    peer->got += (size_t)got;
    if (!floor->request_bytes) floor->request_bytes = learn_size(floor->scratch, (size_t)got);
    if (peer->got < floor->request_bytes) return;
    check(peer->got == floor->request_bytes, "a request of %zu bytes, not %zu", peer->got, floor->request_bytes);
    peer->got = 0;
    peer->left = floor->k;
    for (unsigned i = 0; i < floor->k; i++) send_call(floor, &floor->buyers[i], peer);
}

/* --- start and stop --- */

static bool read_address(const char *text, size_t len, struct sockaddr_in *address)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = memchr(text, ':', len);
    if (!colon || (size_t)(colon - text) >= sizeof host) return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    unsigned long port = strtoul(colon + 1, NULL, 10);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return port <= 65535 && inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

/* k buyers over the list of addresses, round and round. */
static bool make_buyers(struct floor *floor, const char *list)
{
    floor->buyers = calloc(floor->k, sizeof *floor->buyers);
    const char *next = list;
    for (unsigned i = 0; floor->buyers && i < floor->k; i++) {
        size_t len = strcspn(next, ",");
        char head[HEAD_MAX / 2];
        snprintf(head, sizeof head, "POST /bid%u HTTP/1.1\r\nHost: %.*s\r\nContent-Type: application/json\r\n", i,
                 (int)len, next);
        if (!read_address(next, len, &floor->buyers[i].address)) {
            fprintf(stderr, "outcry-floor: %.*s is no IPv4 address with a port\n", (int)len, next);
            return false;
        }
        floor->buyers[i].request = make_message(floor->call_bytes, head, "{\"fill\":\"", "\"}");
        if (!floor->buyers[i].request) return false;
        next = next[len] ? next + len + 1 : list;
    }
    return floor->buyers != NULL;
}

static int listen_at(const char *text)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    char host[INET_ADDRSTRLEN];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || !read_address(text, strlen(text), &address)) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, SOMAXCONN) < 0) return -1;
    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0) return -1;
    if (!inet_ntop(AF_INET, &address.sin_addr, host, sizeof host)) return -1;
    printf("listening %s:%u\n", host, ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void on_signal(evutil_socket_t signal_number, short what, void *arg)
{
    (void)signal_number;
    (void)what;
    event_base_loopbreak(arg);
}

static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: there are fewer connections */
}

static int run(struct floor *floor, const char *address, const char *buyers)
{
    floor->answer = make_message(floor->answer_bytes, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
                                 "{\"status\":\"accepted\",\"fill\":\"", "\"}");
    floor->base = event_base_new();
    if (!floor->answer || !floor->base || !make_buyers(floor, buyers)) return 2;
    int fd = listen_at(address);
    if (fd < 0) {
        fprintf(stderr, "outcry-floor: cannot listen on %s\n", address);
        return 2;
    }
    struct event *door = event_new(floor->base, fd, EV_READ | EV_PERSIST, on_knock, floor);
    struct event *term = evsignal_new(floor->base, SIGTERM, on_signal, floor->base);
    struct event *interrupt = evsignal_new(floor->base, SIGINT, on_signal, floor->base);
    check(door && term && interrupt, "no event");
    check(!event_add(door, NULL) && !event_add(term, NULL) && !event_add(interrupt, NULL), "no event");
    event_base_dispatch(floor->base); /* what is open at the end goes with the process */
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option table[] = {{"listen", 1, NULL, 'l'},
                                          {"buyers", 1, NULL, 'b'},
                                          {"k", 1, NULL, 'k'},
                                          {"call-bytes", 1, NULL, 'c'},
                                          {"answer-bytes", 1, NULL, 'a'},
                                          {"help", 0, NULL, 'h'},
                                          {0}};
    static struct floor floor = {.k = 10}; /* large; the one and only */
    const char *address = NULL, *buyers = NULL;
    for (int key; (key = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        if (key == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (key == 'l') address = optarg;
        if (key == 'b') buyers = optarg;
        if (key == 'k') floor.k = (unsigned)strtoul(optarg, NULL, 10);
        if (key == 'c') floor.call_bytes = strtoul(optarg, NULL, 10);
        if (key == 'a') floor.answer_bytes = strtoul(optarg, NULL, 10);
    }
    if (!address || !buyers || optind < argc || floor.k < 1 || floor.k > BUYERS_MAX) {
        fputs(usage, stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    return run(&floor, address, buyers);
}

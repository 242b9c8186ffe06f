/* One thread calls getaddrinfo, which knows every way a host may be configured; loops only look into the cache, under a
 * lock nobody holds while waiting for the network.
 *
 *   resolve --miss--> entry: waiting queries, queue --> thread: getaddrinfo --> endpoint (one per loop with open
 * queries): done queries + eventfd --> the loop's thread calls on_answer
 *
 * getaddrinfo tells no lifetime, hence the fixed 30 s. A stop does not wait for a look-up that hangs: the thread is
 * left to free everything when it returns. */
#include "protocol/wire/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "protocol/base/check.h"
#include "protocol/base/table.h"

#define KEEP_US INT64_C(30000000)        /* an answer is fresh this long */
#define RETRY_US INT64_C(1000000)        /* after a failure, the name is left alone this long */
#define STALE_MAX_US INT64_C(3600000000) /* the last good answer serves no longer than this while refreshes fail */
#define ENTRIES_MAX 65536u
#define HOST_MAX 254

struct endpoint {
    struct endpoint *next;
    struct resolver *resolver;
    struct loop *loop;
    struct loop_watch *watch;
    int fd;
    unsigned queries; /* open ones, done or not; the endpoint ends with the last */
    bool delivering;
    struct resolve_query *done_first;
    struct resolve_query **done_end;
};

struct entry {
    struct entry *queue_next;
    struct resolve_query *waiting;
    bool known;  /* looked up at least once */
    bool queued; /* waits for the thread, or is with it */
    int64_t checked_us;
    int64_t good_us;              /* of `answer` */
    struct resolve_answer answer; /* ports not set */
    char host[HOST_MAX];
};

struct resolve_query {
    struct resolve_query *next; /* of the entry's waiting or the endpoint's done ones */
    struct endpoint *endpoint;
    struct entry *entry; /* NULL: done */
    unsigned port;
    void (*on_answer)(void *arg, const struct resolve_answer *answer);
    void *arg;
    struct resolve_answer answer;
};

struct resolver {
    pthread_mutex_t lock; /* over everything below, and entries, queries and endpoints */
    pthread_cond_t work;
    pthread_t thread;
    bool allow_private; /* never changes */
    bool stopping;
    bool looking; /* the thread is in getaddrinfo */
    struct table table;
    struct entry **entries;
    uint32_t entries_count, entries_cap;
    struct entry *queue_first;
    struct entry **queue_end;
    struct endpoint *endpoints;
};

static void *run(void *arg);
static void free_resolver(struct resolver *resolver);
static bool read_literal(const struct resolver *resolver, const char *host, struct resolve_answer *answer);
static struct entry *find_entry(struct resolver *resolver, const char *host);
static bool serve(struct resolver *resolver, struct entry *entry, struct resolve_answer *answer);
static struct endpoint *find_endpoint(struct resolver *resolver, struct loop *loop);
static void leave_endpoint(struct endpoint *endpoint);
static void add_query(struct entry *entry, struct endpoint *endpoint, struct resolve_query *query);
static void set_ports(struct resolve_answer *answer, unsigned port);
static void on_endpoint(void *arg, bool readable, bool writable);
static void look_up(struct resolver *resolver, struct entry *entry);
static void keep(struct resolver *resolver, struct entry *entry, const struct resolve_answer *found);

/* --- life --- */

enum fault resolver_start(bool allow_private, struct resolver **resolver)
{
    struct resolver *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->allow_private = allow_private;
    made->queue_end = &made->queue_first;
    table_init(&made->table);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->work, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the main thread */
    int error = pthread_create(&made->thread, NULL, run, made);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free_resolver(made);
        return FAULT_SYSTEM;
    }
    *resolver = made;
    return FAULT_NONE;
}

void resolver_stop(struct resolver **resolver)
{
    struct resolver *gone = *resolver;
    *resolver = NULL;
    if (!gone) return;
    pthread_t thread = gone->thread;
    pthread_mutex_lock(&gone->lock);
    check(!gone->endpoints, "queries still open");
    gone->stopping = true;
    bool looking = gone->looking;
    pthread_cond_signal(&gone->work);
    pthread_mutex_unlock(&gone->lock);
    /* From here on the thread frees the resolver. */
    if (looking)
        pthread_detach(thread);
    else
        pthread_join(thread, NULL);
}

static void free_resolver(struct resolver *resolver)
{
    for (uint32_t i = 0; i < resolver->entries_count; i++) free(resolver->entries[i]);
    free(resolver->entries);
    table_free(&resolver->table);
    pthread_cond_destroy(&resolver->work);
    pthread_mutex_destroy(&resolver->lock);
    free(resolver);
}

/* --- on the loops' threads --- */

static void enqueue(struct resolver *resolver, struct entry *entry, bool first)
{
    if (entry->queued) return;
    entry->queued = true;
    if (first) {
        entry->queue_next = resolver->queue_first;
        if (!resolver->queue_first) resolver->queue_end = &entry->queue_next;
        resolver->queue_first = entry;
    } else {
        entry->queue_next = NULL;
        *resolver->queue_end = entry;
        resolver->queue_end = &entry->queue_next;
    }
    pthread_cond_signal(&resolver->work);
}

bool resolve(struct resolver *resolver, struct loop *loop, const char *host, unsigned port,
             struct resolve_answer *answer, void (*on_answer)(void *arg, const struct resolve_answer *answer),
             void *arg, struct resolve_query **query)
{
    bool served = read_literal(resolver, host, answer);
    if (!served) {
        struct resolve_query *made = NULL;
        *answer = (struct resolve_answer){.fault = FAULT_NAME};
        pthread_mutex_lock(&resolver->lock);
        struct entry *entry = find_entry(resolver, host);
        served = !entry || serve(resolver, entry, answer);
        struct endpoint *endpoint = served ? NULL : find_endpoint(resolver, loop);
        if (endpoint) made = calloc(1, sizeof *made);
        if (made) {
            *made = (struct resolve_query){.port = port, .on_answer = on_answer, .arg = arg};
            add_query(entry, endpoint, made);
            enqueue(resolver, entry, true);
            *query = made;
        } else if (endpoint) {
            leave_endpoint(endpoint);
        }
        pthread_mutex_unlock(&resolver->lock);
        if (!served && !made)
            served = true; /* out of memory or descriptors: FAULT_NAME, as for any name not known now */
    }
    if (served) set_ports(answer, port);
    return served;
}

void resolve_cancel(struct resolve_query **query)
{
    struct resolve_query *gone = *query;
    *query = NULL;
    if (!gone) return;
    struct endpoint *endpoint = gone->endpoint;
    struct resolver *resolver = endpoint->resolver;
    pthread_mutex_lock(&resolver->lock);
    struct resolve_query **at = gone->entry ? &gone->entry->waiting : &endpoint->done_first;
    while (*at != gone) at = &(*at)->next;
    *at = gone->next;
    if (!gone->entry && !gone->next) endpoint->done_end = at;
    endpoint->queries--;
    leave_endpoint(endpoint);
    pthread_mutex_unlock(&resolver->lock);
    free(gone);
}

/* From the cache, if that may be: a good answer also while its refresh is under way. */
static bool serve(struct resolver *resolver, struct entry *entry, struct resolve_answer *answer)
{
    if (!entry->known) return false;
    int64_t now_us = clock_now_us(), age_us = now_us - entry->checked_us;
    bool failing = entry->answer.fault == FAULT_NAME || entry->checked_us != entry->good_us;
    bool fresh = age_us < (failing ? RETRY_US : KEEP_US);
    if (!fresh) enqueue(resolver, entry, false);
    if (entry->answer.fault == FAULT_NAME && !fresh) return false;
    *answer = entry->answer;
    if (now_us - entry->good_us >= STALE_MAX_US) *answer = (struct resolve_answer){.fault = FAULT_NAME};
    return true;
}

static struct entry *find_entry(struct resolver *resolver, const char *host)
{
    uint32_t found = table_find(&resolver->table, bytes_of(host));
    if (found != TABLE_NONE) return resolver->entries[found];
    size_t len = strlen(host);
    if (len == 0 || len >= HOST_MAX || resolver->entries_count == ENTRIES_MAX) return NULL;
    if (resolver->entries_count == resolver->entries_cap) {
        uint32_t cap = resolver->entries_cap ? resolver->entries_cap * 2 : 64;
        struct entry **entries = realloc(resolver->entries, cap * sizeof(struct entry *));
        if (!entries) return NULL;
        resolver->entries = entries;
        resolver->entries_cap = cap;
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry) return NULL;
    memcpy(entry->host, host, len + 1);
    if (table_put(&resolver->table, (struct bytes){entry->host, len}, resolver->entries_count) != FAULT_NONE) {
        free(entry);
        return NULL;
    }
    resolver->entries[resolver->entries_count++] = entry;
    return entry;
}

/* The loop's way to be told; made with its first open query and gone with its last, so a loop can close when its
 * queries are done. */
static struct endpoint *find_endpoint(struct resolver *resolver, struct loop *loop)
{
    struct endpoint *endpoint = resolver->endpoints;
    while (endpoint && endpoint->loop != loop) endpoint = endpoint->next;
    if (endpoint) return endpoint;
    endpoint = calloc(1, sizeof *endpoint);
    if (!endpoint) return NULL;
    *endpoint = (struct endpoint){.resolver = resolver, .loop = loop};
    endpoint->done_end = &endpoint->done_first;
    endpoint->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (endpoint->fd < 0 ||
        loop_watch_open(loop, endpoint->fd, on_endpoint, endpoint, &endpoint->watch) != FAULT_NONE) {
        if (endpoint->fd >= 0) close(endpoint->fd);
        free(endpoint);
        return NULL;
    }
    loop_watch_want(endpoint->watch, true, false);
    endpoint->next = resolver->endpoints;
    resolver->endpoints = endpoint;
    return endpoint;
}

/* Ends the endpoint if nothing is open on it. */
static void leave_endpoint(struct endpoint *endpoint)
{
    if (endpoint->queries || endpoint->delivering) return;
    struct endpoint **at = &endpoint->resolver->endpoints;
    while (*at != endpoint) at = &(*at)->next;
    *at = endpoint->next;
    loop_watch_close(&endpoint->watch);
    close(endpoint->fd);
    free(endpoint);
}

static void add_query(struct entry *entry, struct endpoint *endpoint, struct resolve_query *query)
{
    query->entry = entry;
    query->endpoint = endpoint;
    query->next = entry->waiting;
    entry->waiting = query;
    endpoint->queries++;
}

static struct resolve_query *take_done(struct endpoint *endpoint)
{
    pthread_mutex_lock(&endpoint->resolver->lock);
    struct resolve_query *query = endpoint->done_first;
    if (query) {
        endpoint->done_first = query->next;
        if (!query->next) endpoint->done_end = &endpoint->done_first;
        endpoint->queries--;
    }
    pthread_mutex_unlock(&endpoint->resolver->lock);
    return query;
}

/* One by one, since a callback may cancel the others. */
static void on_endpoint(void *arg, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct endpoint *endpoint = arg;
    struct resolver *resolver = endpoint->resolver;
    uint64_t count;
    ssize_t got = read(endpoint->fd, &count, sizeof count);
    check(got == (ssize_t)sizeof count || errno == EAGAIN, "eventfd errno %d", errno);
    endpoint->delivering = true;
    for (struct resolve_query *query; (query = take_done(endpoint)) != NULL; free(query)) {
        set_ports(&query->answer, query->port);
        query->on_answer(query->arg, &query->answer);
    }
    pthread_mutex_lock(&resolver->lock);
    endpoint->delivering = false;
    leave_endpoint(endpoint);
    pthread_mutex_unlock(&resolver->lock);
}

/* The port stands at the same place in both families. */
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "port");

static void set_ports(struct resolve_answer *answer, unsigned port)
{
    in_port_t net = htons((uint16_t)port);
    for (unsigned i = 0; i < answer->count; i++)
        memcpy(answer->addresses[i].at + offsetof(struct sockaddr_in, sin_port), &net, sizeof net);
}

static bool read_literal(const struct resolver *resolver, const char *host, struct resolve_answer *answer)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const void *at = &v4;
    unsigned len = sizeof v4;
    if (inet_pton(AF_INET, host, &v4.sin_addr) != 1) {
        if (inet_pton(AF_INET6, host, &v6.sin6_addr) != 1) return false;
        at = &v6;
        len = sizeof v6;
    }
    *answer = (struct resolve_answer){.fault = FAULT_ADDRESS};
    if (!resolver->allow_private && !resolve_is_public(at)) return true;
    answer->fault = FAULT_NONE;
    answer->count = 1;
    answer->addresses[0].len = len;
    memcpy(answer->addresses[0].at, at, len);
    return true;
}

/* --- on the resolver's thread --- */

static void *run(void *arg)
{
    struct resolver *resolver = arg;
    pthread_mutex_lock(&resolver->lock);
    while (!resolver->stopping) {
        struct entry *entry = resolver->queue_first;
        if (!entry) {
            pthread_cond_wait(&resolver->work, &resolver->lock);
            continue;
        }
        resolver->queue_first = entry->queue_next;
        if (!resolver->queue_first) resolver->queue_end = &resolver->queue_first;
        look_up(resolver, entry);
    }
    pthread_mutex_unlock(&resolver->lock);
    free_resolver(resolver);
    return NULL;
}

/* All addresses are judged, the first few are kept. */
static void collect(const struct resolver *resolver, const struct addrinfo *list, struct resolve_answer *found)
{
    *found = (struct resolve_answer){.fault = FAULT_NAME};
    for (const struct addrinfo *one = list; one; one = one->ai_next) {
        if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
        if (!resolver->allow_private && !resolve_is_public(one->ai_addr)) {
            *found = (struct resolve_answer){.fault = FAULT_ADDRESS};
            return;
        }
        found->fault = FAULT_NONE;
        if (found->count == RESOLVE_ADDRESSES_MAX) continue;
        found->addresses[found->count].len = one->ai_addrlen;
        memcpy(found->addresses[found->count].at, one->ai_addr, one->ai_addrlen);
        found->count++;
    }
}

/* Called and left with the lock held; lets go of it for the look-up. Entries never move or go, and a host never
 * changes. */
static void look_up(struct resolver *resolver, struct entry *entry)
{
    resolver->looking = true;
    pthread_mutex_unlock(&resolver->lock);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct resolve_answer found = {.fault = FAULT_NAME};
    if (getaddrinfo(entry->host, NULL, &hints, &list) == 0) collect(resolver, list, &found);
    if (list) freeaddrinfo(list);
    pthread_mutex_lock(&resolver->lock);
    resolver->looking = false;
    entry->queued = false;
    if (!resolver->stopping) keep(resolver, entry, &found);
}

/* Notes the result and hands it to those who wait. A refusal replaces a good answer, a failure does not. */
static void keep(struct resolver *resolver, struct entry *entry, const struct resolve_answer *found)
{
    (void)resolver;
    int64_t now_us = clock_now_us();
    bool replaces = found->fault != FAULT_NAME || !entry->known || entry->answer.fault == FAULT_NAME;
    if (replaces) {
        entry->answer = *found;
        entry->good_us = now_us;
    }
    entry->checked_us = now_us;
    entry->known = true;
    while (entry->waiting) {
        struct resolve_query *query = entry->waiting;
        struct endpoint *endpoint = query->endpoint;
        entry->waiting = query->next;
        query->entry = NULL;
        query->next = NULL;
        query->answer = entry->answer;
        *endpoint->done_end = query;
        endpoint->done_end = &query->next;
        ssize_t written = write(endpoint->fd, &(uint64_t){1}, sizeof(uint64_t));
        check(written == (ssize_t)sizeof(uint64_t), "eventfd errno %d", errno);
    }
}

/* --- the rule --- */

struct prefix {
    unsigned char at[8];
    unsigned bits;
};

/* The IANA special-purpose registries (RFC 6890 and successors), multicast (RFC 5771) and class E. */
static const struct prefix not_public_v4[] = {
    {{0}, 8},
    {{10}, 8},
    {{100, 64}, 10},
    {{127}, 8},
    {{169, 254}, 16},
    {{172, 16}, 12},
    {{192, 0, 0}, 24},
    {{192, 0, 2}, 24},
    {{192, 88, 99}, 24},
    {{192, 168}, 16},
    {{198, 18}, 15},
    {{198, 51, 100}, 24},
    {{203, 0, 113}, 24},
    {{224}, 4},
    {{240}, 4},
};

/* Of IPv6 only 2000::/3 is global unicast (RFC 4291), so v4-mapped, NAT64, unique local, link-local and multicast
 * addresses are out by that alone. Inside it: IETF protocols (2001::/23, Teredo included), documentation, 6to4,
 * documentation. */
static const struct prefix not_public_v6[] = {
    {{0x20, 0x01, 0x00}, 23},
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x02}, 16},
    {{0x3f, 0xff, 0x00}, 20},
};

static bool lies_in(const unsigned char *address, const struct prefix *prefix)
{
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
    if (memcmp(address, prefix->at, whole) != 0) return false;
    return rest == 0 || ((address[whole] ^ prefix->at[whole]) >> (8 - rest)) == 0;
}

static bool lies_in_any(const unsigned char *address, const struct prefix *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lies_in(address, &list[i])) return true;
    return false;
}

bool resolve_is_public(const void *sockaddr)
{
    sa_family_t family = ((const struct sockaddr *)sockaddr)->sa_family;
    if (family == AF_INET) {
        const unsigned char *v4 = (const unsigned char *)&((const struct sockaddr_in *)sockaddr)->sin_addr;
        return !lies_in_any(v4, not_public_v4, sizeof not_public_v4 / sizeof not_public_v4[0]);
    }
    if (family != AF_INET6) return false;
    const unsigned char *v6 = ((const struct sockaddr_in6 *)sockaddr)->sin6_addr.s6_addr;
    if ((v6[0] & 0xe0) != 0x20) return false;
    return !lies_in_any(v6, not_public_v6, sizeof not_public_v6 / sizeof not_public_v6[0]);
}

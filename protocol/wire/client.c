/* Calls and origins; what happens on one connection is in client_link.c.
 *
 * The end of a call follows from one number: bytes of the request the kernel has taken. None: NOT_SENT, whatever the
 * fault. Any: UNKNOWN, unless a whole response came. (With TLS a record counts when it was handed over whole; before
 * that the peer cannot open it.) A call that came to its end inside client_send is told from the loop's later list. */
#include "protocol/wire/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "protocol/base/check.h"
#include "protocol/wire/client_link.h"

const struct client_options client_options_default = {
    .idle_max = 64,
    .calls_max = 65536,
    .idle_us = 55000000,
    .live_us = 1000000,
    .park_us = 1000000,
    .body_max = 65536,
    .http = {.head_max = 16384, .target_max = 2048, .fields_max = HTTP_FIELDS_MAX},
};

static void on_deadline(void *arg);
static void on_call_later(struct loop_later *later);
static void on_freed(struct loop_later *later);
static void free_client(struct client *client);
static void start(struct call *call);
static void tell(struct call *call, struct client_result *result);

/* --- the client --- */

enum fault client_open(struct loop *loop, const struct client_options *options, struct client **client)
{
    struct client *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->loop = loop;
    made->options = *options;
    table_init(&made->origin_table);
    if (made->options.tls) tls_context_take(made->options.tls);
    enum fault fault = slots_open(&made->calls, sizeof(struct call), options->calls_max);
    if (fault != FAULT_NONE) {
        free_client(made);
        return fault;
    }
    *client = made;
    return FAULT_NONE;
}

void client_close(struct client **client)
{
    struct client *gone = *client;
    *client = NULL;
    if (!gone) return;
    for (uint32_t i = 0; i < gone->calls.made; i++) {
        struct call *call = slots_at(&gone->calls, i);
        call->silent = true; /* one whose end waits in the later list */
        if (call->timer) loop_timer_off(call->timer);
    }
    for (struct client_link *link = gone->links, *next; link; link = next) {
        next = link->next;
        client_link_drop(link);
    }
    loop_later(gone->loop, &gone->later, on_freed); /* behind its links and calls, which wait in the same list */
}

static void on_freed(struct loop_later *later)
{
    free_client((struct client *)((char *)later - offsetof(struct client, later)));
}

static void free_client(struct client *client)
{
    struct call *call;
    for (uint32_t i = 0; (call = slots_at(&client->calls, i)) != NULL; i++) loop_timer_close(&call->timer);
    slots_close(&client->calls);
    for (struct client_reply *reply = client->spare, *next; reply; reply = next) {
        next = reply->next;
        incoming_free(&reply->incoming);
        free(reply);
    }
    for (uint32_t i = 0; i < client->origins_count; i++) {
        free(client->origins[i]->key);
        free(client->origins[i]);
    }
    free(client->origins);
    table_free(&client->origin_table);
    tls_context_drop(&client->options.tls);
    free(client);
}

void client_swap_tls(struct client *client, struct tls_context *tls)
{
    if (tls) tls_context_take(tls);
    tls_context_drop(&client->options.tls);
    client->options.tls = tls;
}

void client_counts(const struct client *client, struct client_counts *counts)
{
    *counts = client->counts;
    counts->busy = client->calls.used + client->parked;
}

/* --- origins --- */

static struct client_origin *add_origin(struct client *client, const char *key)
{
    if (client->origins_count == client->origins_cap) {
        uint32_t cap = client->origins_cap ? client->origins_cap * 2 : 16;
        struct client_origin **origins = realloc(client->origins, cap * sizeof(struct client_origin *));
        if (!origins) return NULL;
        client->origins = origins;
        client->origins_cap = cap;
    }
    struct client_origin *origin = calloc(1, sizeof *origin);
    if (!origin) return NULL;
    origin->key = strdup(key);
    if (!origin->key || table_put(&client->origin_table, bytes_of(origin->key), client->origins_count) != FAULT_NONE) {
        free(origin->key);
        free(origin);
        return NULL;
    }
    client->origins[client->origins_count++] = origin;
    return origin;
}

struct client_origin *client_origin(struct client *client, const char *scheme, const char *host, unsigned port)
{
    char name[CLIENT_HOST_MAX], key[CLIENT_HOST_MAX + 24];
    size_t len = strlen(host);
    bool brackets = len >= 2 && host[0] == '[' && host[len - 1] == ']';
    bool is_tls = strcasecmp(scheme, "https") == 0;
    check(is_tls || strcasecmp(scheme, "http") == 0, "scheme %s", scheme);
    check(len > 0 && len < sizeof name && port <= 65535, "host of %zu bytes, port %u", len, port);
    if (brackets) {
        host++;
        len -= 2;
    }
    for (size_t i = 0; i < len; i++) name[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] + 32 : host[i]);
    name[len] = '\0';
    if (port == 0) port = is_tls ? 443 : 80;
    snprintf(key, sizeof key, "%s:%s:%u", is_tls ? "https" : "http", name, port);
    uint32_t found = table_find(&client->origin_table, bytes_of(key));
    if (found != TABLE_NONE) return client->origins[found];
    struct client_origin *origin = add_origin(client, key);
    if (!origin) return NULL;
    origin->client = client;
    origin->is_tls = is_tls;
    origin->port = port;
    memcpy(origin->host, name, len + 1);
    return origin;
}

void client_warm(struct client *client, struct client_origin *origin, unsigned count)
{
    if (count > client->options.idle_max) count = client->options.idle_max;
    for (unsigned open = origin->links; open < count; open++)
        if (!client_link_open(origin, NULL)) return; /* a floor is a wish: calls open what they need */
}

/* --- calls --- */

uint64_t client_send(struct client *client, const struct client_call *wanted, enum fault *fault)
{
    uint64_t id;
    check(wanted->parts_count > 0 && wanted->parts_count <= CLIENT_PARTS_MAX, "%d parts", wanted->parts_count);
    check(wanted->origin->client == client && !client->in_send);
    *fault = FAULT_FULL;
    if (client->calls.used + client->parked >= client->options.calls_max) return 0;
    *fault = FAULT_MEMORY;
    struct call *call = slots_take(&client->calls, &id);
    if (!call) return 0;
    struct loop_timer *timer = call->timer;
    *call = (struct call){.client = client, .id = id, .wanted = *wanted, .timer = timer};
    if (!call->timer && loop_timer_open(client->loop, on_deadline, call, &call->timer) != FAULT_NONE) {
        slots_give(&client->calls, id);
        return 0;
    }
    for (int i = 0; i < wanted->parts_count; i++) call->total += wanted->parts[i].iov_len;
    *fault = FAULT_NONE;
    client->counts.calls++;
    client->in_send = true;
    if (wanted->deadline_us <= loop_now_us(client->loop)) {
        client_call_end(call, FAULT_TIMEOUT);
    } else {
        loop_timer_at(call->timer, wanted->deadline_us);
        start(call);
    }
    client->in_send = false;
    return id;
}

/* The last used link; for a post only while it is fresh and quiet. */
static struct client_link *pick(struct call *call)
{
    struct client_origin *origin = call->wanted.origin;
    while (origin->idle_first) {
        struct client_link *link = origin->idle_first;
        if (!call->wanted.fresh_or_live) return link;
        if (loop_now_us(call->client->loop) - link->idle_since_us >= origin->client->options.live_us) return NULL;
        if (conn_is_quiet(link->conn)) return link;
        client_link_drop(link);
    }
    return NULL;
}

static void start(struct call *call)
{
    struct client_link *link = pick(call);
    if (link)
        client_link_carry(link, call);
    else
        client_call_move(call);
}

void client_call_move(struct call *call)
{
    call->link = NULL;
    call->reused = false;
    if (!client_link_open(call->wanted.origin, call)) client_call_end(call, FAULT_MEMORY);
}

bool client_call_retry(struct call *call)
{
    if (!call->wanted.retry_stale || call->retried || !call->reused) return false;
    call->retried = true;
    call->sent = 0;
    call->sent_us = 0;
    call->client->counts.retries++;
    client_call_move(call);
    return true;
}

void client_cancel(struct client *client, uint64_t id)
{
    struct call *call = slots_find(&client->calls, id);
    if (!call) return;
    if (call->ended) {
        call->silent = true;
        return;
    }
    loop_timer_off(call->timer);
    if (call->link) client_link_park(call->link);
    slots_give(&client->calls, id);
}

static void on_deadline(void *arg)
{
    struct call *call = arg;
    if (call->link) client_link_park(call->link);
    client_call_end(call, FAULT_TIMEOUT);
}

/* --- ends --- */

void client_call_end(struct call *call, enum fault fault)
{
    call->link = NULL;
    call->fault = fault;
    loop_timer_off(call->timer);
    if (call->client->in_send) {
        call->ended = true;
        loop_later(call->client->loop, &call->later, on_call_later);
        return;
    }
    struct client_result result = {.end = call->sent ? CLIENT_UNKNOWN : CLIENT_NOT_SENT, .fault = fault};
    tell(call, &result);
}

static void on_call_later(struct loop_later *later)
{
    struct call *call = (struct call *)((char *)later - offsetof(struct call, later));
    struct client_result result = {.end = call->sent ? CLIENT_UNKNOWN : CLIENT_NOT_SENT, .fault = call->fault};
    if (call->silent)
        slots_give(&call->client->calls, call->id);
    else
        tell(call, &result);
}

void client_call_answered(struct call *call, struct client_reply *reply)
{
    struct client_result result = {
        .end = CLIENT_ANSWERED,
        .head = &reply->incoming.head,
        .body = incoming_content(&reply->incoming),
    };
    call->link = NULL;
    loop_timer_off(call->timer);
    tell(call, &result);
}

/* The slot goes back first, so that the callback may send again with it. */
static void tell(struct call *call, struct client_result *result)
{
    struct client *client = call->client;
    void (*on_done)(void *, uint64_t, const struct client_result *) = call->wanted.on_done;
    void *arg = call->wanted.arg;
    uint64_t id = call->id;
    result->sent_us = call->sent_us;
    result->done_us = loop_now_us(client->loop);
    result->reused = call->reused;
    slots_give(&client->calls, id);
    on_done(arg, id, result);
}

/* --- URLs --- */

static bool split_authority(struct bytes authority, bool is_tls, struct bytes *host, unsigned *port)
{
    uint64_t number = is_tls ? 443 : 80;
    bool brackets = authority.len && authority.at[0] == '[';
    size_t end = bytes_find(authority, brackets ? ']' : ':');
    if (brackets && end == authority.len) return false;
    *host = brackets ? bytes_from(bytes_first(authority, end), 1) : bytes_first(authority, end);
    struct bytes rest = bytes_from(authority, brackets ? end + 1 : end);
    if (rest.len && (rest.at[0] != ':' || !bytes_u64(bytes_from(rest, 1), &number))) return false;
    if (number == 0 || number > 65535 || host->len == 0 || host->len >= CLIENT_HOST_MAX) return false;
    *port = (unsigned)number;
    for (size_t i = 0; i < host->len; i++) {
        char c = host->at[i];
        bool hex = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f') || c == ':' || c == '.';
        bool name = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.' || c == '_';
        if (brackets ? !hex : !name) return false;
    }
    return true;
}

bool client_split_url(struct bytes url, struct bytes *scheme, struct bytes *host, unsigned *port, struct bytes *target)
{
    size_t colon = bytes_find(url, ':');
    struct bytes name = bytes_first(url, colon), rest = bytes_from(url, colon);
    bool is_tls = bytes_same_folded(name, BYTES("https"));
    if (!is_tls && !bytes_same_folded(name, BYTES("http"))) return false;
    if (!bytes_starts(rest, BYTES("://"))) return false;
    rest = bytes_from(rest, 3);
    size_t end = 0;
    while (end < rest.len && rest.at[end] != '/' && rest.at[end] != '?') end++;
    *scheme = is_tls ? BYTES("https") : BYTES("http");
    if (!split_authority(bytes_first(rest, end), is_tls, host, port)) return false;
    *target = end == rest.len ? BYTES("/") : bytes_from(rest, end);
    if (target->at[0] != '/') return false; /* a query needs a path before it */
    for (size_t i = 0; i < target->len; i++)
        if (target->at[i] <= 0x20 || target->at[i] >= 0x7f || target->at[i] == '#') return false;
    return true;
}

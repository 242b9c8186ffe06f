/* One thread's whole life: built by main, run until it is told to drain, closed by main. Other threads reach it by mail
 * only. */
#include "exchange/worker/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/base/log.h"
#include "exchange/worker/held.h"
#include "protocol/base/check.h"

#define MAIL_MAX 64u
#define TRACE_ROOM (256u << 10)
#define CALLS_MAX 65536u
#define IDLE_MAX 256u /* kept connections per origin: many contracts often share one platform's host */
#define DRAIN_LOOK_US 10000
#define DRAIN_WRITE_US 250000 /* after the drain's time: for the last answers to leave */

static void on_head(void *arg, struct server_request *request);
static void on_piece(void *arg, struct server_request *request, struct bytes piece, bool is_last);
static void on_request(void *arg, struct server_request *request);
static void on_admin_request(void *arg, struct server_request *request);
static void on_gone(void *arg, struct server_request *request);
static void on_turned_away(void *arg);
static void on_refused(void *arg, enum http_error error, struct server_answer *answer);
static void on_mail(void *arg);
static void on_auction_time(void *arg);
static void on_drain_time(void *arg);

static enum fault open_server(struct worker *worker, const char *address, bool is_admin, struct tls_context *tls,
                              struct tls_note *note)
{
    struct server_options options = {.address = address,
                                     .reuse_port = !is_admin,
                                     .tls = tls,
                                     .limits = worker->hall->limits,
                                     .handler = {.on_head = is_admin ? NULL : on_head,
                                                 .on_piece = on_piece,
                                                 .on_request = is_admin ? on_admin_request : on_request,
                                                 .on_gone = on_gone,
                                                 .on_turned_away = on_turned_away,
                                                 .on_refused = on_refused,
                                                 .arg = worker}};
    /* Workers share an address by SO_REUSEPORT, by which another exchange could share it too, and take half of the
     * leads. */
    enum fault fault = options.reuse_port && worker->number == 0 ? server_probe(address, note) : FAULT_NONE;
    if (fault) return fault;
    fault = server_open(worker->loop, &options, &worker->servers[worker->servers_count], note);
    if (!fault) worker->servers_count++;
    return fault;
}

static enum fault open_servers(struct worker *worker, const struct worker_options *options, struct tls_note *note)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < options->listen_count && !fault; i++)
        fault = open_server(worker, options->listen[i], false, options->server_tls, note);
    worker->has_admin = options->admin != NULL;
    if (!fault && options->admin)
        fault = open_server(worker, options->admin, true, options->admin_tls ? options->server_tls : NULL, note);
    return fault;
}

static enum fault open_parts(struct worker *worker, const struct worker_options *options)
{
    struct hall *hall = worker->hall;
    struct client_options client = client_options_default;
    client.resolver = hall->resolver;
    client.tls = options->client_tls;
    client.calls_max = CALLS_MAX;
    client.idle_max = IDLE_MAX;
    struct desk_options desk = {.standing = hall->standing,
                                .number = (uint16_t)(256u + worker->number),
                                .on_reply = world_on_reply,
                                .seed = hall->id_seed ? hall->id_seed + 1000 + worker->number : 0,
                                .arg = worker};
    enum fault fault = loop_open(&worker->loop);
    if (!fault) fault = mailbox_open(sizeof(struct mail), MAIL_MAX, &worker->mailbox);
    if (!fault) fault = mailbox_attend(worker->mailbox, worker->loop, on_mail, worker);
    if (!fault) fault = client_open(worker->loop, &client, &worker->client);
    desk.client = worker->client;
    desk.loop = worker->loop;
    if (!fault) fault = desk_open(&desk, &worker->desk);
    if (!fault) fault = ledger_line_open(hall->ledger, worker->loop, &worker->line);
    if (!fault) fault = slots_open(&worker->held, sizeof(struct held) + auction_size(), WORKER_AUCTIONS_MAX);
    if (!fault) fault = loop_timer_open(worker->loop, on_drain_time, worker, &worker->drain_timer);
    if (!fault && worker->number == 0) fault = onward_start(worker);
    return fault;
}

enum fault worker_open(const struct worker_options *options, struct worker **opened, struct tls_note *note)
{
    struct worker *worker = calloc(1, sizeof *worker);
    enum fault fault = FAULT_MEMORY;
    *opened = NULL;
    snprintf(note->text, sizeof note->text, "%s", "out of memory");
    if (!worker) return FAULT_MEMORY;
    worker->hall = options->hall;
    worker->front = options->front;
    worker->number = options->number;
    ident_maker_init(&worker->ids, (uint16_t)options->number,
                     options->hall->id_seed ? options->hall->id_seed + options->number : 0);
    worker->trace_buffer = malloc(TRACE_ROOM);
    worker->seed_mac = mac_open((struct bytes){(const char *)options->hall->seed_key.at, DIGEST_LEN});
    worker->document_mac = mac_open((struct bytes){(const char *)options->hall->document_key.at, DIGEST_LEN});
    if (!worker->trace_buffer || !worker->seed_mac || !worker->document_mac) goto fail;
    fault = open_parts(worker, options);
    if (fault) {
        snprintf(note->text, sizeof note->text, "%s", fault_text(fault));
        goto fail;
    }
    worker->catalogue = hall_catalogue(options->hall);
    worker->shelf = hall_shelf(options->hall);
    worker->lines = lines_open(worker->client, worker->catalogue, &options->hall->reference_key);
    fault = FAULT_MEMORY;
    if (!worker->lines) goto fail;
    fault = worker->number == 0 ? asking_open(worker) : FAULT_NONE;
    if (!fault) fault = open_servers(worker, options, note);
    if (fault) goto fail;
    *opened = worker;
    return FAULT_NONE;
fail:
    worker_close(&worker);
    return fault;
}

static void close_held(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->held.made; i++) {
        struct held *held = slots_at(&worker->held, i);
        if (!held->is_made) continue;
        if (held->lines) lines_drop(&held->lines);
        auction_fini(held_auction(held));
        loop_timer_close(&held->timer);
    }
    slots_close(&worker->held);
}

void worker_close(struct worker **closed)
{
    struct worker *worker = *closed;
    *closed = NULL;
    for (unsigned i = 0; i < worker->servers_count; i++) server_close(&worker->servers[i]);
    asking_stop(worker);
    if (worker->desk) desk_close(&worker->desk);
    close_held(worker);
    if (worker->lines) lines_drop(&worker->lines);
    if (worker->catalogue) catalogue_drop(&worker->catalogue);
    shelf_drop(&worker->shelf);
    if (worker->client) client_close(&worker->client);
    if (worker->line) ledger_line_close(&worker->line);
    asking_close(worker);
    if (worker->drain_timer) loop_timer_close(&worker->drain_timer);
    onward_stop(worker);
    if (worker->mailbox) mailbox_close(&worker->mailbox);
    if (worker->loop) loop_close(&worker->loop);
    if (worker->seed_mac) mac_close(&worker->seed_mac);
    if (worker->document_mac) mac_close(&worker->document_mac);
    free(worker->trace_buffer);
    resume_forget(worker);
    onward_forget(worker);
    free(worker);
}

static void *live(void *arg)
{
    struct worker *worker = arg;
    if (worker->number == 0) resume_all(worker);
    loop_run(worker->loop);
    return NULL;
}

enum fault worker_start(struct worker *worker)
{
    sigset_t all, before; /* signals are main's */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    worker->is_running = pthread_create(&worker->thread, NULL, live, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return worker->is_running ? FAULT_NONE : FAULT_SYSTEM;
}

void worker_join(struct worker *worker)
{
    if (worker->is_running) pthread_join(worker->thread, NULL);
    worker->is_running = false;
}

/* Mail ---------------------------------------------------------------------------------------------------------------
 */

static void post(struct worker *worker, const struct mail *mail)
{
    /* A full box means a worker that has not turned its loop for 64 letters; the letters are rare, so waiting is right.
     */
    struct timespec pause = {0, 1000000};
    while (!mailbox_send(worker->mailbox, mail)) nanosleep(&pause, NULL);
}

void worker_tell_catalogue(struct worker *worker)
{
    post(worker, &(struct mail){.kind = MAIL_CATALOGUE});
}

void worker_tell_shelf(struct worker *worker)
{
    post(worker, &(struct mail){.kind = MAIL_SHELF});
}

void worker_tell_tls(struct worker *worker, struct tls_context *server, struct tls_context *client)
{
    if (server) tls_context_take(server);
    if (client) tls_context_take(client);
    post(worker, &(struct mail){.kind = MAIL_TLS, .server_tls = server, .client_tls = client});
}

void worker_drain(struct worker *worker, int64_t limit_us)
{
    post(worker, &(struct mail){.kind = MAIL_DRAIN, .limit_us = limit_us});
}

void worker_tell_reloaded(struct worker *worker, void *waiter, bool good, char *text)
{
    post(worker, &(struct mail){.kind = MAIL_RELOADED, .waiter = waiter, .good = good, .text = text});
}

static void take_catalogue(struct worker *worker)
{
    struct catalogue *fresh = hall_catalogue(worker->hall);
    struct lines *lines = lines_open(worker->client, fresh, &worker->hall->reference_key);
    if (!lines) { /* the old snapshot goes on serving here */
        log_line(LOG_ERROR, "worker.reload_failed", "why", "out of memory", NULL);
        catalogue_drop(&fresh);
        return;
    }
    lines_drop(&worker->lines);
    catalogue_drop(&worker->catalogue);
    worker->lines = lines;
    worker->catalogue = fresh;
}

static void take_tls(struct worker *worker, struct mail *mail)
{
    unsigned publics = worker->servers_count - (worker->has_admin ? 1 : 0);
    for (unsigned i = 0; mail->server_tls && i < publics; i++) server_swap_tls(worker->servers[i], mail->server_tls);
    if (mail->client_tls) client_swap_tls(worker->client, mail->client_tls);
    if (mail->server_tls) tls_context_drop(&mail->server_tls);
    if (mail->client_tls) tls_context_drop(&mail->client_tls);
}

static void begin_drain(struct worker *worker, int64_t limit_us)
{
    worker->drain_by_us = loop_now_us(worker->loop) + limit_us;
    for (unsigned i = 0; i < worker->servers_count; i++) server_drain(worker->servers[i]);
    loop_timer_at(worker->drain_timer, loop_now_us(worker->loop));
}

static void on_mail(void *arg)
{
    struct worker *worker = arg;
    struct mail mail;
    while (mailbox_take(worker->mailbox, &mail)) {
        if (mail.kind == MAIL_CATALOGUE) take_catalogue(worker);
        if (mail.kind == MAIL_SHELF) {
            shelf_drop(&worker->shelf);
            worker->shelf = hall_shelf(worker->hall);
        }
        if (mail.kind == MAIL_TLS) take_tls(worker, &mail);
        if (mail.kind == MAIL_DRAIN) begin_drain(worker, mail.limit_us);
        if (mail.kind == MAIL_RELOADED) {
            worker->front->on_reloaded(worker, mail.waiter, mail.good, mail.text);
            free(mail.text);
        }
    }
}

/* Looks whether all is done; when the time is over every open story is told so, and ends by itself. What is still lent
 * then waits for something other than a story (main, the reader, a client that does not read) and is not waited for. */
static void on_drain_time(void *arg)
{
    struct worker *worker = arg;
    unsigned requests = 0;
    int64_t now_us = loop_now_us(worker->loop);
    for (unsigned i = 0; i < worker->servers_count; i++) requests += server_requests(worker->servers[i]);
    if (now_us >= worker->drain_by_us && !worker->drained) {
        worker->drained = true;
        for (uint32_t i = 0; i < worker->held.made; i++)
            if (slots_live(&worker->held, i)) auction_on_drained(held_auction(slots_at(&worker->held, i)));
    }
    if (now_us >= worker->drain_by_us + DRAIN_WRITE_US) requests = 0;
    if (worker->held.used == 0 && requests == 0)
        loop_stop(worker->loop);
    else
        loop_timer_at(worker->drain_timer, now_us + DRAIN_LOOK_US);
}

/* Requests and auctions ----------------------------------------------------------------------------------------------
 */

static void on_head(void *arg, struct server_request *request)
{
    struct worker *worker = arg;
    worker->front->on_head(worker, request);
}

static void on_piece(void *arg, struct server_request *request, struct bytes piece, bool is_last)
{
    struct worker *worker = arg;
    worker->front->on_piece(worker, request, piece, is_last);
}

static void on_request(void *arg, struct server_request *request)
{
    struct worker *worker = arg;
    worker->front->on_request(worker, request, false);
}

static void on_admin_request(void *arg, struct server_request *request)
{
    struct worker *worker = arg;
    worker->front->on_request(worker, request, true);
}

/* An owner is an auction's place (its id, odd tag) or a waiter of the front's (a pointer, even). */
static void *tag_of(const struct held *held)
{
    return (void *)(uintptr_t)((held->id << 1) | 1u);
}

static void on_gone(void *arg, struct server_request *request)
{
    struct worker *worker = arg;
    uintptr_t owner = (uintptr_t)server_owner(request);
    if (owner == 0) return;
    if ((owner & 1u) == 0) {
        worker->front->on_gone(worker, (void *)owner);
        return;
    }
    struct held *held = slots_find(&worker->held, slots_live(&worker->held, (uint32_t)(owner >> 1)));
    if (!held || held->request != request) return;
    held->request = NULL;
    tally_add(&worker->tally, TALLY_GONE, 1);
    auction_on_affiliate_gone(held_auction(held));
}

static void on_turned_away(void *arg)
{
    tally_add(&((struct worker *)arg)->tally, TALLY_TURNED_AWAY, 1);
}

static void on_refused(void *arg, enum http_error error, struct server_answer *answer)
{
    struct worker *worker = arg;
    tally_add(&worker->tally, TALLY_REFUSED, 1);
    worker->front->on_refused(worker, error, answer);
}

void worker_wait(struct server_request *request, void *waiter)
{
    check(((uintptr_t)waiter & 1u) == 0);
    server_set_owner(request, waiter);
}

static void on_auction_time(void *arg)
{
    auction_on_time(held_auction(arg));
}

struct held *worker_hold(struct worker *worker, struct server_request *request)
{
    uint64_t id;
    struct held *held = slots_take(&worker->held, &id);
    if (!held) return NULL;
    held->id = id;
    if (!held->is_made) {
        held->worker = worker;
        if (loop_timer_open(worker->loop, on_auction_time, held, &held->timer)) {
            slots_give(&worker->held, id);
            return NULL;
        }
        auction_init(held_auction(held), &world_host, worker);
        held->is_made = true;
    }
    held->request = request;
    if (request) server_set_owner(request, tag_of(held));
    atomic_store_explicit(&worker->in_flight, worker->held.used, memory_order_relaxed);
    return held;
}

struct auction *held_auction(struct held *held)
{
    return (struct auction *)held->auction;
}
void held_set_context(struct held *held, void *context)
{
    held->context = context;
}

void held_release_answered(struct held *held)
{
    held->request = NULL;
    auction_abandon(held_auction(held));
}

void held_open(struct held *held, struct auction_request *request)
{
    struct worker *worker = held->worker;
    request->catalogue = worker->catalogue;
    held->affiliate = request->affiliate ? request->affiliate->id : BYTES_NONE;
    held->lines = worker->lines;
    lines_take(held->lines);
    auction_open(held_auction(held), request);
}

/* For the front and for other threads
 * ---------------------------------------------------------------------------------- */

unsigned worker_number(const struct worker *worker)
{
    return worker->number;
}
struct hall *worker_hall(struct worker *worker)
{
    return worker->hall;
}
struct catalogue *worker_catalogue(struct worker *worker)
{
    return worker->catalogue;
}
struct tally *worker_own_tally(struct worker *worker)
{
    return &worker->tally;
}
struct ledger_line *worker_line(struct worker *worker)
{
    return worker->line;
}
int64_t worker_now_us(struct worker *worker)
{
    return loop_now_us(worker->loop);
}
struct ident worker_make_id(struct worker *worker)
{
    return ident_make(&worker->ids, clock_wall_ms());
}
const struct tally *worker_tally(const struct worker *worker)
{
    return &worker->tally;
}

unsigned worker_in_flight(const struct worker *worker)
{
    return atomic_load_explicit(&worker->in_flight, memory_order_relaxed);
}

struct client_counts worker_client_counts(struct worker *worker)
{
    struct client_counts counts;
    client_counts(worker->client, &counts);
    return counts;
}

const char *worker_address(const struct worker *worker, unsigned index)
{
    return server_address(worker->servers[index]);
}
const char *worker_admin_address(const struct worker *worker)
{
    return server_address(worker->servers[worker->servers_count - 1]);
}

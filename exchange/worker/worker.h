/* worker: one thread, one loop: its listening sockets, its connections to buyers, its auctions, its line to the ledger.
 * Joins the rooms below and implements auction/host.h over them.
 *
 * Above it stands a front (the api): it is lent requests, opens auctions for them, and writes the answers. Everything
 * runs on the worker's thread but what says otherwise. */
#pragma once

#include "exchange/auction/auction.h"
#include "exchange/buyers/call.h"
#include "exchange/worker/hall.h"

#define WORKER_LISTEN_MAX 4u
#define WORKER_AUCTIONS_MAX 32768u

struct worker;
struct held; /* one auction's place, and the request it will answer */

/* What stands above the worker. A request is answered by the front, at once or later, or when its auction answers. */
struct worker_front {
    /* As the server's on_head and on_piece, on the public listeners. */
    void (*on_head)(struct worker *worker, struct server_request *request);
    void (*on_piece)(struct worker *worker, struct server_request *request, struct bytes piece, bool is_last);
    void (*on_request)(struct worker *worker, struct server_request *request, bool is_admin);
    void (*on_answer)(struct worker *worker, struct server_request *request, void *context,
                      const struct auction_answer *answer);
    /* A request that waits for something other than an auction lost its affiliate; `waiter` is what worker_wait set. */
    void (*on_gone)(struct worker *worker, void *waiter);
    void (*on_refused)(struct worker *worker, enum http_error error, struct server_answer *answer);
    /* What a request asked main for is over, or an upload goes on; `text` says what was found. */
    void (*on_reloaded)(struct worker *worker, void *waiter, bool good, const char *text);
};

struct worker_options {
    struct hall *hall;
    const struct worker_front *front;
    unsigned number;
    const char *listen[WORKER_LISTEN_MAX]; /* public addresses */
    unsigned listen_count;
    const char *admin;              /* NULL: not on this worker */
    struct tls_context *server_tls; /* NULL: plain */
    bool admin_tls;
    struct tls_context *client_tls;
};

/* Binds and builds everything, on the calling thread. */
enum fault worker_open(const struct worker_options *options, struct worker **worker, struct tls_note *note) MUST_USE;
enum fault worker_start(struct worker *worker) MUST_USE;
/* Any thread: no new work, open work finished; after `limit_us` open posts become doubts. The thread then ends. */
void worker_drain(struct worker *worker, int64_t limit_us);
void worker_join(struct worker *worker);
void worker_close(struct worker **worker);
/* Any thread. */
void worker_tell_catalogue(struct worker *worker);
void worker_tell_shelf(struct worker *worker);
void worker_tell_tls(struct worker *worker, struct tls_context *server, struct tls_context *client);
/* Takes over `text` (from malloc). */
void worker_tell_reloaded(struct worker *worker, void *waiter, bool good, char *text);
const struct tally *worker_tally(const struct worker *worker);
unsigned worker_in_flight(const struct worker *worker);
/* The address in use (for port 0): public listener `index`, or the admin listener. */
const char *worker_address(const struct worker *worker, unsigned index);
const char *worker_admin_address(const struct worker *worker);

/* For the front.
 * ---------------------------------------------------------------------------------------------------------- */
struct hall *worker_hall(struct worker *worker);
struct catalogue *worker_catalogue(struct worker *worker); /* borrowed; take it to keep it over a turn */
struct tally *worker_own_tally(struct worker *worker);
struct ledger_line *worker_line(struct worker *worker);
struct client_counts worker_client_counts(struct worker *worker); /* any thread, roughly */
int64_t worker_now_us(struct worker *worker);
struct ident worker_make_id(struct worker *worker);
/* Turns a plain hash into the keyed one that is kept. */
void worker_keyed(struct worker *worker, struct digest *digest);

/* A place for an auction that will answer `request` (NULL: nobody waits). NULL: all are taken (busy). */
struct held *worker_hold(struct worker *worker, struct server_request *request);
struct auction *held_auction(struct held *held);
/* The front's own memory for the answer; lives in the auction's arena. */
void held_set_context(struct held *held, void *context);
/* Gives the place back unopened; its request has been answered. */
void held_release_answered(struct held *held);
/* Opens the story on the worker's snapshot (request->catalogue is set here). */
void held_open(struct held *held, struct auction_request *request);
/* Opens the story of a lead again from the book (its doubt was resolved as a rejection). */
void worker_resume(struct worker *worker, const struct ident *lead_id);
unsigned worker_number(const struct worker *worker);
/* Ties the request to something of the front's that is not an auction; NULL unties it. */
void worker_wait(struct server_request *request, void *waiter);

/* hall: what all workers share: standing state, offers, claims, ledger, resolver, keys; and the catalogue that serves
 * now.
 *
 * Made by main before the workers, closed after them. The catalogue is swapped under a lock and handed to each worker
 * by mailbox; a worker takes its own count, so nobody waits for anybody. */
#pragma once

#include <pthread.h>

#include "exchange/base/tally.h"
#include "exchange/ledger/ledger.h"
#include "exchange/standing/claims.h"
#include "exchange/standing/holds.h"
#include "exchange/standing/list.h"
#include "exchange/standing/offers.h"
#include "exchange/worker/uploads.h"
#include "protocol/wire/resolve.h"
#include "protocol/wire/server.h"

#define HALL_WORKERS_MAX 64u
#define HALL_ADMIN_KEYS_MAX 64u
#define HALL_RETIRED_MAX 8u /* snapshots that some auction still stands on */

struct worker;

struct hall {
    struct standing *standing;
    struct offers *offers;
    struct claims *claims;
    struct holds *holds;
    struct ledger *ledger;
    struct resolver *resolver;
    struct digest seed_key;      /* of the draw among ties */
    struct digest reference_key; /* of source_ref; the same over restarts */
    struct digest document_key;  /* of "the same lead" in the book; the same over restarts */
    uint64_t id_seed;            /* 0: ids from the system's random source */
    struct server_limits limits;
    struct digest admin_keys[HALL_ADMIN_KEYS_MAX];
    unsigned admin_keys_count;
    bool admin_is_open; /* a unix socket: no key is asked for */
    int64_t started_ms;

    struct worker *workers[HALL_WORKERS_MAX];
    unsigned workers_count;
    _Atomic bool draining;
    struct tally tally;                     /* of the main thread: what is delivered after the fact */
    _Atomic int64_t certificate_expires_ms; /* of the public listener; 0: plain */

    pthread_mutex_t lock; /* of `catalogue` */
    struct catalogue *catalogue;
    struct shelf *shelf; /* the lists of people that serve now; NULL: none. Under the lock, too */
    /* Main thread only: snapshots that serve no more, kept until nobody else holds them, so that a large one is freed
     * here and never by a worker in the middle of its work. */
    struct catalogue *retired[HALL_RETIRED_MAX];
    unsigned retired_count;
    struct shelf *retired_shelves[HALL_RETIRED_MAX];
    unsigned retired_shelves_count;

    /* Asks main for a reload; the answer comes to that worker as worker_tell_reloaded. False: one is running already.
     * Any thread. */
    bool (*ask_reload)(void *arg, unsigned worker, void *waiter);
    void *ask_reload_arg;
    struct uploads uploads;
    uint64_t list_max; /* bytes of a list's text */
    /* Sends main a piece of an upload. It answers as to a reload, to the upload's waiter: without a text when it wants
     * the next piece, else this is the end of it (an upload that is_gone gets no answer). Any thread. */
    void (*send_upload)(void *arg, struct upload *upload);
};

/* Standing as it is now: what offers held too long has been let go. */
struct standing *hall_standing(struct hall *hall);
/* The snapshot that serves now, with a count for the caller. */
struct catalogue *hall_catalogue(struct hall *hall);
/* Takes over the caller's count of `fresh`, and tells every worker. The old one is retired. Main thread. */
void hall_swap(struct hall *hall, struct catalogue *fresh);
/* Frees the retired snapshots and shelves that nobody else holds (`all`: lets go of every one). True: some are left.
 * Main thread.
 */
bool hall_sweep(struct hall *hall, bool all);
/* The lists that serve now, with a count for the caller; NULL: none. */
struct shelf *hall_shelf(struct hall *hall);
/* Takes over the caller's count of `fresh`, and tells every worker. The old one is retired. Main thread. */
void hall_swap_shelf(struct hall *hall, struct shelf *fresh);
/* New connections get the new certificate: each worker's servers are told. */
void hall_swap_tls(struct hall *hall, struct tls_context *server, struct tls_context *client);
/* Sums over all workers. */
void hall_tally(struct hall *hall, struct tally *sum);
unsigned hall_in_flight(struct hall *hall);

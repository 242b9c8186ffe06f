/* courier: delivers what the book's outbox holds: notices to affiliates and buyers, notices and copies to the addresses
 * that contracts name. One for the process, on the main thread's loop.
 *
 * - At least once, and of one lead in order: a letter leaves the outbox by an entry of the book, written after its
 *   answer; until then it is tried again. A try that failed comes again by the ladder (ladder.h), then it is given up.
 * - Addresses and secrets are those of the catalogue that serves at that moment. Who has no address has its feed only.
 * - Bounded: so many calls at a time, so few for each hearer; an address that fails again and again is left in peace
 * for up to a minute, then tried by one call (circuit.h); one that answers 410 is left alone until the next reload.
 * - Copies hold private data: it is opened for the call, and wiped when that ends. */
#pragma once

#include "exchange/base/tally.h"
#include "exchange/ledger/ledger.h"
#include "exchange/market/catalogue.h"
#include "protocol/wire/client.h"

#define COURIER_CALL_US INT64_C(15000000) /* for one try, from name to answer */

struct courier;

struct courier_options {
    struct loop *loop;
    struct ledger_line *line; /* of that loop; closed before the courier is */
    struct resolver *resolver;
    struct tls_context *tls;
    struct tally *tally;
    struct catalogue *(*catalogue)(void *arg); /* the one that serves, counted for the caller */
    void *arg;
};

enum fault courier_open(const struct courier_options *options, struct courier **courier) MUST_USE;
/* Calls under way end silently: they are made again after the next start. */
void courier_close(struct courier **courier);
/* A catalogue was swapped in: who had said 410 is called again. */
void courier_reloaded(struct courier *courier);
void courier_swap_tls(struct courier *courier, struct tls_context *tls);

/* A claim: first the key (is someone at it right now? did the book see it?), then the offer. Only a key, or an offer
 * that is not open, needs the store; a plain post of an open offer is answered in the same turn. */
#include <stdlib.h>

#include "exchange/worker/held.h"

#define CLAIM_ARENA 32768u

struct claim_job {
    struct worker *worker;
    uint64_t held;
    struct auction_claim claim;
    bool ask_key, ask_ping; /* what is looked up */
    bool found, by_key;
    enum fault fault;
    struct lead_record record;
    struct arena arena;
};

static void tell(struct held *held, const struct auction_claimed *claimed)
{
    auction_on_claimed(held_auction(held), claimed);
}

static void tell_outcome(struct held *held, enum claim_outcome outcome, bool by_key)
{
    struct auction_claimed claimed = {.outcome = outcome, .by_key = by_key};
    tell(held, &claimed);
}

static void look(void *context, struct reader *reader)
{
    struct claim_job *job = context;
    if (job->ask_key) {
        job->fault = reader_lead_of_key(reader, &job->claim.key, &job->arena, &job->record);
        job->found = job->by_key = job->fault == FAULT_NONE && job->record.created_ms > job->claim.key_since_ms;
        if (job->fault == FAULT_NOT_FOUND) job->fault = FAULT_NONE;
    }
    if (job->ask_ping && !job->found && !job->fault) {
        job->fault = reader_lead_of_ping(reader, &job->claim.ping_id, &job->arena, &job->record);
        job->found = job->fault == FAULT_NONE;
        if (job->fault == FAULT_NOT_FOUND) job->fault = FAULT_NONE;
    }
}

static bool is_of(struct held *held, struct bytes affiliate);
static void claim_ping(struct worker *worker, struct held *held, const struct auction_claim *claim, bool looked);

static void on_looked(void *context)
{
    struct claim_job *job = context;
    struct worker *worker = job->worker;
    struct held *held = slots_find(&worker->held, job->held);
    struct auction_claim claim = job->claim;
    bool is_over = true;
    if (!held) {
        if (claim.has_key) claims_drop(worker->hall->claims, &claim.key);
    } else if (job->fault) {
        if (claim.has_key) claims_drop(worker->hall->claims, &claim.key);
        tell_outcome(held, CLAIM_FAILED, false);
    } else if (job->found && !is_of(held, job->record.affiliate)) {
        if (claim.has_key) claims_drop(worker->hall->claims, &claim.key);
        tell_outcome(held, CLAIM_UNKNOWN, false);
    } else if (job->found) {
        if (claim.has_key) claims_drop(worker->hall->claims, &claim.key);
        struct auction_claimed claimed = {.outcome = CLAIM_AGAIN, .by_key = job->by_key, .record = &job->record};
        tell(held, &claimed);
    } else {
        is_over = false;
    }
    bool looked = job->ask_ping;
    arena_free(&job->arena);
    free(job);
    if (is_over) return;
    if (claim.has_ping)
        claim_ping(worker, held, &claim, looked);
    else
        tell_outcome(held, CLAIM_FRESH, false);
}

static void ask_book(struct worker *worker, struct held *held, const struct auction_claim *claim, bool ask_key,
                     bool ask_ping)
{
    struct claim_job *job = calloc(1, sizeof *job);
    if (job) {
        *job = (struct claim_job){
            .worker = worker, .held = held->id, .claim = *claim, .ask_key = ask_key, .ask_ping = ask_ping};
        arena_init(&job->arena, CLAIM_ARENA, CLAIM_ARENA * 32);
        if (ledger_ask(worker->line, look, on_looked, job, 0, false) == FAULT_NONE) return;
        arena_free(&job->arena);
        free(job);
    }
    if (claim->has_key) claims_drop(worker->hall->claims, &claim->key);
    tell_outcome(held, CLAIM_BUSY, false);
}

static bool is_of(struct held *held, struct bytes affiliate)
{
    return bytes_same(held->affiliate, affiliate);
}

/* The offer in memory; `looked`: the book has been asked about this ping and knows no lead of it. */
static void claim_ping(struct worker *worker, struct held *held, const struct auction_claim *claim, bool looked)
{
    char flat[OFFER_BYTES_MAX];
    size_t len = 0;
    struct hall *hall = worker->hall;
    struct offer offer;
    enum offer_state state = offers_look(hall->offers, &claim->ping_id, clock_now_us(), flat, sizeof flat, &len);
    if (state != OFFER_NONE && (!offer_read((struct bytes){flat, len}, &offer) || !is_of(held, offer.affiliate)))
        state = OFFER_NONE;
    else if (state == OFFER_OPEN)
        state = offers_claim(hall->offers, &claim->ping_id, clock_now_us(), flat, sizeof flat, &len);
    if (state == OFFER_OPEN) {
        struct auction_claimed claimed = {.outcome = CLAIM_FRESH, .offer = {flat, len}};
        tell(held, &claimed);
        return;
    }
    if (state != OFFER_CLAIMED && !looked) {
        ask_book(worker, held, claim, false, true);
        return;
    }
    if (claim->has_key) claims_drop(hall->claims, &claim->key);
    if (state == OFFER_CLAIMED)
        tell_outcome(held, CLAIM_IN_FLIGHT, false);
    else
        tell_outcome(held, state == OFFER_NONE ? CLAIM_UNKNOWN : CLAIM_EXPIRED, false);
}

void claim_start(struct worker *worker, struct held *held, const struct auction_claim *claim)
{
    if (!claim->has_key) {
        claim_ping(worker, held, claim, false);
        return;
    }
    switch (claims_take(worker->hall->claims, &claim->key)) {
    case CLAIM_TAKEN:
        ask_book(worker, held, claim, true, false);
        return;
    case CLAIM_HELD:
        tell_outcome(held, CLAIM_IN_FLIGHT, true);
        return;
    case CLAIM_FULL:
        tell_outcome(held, CLAIM_BUSY, false);
        return;
    }
}

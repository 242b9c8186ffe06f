/* A claim: first the key (is someone at it right now? did the book see it?), then the offer. Only a key, or an offer
 * that is not open, needs the store; a plain post of an open offer is answered in the same turn.
 *
 * An offer that has expired is wanted only by a post that asks for a new auction. Its place may have been used again,
 * so it is not the place that tells who is at it, but a claim of its own; then the book tells whether it has a lead,
 * and the trace what it said. */
#include <stdlib.h>

#include "exchange/worker/held.h"
#include "exchange/worker/jump.h"

#define CLAIM_ARENA 32768u

struct claim_job {
    struct worker *worker;
    uint64_t held;
    struct auction_claim claim;
    bool ask_key, ask_ping, ask_offer; /* what is looked up */
    bool found, by_key, has_offer;
    enum fault fault;
    struct lead_record record;
    struct offer offer;
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
    if (job->ask_offer && !job->found && !job->fault) {
        job->fault = reader_offer(reader, &job->claim.ping_id, &job->arena, &job->offer);
        job->has_offer = job->fault == FAULT_NONE;
        if (job->fault == FAULT_NOT_FOUND) job->fault = FAULT_NONE;
    }
}

static bool is_of(struct held *held, struct bytes affiliate);
static void claim_ping(struct worker *worker, struct held *held, const struct auction_claim *claim, bool looked);
static void ask_book(struct worker *worker, struct held *held, const struct auction_claim *claim, bool ask_key,
                     bool ask_ping, bool ask_offer);

/* The name an expired offer's ping goes by among the claims; no idempotency key's digest is made of the like. */
static void name_expired(const struct ident *ping_id, struct digest *name)
{
    struct bytes parts[] = {BYTES("expired offer"), ident_bytes(ping_id)};
    digest_of(name, parts, 2);
}

void claim_drop_expired(struct hall *hall, const struct ident *ping_id)
{
    struct digest name;
    name_expired(ping_id, &name);
    claims_drop(hall->claims, &name);
}

static void drop_claims(struct hall *hall, const struct auction_claim *claim, bool of_expired)
{
    if (claim->has_key) claims_drop(hall->claims, &claim->key);
    if (of_expired) claim_drop_expired(hall, &claim->ping_id);
}

/* A lead of the very ping, or of a later auction in its place: then this one was superseded. */
static void tell_found(struct held *held, const struct claim_job *job)
{
    bool is_superseded = !job->by_key && !job->record.is_one_call &&
                         !offer_is_of(&job->record.offer, &job->claim.ping_id);
    struct auction_claimed claimed = {.outcome = CLAIM_AGAIN, .by_key = job->by_key, .record = &job->record};
    if (!is_of(held, job->record.affiliate))
        tell_outcome(held, CLAIM_UNKNOWN, false);
    else if (is_superseded)
        tell_outcome(held, CLAIM_SUPERSEDED, false);
    else
        tell(held, &claimed);
}

/* The trace has told what the offer said that is no longer in memory. True: the claims are kept. */
static bool tell_expired(struct held *held, const struct claim_job *job)
{
    char flat[OFFER_BYTES_MAX];
    struct sink sink = sink_over(flat, sizeof flat);
    bool is_known = job->has_offer && is_of(held, job->offer.affiliate), is_gone = job->offer.is_superseded;
    if (is_known && !is_gone && job->claim.takes_expired && offer_write(&sink, &job->offer)) {
        tell(held, &(struct auction_claimed){.outcome = CLAIM_FRESH, .is_expired = true, .offer = sink_written(&sink)});
        return true;
    }
    tell_outcome(held, !is_known ? CLAIM_UNKNOWN : is_gone ? CLAIM_SUPERSEDED : CLAIM_EXPIRED, false);
    return false;
}

static void on_looked(void *context)
{
    struct claim_job *job = context;
    struct worker *worker = job->worker;
    struct held *held = slots_find(&worker->held, job->held);
    struct auction_claim claim = job->claim;
    bool looked = job->ask_ping, is_over = !held || job->fault || job->found;
    bool of_expired = job->ask_offer && claim.takes_expired;
    if (is_over) drop_claims(worker->hall, &claim, of_expired);
    if (held && job->fault)
        tell_outcome(held, CLAIM_FAILED, false);
    else if (held && job->found)
        tell_found(held, job);
    else if (held && job->ask_offer) {
        is_over = true;
        if (!tell_expired(held, job)) drop_claims(worker->hall, &claim, of_expired);
    }
    arena_free(&job->arena);
    free(job);
    if (is_over) return;
    if (claim.has_ping)
        claim_ping(worker, held, &claim, looked);
    else
        tell_outcome(held, CLAIM_FRESH, false);
}

static void ask_book(struct worker *worker, struct held *held, const struct auction_claim *claim, bool ask_key,
                     bool ask_ping, bool ask_offer)
{
    struct claim_job *job = calloc(1, sizeof *job);
    if (job) {
        *job = (struct claim_job){.worker = worker,
                                  .held = held->id,
                                  .claim = *claim,
                                  .ask_key = ask_key,
                                  .ask_ping = ask_ping,
                                  .ask_offer = ask_offer};
        arena_init(&job->arena, CLAIM_ARENA, CLAIM_ARENA * 32);
        if (ledger_ask(worker->line, look, on_looked, job, 0, ask_offer && claim->takes_expired) == FAULT_NONE) return;
        arena_free(&job->arena);
        free(job);
    }
    drop_claims(worker->hall, claim, ask_offer && claim->takes_expired);
    tell_outcome(held, CLAIM_BUSY, false);
}

static bool is_of(struct held *held, struct bytes affiliate)
{
    return bytes_same(held->affiliate, affiliate);
}

static void claim_expired(struct worker *worker, struct held *held, const struct auction_claim *claim)
{
    struct digest name;
    name_expired(&claim->ping_id, &name);
    enum claim_result result = claims_take(worker->hall->claims, &name);
    if (result == CLAIM_TAKEN) {
        ask_book(worker, held, claim, false, true, true);
        return;
    }
    if (claim->has_key) claims_drop(worker->hall->claims, &claim->key);
    tell_outcome(held, result == CLAIM_HELD ? CLAIM_IN_FLIGHT : CLAIM_BUSY, false);
}

/* The offer in memory; `looked`: the book has been asked about this ping and knows no lead of it. */
static void claim_ping(struct worker *worker, struct held *held, const struct auction_claim *claim, bool looked)
{
    static const enum claim_outcome outcomes[] = {[OFFER_NONE] = CLAIM_UNKNOWN,
                                                  [OFFER_CLAIMED] = CLAIM_IN_FLIGHT,
                                                  [OFFER_ANSWERED] = CLAIM_EXPIRED,
                                                  [OFFER_EXPIRED] = CLAIM_EXPIRED,
                                                  [OFFER_SUPERSEDED] = CLAIM_SUPERSEDED};
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
        len = jump_follow(hall->offers, clock_now_us(), clock_wall_ms(), flat, len);
        struct auction_claimed claimed = {.outcome = CLAIM_FRESH, .offer = {flat, len}};
        tell(held, &claimed);
        return;
    }
    bool is_over = state == OFFER_NONE || state == OFFER_EXPIRED;
    if (is_over && claim->takes_expired) {
        claim_expired(worker, held, claim);
        return;
    }
    if (state != OFFER_CLAIMED && state != OFFER_SUPERSEDED && !looked) {
        ask_book(worker, held, claim, false, true, state == OFFER_NONE);
        return;
    }
    if (claim->has_key) claims_drop(hall->claims, &claim->key);
    tell_outcome(held, outcomes[state], false);
}

void claim_start(struct worker *worker, struct held *held, const struct auction_claim *claim)
{
    if (!claim->has_key) {
        claim_ping(worker, held, claim, false);
        return;
    }
    switch (claims_take(worker->hall->claims, &claim->key)) {
    case CLAIM_TAKEN:
        ask_book(worker, held, claim, true, false, false);
        return;
    case CLAIM_HELD:
        tell_outcome(held, CLAIM_IN_FLIGHT, true);
        return;
    case CLAIM_FULL:
        tell_outcome(held, CLAIM_BUSY, false);
        return;
    }
}

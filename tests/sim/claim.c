/* A claim, as exchange/worker/claim.c makes it: first the key (is someone at it? did the book see it?), then the offer.
 * What is looked up in the book is answered later, out of what is durable by then. */
#include "tests/sim/inside.h"

#define LOOK_US 300

static void tell(struct place *place, enum claim_outcome outcome, bool by_key, const struct model_lead *lead)
{
    struct auction_claimed claimed = {.outcome = outcome, .by_key = by_key, .record = lead ? &lead->record : NULL};
    auction_on_claimed(place_auction(place), &claimed);
}

static bool is_of(const struct place *place, struct bytes affiliate)
{
    return bytes_is(affiliate, place->affiliate);
}

static void on_looked(void *arg, uint64_t id);
static void drop_claims(struct world *world, const struct auction_claim *claim, bool of_expired);

static void look(struct place *place, enum job_kind job)
{
    struct world *world = place->world;
    int64_t later_us = world->options.rough ? (int64_t)queue_draw(&world->queue, 3000) : LOOK_US;
    place->job = job;
    queue_at(&world->queue, world->queue.now_us + later_us, on_looked, place, place->id);
}

/* What an expired offer's ping goes by among the claims. */
static void name_expired(const struct ident *ping_id, struct digest *name)
{
    digest_of(name, (struct bytes[]){BYTES("expired"), ident_bytes(ping_id)}, 2);
}

static void drop_claims(struct world *world, const struct auction_claim *claim, bool of_expired)
{
    struct digest name;
    name_expired(&claim->ping_id, &name);
    if (of_expired) claims_drop(world->claims, &name);
    if (claim->has_key) claims_drop(world->claims, &claim->key);
}

/* The offer as the trace keeps it; what was put last counts. */
static void tell_expired(struct place *place)
{
    const struct world_trace *trace = lane_offer_of(place->world, &place->claim.ping_id);
    struct offer offer;
    bool is_known = trace && offer_read(trace->offer, &offer) && is_of(place, offer.affiliate);
    if (is_known && !offer.is_superseded && place->claim.takes_expired) {
        struct auction_claimed claimed = {.outcome = CLAIM_FRESH, .is_expired = true, .offer = trace->offer};
        auction_on_claimed(place_auction(place), &claimed);
        return;
    }
    drop_claims(place->world, &place->claim, place->claim.takes_expired);
    tell(place, !is_known ? CLAIM_UNKNOWN : offer.is_superseded ? CLAIM_SUPERSEDED : CLAIM_EXPIRED, false, NULL);
}

static void claim_expired(struct place *place)
{
    struct world *world = place->world;
    struct digest name;
    name_expired(&place->claim.ping_id, &name);
    if (claims_take(world->claims, &name) == CLAIM_TAKEN) {
        look(place, JOB_OFFER);
        return;
    }
    drop_claims(world, &place->claim, false);
    tell(place, CLAIM_IN_FLIGHT, false, NULL);
}

static void claim_ping(struct place *place, bool looked)
{
    static const enum claim_outcome outcomes[] = {[OFFER_NONE] = CLAIM_UNKNOWN,
                                                  [OFFER_CLAIMED] = CLAIM_IN_FLIGHT,
                                                  [OFFER_ANSWERED] = CLAIM_EXPIRED,
                                                  [OFFER_EXPIRED] = CLAIM_EXPIRED,
                                                  [OFFER_SUPERSEDED] = CLAIM_SUPERSEDED};
    struct world *world = place->world;
    const struct auction_claim *claim = &place->claim;
    char flat[OFFER_BYTES_MAX];
    size_t len = 0;
    struct offer offer;
    int64_t now_us = world->queue.now_us;
    enum offer_state state = offers_look(world->offers, &claim->ping_id, now_us, flat, sizeof flat, &len);
    if (state != OFFER_NONE && (!offer_read((struct bytes){flat, len}, &offer) || !is_of(place, offer.affiliate)))
        state = OFFER_NONE;
    else if (state == OFFER_OPEN)
        state = offers_claim(world->offers, &claim->ping_id, now_us, flat, sizeof flat, &len);
    if (state == OFFER_OPEN) {
        struct auction_claimed claimed = {.outcome = CLAIM_FRESH, .offer = {flat, len}};
        auction_on_claimed(place_auction(place), &claimed);
        return;
    }
    if (claim->takes_expired && (state == OFFER_NONE || state == OFFER_EXPIRED)) {
        claim_expired(place);
        return;
    }
    if (state != OFFER_CLAIMED && state != OFFER_SUPERSEDED && !looked) {
        look(place, state == OFFER_NONE ? JOB_OFFER : JOB_PING);
        return;
    }
    drop_claims(world, claim, false);
    tell(place, outcomes[state], false, NULL);
}

static void go_on(struct place *place)
{
    if (place->claim.has_ping)
        claim_ping(place, false);
    else
        tell(place, CLAIM_FRESH, false, NULL);
}

static void on_looked(void *arg, uint64_t id)
{
    struct place *place = arg;
    struct world *world = place->world;
    enum job_kind job = place->job;
    if (place->id != id || job == JOB_NONE || job == JOB_RECALL) return;
    place->job = JOB_NONE;
    if (job == JOB_LATER) {
        go_on(place);
        return;
    }
    const struct model_lead *lead = job == JOB_KEY ? model_lead_of_key(&world->model, &place->claim.key)
                                                   : model_lead_of_ping(&world->model, &place->claim.ping_id);
    if (lead && job == JOB_KEY && lead->record.created_ms <= place->claim.key_since_ms) lead = NULL;
    if (!lead) {
        if (job == JOB_KEY)
            go_on(place);
        else if (job == JOB_OFFER)
            tell_expired(place);
        else
            claim_ping(place, true);
        return;
    }
    drop_claims(world, &place->claim, job == JOB_OFFER && place->claim.takes_expired);
    bool is_later = job != JOB_KEY && !lead->record.is_one_call &&
                    !offer_is_of(&lead->record.offer, &place->claim.ping_id);
    if (!is_of(place, lead->record.affiliate))
        tell(place, CLAIM_UNKNOWN, false, NULL);
    else if (is_later)
        tell(place, CLAIM_SUPERSEDED, false, NULL);
    else
        tell(place, CLAIM_AGAIN, job == JOB_KEY, lead);
}

void claim_begin(struct place *place, const struct auction_claim *claim)
{
    struct world *world = place->world;
    place->claim = *claim;
    if (!claim->has_key) {
        if (world->options.rough && queue_draw(&world->queue, 4) == 0)
            look(place, JOB_LATER);
        else
            go_on(place);
        return;
    }
    switch (claims_take(world->claims, &claim->key)) {
    case CLAIM_TAKEN:
        look(place, JOB_KEY);
        return;
    case CLAIM_HELD:
        tell(place, CLAIM_IN_FLIGHT, true, NULL);
        return;
    case CLAIM_FULL:
        tell(place, CLAIM_FAILED, false, NULL);
        return;
    }
}

void claim_end(struct world *world, const struct auction_claim *claim, bool answered)
{
    if (claim->is_expired) {
        drop_claims(world, claim, true);
        return;
    }
    bool forgets = world->sabotage == SABOTAGE_OFFER && queue_draw(&world->queue, 20) == 0;
    if (claim->has_ping && answered && !forgets) offers_answered(world->offers, &claim->ping_id);
    if (claim->has_ping && answered) holds_end(world->holds, world->standing, &claim->ping_id);
    if (claim->has_ping && (!answered || forgets)) offers_return(world->offers, &claim->ping_id);
    if (claim->has_key) claims_drop(world->claims, &claim->key);
}

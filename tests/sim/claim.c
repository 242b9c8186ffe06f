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

static void look(struct place *place, enum job_kind job)
{
    struct world *world = place->world;
    int64_t later_us = world->options.rough ? (int64_t)queue_draw(&world->queue, 3000) : LOOK_US;
    place->job = job;
    queue_at(&world->queue, world->queue.now_us + later_us, on_looked, place, place->id);
}

static void claim_ping(struct place *place, bool looked)
{
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
    if (state != OFFER_CLAIMED && !looked) {
        look(place, JOB_PING);
        return;
    }
    if (claim->has_key) claims_drop(world->claims, &claim->key);
    if (state == OFFER_CLAIMED)
        tell(place, CLAIM_IN_FLIGHT, false, NULL);
    else
        tell(place, state == OFFER_NONE ? CLAIM_UNKNOWN : CLAIM_EXPIRED, false, NULL);
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
    if (place->id != id || job == JOB_NONE || job == JOB_RECALL || job == JOB_RESERVED) return;
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
        else
            claim_ping(place, true);
        return;
    }
    if (place->claim.has_key) claims_drop(world->claims, &place->claim.key);
    if (is_of(place, lead->record.affiliate))
        tell(place, CLAIM_AGAIN, job == JOB_KEY, lead);
    else
        tell(place, CLAIM_UNKNOWN, false, NULL);
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
    bool forgets = world->sabotage == SABOTAGE_OFFER && queue_draw(&world->queue, 20) == 0;
    if (claim->has_ping && answered && !forgets) offers_answered(world->offers, &claim->ping_id);
    if (claim->has_ping && (!answered || forgets)) offers_return(world->offers, &claim->ping_id);
    if (claim->has_key) claims_drop(world->claims, &claim->key);
}

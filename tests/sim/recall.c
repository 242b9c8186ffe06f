/* What is known of a person, as exchange/worker/recall.c finds it out: the claims first, the book later. */
#include "tests/sim/inside.h"

#define LOOK_US 300

static void tell(struct place *place, enum recall_outcome outcome, const struct encounter *list, uint32_t count)
{
    struct auction_recalled recalled = {outcome, list, count};
    auction_on_recalled(place_auction(place), &recalled);
}

static void on_looked(void *arg, uint64_t id)
{
    struct place *place = arg;
    struct encounter list[MODEL_ENCOUNTERS_MAX];
    if (place->id != id || place->job != JOB_RECALL) return;
    place->job = JOB_NONE;
    tell(place, RECALL_TOLD, list, model_encounters(&place->world->model, &place->recall.keys, list));
}

void recall_begin(struct place *place, const struct auction_recall *recall)
{
    struct world *world = place->world;
    place->recall = *recall;
    if (world->sabotage == SABOTAGE_GUARD) {
        place->recall.claims_count = 0;
        tell(place, RECALL_TOLD, NULL, 0);
        return;
    }
    for (uint32_t i = 0; i < recall->claims_count; i++) {
        if (claims_take(world->claims, &recall->claims[i]) == CLAIM_TAKEN) continue;
        recall_end(world, recall, i);
        tell(place, RECALL_IN_FLIGHT, NULL, 0);
        return;
    }
    int64_t later_us = world->options.rough ? (int64_t)queue_draw(&world->queue, 3000) : LOOK_US;
    place->job = JOB_RECALL;
    queue_at(&world->queue, world->queue.now_us + later_us, on_looked, place, place->id);
}

void recall_end(struct world *world, const struct auction_recall *recall, uint32_t count)
{
    for (uint32_t i = 0; i < count && world->sabotage != SABOTAGE_GUARD; i++)
        claims_drop(world->claims, &recall->claims[i]);
}

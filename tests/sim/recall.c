/* What is known of a person, as exchange/worker/recall.c finds it out: the claims first, the book later. */
#include <stdlib.h>
#include <sys/stat.h>

#include "exchange/config/list_file.h"
#include "exchange/market/list_text.h"
#include "protocol/base/check.h"
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

static bool person_of(struct world *world, struct bytes value, const struct ident *lead_id, struct person *person)
{
    const struct model_lead *lead = lead_id ? model_lead(&world->model, lead_id) : NULL;
    struct document_error error;
    *person = (struct person){.count = 1};
    if (!lead_id) return person_hash_of(value, &world->scratch, &person->list[0].plain);
    const struct node *content = lead ? document_read_json(&world->scratch, lead->content, &DOCUMENT_LIMITS, &error)
                                      : NULL;
    const struct campaign *campaign = lead ? catalogue_campaign(world->catalogue, lead->record.campaign) : NULL;
    return content && campaign && person_read(campaign, node_find(content, "lead"), NULL, &world->scratch, person) &&
           person->count;
}

bool world_revoke(struct world *world, struct bytes value, const struct ident *lead_id)
{
    struct person person;
    struct person_keys keys = {.count = 0};
    bool found = person_of(world, value, lead_id, &person);
    for (uint32_t i = 0; i < person.count && found; i++) {
        struct digest digest = person.list[i].plain;
        world_host.keyed(&world->workers[0], &digest);
        memcpy(keys.list[keys.count++].at, digest.at, PERSON_KEY_LEN);
    }
    arena_reset(&world->scratch);
    if (!found) return false;
    world->revoked = realloc(world->revoked, (world->revoked_count + 1) * sizeof *world->revoked);
    check(world->revoked != NULL);
    world->revoked[world->revoked_count++] = keys;
    recall_restore(world);
    return true;
}

void recall_restore(struct world *world)
{
    for (uint32_t i = 0; i < world->revoked_count; i++)
        for (uint32_t k = 0; k < world->revoked[i].count; k++)
            check(revoked_add(standing_revoked(world->standing), &world->revoked[i].list[k]) == FAULT_NONE);
}

static void keyed(void *world, struct digest *digest)
{
    world_host.keyed(&((struct world *)world)->workers[0], digest);
}

static enum fault add(void *file, uint64_t entry)
{
    return list_file_add(file, entry);
}

bool world_put_list(struct world *world, struct bytes name, struct bytes text)
{
    struct list_file *file;
    struct list_text reading;
    struct list_text_error error;
    mkdir(world->settings.ledger_path, 0700);
    check(list_file_begin(world->settings.ledger_path, name, 0, &file) == FAULT_NONE);
    list_text_open(&reading, &(struct list_text_rules){keyed, world, add, file});
    bool good = list_text_piece(&reading, bytes_first(text, text.len / 2), &error) &&
                list_text_piece(&reading, bytes_from(text, text.len / 2), &error) && list_text_end(&reading, &error);
    list_text_close(&reading);
    if (!good) list_file_drop(&file);
    if (!good) return false;
    struct list *list;
    struct list_origin origin;
    check(list_file_finish(&file, world_wall_ms(world), &list, &origin) == FAULT_NONE);
    struct shelf *fresh = shelf_open();
    check(fresh && shelf_copy(fresh, world->shelf) == FAULT_NONE);
    check(shelf_put(fresh, name, list, &origin) == FAULT_NONE);
    shelf_drop(&world->shelf);
    world->shelf = fresh;
    return true;
}

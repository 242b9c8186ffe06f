/* The simulated ledger's two lanes. A batch is what gathered during the last commit, as in the real one, so that
 * batches, waits and what a crash loses come about in the same way. */
#include <stdlib.h>

#include "exchange/market/availability.h"
#include "protocol/base/check.h"
#include "tests/sim/again.h"
#include "tests/sim/inside.h"
#include "tests/sim/purses.h"

#define STEP_ROOM (256u << 10)
#define TRACE_ROOM (256u << 10)
#define TRACE_DURABLE_US 250000

static void on_committed(void *arg, uint64_t id);

static struct bytes keep_bytes(struct bytes bytes)
{
    char *copy = malloc(bytes.len + 1);
    check(copy != NULL);
    if (bytes.len) memcpy(copy, bytes.at, bytes.len);
    return (struct bytes){copy, bytes.len};
}

static void drop_bytes(struct bytes *bytes)
{
    free((void *)(uintptr_t)bytes->at);
    *bytes = BYTES_NONE;
}

static void commit(struct world *world)
{
    struct world_append *spare = world->committing;
    uint32_t spare_room = world->committing_room;
    world->committing = world->queued;
    world->committing_count = world->queued_count;
    world->committing_room = world->queued_room;
    world->queued = spare;
    world->queued_count = 0;
    world->queued_room = spare_room;
    const int64_t *commit_us = world->options.commit_us;
    int64_t takes_us = commit_us[0] + (int64_t)queue_draw(&world->queue, (uint64_t)(commit_us[1] - commit_us[0] + 1));
    if (swarm_has(world->options.swarm, SWARM_STALLS) && queue_draw(&world->queue, 200) == 0) {
        takes_us += (int64_t)queue_draw(&world->queue, STALL_US);
        world->counts.stalls++;
        world->stalled_us = world->queue.now_us + takes_us;
    }
    queue_at(&world->queue, world->queue.now_us + takes_us, on_committed, world, 0);
}

enum fault lane_append(struct place *place, const struct book_step *step, const struct duplicates_guard *guard)
{
    struct world *world = place->world;
    struct sink sink = sink_over(world->trace_buffer, STEP_ROOM);
    if (world->ledger_broken) return FAULT_DISK;
    if (place->appending) world_wrong(world, "a second entry while one is being written");
    check(book_write_step(&sink, step, step->opening ? step->opening->content : BYTES_NONE));
    if (world->queued_count == world->queued_room) {
        world->queued_room = world->queued_room ? world->queued_room * 2 : 64;
        world->queued = realloc(world->queued, world->queued_room * sizeof *world->queued);
        check(world->queued != NULL);
    }
    world->queued[world->queued_count++] = (struct world_append){.place = place->id,
                                                                 .has_guard = guard != NULL,
                                                                 .guard = guard ? *guard : (struct duplicates_guard){0},
                                                                 .step = keep_bytes(sink_written(&sink))};
    place->appending = true;
    if (world->committing_count == 0) commit(world);
    return FAULT_NONE;
}

static bool holds(struct world *world, struct world_append *append, const struct book_step *step)
{
    const struct duplicates_guard *guard = &append->guard;
    struct encounter list[MODEL_ENCOUNTERS_MAX];
    if (!append->has_guard || world->sabotage == SABOTAGE_GUARD) return true;
    uint32_t count = model_encounters(&world->model, &guard->keys, list);
    if (!duplicates_guards(guard, &step->lead_id, list, count, step->wall_ms)) return true;
    append->fault = FAULT_TAKEN;
    return false;
}

/* What the ledger thread would publish after a commit, and at a start. */
void lane_publish(struct world *world)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->learned_count; i++)
        learned_publish(world->standing, standing_contract_cell(world->standing, model->learned[i].contract),
                        model->learned[i].word);
}

static void watch_doubts(struct world *world, const struct book_step *step)
{
    for (unsigned k = 0; k < step->verdicts_count; k++) {
        const struct model_post *post = model_post(&world->model, &step->verdicts[k].post_id);
        if (post && post->state == POST_UNKNOWN) doubts_watch(world, (uint32_t)(post - world->model.posts));
    }
}

/* All of a batch is in the book before anyone hears of it. */
static void write_batch(struct world *world)
{
    for (uint32_t i = 0; i < world->committing_count; i++) {
        struct book_step step;
        if (world->sabotage == SABOTAGE_LOSES && queue_draw(&world->queue, 200) == 0) continue;
        check(book_read_step(world->committing[i].step, &world->scratch, &step));
        const struct model_lead *lead = model_lead(&world->model, &step.lead_id);
        bool is_test = lead && lead->record.offer.rehearsal; /* it holds nothing */
        for (unsigned k = 0; k < step.verdicts_count && !is_test; k++)
            if (step.verdicts[k].state == POST_UNKNOWN && !seats_row_has(world, &step.verdicts[k].post_id))
                world_wrong(world, "a doubt is in the book before what it holds can be found");
        if (holds(world, &world->committing[i], &step)) {
            purses_publish(world, &step);
            world->model.loses_leg = world->sabotage == SABOTAGE_LEG && queue_draw(&world->queue, 20) == 0;
            const char *wrong = model_apply(&world->model, &step);
            if (wrong) world_wrong(world, "the book: %s", wrong);
            if (model_balance(&world->model)) world_wrong(world, "the sum over all accounts is not 0 after a step");
            watch_doubts(world, &step);
            purses_check_step(world, &step);
        }
        arena_reset(&world->scratch);
    }
    lane_publish(world);
}

static void on_committed(void *arg, uint64_t id)
{
    struct world *world = arg;
    (void)id;
    enum fault fault = world->ledger_broken ? FAULT_DISK : world->ledger_full ? FAULT_DISK_FULL : FAULT_NONE;
    if (!fault) write_batch(world);
    for (uint32_t i = 0; i < world->committing_count; i++) {
        struct world_append append = world->committing[i];
        drop_bytes(&append.step);
        struct place *place = slots_find(&world->places, append.place);
        if (!place) {
            world_wrong(world, "an auction closed before its entry was written");
            continue;
        }
        place->appending = false;
        auction_on_durable(place_auction(place), fault ? fault : append.fault, world->model.seq);
    }
    world->committing_count = 0;
    if (world->queued_count) commit(world);
}

static void drop_all(struct world_append *list, uint32_t *count)
{
    for (uint32_t i = 0; i < *count; i++) drop_bytes(&list[i].step);
    *count = 0;
}

void lane_crash(struct world *world, bool committed)
{
    if (committed && world_writes(world)) write_batch(world);
    drop_all(world->committing, &world->committing_count);
    drop_all(world->queued, &world->queued_count);
    world->ledger_broken = world->ledger_full = false;
    uint32_t left = 0;
    for (uint32_t i = 0; i < world->traces_count; i++) {
        struct world_trace *trace = &world->traces[i];
        if (trace->durable_us <= world->queue.now_us) {
            world->traces[left++] = *trace;
            continue;
        }
        drop_bytes(&trace->record);
        drop_bytes(&trace->offer);
    }
    world->traces_count = left;
}

void lane_forget(struct world *world)
{
    drop_all(world->committing, &world->committing_count);
    drop_all(world->queued, &world->queued_count);
    for (uint32_t i = 0; i < world->traces_count; i++) {
        drop_bytes(&world->traces[i].record);
        drop_bytes(&world->traces[i].offer);
    }
    free(world->committing);
    free(world->queued);
    free(world->traces);
    table_free(&world->trace_ids);
}

/* Traces -------------------------------------------------------------------------------------------------------------
 */

static void index_trace(struct world *world, const struct ident *id, uint32_t at)
{
    if (ident_is_none(id)) return;
    struct bytes key = arena_copy(&world->model.arena,
                                  ident_bytes(id)); /* a new entry for a known id takes the new key */
    check(key.at && table_put(&world->trace_ids, key, at) == FAULT_NONE);
}

/* A ping's id leads to its auction, a lead's to what became of it last. */
static void index_both(struct world *world, uint32_t at)
{
    const struct world_trace *trace = &world->traces[at];
    if (!trace->record.len) return; /* an offer written anew */
    if (trace_is_auction(trace->kind)) index_trace(world, &trace->ping_id, at);
    if (trace->kind != TRACE_PING) index_trace(world, &trace->lead_id, at);
}

static void add_trace(struct world *world, const struct world_trace *trace)
{
    if (world->traces_count == world->traces_room) {
        world->traces_room = world->traces_room ? world->traces_room * 2 : 256;
        world->traces = realloc(world->traces, world->traces_room * sizeof *world->traces);
        check(world->traces != NULL);
    }
    uint32_t at = world->traces_count++;
    world->traces[at] = *trace;
    world->traces[at].durable_us = world->queue.now_us + TRACE_DURABLE_US;
    index_both(world, at);
}

void lane_trace(struct world *world, const struct trace_auction *record, const struct offer *offer)
{
    char flat[OFFER_BYTES_MAX];
    struct sink sink = sink_over(world->trace_buffer, TRACE_ROOM), terms = sink_over(flat, sizeof flat);
    if (!trace_write(&sink, record) || (offer && !offer_write(&terms, offer))) return;
    if (!world_is_discreet(sink_written(&sink))) world_wrong(world, "a private value stands in a trace");
    again_check(world, sink_written(&sink), offer);
    add_trace(world, &(struct world_trace){.ping_id = record->ping_id,
                                           .lead_id = record->lead_id,
                                           .kind = record->kind,
                                           .record = keep_bytes(sink_written(&sink)),
                                           .offer = keep_bytes(sink_written(&terms)),
                                           .expires_ms = offer ? offer->expires_ms : 0});
}

void lane_supersede(struct world *world, const struct offer *offer)
{
    struct offer gone = *offer;
    char flat[OFFER_BYTES_MAX];
    struct sink terms = sink_over(flat, sizeof flat);
    gone.is_superseded = true;
    gone.candidates_count = gone.planned = 0;
    check(offer_write(&terms, &gone));
    add_trace(world, &(struct world_trace){.ping_id = offer->ping_id,
                                           .record = keep_bytes(BYTES_NONE),
                                           .offer = keep_bytes(sink_written(&terms)),
                                           .expires_ms = offer->expires_ms});
}

const struct world_trace *lane_offer_of(const struct world *world, const struct ident *ping_id)
{
    for (uint32_t i = world->traces_count; i-- > 0;)
        if (world->traces[i].offer.len && ident_same(&world->traces[i].ping_id, ping_id)) return &world->traces[i];
    return NULL;
}

const struct world_trace *world_trace_of(const struct world *world, const struct ident *id)
{
    uint32_t at = table_find(&world->trace_ids, ident_bytes(id));
    return at == TABLE_NONE ? NULL : &world->traces[at];
}

/* Start --------------------------------------------------------------------------------------------------------------
 */

static void restore_switches(struct world *world)
{
    const struct catalogue *catalogue = world->catalogue;
    for (uint32_t i = 0; i < catalogue->contracts_count; i++)
        if (table_find(&world->paused, catalogue->contracts[i].id) == 1)
            switches_set(world->standing, catalogue->contracts[i].cell, true);
}

static bool offer_is_gone(const struct world_trace *trace)
{
    struct offer offer;
    return offer_read(trace->offer, &offer) && offer.is_superseded;
}

void lane_restore(struct world *world)
{
    struct model *model = &world->model;
    world->counts.doubts += model_restart(model, world_wall_ms(world));
    for (uint32_t i = 0; i < model->caps_count; i++) {
        const struct book_cap_key *key = &model->caps[i].key;
        struct cap_id id;
        memcpy(id.at, key->id, sizeof id.at);
        check(caps_load(world->standing, &id, key->window, key->amount));
    }
    for (uint32_t i = 0; i < model->leads_count; i++)
        if (model->leads[i].goes_on) asking_resume(world, &model->leads[i].record.lead_id);
    restore_switches(world);
    purses_restore(world);
    recall_restore(world);
    lane_publish(world);
    doubts_watch_all(world);
    table_free(&world->trace_ids);
    int64_t now_us = world->queue.now_us, wall_ms = world_wall_ms(world);
    for (uint32_t i = 0; i < world->traces_count; i++) {
        const struct world_trace *trace = &world->traces[i];
        index_both(world, i);
        if (!trace->offer.len || trace->expires_ms <= wall_ms || model_lead_of_ping(model, &trace->ping_id)) continue;
        if (lane_offer_of(world, &trace->ping_id) != trace) continue; /* it was written anew */
        check(offers_put(world->offers, 0, &trace->ping_id, NULL, now_us + (trace->expires_ms - wall_ms) * 1000, now_us,
                         trace->offer));
        if (offer_is_gone(trace)) {
            char copy[OFFER_BYTES_MAX];
            size_t len;
            check(offers_claim(world->offers, &trace->ping_id, now_us, copy, sizeof copy, &len) == OFFER_OPEN);
            offers_superseded(world->offers, &trace->ping_id);
        }
    }
}

/* Seats of doubts: of this life only ---------------------------------------------------------------------------------
 */

void seats_row_put(struct world *world, const struct ident *post_id, const struct seat_hold *seat)
{
    if (world->seats_count == world->seats_room) {
        world->seats_room = world->seats_room ? world->seats_room * 2 : 16;
        world->seats = realloc(world->seats, world->seats_room * sizeof *world->seats);
        check(world->seats != NULL);
    }
    world->seats[world->seats_count++] = (struct seat_row){*post_id, *seat};
}

bool seats_row_has(const struct world *world, const struct ident *post_id)
{
    for (uint32_t i = 0; i < world->seats_count; i++)
        if (ident_same(&world->seats[i].post_id, post_id)) return true;
    return false;
}

bool seats_row_take(struct world *world, const struct ident *post_id, struct seat_hold *seat)
{
    for (uint32_t i = 0; i < world->seats_count; i++) {
        if (!ident_same(&world->seats[i].post_id, post_id)) continue;
        *seat = world->seats[i].seat;
        world->seats[i] = world->seats[--world->seats_count];
        return true;
    }
    return false;
}

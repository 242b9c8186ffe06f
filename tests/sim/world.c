/* How the world begins, moves and ends, and what operators and buyers do in it. */
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/standing/standing.h"
#include "protocol/base/check.h"
#include "protocol/crypto/mac.h"
#include "tests/sim/again.h"
#include "tests/sim/inside.h"
#include "tests/sim/sieve.h"

#define START_US INT64_C(1000000000)
#define DRAIN_US INT64_C(10000000)
#define CLAIMS_MAX 4096u
#define BUFFER_BYTES (256u << 10)

static bool open_shared(struct world *world)
{
    return standing_open(&world->standing) == FAULT_NONE && claims_open(CLAIMS_MAX, &world->claims) == FAULT_NONE &&
           holds_open(&world->holds) == FAULT_NONE &&
           offers_open(world->settings.offers_max, world->options.workers, &world->offers) == FAULT_NONE;
}

static void close_shared(struct world *world)
{
    if (world->catalogue) catalogue_drop(&world->catalogue);
    shelf_drop(&world->shelf);
    if (world->offers) offers_close(&world->offers);
    if (world->claims) claims_close(&world->claims);
    holds_close(&world->holds);
    if (world->standing) standing_close(&world->standing);
}

/* All findings in one note. */
static struct catalogue *read_files(const char *path, struct settings *settings, struct world *world, char *note,
                                    size_t note_room)
{
    struct config_report report;
    struct catalogue *catalogue = NULL;
    struct sink sink = sink_over(note, note_room - 1);
    config_report_open(&report);
    if (settings_read(path, settings, &report)) catalogue = config_catalogue(settings, world->standing, &report);
    struct shelf *fresh = catalogue ? lists_read(settings, catalogue, world->shelf, world->catalogue, &report) : NULL;
    if (!fresh) catalogue_drop(&catalogue);
    if (fresh) shelf_drop(&world->shelf);
    if (fresh) world->shelf = fresh;
    for (uint32_t i = 0; i < report.count && !catalogue; i++) {
        config_report_write(&report, i, &sink);
        sink_char(&sink, '\n');
    }
    note[sink.len] = '\0';
    config_report_close(&report);
    return catalogue;
}

static void make_workers(struct world *world)
{
    for (unsigned i = 0; i < world->options.workers; i++) {
        world->workers[i].world = world;
        world->workers[i].number = i;
        ident_maker_init(&world->workers[i].ids, (uint16_t)(world->life * WORLD_WORKERS_MAX + i + 1),
                         world->options.seed + world->life * 7919u + i + 1);
    }
}

struct world *world_open(const struct world_options *options, const char *settings, struct town *town, char *note,
                         size_t note_room)
{
    struct world *world = calloc(1, sizeof *world);
    check(world != NULL && options->workers <= WORLD_WORKERS_MAX);
    world->options = *options;
    world->town = town;
    queue_open(&world->queue, START_US, options->seed, options->rough);
    check(slots_open(&world->places, sizeof(struct place) + auction_size(), WORLD_AUCTIONS_MAX) == FAULT_NONE);
    check(slots_open(&world->calls, sizeof(struct call), WORLD_AUCTIONS_MAX * 64) == FAULT_NONE);
    arena_init(&world->scratch, 65536, 16u << 20);
    world->trace_buffer = malloc(BUFFER_BYTES);
    world->again = again_open();
    struct bytes seed = {(const char *)&world->options.seed, sizeof world->options.seed};
    digest_of(&world->seed_key, &seed, 1);
    world->seed_mac = mac_open((struct bytes){(const char *)world->seed_key.at, DIGEST_LEN});
    check(world->trace_buffer && world->seed_mac && world->again);
    model_open(&world->model);
    make_workers(world);
    check(standing_open(&world->standing) == FAULT_NONE);
    world->catalogue = read_files(settings, &world->settings, world, note, note_room);
    if (world->catalogue) {
        again_keep(world->again, world->catalogue);
        check(claims_open(CLAIMS_MAX, &world->claims) == FAULT_NONE);
        check(holds_open(&world->holds) == FAULT_NONE);
        check(offers_open(world->settings.offers_max, options->workers, &world->offers) == FAULT_NONE);
        return world;
    }
    world_close(&world);
    return NULL;
}

static void forget_auctions(struct world *world)
{
    queue_clear(&world->queue);
    calls_forget(world);
    for (uint32_t i = 0; i < world->places.made; i++) {
        struct place *place = slots_at(&world->places, i);
        if (place->is_made) auction_fini(place_auction(place));
        place->is_made = false;
        if (!slots_live(&world->places, i)) continue;
        if (place->request != REQUEST_NONE) world->requests[place->request].died = true;
        if (place->catalogue) catalogue_drop(&place->catalogue);
        slots_give(&world->places, place->id);
    }
}

void world_close(struct world **closed)
{
    struct world *world = *closed;
    *closed = NULL;
    if (!world) return;
    forget_auctions(world);
    slots_close(&world->places);
    slots_close(&world->calls);
    lane_forget(world);
    close_shared(world);
    model_close(&world->model);
    mac_close(&world->seed_mac);
    town_close(&world->town);
    queue_close(&world->queue);
    arena_free(&world->scratch);
    table_free(&world->paused);
    free(world->trace_buffer);
    again_close(&world->again);
    sieve_close(&world->sieve);
    free(world->requests);
    free(world->revoked);
    free(world->seats);
    free(world);
}

void world_wrong(struct world *world, const char *format, ...)
{
    va_list values;
    if (world->wrong[0]) return;
    va_start(values, format);
    int len = snprintf(world->wrong, sizeof world->wrong, "at %lld us: ", (long long)(world->queue.now_us - START_US));
    vsnprintf(world->wrong + len, sizeof world->wrong - (size_t)len, format, values);
    va_end(values);
}

bool world_is_discreet(struct bytes bytes)
{
    return !memmem(bytes.at, bytes.len, WORLD_CANARY_TEXT, sizeof WORLD_CANARY_TEXT - 1) &&
           !memmem(bytes.at, bytes.len, WORLD_CANARY_PHONE, sizeof WORLD_CANARY_PHONE - 1);
}

/* Time ---------------------------------------------------------------------------------------------------------------
 */

bool world_step(struct world *world)
{
    return queue_step(&world->queue);
}

void world_pass(struct world *world, int64_t us)
{
    int64_t until_us = world->queue.now_us + us;
    while (queue_next_us(&world->queue) <= until_us) queue_step(&world->queue);
    world->queue.now_us = until_us;
}

int64_t world_wall_ms(const struct world *world)
{
    return world->options.wall_ms + (world->queue.now_us - START_US) / 1000;
}

uint32_t world_open_auctions(const struct world *world)
{
    return world->places.used;
}

/* Buyers and operators -----------------------------------------------------------------------------------------------
 */

bool world_push(struct world *world, struct bytes buyer_id, struct bytes contract_id, bool available, int64_t seats,
                int64_t ttl_s)
{
    const struct buyer *buyer = catalogue_buyer(world->catalogue, buyer_id);
    const struct contract *contract = catalogue_contract(world->catalogue, contract_id);
    int64_t expires_us = world->queue.now_us + ttl_s * 1000000;
    if (!buyer || (contract_id.len && (!contract || contract->buyer != buyer->index))) return false;
    if (contract_id.len)
        seats_push_contract(world->standing, contract->cell, available, seats, expires_us);
    else
        seats_push_buyer(world->standing, buyer->cell, available, seats, expires_us);
    return true;
}

bool world_pay(struct world *world, struct bytes id, int64_t micros)
{
    const struct buyer *buyer = catalogue_buyer(world->catalogue, id);
    if (!buyer) return false;
    world->counts.payments++;
    model_pay(&world->model, id, micros);
    funds_change(world->standing, buyer->cell, micros);
    return true;
}

bool world_pause(struct world *world, struct bytes id, bool paused)
{
    const struct contract *contract = catalogue_contract(world->catalogue, id);
    if (!contract) return false;
    struct bytes key = arena_copy(&world->model.arena, id);
    check(key.at && table_put(&world->paused, key, paused) == FAULT_NONE);
    switches_set(world->standing, contract->cell, paused);
    return true;
}

bool world_reload(struct world *world, const char *path, char *note, size_t note_room)
{
    struct settings fresh_settings;
    struct catalogue *fresh = read_files(path, &fresh_settings, world, note, note_room);
    if (!fresh) return false;
    catalogue_drop(&world->catalogue);
    world->catalogue = fresh;
    world->reloads++;
    again_keep(world->again, fresh);
    return true;
}

enum reason world_gate(struct world *world, struct bytes id)
{
    const struct contract *contract = catalogue_contract(world->catalogue, id);
    struct availability_view view;
    if (!contract) return REASON_COUNT;
    const struct buyer *buyer = &world->catalogue->buyers[contract->buyer];
    int64_t wall_ms = world_wall_ms(world);
    holds_sweep(world->holds, world->standing, world->queue.now_us);
    availability_read(contract, buyer, NULL, world->standing, world->queue.now_us, wall_ms, &view);
    return availability_reason(contract, buyer, &view, wall_ms);
}

/* The end of a process -----------------------------------------------------------------------------------------------
 */

static void on_drain_over(void *arg, uint64_t life)
{
    struct world *world = arg;
    if (life != world->life) return;
    for (uint32_t i = 0; i < world->places.made; i++)
        if (slots_live(&world->places, i)) auction_on_drained(place_auction(slots_at(&world->places, i)));
}

void world_drain(struct world *world)
{
    world->draining = true;
    world->counts.drains++;
    world->drained = world->places.used == 0;
    queue_at(&world->queue, world->queue.now_us + DRAIN_US, on_drain_over, world, world->life);
}

void world_crash(struct world *world)
{
    struct settings settings = world->settings;
    char note[4096];
    lane_crash(world, world->options.rough && queue_draw(&world->queue, 2) == 0);
    forget_auctions(world);
    world->seats_count = 0;
    world->draining = world->drained = false;
    world->counts.crashes++;
    world->counts.calls_ended = world->counts.calls;
    world->counts.reserved = world->counts.committed + world->counts.released + world->counts.kept;
    world->life++;
    make_workers(world);
    close_shared(world);
    check(open_shared(world));
    world->catalogue = read_files(settings.file, &world->settings, world, note, sizeof note);
    check(world->catalogue != NULL, "%s", note);
    again_keep(world->again, world->catalogue);
    lane_restore(world);
}

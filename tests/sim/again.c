/* The catalogue is packed and unpacked again, as it is for `outcry replay`: what a packed one loses would come out as a
 * difference. */
#include "tests/sim/again.h"

#include <stdlib.h>

#include "exchange/base/zonefile.h"
#include "exchange/market/difference.h"
#include "protocol/base/check.h"

#define CATALOGUES_MAX 512u
#define ARENA_CHUNK (1u << 18)
#define ARENA_MAX (1u << 28)

struct again {
    struct arena arena, zones;
    uint32_t count;
    struct catalogue *catalogues[CATALOGUES_MAX];
    struct trace_auction trace;
    struct differences differences;
};

struct again *again_open(void)
{
    struct again *again = calloc(1, sizeof *again);
    if (!again) return NULL;
    arena_init(&again->arena, ARENA_CHUNK, ARENA_MAX);
    arena_init(&again->zones, ARENA_CHUNK, ARENA_MAX);
    return again;
}

void again_close(struct again **closed)
{
    struct again *again = *closed;
    *closed = NULL;
    if (!again) return;
    for (uint32_t i = 0; i < again->count; i++) catalogue_drop(&again->catalogues[i]);
    arena_free(&again->arena);
    arena_free(&again->zones);
    free(again);
}

static struct catalogue *find(const struct again *again, const struct digest *version)
{
    for (uint32_t i = 0; i < again->count; i++)
        if (digest_same(&again->catalogues[i]->version, version)) return again->catalogues[i];
    return NULL;
}

static bool read_zone(void *arena, struct bytes name, struct bytes *file)
{
    return zonefile_read(name, arena, file) == FAULT_NONE;
}

void again_keep(struct again *again, const struct catalogue *catalogue)
{
    if (find(again, &catalogue->version)) return;
    check(again->count < CATALOGUES_MAX);
    struct catalogue *unpacked = catalogue_unpack(catalogue->packed, read_zone, &again->zones);
    check(unpacked && digest_same(&unpacked->version, &catalogue->version));
    again->catalogues[again->count++] = unpacked;
}

void again_check(struct world *world, struct bytes record)
{
    struct again *again = world->again;
    struct replay replay;
    arena_reset(&again->arena);
    if (!trace_read(record, &again->arena, &again->trace)) {
        world_wrong(world, "a trace that cannot be read again");
        return;
    }
    struct trace_contract *told = again->trace.contracts;
    bool is_doctored = world->sabotage == SABOTAGE_TRACE && again->trace.contracts_count > 0 && told->has_bid;
    if (is_doctored && queue_draw(&world->queue, 20) == 0) told->price_micros += 10000;
    const struct catalogue *catalogue = find(again, &again->trace.catalogue);
    enum replay_outcome outcome = catalogue ? replay_run(&again->trace, catalogue, &again->arena, &replay)
                                            : REPLAY_STRANGE;
    if (outcome == REPLAY_NO_AUCTION) return;
    if (outcome != REPLAY_DECIDED) {
        world_wrong(world, "an auction cannot be decided again (%d)", outcome);
        return;
    }
    world->counts.again++;
    difference_find(&again->trace, &replay, &again->arena, &again->differences);
    if (again->differences.count == 0) return;
    const struct difference *first = &again->differences.list[0];
    world_wrong(world, "decided again, %u differences: %.*s %s was %.*s, is %.*s", again->differences.count,
                (int)first->contract.len, first->contract.at, first->what, (int)first->was.len, first->was.at,
                (int)first->is.len, first->is.at);
}

/* The catalogue is packed and unpacked again, as it is for `outcry replay`: what a packed one loses would come out as a
 * difference. */
#include "tests/sim/again.h"

#include <stdlib.h>

#include "exchange/base/zonefile.h"
#include "exchange/market/difference.h"
#include "protocol/base/check.h"
#include "tests/sim/sets.h"
#include "tests/unit/exchange/market/reference.h"

#define CATALOGUES_MAX 512u
#define ARENA_CHUNK (1u << 18)
#define ARENA_MAX (1u << 28)
#define PRICE_STEP 500000 /* of the bids that are tried */
#define LATE_LEGS 3u
#define LATE_TRIES 24u /* of joint answers */

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

/* The chosen legs against all the sets there are. */
static void check_legs(struct world *world, const struct replay *replay, const struct decision *decision,
                       struct rank_bid *ranked)
{
    struct sets_decided decided = {decision, replay->bids, replay->bids_count, replay->planned, ranked};
    char note[SETS_NOTE_MAX];
    enum sets_verdict verdict = sets_compare(&decided, note);
    world->counts.sets += verdict == SETS_EQUAL && replay->planned > 0;
    world->counts.sets_several += verdict == SETS_EQUAL && replay->planned > 1;
    world->counts.sets_skipped += verdict == SETS_TOO_MANY;
    if (verdict == SETS_OTHER) world_wrong(world, "%s", note);
}

/* The ranking against a slow and plain one. Where a set of legs is chosen and put in front afterwards, the ranking is
 * made once more for that, and the set held against it. */
static void check_ranking(struct world *world, const struct replay *replay, const struct decision *decision)
{
    struct rank_terms terms = decide_terms(decision);
    struct reference reference = {
        .terms = &terms, .ranking = terms.ranking, .bids = replay->bids, .count = replay->bids_count};
    if (decision->max_sales > 1) {
        size_t room = (replay->bids_count + 1) * sizeof *reference.bids;
        uint32_t *order = arena_take(&world->again->arena, (replay->bids_count + 1) * sizeof *order);
        reference.bids = arena_take(&world->again->arena, room);
        check(order && reference.bids);
        memcpy(reference.bids, replay->bids, replay->bids_count * sizeof *reference.bids);
        rank_run(&terms, reference.bids, replay->bids_count, order);
    }
    const char *wrong = reference_check(&reference);
    if (wrong) world_wrong(world, "ranking: %s", wrong);
    if (decision->max_sales > 1) check_legs(world, replay, decision, reference.bids);
}

/* What is promised is promised by the legs of that set, in its order. */
static void check_offer(struct world *world, const struct replay *replay, const struct offer *offer)
{
    if (offer->planned != replay->planned)
        world_wrong(world, "an offer of %u legs, %u were chosen", offer->planned, replay->planned);
    for (uint32_t i = 0; i < replay->planned && i < offer->candidates_count; i++) {
        const struct rank_bid *bid = &replay->bids[replay->order[i]];
        const struct offer_candidate *leg = &offer->candidates[i];
        if (!bytes_same(leg->contract, bid->entry->contract->id) || leg->max_sold != bid->max_sold ||
            leg->price_micros != bid->pays_micros)
            world_wrong(world,
                        "leg %u of an offer of %u is not the one that was chosen: %.*s %u %lld, not %.*s %u %lld",
                        i + 1, replay->planned, (int)leg->contract.len, leg->contract.at, leg->max_sold,
                        (long long)leg->price_micros, (int)bid->entry->contract->id.len, bid->entry->contract->id.at,
                        bid->max_sold, (long long)bid->pays_micros);
    }
}

/* Asked, and not waited for. */
static bool is_late(const struct replay *replay, const struct trace_auction *trace, uint32_t entry)
{
    uint32_t place = replay->entries[entry].told;
    const struct trace_contract *told = place == REPLAY_NONE ? NULL : &trace->contracts[place];
    return told && told->state == TRACE_PINGED && !told->has_bid && told->reason == REASON_OUTBID;
}

/* What it might have said: nothing, or up to three legs up to its ceiling; as high as can be, or as it comes. */
static uint32_t draw_late(struct world *world, const struct decision *decision, const struct match_entry *entry,
                          struct rank_bid *bids)
{
    int64_t most = entry->contract->max_price_micros;
    struct rank_bid said = {.entry = entry, .price_micros = most, .available = queue_draw(&world->queue, 8) != 0};
    struct bid_leg legs[LATE_LEGS];
    uint32_t count = (uint32_t)queue_draw(&world->queue, LATE_LEGS + 1);
    bool is_high = queue_draw(&world->queue, 2);
    if (most <= 0 || queue_draw(&world->queue, 5) == 0) return 0;
    if (!is_high) said.price_micros -= (int64_t)queue_draw(&world->queue, (uint64_t)most);
    for (uint32_t i = 0; i < count; i++)
        legs[i] = (struct bid_leg){is_high && i == 0 ? most : most - (int64_t)queue_draw(&world->queue, (uint64_t)most),
                                   (uint8_t)(1 + queue_draw(&world->queue, 4))};
    return decide_legs(decision, &said, legs, count, bids);
}

/* Whatever all those who were not waited for might have said together, the set stays, and what each of it pays. */
static void check_set_closed_early(struct world *world, const struct replay *replay, const struct decision *decision,
                                   const struct trace_auction *trace)
{
    uint32_t count = replay->bids_count, entries = replay->match.entries_count, planned;
    struct arena *arena = &world->again->arena;
    size_t room = count + (size_t)entries * DECIDE_LEGS_MAX + 1;
    struct rank_bid *bids = arena_take(arena, room * sizeof *bids);
    uint32_t *order = arena_take(arena, room * sizeof *order);
    check(bids && order);
    world->counts.early_closes++;
    world->counts.early_sets++;
    for (unsigned i = 0; i < LATE_TRIES; i++) {
        uint32_t all = count;
        if (count) memcpy(bids, replay->bids, count * sizeof *bids);
        for (uint32_t k = 0; k < entries; k++)
            if (is_late(replay, trace, k)) all += draw_late(world, decision, &replay->match.entries[k], &bids[all]);
        decide_run(decision, bids, all, order, &planned);
        bool is_same = planned == replay->planned;
        for (uint32_t k = 0; k < planned && is_same; k++)
            is_same = order[k] == replay->order[k] && bids[order[k]].pays_micros == replay->bids[order[k]].pays_micros;
        if (!is_same) world_wrong(world, "bidding for several was closed, and bids to come would have changed the set");
    }
}

/* Nobody who was not waited for could have changed the first place, or what is paid there: tried bid by bid. */
static void check_early_close(struct world *world, const struct replay *replay, const struct decision *decision,
                              const struct trace_auction *trace)
{
    struct arena *arena = &world->again->arena;
    uint32_t count = replay->bids_count;
    struct rank_bid *bids = arena_take(arena, (count + 1) * sizeof *bids);
    uint32_t *order = arena_take(arena, (count + 1) * sizeof *order), first = replay->order[0], planned;
    check(bids && order);
    world->counts.early_closes++;
    for (uint32_t i = 0; i < replay->match.entries_count; i++) {
        const struct match_entry *entry = &replay->match.entries[i];
        if (!is_late(replay, trace, i)) continue;
        for (int64_t price = entry->contract->max_price_micros; price > 0; price -= PRICE_STEP) {
            if (count) memcpy(bids, replay->bids, count * sizeof *bids);
            bids[count] = (struct rank_bid){.entry = entry, .price_micros = price, .max_sold = 1, .available = true};
            decide_run(decision, bids, count + 1, order, &planned);
            if (order[0] != first || bids[first].pays_micros != replay->bids[first].pays_micros)
                world_wrong(world, "bidding was closed, and a bid of %lld would have changed it", (long long)price);
        }
    }
}

/* A waterfall's next tier, asked because all before it refused. */
static bool was_posted_before_its_last_bids(const struct trace_auction *trace)
{
    bool is_posted = false;
    for (uint32_t i = 0; i < trace->steps_count; i++) {
        if (trace->steps[i].letter == 's') is_posted = true;
        if (trace->steps[i].letter == 'p' && is_posted) return true;
    }
    return false;
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

void again_check(struct world *world, struct bytes record, const struct offer *offer)
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
    struct decision decision = {.catalogue = catalogue,
                                .campaign = replay.campaign,
                                .affiliate = replay.affiliate,
                                .source = replay.source,
                                .floor_micros = replay.floor_micros,
                                .leg_floor_micros = again->trace.leg_floor_micros,
                                .max_sales = again->trace.max_sales,
                                .sold_elsewhere = again->trace.sold_elsewhere,
                                .seed = again->trace.seed,
                                .arm = replay.arm,
                                .is_offer = again->trace.kind == TRACE_PING,
                                .opened_ms = again->trace.opened_ms,
                                .ranked_ms = again->trace.ranked_ms};
    bool is_dropped = world->sabotage == SABOTAGE_PLAN && replay.planned > 1 && queue_draw(&world->queue, 20) == 0;
    if (is_dropped) replay.planned--;
    world->counts.later_tiers += was_posted_before_its_last_bids(&again->trace);
    if (replay.is_ranked) check_ranking(world, &replay, &decision);
    if (is_dropped) return; /* nothing else is to find it */
    if (offer && again->trace.kind == TRACE_PING) check_offer(world, &replay, offer);
    if (replay.is_ranked && bytes_is(again->trace.closed_cause, "early_close"))
        (decision.max_sales > 1 ? check_set_closed_early : check_early_close)(world, &replay, &decision, &again->trace);
    difference_find(&again->trace, &replay, &again->arena, &again->differences);
    if (again->differences.count == 0) return;
    const struct difference *first = &again->differences.list[0];
    world_wrong(world, "decided again, %u differences: %.*s %s was %.*s, is %.*s", again->differences.count,
                (int)first->contract.len, first->contract.at, first->what, (int)first->was.len, first->was.at,
                (int)first->is.len, first->is.at);
}

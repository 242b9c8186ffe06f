/* Told in the order of deciding: who was let, who could be asked, how the bids were ranked, what the affiliate was
 * told. What the world did (a line was busy, a buyer was silent, an affiliate hung up) is taken as it was. */
#include "exchange/market/difference.h"

#include "exchange/market/ceilings.h"
#include "protocol/base/money.h"

#define TEXT_MAX 48

struct finder {
    const struct trace_auction *trace;
    const struct replay *replay;
    struct arena *arena;
    struct differences *found;
};

static void find_in_match(struct finder *finder);
static void find_in_contracts(struct finder *finder);
static void find_in_closing(struct finder *finder);
static void find_in_result(struct finder *finder);

void difference_find(const struct trace_auction *trace, const struct replay *replay, struct arena *arena,
                     struct differences *differences)
{
    struct finder finder = {trace, replay, arena, differences};
    differences->count = 0;
    find_in_match(&finder);
    find_in_contracts(&finder);
    find_in_closing(&finder);
    find_in_result(&finder);
}

/* Noting one
 * --------------------------------------------------------------------------------------------------------------- */

static void note(struct finder *finder, struct bytes contract, const char *what, struct bytes was, struct bytes is)
{
    struct differences *found = finder->found;
    if (found->count == DIFFERENCES_MAX) return;
    found->list[found->count++] = (struct difference){contract, what, arena_copy(finder->arena, was),
                                                      arena_copy(finder->arena, is)};
}

static void compare_money(struct finder *finder, struct bytes contract, const char *what, int64_t was, int64_t is)
{
    char old[TEXT_MAX], new[TEXT_MAX];
    struct sink before = sink_over(old, sizeof old), after = sink_over(new, sizeof new);
    if (was == is) return;
    money_write(&before, was);
    money_write(&after, is);
    note(finder, contract, what, sink_written(&before), sink_written(&after));
}

static void compare_number(struct finder *finder, struct bytes contract, const char *what, int64_t was, int64_t is)
{
    char old[TEXT_MAX], new[TEXT_MAX];
    struct sink before = sink_over(old, sizeof old), after = sink_over(new, sizeof new);
    if (was == is) return;
    sink_i64(&before, was);
    sink_i64(&after, is);
    note(finder, contract, what, sink_written(&before), sink_written(&after));
}

/* A candidate has a place and no reason. */
static struct bytes word_reason(enum reason reason)
{
    return reason == REASON_NONE ? BYTES("none") : bytes_of(reason_code(reason));
}

static void compare_reason(struct finder *finder, struct bytes contract, enum reason was, enum reason is)
{
    if (was != is) note(finder, contract, "reason", word_reason(was), word_reason(is));
}

/* Who was let
 * -------------------------------------------------------------------------------------------------------------- */

/* Entries whose reason is a static one all the same: the person is, to that buyer, what a source may be. */
static uint32_t count_barred(const struct match *match, enum reason reason)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < match->entries_count; i++) count += match->entries[i].view.barred == reason;
    return reason == REASON_NONE ? 0 : count;
}

static void find_in_match(struct finder *finder)
{
    static const enum reason statics[] = {REASON_FILTERED, REASON_EXCLUDED};
    const struct replay *replay = finder->replay;
    const struct trace_auction *trace = finder->trace;
    compare_number(finder, BYTES_NONE, "arm", trace->arm, (int64_t)replay->arm);
    compare_money(finder, BYTES_NONE, "floor", trace->floor_micros, replay->floor_micros);
    if (replay->refused != REASON_NONE) {
        compare_reason(finder, BYTES_NONE, trace->reason, replay->refused);
        return;
    }
    if (!replay_was_matched(trace)) {
        compare_reason(finder, BYTES_NONE, trace->reason, REASON_NONE);
        return;
    }
    for (size_t i = 0; i < sizeof statics / sizeof *statics; i++)
        compare_number(finder, BYTES_NONE, reason_code(statics[i]), trace->counts[statics[i]],
                       replay->match.counts[statics[i]] - count_barred(&replay->match, statics[i]));
}

/* Contract by contract
 * ----------------------------------------------------------------------------------------------------- */

static void compare_bid(struct finder *finder, const struct trace_contract *told, const struct replay_entry *again)
{
    if (!told->has_bid || again->bid == REPLAY_NONE) {
        if (told->has_bid != (again->bid != REPLAY_NONE))
            note(finder, told->contract, "bid", told->has_bid ? BYTES("one") : BYTES("none"),
                 told->has_bid ? BYTES("none") : BYTES("one"));
        return;
    }
    const struct rank_bid *bid = &finder->replay->bids[again->bid];
    compare_number(finder, told->contract, "place", told->rank, bid->rank);
    compare_money(finder, told->contract, "bid", told->price_micros, bid->price_micros);
    compare_money(finder, told->contract, "effective price", told->effective_micros, bid->effective_micros);
    compare_money(finder, told->contract, "price to pay", told->pays_micros, bid->pays_micros);
    compare_number(finder, told->contract, "place in the shadow", told->shadow_rank, bid->shadow_rank);
    compare_money(finder, told->contract, "payout", told->payout_micros, bid->payout.payout_micros);
}

static void compare_entry(struct finder *finder, const struct trace_contract *told, const struct match_entry *entry,
                          const struct replay_entry *again)
{
    enum reason was = told->reason == REASON_OUTBID ? REASON_NONE : told->reason;
    compare_number(finder, told->contract, "tier", told->tier, entry->contract->tier);
    if (told->is_let != (entry->reason == REASON_NONE)) {
        note(finder, told->contract, "available", told->is_let ? BYTES("yes") : word_reason(was),
             entry->reason == REASON_NONE ? BYTES("yes") : word_reason(entry->reason));
        return;
    }
    if (!told->is_let) compare_reason(finder, told->contract, was, entry->reason);
    if (!told->is_let || !finder->replay->is_ranked) return;
    compare_bid(finder, told, again);
    if (told->has_bid && again->bid != REPLAY_NONE) compare_reason(finder, told->contract, was, again->reason);
}

static void find_in_contracts(struct finder *finder)
{
    const struct replay *replay = finder->replay;
    const struct trace_auction *trace = finder->trace;
    bool *is_met = arena_zero(finder->arena, trace->contracts_count + 1, sizeof *is_met);
    if (!is_met || !replay_was_matched(trace)) return;
    uint32_t untold = 0, counted = 0;
    for (uint32_t i = 0; replay->refused == REASON_NONE && i < replay->match.entries_count; i++) {
        const struct replay_entry *again = &replay->entries[i];
        untold += again->told == REPLAY_NONE;
        if (again->told == REPLAY_NONE) continue;
        is_met[again->told] = true;
        compare_entry(finder, &trace->contracts[again->told], &replay->match.entries[i], again);
    }
    for (uint32_t i = 0; i < trace->contracts_count; i++)
        if (!is_met[i]) note(finder, trace->contracts[i].contract, "filter", BYTES("let"), BYTES("not let"));
    for (uint32_t i = 0; i < REASON_COUNT; i++)
        if (i != REASON_FILTERED && i != REASON_EXCLUDED) counted += trace->counts[i];
    compare_number(finder, BYTES_NONE, "contracts only counted", counted, untold);
}

/* How the bidding ended
 * ---------------------------------------------------------------------------------------------------- */

/* It was asked, and had not answered when the bidding was closed early: outbid without a bid. */
static bool is_late(const struct finder *finder, uint32_t entry)
{
    uint32_t place = finder->replay->entries[entry].told;
    const struct trace_contract *told = place == REPLAY_NONE ? NULL : &finder->trace->contracts[place];
    return told && told->state == TRACE_PINGED && !told->has_bid && told->reason == REASON_OUTBID;
}

/* Of several sales all of them are looked at together. What is ranked for it is a copy. */
static void find_in_set(struct finder *finder)
{
    const struct replay *replay = finder->replay;
    uint32_t entries = replay->match.entries_count, count = replay->bids_count, late_count = 0;
    struct rank_bid *bids = arena_take(finder->arena, (count + 1) * sizeof *bids);
    uint32_t *order = arena_take(finder->arena, (count + 1) * sizeof *order);
    const struct match_entry **late = arena_take(finder->arena, (entries + 1) * sizeof *late);
    if (!bids || !order || !late) return;
    if (count) memcpy(bids, replay->bids, count * sizeof *bids);
    for (uint32_t i = 0; i < entries; i++)
        if (is_late(finder, i)) late[late_count++] = &replay->match.entries[i];
    if (!ceilings_settle(&replay->decision, bids, count, order, late, late_count))
        note(finder, BYTES_NONE, "early close", BYTES("not waited for"), BYTES("could have changed the set"));
}

/* Closed early: then nobody who had not answered yet could have changed the result. */
static void find_in_closing(struct finder *finder)
{
    const struct replay *replay = finder->replay;
    const struct trace_auction *trace = finder->trace;
    if (!bytes_is(trace->closed_cause, TRACE_CLOSED_EARLY) || !replay->is_ranked) return;
    struct rank_terms terms = decide_terms(&replay->decision);
    if (replay->decision.max_sales > 1) {
        find_in_set(finder);
        return;
    }
    for (uint32_t i = 0; i < replay->match.entries_count; i++) {
        const struct trace_contract *told;
        if (!is_late(finder, i)) continue;
        told = &trace->contracts[replay->entries[i].told];
        if (!ceiling_settles(&terms, replay->bids, replay->order, replay->order_count, &replay->match.entries[i]))
            note(finder, told->contract, "early close", BYTES("not waited for"), BYTES("could have won"));
    }
}

/* What the affiliate was told
 * ---------------------------------------------------------------------------------------------- */

static bool is_rejected(const struct trace_auction *trace)
{
    return trace->kind == TRACE_PING && bytes_is(trace->status, "rejected");
}

static void find_in_result(struct finder *finder)
{
    const struct replay *replay = finder->replay;
    const struct trace_auction *trace = finder->trace;
    if (replay->refused != REASON_NONE || !replay_was_matched(trace)) return;
    if (!replay->is_ranked && replay->match.askable > 0) return; /* it ended in between */
    bool is_offer = trace->kind == TRACE_PING && bytes_is(trace->status, "accepted");
    if (is_offer) {
        compare_money(finder, BYTES_NONE, "price", trace->price_micros, replay->price_micros);
        compare_number(finder, BYTES_NONE, "expires", trace->expires_ms, replay->expires_ms);
    }
    if (replay->order_count > 0 && is_rejected(trace) && trace->reason == REASON_NO_TIME) return; /* over by then */
    if (is_offer || is_rejected(trace)) compare_reason(finder, BYTES_NONE, trace->reason, replay->reason);
}

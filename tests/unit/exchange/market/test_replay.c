/* replay and difference: a recorded auction comes out as it was; every kind of tampering with the record is named;
 * under another catalogue it comes out otherwise, and what cannot be known is counted. */
#include "exchange/market/difference.h"
#include "exchange/market/excluded.h"
#include "tests/unit/exchange/market/world.h"

#define NOW INT64_C(1000000000)
#define WALL INT64_C(1767366000000) /* 2026-01-02 15:00 UTC */
#define URLS "'ping_url':'https://n.example/p','post_url':'https://n.example/l'"
#define MARKET(north_margin)                                                                                           \
    "{'campaigns':[" WORLD_CAMPAIGN "],'affiliates':[{'id':'best','campaigns':['auto'],'min_price':'2',"               \
    "'exclude_buyers':['shut']}],'buyers':[{" WORLD_BUYER(                                                             \
        "n") ",'contracts':["                                                                                          \
             "{'id':'north','campaign':'auto','price':'live'," north_margin URLS "},"                                  \
             "{'id':'south','campaign':'auto','price':'live'," URLS "},"                                               \
             "{'id':'silent','campaign':'auto','price':'live'," URLS "},"                                              \
             "{'id':'fixed','campaign':'auto','price':'6','post_url':'https://n.example/l'},"                          \
             "{'id':'subs','campaign':'auto','price':'3','filter':{'sub_id':['s1']},'post_url':'https://n.example/"    \
             "l'},"                                                                                                    \
             "{'id':'area','campaign':'auto','price':'3.10','filter':{'area_code':['415']},'post_url':'https://"       \
             "n.example/l'},"                                                                                          \
             "{'id':'agreed','campaign':'auto','price':'3.20','filter':{'consent':'tcpa'},'post_url':'https://"        \
             "n.example/l'},"                                                                                          \
             "{'id':'secret','campaign':'auto','price':'3.30','filter':{'field':'first_name','prefix':['A']},"         \
             "'post_url':'https://n.example/l'},"                                                                      \
             "{'id':'secret2','campaign':'auto','price':'3.40','filter':{'field':'first_name','prefix':['B']},"        \
             "'post_url':'https://n.example/l'},"                                                                      \
             "{'id':'nevada','campaign':'auto','price':'1','filter':{'field':'state','in':['NV']},"                    \
             "'post_url':'https://n.example/l'},"                                                                      \
             "{'id':'stopped','campaign':'auto','price':'9','paused':true,'post_url':'https://n.example/l'}]},"        \
             "{" WORLD_BUYER("shut") ",'contracts':[{'id':'shut','campaign':'auto','price':'8',"                       \
                                     "'post_url':'https://n.example/l'}]},"                                            \
                                     "{" WORLD_BUYER(                                                                  \
                                         "kept") ",'group':'kept-group','contracts':[{'id':'kept',"                    \
                                                 "'campaign':'auto','price':'7','post_url':'https://n.example/l'}]}]}"

static struct world world;
static struct catalogue *catalogue, *other;
static struct trace_auction trace;
static struct replay replay;
static struct differences differences;

static void tell(const struct match_entry *entry, struct trace_contract *told)
{
    static char packed[32][AVAILABILITY_PACKED_MAX];
    uint32_t place = trace.contracts_count++;
    struct sink sink = sink_over(packed[place], AVAILABILITY_PACKED_MAX);
    availability_pack(&sink, &entry->view);
    *told = (struct trace_contract){.contract = entry->contract->id,
                                    .view = sink_written(&sink),
                                    .reason = entry->reason,
                                    .is_let = entry->reason == REASON_NONE,
                                    .tier = entry->contract->tier,
                                    .answer_us = -1};
    if (entry->reason != REASON_NONE) return;
    told->state = entry->contract->is_live ? TRACE_PINGED : TRACE_STANDING;
    told->has_bid = true;
    told->available = true;
    told->price_micros = entry->standing_price_micros;
    if (bytes_is(told->contract, "north")) told->price_micros = 12000000;
    if (bytes_is(told->contract, "south")) told->price_micros = 9000000;
    if (!bytes_is(told->contract, "silent")) return;
    told->has_bid = false;
    told->reason = REASON_TIMEOUT;
}

/* What an auction would have left, told by the rules themselves: the trace of a whole lead, or of a ping. */
static void record(enum trace_kind kind)
{
    static struct trace_contract contracts[32];
    static const struct bytes subs[] = {{"s0", 2}, {"s1", 2}}, kept[] = {{"kept-group", 10}, {"b", 1}};
    struct lead_form form = world_lead(&world, &catalogue->campaigns[0], kind == TRACE_PING ? LEAD_PING : LEAD_ONE_CALL,
                                       "{'state':'CA','zip':'94110','age':30,'first_name':'Ann',"
                                       "'phone':'4155550123','email':'a@b.co'}");
    struct match match;
    form.facts.affiliate = BYTES("best");
    form.facts.sub_ids = subs;
    form.facts.sub_ids_count = 2;
    form.facts.consent = world_read(&world, "{'tcpa':true}");
    form.facts.today = campaign_day(WALL);
    assert_true(excluded_sort(kept, 2, &world.arena, &form.facts.excluded));
    assert_true(match_run(catalogue, &form.facts, world.standing, NOW, WALL, &world.arena, &match));
    trace = (struct trace_auction){.is_whole = true,
                                   .kind = kind,
                                   .affiliate = BYTES("best"),
                                   .campaign = BYTES("auto"),
                                   .opened_ms = WALL,
                                   .ranked_ms = WALL + 100,
                                   .status = kind == TRACE_PING ? BYTES("accepted") : BYTES("sold"),
                                   .closed_cause = BYTES("all_answered"),
                                   .catalogue = catalogue->version,
                                   .seed = 42,
                                   .floor_micros = 2500000,
                                   .asked_micros = 2500000,
                                   .public_json = form.public_json,
                                   .sub_ids = BYTES("[\"s0\",\"s1\"]"),
                                   .consent = BYTES("{\"tcpa\":true}"),
                                   .area_code = form.facts.area_code,
                                   .hidden = match_pack_hidden(catalogue, &form.facts, &world.arena),
                                   .contracts = contracts,
                                   .steps = {{'m', 0}, {'p', 0}},
                                   .steps_count = 2};
    assert_true(excluded_pack(&form.facts.excluded, &world.arena, &trace.excluded));
    trace.counts[REASON_FILTERED] = match.counts[REASON_FILTERED];
    trace.counts[REASON_EXCLUDED] = match.counts[REASON_EXCLUDED];
    for (uint32_t i = 0; i < match.entries_count; i++) tell(&match.entries[i], &contracts[i]);
    assert_int_equal(replay_run(&trace, catalogue, &world.arena, &replay), REPLAY_DECIDED);
    for (uint32_t i = 0; i < replay.match.entries_count; i++) {
        const struct replay_entry *entry = &replay.entries[i];
        struct trace_contract *told = &contracts[entry->told];
        if (entry->bid == REPLAY_NONE) continue;
        told->rank = replay.bids[entry->bid].rank;
        told->reason = entry->reason == REASON_NONE && told->rank > 1 ? REASON_OUTBID : entry->reason;
        told->payout_micros = replay.bids[entry->bid].payout.payout_micros;
        told->effective_micros = replay.bids[entry->bid].effective_micros;
        told->pays_micros = replay.bids[entry->bid].pays_micros;
    }
    trace.price_micros = replay.price_micros;
    trace.expires_ms = replay.expires_ms;
}

static uint32_t differ(void)
{
    assert_int_equal(replay_run(&trace, catalogue, &world.arena, &replay), REPLAY_DECIDED);
    difference_find(&trace, &replay, &world.arena, &differences);
    return differences.count;
}

static struct trace_contract *told_of(const char *contract)
{
    for (uint32_t i = 0; i < trace.contracts_count; i++)
        if (bytes_is(trace.contracts[i].contract, contract)) return &trace.contracts[i];
    fail_msg("nothing is told of %s", contract);
    return NULL;
}

static const struct rank_bid *bid_of(const char *contract)
{
    for (uint32_t i = 0; i < replay.bids_count; i++)
        if (bytes_is(replay.bids[i].entry->contract->id, contract)) return &replay.bids[i];
    return NULL;
}

static void it_comes_out_as_it_was(void **state)
{
    (void)state;
    for (enum trace_kind kind = TRACE_PING; kind <= TRACE_ONE_CALL; kind += TRACE_ONE_CALL - TRACE_PING) {
        record(kind);
        assert_int_equal(differ(), 0);
        assert_int_equal(bid_of("north")->rank, 1);
        assert_int_equal(bid_of("south")->rank, 2);
        assert_non_null(bid_of("subs"));
        assert_non_null(bid_of("area"));
        assert_non_null(bid_of("agreed"));
        assert_int_equal(bid_of("secret") != NULL, kind == TRACE_ONE_CALL); /* told by its bit alone */
        assert_null(bid_of("secret2"));
        assert_null(bid_of("nevada"));
        assert_null(bid_of("shut"));
        assert_null(bid_of("kept"));
        assert_int_equal(replay.match.counts[REASON_EXCLUDED], 2);
        assert_int_equal(replay.match.counts[REASON_PAUSED], 1);
    }
}

/* One input or result after the other is another than it was. */
static void tampering_is_named(void **state)
{
    static const struct {
        const char *contract, *what;
        int64_t price_micros;
        bool forgets_subs, forgets_area, forgets_consent, forgets_hidden, lets;
    } cases[] = {
        {.contract = "south", .what = "place", .price_micros = 13000000},
        {.contract = "fixed", .what = "bid", .price_micros = 7000000},
        {.contract = "subs", .what = "filter", .forgets_subs = true},
        {.contract = "area", .what = "filter", .forgets_area = true},
        {.contract = "agreed", .what = "filter", .forgets_consent = true},
        {.contract = "secret", .what = "filter", .forgets_hidden = true},
        {.contract = "stopped", .what = "available", .lets = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        record(TRACE_ONE_CALL);
        struct trace_contract *told = told_of(cases[i].contract);
        if (cases[i].price_micros) told->price_micros = cases[i].price_micros;
        if (cases[i].forgets_subs) trace.sub_ids = BYTES_NONE;
        if (cases[i].forgets_area) trace.area_code = 0;
        if (cases[i].forgets_consent) trace.kind = TRACE_PING, trace.consent = BYTES_NONE;
        if (cases[i].forgets_hidden) trace.hidden = BYTES_NONE;
        if (cases[i].lets) told->is_let = true;
        assert_true(differ() > 0);
        bool found = false;
        for (uint32_t k = 0; k < differences.count; k++)
            found |= bytes_is(differences.list[k].contract, cases[i].contract) &&
                     strcmp(differences.list[k].what, cases[i].what) == 0;
        if (!found) fail_msg("%s of %s is not named", cases[i].what, cases[i].contract);
    }
}

static void what_was_told_is_compared(void **state)
{
    (void)state;
    record(TRACE_PING);
    trace.price_micros += 10000;
    assert_int_equal(differ(), 1);
    assert_string_equal(differences.list[0].what, "price");
    assert_true(bytes_is(differences.list[0].was, "9.61") && bytes_is(differences.list[0].is, "9.60"));
    record(TRACE_PING);
    trace.floor_micros = 1;
    assert_int_equal(differ(), 1);
    assert_string_equal(differences.list[0].what, "floor");
    record(TRACE_PING);
    trace.expires_ms++;
    assert_int_equal(differ(), 1);
    assert_string_equal(differences.list[0].what, "expires");
    record(TRACE_PING);
    trace.counts[REASON_FILTERED]++;
    assert_int_equal(differ(), 1);
    assert_string_equal(differences.list[0].what, "filtered");
    record(TRACE_PING);
    trace.excluded = BYTES_NONE; /* then there is one more who may be asked, and it is not told of */
    assert_true(differ() > 0);
    bool found = false;
    for (uint32_t i = 0; i < differences.count; i++)
        found |= strcmp(differences.list[i].what, "excluded") == 0;
    assert_true(found);
}

/* Bidding that ended before a contract without a ceiling had answered. */
static void an_early_close_is_looked_at(void **state)
{
    (void)state;
    record(TRACE_PING);
    trace.closed_cause = BYTES(TRACE_CLOSED_EARLY);
    assert_int_equal(differ(), 0); /* everybody had answered, or run out of time */
    told_of("silent")->reason = REASON_OUTBID;
    assert_int_equal(differ(), 1);
    assert_string_equal(differences.list[0].what, "early close");
    assert_true(bytes_is(differences.list[0].contract, "silent"));
}

static void under_another_catalogue(void **state)
{
    (void)state;
    record(TRACE_PING);
    assert_int_equal(replay_run(&trace, other, &world.arena, &replay), REPLAY_DECIDED);
    assert_int_equal(bid_of("north")->payout.payout_micros, 6000000); /* half of it stays with the house there */
    assert_int_equal(bid_of("south")->rank, 2);
    assert_int_equal(replay.price_micros, 6000000);
    assert_int_equal(replay.unknown_count, 0);
    told_of("south")->state = TRACE_SKIPPED; /* it was not asked then; nobody knows what it would have said */
    told_of("south")->has_bid = false;
    assert_int_equal(replay_run(&trace, other, &world.arena, &replay), REPLAY_DECIDED);
    assert_int_equal(replay.unknown_count, 1);
    assert_null(bid_of("south"));
}

static void what_cannot_be_decided(void **state)
{
    (void)state;
    record(TRACE_PING);
    trace.kind = TRACE_POST;
    assert_int_equal(replay_run(&trace, catalogue, &world.arena, &replay), REPLAY_NO_AUCTION);
    record(TRACE_PING);
    trace.is_whole = false;
    assert_int_equal(replay_run(&trace, catalogue, &world.arena, &replay), REPLAY_TOO_OLD);
    record(TRACE_PING);
    trace.campaign = BYTES("homes");
    assert_int_equal(replay_run(&trace, catalogue, &world.arena, &replay), REPLAY_STRANGE);
    record(TRACE_PING);
    trace.affiliate = BYTES("nobody");
    assert_int_equal(replay_run(&trace, catalogue, &world.arena, &replay), REPLAY_STRANGE);
    record(TRACE_PING);
    trace.public_json = BYTES("{\"state\":17}");
    assert_int_equal(replay_run(&trace, catalogue, &world.arena, &replay), REPLAY_STRANGE);
}

static int open_markets(void **state)
{
    (void)state;
    world_open(&world);
    catalogue = world_build(&world, MARKET(""));
    other = world_build(&world, MARKET("'margin':{'percent':50},"));
    return 0;
}

static int close_markets(void **state)
{
    (void)state;
    catalogue_drop(&catalogue);
    catalogue_drop(&other);
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_out_as_it_was),    cmocka_unit_test(tampering_is_named),
        cmocka_unit_test(what_was_told_is_compared), cmocka_unit_test(an_early_close_is_looked_at),
        cmocka_unit_test(under_another_catalogue),   cmocka_unit_test(what_cannot_be_decided),
    };
    return cmocka_run_group_tests(tests, open_markets, close_markets);
}

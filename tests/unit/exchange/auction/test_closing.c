/* When bidding ends, to the microsecond: each tier of a waterfall has its share of the time that is left, and an early
 * close leaves at the instant of the answer that settles it. In the simulated world, where clocks stand still. */

#include "tests/unit/exchange/auction/stage.h"

#define BUDGET_US (900000 - 2000) /* what a timeout of 900 ms leaves for bids */
#define PING "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}"

static const struct trace_auction *trace_of(struct stage *stage, const struct world_request *request)
{
    const struct world_trace *trace = world_trace_of(stage->world, &request->ping_id);
    assert_non_null(trace);
    assert_true(trace_read(trace->record, &stage->arena, &stage->trace));
    return &stage->trace;
}

/* Two silent tiers before one that answers: a third of the time, then half of the rest. */
static void each_tier_has_its_share(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, 0, "\"timeout\":\"900ms\",\"tier_mode\":\"waterfall\"",
               STAGE_BUYER("a", "\"tier\":2") "," STAGE_BUYER("b", "\"tier\":3") "," STAGE_BUYER("c", "\"tier\":9"),
               "{\"name\":\"a\",\"price\":\"12.00\",\"manner\":\"silent\"},{\"name\":\"b\",\"price\":\"12.00\","
               "\"manner\":\"silent\"},{\"name\":\"c\",\"price\":\"12.00\"}");
    const struct world_request *ping = stage_ask(stage, AUCTION_PING, PING);
    assert_int_equal(ping->status, ANSWER_ACCEPTED);
    assert_in_range(ping->elapsed_us, BUDGET_US / 3 * 2, BUDGET_US / 3 * 2 + 1000);
    assert_true(bytes_is(trace_of(stage, ping)->closed_cause, "all_answered"));
}

/* What a tier does not use goes to the next ones. */
static void time_that_is_left_is_passed_on(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, 0, "\"timeout\":\"900ms\",\"tier_mode\":\"waterfall\"",
               STAGE_BUYER("a", "\"tier\":1") "," STAGE_BUYER("b", "\"tier\":2") "," STAGE_BUYER("c", "\"tier\":3"),
               "{\"name\":\"a\",\"price\":\"12.00\",\"manner\":\"no_bid\"},{\"name\":\"b\",\"price\":\"12.00\","
               "\"manner\":\"silent\"},{\"name\":\"c\",\"price\":\"12.00\"}");
    const struct world_request *ping = stage_ask(stage, AUCTION_PING, PING);
    assert_int_equal(ping->status, ANSWER_ACCEPTED);
    assert_in_range(ping->elapsed_us, BUDGET_US / 2, BUDGET_US / 2 + 1000);
}

/* The last tier has all the time there is, and no more. */
static void a_waterfall_ends_in_time(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, 0, "\"timeout\":\"900ms\",\"tier_mode\":\"waterfall\"",
               STAGE_BUYER("a", "\"tier\":1") "," STAGE_BUYER("b", "\"tier\":2"),
               "{\"name\":\"a\",\"price\":\"12.00\",\"manner\":\"silent\"},{\"name\":\"b\",\"price\":\"12.00\","
               "\"manner\":\"silent\"}");
    const struct world_request *ping = stage_ask(stage, AUCTION_PING, PING);
    assert_int_equal(ping->status, ANSWER_REJECTED);
    assert_in_range(ping->elapsed_us, BUDGET_US, BUDGET_US + 1000);
    assert_true(bytes_is(trace_of(stage, ping)->closed_cause, "deadline"));
}

#define LEAD "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}"
#define REFUSES "{\"name\":\"a\",\"price\":\"12.00\",\"post\":{\"reject\":1,\"think_ms\":"

/* A whole lead that a tier refused: of two tiers that are left the first, silent, has half of the auction's time that
 * is left; a lead that is refused when that time is over finds nobody else. */
static void a_refused_lead_has_the_time_that_is_left(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, 0, "\"timeout\":\"900ms\",\"tier_mode\":\"waterfall\"",
               STAGE_BUYER("a", "\"tier\":1") "," STAGE_BUYER("b", "\"tier\":2") "," STAGE_BUYER("c", "\"tier\":3"),
               REFUSES "100}},{\"name\":\"b\",\"price\":\"12.00\",\"manner\":\"silent\"},{\"name\":\"c\","
                       "\"price\":\"9.00\"}");
    const struct world_request *lead = stage_ask(stage, AUCTION_ONE_CALL, LEAD);
    assert_int_equal(lead->status, ANSWER_SOLD);
    assert_in_range(lead->elapsed_us, 100000 + 800000 / 2, 100000 + 800000 / 2 + 5000);
}

static void a_lead_refused_too_late_is_unsold(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, 0, "\"timeout\":\"900ms\",\"tier_mode\":\"waterfall\"",
               STAGE_BUYER("a", "\"tier\":1") "," STAGE_BUYER("b", "\"tier\":2"),
               REFUSES "901}},{\"name\":\"b\",\"price\":\"12.00\"}");
    const struct world_request *lead = stage_ask(stage, AUCTION_ONE_CALL, LEAD);
    assert_int_equal(lead->status, ANSWER_UNSOLD);
    assert_int_equal(lead->reason, REASON_REJECTED);
}

static void an_early_close_saves_the_rest(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, 0, "\"timeout\":\"900ms\"",
               STAGE_BUYER("a", "\"max_price\":\"30\"") "," STAGE_BUYER("b", "\"max_price\":\"19\""),
               "{\"name\":\"a\",\"price\":\"20.00\",\"think_ms\":100},{\"name\":\"b\",\"price\":\"12.00\",\"manner\":"
               "\"silent\"}");
    const struct world_request *ping = stage_ask(stage, AUCTION_PING, PING);
    assert_int_equal(ping->status, ANSWER_ACCEPTED);
    assert_in_range(ping->elapsed_us, 100000, 101000);
    const struct trace_auction *trace = trace_of(stage, ping);
    assert_true(bytes_is(trace->closed_cause, "early_close"));
    assert_in_range(trace->saved_us, BUDGET_US - 101000, BUDGET_US - 100000);
    assert_int_equal(trace->contracts_count, 2);
    assert_int_equal(trace->contracts[1].reason, REASON_OUTBID);
    assert_int_equal(trace->contracts[1].state, TRACE_PINGED);
}

/* A contract without max_price is waited for, whatever its tier. */
static void without_a_ceiling_there_is_no_early_close(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, 0, "\"timeout\":\"900ms\"", STAGE_BUYER("a", "\"tier\":1") "," STAGE_BUYER("b", "\"tier\":2"),
               "{\"name\":\"a\",\"price\":\"20.00\"},{\"name\":\"b\",\"price\":\"12.00\",\"manner\":\"silent\"}");
    const struct world_request *ping = stage_ask(stage, AUCTION_PING, PING);
    assert_int_equal(ping->status, ANSWER_ACCEPTED);
    assert_in_range(ping->elapsed_us, BUDGET_US, BUDGET_US + 1000);
    assert_int_equal(trace_of(stage, ping)->saved_us, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)
    const struct CMUnitTest tests[] = {
        TEST(each_tier_has_its_share),
        TEST(time_that_is_left_is_passed_on),
        TEST(a_waterfall_ends_in_time),
        TEST(a_refused_lead_has_the_time_that_is_left),
        TEST(a_lead_refused_too_late_is_unsold),
        TEST(an_early_close_saves_the_rest),
        TEST(without_a_ceiling_there_is_no_early_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The schedule is honoured as it stood at the ping: a post of an offer is not refused because its buyer has closed
 * since; a new ping is. In the simulated world, whose clock stands a minute before closing time. */
#include "tests/unit/exchange/auction/stage.h"

#define PING "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}"

static struct world *open_until_five(void **state)
{
    struct stage *stage = *state;
    stage_open(stage, STAGE_MONDAY_MS, "\"timeout\":\"1s\"",
               STAGE_BUYER("north", "\"schedule\":{\"mon-fri\":\"08:00-17:00\"}"),
               "{\"name\":\"north\",\"price\":\"12.00\"}");
    return stage->world;
}

static void write_post(const struct world_request *ping, char body[256])
{
    char id[IDENT_TEXT + 1];
    assert_int_equal(ping->status, ANSWER_ACCEPTED);
    snprintf(body, 256, "{\"ping_id\":\"%s\",\"lead\":{\"state\":\"CA\"}}", ident_text(&ping->ping_id, id));
}

static void a_post_after_hours_of_a_ping_before(void **state)
{
    struct world *world = open_until_five(state);
    char body[256];
    write_post(stage_ask(*state, AUCTION_PING, PING), body);
    assert_int_equal(world_gate(world, BYTES("north")), REASON_NONE);
    world_pass(world, 62000000);
    assert_int_equal(world_gate(world, BYTES("north")), REASON_CLOSED);
    assert_int_equal(stage_ask(*state, AUCTION_POST, body)->status, ANSWER_SOLD);

    const struct world_request *late = stage_ask(*state, AUCTION_PING, PING);
    assert_int_equal(late->status, ANSWER_REJECTED);
    assert_int_equal(late->reason, REASON_CLOSED);
}

/* What is not about hours is looked at again. */
static void a_pause_since_the_ping_counts(void **state)
{
    struct world *world = open_until_five(state);
    char body[256];
    write_post(stage_ask(*state, AUCTION_PING, PING), body);
    assert_true(world_pause(world, BYTES("north"), true));
    const struct world_request *post = stage_ask(*state, AUCTION_POST, body);
    assert_int_equal(post->status, ANSWER_UNSOLD);
    assert_int_equal(post->reason, REASON_PAUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_post_after_hours_of_a_ping_before, stage_begin, stage_end),
        cmocka_unit_test_setup_teardown(a_pause_since_the_ping_counts, stage_begin, stage_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

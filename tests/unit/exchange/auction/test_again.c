/* The same lead again: by its key for good, without one for a minute; and how long a doubt of it lasts. In the
 * simulated world, whose days pass at once. */
#include "tests/unit/exchange/auction/stage.h"

#define DAY_US INT64_C(86400000000)
#define SECOND_US INT64_C(1000000)
#define LEAD "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"},\"ref\":\"r\"}"

static struct world *open_stage(void **state, const char *does)
{
    stage_open(*state, STAGE_MONDAY_MS, "\"timeout\":\"1s\",\"post_timeout\":\"1s\"",
               STAGE_BUYER("north", "\"tier\":1"), does);
    return ((struct stage *)*state)->world;
}

static const struct world_request *ask(struct world *world, const char *key, int64_t wait_us)
{
    struct world_ask ask = {
        .kind = AUCTION_ONE_CALL, .affiliate = BYTES("best"), .body = BYTES(LEAD), .key = bytes_of(key ? key : "")};
    uint32_t number = world_ask(world, &ask);
    world_pass(world, wait_us);
    assert_true(world->requests[number].answered);
    return &world->requests[number];
}

static unsigned posts(struct world *world)
{
    return (unsigned)town_count(world->town, town_find(world->town, BYTES("north")), BYTES("posts"));
}

static void a_key_is_kept(void **state)
{
    struct world *world = open_stage(state, "{\"name\":\"north\",\"price\":\"12.00\"}");
    const struct world_request *first = ask(world, "k", SECOND_US);
    assert_int_equal(first->status, ANSWER_SOLD);
    struct ident lead_id = first->lead_id;
    for (unsigned day = 0; day < 3; day++) {
        world_pass(world, day ? DAY_US : DAY_US - 10 * SECOND_US);
        if (day == 1) world_crash(world);
        const struct world_request *again = ask(world, "k", SECOND_US);
        assert_int_equal(again->status, ANSWER_SOLD);
        assert_true(ident_same(&again->lead_id, &lead_id));
    }
    assert_int_equal(posts(world), 1);
    assert_false(ident_same(&ask(world, "another", SECOND_US)->lead_id, &lead_id));
    assert_int_equal(posts(world), 2);
}

static void without_one_for_a_minute(void **state)
{
    struct world *world = open_stage(state, "{\"name\":\"north\",\"price\":\"12.00\"}");
    struct ident lead_id = ask(world, NULL, SECOND_US)->lead_id;
    world_crash(world);
    world_pass(world, 57 * SECOND_US);
    assert_true(ident_same(&ask(world, NULL, SECOND_US)->lead_id, &lead_id));
    world_pass(world, 2 * SECOND_US);
    assert_false(ident_same(&ask(world, NULL, SECOND_US)->lead_id, &lead_id));
    assert_int_equal(posts(world), 2);
}

/* 24 hours, where the contract does not say otherwise. */
static void a_doubt_lasts_a_day(void **state)
{
    struct world *world = open_stage(state,
                                     "{\"name\":\"north\",\"price\":\"12.00\",\"post\":{\"manner\":\"silent\"}}");
    const struct world_request *first = ask(world, "k", 3 * SECOND_US);
    assert_int_equal(first->status, ANSWER_PENDING);
    const struct model_post *post = &world->model.posts[0];
    assert_int_equal(model_ends_ms(post), post->settled_ms + 86400000);
    world_pass(world, DAY_US - 10 * SECOND_US);
    assert_int_equal(ask(world, "k", SECOND_US)->status, ANSWER_PENDING);
    world_crash(world);
    world_pass(world, 10 * SECOND_US);
    const struct world_request *last = ask(world, "k", SECOND_US);
    assert_int_equal(last->status, ANSWER_UNSOLD);
    assert_int_equal(last->reason, REASON_VOIDED);
    assert_int_equal(posts(world), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_kept, stage_begin, stage_end),
        cmocka_unit_test_setup_teardown(without_one_for_a_minute, stage_begin, stage_end),
        cmocka_unit_test_setup_teardown(a_doubt_lasts_a_day, stage_begin, stage_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The schedule is honoured as it stood at the ping: a post of an offer is not refused because its buyer has closed
 * since; a new ping is. In the simulated world, whose clock can stand a minute before closing time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sim/world.h"

#define MONDAY_MS INT64_C(1772470740000) /* 2026-03-02T16:59:00Z */

static const char SETTINGS[] =
    "{\"listen\":{\"public\":\"127.0.0.1:0\",\"admin\":\"127.0.0.1:0\"},\"catalogue\":\"market.yaml\","
    "\"ledger\":{\"path\":\"data\"},\"endpoints\":{\"allow_private\":true}}";
static const char MARKET[] =
    "{\"campaigns\":[{\"id\":\"auto\",\"fields\":{\"state\":{\"type\":\"us_state\",\"private\":false}}}],"
    "\"affiliates\":[{\"id\":\"best\",\"campaigns\":[\"auto\"]}],"
    "\"buyers\":[{\"id\":\"north\",\"signing_secret\":\"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfKQ9r8GKYo=\","
    "\"contracts\":[{\"id\":\"north\",\"campaign\":\"auto\",\"price\":\"live\","
    "\"ping_url\":\"http://127.0.0.1:9000/north/ping\",\"post_url\":\"http://127.0.0.1:9000/north/post\","
    "\"schedule\":{\"mon-fri\":\"08:00-17:00\"}}]}]}";
static const char SCENARIO[] = "{\"listen\":\"127.0.0.1:9000\",\"seed\":1,\"buyers\":[{\"name\":\"north\",\"price\":"
                               "\"10.00\"}]}";

struct stage {
    char folder[64];
    struct world *world;
};

static void write_file(const struct stage *stage, const char *name, const char *text, char path[160])
{
    snprintf(path, 160, "%s/%s", stage->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    char path[160], note[4096];
    struct world_options options = {.seed = 1, .workers = 1, .wall_ms = MONDAY_MS, .commit_us = {300, 300}};
    assert_non_null(stage);
    assert_int_equal(crypto_start(), FAULT_NONE);
    snprintf(stage->folder, sizeof stage->folder, "/tmp/outcry-hours-XXXXXX");
    assert_non_null(mkdtemp(stage->folder));
    write_file(stage, "market.yaml", MARKET, path);
    write_file(stage, "scenario.json", SCENARIO, path);
    struct town *town = town_open(path, note);
    if (!town) fail_msg("%s", note);
    write_file(stage, "outcry.yaml", SETTINGS, path);
    stage->world = world_open(&options, path, town, note, sizeof note);
    if (!stage->world) fail_msg("%s", note);
    *state = stage;
    return 0;
}

static int close_stage(void **state)
{
    static const char *const names[] = {"market.yaml", "scenario.json", "outcry.yaml"};
    struct stage *stage = *state;
    char path[160];
    world_close(&stage->world);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", stage->folder, names[i]);
        unlink(path);
    }
    rmdir(stage->folder);
    free(stage);
    crypto_stop();
    return 0;
}

/* The request, answered. */
static const struct world_request *ask(struct world *world, enum auction_kind kind, const char *body)
{
    struct world_ask ask = {.kind = kind, .affiliate = BYTES("best"), .body = bytes_of(body)};
    uint32_t number = world_ask(world, &ask);
    world_pass(world, 1000000);
    assert_true(world->requests[number].answered);
    return &world->requests[number];
}

static const char PING[] = "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}";

static void a_post_after_hours_of_a_ping_before(void **state)
{
    struct world *world = ((struct stage *)*state)->world;
    char body[256], id[IDENT_TEXT + 1];
    const struct world_request *ping = ask(world, AUCTION_PING, PING);
    assert_int_equal(ping->status, ANSWER_ACCEPTED);
    snprintf(body, sizeof body, "{\"ping_id\":\"%s\",\"lead\":{\"state\":\"CA\"}}", ident_text(&ping->ping_id, id));
    assert_int_equal(world_gate(world, BYTES("north")), REASON_NONE);
    world_pass(world, 62000000);
    assert_int_equal(world_gate(world, BYTES("north")), REASON_CLOSED);
    assert_int_equal(ask(world, AUCTION_POST, body)->status, ANSWER_SOLD);

    const struct world_request *late = ask(world, AUCTION_PING, PING);
    assert_int_equal(late->status, ANSWER_REJECTED);
    assert_int_equal(late->reason, REASON_CLOSED);
}

/* What is not about hours is looked at again. */
static void a_pause_since_the_ping_counts(void **state)
{
    struct world *world = ((struct stage *)*state)->world;
    char body[256], id[IDENT_TEXT + 1];
    const struct world_request *ping = ask(world, AUCTION_PING, PING);
    assert_int_equal(ping->status, ANSWER_ACCEPTED);
    snprintf(body, sizeof body, "{\"ping_id\":\"%s\",\"lead\":{\"state\":\"CA\"}}", ident_text(&ping->ping_id, id));
    assert_true(world_pause(world, BYTES("north"), true));
    const struct world_request *post = ask(world, AUCTION_POST, body);
    assert_int_equal(post->status, ANSWER_UNSOLD);
    assert_int_equal(post->reason, REASON_PAUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_post_after_hours_of_a_ping_before, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(a_pause_since_the_ping_counts, open_stage, close_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

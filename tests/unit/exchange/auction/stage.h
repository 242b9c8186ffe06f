/* stage: a small market in the simulated world (tests/sim), for tests of the story that need to say when it is. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sim/world.h"

#define STAGE_MONDAY_MS INT64_C(1772470740000) /* 2026-03-02T16:59:00Z */
/* A buyer of that id with one live contract of the same id; `more` are members of the contract. */
#define STAGE_BUYER(id, more)                                                                                          \
    "{\"id\":\"" id "\",\"signing_secret\":\"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfKQ9r8GKYo=\",\"contracts\":["     \
    "{\"id\":\"" id "\",\"campaign\":\"auto\",\"price\":\"live\",\"ping_url\":\"http://127.0.0.1:9000/" id "/ping\","  \
    "\"post_url\":\"http://127.0.0.1:9000/" id "/post\"," more "}]}"

struct stage {
    char folder[64];
    struct world *world;
    struct arena arena;
    struct trace_auction trace;
};

static inline int stage_begin(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    assert_int_equal(crypto_start(), FAULT_NONE);
    snprintf(stage->folder, sizeof stage->folder, "/tmp/outcry-stage-XXXXXX");
    assert_non_null(mkdtemp(stage->folder));
    arena_init(&stage->arena, 1 << 16, 1 << 24);
    *state = stage;
    return 0;
}

static inline int stage_end(void **state)
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
    arena_free(&stage->arena);
    free(stage);
    crypto_stop();
    return 0;
}

static inline void stage_write(struct stage *stage, const char *name, const char *text, char path[160])
{
    snprintf(path, 160, "%s/%s", stage->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* `wall_ms` 0: Monday. `campaign`: its members beside id and fields; `buyers`: of the catalogue; `does`: of the
 * simulated ones. */
static inline void stage_open(struct stage *stage, int64_t wall_ms, const char *campaign, const char *buyers,
                              const char *does)
{
    char path[160], note[4096], text[8192];
    struct world_options options = {
        .seed = 1, .workers = 1, .wall_ms = wall_ms ? wall_ms : STAGE_MONDAY_MS, .commit_us = {300, 300}};
    snprintf(text, sizeof text,
             "{\"campaigns\":[{\"id\":\"auto\",\"fields\":{\"state\":{\"type\":\"us_state\",\"private\":false}},%s}],"
             "\"affiliates\":[{\"id\":\"best\",\"campaigns\":[\"auto\"]}],\"buyers\":[%s]}",
             campaign, buyers);
    stage_write(stage, "market.yaml", text, path);
    snprintf(text, sizeof text, "{\"listen\":\"127.0.0.1:9000\",\"seed\":1,\"buyers\":[%s]}", does);
    stage_write(stage, "scenario.json", text, path);
    struct town *town = town_open(path, note);
    if (!town) fail_msg("%s", note);
    stage_write(stage, "outcry.yaml",
                "{\"listen\":{\"public\":\"127.0.0.1:0\",\"admin\":\"127.0.0.1:0\"},\"catalogue\":\"market.yaml\","
                "\"ledger\":{\"path\":\"data\"},\"endpoints\":{\"allow_private\":true}}",
                path);
    stage->world = world_open(&options, path, town, note, sizeof note);
    if (!stage->world) fail_msg("%s", note);
}

/* The request, answered. */
static inline const struct world_request *stage_ask(struct stage *stage, enum auction_kind kind, const char *body)
{
    struct world_ask ask = {.kind = kind, .affiliate = BYTES("best"), .body = bytes_of(body)};
    uint32_t number = world_ask(stage->world, &ask);
    world_pass(stage->world, 1000000);
    assert_true(stage->world->requests[number].answered);
    return &stage->world->requests[number];
}

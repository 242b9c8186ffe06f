/* world: a small market for the tests of this room: documents written as JSON with ' for ", a catalogue out of them,
 * what the build found, and leads. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exchange/market/campaign.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"
#include "tests/unit/exchange/market/tzif.h"

#define WORLD_TEXT_MAX 16384

struct world {
    struct arena arena;
    struct standing *standing;
    struct house_rules house;
    const struct geo *geo;      /* NULL: no tables */
    char found[WORLD_TEXT_MAX]; /* a line a finding: "error: …" or "warning: …", and the text of the node it is about */
    struct sink findings;
    unsigned errors, warnings;
    char zones[2][1024];
    size_t zones_len[2];
};

static inline void world_open(struct world *world)
{
    memset(world, 0, sizeof *world);
    assert_int_equal(crypto_start(), FAULT_NONE);
    arena_init(&world->arena, 1 << 16, (size_t)1 << 32);
    assert_int_equal(standing_open(&world->standing), FAULT_NONE);
    world->house = (struct house_rules){.margin = {.is_set = true, .ppm = 150000},
                                        .payout_step_micros = 10000,
                                        .max_posts = 4,
                                        .currency = BYTES("USD"),
                                        .circuit = CIRCUIT_RULES};
    static const char *const RULES[] = {"EST5EDT,M3.2.0,M11.1.0", "PST8PDT,M3.2.0,M11.1.0"};
    for (int i = 0; i < 2; i++) {
        struct sink sink = sink_over(world->zones[i], sizeof world->zones[i]);
        world->zones_len[i] = tzif_make(&sink, i ? -28800 : -18000, NULL, 0, RULES[i]).len;
    }
}

static inline void world_close(struct world *world)
{
    standing_close(&world->standing);
    arena_free(&world->arena);
    crypto_stop();
}

static inline bool world_zone(void *arg, struct bytes name, struct bytes *file)
{
    struct world *world = arg;
    static const char *const NAMES[] = {"America/New_York", "America/Los_Angeles"};
    for (int i = 0; i < 2; i++) {
        if (!bytes_is(name, NAMES[i])) continue;
        *file = (struct bytes){world->zones[i], world->zones_len[i]};
        return true;
    }
    return false;
}

static inline const struct node *world_read(struct world *world, const char *text)
{
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    char *json = arena_take(&world->arena, strlen(text) + 1);
    strcpy(json, text);
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    limits.nodes_max = UINT32_MAX;
    const struct node *node = document_read_json(&world->arena, bytes_of(json), &limits, &error);
    if (!node) fail_msg("not JSON at %zu (%s): %.60s", error.at, error.text, json + error.at);
    return node;
}

static inline void world_on_finding(void *arg, const struct node *where, bool is_error, const char *text)
{
    struct world *world = arg;
    assert_non_null(where);
    sink_format(&world->findings, "%s: %s [%.*s]\n", is_error ? "error" : "warning", text, (int)where->key.len,
                where->key.at ? where->key.at : "");
    world->errors += is_error;
    world->warnings += !is_error;
}

/* NULL when refused; the findings are in world->found. */
static inline struct catalogue *world_try(struct world *world, const char *document)
{
    struct catalogue_source source = {.document = world_read(world, document),
                                      .house = world->house,
                                      .geo = world->geo,
                                      .standing = world->standing,
                                      .read_zone = world_zone,
                                      .read_zone_arg = world,
                                      .on_finding = world_on_finding,
                                      .on_finding_arg = world};
    memset(world->found, 0, sizeof world->found);
    world->findings = sink_over(world->found, sizeof world->found - 1);
    world->errors = world->warnings = 0;
    struct catalogue *catalogue = catalogue_build(&source);
    assert_true((catalogue == NULL) == (world->errors > 0));
    return catalogue;
}

static inline struct catalogue *world_build(struct world *world, const char *document)
{
    struct catalogue *catalogue = world_try(world, document);
    if (!catalogue) fail_msg("refused:\n%s", world->found);
    return catalogue;
}

/* A lead read for its stage; complaints fail the test. */
static inline struct lead_form world_lead(struct world *world, const struct campaign *campaign, enum lead_stage stage,
                                          const char *lead)
{
    struct lead_form form;
    struct complaints complaints = {0};
    bool no_memory;
    const struct node *node = world_read(world, lead);
    if (!campaign_read_lead(campaign, stage, node, NULL, &world->arena, &form, &complaints, &no_memory))
        fail_msg("%s: %.*s %s", lead, (int)complaints.list[0].field.len, complaints.list[0].field.at,
                 complaints.list[0].text);
    return form;
}

/* xorshift64*: the same numbers everywhere, from a seed that the test prints when it fails. */
struct dice {
    uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return dice->state * UINT64_C(0x2545F4914F6CDD1D);
}

static inline uint32_t dice_below(struct dice *dice, uint32_t bound)
{
    return (uint32_t)((dice_next(dice) >> 32) * bound >> 32);
}

#define WORLD_SECRET "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
/* A key's hash, its 64 digits given as 8 that stand 8 times. */
#define WORLD_KEY(eight) "sha256:" eight eight eight eight eight eight eight eight

/* One campaign with a field of every type; add affiliates and buyers after it. */
#define WORLD_CAMPAIGN                                                                                                 \
    "{'id':'auto','timeout':'1000ms','post_timeout':'3s','margin':{'percent':'20','min':'0.25'},'fields':{"            \
    "'state':{'type':'us_state','required':'ping','private':'false'},"                                                 \
    "'zip':{'type':'us_zip','required':'ping','private':false},"                                                       \
    "'age':{'type':'integer','min':'16','max':'110','private':'false'},"                                               \
    "'credit':{'type':'choice','of':['poor','fair','good','excellent'],'private':'false'},"                            \
    "'note':{'type':'text','max':'20','private':'false'},"                                                             \
    "'first_name':{'type':'text','max':'60','required':'post'},"                                                       \
    "'phone':{'type':'us_phone','required':'post'},"                                                                   \
    "'email':{'type':'email','required':'post'}},'consent':{'required':['tcpa']}}"
#define WORLD_BUYER(id) "'id':'" id "','signing_secret':'" WORLD_SECRET "'"

/* A drip is an answer that comes late: its bytes one after the other, none of which can be used before the last. */
#include "tests/sim/town.h"

#include <stdio.h>
#include <stdlib.h>

#include "buyers-sim/buyer.h"
#include "buyers-sim/words.h"

#define HEAD_BYTES 120 /* of a dripped answer, before its body */

struct town {
    struct scenario scenario;
    struct buyer *buyers;
    struct arena request; /* of the request at hand */
    char answer[BUYER_ANSWER_MAX];
};

struct town *town_open(const char *scenario_file, char note[TOWN_NOTE_MAX])
{
    struct town *town = calloc(1, sizeof *town);
    struct reading reading;
    if (!town) return NULL;
    arena_init(&town->request, 16384, 1 << 22);
    bool good = scenario_read(&town->scenario, scenario_file, "127.0.0.1:9000", &reading);
    if (!good) snprintf(note, TOWN_NOTE_MAX, "%s", reading.note);
    if (good) town->buyers = calloc(town->scenario.count, sizeof *town->buyers);
    for (uint32_t i = 0; town->buyers && i < town->scenario.count; i++)
        if (buyer_open(&town->buyers[i], &town->scenario, &town->scenario.buyers[i])) good = false;
    if (good && town->buyers) return town;
    town_close(&town);
    return NULL;
}

void town_close(struct town **closed)
{
    struct town *town = *closed;
    *closed = NULL;
    if (!town) return;
    for (uint32_t i = 0; town->buyers && i < town->scenario.count; i++) buyer_close(&town->buyers[i]);
    free(town->buyers);
    scenario_free(&town->scenario);
    arena_free(&town->request);
    free(town);
}

int town_find(const struct town *town, struct bytes name)
{
    for (uint32_t i = 0; i < town->scenario.count; i++)
        if (bytes_same(town->scenario.buyers[i].name, name)) return (int)i;
    return -1;
}

static enum town_end end_of(enum act_delivery delivery)
{
    static const enum town_end ends[] = {
        [DELIVERY_WHOLE] = TOWN_ANSWERED,        [DELIVERY_HELD] = TOWN_HELD,
        [DELIVERY_SILENT] = TOWN_SILENT,         [DELIVERY_HANG_UP_BEFORE] = TOWN_BROKEN,
        [DELIVERY_HANG_UP_MIDDLE] = TOWN_BROKEN, [DELIVERY_HANG_UP_AFTER] = TOWN_BROKEN,
        [DELIVERY_NOT_HTTP] = TOWN_NOT_HTTP,     [DELIVERY_DRIP] = TOWN_ANSWERED};
    return ends[delivery];
}

void town_ask(struct town *town, int number, bool is_post, struct bytes request, int64_t now_us,
              struct town_reply *reply)
{
    struct buyer *buyer = &town->buyers[number];
    struct document_error error;
    struct outcome outcome = {0};
    struct sink body = sink_over(town->answer, sizeof town->answer);
    enum door door = is_post && buyer->spec->post_listen.len ? buyer->spec->post_door : buyer->spec->door;
    *reply = (struct town_reply){.end = door == DOOR_REFUSED ? TOWN_REFUSED : TOWN_BROKEN};
    if (door != DOOR_OPEN) return;
    const struct node *document = document_read_json(&town->request, request, &DOCUMENT_LIMITS, &error);
    if (!document) {
        buyer->counts.bad_requests++;
        *reply = (struct town_reply){.end = TOWN_ANSWERED, .status = 400};
        arena_reset(&town->request);
        return;
    }
    if (is_post)
        buyer_post(buyer, document, now_us, &body, &outcome);
    else
        buyer_ping(buyer, document, now_us, &body, &outcome);
    reply->end = end_of(outcome.delivery);
    reply->status = outcome.status;
    reply->body = outcome.huge.at ? outcome.huge : sink_written(&body);
    reply->after_us = outcome.think_us;
    if (outcome.delivery == DELIVERY_DRIP) {
        const struct plan *plan = &buyer->spec->plan;
        reply->after_us += (HEAD_BYTES + (int64_t)reply->body.len) / plan->drip_bytes * plan->drip_us;
    }
    arena_reset(&town->request);
}

bool town_change(struct town *town, int buyer, struct bytes changes, char note[TOWN_NOTE_MAX])
{
    struct reading reading = reading_of(&town->scenario.arena, "set");
    struct document_error error;
    const struct node *document = document_read_json(&town->scenario.arena, changes, &DOCUMENT_LIMITS, &error);
    if (document && scenario_change(&reading, document, town->buyers[buyer].spec)) {
        buyer_renew_seats(&town->buyers[buyer]);
        return true;
    }
    snprintf(note, TOWN_NOTE_MAX, "%s", document ? reading.note : error.text);
    return false;
}

const char *town_knows(struct town *town, int buyer, struct bytes post_id)
{
    if (buyer < 0) return "not_seen";
    return buyer_status(&town->buyers[buyer], post_id);
}

int64_t town_count(const struct town *town, int buyer, struct bytes name)
{
    const struct buyer_counts *counts = &town->buyers[buyer].counts;
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {{"pings", counts->pings},           {"bids", counts->bids},
                {"no_bids", counts->no_bids},       {"posts", counts->posts},
                {"duplicates", counts->duplicates}, {"accepted", counts->accepted},
                {"rejected", counts->rejected},     {"not_seen", counts->not_seen}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bytes_is(name, rows[i].name)) return (int64_t)rows[i].count;
    return -1;
}

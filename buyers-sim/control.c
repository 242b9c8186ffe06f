/* The whole order is read before anything of it is done. What a play sets is read by the scenario's own tables, so a
 * play can say all that a scenario can. */
#include "buyers-sim/control.h"

#include <stdio.h>

#include "buyers-sim/stats.h"
#include "protocol/codec/json.h"

struct order {
    struct bytes buyer;
    const struct node *release, *set;
};

static bool read_node(struct reading *reading, const struct node *node, void *at)
{
    (void)reading;
    *(const struct node **)at = node;
    return true;
}

static void complain(struct server_request *request, const char *text)
{
    char body[READING_NOTE_MAX * 2];
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "error");
    json_text(&json, bytes_of(text));
    json_close_map(&json);
    server_answer(request, &(struct server_answer){
                               .status = 422, .content_type = "application/json", .body = sink_written(&sink)});
}

/* true: all; a number: that many. */
static bool read_release(struct reading *reading, const struct node *node, unsigned *count, bool *wanted)
{
    int64_t value = 0;
    *wanted = node && !(node->kind == NODE_BOOL && !node->truth);
    *count = 0;
    if (!node || node->kind == NODE_BOOL) return true;
    if (!node_i64(node, &value) || value < 1 || value > ANSWERS_MAX)
        return reading_fail(reading, "release is true or a count");
    *count = (unsigned)value;
    return true;
}

static bool set_doors(struct town *town, uint32_t index, const struct buyer_spec *spec, struct reading *reading)
{
    struct tls_note note = {{0}};
    struct listener *own = &town->own[2 * index];
    if (own[0].loop && listener_set_door(&own[0], spec->door, &note)) return reading_fail(reading, "%s", note.text);
    if (own[1].loop && listener_set_door(&own[1], spec->post_door, &note))
        return reading_fail(reading, "%s", note.text);
    return true;
}

/* A script that was not given again goes on where it was. */
static bool change(struct town *town, uint32_t index, const struct node *set, struct reading *reading)
{
    struct buyer *buyer = &town->buyers[index];
    struct buyer_spec spec = *buyer->spec;
    if (!scenario_change(reading, set, &spec) || !set_doors(town, index, &spec, reading)) return false;
    if (spec.plan.script.acts != buyer->spec->plan.script.acts) buyer->ping_turn = 0;
    if (spec.plan.post.script.acts != buyer->spec->plan.post.script.acts) buyer->post_turn = 0;
    *buyer->spec = spec;
    if (node_find(set, "seats")) buyer_renew_seats(buyer);
    push_changed(town->pusher, index);
    return true;
}

/* False: the reading's note tells. */
static bool carry_out(struct town *town, struct bytes body, struct reading *reading, unsigned *released)
{
    static const struct reading_key keys[] = {
        {"buyer", offsetof(struct order, buyer), reading_text},
        {"release", offsetof(struct order, release), read_node},
        {"set", offsetof(struct order, set), read_node},
    };
    struct order order = {0};
    struct document_limits limits = DOCUMENT_LIMITS;
    struct document_error error;
    unsigned count;
    bool wanted;
    arena_reset(&town->reading);
    const struct node *document = document_read_json(&town->reading, body, &limits, &error);
    if (!document) return reading_fail(reading, "byte %zu: %s", error.at, error.text);
    if (!reading_map(reading, document, keys, 3, &order)) return false;
    if (!read_release(reading, order.release, &count, &wanted)) return false;
    uint32_t index = stats_find_buyer(town, order.buyer);
    if (index == town->scenario->count) return reading_fail(reading, "no buyer of that name");
    if (order.set && !change(town, index, order.set, reading)) return false;
    if (wanted) *released = answers_release(town->answers, &town->buyers[index], count);
    return true;
}

void control_answer(struct town *town, struct server_request *request)
{
    struct reading reading = reading_of(&town->scenario->arena, "control");
    unsigned released = 0;
    if (!carry_out(town, server_view(request)->body, &reading, &released)) {
        complain(request, reading.note);
        return;
    }
    char text[64];
    int len = snprintf(text, sizeof text, "{\"released\":%u}", released);
    server_answer(request, &(struct server_answer){
                               .status = 200, .content_type = "application/json", .body = {text, (size_t)len}});
}

/* Written afresh for every question into memory of its own: it is asked at the end of a play, or once a second by a
 * person, and may hold thousands of buyers. */
#include "buyers-sim/stats.h"

#include <stdlib.h>

#include "protocol/codec/json.h"

#define BUYER_STATS_MAX 4096

static void write_url(struct json *json, struct town *town, uint32_t index, const char *part)
{
    const struct buyer_spec *spec = &town->scenario->buyers[index];
    char text[1024], key[16];
    struct sink sink = sink_over(text, sizeof text), name = sink_over(key, sizeof key);
    sink_text(&sink, town->tls ? "https://" : "http://");
    sink_text(&sink, town_listener(town, index, bytes_is(bytes_of(part), "post"))->address);
    if (!spec->path.len) sink_char(&sink, '/');
    sink_bytes(&sink, spec->path.len ? spec->path : spec->name);
    sink_char(&sink, '/');
    sink_text(&sink, part);
    sink_format(&name, "%s_url", part);
    json_key_bytes(json, sink_written(&name));
    json_text(json, sink_written(&sink));
}

static void write_counts(struct json *json, const struct buyer_counts *counts)
{
    const struct {
        const char *name;
        uint64_t value;
    } list[] = {
        {"pings", counts->pings},
        {"bids", counts->bids},
        {"no_bids", counts->no_bids},
        {"posts", counts->posts},
        {"duplicates", counts->duplicates},
        {"accepted", counts->accepted},
        {"rejected", counts->rejected},
        {"not_seen", counts->not_seen},
        {"held", counts->held},
        {"gone", counts->gone},
        {"bad_signatures", counts->bad_signatures},
        {"bad_requests", counts->bad_requests},
        {"statuses", counts->statuses},
        {"notices", counts->notices},
        {"copies", counts->copies},
        {"pushes", counts->pushes},
        {"push_failures", counts->push_failures},
        {"last_ping_bytes", counts->ping_bytes},
        {"last_post_bytes", counts->post_bytes},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        json_key(json, list[i].name);
        json_u64(json, list[i].value);
    }
}

static void write_buyer(struct json *json, struct town *town, uint32_t index)
{
    struct buyer *buyer = &town->buyers[index];
    int64_t next_us, seats = buyer_seats_free(buyer, loop_now_us(town->loop), &next_us);
    json_open_map(json);
    json_key(json, "name");
    json_text(json, buyer->spec->name);
    write_counts(json, &buyer->counts);
    json_key(json, "money");
    json_money(json, buyer->counts.money_micros);
    if (seats >= 0) {
        json_key(json, "seats_free");
        json_i64(json, seats);
    }
    json_key(json, "private_seen");
    json_open_list(json);
    for (uint32_t i = 0; i < town->scenario->private_count; i++)
        if (buyer->counts.private_seen >> i & 1) json_text(json, town->scenario->private[i]);
    json_close_list(json);
    write_url(json, town, index, "ping");
    write_url(json, town, index, "post");
    write_url(json, town, index, "status");
    write_url(json, town, index, "notice");
    json_close_map(json);
}

static uint64_t sum(const struct town *town, size_t offset)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < town->scenario->count; i++)
        total += *(const uint64_t *)((const char *)&town->buyers[i].counts + offset);
    return total;
}

uint32_t stats_find_buyer(const struct town *town, struct bytes name)
{
    uint32_t index = 0;
    while (index < town->scenario->count && !bytes_same(name, town->scenario->buyers[index].name)) index++;
    return index;
}

static void give(struct server_request *request, const struct sink *sink)
{
    if (sink->cut)
        server_answer(request, &(struct server_answer){.status = 500});
    else
        server_answer(request, &(struct server_answer){
                                   .status = 200, .content_type = "application/json", .body = sink_written(sink)});
}

/* ?buyer=NAME -> its number, scenario->count without one; false: answered, there is no such buyer. */
static bool asked_buyer(struct town *town, struct server_request *request, uint32_t *index)
{
    struct bytes name, value = bytes_split(server_view(request)->head->query, '=', &name);
    *index = town->scenario->count;
    if (!bytes_is(name, "buyer")) return true;
    *index = stats_find_buyer(town, value);
    if (*index < town->scenario->count) return true;
    server_answer(request, &(struct server_answer){.status = 404});
    return false;
}

void stats_answer(struct town *town, struct server_request *request)
{
    uint32_t only;
    if (!asked_buyer(town, request, &only)) return;
    size_t cap = BUYER_STATS_MAX * ((size_t)town->scenario->count + 1);
    char *text = malloc(cap);
    struct sink sink = sink_over(text, text ? cap : 0);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "pings");
    json_u64(&json, sum(town, offsetof(struct buyer_counts, pings)));
    json_key(&json, "bids");
    json_u64(&json, sum(town, offsetof(struct buyer_counts, bids)));
    json_key(&json, "posts");
    json_u64(&json, sum(town, offsetof(struct buyer_counts, posts)));
    json_key(&json, "accepted");
    json_u64(&json, sum(town, offsetof(struct buyer_counts, accepted)));
    json_key(&json, "buyers");
    json_open_list(&json);
    for (uint32_t i = 0; i < town->scenario->count; i++)
        if (only == town->scenario->count || only == i) write_buyer(&json, town, i);
    json_close_list(&json);
    json_close_map(&json);
    give(request, &sink);
    free(text);
}

void stats_answer_last(struct town *town, struct server_request *request)
{
    uint32_t index;
    if (!asked_buyer(town, request, &index)) return;
    if (index == town->scenario->count) {
        server_answer(request, &(struct server_answer){.status = 404});
        return;
    }
    const struct buyer *buyer = &town->buyers[index];
    size_t cap = 3 * (size_t)BUYER_RECORD_MAX + 256;
    char *text = malloc(cap);
    struct sink sink = sink_over(text, text ? cap : 0);
    sink_text(&sink, "{\"ping\":");
    sink_bytes(&sink, buyer->last_ping.at ? buyer->last_ping : BYTES("null"));
    sink_text(&sink, ",\"post\":");
    sink_bytes(&sink, buyer->last_post.at ? buyer->last_post : BYTES("null"));
    sink_text(&sink, ",\"notice\":");
    sink_bytes(&sink, buyer->last_notice.at ? buyer->last_notice : BYTES("null"));
    sink_char(&sink, '}');
    give(request, &sink);
    free(text);
}

/* Counters of segments are found by what they are called, not listed: so those are asked for that can have a name here:
 * every state and channel, the catalogue's affiliates, and the sources that it gives rules of their own. */
#include "exchange/api/caps.h"

#include "exchange/market/availability.h"
#include "protocol/base/money.h"
#include "protocol/message/ping.h"

#define HUNDREDTH INT64_C(10000)
#define PPM_OF_HUNDREDTH INT64_C(100)
#define SEGMENTS_LISTED_MAX 32u /* of one cap */

struct listing {
    struct json *json;
    const struct caps_scene *scene;
    const struct cap *cap;
    const struct zone *zone;
    unsigned listed, more;
};

static void write_amount(struct json *json, const struct cap *cap, uint32_t amount)
{
    if (cap->is_money)
        json_money(json, amount * HUNDREDTH);
    else
        json_u64(json, amount);
}

static void write_segment(struct listing *listing, struct bytes name)
{
    const struct caps_scene *scene = listing->scene;
    uint32_t used = cap_segment_used(listing->cap, listing->zone, name, scene->standing, scene->wall_ms);
    if (used == 0) return;
    if (listing->listed == SEGMENTS_LISTED_MAX) {
        listing->more++;
        return;
    }
    listing->listed++;
    json_open_map(listing->json);
    json_key(listing->json, cap_per_name((enum cap_per)listing->cap->per));
    json_text(listing->json, name);
    json_key(listing->json, "used");
    write_amount(listing->json, listing->cap, used);
    json_close_map(listing->json);
}

static void each_state(struct listing *listing)
{
    for (unsigned i = 0; i < FIELD_STATES; i++) write_segment(listing, field_state_name(i));
}

static void each_affiliate(struct listing *listing)
{
    const struct catalogue *catalogue = listing->scene->catalogue;
    for (uint32_t i = 0; i < catalogue->affiliates_count; i++) write_segment(listing, catalogue->affiliates[i].id);
}

/* A name that several affiliates have is told once. */
static bool is_first(const struct catalogue *catalogue, uint32_t affiliate, struct bytes source)
{
    for (uint32_t i = 0; i < affiliate; i++)
        if (catalogue_source_of(&catalogue->affiliates[i], source)) return false;
    return true;
}

static void each_source(struct listing *listing)
{
    const struct catalogue *catalogue = listing->scene->catalogue;
    for (uint32_t i = 0; i < catalogue->affiliates_count; i++) {
        const struct affiliate *affiliate = &catalogue->affiliates[i];
        for (uint32_t k = 0; k < affiliate->sources_count; k++)
            if (is_first(catalogue, i, affiliate->sources[k].id)) write_segment(listing, affiliate->sources[k].id);
    }
}

static void each_channel(struct listing *listing)
{
    for (unsigned i = 0; ping_channel(i); i++) write_segment(listing, bytes_of(ping_channel(i)));
}

static void write_segments(struct listing *listing)
{
    static void (*const each[CAP_PERS])(struct listing *) = {[CAP_PER_STATE] = each_state,
                                                             [CAP_PER_AFFILIATE] = each_affiliate,
                                                             [CAP_PER_SOURCE] = each_source,
                                                             [CAP_PER_CHANNEL] = each_channel};
    bool is_named = !listing->scene->is_private || listing->cap->per == CAP_PER_STATE ||
                    listing->cap->per == CAP_PER_CHANNEL;
    json_key(listing->json, "segments");
    json_open_list(listing->json);
    if (is_named) {
        each[listing->cap->per](listing);
        write_segment(listing, BYTES(""));
    }
    json_close_list(listing->json);
    if (!listing->more) return;
    json_key(listing->json, "segments_not_listed");
    json_u64(listing->json, listing->more);
}

static void write_limit(struct json *json, const struct cap *cap)
{
    json_key(json, cap->is_percent ? "percent" : cap->is_money ? "money" : "leads");
    if (cap->is_percent)
        json_money(json, cap->limit * PPM_OF_HUNDREDTH);
    else
        write_amount(json, cap, cap->limit);
}

static void write_cap(struct json *json, const struct caps_scene *scene, const struct cap *cap, const char *owner,
                      const struct buyer *buyer, const struct schedule *schedule)
{
    uint32_t window = (uint32_t)cap_window_of(cap, buyer->zone, scene->wall_ms);
    json_open_map(json);
    json_key(json, "of");
    json_text(json, bytes_of(owner));
    json_key(json, "window");
    json_text(json, bytes_of(cap_window_name((enum cap_window)cap->window)));
    write_limit(json, cap);
    if (cap->is_paced || cap->is_percent) {
        json_key(json, "limit_now");
        write_amount(json, cap, cap_limit_now(cap, buyer->zone, schedule, scene->standing, scene->wall_ms));
    }
    json_key(json, "counts");
    json_text(json, bytes_of(cap_counts_name((enum cap_counts)cap->counts)));
    if (cap->per == CAP_PER_ALL || cap->is_percent) { /* of a percent: all sales it is a share of */
        json_key(json, "used");
        write_amount(json, cap, caps_used(scene->standing, cap->cell, window));
    }
    if (cap->per != CAP_PER_ALL) {
        struct listing listing = {json, scene, cap, buyer->zone, 0, 0};
        json_key(json, "per");
        json_text(json, bytes_of(cap_per_name((enum cap_per)cap->per)));
        write_segments(&listing);
    }
    json_key(json, "since");
    json_wall(json, (int64_t)window * 60000);
    json_close_map(json);
}

void caps_write(struct json *json, const struct caps_scene *scene, const struct contract *contract)
{
    const struct buyer *buyer = &scene->catalogue->buyers[contract->buyer];
    json_key(json, "caps");
    json_open_list(json);
    for (uint32_t i = 0; i < contract->caps_count; i++)
        write_cap(json, scene, &contract->caps[i], "contract", buyer, contract->schedule);
    for (uint32_t i = 0; i < buyer->caps_count; i++)
        write_cap(json, scene, &buyer->caps[i], "buyer", buyer, buyer->schedule);
    json_close_list(json);
}

/* In words ----------------------------------------------------------------------------------------------------------
 */

static void say_limit(struct sink *sink, const struct cap *cap)
{
    static const char *const things[CAP_COUNTS] = {
        [CAP_OF_SOLD] = "leads", [CAP_OF_POSTS] = "posts", [CAP_OF_PINGS] = "pings"};
    if (cap->is_percent) {
        money_write(sink, cap->limit * PPM_OF_HUNDREDTH);
        sink_text(sink, " percent of what is sold");
    } else if (cap->is_money) {
        money_write(sink, cap->limit * HUNDREDTH);
    } else {
        sink_format(sink, "%u %s", cap->limit, things[cap->counts]);
    }
}

static void say_window(struct sink *sink, const struct cap *cap)
{
    if (cap->window == CAP_TOTAL)
        sink_text(sink, " in all");
    else
        sink_format(sink, cap->window == CAP_HOUR ? " an %s" : " a %s", cap_window_name((enum cap_window)cap->window));
}

struct bytes caps_sentence(const struct catalogue *catalogue, const struct trace_contract *told,
                           char text[CAPS_SENTENCE_MAX])
{
    struct availability_view view;
    struct sink sink = sink_over(text, CAPS_SENTENCE_MAX);
    const struct contract *contract = catalogue ? catalogue_contract(catalogue, told->contract) : NULL;
    if (told->reason != REASON_CAPPED || !contract || !availability_unpack(told->view, &view)) return BYTES_NONE;
    const struct buyer *buyer = &catalogue->buyers[contract->buyer];
    uint32_t number = (uint32_t)view.cap_full;
    if (view.cap_full < 0 || number >= contract->caps_count + buyer->caps_count) return BYTES_NONE;
    bool is_own = number < contract->caps_count;
    const struct cap *cap = is_own ? &contract->caps[number] : &buyer->caps[number - contract->caps_count];
    sink_text(&sink, is_own ? "the contract's cap of " : "the buyer's cap of ");
    say_limit(&sink, cap);
    say_window(&sink, cap);
    if (cap->per != CAP_PER_ALL) sink_format(&sink, ", per %s,", cap_per_name((enum cap_per)cap->per));
    sink_text(&sink, " is reached");
    if (cap->is_paced) sink_text(&sink, " for this hour of the day");
    return sink_written(&sink);
}

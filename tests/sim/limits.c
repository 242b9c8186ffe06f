/* The slow, obvious way: every post there ever was, for each cap, each time anew. It knows the rules of random.c: only
 * caps that no reload changes are looked at (those per something), in windows no world sees two of, and quiet hours of
 * people whose area code says where they live. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/cap.h"
#include "exchange/market/quiet.h"
#include "tests/sim/rules.h"

#define MINUTE_MS 60000
#define EDGE_MS 10000 /* a gate, the reservation and the entry are instants of their own */

/* The value of a public field as the offer spells it; empty: not told. */
static struct bytes public_text(const struct model_lead *lead, const char *name)
{
    char wanted[40];
    struct bytes json = lead->record.offer.public_json;
    int len = snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
    for (size_t at = 0; at + (size_t)len < json.len; at++) {
        if (memcmp(json.at + at, wanted, (size_t)len) != 0) continue;
        struct bytes rest = bytes_from(json, at + (size_t)len);
        return bytes_first(rest, bytes_find(rest, '"'));
    }
    return BYTES_NONE;
}

static struct bytes segment_of(const struct model_lead *lead, enum cap_per per)
{
    if (per == CAP_PER_STATE) return public_text(lead, "state");
    if (per == CAP_PER_AFFILIATE) return lead->record.affiliate;
    return per == CAP_PER_SOURCE ? lead->record.source : lead->record.channel;
}

/* Whose cap: a contract's posts, or an affiliate's. */
struct owner {
    struct bytes contract, affiliate;
    const struct zone *zone;
};

static bool is_of(const struct model *model, const struct owner *owner, const struct model_post *post)
{
    if (model->leads[post->lead].record.offer.rehearsal) return false; /* a test counts for nothing */
    return owner->contract.len ? bytes_same(post->intent.contract, owner->contract)
                               : bytes_same(model->leads[post->lead].record.affiliate, owner->affiliate);
}

static bool is_counted(const struct cap *cap, const struct model_post *post)
{
    return post->state != POST_FAILED &&
           (cap->counts == CAP_OF_POSTS || (post->state != POST_REJECTED && post->state != POST_VOIDED));
}

/* Posts like this one that count: of its owner, its window and its segment. */
static void check_post(struct world *world, const struct owner *owner, const struct cap *cap,
                       const struct model_post *like)
{
    const struct model *model = &world->model;
    int64_t window = cap_window_of(cap, owner->zone, like->opened_ms);
    struct bytes segment = segment_of(&model->leads[like->lead], cap->per);
    uint64_t used = 0, sold = 0;
    for (uint32_t i = 0; i < model->posts_count; i++) {
        const struct model_post *post = &model->posts[i];
        if (!is_of(model, owner, post) || cap_window_of(cap, owner->zone, post->opened_ms) != window) continue;
        sold += post->state == POST_ACCEPTED;
        used += is_counted(cap, post) && bytes_same(segment_of(&model->leads[post->lead], cap->per), segment);
    }
    /* One in doubt was let in as if it were sold. */
    uint64_t limit = cap->is_percent ? ((sold + 1) * cap->limit + 999999) / 1000000 : cap->limit;
    if (used > limit)
        world_wrong(world, "%llu of %.*s per %s, %llu are allowed", (unsigned long long)used, (int)segment.len,
                    segment.at, cap_per_name(cap->per), (unsigned long long)limit);
}

static void check_owner(struct world *world, const struct owner *owner, const struct cap *caps, uint32_t count)
{
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < count; i++) {
        if (caps[i].per == CAP_PER_ALL || caps[i].is_money) continue;
        for (uint32_t k = 0; k < model->posts_count; k++)
            if (is_of(model, owner, &model->posts[k])) check_post(world, owner, &caps[i], &model->posts[k]);
    }
}

/* Minutes of the local day; in this week of March New York is five hours behind, California eight. */
static int64_t local_minute(int64_t wall_ms, int hours)
{
    return (wall_ms / MINUTE_MS - hours * 60) % 1440;
}

static bool is_open(uint64_t half_hours, int64_t wall_ms, int hours)
{
    return half_hours >> (local_minute(wall_ms, hours) / 30) & 1;
}

static void check_quiet(struct world *world, const struct quiet *quiet, const struct model_post *post)
{
    const struct model_lead *lead = &world->model.leads[post->lead];
    static const char phone[] = "\"phone\":\"+1";
    const char *found = lead->content.at ? strstr(lead->content.at, phone) : NULL;
    if (!found) return;
    unsigned code = (unsigned)(strtoul(found + sizeof phone - 1, NULL, 10) / 10000000);
    bool of_east = code >= 212 && code <= 245, of_west = code >= 246 && code <= 262, anywhere = !of_east && !of_west;
    uint64_t hours = quiet->hours[field_state_code(public_text(lead, "state"))];
    if (of_east) hours &= quiet->hours[field_state_code(BYTES("NY"))];
    if (of_west) hours &= quiet->hours[field_state_code(BYTES("CA"))];
    for (int64_t at = post->opened_ms - EDGE_MS; at <= post->opened_ms; at += EDGE_MS) {
        bool east = is_open(hours, at, 5), west = is_open(hours, at, 8);
        if ((east || (of_west && !anywhere)) && (west || (of_east && !anywhere))) return;
    }
    world_wrong(world, "a lead of area %u is posted at minute %d in New York", code,
                (int)local_minute(post->opened_ms, 5));
}

void limits_check(struct world *world)
{
    const struct catalogue *catalogue = world->catalogue;
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        const struct contract *contract = &catalogue->contracts[i];
        struct owner owner = {.contract = contract->id, .zone = catalogue->buyers[contract->buyer].zone};
        check_owner(world, &owner, contract->caps, contract->caps_count);
    }
    for (uint32_t i = 0; i < catalogue->affiliates_count; i++) {
        const struct affiliate *affiliate = &catalogue->affiliates[i];
        struct owner owner = {.affiliate = affiliate->id, .zone = catalogue->zone};
        check_owner(world, &owner, cap_of_affiliate(affiliate, &catalogue->campaigns[0]), affiliate->caps_count);
    }
    const struct quiet *quiet = catalogue->campaigns[0].quiet;
    for (uint32_t i = 0; quiet && i < model->posts_count; i++)
        if (!model->leads[model->posts[i].lead].record.offer.rehearsal) check_quiet(world, quiet, &model->posts[i]);
}

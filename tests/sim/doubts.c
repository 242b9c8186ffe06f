/* Posts in doubt, as the ledger thread, the sweep and the asking worker see to them: somebody says what became of one,
 * its buyer is asked, or its time is over. */
#include "exchange/market/doubt.h"
#include "protocol/base/check.h"
#include "tests/sim/inside.h"

#define SWEEP_US UINT64_C(1000000)
#define MUTE 4u /* of so many questions to a status endpoint one is not answered */

static void settle_caps(struct world *world, const struct book_intent *intent, bool accepted)
{
    struct cap_key keys[BOOK_CAP_KEYS_MAX];
    for (unsigned i = 0; i < intent->keys_count; i++) {
        keys[i] = (struct cap_key){.window = intent->keys[i].window,
                                   .amount = intent->keys[i].amount,
                                   .stay = (enum cap_stay)intent->keys[i].stay};
        memcpy(keys[i].id.at, intent->keys[i].id, sizeof keys[i].id.at);
        keys[i].cell = standing_cap_cell(world->standing, &keys[i].id);
    }
    if (accepted)
        caps_count(world->standing, keys, intent->keys_count);
    else
        caps_release(world->standing, keys, intent->keys_count, true);
}

static bool end(struct world *world, const struct model_end *end, bool *resumes)
{
    struct seat_hold seat;
    if (model_end(&world->model, end, world_wall_ms(world), resumes)) return false;
    if (model_balance(&world->model)) world_wrong(world, "the sum over all accounts is not 0 after a doubt");
    lane_publish(world);
    bool is_sold = end->state == POST_ACCEPTED;
    const struct model_post *post = model_post(&world->model, &end->post_id);
    bool costs_it = is_sold && !post->is_later; /* a sale is billed at what was held, or later */
    if (!costs_it && !world->model.leads[post->lead].record.offer.rehearsal)
        funds_change(world->standing, standing_buyer_cell(world->standing, post->intent.buyer),
                     post->intent.price_micros);
    if (seats_row_take(world, &end->post_id, &seat)) (is_sold ? seats_keep : seats_give)(world->standing, &seat);
    settle_caps(world, &post->intent, is_sold);
    if (world->sabotage == SABOTAGE_DOUBT && queue_draw(&world->queue, 8) == 0)
        settle_caps(world, &post->intent, is_sold);
    struct ident lead_id = world->model.leads[post->lead].record.lead_id;
    if (*resumes) asking_resume(world, &lead_id);
    return true;
}

/* The buyer never said no: it may say yes, and hears that it is too late. */
static bool was_given_up(const struct model_post *post)
{
    if (post->state == POST_VOIDED) return true;
    return post->state == POST_REJECTED && (post->reason == REASON_UNKNOWN || post->by == VERDICT_BY_OPERATOR);
}

static int repeat(struct world *world, struct model_post *post, bool accepted, struct world_said *said)
{
    bool is_no = post->state == POST_REJECTED || post->state == POST_VOIDED;
    if (accepted ? post->state == POST_ACCEPTED : is_no) return 200;
    if (!accepted || !was_given_up(post)) return 409;
    if (post->late_ms == 0) world->counts.told_late++;
    if (post->late_ms == 0) post->late_ms = world_wall_ms(world);
    said->is_late = true;
    return 200;
}

int world_say(struct world *world, const struct ident *post_id, bool accepted, enum verdict_source by,
              struct world_said *said)
{
    struct model_post *post = model_post(&world->model, post_id);
    *said = (struct world_said){0};
    if (!post) return 404;
    if (post->state != POST_UNKNOWN) return by == VERDICT_BY_OPERATOR ? 409 : repeat(world, post, accepted, said);
    struct model_end word = {.post_id = *post_id,
                             .state = accepted ? POST_ACCEPTED : POST_REJECTED,
                             .reason = accepted ? REASON_NONE : REASON_REJECTED,
                             .by = by};
    return end(world, &word, &said->resumes) ? 200 : 409;
}

/* --- its buyer is asked, its time comes --- */

static const struct contract *asked(const struct world *world, const struct model_post *post)
{
    const struct contract *contract = catalogue_contract(world->catalogue, post->intent.contract);
    bool is_test = world->model.leads[post->lead].record.offer.rehearsal != 0;
    bool is_asked = contract && contract->asides && contract->asides->status.url.len;
    return is_asked && !is_test ? contract : NULL;
}

static void on_ask(void *arg, uint64_t at);

static void ask_later(struct world *world, uint32_t at)
{
    const struct model_post *post = &world->model.posts[at];
    int64_t now_ms = world_wall_ms(world), next_ms = doubt_ask_ms(&post->post_id, post->settled_ms, now_ms);
    if (next_ms <= now_ms) world_wrong(world, "a buyer is asked again at once");
    queue_at(&world->queue, world->queue.now_us + (next_ms - now_ms) * 1000, on_ask, world, at);
}

static void on_ask(void *arg, uint64_t at)
{
    struct world *world = arg;
    const struct model_post *post = &world->model.posts[at];
    char text[IDENT_TEXT + 1];
    struct ident post_id = post->post_id;
    bool resumes;
    if (post->state != POST_UNKNOWN || !asked(world, post)) return;
    world->counts.asked_status++;
    int buyer = town_find(world->town, post->intent.buyer);
    const char *knows = town_knows(world->town, buyer, (struct bytes){ident_text(&post_id, text), IDENT_TEXT});
    bool is_mute = world->options.rough && queue_draw(&world->queue, MUTE) == 0;
    enum doubt_word word = is_mute           ? DOUBT_UNTOLD
                           : knows[0] == 'a' ? DOUBT_ACCEPTED
                           : knows[0] == 'r' ? DOUBT_REJECTED
                                             : DOUBT_NOT_SEEN;
    if (!world_writes(world) || !doubt_is_told(word, post->settled_ms, world_wall_ms(world))) {
        ask_later(world, (uint32_t)at);
        return;
    }
    struct model_end told = {.post_id = post_id,
                             .state = word == DOUBT_ACCEPTED ? POST_ACCEPTED : POST_REJECTED,
                             .reason = word == DOUBT_ACCEPTED   ? REASON_NONE
                                       : word == DOUBT_REJECTED ? REASON_REJECTED
                                                                : REASON_UNKNOWN,
                             .by = VERDICT_BY_STATUS};
    check(end(world, &told, &resumes));
}

static void on_end(void *arg, uint64_t at)
{
    struct world *world = arg;
    const struct model_post *post = &world->model.posts[at];
    bool resumes;
    if (post->state != POST_UNKNOWN || world->ledger_broken) return; /* a start looks at them again */
    if (world->ledger_full) {
        queue_at(&world->queue, world->queue.now_us + (int64_t)SWEEP_US, on_end, world, at);
        return;
    }
    bool sells = post->intent.doubt.then == DOUBT_SELLS;
    struct model_end over = {.post_id = post->post_id,
                             .state = sells ? POST_ACCEPTED : POST_VOIDED,
                             .reason = sells ? REASON_NONE : REASON_VOIDED,
                             .by = VERDICT_BY_TIME};
    check(end(world, &over, &resumes));
    if (resumes) world_wrong(world, "a lead goes on whose doubt nobody resolved");
    world->counts.ended++;
}

void doubts_watch(struct world *world, uint32_t at)
{
    const struct model_post *post = &world->model.posts[at];
    int64_t ends_ms = model_ends_ms(post), now_us = world->queue.now_us;
    if (ends_ms != INT64_MAX) {
        int64_t left_us = (ends_ms - world_wall_ms(world)) * 1000;
        queue_at(&world->queue, now_us + left_us + (int64_t)queue_draw(&world->queue, SWEEP_US), on_end, world, at);
    }
    if (asked(world, post)) ask_later(world, at);
}

void doubts_watch_all(struct world *world)
{
    for (uint32_t i = 0; i < world->model.posts_count; i++)
        if (world->model.posts[i].state == POST_UNKNOWN) doubts_watch(world, i);
}

/* Chance is drawn in the same order for every request, whatever the act: a script does not shift the prices that
 * follow. */
#include "buyers-sim/buyer.h"

#include <stdlib.h>

#include "buyers-sim/words.h"
#include "protocol/base/clock.h"
#include "protocol/base/money.h"

#define CENT_MICROS 10000

enum fault buyer_open(struct buyer *buyer, const struct scenario *scenario, struct buyer_spec *spec)
{
    *buyer = (struct buyer){.spec = spec, .scenario = scenario};
    draw_init(&buyer->ping_draw, (uint64_t)scenario->seed, spec->name, 1);
    draw_init(&buyer->post_draw, (uint64_t)scenario->seed, spec->name, 2);
    table_init(&buyer->posts_by_id);
    if (!spec->secrets_count) return FAULT_NONE;
    buyer->signer = signer_open(spec->secrets, spec->secrets_count);
    return buyer->signer ? FAULT_NONE : FAULT_INPUT;
}

void buyer_close(struct buyer *buyer)
{
    signer_close(&buyer->signer);
    table_free(&buyer->posts_by_id);
    if (buyer->posts.max) slots_close(&buyer->posts);
    free(buyer->seats.until_us);
    free((void *)buyer->last_ping.at);
    free((void *)buyer->last_post.at);
    free((void *)buyer->last_notice.at);
    *buyer = (struct buyer){0};
}

bool buyer_hears(struct buyer *buyer, struct bytes id, struct bytes timestamp, struct bytes signatures,
                 struct bytes body, int64_t wall_ms)
{
    if (!buyer->signer) return true;
    if (signer_verify(buyer->signer, id, timestamp, signatures, body, wall_ms / 1000) == SIGNATURE_GOOD) return true;
    buyer->counts.bad_signatures++;
    return false;
}

bool buyer_wants_ping(const struct buyer *buyer)
{
    return buyer->scenario->private_count || buyer->spec->plan.price.field.len;
}

static void note_private(struct buyer *buyer, const struct node *ping)
{
    const struct scenario *scenario = buyer->scenario;
    for (const struct node *node = ping, *end = ping + ping->span; node < end; node++)
        for (uint32_t i = 0; node->key.len && i < scenario->private_count; i++)
            if (bytes_same(node->key, scenario->private[i])) buyer->counts.private_seen |= UINT64_C(1) << i;
}

/* The price of this ping, -1: none is bid. */
static int64_t draw_price(struct buyer *buyer, const struct node *ping)
{
    const struct price *price = &buyer->spec->plan.price;
    if (!price->field.len) return spread_draw(&price->spread, &buyer->ping_draw, CENT_MICROS);
    const struct node *value = node_find_bytes(node_find(ping, "lead"), price->field);
    for (uint32_t i = 0; value && i < price->count; i++)
        if (bytes_same(value->text, price->entries[i].value)) return price->entries[i].price_micros;
    return price->else_micros;
}

static enum act_content usual_content(struct buyer *buyer, int64_t price_micros, bool declined, int64_t now_us)
{
    const struct plan *plan = &buyer->spec->plan;
    if (declined || (plan->priced && price_micros < 0)) return CONTENT_NO_BID;
    int64_t next_us;
    bool seated = buyer_seats_free(buyer, now_us, &next_us) != 0;
    return plan->available == 0 || !seated ? CONTENT_UNAVAILABLE : CONTENT_BID;
}

void buyer_ping(struct buyer *buyer, const struct node *ping, int64_t now_us, struct sink *body,
                struct outcome *outcome)
{
    const struct plan *plan = &buyer->spec->plan;
    struct act act = act_next(&plan->script, &buyer->ping_turn);
    bool declined = draw_hit(&buyer->ping_draw, plan->no_bid_ppm);
    int64_t price_micros = draw_price(buyer, ping);
    int64_t think_us = spread_draw(&plan->think, &buyer->ping_draw, 1);
    if (act.content == CONTENT_NORMAL) act.content = usual_content(buyer, price_micros, declined, now_us);
    if (act.price_micros < 0) act.price_micros = price_micros;
    buyer->counts.pings++;
    buyer->counts.bids += act.content == CONTENT_BID || act.content == CONTENT_UNAVAILABLE;
    buyer->counts.no_bids += act.content == CONTENT_NO_BID || act.content == CONTENT_NO_CONTENT;
    if (ping && buyer->scenario->private_count) note_private(buyer, ping);
    words_write_ping(buyer, &act, body, outcome);
    outcome->think_us = think_us;
}

/* A place in the memory of posts; the oldest is given up when it is full. */
static struct buyer_post *remember(struct buyer *buyer, struct bytes id)
{
    if (!buyer->posts.max && slots_open(&buyer->posts, sizeof(struct buyer_post), BUYER_POSTS_MAX)) return NULL;
    uint64_t slot;
    struct buyer_post *post = slots_take(&buyer->posts, &slot);
    uint32_t index;
    if (post) {
        index = buyer->posts.made - 1; /* none is ever given back, so a taken one is the last made */
    } else {
        index = buyer->posts_oldest++ % BUYER_POSTS_MAX;
        post = slots_at(&buyer->posts, index);
        if (!post) return NULL;
        table_drop(&buyer->posts_by_id, (struct bytes){post->id, post->id_len});
    }
    *post = (struct buyer_post){.id_len = id.len};
    memcpy(post->id, id.at, id.len);
    if (table_put(&buyer->posts_by_id, (struct bytes){post->id, post->id_len}, index)) return NULL;
    return post;
}

static struct buyer_post *recall(struct buyer *buyer, struct bytes id)
{
    uint32_t index = table_find(&buyer->posts_by_id, id);
    return index == TABLE_NONE ? NULL : slots_at(&buyer->posts, index);
}

static bool take_seat(struct buyer *buyer, int64_t now_us)
{
    const struct plan *plan = &buyer->spec->plan;
    struct buyer_seats *seats = &buyer->seats;
    int64_t next_us;
    if (plan->seats < 0) return true;
    if (buyer_seats_free(buyer, now_us, &next_us) <= 0) return false;
    if (!seats->until_us) seats->until_us = malloc(BUYER_SEATS_MAX * sizeof *seats->until_us);
    if (!seats->until_us || seats->taken == BUYER_SEATS_MAX) return false;
    int64_t until_us = plan->seat_us ? now_us + plan->seat_us : CLOCK_NEVER;
    seats->until_us[(seats->first + seats->taken++) % BUYER_SEATS_MAX] = until_us;
    return true;
}

/* What this post comes to: its act, and what the status endpoint will say of it. */
static struct act decide_post(struct buyer *buyer, int64_t now_us, enum truth *truth)
{
    const struct post_plan *plan = &buyer->spec->plan.post;
    struct act act = act_next(&plan->script, &buyer->post_turn);
    bool refused = draw_hit(&buyer->post_draw, plan->reject_ppm);
    uint64_t code = plan->codes_count ? draw_below(&buyer->post_draw, plan->codes_count) : 0;
    if (act.content == CONTENT_NORMAL) act.content = refused ? CONTENT_REJECT : CONTENT_ACCEPT;
    bool heard = act.delivery != DELIVERY_HANG_UP_BEFORE;
    if (heard && act.content == CONTENT_ACCEPT && !take_seat(buyer, now_us)) {
        act.content = CONTENT_REJECT;
        act.code = BYTES("no_seat");
    }
    if (!act.code.len) act.code = plan->codes_count ? plan->codes[code] : BYTES("other");
    *truth = !heard                          ? TRUTH_NOT_SEEN
             : act.content == CONTENT_ACCEPT ? TRUTH_ACCEPTED
             : act.content == CONTENT_REJECT ? TRUTH_REJECTED
                                             : TRUTH_NOT_SEEN;
    bool clear = act.delivery <= DELIVERY_HELD && (act.content == CONTENT_ACCEPT || act.content == CONTENT_REJECT);
    if (!clear && plan->truth != TRUTH_BY_ACT) *truth = plan->truth;
    return act;
}

static void count_post(struct buyer *buyer, const struct node *post, enum truth truth)
{
    struct buyer_counts *counts = &buyer->counts;
    counts->accepted += truth == TRUTH_ACCEPTED;
    counts->rejected += truth == TRUTH_REJECTED;
    counts->not_seen += truth == TRUTH_NOT_SEEN;
    int64_t price_micros, sum;
    const struct node *price = node_find(post, "price");
    if (truth == TRUTH_ACCEPTED && price && node_money(price, &price_micros) &&
        money_add(counts->money_micros, price_micros, &sum))
        counts->money_micros = sum;
}

void buyer_post(struct buyer *buyer, const struct node *post, int64_t now_us, struct sink *body,
                struct outcome *outcome)
{
    const struct node *id = node_find(post, "post_id");
    *outcome = (struct outcome){.status = 400, .fields = ""};
    buyer->counts.posts++;
    if (!id || id->kind != NODE_TEXT || !id->text.len || id->text.len > BUYER_POST_ID_MAX) {
        buyer->counts.bad_requests++;
        return;
    }
    struct buyer_post *known = recall(buyer, id->text);
    int64_t think_us = spread_draw(&buyer->spec->plan.post.think, &buyer->post_draw, 1);
    if (known) buyer->counts.duplicates++;
    if (!known || known->truth == TRUTH_NOT_SEEN) {
        if (known) buyer->counts.not_seen--;
        if (!known) known = remember(buyer, id->text);
        if (!known) {
            outcome->status = 503;
            return;
        }
        known->act = decide_post(buyer, now_us, &known->truth);
        known->lead = ++buyer->leads;
        count_post(buyer, post, known->truth);
    }
    words_write_post(buyer, known, body, outcome);
    outcome->think_us = think_us;
}

const char *buyer_status(struct buyer *buyer, struct bytes post_id)
{
    const struct buyer_post *post = recall(buyer, post_id);
    buyer->counts.statuses++;
    if (!post || post->truth == TRUTH_NOT_SEEN) return "not_seen";
    return post->truth == TRUTH_ACCEPTED ? "accepted" : "rejected";
}

int64_t buyer_seats_free(struct buyer *buyer, int64_t now_us, int64_t *next_us)
{
    struct buyer_seats *seats = &buyer->seats;
    *next_us = CLOCK_NEVER;
    if (buyer->spec->plan.seats < 0) return -1;
    while (seats->taken && seats->until_us[seats->first] <= now_us) {
        seats->first = (seats->first + 1) % BUYER_SEATS_MAX;
        seats->taken--;
    }
    if (seats->taken) *next_us = seats->until_us[seats->first];
    int64_t left = buyer->spec->plan.seats - seats->taken;
    return left > 0 ? left : 0;
}

void buyer_renew_seats(struct buyer *buyer)
{
    buyer->seats.first = buyer->seats.taken = 0;
}

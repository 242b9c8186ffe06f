/* Steps and rows share their parts (opening, verdict, intent, sale), so a row is made of the very bytes a step would
 * have. Which parts a step has is one byte of flags in front of them. */
#include "exchange/record/book.h"

#include "exchange/record/pieces.h"

/* 2: a sale's redirect_url, the text of an end; of a post: is_test. A row without them is written as version 1, so that
 * rows of an older book are still what its entries make. */
#define STEP_VERSION 2
#define LEAD_VERSION 2
#define POST_VERSION 2
#define SEEN_VERSION 1

/* How long a key stays stands above its window, where the first version had zeros: what it wrote reads as it was meant.
 */
#define STAY_SHIFT 32
#define WINDOW_MAX (((uint64_t)BOOK_CAP_STAY_MAX << STAY_SHIFT) | UINT32_MAX)

enum { HAS_OPENING = 1, HAS_VERDICT = 2, HAS_INTENT = 4, HAS_SALE = 8, HAS_FINAL = 16, HAS_SEEN = 32, HAS_ALL = 63 };

static const char *const lead_states[LEAD_STATE_COUNT] = {"posting", "sold", "pending", "unsold"};
static const char *const post_states[POST_STATE_COUNT] = {"open", "accepted", "rejected", "failed", "unknown"};

const char *lead_state_name(enum lead_state state)
{
    return lead_states[state];
}

const char *post_state_name(enum post_state state)
{
    return post_states[state];
}

int64_t book_cap_change(const struct book_cap_key *key, enum post_state state)
{
    bool is_back = state == POST_FAILED ? key->stay <= 1 : state == POST_REJECTED && key->stay == 0;
    if (is_back) return -(int64_t)key->amount;
    return state == POST_ACCEPTED && key->stay == 2 ? key->amount : 0;
}

/* --- parts --- */

static void put_opening(struct sink *sink, const struct book_opening *opening, struct bytes sealed)
{
    flat_put_text(sink, opening->affiliate);
    flat_put_text(sink, opening->campaign);
    flat_put_text(sink, opening->source);
    flat_put_text(sink, opening->channel);
    flat_put_text(sink, opening->ref);
    flat_put_text(sink, opening->click_id);
    flat_put_text(sink, opening->sub_ids);
    flat_put_digest(sink, &opening->document);
    flat_put(sink, opening->has_key);
    if (opening->has_key) flat_put_digest(sink, &opening->key);
    flat_put(sink, opening->is_one_call);
    pieces_put_offer(sink, &opening->offer);
    flat_put_text(sink, sealed);
}

static void take_opening(struct flat *flat, struct book_opening *opening)
{
    opening->affiliate = flat_take_text(flat);
    opening->campaign = flat_take_text(flat);
    opening->source = flat_take_text(flat);
    opening->channel = flat_take_text(flat);
    opening->ref = flat_take_text(flat);
    opening->click_id = flat_take_text(flat);
    opening->sub_ids = flat_take_text(flat);
    flat_take_digest(flat, &opening->document);
    opening->has_key = flat_take_flag(flat);
    if (opening->has_key) flat_take_digest(flat, &opening->key);
    opening->is_one_call = flat_take_flag(flat);
    pieces_take_offer(flat, &opening->offer);
    opening->content = flat_take_text(flat);
}

static void put_verdict(struct sink *sink, const struct book_verdict *verdict)
{
    flat_put_id(sink, &verdict->post_id);
    flat_put(sink, verdict->state);
    flat_put(sink, verdict->reason);
    flat_put_text(sink, verdict->code);
    flat_put_text(sink, verdict->text);
    flat_put_text(sink, verdict->buyer_lead_id);
    flat_put_signed(sink, verdict->named_price_micros);
    flat_put(sink, verdict->by_operator);
}

static void take_verdict(struct flat *flat, struct book_verdict *verdict)
{
    flat_take_id(flat, &verdict->post_id);
    verdict->state = (enum post_state)flat_take_upto(flat, POST_STATE_COUNT - 1);
    verdict->reason = (enum reason)flat_take_upto(flat, REASON_COUNT - 1);
    verdict->code = flat_take_text(flat);
    verdict->text = flat_take_text(flat);
    verdict->buyer_lead_id = flat_take_text(flat);
    verdict->named_price_micros = flat_take_signed(flat);
    verdict->by_operator = flat_take_flag(flat);
}

static void put_intent(struct sink *sink, const struct book_intent *intent)
{
    flat_put_id(sink, &intent->post_id);
    flat_put_text(sink, intent->contract);
    flat_put_text(sink, intent->buyer);
    flat_put_text(sink, intent->bid_id);
    flat_put_signed(sink, intent->price_micros);
    flat_put_signed(sink, intent->payout_micros);
    sink_char(sink, (char)intent->margin_rule);
    sink_char(sink, (char)intent->candidate);
    flat_put(sink, intent->keys_count);
    for (uint8_t i = 0; i < intent->keys_count; i++) {
        sink_bytes(sink, (struct bytes){(const char *)intent->keys[i].id, sizeof intent->keys[i].id});
        flat_put(sink, intent->keys[i].window | (uint64_t)intent->keys[i].stay << STAY_SHIFT);
        flat_put(sink, intent->keys[i].amount);
    }
}

static void take_intent(struct flat *flat, struct book_intent *intent)
{
    flat_take_id(flat, &intent->post_id);
    intent->contract = flat_take_text(flat);
    intent->buyer = flat_take_text(flat);
    intent->bid_id = flat_take_text(flat);
    intent->price_micros = flat_take_signed(flat);
    intent->payout_micros = flat_take_signed(flat);
    flat_take_raw(flat, &intent->margin_rule, 1);
    flat_take_raw(flat, &intent->candidate, 1);
    intent->keys_count = (uint8_t)flat_take_upto(flat, BOOK_CAP_KEYS_MAX);
    for (uint8_t i = 0; i < intent->keys_count; i++) {
        flat_take_raw(flat, intent->keys[i].id, sizeof intent->keys[i].id);
        uint64_t window = flat_take_upto(flat, WINDOW_MAX);
        intent->keys[i].window = (uint32_t)window;
        intent->keys[i].stay = (uint8_t)(window >> STAY_SHIFT);
        intent->keys[i].amount = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    }
}

static void put_sale(struct sink *sink, uint8_t version, const struct book_sale *sale)
{
    flat_put_id(sink, &sale->sale_id);
    flat_put_text(sink, sale->contract);
    flat_put_text(sink, sale->buyer);
    flat_put_signed(sink, sale->price_micros);
    flat_put_signed(sink, sale->payout_micros);
    flat_put_signed(sink, sale->margin_micros);
    sink_char(sink, (char)sale->margin_rule);
    if (version >= 2) flat_put_text(sink, sale->redirect_url);
}

static void take_sale(struct flat *flat, uint8_t version, struct book_sale *sale)
{
    flat_take_id(flat, &sale->sale_id);
    sale->contract = flat_take_text(flat);
    sale->buyer = flat_take_text(flat);
    sale->price_micros = flat_take_signed(flat);
    sale->payout_micros = flat_take_signed(flat);
    sale->margin_micros = flat_take_signed(flat);
    flat_take_raw(flat, &sale->margin_rule, 1);
    if (version >= 2) sale->redirect_url = flat_take_text(flat);
}

static void put_seen(struct sink *sink, const struct book_seen *seen)
{
    pieces_put_keys(sink, &seen->keys);
    flat_put_signed(sink, seen->sold_keep_ms);
    flat_put_signed(sink, seen->refused_keep_ms);
    flat_put_signed(sink, seen->key_keep_ms);
}

static void take_seen(struct flat *flat, struct book_seen *seen)
{
    pieces_take_keys(flat, &seen->keys);
    seen->sold_keep_ms = flat_take_signed(flat);
    seen->refused_keep_ms = flat_take_signed(flat);
    seen->key_keep_ms = flat_take_signed(flat);
}

/* --- a step --- */

static unsigned parts_of(const struct book_step *step)
{
    return (step->opening ? HAS_OPENING : 0u) | (step->verdict ? HAS_VERDICT : 0u) | (step->intent ? HAS_INTENT : 0u) |
           (step->sale ? HAS_SALE : 0u) | (step->final ? HAS_FINAL : 0u) | (step->seen ? HAS_SEEN : 0u);
}

bool book_write_step(struct sink *sink, const struct book_step *step, struct bytes sealed)
{
    flat_put_head(sink, 'S', STEP_VERSION);
    flat_put_id(sink, &step->lead_id);
    flat_put_id(sink, &step->ping_id);
    flat_put_signed(sink, step->wall_ms);
    flat_put(sink, parts_of(step));
    if (step->opening) put_opening(sink, step->opening, sealed);
    if (step->verdict) put_verdict(sink, step->verdict);
    if (step->intent) put_intent(sink, step->intent);
    if (step->sale) put_sale(sink, STEP_VERSION, step->sale);
    if (step->final) {
        flat_put(sink, step->final->state);
        flat_put(sink, step->final->reason);
        flat_put_text(sink, step->final->text);
    }
    if (step->seen) put_seen(sink, step->seen);
    return !sink->cut;
}

struct parts {
    struct book_opening opening;
    struct book_verdict verdict;
    struct book_intent intent;
    struct book_sale sale;
    struct book_final final;
    struct book_seen seen;
};

bool book_read_step(struct bytes bytes, struct arena *arena, struct book_step *step)
{
    struct parts *parts = arena_zero(arena, 1, sizeof *parts);
    if (!parts) return false;
    struct flat flat = flat_over(bytes);
    *step = (struct book_step){0};
    uint8_t version = flat_take_head(&flat, 'S', STEP_VERSION);
    flat_take_id(&flat, &step->lead_id);
    flat_take_id(&flat, &step->ping_id);
    step->wall_ms = flat_take_signed(&flat);
    unsigned has = (unsigned)flat_take_upto(&flat, HAS_ALL);
    if (has & HAS_OPENING) take_opening(&flat, &parts->opening), step->opening = &parts->opening;
    if (has & HAS_VERDICT) take_verdict(&flat, &parts->verdict), step->verdict = &parts->verdict;
    if (has & HAS_INTENT) take_intent(&flat, &parts->intent), step->intent = &parts->intent;
    if (has & HAS_SALE) take_sale(&flat, version, &parts->sale), step->sale = &parts->sale;
    if (has & HAS_FINAL) {
        parts->final.state = (enum lead_state)flat_take_upto(&flat, LEAD_STATE_COUNT - 1);
        parts->final.reason = (enum reason)flat_take_upto(&flat, REASON_COUNT - 1);
        if (version >= 2) parts->final.text = flat_take_text(&flat);
        step->final = &parts->final;
    }
    if (has & HAS_SEEN) take_seen(&flat, &parts->seen), step->seen = &parts->seen;
    return flat_ends(&flat) && has != 0;
}

/* --- rows --- */

bool book_write_lead(struct sink *sink, const struct lead_record *lead)
{
    bool is_old = lead->text.len == 0 && (!lead->has_sale || lead->sale.redirect_url.len == 0);
    uint8_t version = is_old ? 1 : LEAD_VERSION;
    flat_put_head(sink, 'L', version);
    flat_put_id(sink, &lead->lead_id);
    flat_put_id(sink, &lead->ping_id);
    flat_put(sink, lead->state);
    flat_put(sink, lead->reason);
    if (version >= 2) flat_put_text(sink, lead->text);
    flat_put_signed(sink, lead->created_ms);
    flat_put_signed(sink, lead->updated_ms);
    flat_put_text(sink, lead->affiliate);
    flat_put_text(sink, lead->campaign);
    flat_put_text(sink, lead->source);
    flat_put_text(sink, lead->channel);
    flat_put_text(sink, lead->ref);
    flat_put_text(sink, lead->click_id);
    flat_put_text(sink, lead->sub_ids);
    flat_put_digest(sink, &lead->document);
    flat_put(sink, lead->is_one_call);
    pieces_put_offer(sink, &lead->offer);
    flat_put(sink, lead->posts_sent);
    flat_put(sink, lead->tried);
    flat_put_id(sink, &lead->post_id);
    flat_put(sink, lead->has_sale);
    if (lead->has_sale) put_sale(sink, version, &lead->sale);
    flat_put_text(sink, lead->buyer_lead_id);
    return !sink->cut;
}

bool book_read_lead(struct bytes bytes, struct arena *arena, struct lead_record *lead)
{
    (void)arena; /* all of it points into the bytes; a later version may need room */
    struct flat flat = flat_over(bytes);
    *lead = (struct lead_record){0};
    uint8_t version = flat_take_head(&flat, 'L', LEAD_VERSION);
    flat_take_id(&flat, &lead->lead_id);
    flat_take_id(&flat, &lead->ping_id);
    lead->state = (enum lead_state)flat_take_upto(&flat, LEAD_STATE_COUNT - 1);
    lead->reason = (enum reason)flat_take_upto(&flat, REASON_COUNT - 1);
    if (version >= 2) lead->text = flat_take_text(&flat);
    lead->created_ms = flat_take_signed(&flat);
    lead->updated_ms = flat_take_signed(&flat);
    lead->affiliate = flat_take_text(&flat);
    lead->campaign = flat_take_text(&flat);
    lead->source = flat_take_text(&flat);
    lead->channel = flat_take_text(&flat);
    lead->ref = flat_take_text(&flat);
    lead->click_id = flat_take_text(&flat);
    lead->sub_ids = flat_take_text(&flat);
    flat_take_digest(&flat, &lead->document);
    lead->is_one_call = flat_take_flag(&flat);
    pieces_take_offer(&flat, &lead->offer);
    lead->posts_sent = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    lead->tried = flat_take(&flat);
    flat_take_id(&flat, &lead->post_id);
    lead->has_sale = flat_take_flag(&flat);
    if (lead->has_sale) take_sale(&flat, version, &lead->sale);
    lead->buyer_lead_id = flat_take_text(&flat);
    return flat_ends(&flat);
}

bool book_write_post(struct sink *sink, const struct post_record *post)
{
    flat_put_head(sink, 'P', post->is_test ? POST_VERSION : 1);
    flat_put_id(sink, &post->post_id);
    flat_put_id(sink, &post->lead_id);
    flat_put_id(sink, &post->ping_id);
    flat_put(sink, post->state);
    flat_put(sink, post->reason);
    flat_put_text(sink, post->affiliate);
    flat_put_text(sink, post->campaign);
    put_intent(sink, &post->intent);
    flat_put_text(sink, post->code);
    flat_put_text(sink, post->text);
    flat_put_text(sink, post->buyer_lead_id);
    flat_put_signed(sink, post->named_price_micros);
    flat_put_signed(sink, post->opened_ms);
    flat_put_signed(sink, post->settled_ms);
    if (post->is_test) flat_put(sink, true);
    return !sink->cut;
}

bool book_read_post(struct bytes bytes, struct arena *arena, struct post_record *post)
{
    (void)arena; /* as above */
    struct flat flat = flat_over(bytes);
    *post = (struct post_record){0};
    uint8_t version = flat_take_head(&flat, 'P', POST_VERSION);
    flat_take_id(&flat, &post->post_id);
    flat_take_id(&flat, &post->lead_id);
    flat_take_id(&flat, &post->ping_id);
    post->state = (enum post_state)flat_take_upto(&flat, POST_STATE_COUNT - 1);
    post->reason = (enum reason)flat_take_upto(&flat, REASON_COUNT - 1);
    post->affiliate = flat_take_text(&flat);
    post->campaign = flat_take_text(&flat);
    take_intent(&flat, &post->intent);
    post->code = flat_take_text(&flat);
    post->text = flat_take_text(&flat);
    post->buyer_lead_id = flat_take_text(&flat);
    post->named_price_micros = flat_take_signed(&flat);
    post->opened_ms = flat_take_signed(&flat);
    post->settled_ms = flat_take_signed(&flat);
    if (version >= 2) post->is_test = flat_take_flag(&flat);
    if (version >= 2 && !post->is_test) flat.bad = true; /* that would have been version 1 */
    return flat_ends(&flat);
}

bool book_write_seen(struct sink *sink, const struct book_seen *seen)
{
    flat_put_head(sink, 'W', SEEN_VERSION);
    put_seen(sink, seen);
    return !sink->cut;
}

bool book_read_seen(struct bytes bytes, struct book_seen *seen)
{
    struct flat flat = flat_over(bytes);
    flat_take_head(&flat, 'W', SEEN_VERSION);
    take_seen(&flat, seen);
    return flat_ends(&flat);
}

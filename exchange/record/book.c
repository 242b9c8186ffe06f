/* Steps and rows share their parts (opening, verdict, intent, sale), so a row is made of the very bytes a step would
 * have. Which parts a step has is one byte of flags in front of them. */
#include "exchange/record/book.h"

#include "exchange/record/pieces.h"

/* 2: a sale's redirect_url, the text of an end; of a post: is_test; 3: slots, before them one post at a time and one
 * sale at most; of a lead: told; 4, of a lead 5: an affiliate's terms; 5, of a lead 6, of a post 4: a doubt's end, and
 * whose word a verdict is, of which before there were two; 6, of a post 5: what is low for a buyer; 7, of a post 6: who
 * hears of a sale; of a step 6, of a lead 7: what becomes of the content; of a lead 8: its offer may stand
 * elsewhere. */
#define STEP_VERSION 7
#define LEAD_VERSION 8
#define POST_VERSION 6
#define SEEN_VERSION 1

enum {
    KEEPS_SALE = LEAD_SLOTS(POST_OPEN) | LEAD_SLOTS(POST_UNKNOWN) | LEAD_SLOTS(POST_ACCEPTED) |
                 LEAD_SLOTS(POST_RETURNED)
};

enum { WAS_SOLD = LEAD_SLOTS(POST_ACCEPTED) | LEAD_SLOTS(POST_RETURNED) };

enum {
    HAS_OPENING = 1,
    HAS_VERDICTS = 2,
    HAS_INTENTS = 4,
    HAS_SALES = 8,
    HAS_FINAL = 16,
    HAS_SEEN = 32,
    HAS_AFTERS = 64,
    HAS_ORIGIN = 128,
    HAS_ALL = 255
};

static const char *const lead_states[LEAD_STATE_COUNT] = {"posting", "sold", "pending", "unsold", "returned"};
static const char *const post_states[POST_STATE_COUNT] = {"open",    "accepted", "rejected", "failed",
                                                          "unknown", "voided",   "returned"};
static const char *const verdict_sources[VERDICT_SOURCES] = {"reply", "operator", "buyer", "status", "time", "release"};

const char *lead_state_name(enum lead_state state)
{
    return lead_states[state];
}

const char *post_state_name(enum post_state state)
{
    return post_states[state];
}

const char *verdict_source_name(enum verdict_source source)
{
    return verdict_sources[source];
}

bool post_may_be_late(const struct post_record *post)
{
    bool by_others = post->reason == REASON_UNKNOWN || post->by == VERDICT_BY_OPERATOR;
    return post->state == POST_VOIDED || (post->state == POST_REJECTED && by_others);
}

int64_t lead_resolves_ms(const struct lead_record *lead)
{
    int64_t last_ms = 0;
    for (unsigned i = 0; i < lead->slots_count; i++) {
        const struct lead_slot *slot = &lead->slots[i];
        if (!slot->is_used || slot->state != POST_UNKNOWN) continue;
        if (slot->resolves_ms == 0) return 0;
        if (slot->resolves_ms > last_ms) last_ms = slot->resolves_ms;
    }
    return last_ms;
}

unsigned lead_slots_in(const struct lead_record *lead, unsigned states)
{
    unsigned count = 0;
    for (unsigned i = 0; i < lead->slots_count; i++)
        count += lead->slots[i].is_used && (states & LEAD_SLOTS(lead->slots[i].state));
    return count;
}

enum lead_state lead_state_of(const struct lead_record *lead)
{
    if (lead_slots_in(lead, LEAD_SLOTS(POST_ACCEPTED))) return LEAD_SOLD;
    if (lead_slots_in(lead, LEAD_SLOTS(POST_OPEN))) return LEAD_POSTING;
    if (lead_slots_in(lead, LEAD_SLOTS(POST_UNKNOWN))) return LEAD_PENDING;
    return lead_slots_in(lead, LEAD_SLOTS(POST_RETURNED)) ? LEAD_RETURNED : LEAD_UNSOLD;
}

int64_t book_cap_change(const struct book_cap_key *key, enum post_state state)
{
    bool is_back = state == POST_FAILED ? key->stay <= 1
                                        : (state == POST_REJECTED || state == POST_VOIDED) && key->stay == 0;
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
    flat_put_signed(sink, opening->clear_after_ms);
    pieces_put_offer(sink, &opening->offer);
    flat_put_text(sink, sealed);
    flat_put(sink, opening->fields);
    flat_put_signed(sink, opening->keep_ms);
}

static void take_opening(struct flat *flat, struct book_opening *opening, uint8_t version)
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
    if (version > 3) opening->clear_after_ms = flat_take_signed(flat);
    pieces_take_offer(flat, &opening->offer);
    opening->content = flat_take_text(flat);
    if (version < 6) return;
    opening->fields = flat_take(flat);
    opening->keep_ms = flat_take_signed(flat);
    if (opening->keep_ms < 0) flat->bad = true;
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
    flat_put(sink, verdict->by);
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
    verdict->by = (enum verdict_source)flat_take_upto(flat, VERDICT_SOURCES - 1);
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
    sink_char(sink, (char)intent->slot);
    sink_char(sink, (char)intent->planned);
    sink_char(sink, (char)intent->max_sold);
    pieces_put_caps(sink, intent->keys, intent->keys_count);
    flat_put_signed(sink, intent->doubt.within_ms);
    flat_put(sink, intent->doubt.then);
    flat_put(sink, intent->has_low);
    if (intent->has_low) flat_put_signed(sink, intent->low_micros);
    flat_put(sink, intent->notify_count);
    flat_put(sink, intent->copies_count);
}

/* `version`: a step's. */
static void take_intent(struct flat *flat, struct book_intent *intent, uint8_t version)
{
    intent->planned = intent->max_sold = 1;
    flat_take_id(flat, &intent->post_id);
    intent->contract = flat_take_text(flat);
    intent->buyer = flat_take_text(flat);
    intent->bid_id = flat_take_text(flat);
    intent->price_micros = flat_take_signed(flat);
    intent->payout_micros = flat_take_signed(flat);
    flat_take_raw(flat, &intent->margin_rule, 1);
    flat_take_raw(flat, &intent->candidate, 1);
    if (version > 2) {
        flat_take_raw(flat, &intent->slot, 1);
        flat_take_raw(flat, &intent->planned, 1);
        flat_take_raw(flat, &intent->max_sold, 1);
    }
    bool fits = intent->slot < intent->planned && intent->planned <= OFFER_SALES_MAX && intent->max_sold > 0;
    if (!fits) flat->bad = true;
    intent->keys_count = pieces_take_caps(flat, intent->keys);
    if (version < 5) return;
    intent->doubt.within_ms = flat_take_signed(flat);
    intent->doubt.then = (enum doubt_then)flat_take_upto(flat, DOUBT_THENS - 1);
    if (intent->doubt.within_ms < 0) flat->bad = true;
    intent->has_low = version > 5 && flat_take_flag(flat);
    if (intent->has_low) intent->low_micros = flat_take_signed(flat);
    if (version < 7) return;
    intent->notify_count = (uint8_t)flat_take_upto(flat, BOOK_ADDRESSES_MAX);
    intent->copies_count = (uint8_t)flat_take_upto(flat, BOOK_ADDRESSES_MAX);
}

static void put_sale(struct sink *sink, const struct book_sale *sale)
{
    flat_put_id(sink, &sale->sale_id);
    flat_put_id(sink, &sale->post_id);
    flat_put_text(sink, sale->contract);
    flat_put_text(sink, sale->buyer);
    flat_put_signed(sink, sale->price_micros);
    flat_put_signed(sink, sale->payout_micros);
    flat_put_signed(sink, sale->margin_micros);
    sink_char(sink, (char)sale->margin_rule);
    flat_put_text(sink, sale->redirect_url);
}

static void take_sale(struct flat *flat, struct book_sale *sale, uint8_t version)
{
    flat_take_id(flat, &sale->sale_id);
    if (version > 2) flat_take_id(flat, &sale->post_id);
    sale->contract = flat_take_text(flat);
    sale->buyer = flat_take_text(flat);
    sale->price_micros = flat_take_signed(flat);
    sale->payout_micros = flat_take_signed(flat);
    sale->margin_micros = flat_take_signed(flat);
    flat_take_raw(flat, &sale->margin_rule, 1);
    if (version > 1) sale->redirect_url = flat_take_text(flat);
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
    return (step->opening ? HAS_OPENING : 0u) | (step->verdicts_count ? HAS_VERDICTS : 0u) |
           (step->intents_count ? HAS_INTENTS : 0u) | (step->sales_count ? HAS_SALES : 0u) |
           (step->final ? HAS_FINAL : 0u) | (step->seen ? HAS_SEEN : 0u) | (step->afters_count ? HAS_AFTERS : 0u) |
           (ident_is_none(&step->origin) ? 0u : HAS_ORIGIN);
}

bool book_write_step(struct sink *sink, const struct book_step *step, struct bytes sealed)
{
    flat_put_head(sink, 'S', STEP_VERSION);
    flat_put_id(sink, &step->lead_id);
    flat_put_id(sink, &step->ping_id);
    flat_put_signed(sink, step->wall_ms);
    flat_put(sink, parts_of(step));
    if (step->opening) put_opening(sink, step->opening, sealed);
    if (step->verdicts_count) flat_put(sink, step->verdicts_count);
    for (unsigned i = 0; i < step->verdicts_count; i++) put_verdict(sink, &step->verdicts[i]);
    if (step->intents_count) flat_put(sink, step->intents_count);
    for (unsigned i = 0; i < step->intents_count; i++) put_intent(sink, &step->intents[i]);
    if (step->sales_count) flat_put(sink, step->sales_count);
    for (unsigned i = 0; i < step->sales_count; i++) put_sale(sink, &step->sales[i]);
    if (step->final) {
        flat_put(sink, step->final->state);
        flat_put(sink, step->final->reason);
        flat_put(sink, step->final->goes_on);
        flat_put_text(sink, step->final->text);
    }
    if (step->seen) put_seen(sink, step->seen);
    if (step->afters_count) flat_put(sink, step->afters_count);
    for (unsigned i = 0; i < step->afters_count; i++) pieces_put_intent_after(sink, &step->afters[i]);
    if (!ident_is_none(&step->origin)) flat_put_id(sink, &step->origin);
    return !sink->cut;
}

/* How many there are of a kind of part: one where none was counted. */
static unsigned take_count(struct flat *flat, unsigned has, uint8_t version)
{
    if (!has) return 0;
    unsigned count = version > 2 ? (unsigned)flat_take_upto(flat, OFFER_SALES_MAX) : 1;
    if (count == 0) flat->bad = true;
    return count;
}

static const struct book_final *take_final(struct flat *flat, struct arena *arena, uint8_t version)
{
    struct book_final *final = arena_zero(arena, 1, sizeof *final);
    if (!final) return NULL;
    final->state = (enum lead_state)flat_take_upto(flat, LEAD_STATE_COUNT - 1);
    final->reason = (enum reason)flat_take_upto(flat, REASON_COUNT - 1);
    final->goes_on = version > 2 ? flat_take_flag(flat) : final->state == LEAD_POSTING;
    if (version > 1) final->text = flat_take_text(flat);
    return final;
}

static bool take_parts(struct flat *flat, struct arena *arena, uint8_t version, struct book_step *step)
{
    unsigned has = (unsigned)flat_take_upto(flat, HAS_ALL);
    if (has & HAS_OPENING) {
        struct book_opening *opening = arena_zero(arena, 1, sizeof *opening);
        if (!opening) return false;
        take_opening(flat, opening, version);
        step->opening = opening;
    }
    step->verdicts_count = take_count(flat, has & HAS_VERDICTS, version);
    struct book_verdict *verdicts = arena_zero(arena, step->verdicts_count, sizeof *verdicts);
    for (unsigned i = 0; verdicts && i < step->verdicts_count; i++) take_verdict(flat, &verdicts[i]);
    step->intents_count = take_count(flat, has & HAS_INTENTS, version);
    struct book_intent *intents = arena_zero(arena, step->intents_count, sizeof *intents);
    for (unsigned i = 0; intents && i < step->intents_count; i++) take_intent(flat, &intents[i], version);
    step->sales_count = take_count(flat, has & HAS_SALES, version);
    struct book_sale *sales = arena_zero(arena, step->sales_count, sizeof *sales);
    for (unsigned i = 0; sales && i < step->sales_count; i++) take_sale(flat, &sales[i], version);
    if (version < 3 && sales && verdicts && step->sales_count && step->verdicts_count)
        sales->post_id = verdicts->post_id;
    step->verdicts = verdicts;
    step->intents = intents;
    step->sales = sales;
    if (has & HAS_FINAL) step->final = take_final(flat, arena, version);
    struct book_seen *seen = has & HAS_SEEN ? arena_zero(arena, 1, sizeof *seen) : NULL;
    if (seen) take_seen(flat, seen);
    step->seen = seen;
    step->afters_count = take_count(flat, has & HAS_AFTERS, version);
    struct book_after *afters = arena_zero(arena, step->afters_count, sizeof *afters);
    for (unsigned i = 0; afters && i < step->afters_count; i++) pieces_take_intent_after(flat, &afters[i]);
    step->afters = afters;
    if (has & HAS_ORIGIN) flat_take_id(flat, &step->origin);
    if (has & HAS_ORIGIN && ident_is_none(&step->origin)) flat->bad = true; /* that is spelled by leaving it out */
    return afters && has != 0 && verdicts && intents && sales && !(has & HAS_FINAL) == !step->final &&
           !(has & HAS_SEEN) == !seen;
}

bool book_read_step(struct bytes bytes, struct arena *arena, struct book_step *step)
{
    struct flat flat = flat_over(bytes);
    *step = (struct book_step){0};
    uint8_t version = flat_take_head(&flat, 'S', STEP_VERSION);
    flat_take_id(&flat, &step->lead_id);
    flat_take_id(&flat, &step->ping_id);
    step->wall_ms = flat_take_signed(&flat);
    step->is_past = version < 4;
    return take_parts(&flat, arena, version, step) && flat_ends(&flat);
}

/* --- rows --- */

static void put_slot(struct sink *sink, const struct lead_slot *slot)
{
    flat_put(sink, slot->is_used);
    if (!slot->is_used) return;
    flat_put_id(sink, &slot->post_id);
    flat_put(sink, slot->state);
    sink_char(sink, (char)slot->candidate);
    sink_char(sink, (char)slot->max_sold);
    flat_put(sink, slot->posts_sent);
    if (LEAD_SLOTS(slot->state) & KEEPS_SALE) put_sale(sink, &slot->sale);
    if (LEAD_SLOTS(slot->state) & WAS_SOLD) flat_put_text(sink, slot->buyer_lead_id);
    if (slot->state == POST_UNKNOWN) flat_put_signed(sink, slot->resolves_ms);
}

static void take_slot(struct flat *flat, struct lead_slot *slot, uint8_t version)
{
    slot->is_used = flat_take_flag(flat);
    if (!slot->is_used) return;
    flat_take_id(flat, &slot->post_id);
    slot->state = (enum post_state)flat_take_upto(flat, POST_STATE_COUNT - 1);
    flat_take_raw(flat, &slot->candidate, 1);
    flat_take_raw(flat, &slot->max_sold, 1);
    slot->posts_sent = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    if (LEAD_SLOTS(slot->state) & KEEPS_SALE) take_sale(flat, &slot->sale, version);
    if (LEAD_SLOTS(slot->state) & WAS_SOLD) slot->buyer_lead_id = flat_take_text(flat);
    if (slot->state == POST_UNKNOWN && version > 5) slot->resolves_ms = flat_take_signed(flat);
}

/* The end of a row of before slots: one post at a time, one sale. What its post would be sold for stands in the post's
 * own row only, so its sale is left empty while it is open. */
static void take_one_slot(struct flat *flat, struct lead_record *lead, uint8_t version)
{
    static const enum post_state states[LEAD_STATE_COUNT] = {[LEAD_POSTING] = POST_OPEN,
                                                             [LEAD_SOLD] = POST_ACCEPTED,
                                                             [LEAD_PENDING] = POST_UNKNOWN,
                                                             [LEAD_UNSOLD] = POST_REJECTED};
    struct lead_slot *slot = &lead->slots[0];
    slot->posts_sent = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    lead->tried = flat_take(flat);
    flat_take_id(flat, &slot->post_id);
    if (flat_take_flag(flat)) take_sale(flat, &slot->sale, version);
    slot->buyer_lead_id = flat_take_text(flat);
    slot->sale.post_id = slot->post_id;
    slot->state = states[lead->state];
    slot->max_sold = 1;
    slot->is_used = !ident_is_none(&slot->post_id);
    lead->planned = lead->slots_count = slot->is_used;
    lead->is_over = lead->state != LEAD_POSTING;
}

static bool put_lead(struct sink *sink, const struct lead_record *lead, bool has_offer)
{
    flat_put_head(sink, 'L', LEAD_VERSION);
    flat_put_id(sink, &lead->lead_id);
    flat_put_id(sink, &lead->ping_id);
    flat_put(sink, lead->state);
    flat_put(sink, lead->reason);
    flat_put_text(sink, lead->text);
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
    flat_put_signed(sink, lead->clear_after_ms);
    flat_put(sink, has_offer);
    if (has_offer)
        pieces_put_offer(sink, &lead->offer);
    else
        flat_put(sink, lead->offer.rehearsal);
    flat_put(sink, lead->tried);
    flat_put(sink, lead->planned);
    flat_put(sink, lead->is_over);
    flat_put(sink, lead->told);
    flat_put(sink, lead->erasure);
    flat_put_signed(sink, lead->erased_ms);
    flat_put(sink, lead->fields);
    flat_put_signed(sink, lead->keep_ms);
    flat_put(sink, lead->slots_count);
    for (unsigned i = 0; i < lead->slots_count; i++) put_slot(sink, &lead->slots[i]);
    return !sink->cut;
}

bool book_write_lead(struct sink *sink, const struct lead_record *lead)
{
    return put_lead(sink, lead, true);
}

bool book_write_lead_row(struct sink *sink, const struct lead_record *lead)
{
    return put_lead(sink, lead, false);
}

bool book_write_offer(struct sink *sink, const struct offer *offer)
{
    pieces_put_offer(sink, offer);
    return !sink->cut;
}

bool book_read_offer(struct bytes bytes, struct offer *offer)
{
    struct flat flat = flat_over(bytes);
    pieces_take_offer(&flat, offer);
    return flat_ends(&flat);
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
    if (version > 4) lead->clear_after_ms = flat_take_signed(&flat);
    bool has_offer = version < 8 || flat_take_flag(&flat);
    if (has_offer)
        pieces_take_offer(&flat, &lead->offer);
    else
        lead->offer.rehearsal = (uint8_t)flat_take_upto(&flat, UINT8_MAX);
    if (version < 3) {
        take_one_slot(&flat, lead, version);
        return flat_ends(&flat);
    }
    lead->tried = flat_take(&flat);
    lead->planned = (uint8_t)flat_take_upto(&flat, OFFER_SALES_MAX);
    lead->is_over = flat_take_flag(&flat);
    if (version > 3) lead->told = (uint8_t)flat_take_upto(&flat, LEAD_TOLD_COUNT - 1);
    if (version > 6) {
        lead->erasure = (enum lead_erasure)flat_take_upto(&flat, LEAD_ERASURES - 1);
        lead->erased_ms = flat_take_signed(&flat);
        lead->fields = flat_take(&flat);
        lead->keep_ms = flat_take_signed(&flat);
    }
    lead->slots_count = (uint8_t)flat_take_upto(&flat, OFFER_SALES_MAX);
    for (unsigned i = 0; i < lead->slots_count; i++) take_slot(&flat, &lead->slots[i], version);
    return flat_ends(&flat);
}

bool book_write_post(struct sink *sink, const struct post_record *post)
{
    flat_put_head(sink, 'P', POST_VERSION);
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
    flat_put(sink, post->is_test);
    flat_put(sink, post->by);
    flat_put_signed(sink, post->resolves_ms);
    flat_put_signed(sink, post->late_ms);
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
    take_intent(&flat, &post->intent,
                (uint8_t)(version + (version > 3))); /* the same as a step's of the next version */
    post->code = flat_take_text(&flat);
    post->text = flat_take_text(&flat);
    post->buyer_lead_id = flat_take_text(&flat);
    post->named_price_micros = flat_take_signed(&flat);
    post->opened_ms = flat_take_signed(&flat);
    post->settled_ms = flat_take_signed(&flat);
    if (version >= 2) post->is_test = flat_take_flag(&flat);
    if (version > 3) {
        post->by = (enum verdict_source)flat_take_upto(&flat, VERDICT_SOURCES - 1);
        post->resolves_ms = flat_take_signed(&flat);
        post->late_ms = flat_take_signed(&flat);
    }
    if (version == 2 && !post->is_test) flat.bad = true; /* that would have been version 1 */
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

/* What the book is told, part by part. A rejection and the next intent are one entry, so a fallback costs one durable
 * wait. */
#include "exchange/auction/parts.h"

#include "exchange/record/disclosure.h"

#define RECORD_ROOM 16384u /* of a lead's row: an offer and a few texts */

static struct bytes sub_ids_json(struct auction *auction)
{
    const struct ping_request *ping = &auction->request.ping;
    if (ping->sub_ids_count == 0) return BYTES_NONE;
    size_t room = 2 + (size_t)ping->sub_ids_count * (6 * REQUEST_TEXT_MAX + 3);
    struct sink sink = sink_over(arena_take(&auction->arena, room), room);
    if (!sink.at) return BYTES_NONE;
    struct json json = json_into(&sink);
    json_open_list(&json);
    for (unsigned i = 0; i < ping->sub_ids_count; i++) json_text(&json, ping->sub_ids[i]);
    json_close_list(&json);
    return sink_written(&sink);
}

bool entries_facts(struct auction *auction)
{
    const struct ping_request *ping = &auction->request.ping;
    struct bytes sub_ids = auction->offer.sub_ids = sub_ids_json(auction);
    size_t facts = ping->source.len + ping->channel.len + ping->ref.len + ping->click_id.len + sub_ids.len +
                   auction->offer.excluded.len + auction->form.public_json.len;
    return auction->request.kind != AUCTION_PING || facts <= OFFER_FACTS_MAX;
}

/* The last candidates give way when bid ids are so long that not all fit. */
static void trim(struct offer *offer)
{
    char flat[OFFER_RECORD_MAX];
    for (;;) {
        struct sink sink = sink_over(flat, sizeof flat);
        if (offer->candidates_count <= 1 || offer->candidates_count == offer->planned || offer_write(&sink, offer))
            return;
        offer->candidates_count--;
    }
}

void entries_hash(struct auction *auction, const struct digest *digest, struct offer_hash *hash)
{
    struct digest keyed = *digest;
    auction->host->keyed(auction->world, &keyed);
    hash->is_given = true;
    memcpy(hash->at, keyed.at, sizeof hash->at);
}

/* The offer as a whole holds as long as its best bid. A one-call lead promises nothing: its terms only serve a later
 * fallback. */
void entries_offer(struct auction *auction)
{
    struct offer *offer = &auction->offer;
    const struct ping_request *ping = &auction->request.ping;
    bool is_promise = auction->request.kind == AUCTION_PING;
    int64_t longest_ms = auction->opened_ms + auction->campaign->offer_ttl_us / 1000;
    *offer = (struct offer){
        .ping_id = auction->ping_id,
        .pinged_ms = auction->opened_ms,
        .expires_ms = longest_ms,
        .floor_micros = auction->floor_micros,
        .leg_floor_micros = auction->leg_floor_micros,
        .max_sales = auction->max_sales,
        .sold_elsewhere = auction->sold_elsewhere,
        .seed = auction->seed,
        .catalogue = auction->catalogue->version,
        .affiliate = auction->affiliate->id,
        .campaign = auction->campaign->id,
        .source = ping->source,
        .channel = ping->channel,
        .ref = ping->ref,
        .click_id = ping->click_id,
        .sub_ids = offer->sub_ids,
        .excluded = offer->excluded,
        .past = offer->past,
        .public_json = auction->form.public_json,
        .rehearsal = (uint8_t)auction->rehearsal,
    };
    for (uint32_t i = 0; i < auction->order_count && i < OFFER_CANDIDATES_MAX; i++) {
        const struct rank_bid *bid = &auction->bids[auction->order[i]];
        offer->candidates[offer->candidates_count++] = (struct offer_candidate){
            .contract = bid->entry->contract->id,
            .bid_id = bid->bid_id,
            .price_micros = bid->pays_micros,
            .bid_micros = bid->price_micros,
            .payout_micros = bid->payout.payout_micros,
            .margin_rule = (uint8_t)bid->payout.rule,
            .max_sold = bid->max_sold,
            .leg = (uint8_t)(i + 1),
            .valid_until_ms = bid->valid_until_ms};
    }
    offer->planned = (uint8_t)(auction->planned < offer->candidates_count ? auction->planned : offer->candidates_count);
    if (!is_promise) return;
    for (uint32_t i = 0; i < offer->planned; i++) {
        const struct offer_candidate *leg = &offer->candidates[i];
        offer->promise_micros += leg->payout_micros; /* prices are at most a million: no sum of eight overflows */
        if (leg->valid_until_ms < offer->expires_ms) offer->expires_ms = leg->valid_until_ms;
    }
    trim(offer);
}

bool entries_content(struct auction *auction)
{
    struct bytes lead = auction->form.full_json;
    size_t room = lead.len + auction->request.bytes * 6 + 64;
    struct sink sink = sink_over(arena_take(&auction->arena, room), room);
    if (!sink.at) return false;
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "lead");
    json_raw(&json, lead);
    if (auction->consent) {
        json_key(&json, "consent");
        size_t from = sink.len;
        json_node(&json, auction->consent);
        auction->consent_json = (struct bytes){sink.at + from, sink.len - from};
    }
    json_close_map(&json);
    auction->content = sink_written(&sink);
    return !sink.cut;
}

bool entries_open_content(struct auction *auction)
{
    struct document_error error;
    struct bytes content = auction->request.content;
    const struct node *document = document_read_json(&auction->arena, content, &DOCUMENT_LIMITS, &error);
    const struct node *lead = node_find(document, "lead");
    if (!lead) return false;
    auction->consent = node_find(document, "consent");
    if (!people_read(auction, lead)) return false;
    struct sink sink = sink_over(arena_take(&auction->arena, content.len + 16), content.len + 16);
    if (!sink.at) return false;
    struct json json = json_into(&sink);
    json_node(&json, lead);
    auction->form.full_json = sink_written(&sink);
    size_t from = sink.len;
    struct json more = json_into(&sink);
    if (auction->consent) json_node(&more, auction->consent);
    auction->consent_json = (struct bytes){sink.at + from, sink.len - from};
    return !sink.cut;
}

struct lead_record *entries_copy_record(struct auction *auction, const struct lead_record *record)
{
    struct sink sink = sink_over(arena_take(&auction->arena, RECORD_ROOM), RECORD_ROOM);
    struct lead_record *copy = arena_take(&auction->arena, sizeof *copy);
    if (!sink.at || !copy || !book_write_lead(&sink, record)) return NULL;
    if (!book_read_lead(sink_written(&sink), &auction->arena, copy)) return NULL;
    return copy;
}

static void open_lead(const struct auction *auction, struct book_opening *opening)
{
    const struct offer *offer = &auction->offer;
    const struct ping_request *ping = &auction->request.ping;
    bool is_one_call = auction->request.kind == AUCTION_ONE_CALL;
    *opening = (struct book_opening){
        .affiliate = auction->affiliate->id,
        .campaign = auction->campaign->id,
        .source = is_one_call ? ping->source : offer->source,
        .channel = is_one_call ? ping->channel : offer->channel,
        .ref = is_one_call ? ping->ref : offer->ref,
        .click_id = is_one_call ? ping->click_id : offer->click_id,
        .sub_ids = offer->sub_ids,
        .document = auction->form.document,
        .has_key = auction->request.has_key,
        .key = auction->request.key,
        .offer = *offer,
        .content = auction->content,
        .fields = auction->field_names.len ? disclosure_names_id(auction->field_names) : 0,
        .field_names = auction->field_names,
        .person = auction->content_person,
        .keep_ms = auction->campaign->retention_ms,
        .is_one_call = is_one_call,
        .clear_after_ms = auction->affiliate->clear_after_us / 1000,
    };
    opening->offer.rehearsal = (uint8_t)auction->rehearsal;
    opening->offer.floor_micros = auction->floor_micros; /* also where no bid got as far as an offer */
    if (!is_one_call) /* a fallback may go on while the offer's longest term runs, whatever the best bid's own was */
        opening->offer.expires_ms = auction->pinged_ms + auction->campaign->offer_ttl_us / 1000;
}

/* What came of a slot's latest post, for the book. */
static struct book_verdict verdict_of(const struct auction *auction, const struct slot *slot)
{
    const struct attempt *attempt = &auction->attempts[slot->attempt];
    struct book_verdict verdict = {.post_id = attempt->post_id,
                                   .state = attempt->state,
                                   .reason = attempt->reason,
                                   .code = attempt->code,
                                   .text = attempt->text,
                                   .named_price_micros = -1,
                                   .by = attempt->state == POST_VOIDED ? VERDICT_BY_RELEASE : VERDICT_BY_REPLY};
    if (attempt->state != POST_ACCEPTED) return verdict;
    verdict.buyer_lead_id = slot->verdict.buyer_lead_id;
    verdict.named_price_micros = slot->verdict.price_micros;
    const struct candidate *candidate = &auction->candidates[attempt->candidate];
    int64_t agreed_micros = attempt->billed_micros;
    if (price_is_later(candidate->contract)) agreed_micros = candidate->terms.price_micros;
    if (slot->verdict.price_micros >= 0 && slot->verdict.price_micros != agreed_micros)
        verdict.reason = REASON_PRICE_MISMATCH; /* sold, billed at another price, and noted */
    return verdict;
}

/* A step and the room for its parts. */
struct entry {
    struct book_opening opening;
    struct book_verdict verdicts[OFFER_SALES_MAX];
    struct book_intent intents[OFFER_SALES_MAX];
    struct book_sale sales[OFFER_SALES_MAX];
    struct book_final final;
    struct book_after afters[OFFER_SALES_MAX];
    struct book_step step;
};

static struct book_doubt doubt_of(const struct auction *auction, uint32_t candidate)
{
    const struct contract *contract = auction->candidates[candidate].contract;
    return (struct book_doubt){.within_ms = INT64_C(1000) * contract->doubt_s,
                               .then = auction->affiliate->releases ? DOUBT_RELEASES
                                       : contract->doubt_sells      ? DOUBT_SELLS
                                                                    : DOUBT_VOIDS};
}

/* What the book does not know yet: the opening, and outcomes of posts; doubts at the end only. */
static void begin(struct auction *auction, struct entry *entry, bool is_end)
{
    struct book_step *step = &entry->step;
    *step = (struct book_step){.lead_id = auction->lead_id,
                               .ping_id = auction->ping_id,
                               .wall_ms = auction->host->wall_ms(auction->world),
                               .verdicts = entry->verdicts,
                               .intents = entry->intents,
                               .sales = entry->sales,
                               .afters = entry->afters};
    if (!auction->opening_written) {
        open_lead(auction, &entry->opening);
        step->opening = &entry->opening;
        step->origin = auction->request.origin;
    }
    for (uint32_t i = 0; i < auction->slots_count; i++) {
        struct slot *slot = &auction->slots[i];
        if (!slot->unwritten || (slot->state == SLOT_DOUBT && !is_end)) continue;
        if (slot->state == SLOT_DOUBT) slot->resolves_ms = step->wall_ms + doubt_of(auction, slot->candidate).within_ms;
        entry->verdicts[step->verdicts_count++] = verdict_of(auction, slot);
        if (slot->state == SLOT_SOLD) slots_sale(auction, slot, &entry->sales[step->sales_count++]);
    }
}

static void append(struct auction *auction, struct book_step *step)
{
    struct book_seen seen;
    step->seen = people_seen(auction, step, &seen);
    auction->durable = DURABLE_WAITING;
    auction->host->append(auction->world, auction, step, step->intents_count ? people_guard(auction, step) : NULL);
}

static void take_keys(const struct reservation *reservation, struct book_intent *intent)
{
    for (unsigned i = 0; i < reservation->keys_count && i < BOOK_CAP_KEYS_MAX; i++) {
        const struct cap_key *key = &reservation->keys[i];
        memcpy(intent->keys[i].id, key->id.at, sizeof intent->keys[i].id);
        intent->keys[i].window = key->window;
        intent->keys[i].amount = key->amount;
        intent->keys[i].stay = (uint8_t)key->stay;
        intent->keys_count++;
    }
}

/* What is to hold after the sale, as the contract has it now. */
static void take_terms(const struct auction *auction, struct entry *entry, const struct contract *contract,
                       const struct reservation *reservation, const struct book_intent *intent)
{
    struct book_after *after = &entry->afters[entry->step.afters_count++];
    const struct sale_terms *terms = contract_after(contract);
    const struct onward_terms *onward = &auction->campaign->onward;
    *after = (struct book_after){.post_id = intent->post_id,
                                 .counts = terms->takes_back,
                                 .contact_ms = terms->contact_ms,
                                 .onward_ms = terms->contact_ms && onward->uncontacted ? onward->max_age_ms : 0};
    if (intent->payout_micros == 0) { /* else something was promised before the contract was paid later */
        after->pays_at = (enum sale_stage)terms->pays_at;
        after->pays_ppm = terms->pays_ppm;
    }
    for (unsigned i = 0; i < intent->keys_count; i++)
        if (reservation->keys[i].gives_back) after->gives_back |= 1u << i;
}

/* Of a test nobody hears. */
static void take_addresses(const struct auction *auction, const struct contract *contract, struct book_intent *intent)
{
    if (!contract->asides || auction->rehearsal != REHEARSAL_NONE) return;
    intent->notify_count = contract->asides->sales.notify_count;
    intent->copies_count = contract->asides->sales.copies_count;
}

void entries_intents(struct auction *auction)
{
    struct entry entry;
    begin(auction, &entry, false);
    for (uint32_t i = 0; i < auction->slots_count; i++) {
        struct slot *slot = &auction->slots[i];
        if (slot->state != SLOT_RESERVED || (auction->one_by_one && entry.step.intents_count)) continue;
        const struct candidate *candidate = &auction->candidates[slot->candidate];
        struct attempt *attempt = candidates_note(auction, slot, false, REASON_NONE);
        attempt->post_id = auction->host->make_id(auction->world);
        slot->next_attempt = (uint32_t)(attempt - auction->attempts);
        const struct purse *purse = &auction->catalogue->buyers[candidate->contract->buyer].purse;
        bool tells_low = purse->has_low && !auction->rehearsal;
        struct book_intent *intent = &entry.intents[entry.step.intents_count++];
        *intent = (struct book_intent){
            .post_id = attempt->post_id,
            .contract = candidate->contract->id,
            .buyer = auction->catalogue->buyers[candidate->contract->buyer].id,
            .bid_id = candidate->terms.bid_id,
            .price_micros = candidate->terms.price_micros,
            .payout_micros = slot->payout.payout_micros,
            .margin_rule = (uint8_t)slot->payout.rule,
            .candidate = (uint8_t)slot->candidate,
            .slot = (uint8_t)i,
            .planned = (uint8_t)auction->plan_size,
            .max_sold = candidate->terms.max_sold,
            .doubt = doubt_of(auction, slot->candidate),
            .has_low = tells_low,
            .low_micros = tells_low ? purse->low_micros : 0,
        };
        take_addresses(auction, candidate->contract, intent);
        take_keys(&slot->reservation, intent);
        if (contract_after(candidate->contract))
            take_terms(auction, &entry, candidate->contract, &slot->reservation, intent);
    }
    append(auction, &entry.step);
}

static enum lead_state final_of(const struct auction *auction)
{
    if (slots_any(auction, SLOT_BIT(SLOT_SOLD))) return LEAD_SOLD;
    for (uint32_t i = 0; i < auction->slots_count; i++)
        if (auction->slots[i].state == SLOT_DOUBT && !slots_is_void(auction, &auction->slots[i])) return LEAD_PENDING;
    return LEAD_UNSOLD;
}

void entries_outcome(struct auction *auction)
{
    struct entry entry;
    bool is_end = !slots_any(auction, SLOTS_UNDER_WAY);
    begin(auction, &entry, is_end);
    auction->final = final_of(auction);
    if (auction->final == LEAD_UNSOLD && auction->final_reason == REASON_NONE)
        auction->final_reason = REASON_VOIDED; /* somebody held it, and nobody does any more */
    entry.final = (struct book_final){.state = auction->final};
    if (auction->final == LEAD_UNSOLD) {
        entry.final.reason = auction->final_reason;
        entry.final.text = bytes_of(tell_sentence(auction));
    }
    if (is_end) entry.step.final = &entry.final;
    append(auction, &entry.step);
}

/* What the book is told, part by part. A rejection and the next intent are one entry, so a fallback costs one durable
 * wait. */
#include "exchange/auction/parts.h"

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
                   auction->form.public_json.len;
    return auction->request.kind != AUCTION_PING || facts <= OFFER_FACTS_MAX;
}

/* The last candidates give way when bid ids are so long that not all fit. */
static void trim(struct offer *offer)
{
    char flat[OFFER_RECORD_MAX];
    for (;;) {
        struct sink sink = sink_over(flat, sizeof flat);
        if (offer->candidates_count <= 1 || offer_write(&sink, offer)) return;
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
        .seed = auction->seed,
        .catalogue = auction->catalogue->version,
        .affiliate = auction->affiliate->id,
        .campaign = auction->campaign->id,
        .source = ping->source,
        .channel = ping->channel,
        .ref = ping->ref,
        .click_id = ping->click_id,
        .sub_ids = offer->sub_ids,
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
            .valid_until_ms = bid->valid_until_ms};
    }
    if (!is_promise) return;
    offer->promise_micros = offer->candidates[0].payout_micros;
    offer->expires_ms = offer->candidates[0].valid_until_ms;
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
    if (!record->has_sale) { /* the book keeps no sale that is not made, and an answer tells the one that may be */
        copy->sale = record->sale;
        copy->sale.contract = arena_copy(&auction->arena, record->sale.contract);
        copy->sale.buyer = arena_copy(&auction->arena, record->sale.buyer);
    }
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
        .is_one_call = is_one_call,
    };
    opening->offer.rehearsal = (uint8_t)auction->rehearsal;
    opening->offer.floor_micros = auction->floor_micros; /* also where no bid got as far as an offer */
    if (!is_one_call) /* a fallback may go on while the offer's longest term runs, whatever the best bid's own was */
        opening->offer.expires_ms = auction->pinged_ms + auction->campaign->offer_ttl_us / 1000;
}

/* The last attempt's outcome, if the book does not know it yet. */
static const struct book_verdict *last_verdict(const struct auction *auction, struct book_verdict *verdict)
{
    if (!auction->verdict_unwritten) return NULL;
    const struct attempt *attempt = NULL;
    for (uint32_t i = 0; i < auction->attempts_count; i++)
        if (!auction->attempts[i].skipped && auction->attempts[i].state != POST_OPEN) attempt = &auction->attempts[i];
    if (!attempt) return NULL;
    *verdict = (struct book_verdict){.post_id = attempt->post_id,
                                     .state = attempt->state,
                                     .reason = attempt->reason,
                                     .code = attempt->code,
                                     .text = attempt->text,
                                     .named_price_micros = -1};
    if (attempt->state == POST_ACCEPTED) {
        verdict->buyer_lead_id = auction->verdict.buyer_lead_id;
        verdict->named_price_micros = auction->verdict.price_micros;
        if (auction->verdict.price_micros >= 0 && auction->verdict.price_micros != attempt->billed_micros)
            verdict->reason = REASON_PRICE_MISMATCH; /* sold, billed at another price, and noted */
    }
    return verdict;
}

static void append(struct auction *auction, struct book_step *step, const struct contract *contract)
{
    struct book_seen seen;
    step->seen = people_seen(auction, step, &seen);
    auction->durable = DURABLE_WAITING;
    auction->host->append(auction->world, auction, step, contract ? people_guard(auction, contract) : NULL);
}

void entries_intent(struct auction *auction)
{
    struct book_opening opening;
    struct book_verdict verdict;
    const struct candidate *candidate = &auction->candidates[auction->candidate];
    const struct book_verdict *last = last_verdict(auction, &verdict);
    struct attempt *attempt = candidates_note(auction, auction->candidate, false, REASON_NONE);
    attempt->post_id = auction->host->make_id(auction->world);
    struct book_intent intent = {
        .post_id = attempt->post_id,
        .contract = candidate->contract->id,
        .buyer = auction->catalogue->buyers[candidate->contract->buyer].id,
        .bid_id = candidate->terms.bid_id,
        .price_micros = candidate->terms.price_micros,
        .payout_micros = auction->payout.payout_micros,
        .margin_rule = (uint8_t)auction->payout.rule,
        .candidate = (uint8_t)auction->candidate,
    };
    for (unsigned i = 0; i < auction->reservation.keys_count && i < BOOK_CAP_KEYS_MAX; i++) {
        const struct cap_key *key = &auction->reservation.keys[i];
        memcpy(intent.keys[i].id, key->id.at, sizeof intent.keys[i].id);
        intent.keys[i].window = key->window;
        intent.keys[i].amount = key->amount;
        intent.keys[i].stay = (uint8_t)key->stay;
        intent.keys_count++;
    }
    struct book_step step = {.lead_id = auction->lead_id,
                             .ping_id = auction->ping_id,
                             .wall_ms = auction->host->wall_ms(auction->world),
                             .verdict = last,
                             .intent = &intent};
    if (!auction->opening_written) {
        open_lead(auction, &opening);
        step.opening = &opening;
    }
    append(auction, &step, candidate->contract);
}

void entries_final(struct auction *auction, enum lead_state state, enum reason reason)
{
    struct book_opening opening;
    struct book_verdict verdict;
    struct book_sale sale;
    struct book_final final = {.state = state};
    struct book_step step = {.lead_id = auction->lead_id,
                             .ping_id = auction->ping_id,
                             .wall_ms = auction->host->wall_ms(auction->world),
                             .verdict = last_verdict(auction, &verdict),
                             .final = &final};
    if (!auction->opening_written) {
        open_lead(auction, &opening);
        step.opening = &opening;
    }
    if (state == LEAD_UNSOLD) {
        final.reason = reason;
        final.text = bytes_of(tell_sentence(auction));
    }
    if (state == LEAD_SOLD) {
        const struct candidate *candidate = &auction->candidates[auction->candidate];
        sale = (struct book_sale){.sale_id = auction->sale_id,
                                  .contract = candidate->contract->id,
                                  .buyer = auction->catalogue->buyers[candidate->contract->buyer].id,
                                  .price_micros = auction->attempts[auction->attempts_count - 1].billed_micros,
                                  .payout_micros = auction->payout.payout_micros,
                                  .margin_micros = auction->payout.margin_micros,
                                  .margin_rule = (uint8_t)auction->payout.rule,
                                  .redirect_url = auction->attempts[auction->attempts_count - 1].redirect_url};
        step.sale = &sale;
    }
    append(auction, &step, NULL);
}

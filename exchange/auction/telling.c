/* The answer's words and the trace's. The same reason stands in both, and in log, tally and book. */
#include "exchange/auction/parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/trial.h"
#include "protocol/base/money.h"
#include "protocol/message/consent.h"

void tell_problem(struct auction *auction, int http, enum reason reason, const char *text)
{
    auction->answer = (struct auction_answer){.status = ANSWER_PROBLEM,
                                              .http = http,
                                              .reason = reason,
                                              .text = text ? text : reason_text(reason),
                                              .retry_after_s = http == 429 || http == 503 ? 1 : 0};
    if (http == 422 && auction->complaints.count) auction->answer.complaints = &auction->complaints;
}

void tell_offer(struct auction *auction)
{
    const struct offer *offer = &auction->offer;
    auction->answer = (struct auction_answer){.status = ANSWER_ACCEPTED,
                                              .http = 200,
                                              .price_micros = offer->promise_micros,
                                              .all_legs = auction->request.ping.all_legs,
                                              .offer = offer,
                                              .expires_ms = offer->expires_ms,
                                              .expires_in_ms = offer->expires_ms -
                                                               auction->host->wall_ms(auction->world)};
}

/* A low bid says how low: the affiliate knows its own floor. */
static const char *sentence(struct auction *auction, enum reason reason, const char *text)
{
    if (text) return text;
    if (reason != REASON_LOW_BID || auction->floor_micros <= 0) return reason_text(reason);
    struct sink sink = sink_over(auction->answer_text, sizeof auction->answer_text - 1);
    sink_text(&sink, "bids stayed below ");
    money_write(&sink, auction->floor_micros);
    auction->answer_text[sink.len] = '\0';
    return auction->answer_text;
}

void tell_rejected(struct auction *auction, enum reason reason, const char *text)
{
    auction->answer = (struct auction_answer){.status = auction->request.kind == AUCTION_PING ? ANSWER_REJECTED
                                                                                              : ANSWER_UNSOLD,
                                              .http = 200,
                                              .reason = reason,
                                              .text = sentence(auction, reason, text)};
}

const char *tell_sentence(struct auction *auction)
{
    const char *text = sentence(auction, auction->final_reason, auction->answer_text[0] ? auction->answer_text : NULL);
    return text == auction->answer_text ? text : "";
}

/* The leg an affiliate knows a candidate by. */
static uint32_t leg_of(const struct offer *offer, uint32_t candidate)
{
    return candidate < offer->candidates_count ? offer->candidates[candidate].leg : candidate + 1;
}

/* Of the sales told before the last that know where the person may go next. */
static int64_t best_paying(const struct auction_answer *answer)
{
    int64_t best_micros = -1;
    for (uint32_t i = 0; i + 1 < answer->sales_count; i++)
        if (answer->sales[i].redirect_url.len && answer->sales[i].price_micros > best_micros)
            best_micros = answer->sales[i].price_micros;
    return best_micros;
}

static void tell_sale(struct auction_answer *answer, const struct book_sale *sale, uint32_t leg, bool is_open)
{
    answer->sales[answer->sales_count++] = (struct answer_sale){.sale_id = sale->sale_id,
                                                                .post_id = sale->post_id,
                                                                .leg = leg,
                                                                .buyer = sale->buyer,
                                                                .price_micros = sale->payout_micros,
                                                                .redirect_url = sale->redirect_url,
                                                                .is_open = is_open};
    if (is_open) return;
    answer->status = ANSWER_SOLD;
    if (sale->redirect_url.len && sale->payout_micros > best_paying(answer)) answer->redirect_url = sale->redirect_url;
    answer->price_micros += sale->payout_micros;
}

void tell_lead(struct auction *auction, enum lead_state state)
{
    struct auction_answer *answer = &auction->answer;
    *answer = (struct auction_answer){
        .status = state == LEAD_UNSOLD ? ANSWER_UNSOLD : ANSWER_PENDING, .http = 200, .planned = auction->plan_size};
    for (uint32_t i = 0; i < auction->slots_count; i++) {
        const struct slot *slot = &auction->slots[i];
        uint32_t candidate = slot->before        ? slot->candidate
                             : auction->attempts ? auction->attempts[slot->attempt].candidate
                                                 : 0;
        struct book_sale sale;
        if (slots_sale(auction, slot, &sale))
            tell_sale(answer, &sale, leg_of(&auction->offer, candidate), slot->state == SLOT_DOUBT);
    }
    answer->resolves_ms = slots_resolve_ms(auction);
    if (answer->status != ANSWER_UNSOLD) return;
    const char *text = tell_sentence(auction);
    answer->reason = auction->final_reason;
    answer->text = *text ? text : reason_text(auction->final_reason);
    if (auction->campaign) answer->redirect_url = auction->campaign->exit_url;
}

void tell_again(struct auction *auction)
{
    struct auction_answer *answer = &auction->answer;
    auction_answer_of_record(auction->record, answer);
    if (answer->status != ANSWER_UNSOLD) return;
    struct bytes text = auction->record->text;
    if (text.len) snprintf(auction->answer_text, sizeof auction->answer_text, "%.*s", (int)text.len, text.at);
    answer->text = sentence(auction, answer->reason, auction->answer_text[0] ? auction->answer_text : NULL);
    answer->redirect_url = auction->campaign->exit_url;
}

/* A lead that a post brought to an auction of its own is told under the ping that was posted. */
static void tell_reauction(struct auction_answer *answer, const struct offer *offer)
{
    const struct ident *known_as = offer_known_as(offer);
    if (known_as == &offer->ping_id) return;
    answer->reauction_id = answer->ping_id;
    answer->because = offer->past.origin;
    answer->ping_id = *known_as;
}

void auction_answer_of_record(const struct lead_record *record, struct auction_answer *answer)
{
    *answer = (struct auction_answer){.http = 200,
                                      .planned = record->planned,
                                      .ping_id = record->ping_id,
                                      .lead_id = record->lead_id,
                                      .ref = record->ref,
                                      .click_id = record->click_id,
                                      .sub_ids = record->sub_ids,
                                      .is_test = record->offer.rehearsal != REHEARSAL_NONE};
    tell_reauction(answer, &record->offer);
    if (record->state == LEAD_UNSOLD) {
        answer->status = ANSWER_UNSOLD;
        answer->reason = record->reason;
        answer->text = reason_text(record->reason);
        return;
    }
    answer->status = ANSWER_PENDING;
    for (unsigned i = 0; i < record->slots_count; i++) {
        const struct lead_slot *slot = &record->slots[i];
        bool is_open = slot->state == POST_OPEN || slot->state == POST_UNKNOWN;
        bool is_returned = slot->state == POST_RETURNED;
        if (!slot->is_used || (!is_open && !is_returned && slot->state != POST_ACCEPTED)) continue;
        tell_sale(answer, &slot->sale, leg_of(&record->offer, slot->candidate), is_open || is_returned);
        struct answer_sale *sale = &answer->sales[answer->sales_count - 1];
        sale->is_open = is_open;
        sale->is_returned = is_returned;
    }
    answer->resolves_ms = lead_resolves_ms(record);
    if (record->state != LEAD_RETURNED) return;
    answer->status = ANSWER_RETURNED;
    answer->reason = REASON_RETURNED;
    answer->text = reason_text(REASON_RETURNED);
}

bool auction_reveals(enum reason reason)
{
    return reason == REASON_NONE || reason == REASON_OUTBID || reason == REASON_SAME_GROUP ||
           reason == REASON_NOT_CHOSEN || reason == REASON_LOW_BID;
}

static int compare_bids(const void *left, const void *right)
{
    const struct answer_bid *a = left, *b = right;
    if (a->price_micros != b->price_micros) return a->price_micros > b->price_micros ? -1 : 1;
    return bytes_compare(a->buyer, b->buyer);
}

void auction_order_bids(const struct affiliate *affiliate, struct answer_bid *bids, uint32_t *count)
{
    if (*count > 1) qsort(bids, *count, sizeof *bids, compare_bids);
    if (affiliate->reveal_bids == REVEAL_BEST_BID && *count > 1) *count = 1;
    if (*count > ANSWER_BIDS_MAX) *count = ANSWER_BIDS_MAX;
}

/* What a ping's affiliate may see of the bids: nothing, unless its catalogue entry says otherwise. */
static void reveal_bids(struct auction *auction)
{
    struct auction_answer *answer = &auction->answer;
    bool of_ping = answer->status == ANSWER_ACCEPTED || answer->status == ANSWER_REJECTED;
    if (auction->affiliate->reveal_bids == REVEAL_NO_BIDS || !of_ping || auction->bids_count == 0) return;
    struct answer_bid *bids = arena_take(&auction->arena, auction->bids_count * sizeof *bids);
    if (!bids) return;
    for (uint32_t i = 0; i < auction->bids_count; i++) {
        const struct rank_bid *bid = &auction->bids[i];
        if (!auction_reveals(bid->reason) || bid->payout.payout_micros <= 0) continue;
        bids[answer->bids_count++] = (struct answer_bid){auction->catalogue->buyers[bid->entry->contract->buyer].id,
                                                         bid->payout.payout_micros};
    }
    answer->bids = bids;
    auction_order_bids(auction->affiliate, bids, &answer->bids_count);
}

void tell_complete(struct auction *auction)
{
    struct auction_answer *answer = &auction->answer;
    answer->catalogue = auction->catalogue;
    answer->affiliate = auction->affiliate;
    answer->ping_id = auction->ping_id;
    answer->lead_id = auction->lead_id;
    tell_reauction(answer, &auction->offer);
    answer->seq = auction->seq;
    answer->is_test = auction->rehearsal != REHEARSAL_NONE;
    answer->elapsed_us = auction->host->now_us(auction->world) - auction->request.started_us;
    bool own = auction->request.kind == AUCTION_PING || auction->request.kind == AUCTION_ONE_CALL;
    if (!answer->ref.at) answer->ref = own ? auction->request.ping.ref : auction->offer.ref;
    if (!answer->click_id.at) answer->click_id = own ? auction->request.ping.click_id : auction->offer.click_id;
    if (!answer->sub_ids.at) answer->sub_ids = auction->offer.sub_ids;
    if (!auction->affiliate_gone && auction->request.kind != AUCTION_RESUMED) reveal_bids(auction);
}

void tell_answer(struct auction *auction)
{
    if (auction->affiliate_gone || auction->request.kind == AUCTION_RESUMED) return;
    auction->host->answer(auction->world, auction, &auction->answer);
}

/* The trace
 * ----------------------------------------------------------------------------------------------------------------------
 */

static struct bytes pack_view(struct arena *arena, const struct availability_view *view)
{
    char packed[AVAILABILITY_PACKED_MAX];
    struct sink sink = sink_over(packed, sizeof packed);
    availability_pack(&sink, view);
    return arena_copy(arena, sink_written(&sink));
}

/* What matching saw beside the public fields and the views. */
static void trace_inputs(struct auction *auction, struct trace_auction *record)
{
    const struct facts *facts = &auction->form.facts;
    record->asked_micros = auction->request.ping.min_price_micros;
    record->area_code = facts->area_code;
    record->hidden = match_pack_hidden(auction->catalogue, facts, &auction->arena);
    record->on_lists = suppress_pack(facts);
    record->excluded = auction->offer.excluded;
    if (!facts->consent) return;
    struct sink sink = sink_over(arena_take(&auction->arena, CONSENT_FACTS_MAX), CONSENT_FACTS_MAX);
    if (!sink.at) return;
    struct json json = json_into(&sink);
    consent_write_facts(&json, facts->consent, auction->opened_ms);
    if (!sink.cut) record->consent = sink_written(&sink);
}

/* Of several legs the one that stands first; *legs: how many there are. */
static const struct rank_bid *bid_of(const struct auction *auction, const struct match_entry *entry, uint32_t *legs)
{
    const struct rank_bid *best = NULL;
    *legs = 0;
    for (uint32_t i = 0; i < auction->bids_count; i++) {
        const struct rank_bid *bid = &auction->bids[i];
        if (bid->entry != entry) continue;
        ++*legs;
        if (!best || (bid->rank && (best->rank == 0 || bid->rank < best->rank))) best = bid;
    }
    return best;
}

/* A rank behind the planned set is a bid that was beaten, or (a leg of a contract that is in it) one not needed. */
static enum reason reason_of(const struct auction *auction, const struct rank_bid *bid)
{
    if (bid->reason != REASON_NONE || bid->rank <= auction->planned) return bid->reason;
    for (uint32_t i = 0; i < auction->planned && auction->planned <= auction->order_count; i++)
        if (auction->bids[auction->order[i]].entry == bid->entry) return REASON_NOT_CHOSEN;
    return REASON_OUTBID;
}

static void trace_legs(struct auction *auction, const struct match_entry *entry, uint32_t count,
                       struct trace_contract *out)
{
    if (count > OFFER_CANDIDATES_MAX) count = OFFER_CANDIDATES_MAX;
    out->legs = arena_zero(&auction->arena, count, sizeof *out->legs);
    for (uint32_t i = 0; out->legs && i < auction->bids_count && out->legs_count < count; i++) {
        const struct rank_bid *bid = &auction->bids[i];
        if (bid->entry != entry) continue;
        out->legs[out->legs_count++] = (struct trace_leg){.price_micros = bid->price_micros,
                                                          .pays_micros = bid->pays_micros,
                                                          .payout_micros = bid->payout.payout_micros,
                                                          .effective_micros = bid->effective_micros,
                                                          .max_sold = bid->max_sold,
                                                          .reason = reason_of(auction, bid),
                                                          .rank = bid->rank};
    }
}

static void trace_contract(struct auction *auction, uint32_t place, struct trace_contract *out)
{
    const struct match_entry *entry = &auction->match.entries[place];
    const struct asked *asked = auction->asked ? &auction->asked[place] : NULL;
    const struct contract *contract = entry->contract;
    *out = (struct trace_contract){.contract = contract->id,
                                   .buyer = auction->catalogue->buyers[contract->buyer].id,
                                   .reason = entry->reason,
                                   .is_let = entry->reason == REASON_NONE,
                                   .view = pack_view(&auction->arena, &entry->view),
                                   .response_us = entry->view.response_us,
                                   .tier = contract->tier,
                                   .answer_us = -1};
    if (!asked) return;
    out->reason = asked->reason;
    if (asked->state == ASK_NEVER) return;
    out->state = asked->is_standing ? TRACE_STANDING : TRACE_PINGED;
    out->code = asked->code;
    out->text = asked->text;
    if (asked->answered_us && !asked->is_standing) out->answer_us = asked->answered_us - asked->asked_us;
    uint32_t legs = 0;
    const struct rank_bid *bid = asked->state == ASK_BID ? bid_of(auction, entry, &legs) : NULL;
    if (!bid) return;
    out->has_bid = true;
    out->price_micros = bid->price_micros;
    out->payout_micros = bid->payout.payout_micros;
    out->effective_micros = bid->effective_micros;
    out->pays_micros = bid->pays_micros;
    out->shadow_rank = bid->shadow_rank;
    out->available = bid->available;
    out->bid_id = bid->bid_id;
    out->valid_us = bid->valid_us;
    out->reason = bid->reason;
    out->rank = bid->rank;
    out->reason = reason_of(auction, bid);
    bool may_share = bid->max_sold > 1 || contract->max_sold > 1; /* the one leg of such a contract may be exclusive */
    if (legs > 1 || may_share) trace_legs(auction, entry, legs, out);
}

static bool trace_contracts(struct auction *auction, struct trace_auction *record)
{
    uint32_t all = auction->match.entries_count, limit = all < TRACE_CONTRACTS_MAX ? all : TRACE_CONTRACTS_MAX,
             others = 0;
    memcpy(record->counts, auction->match.counts, sizeof record->counts);
    record->contracts = limit ? arena_take(&auction->arena, limit * sizeof *record->contracts) : NULL;
    if (limit && !record->contracts) return false;
    for (uint32_t place = 0; place < all; place++) {
        bool unasked = !auction->asked || auction->asked[place].state == ASK_NEVER;
        if (record->contracts_count == limit || (unasked && others == TRACE_OTHERS_MAX)) continue;
        others += unasked;
        enum reason reason = auction->match.entries[place].reason;
        if (reason != REASON_NONE && record->counts[reason] > 0)
            record->counts[reason]--; /* it has an entry of its own */
        trace_contract(auction, place, &record->contracts[record->contracts_count++]);
    }
    return true;
}

static void trace_posts(const struct auction *auction, struct trace_auction *record)
{
    static const enum trace_post_outcome outcomes[] = {
        [POST_OPEN] = TRACE_POST_OPEN,     [POST_ACCEPTED] = TRACE_POST_ACCEPTED, [POST_REJECTED] = TRACE_POST_REJECTED,
        [POST_FAILED] = TRACE_POST_FAILED, [POST_UNKNOWN] = TRACE_POST_UNKNOWN,   [POST_VOIDED] = TRACE_POST_VOIDED};
    for (uint32_t i = 0; i < auction->attempts_count; i++) {
        const struct attempt *attempt = &auction->attempts[i];
        const struct candidate *candidate = &auction->candidates[attempt->candidate];
        struct bytes buyer = candidate->contract ? auction->catalogue->buyers[candidate->contract->buyer].id
                                                 : BYTES_NONE;
        record->posts[record->posts_count++] = (struct trace_post){
            .post_id = attempt->post_id,
            .contract = candidate->terms.contract,
            .buyer = buyer,
            .outcome = attempt->skipped ? TRACE_POST_SKIPPED : outcomes[attempt->state],
            .reason = attempt->reason,
            .code = attempt->code,
            .text = attempt->text,
            .price_micros = candidate->terms.price_micros,
            .payout_micros = attempt->payout.payout_micros,
            .took_us = attempt->settled_us ? attempt->settled_us - attempt->sent_us : -1,
            .slot = (uint8_t)attempt->slot,
            .max_sold = candidate->terms.max_sold};
    }
}

static void trace_sales(const struct auction *auction, struct trace_auction *record)
{
    for (uint32_t i = 0; i < auction->slots_count; i++) {
        const struct slot *slot = &auction->slots[i];
        struct book_sale sale;
        if (slot->before || !slots_sale(auction, slot, &sale))
            continue; /* told before: by the trace of its own story */
        record->sales[record->sales_count++] = (struct trace_sale){
            sale.sale_id,      slot->state == SLOT_DOUBT, sale.contract,      sale.buyer,
            sale.price_micros, sale.payout_micros,        sale.margin_micros, sale.margin_rule,
        };
    }
}

static struct bytes status_word(const struct auction *auction)
{
    static const char *const words[] = {
        [ANSWER_PROBLEM] = "refused", [ANSWER_ACCEPTED] = "accepted", [ANSWER_REJECTED] = "rejected",
        [ANSWER_SOLD] = "sold",       [ANSWER_PENDING] = "pending",   [ANSWER_UNSOLD] = "unsold"};
    return bytes_of(words[auction->answer.status]);
}

/* Of an experiment: a ping or a whole lead is an auction, and what it brought counts for the arm it was in. Leads that
 * are sold out of a doubt, later, are not in it. */
static void count_arm(const struct auction *auction, const struct trace_auction *record)
{
    if (auction->arm == ARM_NONE || auction->campaign->trial_cell == STANDING_NONE || record->is_test) return;
    struct arm_sums more = {.auctions = record->kind == TRACE_PING || record->kind == TRACE_ONE_CALL};
    for (uint32_t i = 0; i < record->sales_count; i++) {
        const struct trace_sale *sale = &record->sales[i];
        if (sale->in_doubt) continue;
        more.sold = 1; /* a lead, however many have bought it */
        more.revenue_micros += sale->price_micros;
        more.payout_micros += sale->payout_micros;
        more.margin_micros += sale->margin_micros;
    }
    more.margin_squares = trial_square(more.margin_micros);
    arms_add(auction->host->standing(auction->world), auction->campaign->trial_cell, auction->arm - ARM_CONTROL, &more);
}

void tell_trace(struct auction *auction)
{
    static const enum trace_kind kinds[] = {[AUCTION_PING] = TRACE_PING,
                                            [AUCTION_POST] = TRACE_POST,
                                            [AUCTION_ONE_CALL] = TRACE_ONE_CALL,
                                            [AUCTION_RESUMED] = TRACE_RESUMED};
    const struct auction_answer *answer = &auction->answer;
    bool is_theirs = auction->claim_asked && auction->claimed.outcome != CLAIM_FRESH;
    if (answer->status == ANSWER_PROBLEM || is_theirs || auction->is_told_again) return; /* nothing was decided */
    bool own = auction->request.kind == AUCTION_PING || auction->request.kind == AUCTION_ONE_CALL;
    struct trace_auction record = {
        .kind = auction->is_reauction ? TRACE_REAUCTION : kinds[auction->request.kind],
        .is_test = auction->rehearsal != REHEARSAL_NONE,
        .ping_id = auction->ping_id,
        .lead_id = auction->lead_id,
        .affiliate = auction->affiliate ? auction->affiliate->id : BYTES_NONE,
        .campaign = auction->campaign ? auction->campaign->id : BYTES_NONE,
        .source = own ? auction->request.ping.source : auction->offer.source,
        .ref = own ? auction->request.ping.ref : auction->offer.ref,
        .click_id = own ? auction->request.ping.click_id : auction->offer.click_id,
        .sub_ids = auction->offer.sub_ids,
        .opened_ms = auction->opened_ms,
        .ranked_ms = auction->ranked_ms,
        .elapsed_us = answer->elapsed_us,
        .status = status_word(auction),
        .reason = answer->reason,
        .reason_text = bytes_of(answer->text),
        .catalogue = auction->catalogue->version,
        .seed = auction->seed,
        .arm = (uint8_t)auction->arm,
        .closed_cause = bytes_of(auction->closed_cause),
        .saved_us = auction->saved_us,
        .expires_ms = answer->expires_ms,
        .floor_micros = auction->floor_micros,
        .promise_micros = auction->promise_micros,
        .price_micros = answer->price_micros,
        .public_json = own ? auction->form.public_json : auction->offer.public_json,
        .planned = (uint8_t)(auction->plan_size ? auction->plan_size : auction->planned),
        .max_sales = auction->max_sales,
        .sold_elsewhere = auction->sold_elsewhere,
        .leg_floor_micros = auction->leg_floor_micros,
        .steps_count = auction->steps_count,
    };
    memcpy(record.steps, auction->steps, auction->steps_count * sizeof *auction->steps);
    if (own || auction->is_reauction) trace_inputs(auction, &record);
    if (!trace_contracts(auction, &record)) return;
    if (auction->attempts) trace_posts(auction, &record);
    trace_sales(auction, &record);
    count_arm(auction, &record);
    auction->host->trace(auction->world, &record, answer->status == ANSWER_ACCEPTED ? &auction->offer : NULL);
}

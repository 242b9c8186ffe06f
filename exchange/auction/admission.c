/* How a story gets under way: budgets, the lead against its schema, an offer taken up, an answer given again, a doubt
 * resumed. */
#include "exchange/auction/parts.h"

#include <stdio.h>

#define ANSWER_KEPT_US 2000 /* of a budget, for ranking and writing the answer */

/* Phase budgets are cut once, backwards from the end. An auction keeps time back for ranking and answering; a lead's
 * posts start when its auction is over, and timeout_ms bounds both together. */
void admission_budget(struct auction *auction)
{
    int64_t started_us = auction->request.started_us, asked_us = auction->request.ping.timeout_us;
    int64_t auction_us = auction->campaign->timeout_us;
    if (auction->request.kind == AUCTION_PING) {
        if (asked_us > 0 && asked_us < auction_us) auction_us = asked_us;
        auction->end_us = started_us + auction_us;
        auction->collect_by_us = auction->end_us - ANSWER_KEPT_US;
        return;
    }
    int64_t whole_us = auction_us + auction->campaign->post_timeout_us;
    if (asked_us > 0 && asked_us < whole_us) whole_us = asked_us;
    if (auction_us > whole_us / 2) auction_us = whole_us / 2;
    auction->end_us = started_us + whole_us;
    auction->collect_by_us = started_us + auction_us;
}

bool admission_may_sell(const struct affiliate *affiliate, const struct campaign *campaign)
{
    for (uint32_t i = 0; i < affiliate->campaigns_count; i++)
        if (affiliate->campaigns[i] == campaign->index) return true;
    return false;
}

const char *admission_paused(const struct auction *auction)
{
    const struct lead_source *source = catalogue_source_of(auction->affiliate, auction->form.facts.source);
    if (auction->campaign->paused) return "this campaign is paused";
    if (auction->affiliate->paused) return "this affiliate is paused";
    return source && source->paused ? "this source is paused" : NULL;
}

/* The lead against the campaign's schema. False: *refused is where the story goes. */
bool admission_form(struct auction *auction, enum lead_stage stage, const struct node *lead, enum step *refused)
{
    bool out_of_memory = false;
    if (campaign_read_lead(auction->campaign, stage, lead, auction->consent, &auction->arena, &auction->form,
                           &auction->complaints, &out_of_memory)) {
        auction->form.facts.affiliate = auction->affiliate->id;
        auction->form.facts.source = auction->request.kind == AUCTION_POST ? auction->offer.source
                                                                           : auction->request.ping.source;
        auction->form.facts.sub_ids = auction->request.ping.sub_ids;
        auction->form.facts.sub_ids_count = auction->request.kind == AUCTION_POST
                                                ? 0
                                                : (uint32_t)auction->request.ping.sub_ids_count;
        auction->form.facts.today = campaign_day(auction->opened_ms);
        if (stage == LEAD_PING) return true;
        auction->host->keyed(auction->world, &auction->form.document);
        if (entries_content(auction)) return true;
        out_of_memory = true;
    }
    *refused = out_of_memory ? story_refuse(auction, 503, REASON_BUSY, NULL)
                             : story_refuse(auction, 422, REASON_INVALID_FIELD, NULL);
    return false;
}

static void word_mismatch(struct auction *auction, struct bytes names)
{
    snprintf(auction->answer_text, sizeof auction->answer_text, "the lead differs from its ping: %.*s", (int)names.len,
             names.at);
}

/* A post meets its offer again. A mismatch and a missing consent are verdicts; a malformed lead is a 4xx and costs
 * nothing. */
enum step admission_offer(struct auction *auction)
{
    const struct offer *offer = &auction->offer;
    struct bytes mismatch = BYTES_NONE;
    enum step refused;
    auction->campaign = catalogue_campaign(auction->catalogue, offer->campaign);
    if (!auction->campaign) return story_refuse(auction, 422, REASON_CAMPAIGN_UNKNOWN, NULL);
    if (!rehearse_post(auction, (enum rehearsal)offer->rehearsal, &refused)) return refused;
    auction->ping_id = offer->ping_id;
    auction->pinged_ms = offer->pinged_ms;
    auction->seed = offer->seed;
    auction->floor_micros = offer->floor_micros;
    auction->promise_micros = offer->promise_micros;
    auction->consent = auction->request.post.consent;
    const struct node *lead = campaign_merge_ping(auction->campaign, offer->public_json, auction->request.post.lead,
                                                  &auction->arena, &mismatch);
    if (!lead) return story_refuse(auction, 503, REASON_BUSY, NULL);
    if (!admission_form(auction, LEAD_POST, lead, &refused)) return refused;

    auction->lead_id = auction->host->make_id(auction->world);
    auction->end_us = auction->request.started_us + auction->campaign->post_timeout_us;
    if (mismatch.len) {
        word_mismatch(auction, mismatch);
        return story_reject(auction, REASON_PING_MISMATCH, NULL);
    }
    const char *paused = admission_paused(auction);
    if (paused) return story_reject(auction, REASON_PAUSED, paused);
    if (!campaign_has_consent(auction->campaign, auction->consent))
        return story_reject(auction, REASON_CONSENT_MISSING, NULL);
    if (auction->rehearsal == REHEARSAL_DUPLICATE) return story_reject(auction, REASON_DUPLICATE, NULL);
    return admission_posts(auction);
}

static enum step conflict(struct auction *auction)
{
    if (auction->claimed.by_key)
        return story_refuse(auction, 422, REASON_CONFLICT, "this Idempotency-Key was used with another lead");
    return story_refuse(auction, 409, REASON_CONFLICT, "this ping was posted with another lead");
}

/* What the record was made of: a key may come back with another ping or by the other way in, and the ping of a whole
 * lead may be posted. A one-call lead's record need not hold the ping's public facts. */
static bool is_same_request(const struct auction *auction)
{
    const struct lead_record *record = auction->record;
    bool was_test = record->offer.rehearsal != REHEARSAL_NONE, is_test = auction->rehearsal != REHEARSAL_NONE;
    if (auction->request.kind != AUCTION_POST) return record->is_one_call && was_test == is_test;
    return !record->is_one_call && ident_same(&record->ping_id, &auction->request.post.ping_id);
}

/* The same lead gets the first answer again, another one a conflict. */
enum step admission_again(struct auction *auction)
{
    const struct lead_record *record = auction->record;
    const struct node *lead = auction->request.kind == AUCTION_POST ? auction->request.post.lead
                                                                    : auction->request.ping.lead;
    struct bytes mismatch = BYTES_NONE;
    enum step refused;
    if (!is_same_request(auction)) return conflict(auction);
    if (auction->request.kind == AUCTION_POST &&
        !rehearse_post(auction, (enum rehearsal)record->offer.rehearsal, &refused))
        return refused;
    auction->campaign = catalogue_campaign(auction->catalogue, record->campaign);
    if (!auction->campaign) return story_refuse(auction, 422, REASON_CAMPAIGN_UNKNOWN, NULL);
    if (auction->request.kind == AUCTION_POST) {
        auction->offer = record->offer;
        auction->consent = auction->request.post.consent;
        lead = campaign_merge_ping(auction->campaign, record->offer.public_json, lead, &auction->arena, &mismatch);
        if (!lead) return story_refuse(auction, 503, REASON_BUSY, NULL);
    }
    if (!admission_form(auction, auction->request.kind == AUCTION_POST ? LEAD_POST : LEAD_ONE_CALL, lead, &refused))
        return refused;
    if (!digest_same(&auction->form.document, &record->document)) return conflict(auction);
    if (record->state == LEAD_POSTING)
        return story_refuse(auction, 409, REASON_CONFLICT, "the same request is still running");
    auction->ping_id = record->ping_id;
    auction->lead_id = record->lead_id;
    auction->rehearsal = (enum rehearsal)record->offer.rehearsal;
    auction->floor_micros = record->offer.floor_micros;
    if (mismatch.len && record->reason == REASON_PING_MISMATCH) word_mismatch(auction, mismatch);
    tell_again(auction);
    return STEP_ANSWER;
}

/* From here on a lead is posted to one candidate after the other, within one budget. */
enum step admission_posts(struct auction *auction)
{
    auction->post_by_us = auction->end_us - ANSWER_KEPT_US - auction->host->durable_us(auction->world);
    bool listed = auction->request.kind == AUCTION_POST ? candidates_from_offer(auction, 0)
                                                        : candidates_from_rank(auction);
    if (!listed) return story_refuse(auction, 503, REASON_BUSY, NULL);
    return STEP_RESERVE;
}

/* A story taken up again after a doubt was resolved as a rejection: nobody waits for its answer. */
enum step admission_resume(struct auction *auction)
{
    const struct lead_record *record = auction->record = entries_copy_record(auction, auction->request.record);
    if (!record) return story_refuse(auction, 503, REASON_BUSY, NULL);
    auction->ping_id = record->ping_id;
    auction->lead_id = record->lead_id;
    auction->offer = record->offer;
    auction->rehearsal = (enum rehearsal)record->offer.rehearsal;
    auction->opening_written = true;
    auction->posts_sent = record->posts_sent;
    auction->seed = record->offer.seed;
    auction->pinged_ms = record->offer.pinged_ms;
    auction->floor_micros = record->offer.floor_micros;
    auction->promise_micros = record->offer.promise_micros;
    auction->campaign = catalogue_campaign(auction->catalogue, record->campaign);
    if (!auction->campaign || !auction->affiliate) return story_reject(auction, REASON_NO_CONTRACT, NULL);
    if (!entries_open_content(auction))
        return story_reject(auction, REASON_REJECTED, "the lead could not be read again");
    auction->end_us = auction->request.started_us + auction->campaign->post_timeout_us;
    auction->post_by_us = auction->end_us - ANSWER_KEPT_US - auction->host->durable_us(auction->world);
    if (!candidates_from_offer(auction, record->tried)) return story_reject(auction, REASON_REJECTED, NULL);
    return STEP_RESERVE;
}

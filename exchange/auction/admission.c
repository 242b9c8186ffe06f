/* How a story gets under way: budgets, the lead against its schema, an offer taken up, an answer given again, a doubt
 * resumed. */
#include "exchange/auction/parts.h"

#include <stdio.h>

#include "exchange/auction/naming.h"
#include "exchange/market/excluded.h"
#include "protocol/codec/pack.h"

#define NODE_PACK_MAX 10u   /* bytes a value may need beside its characters in MessagePack */
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

/* A new auction within the post's time: the affiliate waits no longer than for any post. */
static void budget_reauction(struct auction *auction)
{
    const struct campaign *campaign = auction->campaign;
    int64_t whole_us = campaign->post_timeout_us, auction_us = campaign->timeout_us;
    if (auction_us > whole_us / 2) auction_us = whole_us / 2;
    auction->end_us = auction->request.started_us + whole_us;
    auction->collect_by_us = auction->request.started_us + auction_us;
}

struct auction_claim admission_claim(const struct auction *auction)
{
    const struct auction_request *request = &auction->request;
    bool is_post = request->kind == AUCTION_POST;
    struct auction_claim claim = {.has_ping = is_post || request->kind == AUCTION_PING,
                                  .has_key = request->has_key,
                                  .takes_expired = is_post && request->post.reauction_if_expired,
                                  .is_expired = auction->claimed.is_expired,
                                  .key = request->key};
    if (claim.has_ping) claim.ping_id = is_post ? request->post.ping_id : request->ping.refines;
    if (auction->key_is_brief) claim.key_since_ms = auction->opened_ms - AUCTION_SAME_MS;
    return claim;
}

bool admission_may_sell(const struct affiliate *affiliate, const struct campaign *campaign)
{
    for (uint32_t i = 0; i < affiliate->campaigns_count; i++)
        if (affiliate->campaigns[i] == campaign->index) return true;
    return false;
}

const char *admission_paused(const struct auction *auction)
{
    return decide_paused(auction->campaign, auction->affiliate,
                         catalogue_source_of(auction->affiliate, auction->form.facts.source));
}

bool admission_has_room(struct auction *auction)
{
    struct cap_segments segments;
    if (auction->affiliate->caps_count == 0) return true;
    cap_segments_of(&auction->form.facts, &segments);
    return cap_admits(auction->catalogue, auction->affiliate, auction->campaign, &segments,
                      auction->host->standing(auction->world), auction->opened_ms);
}

/* Of a ping by its own word; a post goes by what its ping said. False: memory is out. */
static bool read_excluded(struct auction *auction)
{
    struct names *names = &auction->form.facts.excluded;
    const struct ping_request *ping = &auction->request.ping;
    struct bytes *list = &auction->offer.excluded;
    if (auction->request.kind == AUCTION_POST) return excluded_unpack(*list, &auction->arena, names);
    return excluded_sort(ping->excluded, ping->excluded_count, &auction->arena, names) &&
           excluded_pack(names, &auction->arena, list);
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
        auction->form.facts.channel = auction->request.kind == AUCTION_POST ? auction->offer.channel
                                                                            : auction->request.ping.channel;
        auction->form.facts.sub_ids = auction->request.ping.sub_ids;
        auction->form.facts.sub_ids_count = auction->request.kind == AUCTION_POST
                                                ? 0
                                                : (uint32_t)auction->request.ping.sub_ids_count;
        auction->form.facts.today = campaign_day(auction->opened_ms);
        auction->looks_like_test = !auction->rehearsal && campaign_is_test(&auction->form.facts);
        if (stage != LEAD_PING) auction->host->keyed(auction->world, &auction->form.document);
        bool is_read = people_read(auction, lead) && read_excluded(auction);
        if (is_read && (stage == LEAD_PING || (entries_content(auction) && naming_content(auction, lead)))) return true;
        out_of_memory = true;
    }
    *refused = out_of_memory ? story_refuse(auction, 503, REASON_BUSY, NULL)
                             : story_refuse(auction, 422, REASON_INVALID_FIELD, NULL);
    return false;
}

/* Two pings are the same if their documents are, whatever the order and the encoding. */
static bool name_same(struct auction *auction)
{
    const struct node *document = auction->request.ping.document;
    size_t bound = 0;
    for (uint32_t i = 0; i < document->span; i++)
        bound += document[i].key.len + document[i].text.len + 2 * (size_t)NODE_PACK_MAX;
    struct sink sink = sink_over(arena_take(&auction->arena, bound), bound);
    if (!sink.at || !pack_write_canonical(&sink, document)) return false;
    struct digest digest;
    struct bytes kind = auction->rehearsal ? BYTES("\1") : BYTES("\0"); /* a test is never a real ping again */
    digest_of(&digest, (struct bytes[]){auction->affiliate->id, kind, sink_written(&sink)}, 3);
    auction->host->keyed(auction->world, &digest);
    memcpy(auction->same.at, digest.at, sizeof auction->same.at);
    return true;
}

/* Two people may well tell the same in a ping. Only where something is said that is one lead's own does the same ping
 * mean the same person: otherwise the second one's post would be refused as another lead's. */
static bool tells_whose(const struct ping_request *ping)
{
    return ping->ref.len || ping->click_id.len || ping->hashes.has_phone || ping->hashes.has_email;
}

bool admission_standing(struct auction *auction)
{
    int64_t window_us = auction->campaign->reping_window_us, wall_ms = auction->opened_ms;
    char flat[OFFER_RECORD_MAX];
    if (window_us == 0 || !tells_whose(&auction->request.ping)) return false;
    auction->has_same = name_same(auction);
    if (!auction->has_same) return false; /* memory is short: the auction will say so */
    struct bytes found = auction->host->standing_offer(auction->world, &auction->same, flat);
    struct bytes copy = found.len ? arena_copy(&auction->arena, found) : BYTES_NONE;
    struct offer *offer = &auction->offer;
    bool stands = copy.at && offer_read(copy, offer) && bytes_same(offer->affiliate, auction->affiliate->id) &&
                  offer->pinged_ms + window_us / 1000 > wall_ms && offer->expires_ms > wall_ms;
    if (!stands) {
        *offer = (struct offer){0};
        return false;
    }
    auction->is_told_again = true;
    auction->ping_id = offer->ping_id;
    tell_offer(auction);
    return true;
}

/* From here on it is an auction of its own. */
enum step admission_begin(struct auction *auction, const struct node *lead)
{
    const struct auction_host *host = auction->host;
    struct auction_request *request = &auction->request;
    bool is_ping = request->kind == AUCTION_PING;
    enum step refused;
    auction->consent = request->ping.consent;
    if (!admission_form(auction, is_ping ? LEAD_PING : LEAD_ONE_CALL, lead, &refused)) return refused;
    if (!entries_facts(auction))
        return story_refuse(auction, 413, REASON_TOO_LARGE, "the ping tells more than an offer can keep");
    struct offer_past *past = &auction->offer.past;
    if (request->ping.hashes.has_phone) entries_hash(auction, &request->ping.hashes.phone, &past->phone);
    if (request->ping.hashes.has_email) entries_hash(auction, &request->ping.hashes.email, &past->email);

    auction->ping_id = host->make_id(auction->world);
    if (!is_ping) auction->lead_id = host->make_id(auction->world);
    auction->seed = host->seed_of(auction->world, &auction->ping_id);
    auction->arm = rank_arm(auction->campaign, auction->seed);
    auction->floor_micros = price_floor(auction->affiliate,
                                        catalogue_source_of(auction->affiliate, request->ping.source),
                                        request->ping.min_price_micros);
    auction->leg_floor_micros = request->ping.min_leg_price_micros;
    auction->max_sales = decide_max_sales(auction->campaign, auction->affiliate, request->ping.max_sales);
    auction->sold_elsewhere = (uint8_t)request->ping.sold_elsewhere;
    admission_budget(auction);
    if (is_ping) return people_may_be_known(auction) ? STEP_PERSON : STEP_MATCH;
    if (!request->has_key && auction->rehearsal) return STEP_MATCH; /* the same test again is another test */
    if (onward_is(auction)) return people_may_be_known(auction) ? STEP_PERSON : STEP_MATCH;
    if (!request->has_key) people_name_lead(auction);
    return STEP_CLAIM;
}

static void word_mismatch(struct auction *auction, struct bytes names)
{
    snprintf(auction->answer_text, sizeof auction->answer_text, "the lead differs from its ping: %.*s", (int)names.len,
             names.at);
}

/* A field of that type in the lead has that hash. */
static bool has_hash(struct auction *auction, enum field_type type, const struct offer_hash *hash)
{
    for (uint32_t i = 0; i < auction->campaign->fields_count; i++) {
        const struct fact *fact = &auction->form.facts.fields[i];
        struct digest digest;
        struct offer_hash found;
        if (auction->campaign->fields[i].type != type || !fact->is_set) continue;
        digest_of(&digest, &fact->text, 1);
        entries_hash(auction, &digest, &found);
        if (memcmp(found.at, hash->at, sizeof found.at) == 0) return true;
    }
    return false;
}

/* What the ping gave as hashes only is compared as hashes. False: memory is out. */
static bool compare_hashes(struct auction *auction, struct bytes *mismatch)
{
    const struct offer_past *past = &auction->offer.past;
    bool phone = past->phone.is_given && !has_hash(auction, FIELD_US_PHONE, &past->phone);
    bool email = past->email.is_given && !has_hash(auction, FIELD_EMAIL, &past->email);
    if (!phone && !email) return true;
    size_t room = mismatch->len + sizeof ", phone, email";
    struct sink sink = sink_over(arena_take(&auction->arena, room), room);
    if (!sink.at) return false;
    sink_bytes(&sink, *mismatch);
    if (phone) sink_text(&sink, sink.len ? ", phone" : "phone");
    if (email) sink_text(&sink, sink.len ? ", email" : "email");
    *mismatch = sink_written(&sink);
    return true;
}

/* What the ping asked for holds for its post as well. */
static void take_terms(struct auction *auction, const struct offer *offer)
{
    auction->floor_micros = offer->floor_micros;
    auction->leg_floor_micros = offer->leg_floor_micros;
    auction->max_sales = offer->max_sales;
    auction->sold_elsewhere = offer->sold_elsewhere;
}

static struct offer *keep_before(struct auction *auction, enum offer_origin origin)
{
    struct offer *before = auction->before = arena_take(&auction->arena, sizeof *before);
    if (!before) return NULL;
    *before = auction->offer;
    auction->offer = (struct offer){.affiliate = before->affiliate, .campaign = before->campaign};
    offer_follow(&auction->offer.past, before, origin);
    return before;
}

/* What the earlier ping told of itself, where this request tells nothing. */
static void inherit(struct auction *auction, const struct offer *before)
{
    struct ping_request *ping = &auction->request.ping;
    struct document_error error;
    const struct node *list = before->sub_ids.len && ping->sub_ids_count == 0
                                  ? document_read_json(&auction->arena, before->sub_ids, &DOCUMENT_LIMITS, &error)
                                  : NULL;
    if (list) {
        NODE_EACH(one, list)
        if (ping->sub_ids_count < SUB_IDS_MAX) ping->sub_ids[ping->sub_ids_count++] = one->text;
    }
    if (!ping->source.len) ping->source = before->source;
    if (!ping->channel.len) ping->channel = before->channel;
    if (!ping->ref.len) ping->ref = before->ref;
    if (!ping->click_id.len) ping->click_id = before->click_id;
}

/* Whom the earlier ping kept the lead from, this one does too. */
static bool add_excluded(struct auction *auction, const struct offer *before, enum step *refused)
{
    struct ping_request *ping = &auction->request.ping;
    struct bytes both[2 * PING_EXCLUDED_MAX];
    struct names names;
    uint32_t count = 0;
    bool is_fine = excluded_unpack(before->excluded, &auction->arena, &names) && names.count <= PING_EXCLUDED_MAX;
    for (uint32_t i = 0; is_fine && i < names.count; i++) both[count++] = names.at[i];
    for (uint32_t i = 0; i < ping->excluded_count; i++) both[count++] = ping->excluded[i];
    if (!is_fine || !excluded_sort(both, count, &auction->arena, &names)) {
        *refused = story_refuse(auction, 503, REASON_BUSY, NULL);
        return false;
    }
    if (names.count > PING_EXCLUDED_MAX) {
        complain(&auction->complaints, BYTES("exclude_buyers"), "too_long", "too many with those of the earlier ping");
        *refused = story_refuse(auction, 422, REASON_INVALID_FIELD, NULL);
        return false;
    }
    for (uint32_t i = 0; i < names.count; i++) ping->excluded[i] = names.at[i];
    ping->excluded_count = names.count;
    return true;
}

/* The posted lead goes through an auction of its own: the promise was made for another lead, or is over. */
static enum step begin_reauction(struct auction *auction, enum offer_origin origin)
{
    const struct offer *before = keep_before(auction, origin);
    if (!before) return story_refuse(auction, 503, REASON_BUSY, NULL);
    inherit(auction, before);
    auction->host->unhold(auction->world,
                          &before->ping_id); /* what stood behind the old promise is free for this one */
    auction->is_reauction = true;
    auction->ping_id = auction->host->make_id(auction->world);
    auction->seed = auction->host->seed_of(auction->world, &auction->ping_id);
    auction->arm = rank_arm(auction->campaign, auction->seed);
    auction->pinged_ms = auction->opened_ms;
    auction->promise_micros = 0;
    if (origin == OFFER_OF_EXPIRY && before->promise_micros > auction->floor_micros)
        auction->floor_micros = before->promise_micros; /* at the old price, or not at all */
    struct offer *offer = &auction->offer;
    offer->ping_id = auction->ping_id;
    offer->pinged_ms = auction->opened_ms;
    offer->source = before->source;
    offer->channel = before->channel;
    offer->ref = before->ref;
    offer->click_id = before->click_id;
    offer->sub_ids = before->sub_ids;
    offer->excluded = before->excluded;
    offer->public_json = auction->form.public_json;
    auction->form.facts.source = before->source;
    auction->form.facts.sub_ids = auction->request.ping.sub_ids;
    auction->form.facts.sub_ids_count = auction->request.ping.sub_ids_count;
    budget_reauction(auction);
    return people_may_be_known(auction) ? STEP_PERSON : STEP_MATCH;
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
    if (!rehearse_follow(auction, (enum rehearsal)offer->rehearsal, &refused)) return refused;
    auction->ping_id = offer->ping_id;
    auction->pinged_ms = offer->pinged_ms;
    auction->seed = offer->seed;
    auction->arm = rank_arm(auction->campaign, auction->seed);
    take_terms(auction, offer);
    auction->promise_micros = offer->promise_micros;
    auction->consent = auction->request.post.consent;
    const struct node *lead = campaign_merge_ping(auction->campaign, offer->public_json, auction->request.post.lead,
                                                  &auction->arena, &mismatch);
    if (!lead) return story_refuse(auction, 503, REASON_BUSY, NULL);
    if (!admission_form(auction, LEAD_POST, lead, &refused)) return refused;
    if (!compare_hashes(auction, &mismatch)) return story_refuse(auction, 503, REASON_BUSY, NULL);

    auction->lead_id = auction->host->make_id(auction->world);
    auction->end_us = auction->request.started_us + auction->campaign->post_timeout_us;
    if (mismatch.len && !auction->campaign->reauctions_mismatch) {
        word_mismatch(auction, mismatch);
        return story_reject(auction, REASON_PING_MISMATCH, NULL);
    }
    if (auction->claimed.is_expired) return begin_reauction(auction, OFFER_OF_EXPIRY);
    if (mismatch.len) return begin_reauction(auction, OFFER_OF_MISMATCH);
    const char *paused = admission_paused(auction);
    if (paused) return story_reject(auction, REASON_PAUSED, paused);
    if (auction->looks_like_test) return story_reject(auction, REASON_TEST_LEAD, NULL);
    if (!campaign_has_consent(auction->campaign, auction->consent))
        return story_reject(auction, REASON_CONSENT_MISSING, NULL);
    if (auction->rehearsal == REHEARSAL_DUPLICATE) return story_reject(auction, REASON_DUPLICATE, NULL);
    enum reason reason = people_suppressed(auction);
    if (reason != REASON_NONE) return story_reject(auction, reason, NULL);
    return people_may_be_known(auction) ? STEP_PERSON : admission_posts(auction);
}

/* A ping that names more of an earlier one: a new auction over what both told. What it tells anew must not contradict
 * the earlier one, or it would be another lead. */
enum step admission_refine(struct auction *auction)
{
    struct ping_request *ping = &auction->request.ping;
    struct bytes mismatch = BYTES_NONE;
    enum step refused;
    const struct offer *before = keep_before(auction, OFFER_OF_REFINEMENT);
    if (!before) return story_refuse(auction, 503, REASON_BUSY, NULL);
    if (!rehearse_follow(auction, (enum rehearsal)before->rehearsal, &refused)) return refused;
    if (!bytes_same(before->campaign, auction->campaign->id))
        return story_refuse(auction, 409, REASON_CONFLICT, "the ping it refines is of another campaign");
    if (before->past.ancestors_count >= auction->campaign->max_refines)
        return story_refuse(auction, 409, REASON_CONFLICT, "this ping was refined as often as it may be");
    const struct node *lead = campaign_merge_ping(auction->campaign, before->public_json, ping->lead, &auction->arena,
                                                  &mismatch);
    if (!lead) return story_refuse(auction, 503, REASON_BUSY, NULL);
    if (mismatch.len) {
        complain(&auction->complaints, BYTES("lead"), "conflict", "says otherwise than the ping it refines");
        return story_refuse(auction, 422, REASON_INVALID_FIELD, NULL);
    }
    if (!add_excluded(auction, before, &refused)) return refused;
    inherit(auction, before);
    return admission_begin(auction, lead);
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
    return !record->is_one_call && offer_is_of(&record->offer, &auction->request.post.ping_id);
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
        !rehearse_follow(auction, (enum rehearsal)record->offer.rehearsal, &refused))
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
    take_terms(auction, &record->offer);
    if (mismatch.len && record->reason == REASON_PING_MISMATCH) word_mismatch(auction, mismatch);
    tell_again(auction);
    return STEP_ANSWER;
}

static const struct offer_candidate *leg_of(const struct offer *offer, uint8_t number)
{
    for (uint32_t i = 0; i < offer->candidates_count; i++)
        if (offer->candidates[i].leg == number) return &offer->candidates[i];
    return NULL;
}

static struct bytes owner_of(const struct auction *auction, const struct offer_candidate *leg)
{
    const struct contract *contract = catalogue_contract(auction->catalogue, leg->contract);
    return contract ? auction->catalogue->buyers[contract->buyer].group : BYTES_NONE;
}

/* What keeps these legs from being sold together; NULL: nothing. */
static const char *why_not(const struct auction *auction, const struct offer_candidate *legs, uint32_t count)
{
    if (count > auction->max_sales) return "more legs than the lead may be sold in";
    for (uint32_t i = 0; i < count; i++) {
        if (legs[i].max_sold < count + auction->sold_elsewhere) return "a leg that allows fewer buyers than are chosen";
        for (uint32_t k = 0; k < i; k++)
            if (legs[k].leg == legs[i].leg || bytes_same(owner_of(auction, &legs[k]), owner_of(auction, &legs[i])))
                return "two legs of one buyer";
    }
    return NULL;
}

/* The offer is cut to the legs the affiliate chose: they are the plan, and nobody else gets the lead. */
static bool choose_legs(struct auction *auction, enum step *refused)
{
    const struct post_request *post = &auction->request.post;
    struct offer *offer = &auction->offer;
    struct offer_candidate legs[PING_SALES_MAX];
    const char *why = NULL;
    for (uint32_t i = 0; i < post->legs_count && !why; i++) {
        const struct offer_candidate *leg = leg_of(offer, post->legs[i]);
        if (leg) legs[i] = *leg;
        if (!leg) why = "the offer has no such leg";
    }
    if (post->legs_count && !why) why = why_not(auction, legs, post->legs_count);
    if (why) {
        complain(&auction->complaints, BYTES("legs"), "choice", why);
        *refused = story_refuse(auction, 422, REASON_INVALID_FIELD, NULL);
        return false;
    }
    if (!post->legs_count) return true;
    offer->candidates_count = offer->planned = (uint8_t)post->legs_count;
    offer->promise_micros = 0;
    for (uint32_t i = 0; i < offer->planned; i++) {
        offer->candidates[i] = legs[i];
        offer->promise_micros += legs[i].payout_micros;
    }
    auction->promise_micros = offer->promise_micros;
    return true;
}

/* From here on each slot of the lead is posted to one candidate after the other, all within one budget. */
enum step admission_posts(struct auction *auction)
{
    auction->post_by_us = auction->end_us - ANSWER_KEPT_US - auction->host->durable_us(auction->world);
    bool of_offer = auction->request.kind == AUCTION_POST && !auction->is_reauction;
    enum step refused;
    if (of_offer && !choose_legs(auction, &refused)) return refused;
    bool listed = of_offer ? candidates_from_offer(auction, 0) : candidates_from_rank(auction);
    if (!listed || !slots_begin(auction)) return story_refuse(auction, 503, REASON_BUSY, NULL);
    return STEP_RESERVE;
}

/* Caps per state and quiet hours ask for the lead's facts. It was well formed once; what a reload since then finds
 * wrong with it is told to nobody. */
static bool read_facts_again(struct auction *auction)
{
    struct document_error error;
    struct complaints complaints = {.count = 0};
    bool out_of_memory = false;
    struct facts *facts = &auction->form.facts;
    const struct node *document = document_read_json(&auction->arena, auction->request.content, &DOCUMENT_LIMITS,
                                                     &error);
    struct bytes full_json = auction->form.full_json;
    const struct node *lead = node_find(document, "lead");
    bool is_fine = lead && campaign_read_lead(auction->campaign, LEAD_ONE_CALL, lead, auction->consent, &auction->arena,
                                              &auction->form, &complaints, &out_of_memory);
    auction->form.full_json = full_json; /* as it was sold before */
    facts->affiliate = auction->affiliate->id;
    facts->source = auction->offer.source;
    facts->channel = auction->offer.channel;
    facts->today = campaign_day(auction->opened_ms);
    facts->on_lists = auction->on_lists;
    if (!excluded_unpack(auction->offer.excluded, &auction->arena, &facts->excluded)) return false;
    return is_fine || (lead && !out_of_memory && facts->fields);
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
    auction->seed = record->offer.seed;
    auction->pinged_ms = record->offer.pinged_ms;
    take_terms(auction, &record->offer);
    auction->promise_micros = record->offer.promise_micros;
    if (!slots_resume(auction, record)) return story_refuse(auction, 503, REASON_BUSY, NULL);
    auction->campaign = catalogue_campaign(auction->catalogue, record->campaign);
    if (!auction->campaign || !auction->affiliate) return story_reject(auction, REASON_NO_CONTRACT, NULL);
    auction->arm = rank_arm(auction->campaign, auction->seed);
    if (!entries_open_content(auction) || !read_facts_again(auction))
        return story_reject(auction, REASON_REJECTED, "the lead could not be read again");
    auction->end_us = auction->request.started_us + auction->campaign->post_timeout_us;
    auction->post_by_us = auction->end_us - ANSWER_KEPT_US - auction->host->durable_us(auction->world);
    uint64_t tried = record->tried;
    if (tried >> record->offer.candidates_count)
        tried = UINT64_MAX; /* it went on to others, whom the book cannot name */
    if (!candidates_from_offer(auction, tried)) return story_reject(auction, REASON_REJECTED, NULL);
    return STEP_RESERVE;
}

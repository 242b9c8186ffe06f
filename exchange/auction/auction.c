/* The life of a lead, told once. It reads as: how it opens, what can befall it, how it moves, the story.
 *
 * Every step returns the next one or STEP_WAIT. A waiting step is level-triggered: each wake evaluates its whole
 * condition again, so double wakes are harmless. One dispatcher moves, checks the move against steps.tbl.h and stamps
 * the instant; it never nests. */
#include "exchange/auction/parts.h"
#include "exchange/auction/withhold.h"

#include <stdio.h>

#include "protocol/base/check.h"

static void run(struct auction *auction);
static void wake(struct auction *auction);
static void move(struct auction *auction, enum step next);

/* How it opens ---------------------------------------------------------------------------------------------------- */

size_t auction_size(void)
{
    return sizeof(struct auction);
}

void auction_init(struct auction *auction, const struct auction_host *host, void *world)
{
    *auction = (struct auction){.host = host, .world = world};
    arena_init(&auction->arena, AUCTION_ARENA_CHUNK, AUCTION_ARENA_MAX);
}

void auction_fini(struct auction *auction)
{
    if (auction->catalogue) catalogue_drop(&auction->catalogue);
    arena_free(&auction->arena);
}

struct arena *auction_arena(struct auction *auction)
{
    return &auction->arena;
}
enum auction_kind auction_kind(const struct auction *auction)
{
    return auction->request.kind;
}

/* Back to an empty story; private fields stand in verdict and texts too, so all but the warm arena is wiped. */
static void forget(struct auction *auction)
{
    const struct auction_host *host = auction->host;
    void *world = auction->world;
    arena_reset(&auction->arena);
    struct arena arena = auction->arena;
    *auction = (struct auction){.host = host, .world = world, .arena = arena};
}

void auction_abandon(struct auction *auction)
{
    check(!auction->is_open);
    forget(auction);
    auction->host->closed(auction->world, auction);
}

void auction_open(struct auction *auction, const struct auction_request *request)
{
    check(!auction->is_open && auction->step == STEP_ADMIT);
    auction->is_open = true;
    auction->request = *request;
    auction->catalogue = request->catalogue;
    catalogue_take(auction->catalogue);
    auction->affiliate = request->affiliate;
    auction->opened_ms = auction->pinged_ms = auction->host->wall_ms(auction->world);
    auction->closed_cause = "";
    auction->steps[auction->steps_count++] = (struct trace_step){'a', 0};
    run(auction);
}

/* What can befall it ---------------------------------------------------------------------------------------------- */

static struct asked *answered(struct auction *auction, uint32_t place)
{
    check(place < auction->match.entries_count, "place %u", place);
    struct asked *asked = &auction->asked[place];
    check(asked->state == ASK_OUT, "place %u was not out", place);
    asked->answered_us = auction->host->now_us(auction->world);
    auction->out--;
    auction->out_open -= !ceiling_is_known(auction->match.entries[place].contract);
    return asked;
}

void auction_on_bid(struct auction *auction, uint32_t place, const struct bid *bid)
{
    struct asked *asked = answered(auction, place);
    asked->state = ASK_BID;
    asked->bid = *bid;
    if (bid->bid_id.len) asked->bid.bid_id = arena_copy(&auction->arena, bid->bid_id);
    if (bid->legs_count) asks_keep_legs(auction, asked, bid);
    wake(auction);
}

void auction_on_call_failed(struct auction *auction, uint32_t place, enum reason reason, const struct bid *words)
{
    struct asked *asked = answered(auction, place);
    asked->state = ASK_FAILED;
    asked->reason = reason;
    if (words && words->code.len) asked->code = arena_copy(&auction->arena, words->code);
    if (words && words->text.len) asked->text = arena_copy(&auction->arena, words->text);
    wake(auction);
}

static struct slot *slot_in(struct auction *auction, uint32_t number, enum slot_state state)
{
    check(number < auction->slots_count, "slot %u", number);
    struct slot *slot = &auction->slots[number];
    check(slot->state == state, "slot %u is at %d", number, (int)slot->state);
    return slot;
}

void auction_on_verdict(struct auction *auction, uint32_t number, const struct verdict *verdict)
{
    struct slot *slot = slot_in(auction, number, SLOT_OUT);
    slot->state = SLOT_ANSWERED;
    slot->verdict = *verdict;
    withhold_echoes(auction, &slot->verdict);
    wake(auction);
}

void auction_on_post_failed(struct auction *auction, uint32_t number, enum reason reason)
{
    struct slot *slot = slot_in(auction, number, SLOT_OUT);
    slot->state = SLOT_ANSWERED;
    slot->post_failed = true;
    slot->post_reason = reason;
    wake(auction);
}

void auction_on_claimed(struct auction *auction, const struct auction_claimed *claimed)
{
    check(auction->claim_asked && !auction->claim_answered);
    auction->claim_answered = true;
    auction->claimed = *claimed;
    auction->claimed.record = NULL;
    if (claimed->offer.len) {
        struct bytes copy = arena_copy(&auction->arena, claimed->offer);
        if (!copy.at || !offer_read(copy, &auction->offer)) auction->claimed.outcome = CLAIM_FAILED;
    }
    if (claimed->record) auction->record = entries_copy_record(auction, claimed->record);
    if (claimed->record && !auction->record) auction->claimed.outcome = CLAIM_FAILED;
    auction->claim_held = claimed->outcome == CLAIM_FRESH;
    wake(auction);
}

void auction_on_recalled(struct auction *auction, const struct auction_recalled *recalled)
{
    check(auction->recall_asked && !auction->recall_answered);
    auction->recall_answered = true;
    auction->recalled = recalled->outcome;
    people_copy(auction, recalled);
    wake(auction);
}

void auction_on_reserved(struct auction *auction, uint32_t number, enum reason reason)
{
    struct slot *slot = slot_in(auction, number, SLOT_RESERVING);
    slot->reserved = reason == REASON_NONE;
    slot->state = slot->reserved ? SLOT_RESERVED : SLOT_BARRED;
    slot->reserve_reason = reason;
    wake(auction);
}

void auction_on_durable(struct auction *auction, enum fault fault, uint64_t seq)
{
    check(auction->durable == DURABLE_WAITING);
    auction->durable = fault == FAULT_TAKEN ? DURABLE_TAKEN : fault ? DURABLE_FAILED : DURABLE_YES;
    if (!fault) auction->seq = seq;
    wake(auction);
}

void auction_on_affiliate_gone(struct auction *auction)
{
    auction->affiliate_gone = true;
    wake(auction);
}

void auction_on_time(struct auction *auction)
{
    wake(auction);
}

void auction_on_drained(struct auction *auction)
{
    auction->drained = true;
    wake(auction);
}

/* How it moves ---------------------------------------------------------------------------------------------------- */

#define X(NAME, verb, letter, successors) static enum step step_##verb(struct auction *auction);
#include "exchange/auction/steps.tbl.h"
#undef X

static const struct {
    const char *name;
    char letter;
    const char *successors;
    enum step (*run)(struct auction *auction);
} steps[] = {
#define X(NAME, verb, letter, successors) {#verb, letter, successors, step_##verb},
#include "exchange/auction/steps.tbl.h"
#undef X
};

const char *auction_step_name(const struct auction *auction)
{
    return steps[auction->step].name;
}

static void run(struct auction *auction)
{
    auction->running = true;
    while (auction->step != STEP_CLOSE) {
        auction->woken = false;
        enum step next = steps[auction->step].run(auction);
        if (next != STEP_WAIT)
            move(auction, next);
        else if (!auction->woken)
            break;
    }
    auction->running = false;
    if (auction->step == STEP_CLOSE) step_close(auction);
}

/* A fact that comes in while the story moves (the host answered in the same call) lets the waiting step look again. */
static void wake(struct auction *auction)
{
    if (auction->running)
        auction->woken = true;
    else
        run(auction);
}

static void move(struct auction *auction, enum step next)
{
    check(strchr(steps[auction->step].successors, steps[next].letter), "%s to %s", steps[auction->step].name,
          steps[next].name);
    auction->step = next;
    if (auction->steps_count < TRACE_STEPS_MAX)
        auction->steps[auction->steps_count++] = (struct trace_step){
            steps[next].letter, auction->host->now_us(auction->world) - auction->request.started_us};
}

/* The story ------------------------------------------------------------------------------------------------------- */

static enum step wait_until(struct auction *auction, int64_t at_us);
static bool is_written(struct auction *auction);
static enum step end_untold(struct auction *auction);
static enum step take_later_tier(struct auction *auction);
static bool is_decided_refinement(const struct auction *auction);

/* Who asks, may they, is it well formed. The clock has been running since the request's first byte. */
static enum step step_admit(struct auction *auction)
{
    const struct auction_request *request = &auction->request;
    const struct auction_host *host = auction->host;
    enum step refused;
    if (request->kind == AUCTION_RESUMED) return admission_resume(auction);
    if (onward_is(auction)) return onward_admit(auction);
    if (!host->is_writable(auction->world)) return story_refuse(auction, 503, REASON_LEDGER_DOWN, NULL);
    if (request->kind == AUCTION_POST) return STEP_CLAIM;

    auction->campaign = catalogue_campaign(auction->catalogue, request->ping.campaign);
    if (!auction->campaign) return story_refuse(auction, 422, REASON_CAMPAIGN_UNKNOWN, NULL);
    if (!admission_may_sell(auction->affiliate, auction->campaign))
        return story_refuse(auction, 403, REASON_UNAUTHORIZED, "this key may not sell in that campaign");
    if (!host->may_ping(auction->world, auction->affiliate))
        return story_refuse(auction, 429, REASON_RATE_LIMITED, NULL);
    if (!rehearse_ping(auction, &refused)) return refused;
    if (request->kind == AUCTION_PING && admission_standing(auction)) return STEP_ANSWER;
    if (ident_is_none(&request->ping.refines)) return admission_begin(auction, request->ping.lead);
    if (request->kind == AUCTION_PING) return STEP_CLAIM;
    complain(&auction->complaints, BYTES("ping_id"), "unknown", "only a ping refines another one");
    return story_refuse(auction, 422, REASON_INVALID_FIELD, NULL);
}

/* One of many equal requests goes on: a post or a refinement takes its offer, a lead with a key takes the key. */
static enum step step_claim(struct auction *auction)
{
    enum auction_kind kind = auction->request.kind;
    if (!auction->claim_asked) {
        struct auction_claim claim = admission_claim(auction);
        auction->claim_asked = true;
        auction->host->claim(auction->world, auction, &claim);
    }
    if (!auction->claim_answered) return wait_until(auction, CLOCK_NEVER);
    if (story_has_left(auction)) return story_refuse(auction, 503, REASON_AFFILIATE_GONE, NULL);
    switch (auction->claimed.outcome) {
    case CLAIM_FRESH:
        return kind == AUCTION_POST           ? admission_offer(auction)
               : kind == AUCTION_PING         ? admission_refine(auction)
               : people_may_be_known(auction) ? STEP_PERSON
                                              : STEP_MATCH;
    case CLAIM_AGAIN:
        if (kind == AUCTION_PING) return story_refuse(auction, 409, REASON_CONFLICT, "the ping it refines was posted");
        return admission_again(auction);
    case CLAIM_IN_FLIGHT:
        return story_refuse(auction, 409, REASON_CONFLICT, "the same request is still running");
    case CLAIM_EXPIRED:
        return story_refuse(auction, 410, REASON_PING_EXPIRED, NULL);
    case CLAIM_SUPERSEDED:
        return story_refuse(auction, 409, REASON_CONFLICT, "this ping was refined: the offer of its refinement stands");
    case CLAIM_UNKNOWN:
        return story_refuse(auction, 404, REASON_NOT_FOUND, "no such ping");
    case CLAIM_BUSY:
        return story_refuse(auction, 503, REASON_BUSY, NULL);
    case CLAIM_FAILED:
        break;
    }
    return story_refuse(auction, 503, REASON_LEDGER_DOWN, NULL);
}

/* Has this person been here before? A lead also keeps others of that person out while it is under way; a ping only
 * looks. */
static enum step step_person(struct auction *auction)
{
    if (!auction->recall_asked) people_recall(auction);
    if (!auction->recall_answered) return wait_until(auction, CLOCK_NEVER);
    if (story_has_left(auction)) return story_reject(auction, REASON_AFFILIATE_GONE, NULL);
    switch (auction->recalled) {
    case RECALL_TOLD:
        break;
    case RECALL_IN_FLIGHT:
        return story_reject(auction, REASON_DUPLICATE, "a lead of this person is under way");
    case RECALL_BUSY:
        return story_refuse(auction, 503, REASON_BUSY, NULL);
    case RECALL_FAILED:
        return story_refuse(auction, 503, REASON_LEDGER_DOWN, NULL);
    }
    enum reason reason = people_reason(auction);
    if (reason != REASON_NONE) return story_reject(auction, reason, NULL);
    return auction->request.kind == AUCTION_POST && !auction->is_reauction ? admission_posts(auction) : STEP_MATCH;
}

/* Which contracts may be asked. The consent was given for the sale: without it nobody is asked about a whole lead. */
static enum step step_match(struct auction *auction)
{
    const struct auction_host *host = auction->host;
    const char *paused = admission_paused(auction);
    if (paused) return story_reject(auction, REASON_PAUSED, paused);
    if (auction->looks_like_test) return story_reject(auction, REASON_TEST_LEAD, NULL);
    bool needs_consent = admission_is_whole(auction) || auction->campaign->quality.consent_at_ping;
    if (needs_consent && !campaign_has_consent(auction->campaign, auction->consent))
        return story_reject(auction, REASON_CONSENT_MISSING, NULL);
    enum reason reason = people_suppressed(auction);
    if (reason != REASON_NONE) return story_reject(auction, reason, NULL);
    if (!auction->rehearsal && !admission_has_room(auction)) return story_reject(auction, REASON_CAPPED, NULL);
    if (!match_run(auction->catalogue, &auction->form.facts, host->standing(auction->world),
                   host->now_us(auction->world), auction->opened_ms, &auction->arena, &auction->match))
        return story_refuse(auction, 503, REASON_BUSY, NULL);
    people_match(auction);
    onward_match(auction);
    if (auction->rehearsal == REHEARSAL_DUPLICATE) return story_reject(auction, REASON_DUPLICATE, NULL);
    if (auction->rehearsal && !rehearse_cast(auction)) return story_refuse(auction, 503, REASON_BUSY, NULL);
    if (auction->match.askable == 0) {
        auction->closed_cause = "nobody_asked";
        return story_reject(auction, match_commonest(auction->match.counts), NULL);
    }
    return STEP_PING;
}

/* All of them at once, or tier by tier. */
static enum step step_ping(struct auction *auction)
{
    if (!auction->asked)
        auction->asked = arena_zero(&auction->arena, auction->match.entries_count, sizeof *auction->asked);
    closing_begin(auction);
    if (auction->asked) asks_send(auction);
    return STEP_COLLECT;
}

/* Until all have answered, or the deadline, or no bid to come could change the result. */
static enum step step_collect(struct auction *auction)
{
    if (!auction->asked) return story_refuse(auction, 503, REASON_BUSY, NULL);
    int64_t now_us = auction->host->now_us(auction->world);
    if (story_has_left(auction)) {
        auction->closed_cause = "affiliate_gone";
        asks_stop(auction);
        return story_reject(auction, REASON_AFFILIATE_GONE, NULL);
    }
    const char *cause = closing_cause(auction, now_us);
    if (!cause) return wait_until(auction, auction->ask_by_us);
    auction->closed_cause = cause;
    auction->saved_us = now_us < auction->collect_by_us ? auction->collect_by_us - now_us : 0;
    asks_stop(auction);
    return STEP_RANK;
}

/* Who wins, who is next, and why the others lost. */
static enum step step_rank(struct auction *auction)
{
    if (auction->candidates) return take_later_tier(auction);
    if (!asks_rank(auction)) return story_refuse(auction, 503, REASON_BUSY, NULL);
    if (auction->order_count == 0 && closing_goes_on(auction)) return STEP_PING;
    if (auction->order_count == 0) return story_reject(auction, asks_nearest(auction), NULL);
    return auction->request.kind == AUCTION_PING ? STEP_OFFER : admission_posts(auction);
}

/* The promise: a price, and until when. */
static enum step step_offer(struct auction *auction)
{
    entries_offer(auction);
    if (auction->offer.expires_ms <= auction->host->wall_ms(auction->world))
        return story_reject(auction, REASON_NO_TIME, NULL);
    if (!promise_hold(auction)) return story_refuse(auction, 503, REASON_BUSY, NULL);
    if (auction->order_count == 0) return story_reject(auction, asks_nearest(auction), NULL);
    if (!auction->host->offer(auction->world, &auction->offer, auction->has_same ? &auction->same : NULL)) {
        auction->host->unhold(auction->world, &auction->ping_id);
        return story_refuse(auction, 503, REASON_BUSY, "too many open offers");
    }
    tell_offer(auction);
    return STEP_ANSWER;
}

/* Every open slot gets the next candidate worth a post; caps and seat are taken before anything is sent. */
static enum step step_reserve(struct auction *auction)
{
    slots_fill(auction);
    if (slots_any(auction, SLOT_BIT(SLOT_RESERVING))) return wait_until(auction, CLOCK_NEVER);
    if (story_has_left(auction)) slots_give_back(auction, SLOT_RESERVED, SLOT_CLOSED);
    if (slots_any(auction, SLOT_BIT(SLOT_RESERVED))) return STEP_INTENT;
    if (slots_any(auction, SLOTS_UNDER_WAY)) return slots_have_news(auction) ? STEP_SETTLE : STEP_POST;
    if (slots_any(auction, SLOTS_HOLD)) return STEP_SETTLE;
    if (closing_asks_on(auction)) return STEP_PING; /* they have all refused: whoever stands in the next tier */
    return story_reject(auction, slots_reason(auction), NULL);
}

/* On disk before a byte of the posts leaves: from here on a crash can leave a doubt, never a double sale. */
static enum step step_intent(struct auction *auction)
{
    if (auction->durable == DURABLE_NOT_ASKED) entries_intents(auction);
    if (auction->durable == DURABLE_WAITING) return wait_until(auction, CLOCK_NEVER);
    if (auction->durable == DURABLE_TAKEN) { /* another lead of this person was first: nothing of this is in the book */
        auction->durable = DURABLE_NOT_ASKED;
        slots_taken(auction);
        return STEP_RESERVE;
    }
    if (is_written(auction)) {
        slots_intended(auction);
        return slots_any(auction, SLOT_BIT(SLOT_RESERVED)) ? STEP_RESERVE : STEP_POST;
    }
    slots_give_back(auction, SLOT_RESERVED, SLOT_CLOSED);
    if (!auction->opening_written) return story_refuse(auction, 503, REASON_LEDGER_DOWN, NULL);
    return slots_any(auction, SLOTS_UNDER_WAY) ? STEP_POST : end_untold(auction);
}

/* The whole lead, to these buyers only; each slot waits for its own verdict. */
static enum step step_post(struct auction *auction)
{
    slots_post(auction);
    if (auction->drained) slots_abandon(auction);
    slots_judge(auction);
    if (slots_any(auction, SLOT_BIT(SLOT_REFUSED))) return STEP_FALLBACK;
    bool is_waiting = slots_any(auction, SLOTS_UNDER_WAY) && !slots_have_news(auction);
    return is_waiting ? wait_until(auction, slots_rest_until(auction)) : STEP_SETTLE; /* calls have their deadlines */
}

/* Refused: what was reserved goes back, and the next candidates have their turn. */
static enum step step_fallback(struct auction *auction)
{
    slots_give_back(auction, SLOT_REFUSED, SLOT_OPEN);
    return STEP_RESERVE;
}

/* What came of the posts, durable before the affiliate is told; with the last of them the story ends. A sale that
 * cannot be written is answered as pending: its intent is on disk, and the next start finds it in doubt. */
static enum step step_settle(struct auction *auction)
{
    if (auction->durable == DURABLE_NOT_ASKED) {
        if (!slots_any(auction, SLOTS_UNDER_WAY))
            slots_keep(auction); /* an operator may resolve a doubt as soon as it is written */
        entries_outcome(auction);
    }
    if (auction->durable == DURABLE_WAITING) return wait_until(auction, CLOCK_NEVER);
    bool written = is_written(auction);
    if (!written && !auction->opening_written) return story_refuse(auction, 503, REASON_LEDGER_DOWN, NULL);
    if (written) slots_settled(auction);
    if (slots_any(auction, SLOTS_UNDER_WAY)) return STEP_POST;
    if (!written) return end_untold(auction);
    tell_lead(auction, auction->final);
    return STEP_ANSWER;
}

/* Exactly one, unless nobody is there to hear it. A refinement that was decided has taken its ping's place by then. */
static enum step step_answer(struct auction *auction)
{
    if (is_decided_refinement(auction)) {
        auction->host->supersede(auction->world, auction->before);
        auction->claim_held = false;
    }
    tell_complete(auction);
    tell_trace(auction); /* first: whoever has the answer may ask for its story at once, of another thread */
    tell_answer(auction);
    return STEP_CLOSE;
}

static enum step step_close(struct auction *auction)
{
    const struct auction_host *host = auction->host;
    void *world = auction->world;
    if (auction->claim_held) {
        struct auction_claim claim = admission_claim(auction);
        host->unclaim(world, &claim, auction->opening_written);
    }
    people_forget(auction);
    host->wake_at(world, auction, CLOCK_NEVER);
    catalogue_drop(&auction->catalogue);
    forget(auction);
    host->closed(world, auction);
    return STEP_WAIT;
}

/* Parts of the steps, in the order of their use ------------------------------------------------------------------- */

static enum step wait_until(struct auction *auction, int64_t at_us)
{
    if (at_us == CLOCK_NEVER) at_us = 0; /* an auction without a wake keeps none armed */
    if (at_us != auction->armed_us) auction->host->wake_at(auction->world, auction, at_us ? at_us : CLOCK_NEVER);
    auction->armed_us = at_us;
    return STEP_WAIT;
}

/* The bids of a tier that was asked because all before it refused the lead: they stand behind those. */
static enum step take_later_tier(struct auction *auction)
{
    if (!asks_rank(auction) || !candidates_more(auction)) return story_reject(auction, slots_reason(auction), NULL);
    slots_reopen(auction);
    return STEP_RESERVE;
}

/* One that failed, or that nobody waited for, leaves the earlier offer as it was. */
static bool is_decided_refinement(const struct auction *auction)
{
    const struct auction_answer *answer = &auction->answer;
    return auction->request.kind == AUCTION_PING && auction->claim_held && auction->before &&
           answer->status != ANSWER_PROBLEM && answer->reason != REASON_AFFILIATE_GONE;
}

/* The request itself fails: nothing is recorded of it, and an offer it claimed stays open. */
enum step story_refuse(struct auction *auction, int http, enum reason reason, const char *text)
{
    tell_problem(auction, http, reason, text);
    return STEP_ANSWER;
}

/* The trade says no: a verdict. Of a lead the book is told first. */
enum step story_reject(struct auction *auction, enum reason reason, const char *text)
{
    bool nothing_begun = !auction->opening_written && story_has_left(auction);
    if (auction->request.kind == AUCTION_PING || nothing_begun) {
        tell_rejected(auction, reason, text);
        return STEP_ANSWER;
    }
    auction->final_reason = reason;
    if (text) snprintf(auction->answer_text, sizeof auction->answer_text, "%s", text);
    return STEP_SETTLE;
}

/* Before the first intent an affiliate that leaves ends the story; after it the story runs to its end. */
bool story_has_left(const struct auction *auction)
{
    return auction->affiliate_gone && !auction->opening_written;
}

/* The entry that was waited for; the next one may be asked for then. */
static bool is_written(struct auction *auction)
{
    bool written = auction->durable == DURABLE_YES;
    auction->durable = DURABLE_NOT_ASKED;
    if (written) auction->opening_written = true;
    auction->book_failed = !written;
    return written;
}

/* The book could not be told the end: it holds as open what it was not told of, so these are doubts. */
static enum step end_untold(struct auction *auction)
{
    slots_unwritten(auction);
    slots_keep(auction);
    tell_lead(auction, LEAD_PENDING);
    return STEP_ANSWER;
}

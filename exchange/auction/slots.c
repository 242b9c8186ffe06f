/* The places a lead may be sold in, each with its own candidate, reservation, post and verdict. A step of the story
 * moves all of them as far as they go; so one that is refused falls back while the others' posts are still out, and a
 * lead with one slot is the plain case of the same thing. */
#include "exchange/auction/parts.h"

/* There are none before the first candidate is wanted. */
#define EACH_SLOT(slot, auction)                                                                                       \
    for (struct slot *slot = (auction)->slots, *end = slot ? slot + (auction)->slots_count : NULL; slot != end; slot++)

bool slots_begin(struct auction *auction)
{
    const struct offer *offer = &auction->offer;
    auction->slots_max = offer->max_sales;
    auction->slots = arena_zero(&auction->arena, auction->slots_max, sizeof *auction->slots);
    if (!auction->slots) return false;
    auction->plan_size = auction->slots_count = offer->planned ? offer->planned : 1;
    for (uint32_t i = 0; i < auction->slots_max; i++)
        auction->slots[i] = (struct slot){.state = SLOT_CLOSED, .planned = NO_CANDIDATE, .next_attempt = NO_ATTEMPT};
    for (uint32_t i = 0; i < auction->slots_count; i++)
        auction->slots[i] = (struct slot){.planned = i < offer->planned ? i : NO_CANDIDATE,
                                          .promise_micros = auction->promise_micros ? offer->candidates[i].payout_micros
                                                                                    : 0};
    return true;
}

/* The part of the promise that an earlier post of the slot stood for. */
static int64_t promise_of(const struct auction *auction, const struct lead_record *record, uint32_t number)
{
    const struct offer *offer = &auction->offer;
    uint32_t candidate = record->planned == offer->planned ? number : record->slots[number].candidate;
    if (auction->promise_micros == 0 || record->planned <= 1) return auction->promise_micros;
    return candidate < offer->candidates_count ? offer->candidates[candidate].payout_micros : 0;
}

bool slots_resume(struct auction *auction, const struct lead_record *record)
{
    static const enum slot_state states[POST_STATE_COUNT] = {
        [POST_OPEN] = SLOT_DOUBT,     [POST_UNKNOWN] = SLOT_DOUBT, [POST_ACCEPTED] = SLOT_SOLD,
        [POST_REJECTED] = SLOT_OPEN,  [POST_FAILED] = SLOT_OPEN,   [POST_VOIDED] = SLOT_CLOSED,
        [POST_RETURNED] = SLOT_CLOSED};
    auction->slots_max = record->offer.max_sales > record->slots_count ? record->offer.max_sales : record->slots_count;
    if (auction->slots_max == 0) auction->slots_max = 1;
    auction->slots = arena_zero(&auction->arena, auction->slots_max, sizeof *auction->slots);
    if (!auction->slots) return false;
    for (uint32_t i = 0; i < auction->slots_max; i++)
        auction->slots[i] = (struct slot){.state = SLOT_CLOSED, .planned = NO_CANDIDATE, .next_attempt = NO_ATTEMPT};
    auction->plan_size = auction->slots_count = record->planned ? record->planned : 1;
    if (auction->slots_count < record->slots_count) auction->slots_count = record->slots_count;
    for (uint32_t i = 0; i < auction->slots_count; i++) {
        const struct lead_slot *before = i < record->slots_count && record->slots[i].is_used ? &record->slots[i] : NULL;
        auction->slots[i] = (struct slot){.state = before ? states[before->state] : SLOT_CLOSED,
                                          .planned = NO_CANDIDATE,
                                          .next_attempt = NO_ATTEMPT,
                                          .promise_micros = before ? promise_of(auction, record, i) : 0,
                                          .candidate = before ? before->candidate : NO_CANDIDATE,
                                          .posts_sent = before ? before->posts_sent : 0,
                                          .resolves_ms = before ? before->resolves_ms : 0,
                                          .before = before};
    }
    return true;
}

void slots_reopen(struct auction *auction)
{
    if (auction->slots_max == 1) auction->slots[0].state = SLOT_OPEN;
}

bool slots_any(const struct auction *auction, unsigned states)
{
    for (uint32_t i = 0; i < auction->slots_count; i++)
        if (states & SLOT_BIT(auction->slots[i].state)) return true;
    return false;
}

/* Nobody new is asked once the affiliate has left before the first intent, or the process is going down. */
static bool may_ask(const struct auction *auction)
{
    return !story_has_left(auction) && !auction->drained;
}

static void fill(struct auction *auction, struct slot *slot)
{
    while (slot->state == SLOT_OPEN || slot->state == SLOT_BARRED) {
        if (slot->state == SLOT_BARRED) candidates_note(auction, slot, true, slot->reserve_reason);
        slot->state = SLOT_OPEN;
        if (!may_ask(auction) || !candidates_next(auction, slot)) {
            slot->state = SLOT_CLOSED;
            return;
        }
        candidates_reserve(auction, slot);
    }
}

void slots_fill(struct auction *auction)
{
    do {
        EACH_SLOT(slot, auction) fill(auction, slot);
    } while (auction->slots_max > 1 && may_ask(auction) && !slots_any(auction, SLOTS_HOLD) && candidates_plan(auction));
}

void slots_give_back(struct auction *auction, enum slot_state from, enum slot_state then)
{
    EACH_SLOT(slot, auction)
    {
        if (slot->state != from) continue;
        if (slot->reserved) auction->host->release(auction->world, &slot->reservation);
        if (from == SLOT_REFUSED && slot->reserved) {
            slot->was_released = true;
            slot->released = slot->reservation;
        }
        slot->reserved = false;
        slot->next_attempt = NO_ATTEMPT;
        slot->state = then;
    }
}

void slots_intended(struct auction *auction)
{
    EACH_SLOT(slot, auction)
    {
        if (slot->state != SLOT_RESERVED || slot->next_attempt == NO_ATTEMPT) continue;
        slot->state = SLOT_INTENDED;
        slot->attempt = slot->next_attempt;
        reservation_booked(&slot->reservation);
        slot->retries = 0;
        slot->retry_at_us = 0;
        slot->next_attempt = NO_ATTEMPT;
        slot->before = NULL;
    }
    slots_settled(auction);
}

/* Alone, a slot's candidate is out. Of several it is not said which is, so each is tried again by itself. */
void slots_taken(struct auction *auction)
{
    uint32_t count = 0;
    EACH_SLOT(slot, auction) count += slot->state == SLOT_RESERVED && slot->next_attempt != NO_ATTEMPT;
    EACH_SLOT(slot, auction)
    {
        if (slot->state != SLOT_RESERVED || slot->next_attempt == NO_ATTEMPT) continue;
        struct attempt *attempt = &auction->attempts[slot->next_attempt];
        slot->next_attempt = NO_ATTEMPT;
        auction->candidates[attempt->candidate].tried = count == 1;
        if (count > 1) {
            auction->attempts_count--; /* they were noted last */
            continue;
        }
        attempt->skipped = true;
        attempt->reason = REASON_DUPLICATE;
        auction->host->release(auction->world, &slot->reservation);
        slot->reserved = false;
        slot->state = SLOT_OPEN;
    }
    auction->one_by_one |= count > 1;
}

void slots_post(struct auction *auction)
{
    int64_t now_us = auction->host->now_us(auction->world);
    for (uint32_t i = 0; i < auction->slots_count; i++) {
        const struct slot *slot = &auction->slots[i];
        bool rests = now_us < slot->retry_at_us && !auction->drained;
        if (slot->state == SLOT_INTENDED && !rests) asks_post(auction, i);
    }
}

int64_t slots_rest_until(const struct auction *auction)
{
    int64_t until_us = CLOCK_NEVER;
    EACH_SLOT(slot, auction)
    {
        bool is_sooner = until_us == CLOCK_NEVER || slot->retry_at_us < until_us;
        if (slot->state == SLOT_INTENDED && is_sooner) until_us = slot->retry_at_us;
    }
    return until_us;
}

void slots_abandon(struct auction *auction)
{
    EACH_SLOT(slot, auction)
    {
        if (slot->state != SLOT_OUT) continue;
        auction->host->cancel(auction->world, slot->call);
        slot->state = SLOT_ANSWERED;
        slot->verdict = (struct verdict){.class = VERDICT_UNKNOWN, .doubt = DOUBT_TIMEOUT, .price_micros = -1};
    }
}

void slots_judge(struct auction *auction)
{
    EACH_SLOT(slot, auction)
    {
        if (slot->state != SLOT_ANSWERED) continue;
        if (asks_again(auction, slot))
            slot->state = SLOT_INTENDED;
        else
            asks_verdict(auction, slot);
    }
}

/* A doubt is written at the end only: until then the book holds the post as open, and nobody resolves it under a story
 * that does not know. */
bool slots_have_news(const struct auction *auction)
{
    if (auction->book_failed) return false; /* tried again at the end */
    EACH_SLOT(slot, auction)
    {
        if (slot->unwritten && slot->state != SLOT_DOUBT) return true;
    }
    return false;
}

bool slots_is_void(const struct auction *auction, const struct slot *slot)
{
    return slot->state == SLOT_DOUBT && !slot->before && auction->attempts[slot->attempt].state == POST_VOIDED;
}

static void let_go(struct auction *auction, struct slot *slot)
{
    if (slot->reserved) auction->host->release(auction->world, &slot->reservation);
    slot->reserved = false;
    slot->state = SLOT_CLOSED;
}

void slots_settled(struct auction *auction)
{
    bool is_end = !slots_any(auction, SLOTS_UNDER_WAY | SLOT_BIT(SLOT_RESERVED));
    EACH_SLOT(slot, auction)
    {
        if (slot->state != SLOT_DOUBT || is_end) slot->unwritten = slot->was_released = false;
        if (is_end && slots_is_void(auction, slot)) let_go(auction, slot);
        if (slot->state != SLOT_SOLD || !slot->reserved) continue;
        auction->host->commit(auction->world, &slot->reservation);
        slot->reserved = false;
    }
}

/* The book still holds the refused post as open, and all that it took with it. */
static void retake(struct auction *auction, struct slot *slot)
{
    const struct attempt *attempt = &auction->attempts[slot->attempt];
    slot->reservation = slot->released;
    slot->was_released = false;
    slot->reserved = true;
    const struct contract *contract = auction->candidates[attempt->candidate].contract;
    auction->host->retake(auction->world, contract, &auction->catalogue->buyers[contract->buyer], &slot->reservation);
}

void slots_unwritten(struct auction *auction)
{
    EACH_SLOT(slot, auction)
    {
        if (!slot->unwritten) continue;
        slot->state = SLOT_DOUBT; /* its sale, or refusal, is known to nobody else */
        slot->resolves_ms = 0;
        if (slots_is_void(auction, slot)) auction->attempts[slot->attempt].state = POST_UNKNOWN;
        if (slot->was_released) retake(auction, slot);
    }
}

void slots_keep(struct auction *auction)
{
    EACH_SLOT(slot, auction)
    {
        if (slot->state != SLOT_DOUBT || !slot->reserved || slots_is_void(auction, slot)) continue;
        auction->host->keep(auction->world, &auction->attempts[slot->attempt].post_id, &slot->reservation);
        slot->reserved = false;
    }
}

enum reason slots_reason(const struct auction *auction)
{
    if (story_has_left(auction)) return REASON_AFFILIATE_GONE;
    return auction->drained ? REASON_SHUTTING_DOWN : candidates_reason(auction);
}

int64_t slots_resolve_ms(const struct auction *auction)
{
    int64_t last_ms = 0;
    EACH_SLOT(slot, auction)
    {
        if (slot->state != SLOT_DOUBT) continue;
        if (slot->resolves_ms == 0) return 0;
        if (slot->resolves_ms > last_ms) last_ms = slot->resolves_ms;
    }
    return last_ms;
}

bool slots_sale(const struct auction *auction, const struct slot *slot, struct book_sale *sale)
{
    if (slot->state != SLOT_SOLD && slot->state != SLOT_DOUBT) return false;
    if (slot->before) {
        *sale = slot->before->sale;
        return true;
    }
    const struct attempt *attempt = &auction->attempts[slot->attempt];
    const struct candidate *candidate = &auction->candidates[attempt->candidate];
    const struct contract *contract = candidate->contract;
    *sale = (struct book_sale){.sale_id = slot->state == SLOT_SOLD ? slot->sale_id : attempt->post_id,
                               .post_id = attempt->post_id,
                               .contract = contract->id,
                               .buyer = auction->catalogue->buyers[contract->buyer].id,
                               .price_micros = slot->state == SLOT_SOLD ? attempt->billed_micros
                                                                        : candidate->terms.price_micros,
                               .payout_micros = attempt->payout.payout_micros,
                               .margin_micros = attempt->payout.margin_micros,
                               .margin_rule = (uint8_t)attempt->payout.rule,
                               .redirect_url = attempt->redirect_url};
    return true;
}

/* Equality of records field by field, told apart from their bytes: the oracle of the round trips. */
#pragma once

#include "exchange/record/book.h"
#include "exchange/record/trace.h"

#define SAME(field)                                                                                                    \
    if (a->field != b->field) return #field
#define SAME_TEXT(field)                                                                                               \
    if (!bytes_same(a->field, b->field)) return #field
#define SAME_RAW(field)                                                                                                \
    if (memcmp(&a->field, &b->field, sizeof a->field) != 0) return #field

/* NULL, or the first field that differs. */
static inline const char *differ_offer(const struct offer *first, const struct offer *second)
{
    {
        const struct offer *a = first, *b = second;
        SAME_RAW(ping_id);
        SAME(pinged_ms);
        SAME(expires_ms);
        SAME(promise_micros);
        SAME(floor_micros);
        SAME(seed);
        SAME_RAW(catalogue);
        SAME_TEXT(affiliate);
        SAME_TEXT(campaign);
        SAME_TEXT(source);
        SAME_TEXT(channel);
        SAME_TEXT(ref);
        SAME_TEXT(click_id);
        SAME_TEXT(sub_ids);
        SAME_TEXT(public_json);
        SAME_TEXT(excluded);
        SAME(leg_floor_micros);
        SAME(max_sales);
        SAME(sold_elsewhere);
        SAME(planned);
        SAME(rehearsal);
        SAME(past.origin);
        SAME(is_superseded);
        SAME(past.phone.is_given);
        SAME_RAW(past.phone.at);
        SAME(past.email.is_given);
        SAME_RAW(past.email.at);
        SAME(past.ancestors_count);
        SAME_RAW(past.ancestors);
        SAME(candidates_count);
    }
    for (uint32_t i = 0; i < first->candidates_count; i++) {
        const struct offer_candidate *a = &first->candidates[i], *b = &second->candidates[i];
        SAME_TEXT(contract);
        SAME_TEXT(bid_id);
        SAME(max_sold);
        SAME(leg);
        SAME(price_micros);
        SAME(bid_micros);
        SAME(payout_micros);
        SAME(margin_rule);
        SAME(valid_until_ms);
    }
    return NULL;
}

static inline const char *differ_intent(const struct book_intent *a, const struct book_intent *b)
{
    SAME_RAW(post_id);
    SAME_TEXT(contract);
    SAME_TEXT(buyer);
    SAME_TEXT(bid_id);
    SAME(price_micros);
    SAME(payout_micros);
    SAME(margin_rule);
    SAME(candidate);
    SAME(has_low);
    SAME(low_micros);
    SAME(doubt.within_ms);
    SAME(doubt.then);
    SAME(notify_count);
    SAME(copies_count);
    SAME(keys_count);
    for (uint8_t i = 0; i < a->keys_count; i++) {
        SAME_RAW(keys[i].id);
        SAME(keys[i].window);
        SAME(keys[i].amount);
        SAME(keys[i].stay);
    }
    return NULL;
}

static inline const char *differ_sale(const struct book_sale *a, const struct book_sale *b)
{
    SAME_RAW(sale_id);
    SAME_RAW(post_id);
    SAME_TEXT(contract);
    SAME_TEXT(buyer);
    SAME(price_micros);
    SAME(payout_micros);
    SAME(margin_micros);
    SAME(margin_rule);
    SAME_TEXT(redirect_url);
    return NULL;
}

static inline const char *differ_opening(const struct book_opening *a, const struct book_opening *b,
                                         struct bytes sealed)
{
    SAME_TEXT(affiliate);
    SAME_TEXT(campaign);
    SAME_TEXT(source);
    SAME_TEXT(channel);
    SAME_TEXT(ref);
    SAME_TEXT(click_id);
    SAME_TEXT(sub_ids);
    SAME_RAW(document);
    SAME(has_key);
    SAME_RAW(key);
    SAME(is_one_call);
    SAME(clear_after_ms);
    if (!bytes_same(b->content, sealed)) return "content";
    return differ_offer(&a->offer, &b->offer);
}

static inline const char *differ_verdict(const struct book_verdict *a, const struct book_verdict *b)
{
    SAME_RAW(post_id);
    SAME(state);
    SAME(reason);
    SAME_TEXT(code);
    SAME_TEXT(text);
    SAME_TEXT(buyer_lead_id);
    SAME(named_price_micros);
    SAME(by);
    return NULL;
}

static inline const char *differ_after(const struct book_after *a, const struct book_after *b)
{
    SAME_RAW(post_id);
    SAME(gives_back);
    SAME(counts);
    SAME(pays_at);
    SAME(pays_ppm);
    SAME(contact_ms);
    SAME(onward_ms);
    return NULL;
}

static inline const char *differ_step(const struct book_step *a, const struct book_step *b, struct bytes sealed)
{
    SAME_RAW(lead_id);
    SAME_RAW(ping_id);
    SAME(wall_ms);
    if (!a->opening != !b->opening) return "opening";
    SAME(verdicts_count);
    SAME(intents_count);
    SAME(sales_count);
    SAME(afters_count);
    SAME_RAW(origin);
    if (!a->final != !b->final) return "final";
    const char *at = NULL;
    if (a->opening) at = differ_opening(a->opening, b->opening, sealed);
    for (unsigned i = 0; !at && i < a->verdicts_count; i++) at = differ_verdict(&a->verdicts[i], &b->verdicts[i]);
    for (unsigned i = 0; !at && i < a->intents_count; i++) at = differ_intent(&a->intents[i], &b->intents[i]);
    for (unsigned i = 0; !at && i < a->sales_count; i++) at = differ_sale(&a->sales[i], &b->sales[i]);
    for (unsigned i = 0; !at && i < a->afters_count; i++) at = differ_after(&a->afters[i], &b->afters[i]);
    if (!at && a->final && (a->final->state != b->final->state || a->final->reason != b->final->reason)) at = "final";
    if (!at && a->final && !bytes_same(a->final->text, b->final->text)) at = "final.text";
    if (!at && a->final && a->final->goes_on != b->final->goes_on) at = "goes_on";
    return at;
}

static inline const char *differ_slot(const struct lead_slot *a, const struct lead_slot *b)
{
    SAME(is_used);
    SAME_RAW(post_id);
    SAME(state);
    SAME(candidate);
    SAME(max_sold);
    SAME(posts_sent);
    SAME(resolves_ms);
    SAME_TEXT(buyer_lead_id);
    return differ_sale(&a->sale, &b->sale);
}

static inline const char *differ_lead(const struct lead_record *a, const struct lead_record *b)
{
    SAME_RAW(lead_id);
    SAME_RAW(ping_id);
    SAME(state);
    SAME(reason);
    SAME(created_ms);
    SAME(updated_ms);
    SAME_TEXT(text);
    SAME_TEXT(affiliate);
    SAME_TEXT(campaign);
    SAME_TEXT(source);
    SAME_TEXT(channel);
    SAME_TEXT(ref);
    SAME_TEXT(click_id);
    SAME_TEXT(sub_ids);
    SAME_RAW(document);
    SAME(is_one_call);
    SAME(clear_after_ms);
    SAME(tried);
    SAME(planned);
    SAME(is_over);
    SAME(told);
    SAME(slots_count);
    const char *at = differ_offer(&a->offer, &b->offer);
    for (unsigned i = 0; !at && i < a->slots_count; i++) at = differ_slot(&a->slots[i], &b->slots[i]);
    return at;
}

static inline const char *differ_post(const struct post_record *a, const struct post_record *b)
{
    SAME(is_test);
    SAME(by);
    SAME(resolves_ms);
    SAME(late_ms);
    SAME_RAW(post_id);
    SAME_RAW(lead_id);
    SAME_RAW(ping_id);
    SAME(state);
    SAME(reason);
    SAME_TEXT(affiliate);
    SAME_TEXT(campaign);
    SAME_TEXT(code);
    SAME_TEXT(text);
    SAME_TEXT(buyer_lead_id);
    SAME(named_price_micros);
    SAME(opened_ms);
    SAME(settled_ms);
    return differ_intent(&a->intent, &b->intent);
}

static inline const char *differ_trace_contract(const struct trace_contract *a, const struct trace_contract *b)
{
    SAME_TEXT(contract);
    SAME_TEXT(buyer);
    SAME(state);
    SAME(is_let);
    SAME(reason);
    SAME_TEXT(code);
    SAME_TEXT(text);
    SAME_TEXT(view);
    SAME(has_bid);
    SAME(price_micros);
    SAME(payout_micros);
    SAME(effective_micros);
    SAME(available);
    SAME(answer_us);
    SAME(response_us);
    SAME_TEXT(bid_id);
    SAME(valid_us);
    SAME(pays_micros);
    SAME(shadow_rank);
    SAME(tier);
    SAME(rank);
    SAME(legs_count);
    for (uint32_t i = 0; i < a->legs_count; i++) {
        const struct trace_leg *left = &a->legs[i], *right = &b->legs[i];
        if (left->price_micros != right->price_micros || left->payout_micros != right->payout_micros ||
            left->effective_micros != right->effective_micros || left->max_sold != right->max_sold ||
            left->reason != right->reason || left->rank != right->rank)
            return "leg";
    }
    return NULL;
}

static inline const char *differ_trace_post(const struct trace_post *a, const struct trace_post *b)
{
    SAME_RAW(post_id);
    SAME_TEXT(contract);
    SAME_TEXT(buyer);
    SAME(outcome);
    SAME(reason);
    SAME_TEXT(code);
    SAME_TEXT(text);
    SAME(price_micros);
    SAME(payout_micros);
    SAME(took_us);
    SAME(slot);
    SAME(max_sold);
    return NULL;
}

static inline const char *differ_trace_sale(const struct trace_sale *a, const struct trace_sale *b)
{
    SAME_RAW(sale_id);
    SAME(in_doubt);
    SAME_TEXT(contract);
    SAME_TEXT(buyer);
    SAME(price_micros);
    SAME(payout_micros);
    SAME(margin_micros);
    SAME(margin_rule);
    return NULL;
}

static inline const char *differ_trace(const struct trace_auction *a, const struct trace_auction *b)
{
    SAME(is_test);
    SAME(kind);
    SAME_RAW(ping_id);
    SAME_RAW(lead_id);
    SAME_TEXT(affiliate);
    SAME_TEXT(campaign);
    SAME_TEXT(source);
    SAME_TEXT(ref);
    SAME_TEXT(click_id);
    SAME_TEXT(sub_ids);
    SAME(opened_ms);
    SAME(elapsed_us);
    SAME_TEXT(status);
    SAME(reason);
    SAME_TEXT(reason_text);
    SAME_RAW(catalogue);
    SAME(seed);
    SAME(arm);
    SAME_TEXT(closed_cause);
    SAME(saved_us);
    SAME(floor_micros);
    SAME(promise_micros);
    SAME(price_micros);
    SAME_TEXT(public_json);
    SAME(is_whole);
    SAME(ranked_ms);
    SAME(asked_micros);
    SAME_TEXT(consent);
    SAME(area_code);
    SAME_TEXT(hidden);
    SAME_TEXT(on_lists);
    SAME_TEXT(excluded);
    SAME_RAW(counts);
    SAME(contracts_count);
    SAME(posts_count);
    SAME(planned);
    SAME(max_sales);
    SAME(sold_elsewhere);
    SAME(leg_floor_micros);
    SAME(sales_count);
    SAME(steps_count);
    const char *at = NULL;
    for (uint32_t i = 0; i < a->contracts_count && !at; i++)
        at = differ_trace_contract(&a->contracts[i], &b->contracts[i]);
    for (uint32_t i = 0; i < a->posts_count && !at; i++) at = differ_trace_post(&a->posts[i], &b->posts[i]);
    for (uint32_t i = 0; i < a->steps_count && !at; i++)
        if (a->steps[i].letter != b->steps[i].letter || a->steps[i].at_us != b->steps[i].at_us) at = "steps";
    for (uint32_t i = 0; i < a->sales_count && !at; i++) at = differ_trace_sale(&a->sales[i], &b->sales[i]);
    return at;
}

/* A lead is answered when its story ends; so one whose story is over while a post of it is in doubt has been answered
 * as not final. When a resolution lets the story go on, the row of the lead keeps that until it ends again. */
#include "exchange/ledger/hearing.h"

#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/rows.h"
#include "exchange/ledger/seen.h"
#include "exchange/ledger/stakes.h"

void hearing_before(struct lead_record *lead)
{
    if (lead->told || !lead->is_over || !lead_slots_in(lead, LEAD_SLOTS(POST_UNKNOWN))) return;
    lead->told = lead->state == LEAD_SOLD ? LEAD_TOLD_SOLD : LEAD_TOLD_PENDING;
}

static int64_t pays_now(const struct lead_record *lead)
{
    int64_t micros = 0; /* at most eight prices of at most a million: no overflow */
    for (unsigned i = 0; i < lead->slots_count; i++)
        if (lead->slots[i].is_used && lead->slots[i].state == POST_ACCEPTED)
            micros += lead->slots[i].sale.payout_micros;
    return micros;
}

static bool has_voided(const struct book_step *step)
{
    for (unsigned i = 0; i < step->verdicts_count; i++)
        if (step->verdicts[i].reason == REASON_VOIDED) return true;
    return false;
}

bool hearing_after(const struct book_step *step, struct lead_record *lead, struct event *event)
{
    bool is_final = lead->is_over && !lead_slots_in(lead, LEAD_SLOTS(POST_OPEN) | LEAD_SLOTS(POST_UNKNOWN));
    if (!lead->told || (!step->sales_count && !is_final)) return false;
    *event = (struct event){.notice = step->sales_count  ? NOTICE_LEAD_SOLD
                                      : has_voided(step) ? NOTICE_LEAD_VOIDED
                                                         : NOTICE_LEAD_RESOLVED,
                            .is_test = lead->offer.rehearsal != 0,
                            .is_final = is_final,
                            .at_ms = step->wall_ms,
                            .lead_id = lead->lead_id,
                            .post_id = step->sales_count ? step->sales[0].sale_id : IDENT_NONE,
                            .state = lead->state,
                            .reason = lead->reason,
                            .amount_micros = pays_now(lead)};
    lead->told = is_final ? LEAD_TOLD_NOTHING : step->sales_count ? LEAD_TOLD_SOLD : lead->told;
    return true;
}

enum fault hearing_write(struct store *store, struct MDB_txn *txn, const struct lead_record *lead,
                         const struct event *event)
{
    struct hearer hearer = {.kind = NOTICE_TO_AFFILIATE, .id = lead->affiliate};
    return events_add(store, txn, &hearer, event);
}

static struct event event_of(const struct post_record *post, enum notice notice, int64_t price_micros)
{
    return (struct event){.notice = notice,
                          .is_test = post->is_test,
                          .at_ms = post->settled_ms,
                          .lead_id = post->lead_id,
                          .post_id = post->post_id,
                          .reason = notice == NOTICE_LEAD_VOIDED ? REASON_VOIDED : REASON_NONE,
                          .amount_micros = price_micros,
                          .contract = post->intent.contract};
}

static enum fault tell_addresses(struct store *store, struct MDB_txn *txn, const struct post_record *post,
                                 enum notice_hearer kind, unsigned count, const struct event *event)
{
    enum fault fault = FAULT_NONE;
    struct hearer hearer = {.kind = kind, .id = post->intent.contract};
    for (; hearer.address < count && fault == FAULT_NONE; hearer.address++)
        fault = events_add(store, txn, &hearer, event);
    return fault;
}

enum fault hearing_post(struct store *store, struct MDB_txn *txn, const struct post_record *post, int64_t price_micros)
{
    const struct book_intent *intent = &post->intent;
    struct hearer buyer = {.kind = NOTICE_TO_BUYER, .id = intent->buyer};
    struct event event = event_of(post, post->state == POST_ACCEPTED ? NOTICE_LEAD_SOLD : NOTICE_LEAD_VOIDED,
                                  price_micros);
    if (post->state != POST_ACCEPTED && post->reason != REASON_VOIDED) return FAULT_NONE;
    enum fault fault = post->state == POST_ACCEPTED ? FAULT_NONE : events_add(store, txn, &buyer, &event);
    if (fault == FAULT_NONE) fault = tell_addresses(store, txn, post, NOTICE_TO_ADDRESS, intent->notify_count, &event);
    if (fault != FAULT_NONE || post->state != POST_ACCEPTED) return fault;
    event.notice = NOTICE_LEAD_COPY;
    for (unsigned i = 0; i < intent->copies_count && fault == FAULT_NONE; i++)
        fault = disclosures_copy(store, txn, post, i);
    if (fault != FAULT_NONE) return fault;
    return tell_addresses(store, txn, post, NOTICE_TO_COPY, intent->copies_count, &event);
}

static const struct account_touched *account_of(const struct account_book *money, struct bytes buyer)
{
    for (unsigned i = 0; i < money->touched_count; i++)
        if (bytes_same(stakes_buyer(money->touched[i].name), buyer)) return &money->touched[i];
    return NULL;
}

/* Once, until money has come in again: from above it to below. */
enum fault hearing_low(struct account_book *money, const struct post_record *post)
{
    const struct book_intent *intent = &post->intent;
    struct rows_refusal *told = money->told;
    if (post->state != POST_ACCEPTED || !intent->has_low) return FAULT_NONE;
    const struct account_touched *account = account_of(money, intent->buyer);
    if (!account || account->before_micros < intent->low_micros || account->balance_micros >= intent->low_micros)
        return FAULT_NONE;
    struct hearer hearer = {.kind = NOTICE_TO_BUYER, .id = intent->buyer};
    struct event event = {
        .notice = NOTICE_BALANCE_LOW, .at_ms = post->settled_ms, .amount_micros = account->balance_micros};
    told->lows[told->lows_count++] = (struct rows_low){intent->buyer, account->balance_micros};
    return events_add(money->store, money->txn, &hearer, &event);
}

enum fault hearing_late(struct store *store, struct MDB_txn *txn, const struct post_record *post)
{
    struct hearer hearer = {.kind = NOTICE_TO_BUYER, .id = post->intent.buyer};
    struct event event = {.notice = NOTICE_LEAD_ACCEPTED_LATE,
                          .is_test = post->is_test,
                          .at_ms = post->late_ms,
                          .lead_id = post->lead_id,
                          .post_id = post->post_id,
                          .reason = post->reason,
                          .contract = post->intent.contract};
    return events_add(store, txn, &hearer, &event);
}

/* --- revocations --- */

/* Whether an earlier one of the list has the same lead, and, where that is asked, the same buyer. */
static bool came_before(const struct post_record *posts, uint32_t which, bool same_buyer)
{
    for (uint32_t i = 0; i < which; i++)
        if (ident_same(&posts[i].lead_id, &posts[which].lead_id) &&
            (!same_buyer || bytes_same(posts[i].intent.buyer, posts[which].intent.buyer)))
            return true;
    return false;
}

/* The posts of that person whose bytes may have left; each once. */
static enum fault posts_of(struct store *store, struct MDB_txn *txn, const struct person_keys *keys,
                           struct arena *arena, struct post_record **posts, uint32_t *count)
{
    struct encounter *list;
    uint32_t found;
    *count = 0;
    enum fault fault = seen_of(store, txn, keys, arena, &list, &found);
    if (fault == FAULT_NONE && !(*posts = arena_zero(arena, found, sizeof **posts))) fault = FAULT_MEMORY;
    for (uint32_t i = 0; fault == FAULT_NONE && i < found; i++) {
        struct post_record *post = &(*posts)[*count];
        bool is_new = !ident_is_none(&list[i].post_id);
        for (uint32_t k = 0; is_new && k < *count; k++) is_new = !ident_same(&(*posts)[k].post_id, &list[i].post_id);
        if (!is_new) continue;
        fault = rows_post(store, txn, &list[i].post_id, arena, post);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_CORRUPT;
        if (fault == FAULT_NONE && post->state != POST_FAILED) ++*count;
    }
    return fault;
}

enum fault hearing_revocation(struct store *store, struct MDB_txn *txn, const struct revocation *revocation,
                              int64_t wall_ms, struct arena *arena)
{
    struct post_record *posts;
    uint32_t count;
    enum fault fault = posts_of(store, txn, &revocation->keys, arena, &posts, &count);
    for (uint32_t i = 0; fault == FAULT_NONE && i < count; i++) {
        const struct post_record *post = &posts[i];
        struct hearer buyer = {.kind = NOTICE_TO_BUYER, .id = post->intent.buyer};
        struct hearer affiliate = {.kind = NOTICE_TO_AFFILIATE, .id = post->affiliate};
        struct event event = {.notice = NOTICE_LEAD_REVOKED,
                              .is_test = post->is_test,
                              .at_ms = wall_ms,
                              .lead_id = post->lead_id,
                              .reason = REASON_REVOKED};
        if (!came_before(posts, i, false)) fault = events_add(store, txn, &affiliate, &event);
        event.post_id = post->post_id;
        event.contract = post->intent.contract;
        if (fault == FAULT_NONE && !came_before(posts, i, true)) fault = events_add(store, txn, &buyer, &event);
    }
    return fault;
}

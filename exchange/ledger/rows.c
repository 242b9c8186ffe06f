/* A step is first turned into a plan: the rows as they will be, every look-up and every sum done. What is wrong with a
 * step shows here, while nothing has been touched; then the plan is written row by row.
 *
 * A test lead is written as any other is; only that no account and no sum hears of it.
 *
 * A lead has slots, one for each buyer it may be sold to at a time. Of a slot there is at most one post without a
 * verdict, and it is the latest; and never do more slots hold the lead (open, in doubt or sold) than the most exclusive
 * of their legs allows. Both are checked here, whatever the story believes. */
#include "exchange/ledger/rows.h"

#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/capping.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/due.h"
#include "exchange/ledger/hearing.h"
#include "exchange/ledger/onward.h"
#include "exchange/ledger/purchases.h"
#include "exchange/ledger/seen.h"
#include "exchange/ledger/stakes.h"
#include "exchange/ledger/waiting.h"
#include "exchange/standing/caps.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define ROW_FIGURES 4096u /* room for all of a row but its texts */
#define HOLDS (LEAD_SLOTS(POST_OPEN) | LEAD_SLOTS(POST_UNKNOWN) | LEAD_SLOTS(POST_ACCEPTED))

/* A post that the step's verdict is on. */
struct settled_post {
    struct post_record record;
    enum post_state from; /* the state it had, and when that would have ended by itself */
    int64_t resolved_ms;
    struct lead_slot *slot;
    bool is_short; /* its row was one part */
};

struct plan {
    const struct rows_work *work;
    const struct book_step *step;
    struct arena *arena;
    struct rows_refusal *refusal;
    size_t row_room; /* for any row of this step: its texts come from the step and from rows met before */
    struct lead_record lead;
    char *row;                      /* that room, for one after the other */
    bool is_new, went_on, is_short; /* no lead yet; it had a row in doubts; its row was one part */
    enum lead_state before;         /* of a lead that is not new */
    struct settled_post *settled;   /* one for each verdict */
    struct post_record *opened;     /* one for each intent */
    struct capping caps;
    struct stakes stakes;
    struct account_book money; /* of all sales; of a test there are none */
    bool is_heard;             /* by the affiliate */
    struct event heard;
};

typedef enum fault plan_part(struct store *store, struct MDB_txn *txn, struct plan *plan);

static enum fault apply_step(const struct rows_work *work);
static plan_part plan_opening, plan_lead, plan_verdicts, plan_sales, plan_intents, plan_final, plan_heard, plan_caps,
    plan_stakes;
static plan_part write_lead, write_posts, write_doubts, write_caps, write_stakes, write_sales, write_seen,
    write_learned, write_heard;
static void count(struct rows_totals *totals, const struct plan *plan);

static enum fault refuse(struct rows_refusal *refusal, const char *text)
{
    refusal->text = text;
    return FAULT_INPUT;
}

enum fault rows_refuse(const struct rows_work *work, const char *text)
{
    return refuse(work->refusal, text);
}

enum fault rows_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                      struct rows_totals *totals, struct rows_refusal *refusal)
{
    struct rows_totals moved = *totals;
    const struct rows_work work = {store, txn, entry, arena, &moved, refusal};
    enum fault fault = entry->kind == ENTRY_STEP ? apply_step(&work) : rows_apply_other(&work);
    if (fault == FAULT_NONE) fault = seen_prune(store, txn, entry->wall_ms);
    if (fault == FAULT_NONE) fault = events_prune(store, txn, entry->wall_ms);
    if (fault != FAULT_NONE) return fault;
    if (moved.entries++ == 0) moved.first_ms = entry->wall_ms;
    moved.last_ms = entry->wall_ms;
    *totals = moved;
    return FAULT_NONE;
}

static enum fault make_room(struct plan *plan)
{
    const struct book_step *step = plan->step;
    unsigned posts = step->verdicts_count + step->intents_count;
    plan->settled = arena_take(plan->arena, step->verdicts_count * sizeof *plan->settled);
    plan->opened = arena_take(plan->arena, step->intents_count * sizeof *plan->opened);
    if (!plan->settled || !plan->opened) return FAULT_MEMORY;
    enum fault fault = capping_begin(&plan->caps, plan->arena, posts);
    return fault == FAULT_NONE ? stakes_begin(&plan->stakes, plan->arena, posts) : fault;
}

static enum fault apply_step(const struct rows_work *work)
{
    static plan_part *const parts[] = {plan_opening, plan_lead,     plan_verdicts, plan_sales,   plan_intents,
                                       plan_final,   plan_heard,    plan_caps,     plan_stakes,  write_lead,
                                       write_posts,  write_doubts,  write_caps,    write_stakes, write_sales,
                                       write_seen,   write_learned, write_heard};
    struct book_step step;
    struct plan *plan = arena_zero(work->arena, 1, sizeof *plan);
    if (!plan) return FAULT_MEMORY;
    if (!book_read_step(work->entry->body, work->arena, &step)) return rows_refuse(work, "the step cannot be read");
    if (!aftersales_fit(&step)) return rows_refuse(work, "terms of a post that is not in the step");
    plan->step = &step;
    plan->work = work;
    plan->arena = work->arena;
    plan->refusal = work->refusal;
    plan->row_room = ROW_FIGURES + work->entry->body.len;
    enum fault fault = onward_check(work, &step);
    if (fault == FAULT_NONE) fault = make_room(plan);
    for (size_t i = 0; fault == FAULT_NONE && i < sizeof parts / sizeof *parts; i++)
        fault = parts[i](work->store, work->txn, plan);
    if (fault == FAULT_NONE) count(work->totals, plan);
    return fault;
}

/* --- the plan --- */

static enum fault find_lead(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_LEADS, ident_bytes(&plan->step->lead_id), plan->arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    plan->row_room += bytes.len;
    plan->is_short = bytes.len < STORE_PART_MAX;
    return book_read_lead(bytes, plan->arena, &plan->lead) ? FAULT_NONE : FAULT_CORRUPT;
}

static enum fault find_post(struct store *store, struct MDB_txn *txn, struct plan *plan, const struct ident *post_id,
                            struct settled_post *settled)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_POSTS, ident_bytes(post_id), plan->arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    plan->row_room += bytes.len;
    settled->is_short = bytes.len < STORE_PART_MAX;
    return book_read_post(bytes, plan->arena, &settled->record) ? FAULT_NONE : FAULT_CORRUPT;
}

/* FAULT_NONE if the table has no such key. */
static enum fault expect_none(struct store *store, struct MDB_txn *txn, struct plan *plan, enum book_table table,
                              struct bytes key, const char *otherwise)
{
    struct bytes unused;
    enum fault fault = store_get(store, txn, table, key, &unused);
    if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
    return fault == FAULT_NONE ? refuse(plan->refusal, otherwise) : fault;
}

/* A key that holds for a time only may be used again after it. */
static enum fault expect_free_key(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_step *step = plan->step;
    struct bytes key = {(const char *)step->opening->key.at, DIGEST_LEN}, owner;
    int64_t keep_ms = step->seen ? step->seen->key_keep_ms : 0;
    struct ident lead_id;
    struct lead_record lead;
    enum fault fault = store_get(store, txn, BOOK_KEYS, key, &owner);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (owner.len != sizeof lead_id.at) return FAULT_CORRUPT;
    memcpy(lead_id.at, owner.at, sizeof lead_id.at);
    fault = keep_ms > 0 ? rows_lead(store, txn, &lead_id, plan->arena, &lead) : FAULT_INPUT;
    if (fault == FAULT_NONE && lead.created_ms + keep_ms > step->wall_ms) fault = FAULT_INPUT;
    return fault == FAULT_INPUT ? refuse(plan->refusal, "the idempotency key has a lead already") : fault;
}

static enum fault plan_opening(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_step *step = plan->step;
    const struct book_opening *opening = step->opening;
    if (!opening) return FAULT_NONE;
    enum fault fault = find_lead(store, txn, plan);
    if (fault == FAULT_NONE) return refuse(plan->refusal, "the lead was opened before");
    if (fault != FAULT_NOT_FOUND) return fault;
    fault = FAULT_NONE;
    if (!ident_is_none(&step->ping_id))
        fault = expect_none(store, txn, plan, BOOK_PINGS, ident_bytes(&step->ping_id), "the ping has a lead already");
    const struct offer_past *past = &opening->offer.past;
    for (uint32_t i = 0; i < past->ancestors_count && fault == FAULT_NONE; i++)
        fault = expect_none(store, txn, plan, BOOK_PINGS, ident_bytes(&past->ancestors[i]),
                            "the ping whose place it took has a lead already");
    if (fault == FAULT_NONE && opening->has_key) fault = expect_free_key(store, txn, plan);
    if (fault != FAULT_NONE) return fault;
    if (opening->fields && !disclosures_know_names(store, txn, opening->fields))
        return refuse(plan->refusal, "the names of the lead's fields were never told");
    plan->is_new = true;
    plan->lead = (struct lead_record){.lead_id = step->lead_id,
                                      .ping_id = step->ping_id,
                                      .state = LEAD_POSTING,
                                      .created_ms = step->wall_ms,
                                      .affiliate = opening->affiliate,
                                      .campaign = opening->campaign,
                                      .source = opening->source,
                                      .channel = opening->channel,
                                      .ref = opening->ref,
                                      .click_id = opening->click_id,
                                      .sub_ids = opening->sub_ids,
                                      .document = opening->document,
                                      .clear_after_ms = opening->clear_after_ms,
                                      .is_one_call = opening->is_one_call,
                                      .told = ident_is_none(&step->origin) ? LEAD_TOLD_NOTHING : LEAD_TOLD_PENDING,
                                      .fields = opening->fields,
                                      .keep_ms = opening->keep_ms,
                                      .offer = opening->offer};
    return FAULT_NONE;
}

static enum fault plan_lead(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_step *step = plan->step;
    plan->before = LEAD_POSTING;
    if (!plan->is_new) {
        enum fault fault = find_lead(store, txn, plan);
        if (fault == FAULT_NOT_FOUND) return refuse(plan->refusal, "the lead was never opened");
        if (fault != FAULT_NONE) return fault;
        plan->before = plan->lead.state;
        hearing_before(&plan->lead);
        if (!ident_same(&plan->lead.ping_id, &step->ping_id)) return refuse(plan->refusal, "the lead has another ping");
        if (plan->before == LEAD_UNSOLD) return refuse(plan->refusal, "the lead is closed unsold");
        struct bytes wait;
        fault = store_get(store, txn, BOOK_DOUBTS, ident_bytes(&step->lead_id), &wait);
        if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
        plan->went_on = fault == FAULT_NONE;
    }
    plan->lead.updated_ms = step->wall_ms;
    return FAULT_NONE;
}

static bool is_test(const struct plan *plan)
{
    return plan->lead.offer.rehearsal != 0;
}

/* Posts whose bytes may have left. */
static unsigned is_sent(enum post_state state)
{
    return state != POST_OPEN && state != POST_FAILED;
}

/* Whose latest post that is; NULL: nobody's. */
static struct lead_slot *slot_of(struct lead_record *lead, const struct ident *post_id)
{
    for (unsigned i = 0; i < lead->slots_count; i++)
        if (lead->slots[i].is_used && ident_same(&lead->slots[i].post_id, post_id)) return &lead->slots[i];
    return NULL;
}

static enum fault plan_verdict(struct store *store, struct MDB_txn *txn, struct plan *plan,
                               const struct book_verdict *verdict, struct settled_post *settled)
{
    struct post_record *post = &settled->record;
    enum fault fault = find_post(store, txn, plan, &verdict->post_id, settled);
    if (fault == FAULT_NOT_FOUND) return refuse(plan->refusal, "a verdict without a post");
    if (fault != FAULT_NONE) return fault;
    struct lead_slot *slot = settled->slot = slot_of(&plan->lead, &verdict->post_id);
    if (plan->is_new || !ident_same(&post->lead_id, &plan->lead.lead_id) || !slot)
        return refuse(plan->refusal, "a verdict on a post that is not the latest of the lead's slots");
    settled->from = slot->state;
    settled->resolved_ms = post->resolves_ms;
    if (slot->state != POST_OPEN && slot->state != POST_UNKNOWN)
        return refuse(plan->refusal, "a verdict on a post that has one");
    bool is_release = verdict->state == POST_VOIDED && verdict->by == VERDICT_BY_RELEASE;
    if (verdict->state == POST_OPEN || verdict->state == slot->state)
        return refuse(plan->refusal, "a verdict that says nothing new");
    if (verdict->state == POST_VOIDED && (slot->state == POST_OPEN) != is_release)
        return refuse(plan->refusal, "an open post is voided, or a doubt released");
    post->state = verdict->state;
    post->by = verdict->by;
    post->resolves_ms = waiting_until(post, plan->step->wall_ms);
    post->reason = verdict->reason;
    post->code = verdict->code;
    post->text = verdict->text;
    post->buyer_lead_id = verdict->buyer_lead_id;
    post->named_price_micros = verdict->named_price_micros;
    post->settled_ms = plan->step->wall_ms;
    slot->posts_sent += is_sent(post->state) - is_sent(settled->from);
    slot->state = verdict->state;
    slot->resolves_ms = post->resolves_ms;
    if (verdict->state == POST_ACCEPTED) slot->buyer_lead_id = verdict->buyer_lead_id;
    return FAULT_NONE;
}

static enum fault plan_verdicts(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE; i++)
        fault = plan_verdict(store, txn, plan, &plan->step->verdicts[i], &plan->settled[i]);
    return fault;
}

/* Each accepted verdict brings one sale, to whom was posted. */
static enum fault plan_sales(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    (void)store;
    (void)txn;
    const struct book_step *step = plan->step;
    enum fault fault = FAULT_NONE;
    unsigned next = 0;
    (void)store;
    (void)txn;
    if (step->sales_count && !is_test(plan)) fault = account_begin(&plan->money, plan->work, step->sales_count);
    for (unsigned i = 0; i < step->verdicts_count && fault == FAULT_NONE; i++) {
        const struct settled_post *settled = &plan->settled[i];
        if (settled->record.state != POST_ACCEPTED) continue;
        if (next == step->sales_count) return refuse(plan->refusal, "an accepted post without a sale");
        const struct book_sale *sale = &step->sales[next];
        const struct book_intent *intent = &settled->record.intent;
        bool is_its_own = ident_same(&sale->post_id, &settled->record.post_id) &&
                          bytes_same(sale->contract, intent->contract) && bytes_same(sale->buyer, intent->buyer);
        if (!is_its_own) return refuse(plan->refusal, "a sale to another than was posted to");
        if (sale->price_micros > intent->price_micros || sale->payout_micros > intent->payout_micros)
            return refuse(plan->refusal, "a sale at more than its post said");
        next++;
        if (!is_test(plan)) fault = account_add_sale(&plan->money, sale, &plan->lead);
        if (fault == FAULT_INPUT) return refuse(plan->refusal, plan->money.why);
        settled->slot->sale = *sale;
    }
    if (fault == FAULT_NONE && next < step->sales_count)
        return refuse(plan->refusal, "a sale without an accepted post");
    return fault;
}

static enum fault plan_intent(struct store *store, struct MDB_txn *txn, struct plan *plan,
                              const struct book_intent *intent, struct post_record *opened)
{
    struct lead_record *lead = &plan->lead;
    struct lead_slot *slot = &lead->slots[intent->slot];
    if (lead->is_over && !plan->went_on) return refuse(plan->refusal, "an intent for a lead whose story is over");
    if (lead->erasure == LEAD_ERASED) return refuse(plan->refusal, "an intent for a lead that was erased");
    if (is_test(plan) && intent->keys_count) return refuse(plan->refusal, "a test that takes from a cap");
    if (slot->is_used && (HOLDS & LEAD_SLOTS(slot->state)))
        return refuse(plan->refusal, "a second open intent for one slot of a lead");
    if (!rows_has_room(lead, intent)) return refuse(plan->refusal, "more buyers at a time than a leg allows");
    struct settled_post unused;
    enum fault fault = find_post(store, txn, plan, &intent->post_id, &unused);
    if (fault == FAULT_NONE) return refuse(plan->refusal, "the post id was used before");
    if (fault != FAULT_NOT_FOUND) return fault;
    *opened = (struct post_record){.post_id = intent->post_id,
                                   .lead_id = lead->lead_id,
                                   .ping_id = lead->ping_id,
                                   .is_test = is_test(plan),
                                   .state = POST_OPEN,
                                   .affiliate = lead->affiliate,
                                   .campaign = lead->campaign,
                                   .intent = *intent,
                                   .named_price_micros = -1,
                                   .opened_ms = plan->step->wall_ms};
    slot->is_used = true;
    slot->post_id = intent->post_id;
    slot->state = POST_OPEN;
    slot->candidate = intent->candidate;
    slot->max_sold = intent->max_sold;
    slot->sale = rows_sale_to_be(intent);
    if (!money_sub(intent->price_micros, intent->payout_micros, &slot->sale.margin_micros))
        return refuse(plan->refusal, "the intent's money overflows");
    if (intent->slot >= lead->slots_count) lead->slots_count = intent->slot + 1;
    lead->planned = intent->planned;
    lead->is_over = false;
    if (intent->candidate < 64) lead->tried |= UINT64_C(1) << intent->candidate;
    return FAULT_NONE;
}

static enum fault plan_intents(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < plan->step->intents_count && fault == FAULT_NONE; i++)
        fault = plan_intent(store, txn, plan, &plan->step->intents[i], &plan->opened[i]);
    return fault;
}

/* The state follows from the slots; a story that says it was unsold or sold must not be wrong about it. One that says
 * pending may be late: an operator may have resolved its doubts meanwhile. */
static enum fault plan_final(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    (void)store;
    (void)txn;
    struct lead_record *lead = &plan->lead;
    const struct book_final *final = plan->step->final;
    enum lead_state state = lead_state_of(lead);
    bool is_open = lead_slots_in(lead, LEAD_SLOTS(POST_OPEN)) > 0;
    if (!final) {
        lead->state = state == LEAD_UNSOLD ? LEAD_POSTING : state;
        return FAULT_NONE;
    }
    bool fits = !is_open && !plan->step->intents_count && final->state != LEAD_POSTING;
    if (final->state == LEAD_POSTING) fits = final->goes_on && state == LEAD_UNSOLD;
    if (final->state == LEAD_SOLD || final->state == LEAD_UNSOLD) fits = fits && final->state == state;
    if (final->state == LEAD_PENDING) fits = fits && (state != LEAD_UNSOLD || lead->slots_count > 1);
    if (!fits) return refuse(plan->refusal, "the lead's state does not follow from its posts");
    lead->state = final->state == LEAD_POSTING ? LEAD_POSTING : state;
    lead->reason = lead->state != LEAD_UNSOLD ? REASON_NONE : final->reason ? final->reason : REASON_REJECTED;
    lead->text = lead->state == LEAD_UNSOLD ? final->text : BYTES_NONE;
    lead->is_over = !final->goes_on;
    if (lead->is_over && lead->erasure == LEAD_ERASURE_WAITS) plan->refusal->ended = lead->lead_id;
    return FAULT_NONE;
}

static enum fault plan_heard(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    (void)store;
    (void)txn;
    plan->is_heard = hearing_after(plan->step, &plan->lead, &plan->heard);
    return FAULT_NONE;
}

/* A rejection gives back what its intent holds, a doubt keeps it, a sale is counted; the next intent takes its own. */
static enum fault plan_caps(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    for (unsigned k = 0; k < plan->step->verdicts_count; k++) {
        const struct post_record *post = &plan->settled[k].record;
        for (uint8_t i = 0; i < post->intent.keys_count; i++)
            capping_add(&plan->caps, &post->intent.keys[i], book_cap_change(&post->intent.keys[i], post->state));
    }
    for (unsigned k = 0; k < plan->step->intents_count; k++) {
        const struct book_intent *intent = &plan->step->intents[k];
        for (uint8_t i = 0; i < intent->keys_count; i++)
            if (intent->keys[i].stay != CAP_COUNTED) capping_add(&plan->caps, &intent->keys[i], intent->keys[i].amount);
    }
    enum fault fault = capping_plan(store, txn, &plan->caps);
    return fault == FAULT_INPUT ? refuse(plan->refusal, "a cap would fall below zero") : fault;
}

/* The next intent holds its price, an end gives back what its own held; a doubt is none. */
static enum fault plan_stakes(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE && !is_test(plan); i++) {
        const struct settled_post *settled = &plan->settled[i];
        const struct book_intent *intent = &settled->record.intent;
        bool is_over = stakes_is_held(settled->from) && !stakes_is_held(settled->record.state);
        if (!is_over) continue;
        fault = stakes_add(store, txn, &plan->stakes, intent->buyer, -intent->price_micros);
        rows_tell_funds(plan->refusal, intent->buyer, intent->price_micros);
    }
    for (unsigned i = 0; i < plan->step->intents_count && fault == FAULT_NONE && !is_test(plan); i++) {
        const struct book_intent *intent = &plan->step->intents[i];
        fault = intent->price_micros < 0 ? FAULT_INPUT
                                         : stakes_add(store, txn, &plan->stakes, intent->buyer, intent->price_micros);
    }
    if (fault == FAULT_NONE) fault = stakes_check(&plan->stakes);
    return fault == FAULT_INPUT ? refuse(plan->refusal, "what is held of a buyer's money would not be right") : fault;
}

/* --- the plan, written --- */

static enum fault write_lead(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    plan->row = arena_take(plan->arena, plan->row_room);
    if (!plan->row) return FAULT_MEMORY;
    struct sink sink = sink_over(plan->row, plan->row_room);
    struct bytes id = ident_bytes(&plan->lead.lead_id);
    check(book_write_lead_row(&sink, &plan->lead));
    enum fault fault = store_put_parts(store, txn, BOOK_LEADS, id, sink_written(&sink), plan->is_new || plan->is_short);
    if (fault != FAULT_NONE || !plan->is_new) return fault;
    sink.len = 0;
    check(book_write_offer(&sink, &plan->lead.offer));
    fault = store_put_parts(store, txn, BOOK_OFFERS, id, sink_written(&sink), true);
    if (fault != FAULT_NONE) return fault;
    if (!ident_is_none(&plan->lead.ping_id))
        fault = store_put(store, txn, BOOK_PINGS, ident_bytes(&plan->lead.ping_id), id);
    const struct book_opening *opening = plan->step->opening;
    const struct offer_past *past = &opening->offer.past;
    for (uint32_t i = 0; i < past->ancestors_count && fault == FAULT_NONE; i++)
        fault = store_put(store, txn, BOOK_PINGS, ident_bytes(&past->ancestors[i]), id);
    if (fault == FAULT_NONE && opening->has_key)
        fault = store_put(store, txn, BOOK_KEYS, (struct bytes){(const char *)opening->key.at, DIGEST_LEN}, id);
    struct due_row end = {plan->lead.created_ms + plan->lead.keep_ms, DUE_RETENTION, plan->lead.lead_id, BYTES_NONE};
    if (fault == FAULT_NONE && plan->lead.keep_ms > 0) fault = due_put(store, txn, &end);
    return fault;
}

static enum fault write_post(struct store *store, struct MDB_txn *txn, struct plan *plan,
                             const struct post_record *post, bool is_new)
{
    struct sink sink = sink_over(plan->row, plan->row_room);
    check(book_write_post(&sink, post));
    return store_put_parts(store, txn, BOOK_POSTS, ident_bytes(&post->post_id), sink_written(&sink), is_new);
}

static enum fault write_posts(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE; i++)
        fault = write_post(store, txn, plan, &plan->settled[i].record, plan->settled[i].is_short);
    for (unsigned i = 0; i < plan->step->intents_count && fault == FAULT_NONE; i++) {
        fault = write_post(store, txn, plan, &plan->opened[i], true);
        if (fault == FAULT_NONE) fault = disclosures_post(store, txn, &plan->lead.lead_id, &plan->opened[i].post_id);
    }
    return fault;
}

static enum fault write_doubts(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_step *step = plan->step;
    bool goes_on = step->final && step->final->goes_on;
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < step->verdicts_count && fault == FAULT_NONE; i++)
        fault = waiting_settle(store, txn, &plan->settled[i].record, plan->settled[i].resolved_ms);
    for (unsigned i = 0; i < step->intents_count && fault == FAULT_NONE; i++)
        fault = waiting_open(store, txn, &step->intents[i].post_id);
    bool is_done = plan->went_on && (step->intents_count || step->final);
    if (fault == FAULT_NONE && (goes_on || is_done)) fault = waiting_lead(store, txn, &plan->lead.lead_id, goes_on);
    return fault;
}

static enum fault write_caps(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    return capping_write(store, txn, &plan->caps);
}

static enum fault write_stakes(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    return stakes_write(store, txn, &plan->stakes);
}

static enum fault write_sales(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = FAULT_NONE;
    bool has_money = plan->step->sales_count && !is_test(plan);
    if (has_money) fault = account_write(&plan->money);
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE && has_money; i++)
        fault = hearing_low(&plan->money, &plan->settled[i].record);
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE; i++)
        if (plan->settled[i].record.state == POST_ACCEPTED && !is_test(plan))
            fault = purchases_add(store, txn, &plan->settled[i].record, &plan->settled[i].slot->sale.sale_id);
    return fault == FAULT_NONE ? aftersales_step(plan->work, plan->step, plan->lead.affiliate, is_test(plan)) : fault;
}

/* Shown to people: wraps where the accounts, which are checked, would have refused long before. */
static void add(int64_t *sum_micros, int64_t micros)
{
    *sum_micros = (int64_t)((uint64_t)*sum_micros + (uint64_t)micros);
}

static enum fault write_seen(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = seen_end_key(store, txn, plan->step);
    if (fault != FAULT_NONE) return fault;
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE; i++)
        fault = seen_settle(store, txn, plan->step, &plan->step->verdicts[i]);
    for (unsigned i = 0; i < plan->step->intents_count && fault == FAULT_NONE; i++)
        fault = seen_open(store, txn, plan->step, &plan->step->intents[i], plan->lead.campaign);
    return fault;
}

static enum fault write_learned(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE; i++) {
        const struct settled_post *settled = &plan->settled[i];
        fault = learning_note(store, txn, settled->record.intent.contract, settled->from, settled->record.state,
                              plan->step->wall_ms, &plan->refusal->learning[i]);
    }
    return fault;
}

static enum fault write_heard(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    if (plan->step->is_past) return FAULT_NONE;
    enum fault fault = plan->is_heard ? hearing_write(store, txn, &plan->lead, &plan->heard) : FAULT_NONE;
    for (unsigned i = 0; i < plan->step->verdicts_count && fault == FAULT_NONE; i++)
        fault = hearing_post(store, txn, &plan->settled[i].record, plan->settled[i].slot->sale.price_micros);
    return fault;
}

static void count(struct rows_totals *totals, const struct plan *plan)
{
    const struct book_step *step = plan->step;
    enum lead_state before = plan->before, after = plan->lead.state;
    if (is_test(plan)) {
        totals->tests += plan->is_new;
        return;
    }
    totals->leads += plan->is_new;
    totals->sold += after == LEAD_SOLD && before != LEAD_SOLD;
    totals->unsold += after == LEAD_UNSOLD;
    totals->pending += after == LEAD_PENDING;
    totals->pending -= !plan->is_new && before == LEAD_PENDING;
    totals->posts += step->intents_count;
    totals->posts_open += step->intents_count;
    for (unsigned i = 0; i < step->verdicts_count; i++) {
        totals->posts_open -= plan->settled[i].from == POST_OPEN;
        totals->doubts -= plan->settled[i].from == POST_UNKNOWN;
        totals->doubts += plan->settled[i].record.state == POST_UNKNOWN;
    }
    for (unsigned i = 0; i < step->sales_count; i++) {
        add(&totals->revenue_micros, step->sales[i].price_micros);
        add(&totals->payout_micros, step->sales[i].payout_micros);
        add(&totals->margin_micros, step->sales[i].margin_micros);
    }
}

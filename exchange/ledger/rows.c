/* A step is first turned into a plan: the rows as they will be, every look-up and every sum done. What is wrong with a
 * step shows here, while nothing has been touched; then the plan is written row by row.
 *
 * A test lead is written as any other is; only that no account and no sum hears of it.
 *
 * Of a lead there is at most one post without a verdict, and it is the latest. So whether another intent may come
 * follows from the step's own verdict, or, without one, from the lead's row in "doubts". */
#include "exchange/ledger/rows.h"

#include "exchange/ledger/account.h"
#include "exchange/ledger/seen.h"
#include "exchange/standing/caps.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define ROW_FIGURES 4096u /* room for all of a row but its texts */
#define CAPS_MAX (2 * BOOK_CAP_KEYS_MAX)
#define CAP_KEY_BYTES 20u

struct cap_change {
    char key[CAP_KEY_BYTES];
    int64_t change;
    uint64_t after;
};

struct plan {
    const struct book_step *step;
    struct arena *arena;
    struct rows_refusal *refusal;
    size_t row_room; /* for any row of this step: its texts come from the step and from rows met before */
    struct lead_record lead;
    bool is_new, went_on;         /* no lead yet; it had a row in doubts */
    enum lead_state before;       /* of a lead that is not new */
    struct post_record settled;   /* with a verdict: its post */
    enum post_state settled_from; /* the state it had */
    struct post_record opened;    /* with an intent */
    struct cap_change caps[CAPS_MAX];
    unsigned caps_count;
    struct account_movement movement;
};

typedef enum fault plan_part(struct store *store, struct MDB_txn *txn, struct plan *plan);

static enum fault apply_step(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                             struct rows_totals *totals, struct rows_refusal *refusal);
static enum fault apply_switch(struct store *store, struct MDB_txn *txn, const struct entry *entry,
                               struct rows_refusal *refusal);
static enum fault apply_revocation(struct store *store, struct MDB_txn *txn, const struct entry *entry,
                                   struct rows_refusal *refusal);
static plan_part plan_opening, plan_lead, plan_verdict, plan_intent, plan_sale, plan_final, plan_caps;
static plan_part write_lead, write_posts, write_doubts, write_caps, write_sale, write_seen, write_learned;
static void count(struct rows_totals *totals, const struct plan *plan);

static enum fault refuse(struct rows_refusal *refusal, const char *text)
{
    refusal->text = text;
    return FAULT_INPUT;
}

enum fault rows_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                      struct rows_totals *totals, struct rows_refusal *refusal)
{
    struct rows_totals moved = *totals;
    struct digest version;
    uint64_t len;
    enum fault fault = FAULT_NONE;
    if (entry->kind == ENTRY_STEP) fault = apply_step(store, txn, entry, arena, &moved, refusal);
    if (entry->kind == ENTRY_SWITCH) fault = apply_switch(store, txn, entry, refusal);
    if (entry->kind == ENTRY_CATALOGUE && !rows_read_catalogue(entry->body, &version, &len))
        fault = refuse(refusal, "the record of a catalogue cannot be read");
    if (entry->kind == ENTRY_REVOCATION) fault = apply_revocation(store, txn, entry, refusal);
    if (fault == FAULT_NONE) fault = seen_prune(store, txn, entry->wall_ms);
    if (fault != FAULT_NONE) return fault;
    if (moved.entries++ == 0) moved.first_ms = entry->wall_ms;
    moved.last_ms = entry->wall_ms;
    *totals = moved;
    return FAULT_NONE;
}

static enum fault apply_step(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                             struct rows_totals *totals, struct rows_refusal *refusal)
{
    static plan_part *const parts[] = {plan_opening, plan_lead,  plan_verdict, plan_intent,  plan_sale,
                                       plan_final,   plan_caps,  write_lead,   write_posts,  write_doubts,
                                       write_caps,   write_sale, write_seen,   write_learned};
    struct book_step step;
    struct plan *plan = arena_zero(arena, 1, sizeof *plan);
    if (!plan) return FAULT_MEMORY;
    if (!book_read_step(entry->body, arena, &step)) return refuse(refusal, "the step cannot be read");
    plan->step = &step;
    plan->arena = arena;
    plan->refusal = refusal;
    plan->row_room = ROW_FIGURES + entry->body.len;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        enum fault fault = parts[i](store, txn, plan);
        if (fault != FAULT_NONE) return fault;
    }
    count(totals, plan);
    return FAULT_NONE;
}

/* --- the plan --- */

static enum fault find_lead(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_LEADS, ident_bytes(&plan->step->lead_id), plan->arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    plan->row_room += bytes.len;
    return book_read_lead(bytes, plan->arena, &plan->lead) ? FAULT_NONE : FAULT_CORRUPT;
}

static enum fault find_post(struct store *store, struct MDB_txn *txn, struct plan *plan, const struct ident *post_id,
                            struct post_record *post)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_POSTS, ident_bytes(post_id), plan->arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    plan->row_room += bytes.len;
    return book_read_post(bytes, plan->arena, post) ? FAULT_NONE : FAULT_CORRUPT;
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
                                      .is_one_call = opening->is_one_call,
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
        if (!ident_same(&plan->lead.ping_id, &step->ping_id)) return refuse(plan->refusal, "the lead has another ping");
        if (plan->before == LEAD_SOLD) return refuse(plan->refusal, "the lead is sold");
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
    return state == POST_ACCEPTED || state == POST_REJECTED || state == POST_UNKNOWN;
}

static enum fault plan_verdict(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_verdict *verdict = plan->step->verdict;
    if (!verdict) return FAULT_NONE;
    struct post_record *post = &plan->settled;
    enum fault fault = find_post(store, txn, plan, &verdict->post_id, post);
    if (fault == FAULT_NOT_FOUND) return refuse(plan->refusal, "a verdict without a post");
    if (fault != FAULT_NONE) return fault;
    if (plan->is_new || !ident_same(&post->lead_id, &plan->lead.lead_id) ||
        !ident_same(&post->post_id, &plan->lead.post_id))
        return refuse(plan->refusal, "a verdict on a post that is not the lead's latest");
    plan->settled_from = post->state;
    if (post->state != POST_OPEN && post->state != POST_UNKNOWN)
        return refuse(plan->refusal, "a verdict on a post that has one");
    if (verdict->state == POST_OPEN || verdict->state == post->state)
        return refuse(plan->refusal, "a verdict that says nothing new");
    if (verdict->state != POST_ACCEPTED && plan->step->sale)
        return refuse(plan->refusal, "a sale that was not accepted");
    post->state = verdict->state;
    post->reason = verdict->reason;
    post->code = verdict->code;
    post->text = verdict->text;
    post->buyer_lead_id = verdict->buyer_lead_id;
    post->named_price_micros = verdict->named_price_micros;
    post->settled_ms = plan->step->wall_ms;
    plan->lead.posts_sent += is_sent(post->state) - is_sent(plan->settled_from);
    if (verdict->state == POST_ACCEPTED) plan->lead.buyer_lead_id = verdict->buyer_lead_id;
    plan->lead.state = verdict->state == POST_UNKNOWN ? LEAD_PENDING : LEAD_POSTING;
    return FAULT_NONE;
}

/* No post of the lead is open or in doubt once this step's verdict is counted. */
static bool is_free(const struct plan *plan)
{
    const struct book_verdict *verdict = plan->step->verdict;
    if (verdict) return verdict->state == POST_REJECTED || verdict->state == POST_FAILED;
    return plan->is_new || plan->went_on;
}

static enum fault plan_intent(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_intent *intent = plan->step->intent;
    if (!intent) return FAULT_NONE;
    if (is_test(plan) && intent->keys_count) return refuse(plan->refusal, "a test that takes from a cap");
    if (!is_free(plan)) return refuse(plan->refusal, "a second open intent for one lead");
    struct post_record unused;
    enum fault fault = find_post(store, txn, plan, &intent->post_id, &unused);
    if (fault == FAULT_NONE) return refuse(plan->refusal, "the post id was used before");
    if (fault != FAULT_NOT_FOUND) return fault;
    plan->opened = (struct post_record){.post_id = intent->post_id,
                                        .lead_id = plan->lead.lead_id,
                                        .ping_id = plan->lead.ping_id,
                                        .is_test = is_test(plan),
                                        .state = POST_OPEN,
                                        .affiliate = plan->lead.affiliate,
                                        .campaign = plan->lead.campaign,
                                        .intent = *intent,
                                        .named_price_micros = -1,
                                        .opened_ms = plan->step->wall_ms};
    plan->lead.state = LEAD_POSTING;
    plan->lead.post_id = intent->post_id;
    if (intent->candidate < 64) plan->lead.tried |= UINT64_C(1) << intent->candidate;
    return FAULT_NONE;
}

static enum fault plan_sale(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_sale *sale = plan->step->sale;
    const struct book_verdict *verdict = plan->step->verdict;
    bool accepted = verdict && verdict->state == POST_ACCEPTED;
    if (!sale) return accepted ? refuse(plan->refusal, "an accepted post without a sale") : FAULT_NONE;
    if (!accepted) return refuse(plan->refusal, "a sale without an accepted post");
    const struct book_intent *intent = &plan->settled.intent;
    if (plan->step->intent) return refuse(plan->refusal, "an intent for a lead that is sold");
    if (!bytes_same(sale->contract, intent->contract) || !bytes_same(sale->buyer, intent->buyer))
        return refuse(plan->refusal, "a sale to another than was posted to");
    if (sale->price_micros > intent->price_micros || sale->payout_micros > intent->payout_micros)
        return refuse(plan->refusal, "a sale at more than its post said");
    enum fault fault = account_of_sale(store, txn, sale, plan->lead.affiliate, &plan->movement);
    if (fault == FAULT_INPUT) return refuse(plan->refusal, "the sale's money does not balance or overflows");
    if (is_test(plan)) plan->movement.count = 0;
    plan->lead.has_sale = true;
    plan->lead.sale = *sale;
    plan->lead.state = LEAD_SOLD;
    return fault;
}

static enum fault plan_final(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    (void)store;
    (void)txn;
    const struct book_step *step = plan->step;
    const struct book_final *final = step->final;
    if (!final) return step->sale ? refuse(plan->refusal, "a sale that does not close its lead") : FAULT_NONE;
    bool fits[LEAD_STATE_COUNT] = {
        [LEAD_SOLD] = step->sale != NULL,
        [LEAD_PENDING] = !step->sale && !step->intent && !is_free(plan),
        [LEAD_UNSOLD] = !step->sale && !step->intent && is_free(plan),
        [LEAD_POSTING] = !step->sale && is_free(plan),
    };
    if (!fits[final->state]) return refuse(plan->refusal, "the lead's state does not follow from its posts");
    plan->lead.state = final->state;
    plan->lead.reason = final->reason;
    plan->lead.text = final->text;
    return FAULT_NONE;
}

static struct cap_change *cap_change_of(struct plan *plan, const struct book_cap_key *key)
{
    char at[CAP_KEY_BYTES];
    memcpy(at, key->id, sizeof key->id);
    store_key_u32(at + sizeof key->id, key->window);
    for (unsigned i = 0; i < plan->caps_count; i++)
        if (memcmp(plan->caps[i].key, at, sizeof at) == 0) return &plan->caps[i];
    struct cap_change *change = &plan->caps[plan->caps_count++];
    memcpy(change->key, at, sizeof at);
    return change;
}

/* A rejection gives back what its intent holds, a doubt keeps it, a sale is counted; the next intent takes its own. */
static enum fault plan_caps(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_verdict *verdict = plan->step->verdict;
    const struct book_intent *settled = verdict ? &plan->settled.intent : NULL, *taken = plan->step->intent;
    for (uint8_t i = 0; settled && i < settled->keys_count; i++) {
        int64_t change = book_cap_change(&settled->keys[i], verdict->state);
        if (change) cap_change_of(plan, &settled->keys[i])->change += change;
    }
    for (uint8_t i = 0; taken && i < taken->keys_count; i++)
        if (taken->keys[i].stay != CAP_COUNTED) cap_change_of(plan, &taken->keys[i])->change += taken->keys[i].amount;
    for (unsigned i = 0; i < plan->caps_count; i++) {
        struct cap_change *change = &plan->caps[i];
        struct bytes value;
        int64_t before = 0, after;
        enum fault fault = store_get(store, txn, BOOK_CAPS, (struct bytes){change->key, CAP_KEY_BYTES}, &value);
        if (fault == FAULT_NONE && value.len != 8) return FAULT_CORRUPT;
        if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
        if (fault == FAULT_NONE) before = (int64_t)store_read_value_u64(value.at);
        if (!money_add(before, change->change, &after) || after < 0)
            return refuse(plan->refusal, "a cap would fall below zero");
        change->after = (uint64_t)after;
    }
    return FAULT_NONE;
}

/* --- the plan, written --- */

static enum fault write_lead(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    struct sink sink = sink_over(arena_take(plan->arena, plan->row_room), plan->row_room);
    struct bytes id = ident_bytes(&plan->lead.lead_id);
    if (!sink.at) return FAULT_MEMORY;
    check(book_write_lead(&sink, &plan->lead));
    enum fault fault = store_put_parts(store, txn, BOOK_LEADS, id, sink_written(&sink), plan->is_new);
    if (fault != FAULT_NONE || !plan->is_new) return fault;
    if (!ident_is_none(&plan->lead.ping_id))
        fault = store_put(store, txn, BOOK_PINGS, ident_bytes(&plan->lead.ping_id), id);
    const struct book_opening *opening = plan->step->opening;
    const struct offer_past *past = &opening->offer.past;
    for (uint32_t i = 0; i < past->ancestors_count && fault == FAULT_NONE; i++)
        fault = store_put(store, txn, BOOK_PINGS, ident_bytes(&past->ancestors[i]), id);
    if (fault == FAULT_NONE && opening->has_key)
        fault = store_put(store, txn, BOOK_KEYS, (struct bytes){(const char *)opening->key.at, DIGEST_LEN}, id);
    return fault;
}

static enum fault write_post(struct store *store, struct MDB_txn *txn, struct plan *plan,
                             const struct post_record *post, bool is_new)
{
    struct sink sink = sink_over(arena_take(plan->arena, plan->row_room), plan->row_room);
    if (!sink.at) return FAULT_MEMORY;
    check(book_write_post(&sink, post));
    return store_put_parts(store, txn, BOOK_POSTS, ident_bytes(&post->post_id), sink_written(&sink), is_new);
}

static enum fault write_posts(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = FAULT_NONE;
    if (plan->step->verdict) fault = write_post(store, txn, plan, &plan->settled, false);
    if (fault == FAULT_NONE && plan->step->intent) fault = write_post(store, txn, plan, &plan->opened, true);
    return fault;
}

static enum fault put_wait(struct store *store, struct MDB_txn *txn, const struct ident *id, enum rows_wait wait)
{
    char value = (char)wait;
    return store_put(store, txn, BOOK_DOUBTS, ident_bytes(id), (struct bytes){&value, 1});
}

static enum fault write_doubts(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_step *step = plan->step;
    bool goes_on = plan->lead.state == LEAD_POSTING && !step->intent && is_free(plan);
    enum fault fault = FAULT_NONE;
    if (step->verdict && step->verdict->state == POST_UNKNOWN)
        fault = put_wait(store, txn, &step->verdict->post_id, ROWS_DOUBT);
    else if (step->verdict)
        fault = store_drop(store, txn, BOOK_DOUBTS, ident_bytes(&step->verdict->post_id));
    if (fault == FAULT_NONE && step->intent) fault = put_wait(store, txn, &step->intent->post_id, ROWS_OPEN);
    if (fault == FAULT_NONE && goes_on)
        fault = put_wait(store, txn, &plan->lead.lead_id, ROWS_GOES_ON);
    else if (fault == FAULT_NONE && plan->went_on)
        fault = store_drop(store, txn, BOOK_DOUBTS, ident_bytes(&plan->lead.lead_id));
    return fault;
}

static enum fault write_caps(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    for (unsigned i = 0; i < plan->caps_count; i++) {
        char value[8];
        store_value_u64(value, plan->caps[i].after);
        enum fault fault = store_put(store, txn, BOOK_CAPS, (struct bytes){plan->caps[i].key, CAP_KEY_BYTES},
                                     (struct bytes){value, sizeof value});
        if (fault != FAULT_NONE) return fault;
    }
    return FAULT_NONE;
}

static enum fault write_sale(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    return plan->step->sale ? account_write(store, txn, &plan->movement) : FAULT_NONE;
}

static enum fault write_seen(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    enum fault fault = seen_end_key(store, txn, plan->step);
    if (fault != FAULT_NONE) return fault;
    return seen_apply(store, txn, plan->step, plan->lead.campaign, plan->settled.intent.contract);
}

static enum fault write_learned(struct store *store, struct MDB_txn *txn, struct plan *plan)
{
    const struct book_verdict *verdict = plan->step->verdict;
    if (!verdict) return FAULT_NONE;
    return learning_note(store, txn, plan->settled.intent.contract, plan->settled_from, verdict->state,
                         plan->step->wall_ms, &plan->refusal->learning);
}

static void count(struct rows_totals *totals, const struct plan *plan)
{
    const struct book_step *step = plan->step;
    if (is_test(plan)) {
        totals->tests += plan->is_new;
        return;
    }
    totals->leads += plan->is_new;
    totals->sold += plan->lead.state == LEAD_SOLD;
    totals->unsold += plan->lead.state == LEAD_UNSOLD;
    totals->pending += plan->lead.state == LEAD_PENDING;
    totals->pending -= !plan->is_new && plan->before == LEAD_PENDING;
    totals->posts += step->intent != NULL;
    totals->posts_open += step->intent != NULL;
    if (step->verdict) {
        totals->posts_open -= plan->settled_from == POST_OPEN;
        totals->doubts -= plan->settled_from == POST_UNKNOWN;
        totals->doubts += step->verdict->state == POST_UNKNOWN;
    }
    if (!step->sale) return;
    /* Shown to people: wraps where the accounts, which are checked, would have refused long before. */
    totals->revenue_micros = (int64_t)((uint64_t)totals->revenue_micros + (uint64_t)step->sale->price_micros);
    totals->payout_micros = (int64_t)((uint64_t)totals->payout_micros + (uint64_t)step->sale->payout_micros);
    totals->margin_micros = (int64_t)((uint64_t)totals->margin_micros + (uint64_t)step->sale->margin_micros);
}

/* --- switches, revocations and catalogues --- */

bool rows_write_switch(struct sink *sink, struct bytes contract, bool paused)
{
    sink_char(sink, paused ? 1 : 0);
    sink_bytes(sink, contract);
    return !sink->cut;
}

static enum fault apply_switch(struct store *store, struct MDB_txn *txn, const struct entry *entry,
                               struct rows_refusal *refusal)
{
    if (entry->body.len < 2 || (unsigned char)entry->body.at[0] > 1 || entry->body.len - 1 > STORE_KEY_MAX)
        return refuse(refusal, "the record of a switch cannot be read");
    struct bytes contract = bytes_from(entry->body, 1);
    if (entry->body.at[0] == 0) return store_drop(store, txn, BOOK_SWITCHES, contract);
    char value[8];
    store_value_u64(value, (uint64_t)entry->wall_ms);
    return store_put(store, txn, BOOK_SWITCHES, contract, (struct bytes){value, sizeof value});
}

static enum fault apply_revocation(struct store *store, struct MDB_txn *txn, const struct entry *entry,
                                   struct rows_refusal *refusal)
{
    struct revocation revocation;
    if (!revocation_read(entry->body, &revocation)) return refuse(refusal, "the record of a revocation cannot be read");
    return seen_revoke(store, txn, &revocation.keys, entry->wall_ms);
}

bool rows_write_catalogue(struct sink *sink, const struct digest *version, uint64_t len)
{
    char number[8];
    store_value_u64(number, len);
    sink_bytes(sink, (struct bytes){(const char *)version->at, DIGEST_LEN});
    sink_bytes(sink, (struct bytes){number, sizeof number});
    return !sink->cut;
}

bool rows_read_catalogue(struct bytes body, struct digest *version, uint64_t *len)
{
    if (body.len != DIGEST_LEN + 8) return false;
    memcpy(version->at, body.at, DIGEST_LEN);
    *len = store_read_value_u64(body.at + DIGEST_LEN);
    return true;
}

/* --- rows by id, totals --- */

enum fault rows_lead(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, struct arena *arena,
                     struct lead_record *lead)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_LEADS, ident_bytes(lead_id), arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    return book_read_lead(bytes, arena, lead) ? FAULT_NONE : FAULT_CORRUPT;
}

enum fault rows_post(struct store *store, struct MDB_txn *txn, const struct ident *post_id, struct arena *arena,
                     struct post_record *post)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_POSTS, ident_bytes(post_id), arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    return book_read_post(bytes, arena, post) ? FAULT_NONE : FAULT_CORRUPT;
}

#define TOTALS_COUNT 14
#define TOTALS_LEAST 13 /* in a book from before there were tests */

static void totals_words(struct rows_totals *totals, uint64_t *words[TOTALS_COUNT])
{
    uint64_t *list[TOTALS_COUNT] = {&totals->entries,
                                    &totals->leads,
                                    &totals->sold,
                                    &totals->unsold,
                                    &totals->pending,
                                    &totals->posts,
                                    &totals->doubts,
                                    &totals->posts_open,
                                    (uint64_t *)&totals->revenue_micros,
                                    (uint64_t *)&totals->payout_micros,
                                    (uint64_t *)&totals->margin_micros,
                                    (uint64_t *)&totals->first_ms,
                                    (uint64_t *)&totals->last_ms,
                                    &totals->tests};
    memcpy(words, list, sizeof list);
}

enum fault rows_read_totals(struct store *store, struct MDB_txn *txn, struct rows_totals *totals)
{
    struct bytes value;
    uint64_t *words[TOTALS_COUNT];
    *totals = (struct rows_totals){0};
    enum fault fault = store_get(store, txn, BOOK_TOTALS, BYTES("totals"), &value);
    if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
    if (fault != FAULT_NONE) return fault;
    if (value.len != 8 * TOTALS_COUNT && value.len != 8 * TOTALS_LEAST) return FAULT_CORRUPT;
    totals_words(totals, words);
    for (unsigned i = 0; i < value.len / 8; i++) *words[i] = store_read_value_u64(value.at + 8 * i);
    return FAULT_NONE;
}

enum fault rows_write_totals(struct store *store, struct MDB_txn *txn, const struct rows_totals *totals)
{
    struct rows_totals copy = *totals;
    uint64_t *words[TOTALS_COUNT];
    char value[8 * TOTALS_COUNT];
    totals_words(&copy, words);
    for (unsigned i = 0; i < TOTALS_COUNT; i++) store_value_u64(value + 8 * i, *words[i]);
    return store_put(store, txn, BOOK_TOTALS, BYTES("totals"), (struct bytes){value, sizeof value});
}

/* The rows of an approval are worked out before the first of them is written: the money's legs may refuse, and so may a
 * cap. */
#include "exchange/ledger/reversals.h"

#include "exchange/ledger/account.h"
#include "exchange/ledger/capping.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/events.h"
#include "exchange/ledger/learning.h"
#include "exchange/ledger/onward.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define ROW_ROOM 4096u /* of a return, with all its texts */
#define LIST_KEY_MAX 128u
#define ROW_GROWTH 256u

/* One approval in the making. */
struct reversal {
    const struct rows_work *work;
    struct aftersales_sale found;
    struct sale_record before;
    struct book_return asked;
    struct account_book money;
    struct capping capping;
    bool is_whole; /* nothing is left of the sale then */
};

/* --- looking up --- */

enum fault reversals_one(struct store *store, struct MDB_txn *txn, const struct ident *return_id, struct arena *arena,
                         struct book_return *asked)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_RETURNS, ident_bytes(return_id), arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    return aftersale_read_return(bytes, asked) ? FAULT_NONE : FAULT_CORRUPT;
}

static int64_t left_of(const struct sale_record *sale)
{
    return sale->sold.price_micros + sale->added.price_micros -
           sale->returned.price_micros; /* sums that were checked */
}

enum fault reversals_left(struct store *store, struct MDB_txn *txn, const struct ident *sale_id, int64_t pending_micros,
                          struct arena *arena, int64_t *left_micros)
{
    struct sale_record sale;
    enum fault fault = account_sale(store, txn, sale_id, arena, &sale);
    if (fault == FAULT_NONE) *left_micros = left_of(&sale) - pending_micros;
    return fault;
}

static struct bytes list_key(char room[LIST_KEY_MAX], struct bytes buyer, enum return_status status,
                             const struct ident *return_id)
{
    struct sink sink = sink_over(room, LIST_KEY_MAX);
    sink_char(&sink, buyer.len ? 'b' : 's');
    if (buyer.len)
        sink_bytes(&sink, buyer);
    else
        sink_char(&sink, (char)status);
    if (buyer.len) sink_char(&sink, '\0');
    sink_bytes(&sink, ident_bytes(return_id));
    check(!sink.cut, "%zu bytes", buyer.len);
    return sink_written(&sink);
}

enum fault reversals_list(struct store *store, struct MDB_txn *txn, struct bytes buyer, enum return_status status,
                          const struct ident *after, struct arena *arena, struct book_return *list, uint32_t max,
                          uint32_t *count)
{
    char room[LIST_KEY_MAX];
    struct store_cursor cursor;
    struct ident id = IDENT_NONE;
    struct bytes from = list_key(room, buyer, status, after), head = bytes_first(from, from.len - sizeof id.at);
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_RETURN_LISTS, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, from); fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        if (!bytes_starts(cursor.key, head) || cursor.key.len != from.len) break;
        memcpy(id.at, bytes_from(cursor.key, head.len).at, sizeof id.at);
        if (ident_same(&id, after)) continue;
        fault = reversals_one(store, txn, &id, arena, &list[*count]);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_CORRUPT;
        if (fault != FAULT_NONE) break;
        ++*count;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static struct bytes lead_key(char room[LIST_KEY_MAX], const struct ident *lead_id, const struct ident *return_id)
{
    struct sink sink = sink_over(room, LIST_KEY_MAX);
    sink_char(&sink, 'l');
    sink_bytes(&sink, ident_bytes(lead_id));
    sink_bytes(&sink, ident_bytes(return_id));
    return sink_written(&sink);
}

enum fault reversals_next(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                          struct ident *return_id)
{
    char room[LIST_KEY_MAX];
    struct store_cursor cursor;
    struct bytes from = lead_key(room, lead_id, return_id);
    enum fault fault = store_cursor_open(store, txn, BOOK_RETURN_LISTS, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, from);
    if (fault == FAULT_NONE && bytes_same(cursor.key, from)) fault = store_next(&cursor);
    bool is_there = fault == FAULT_NONE && cursor.key.len == from.len &&
                    bytes_starts(cursor.key, bytes_first(from, from.len - sizeof return_id->at));
    if (is_there)
        memcpy(return_id->at, bytes_from(cursor.key, from.len - sizeof return_id->at).at, sizeof return_id->at);
    store_cursor_close(&cursor);
    return fault == FAULT_NONE && !is_there ? FAULT_NOT_FOUND : fault;
}

/* --- working out --- */

static enum fault find(struct reversal *reversal, const struct ident *post_id)
{
    const struct rows_work *work = reversal->work;
    enum fault fault = aftersales_find(work->store, work->txn, post_id, work->arena, &reversal->found);
    if (fault == FAULT_NOT_FOUND) return rows_refuse(work, "a return of a post that never was");
    if (fault != FAULT_NONE) return fault;
    const struct lead_slot *slot = reversal->found.slot;
    if (!slot || reversal->found.post.state != POST_ACCEPTED)
        return rows_refuse(work, "a return of what is not sold, or not any more");
    fault = account_sale(work->store, work->txn, &slot->sale.sale_id, work->arena, &reversal->before);
    return fault == FAULT_NOT_FOUND ? rows_refuse(work, "a return of a sale without money") : fault;
}

/* Room under caps that say so, of a sale that is wholly returned. */
static enum fault plan_caps(struct reversal *reversal)
{
    const struct book_intent *intent = &reversal->found.post.intent;
    uint32_t gives_back = reversal->is_whole ? reversal->found.record.terms.gives_back : 0;
    struct rows_refusal *told = reversal->work->refusal;
    enum fault fault = capping_begin(&reversal->capping, reversal->work->arena, 1);
    if (fault != FAULT_NONE) return fault;
    for (unsigned i = 0; i < intent->keys_count; i++) {
        if (!(gives_back >> i & 1)) continue;
        capping_add(&reversal->capping, &intent->keys[i], -(int64_t)intent->keys[i].amount);
        told->given_back[told->given_back_count++] = intent->keys[i];
    }
    fault = capping_plan(reversal->work->store, reversal->work->txn, &reversal->capping);
    return fault == FAULT_INPUT ? rows_refuse(reversal->work, "a cap would fall below zero") : fault;
}

static enum fault plan_approval(struct reversal *reversal)
{
    const struct rows_work *work = reversal->work;
    const struct book_return *asked = &reversal->asked;
    char id[IDENT_TEXT + 1];
    struct account_return back = {.sale_id = asked->sale_id,
                                  .house_pays = asked->by_house,
                                  .price_micros = asked->amount_micros,
                                  .effective_ms = work->entry->wall_ms,
                                  .ref = arena_copy(work->arena, bytes_of(ident_text(&asked->return_id, id))),
                                  .note = asked->reason_code};
    if (!back.ref.at) return FAULT_MEMORY;
    reversal->is_whole = asked->amount_micros == left_of(&reversal->before);
    enum fault fault = account_begin(&reversal->money, work, 1);
    if (fault == FAULT_NONE) fault = account_add_return(&reversal->money, &back);
    if (fault == FAULT_INPUT) return rows_refuse(work, reversal->money.why);
    return fault == FAULT_NONE ? plan_caps(reversal) : fault;
}

/* --- writing --- */

static enum fault put_return(const struct reversal *reversal, bool is_new)
{
    const struct rows_work *work = reversal->work;
    const struct book_return *asked = &reversal->asked;
    struct sink sink = sink_over(arena_take(work->arena, ROW_ROOM), ROW_ROOM);
    char room[LIST_KEY_MAX];
    if (!sink.at) return FAULT_MEMORY;
    check(aftersale_write_return(&sink, asked));
    enum fault fault = store_put_parts(work->store, work->txn, BOOK_RETURNS, ident_bytes(&asked->return_id),
                                       sink_written(&sink), is_new);
    if (fault == FAULT_NONE && is_new)
        fault = store_put(work->store, work->txn, BOOK_RETURN_LISTS,
                          list_key(room, asked->buyer, asked->status, &asked->return_id), BYTES_NONE);
    if (fault == FAULT_NONE && is_new)
        fault = store_put(work->store, work->txn, BOOK_RETURN_LISTS, lead_key(room, &asked->lead_id, &asked->return_id),
                          BYTES_NONE);
    if (fault != FAULT_NONE) return fault;
    return store_put(work->store, work->txn, BOOK_RETURN_LISTS,
                     list_key(room, BYTES_NONE, asked->status, &asked->return_id), BYTES_NONE);
}

/* Room for a row that is to be written anew: it hardly grows. */
static enum fault open_row(const struct rows_work *work, enum book_table table, const struct ident *id,
                           struct sink *sink)
{
    struct bytes before;
    enum fault fault = store_get_parts(work->store, work->txn, table, ident_bytes(id), work->arena, &before);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    size_t room = before.len + ROW_GROWTH;
    *sink = sink_over(arena_take(work->arena, room), room);
    return sink->at ? FAULT_NONE : FAULT_MEMORY;
}

static enum fault put_states(struct reversal *reversal)
{
    const struct rows_work *work = reversal->work;
    struct post_record *post = &reversal->found.post;
    struct lead_record *lead = &reversal->found.lead;
    post->state = reversal->found.slot->state = POST_RETURNED;
    lead->updated_ms = work->entry->wall_ms;
    lead->state = lead_state_of(lead) == LEAD_UNSOLD ? lead->state : lead_state_of(lead);
    if (lead->state == LEAD_RETURNED) lead->reason = REASON_RETURNED;
    struct sink sink;
    enum fault fault = open_row(work, BOOK_POSTS, &post->post_id, &sink);
    if (fault != FAULT_NONE) return fault;
    check(book_write_post(&sink, post));
    fault = store_put_parts(work->store, work->txn, BOOK_POSTS, ident_bytes(&post->post_id), sink_written(&sink),
                            false);
    if (fault == FAULT_NONE) fault = open_row(work, BOOK_LEADS, &lead->lead_id, &sink);
    if (fault != FAULT_NONE) return fault;
    check(book_write_lead_row(&sink, lead));
    return store_put_parts(work->store, work->txn, BOOK_LEADS, ident_bytes(&lead->lead_id), sink_written(&sink), false);
}

/* What the affiliate gets for the lead now, all its sales together. */
static enum fault pays_now(const struct reversal *reversal, int64_t *micros)
{
    const struct rows_work *work = reversal->work;
    const struct lead_record *lead = &reversal->found.lead;
    enum fault fault = FAULT_NONE;
    *micros = 0;
    for (unsigned i = 0; i < lead->slots_count && fault == FAULT_NONE; i++) {
        const struct lead_slot *slot = &lead->slots[i];
        struct sale_record sale;
        if (!slot->is_used || (slot->state != POST_ACCEPTED && slot->state != POST_RETURNED)) continue;
        fault = account_sale(work->store, work->txn, &slot->sale.sale_id, work->arena, &sale);
        if (fault == FAULT_NONE)
            *micros += sale.sold.payout_micros + sale.added.payout_micros - sale.returned.payout_micros +
                       sale.lost_micros;
    }
    return fault;
}

static enum fault tell(const struct reversal *reversal)
{
    const struct rows_work *work = reversal->work;
    const struct book_return *asked = &reversal->asked;
    struct hearer affiliate = {.kind = NOTICE_TO_AFFILIATE, .id = asked->affiliate};
    struct hearer buyer = {.kind = NOTICE_TO_BUYER, .id = asked->buyer};
    struct event event = {.notice = NOTICE_LEAD_RETURNED,
                          .at_ms = work->entry->wall_ms,
                          .lead_id = asked->lead_id,
                          .post_id = asked->sale_id,
                          .about = asked->return_id,
                          .state = reversal->found.lead.state,
                          .reason = REASON_RETURNED};
    enum fault fault = pays_now(reversal, &event.amount_micros);
    if (fault == FAULT_NONE) fault = events_add(work->store, work->txn, &affiliate, &event);
    event.post_id = asked->post_id;
    event.contract = asked->contract;
    event.amount_micros = asked->amount_micros;
    return fault == FAULT_NONE ? events_add(work->store, work->txn, &buyer, &event) : fault;
}

static enum fault write_approval(struct reversal *reversal)
{
    const struct rows_work *work = reversal->work;
    struct aftersale_record *record = &reversal->found.record;
    enum fault fault = account_write(&reversal->money);
    if (fault == FAULT_NONE && reversal->is_whole) fault = put_states(reversal);
    if (fault == FAULT_NONE && reversal->is_whole) fault = aftersales_end_waiting(work, record);
    if (fault == FAULT_NONE && reversal->is_whole && reversal->found.lead.state == LEAD_RETURNED)
        fault = onward_offer(work, &reversal->asked.lead_id, reversal->asked.onward_until_ms);
    if (fault == FAULT_NONE) fault = capping_write(work->store, work->txn, &reversal->capping);
    bool unlearns = record->has_terms && !record->is_bad;
    record->is_bad = true;
    if (fault == FAULT_NONE && unlearns) {
        fault = learning_take_back(work->store, work->txn, reversal->asked.contract, reversal->before.booked_ms,
                                   work->entry->wall_ms, &work->refusal->kept[0]);
    }
    return fault == FAULT_NONE ? tell(reversal) : fault;
}

/* --- the entries --- */

static bool is_of_sale(const struct reversal *reversal, const struct book_return *asked)
{
    const struct post_record *post = &reversal->found.post;
    return bytes_same(asked->buyer, post->intent.buyer) && bytes_same(asked->contract, post->intent.contract) &&
           bytes_same(asked->affiliate, post->affiliate) && bytes_same(asked->campaign, post->campaign) &&
           ident_same(&asked->lead_id, &post->lead_id) &&
           ident_same(&asked->sale_id, &reversal->found.slot->sale.sale_id);
}

static enum fault write_asked(struct reversal *reversal)
{
    const struct rows_work *work = reversal->work;
    struct book_return *asked = &reversal->asked;
    struct aftersale_record *record = &reversal->found.record;
    bool is_first = record->returns == 0 && record->terms.counts;
    enum fault fault = FAULT_NONE;
    record->returns++;
    if (asked->status == RETURN_REQUESTED) record->pending_micros += asked->amount_micros;
    if (asked->status == RETURN_APPROVED) fault = write_approval(reversal);
    if (fault == FAULT_NONE && is_first)
        fault = aftersales_count(work, asked->contract, asked->affiliate, reversal->before.period, 0, 1);
    if (fault == FAULT_NONE) fault = aftersales_put(work->store, work->txn, record);
    if (fault == FAULT_NONE) fault = put_return(reversal, true);
    bool waits = asked->status == RETURN_REQUESTED && asked->accept_at_ms > 0;
    if (fault != FAULT_NONE || !waits) return fault;
    return due_put(work->store, work->txn,
                   &(struct due_row){.at_ms = asked->accept_at_ms, .kind = DUE_RETURN, .id = asked->return_id});
}

enum fault reversals_ask(const struct rows_work *work)
{
    struct book_return unused;
    struct reversal *reversal = arena_zero(work->arena, 1, sizeof *reversal);
    if (!reversal) return FAULT_MEMORY;
    struct book_return *asked = &reversal->asked;
    reversal->work = work;
    bool is_read = aftersale_read_return(work->entry->body, asked) && asked->status != RETURN_DENIED;
    if (!is_read || asked->amount_micros <= 0 || asked->buyer.len == 0)
        return rows_refuse(work, "the return cannot be read");
    enum fault fault = reversals_one(work->store, work->txn, &asked->return_id, work->arena, &unused);
    if (fault == FAULT_NONE) return rows_refuse(work, "the return id was used before");
    if (fault != FAULT_NOT_FOUND) return fault;
    fault = find(reversal, &asked->post_id);
    if (fault != FAULT_NONE) return fault;
    if (!is_of_sale(reversal, asked)) return rows_refuse(work, "a return of another sale than its post's");
    int64_t left_micros = left_of(&reversal->before) - reversal->found.record.pending_micros;
    if (asked->amount_micros > left_micros) return rows_refuse(work, "more is returned than is left of the sale");
    if (asked->status == RETURN_APPROVED) fault = plan_approval(reversal);
    return fault == FAULT_NONE ? write_asked(reversal) : fault;
}

static enum fault write_judged(struct reversal *reversal)
{
    const struct rows_work *work = reversal->work;
    struct book_return *asked = &reversal->asked;
    struct aftersale_record *record = &reversal->found.record;
    char room[LIST_KEY_MAX];
    struct bytes listed = list_key(room, BYTES_NONE, RETURN_REQUESTED, &asked->return_id);
    enum fault fault = store_drop(work->store, work->txn, BOOK_RETURN_LISTS, listed);
    record->pending_micros -= asked->amount_micros;
    if (fault == FAULT_NONE && asked->accept_at_ms)
        fault = due_drop(work->store, work->txn, asked->accept_at_ms, DUE_RETURN, &asked->return_id);
    if (fault == FAULT_NONE && asked->status == RETURN_APPROVED) fault = write_approval(reversal);
    if (asked->status == RETURN_DENIED) record->returns--;
    if (fault == FAULT_NONE && asked->status == RETURN_DENIED && record->returns == 0 && record->terms.counts)
        fault = aftersales_count(work, asked->contract, asked->affiliate, reversal->before.period, 0, -1);
    if (fault == FAULT_NONE) fault = aftersales_put(work->store, work->txn, record);
    return fault == FAULT_NONE ? put_return(reversal, false) : fault;
}

enum fault reversals_judge(const struct rows_work *work)
{
    struct book_judgement judgement;
    struct reversal *reversal = arena_zero(work->arena, 1, sizeof *reversal);
    if (!reversal) return FAULT_MEMORY;
    struct book_return *asked = &reversal->asked;
    reversal->work = work;
    if (!aftersale_read_judgement(work->entry->body, &judgement))
        return rows_refuse(work, "the judgement cannot be read");
    enum fault fault = reversals_one(work->store, work->txn, &judgement.return_id, work->arena, asked);
    if (fault == FAULT_NOT_FOUND) return rows_refuse(work, "a judgement of a return that never was");
    if (fault != FAULT_NONE) return fault;
    if (asked->status != RETURN_REQUESTED) return rows_refuse(work, "the return was judged before");
    fault = find(reversal, &asked->post_id);
    if (fault != FAULT_NONE) return fault;
    asked->status = judgement.status;
    asked->judge = judgement.judge;
    asked->note = judgement.note;
    asked->judged_ms = work->entry->wall_ms;
    if (asked->status == RETURN_APPROVED) fault = plan_approval(reversal);
    return fault == FAULT_NONE ? write_judged(reversal) : fault;
}

enum fault reversals_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row, int64_t wall_ms)
{
    char body[64];
    struct sink sink = sink_over(body, sizeof body);
    struct book_judgement judgement = {.return_id = row->id, .status = RETURN_APPROVED, .judge = RETURN_BY_TIME};
    check(aftersale_write_judgement(&sink, &judgement));
    return writer_entry(ledger, txn, ENTRY_JUDGEMENT, wall_ms, sink_written(&sink), &row->id);
}

bool reversals_touches(const struct entry *entry, enum book_table table, struct bytes key)
{
    struct book_return asked;
    struct book_judgement judgement;
    struct ident id;
    if (entry->kind == ENTRY_RETURN && aftersale_read_return(entry->body, &asked))
        id = asked.return_id;
    else if (entry->kind == ENTRY_JUDGEMENT && aftersale_read_judgement(entry->body, &judgement))
        id = judgement.return_id;
    else
        return false;
    if (table == BOOK_RETURNS) return bytes_starts(key, ident_bytes(&id));
    if (table == BOOK_RETURN_LISTS)
        return key.len > sizeof id.at && bytes_same(bytes_from(key, key.len - sizeof id.at), ident_bytes(&id));
    return table == BOOK_AFTERSALES && entry->kind == ENTRY_RETURN && bytes_same(key, ident_bytes(&asked.post_id));
}

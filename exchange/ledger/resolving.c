/* How a doubt ends: somebody says what became of the post, or its time is over. Each end is a step of the journal like
 * a story's own; what the post held stays held until that is on disk.
 *
 * A post that was given up without its buyer's word may still be told to have been accepted. That is written down and
 * changes nothing else. */
#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/waiting.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define STEP_ROOM 4096u

/* What is to become of a post in doubt. */
struct ending {
    const struct post_record *post;
    const struct lead_record *lead;
    struct book_verdict verdict;
    struct book_sale sale;
    int64_t wall_ms;
    bool goes_on;
};

/* Whether the refused slot may fall back: the offer's longest term runs, and no story is at this lead already (it would
 * not know of this one, and both might ask the same buyer). What was voided is offered to nobody else: its buyer may
 * have it. */
static enum fault may_go_on(struct ledger *ledger, struct MDB_txn *txn, struct ending *ending)
{
    const struct lead_record *lead = ending->lead;
    struct bytes unused;
    if (ending->verdict.state != POST_REJECTED || lead->offer.expires_ms <= ending->wall_ms) return FAULT_NONE;
    if (lead->erasure != LEAD_KEPT) return FAULT_NONE;
    if (!lead->is_over || lead_slots_in(lead, LEAD_SLOTS(POST_OPEN))) return FAULT_NONE;
    enum fault fault = store_get(ledger->book, txn, BOOK_DOUBTS, ident_bytes(&lead->lead_id), &unused);
    ending->goes_on = fault == FAULT_NOT_FOUND;
    return ending->goes_on ? FAULT_NONE : fault;
}

/* The state of the lead once this doubt of it has ended. A story that is at it writes its own end. */
static const struct book_final *final_of(const struct ending *ending, struct book_final *final)
{
    struct lead_record after = *ending->lead;
    if (!after.is_over) return NULL;
    for (unsigned i = 0; i < after.slots_count; i++)
        if (ident_same(&after.slots[i].post_id, &ending->post->post_id)) after.slots[i].state = ending->verdict.state;
    enum lead_state state = lead_state_of(&after);
    if (state == LEAD_UNSOLD && ending->goes_on) state = LEAD_POSTING;
    *final = (struct book_final){.state = state, .goes_on = ending->goes_on};
    if (state == LEAD_UNSOLD) final->reason = ending->verdict.state == POST_VOIDED ? REASON_VOIDED : REASON_REJECTED;
    return final;
}

static void note_news(struct ledger *ledger, const struct ending *ending)
{
    const struct book_intent *intent = &ending->post->intent;
    check(ledger->resolved_count < BATCH_MAX, "more doubts ended than a batch may end");
    struct resolved_news *news = &ledger->resolved[ledger->resolved_count++];
    *news = (struct resolved_news){.post_id = ending->post->post_id,
                                   .is_sold = ending->verdict.state == POST_ACCEPTED,
                                   .is_first = ending->lead->state != LEAD_SOLD,
                                   .is_test = ending->post->is_test,
                                   .price_micros = ending->sale.price_micros,
                                   .payout_micros = ending->sale.payout_micros,
                                   .keys_count = intent->keys_count};
    memcpy(news->keys, intent->keys, intent->keys_count * sizeof *intent->keys);
}

static enum fault write_end(struct ledger *ledger, struct MDB_txn *txn, struct ending *ending)
{
    const struct book_intent *intent = &ending->post->intent;
    struct book_final final;
    struct sink sink = sink_over(arena_take(&ledger->arena, STEP_ROOM), STEP_ROOM);
    if (!sink.at) return FAULT_MEMORY;
    ending->sale = (struct book_sale){.sale_id = ending->post->post_id,
                                      .post_id = ending->post->post_id,
                                      .contract = intent->contract,
                                      .buyer = intent->buyer,
                                      .price_micros = intent->price_micros,
                                      .payout_micros = intent->payout_micros,
                                      .margin_rule = intent->margin_rule};
    if (!money_sub(intent->price_micros, intent->payout_micros, &ending->sale.margin_micros)) return FAULT_INPUT;
    if (aftersales_is_later(ledger->book, txn, &ending->post->post_id))
        ending->sale.price_micros = ending->sale.payout_micros = ending->sale.margin_micros = 0;
    enum fault fault = may_go_on(ledger, txn, ending);
    if (fault != FAULT_NONE) return fault;
    struct book_step step = {.lead_id = ending->lead->lead_id,
                             .ping_id = ending->lead->ping_id,
                             .wall_ms = ending->wall_ms,
                             .verdicts = &ending->verdict,
                             .verdicts_count = 1,
                             .sales = &ending->sale,
                             .sales_count = ending->verdict.state == POST_ACCEPTED,
                             .final = final_of(ending, &final)};
    if (!book_write_step(&sink, &step, BYTES_NONE)) return FAULT_INPUT;
    fault = writer_entry(ledger, txn, ENTRY_STEP, ending->wall_ms, sink_written(&sink), &ending->post->post_id);
    if (fault == FAULT_NONE) note_news(ledger, ending);
    return fault;
}

static enum fault find(struct ledger *ledger, struct MDB_txn *txn, const struct ident *post_id,
                       struct post_record *post, struct lead_record *lead)
{
    enum fault fault = rows_post(ledger->book, txn, post_id, &ledger->arena, post);
    if (fault != FAULT_NONE) return fault;
    fault = rows_lead(ledger->book, txn, &post->lead_id, &ledger->arena, lead);
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

/* --- somebody's word --- */

static enum fault resolve(struct ledger *ledger, struct MDB_txn *txn, struct job *job, const struct post_record *post,
                          const struct lead_record *lead)
{
    const struct ledger_verdict *word = &job->verdict;
    struct ending ending = {.post = post,
                            .lead = lead,
                            .verdict = {.post_id = post->post_id,
                                        .state = word->accepted ? POST_ACCEPTED : POST_REJECTED,
                                        .reason = word->accepted   ? REASON_NONE
                                                  : word->not_seen ? REASON_UNKNOWN
                                                                   : REASON_REJECTED,
                                        .code = word->not_seen ? BYTES("not_seen") : BYTES_NONE,
                                        .named_price_micros = -1,
                                        .by = word->by},
                            .wall_ms = job->wall_ms};
    enum fault fault = write_end(ledger, txn, &ending);
    if (fault != FAULT_NONE) return fault;
    job->answer.resumes = ending.goes_on;
    job->answer.state = ending.verdict.state;
    return FAULT_NONE;
}

static enum fault note_late(struct ledger *ledger, struct MDB_txn *txn, struct job *job, const struct post_record *post)
{
    struct sink sink = sink_over(arena_take(&ledger->arena, WAITING_LATE_BYTES), WAITING_LATE_BYTES);
    job->answer.outcome = RESOLUTION_LATE;
    if (post->late_ms) return FAULT_NONE;
    if (!sink.at) return FAULT_MEMORY;
    waiting_write_late(&sink, &post->post_id, job->verdict.by);
    return writer_entry(ledger, txn, ENTRY_LATE, job->wall_ms, sink_written(&sink), &post->post_id);
}

/* Whoever calls may call again, having heard no answer; an operator is told that there is nothing to resolve. */
static enum fault repeat(struct ledger *ledger, struct MDB_txn *txn, struct job *job, const struct post_record *post)
{
    bool is_refused = post->state == POST_REJECTED || post->state == POST_VOIDED;
    bool is_same = job->verdict.accepted ? post->state == POST_ACCEPTED : is_refused;
    if (job->verdict.by == VERDICT_BY_OPERATOR) return FAULT_INPUT;
    job->answer.outcome = RESOLUTION_SAME;
    if (is_same) return FAULT_NONE;
    return job->verdict.accepted && post_may_be_late(post) ? note_late(ledger, txn, job, post) : FAULT_INPUT;
}

enum fault resolving_write(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    struct post_record post;
    struct lead_record lead;
    struct bytes buyer = job->verdict.buyer;
    job->answer = (struct ledger_resolution){0};
    enum fault fault = find(ledger, txn, &job->id, &post, &lead);
    if (fault != FAULT_NONE) return fault;
    if (buyer.len && !bytes_same(buyer, post.intent.buyer)) return FAULT_NOT_FOUND;
    job->answer.lead_id = lead.lead_id;
    job->answer.state = post.state;
    job->answer.is_test = post.is_test;
    return post.state == POST_UNKNOWN ? resolve(ledger, txn, job, &post, &lead) : repeat(ledger, txn, job, &post);
}

/* --- its time --- */

enum fault resolving_end(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row, int64_t wall_ms)
{
    struct post_record post;
    struct lead_record lead;
    enum fault fault = find(ledger, txn, &row->id, &post, &lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    bool sells = post.intent.doubt.then == DOUBT_SELLS;
    struct ending ending = {.post = &post,
                            .lead = &lead,
                            .verdict = {.post_id = post.post_id,
                                        .state = sells ? POST_ACCEPTED : POST_VOIDED,
                                        .reason = sells ? REASON_NONE : REASON_VOIDED,
                                        .named_price_micros = -1,
                                        .by = VERDICT_BY_TIME},
                            .wall_ms = wall_ms};
    return write_end(ledger, txn, &ending);
}

/* --- on disk --- */

void resolving_publish(struct ledger *ledger)
{
    for (unsigned i = 0; i < ledger->resolved_count; i++) {
        const struct resolved_news *news = &ledger->resolved[i];
        if (ledger->standing)
            doubts_settle(ledger->standing, &news->post_id, news->is_sold, news->keys, news->keys_count);
        if (!news->is_sold || news->is_test) continue;
        if (news->is_first) tally_add(&ledger->tally, TALLY_SOLD, 1);
        tally_sale(&ledger->tally, news->price_micros, news->payout_micros, news->price_micros - news->payout_micros);
    }
}

const struct tally *ledger_tally(const struct ledger *ledger)
{
    return &ledger->tally;
}

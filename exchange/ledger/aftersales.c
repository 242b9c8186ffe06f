/* A sale has a row here from the first word that is told of it; those nobody speaks of cost nothing. */
#include "exchange/ledger/aftersales.h"

#include "exchange/ledger/account.h"
#include "exchange/ledger/learning.h"
#include "exchange/ledger/onward.h"
#include "protocol/base/check.h"
#include "protocol/message/verdict.h"

#define RECORD_ROOM 512u
#define NAMES_ROOM 320u

/* --- looking up --- */

enum fault aftersales_record(struct store *store, struct MDB_txn *txn, const struct ident *post_id,
                             struct aftersale_record *record)
{
    struct bytes bytes;
    enum fault fault = store_get(store, txn, BOOK_AFTERSALES, ident_bytes(post_id), &bytes);
    if (fault != FAULT_NONE) return fault;
    return aftersale_read_record(bytes, record) ? FAULT_NONE : FAULT_CORRUPT;
}

bool aftersales_is_later(struct store *store, struct MDB_txn *txn, const struct ident *post_id)
{
    struct aftersale_record record;
    return aftersales_record(store, txn, post_id, &record) == FAULT_NONE && record.terms.pays_at != STAGE_NONE;
}

/* A post's slot keeps its sale: nothing is posted for it any more. */
static struct lead_slot *slot_of(struct lead_record *lead, const struct post_record *post)
{
    if (post->state != POST_ACCEPTED && post->state != POST_RETURNED) return NULL;
    for (unsigned i = 0; i < lead->slots_count; i++)
        if (lead->slots[i].is_used && ident_same(&lead->slots[i].post_id, &post->post_id)) return &lead->slots[i];
    return NULL;
}

enum fault aftersales_find(struct store *store, struct MDB_txn *txn, const struct ident *post_id, struct arena *arena,
                           struct aftersales_sale *found)
{
    enum fault fault = rows_post(store, txn, post_id, arena, &found->post);
    if (fault != FAULT_NONE) return fault;
    fault = rows_lead(store, txn, &found->post.lead_id, arena, &found->lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    found->slot = slot_of(&found->lead, &found->post);
    fault = aftersales_record(store, txn, post_id, &found->record);
    if (fault != FAULT_NOT_FOUND) return fault;
    found->record = (struct aftersale_record){.post_id = *post_id, .lead_id = found->lead.lead_id};
    return FAULT_NONE;
}

static struct bytes name_of(char room[NAMES_ROOM], struct bytes buyer, struct bytes lead)
{
    struct sink sink = sink_over(room, NAMES_ROOM);
    sink_bytes(&sink, buyer);
    sink_char(&sink, '\0');
    sink_bytes(&sink, lead);
    return sink.cut ? BYTES_NONE : sink_written(&sink);
}

enum fault aftersales_find_buyers(struct store *store, struct MDB_txn *txn, struct bytes buyer, struct bytes lead,
                                  struct ident *post_id)
{
    char room[NAMES_ROOM];
    struct bytes key = name_of(room, buyer, lead), value;
    if (!key.len) return FAULT_NOT_FOUND;
    enum fault fault = store_get(store, txn, BOOK_BUYER_LEADS, key, &value);
    if (fault != FAULT_NONE) return fault;
    if (value.len != sizeof post_id->at) return FAULT_CORRUPT;
    memcpy(post_id->at, value.at, sizeof post_id->at);
    return FAULT_NONE;
}

static void key_of(struct bytes buyer, struct bytes event_id, struct digest *key)
{
    struct bytes parts[] = {buyer, {"", 1}, event_id};
    digest_of(key, parts, 3);
}

enum fault aftersales_told(struct store *store, struct MDB_txn *txn, struct bytes buyer, struct bytes event_id,
                           struct book_disposition *told)
{
    struct digest key;
    struct bytes value;
    key_of(buyer, event_id, &key);
    enum fault fault = store_get(store, txn, BOOK_DISPOSITIONS, (struct bytes){(const char *)key.at, DIGEST_LEN},
                                 &value);
    if (fault != FAULT_NONE) return fault;
    return aftersale_read_disposition(value, told) ? FAULT_NONE : FAULT_CORRUPT;
}

/* --- the month's sales --- */

static struct bytes month_key(char room[NAMES_ROOM], enum aftersales_owner owner, struct bytes id, uint32_t period)
{
    struct sink sink = sink_over(room, NAMES_ROOM);
    char number[4];
    store_key_u32(number, period);
    sink_char(&sink, (char)owner);
    sink_bytes(&sink, (struct bytes){number, sizeof number});
    sink_bytes(&sink, id);
    check(!sink.cut, "%zu bytes", id.len);
    return sink_written(&sink);
}

enum fault aftersales_month(struct store *store, struct MDB_txn *txn, enum aftersales_owner owner, struct bytes id,
                            uint32_t period, struct return_month *month)
{
    char room[NAMES_ROOM];
    struct bytes value;
    *month = (struct return_month){0};
    enum fault fault = store_get(store, txn, BOOK_SALE_MONTHS, month_key(room, owner, id, period), &value);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (value.len != 16) return FAULT_CORRUPT;
    *month = (struct return_month){store_read_value_u64(value.at), store_read_value_u64(value.at + 8)};
    return FAULT_NONE;
}

static enum fault count_one(const struct rows_work *work, enum aftersales_owner owner, struct bytes id, uint32_t period,
                            int sales, int returns)
{
    char room[NAMES_ROOM], value[16];
    struct return_month month;
    enum fault fault = aftersales_month(work->store, work->txn, owner, id, period, &month);
    if (fault != FAULT_NONE) return fault;
    store_value_u64(value, month.sales + (uint64_t)(int64_t)sales);
    store_value_u64(value + 8, month.returns + (uint64_t)(int64_t)returns);
    return store_put(work->store, work->txn, BOOK_SALE_MONTHS, month_key(room, owner, id, period),
                     (struct bytes){value, sizeof value});
}

enum fault aftersales_count(const struct rows_work *work, struct bytes contract, struct bytes affiliate,
                            uint32_t period, int sales, int returns)
{
    enum fault fault = count_one(work, AFTERSALES_CONTRACT, contract, period, sales, returns);
    return fault == FAULT_NONE ? count_one(work, AFTERSALES_AFFILIATE, affiliate, period, sales, returns) : fault;
}

/* --- a step --- */

enum fault aftersales_put(struct store *store, struct MDB_txn *txn, const struct aftersale_record *record)
{
    char room[RECORD_ROOM];
    struct sink sink = sink_over(room, sizeof room);
    check(aftersale_write_record(&sink, record));
    return store_put(store, txn, BOOK_AFTERSALES, ident_bytes(&record->post_id), sink_written(&sink));
}

bool aftersales_fit(const struct book_step *step)
{
    for (unsigned i = 0; i < step->afters_count; i++) {
        bool is_there = false;
        for (unsigned k = 0; k < step->intents_count; k++)
            is_there |= ident_same(&step->afters[i].post_id, &step->intents[k].post_id);
        if (!is_there) return false;
    }
    return true;
}

static enum fault open_terms(const struct rows_work *work, const struct book_step *step)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < step->afters_count && fault == FAULT_NONE; i++) {
        struct aftersale_record record = {
            .post_id = step->afters[i].post_id, .lead_id = step->lead_id, .has_terms = true, .terms = step->afters[i]};
        fault = aftersales_put(work->store, work->txn, &record);
    }
    return fault;
}

/* What its buyer calls the lead; and a sale of the month. */
static enum fault begin_sale(const struct rows_work *work, const struct book_verdict *verdict,
                             const struct book_sale *sale, struct bytes affiliate, bool is_test,
                             struct learning *learning)
{
    char room[NAMES_ROOM];
    struct aftersale_record record;
    struct bytes key = verdict->buyer_lead_id.len ? name_of(room, sale->buyer, verdict->buyer_lead_id) : BYTES_NONE;
    enum fault fault = FAULT_NONE;
    if (key.len) fault = store_put(work->store, work->txn, BOOK_BUYER_LEADS, key, ident_bytes(&verdict->post_id));
    if (fault != FAULT_NONE || is_test) return fault;
    fault = aftersales_record(work->store, work->txn, &verdict->post_id, &record);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (record.terms.contact_ms > 0) {
        record.contact_by_ms = work->entry->wall_ms + record.terms.contact_ms;
        fault = due_put(work->store, work->txn,
                        &(struct due_row){.at_ms = record.contact_by_ms, .kind = DUE_CONTACT, .id = record.post_id});
        if (fault == FAULT_NONE) fault = aftersales_put(work->store, work->txn, &record);
        if (fault != FAULT_NONE) return fault;
    }
    fault = learning_keep(work->store, work->txn, sale->contract, work->entry->wall_ms, learning);
    if (fault != FAULT_NONE) return fault;
    return record.terms.counts ? aftersales_count(work, sale->contract, affiliate, work->entry->period, 1, 0)
                               : FAULT_NONE;
}

enum fault aftersales_step(const struct rows_work *work, const struct book_step *step, struct bytes affiliate,
                           bool is_test)
{
    enum fault fault = onward_open(work, step);
    if (fault == FAULT_NONE) fault = open_terms(work, step);
    for (unsigned i = 0, sale = 0; i < step->verdicts_count && fault == FAULT_NONE; i++) {
        const struct book_verdict *verdict = &step->verdicts[i];
        if (verdict->state == POST_ACCEPTED)
            fault = begin_sale(work, verdict, &step->sales[sale++], affiliate, is_test, &work->refusal->kept[i]);
        else if (verdict->state != POST_UNKNOWN)
            fault = store_drop(work->store, work->txn, BOOK_AFTERSALES, ident_bytes(&verdict->post_id));
    }
    return fault;
}

enum fault aftersales_end_waiting(const struct rows_work *work, struct aftersale_record *record)
{
    if (record->contact_by_ms == 0) return FAULT_NONE;
    enum fault fault = due_drop(work->store, work->txn, record->contact_by_ms, DUE_CONTACT, &record->post_id);
    record->contact_by_ms = 0;
    return fault;
}

/* --- dispositions --- */

/* What is the latest goes by the buyer's own instants; of equal ones the later word counts. */
static void note(struct aftersale_record *record, const struct book_disposition *told)
{
    record->dispositions++;
    record->highest = stage_higher(record->highest, told->stage);
    if (told->at_ms >= record->latest_ms || record->dispositions == 1) {
        record->latest = told->stage;
        record->latest_ms = told->at_ms;
    }
    bool is_contact = stage_reaches(told->stage, STAGE_CONTACTED);
    if (is_contact && (!record->contacted_ms || told->at_ms < record->contacted_ms)) record->contacted_ms = told->at_ms;
}

/* What the stage is paid, once for each sale. */
static enum fault plan_earned(const struct rows_work *work, struct aftersales_sale *found,
                              const struct book_disposition *told, struct account_book *money)
{
    struct aftersale_record *record = &found->record;
    uint32_t stage = 1u << record->terms.pays_at;
    char ref[IDENT_TEXT + 1];
    struct account_event event = {
        .sale_id = found->slot->sale.sale_id,
        .money = {told->earned.price_micros, told->earned.payout_micros, told->earned.margin_micros},
        .effective_ms = told->at_ms,
        .ref = arena_copy(work->arena, bytes_of(ident_text(&told->post_id, ref))),
        .note = bytes_of(stage_name(record->terms.pays_at))};
    if (!event.ref.at) return FAULT_MEMORY;
    if (!stage_reaches(told->stage, record->terms.pays_at) || record->paid & stage)
        return rows_refuse(work, "a stage is paid that is not to be, or was");
    enum fault fault = account_begin(money, work, 1);
    if (fault == FAULT_NONE) fault = account_add_event(money, &event);
    if (fault == FAULT_INPUT) return rows_refuse(work, money->why);
    record->paid |= stage;
    return fault;
}

/* A sale that was learned from as a good one is none; it may come back yet, and counts once. */
static enum fault unlearn(const struct rows_work *work, struct aftersales_sale *found)
{
    found->record.is_bad = true;
    if (!found->record.has_terms) return FAULT_NONE;
    return learning_take_back(work->store, work->txn, found->slot->sale.contract, found->post.settled_ms,
                              work->entry->wall_ms, &work->refusal->kept[0]);
}

enum fault aftersales_dispose(const struct rows_work *work)
{
    struct book_disposition told, before;
    struct digest key;
    struct aftersales_sale *found = arena_zero(work->arena, 1, sizeof *found);
    if (!found) return FAULT_MEMORY;
    if (!aftersale_read_disposition(work->entry->body, &told))
        return rows_refuse(work, "the disposition cannot be read");
    enum fault fault = aftersales_told(work->store, work->txn, told.buyer, told.event_id, &before);
    if (fault == FAULT_NONE) return rows_refuse(work, "the disposition was told before");
    if (fault != FAULT_NOT_FOUND) return fault;
    fault = aftersales_find(work->store, work->txn, &told.post_id, work->arena, found);
    if (fault == FAULT_NOT_FOUND) return rows_refuse(work, "a disposition of a post that never was");
    if (fault != FAULT_NONE) return fault;
    if (!found->slot || !bytes_same(found->slot->sale.buyer, told.buyer))
        return rows_refuse(work, "a disposition of what the buyer did not buy");
    struct account_book money;
    bool pays = told.earned.price_micros > 0;
    fault = pays ? plan_earned(work, found, &told, &money) : FAULT_NONE;
    if (fault != FAULT_NONE) return fault;
    note(&found->record, &told);
    if (pays) fault = account_write(&money);
    if (fault == FAULT_NONE && stage_ends_waiting(told.stage)) fault = aftersales_end_waiting(work, &found->record);
    bool turns_bad = told.stage == STAGE_BAD && !found->record.is_bad && !found->post.is_test;
    if (fault == FAULT_NONE && turns_bad) fault = unlearn(work, found);
    if (fault != FAULT_NONE) return fault;
    key_of(told.buyer, told.event_id, &key);
    fault = store_put(work->store, work->txn, BOOK_DISPOSITIONS, (struct bytes){(const char *)key.at, DIGEST_LEN},
                      work->entry->body);
    return fault == FAULT_NONE ? aftersales_put(work->store, work->txn, &found->record) : fault;
}

bool aftersales_touches(const struct entry *entry, enum book_table table, struct bytes key)
{
    struct book_disposition told;
    struct digest digest;
    if (entry->kind != ENTRY_DISPOSITION || !aftersale_read_disposition(entry->body, &told)) return false;
    if (table == BOOK_AFTERSALES) return bytes_same(key, ident_bytes(&told.post_id));
    key_of(told.buyer, told.event_id, &digest);
    return table == BOOK_DISPOSITIONS && bytes_same(key, (struct bytes){(const char *)digest.at, DIGEST_LEN});
}

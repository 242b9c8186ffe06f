/* A sale has a row here from the first word that is told of it; those nobody speaks of cost nothing. */
#include "exchange/ledger/aftersales.h"

#include "protocol/base/check.h"
#include "protocol/message/verdict.h"

#define RECORD_ROOM 512u
#define NAMES_ROOM 320u

static enum fault refuse(struct rows_refusal *refusal, const char *text)
{
    refusal->text = text;
    return FAULT_INPUT;
}

/* --- looking up --- */

enum fault aftersales_record(struct store *store, struct MDB_txn *txn, const struct ident *post_id,
                             struct aftersale_record *record)
{
    struct bytes bytes;
    enum fault fault = store_get(store, txn, BOOK_AFTERSALES, ident_bytes(post_id), &bytes);
    if (fault != FAULT_NONE) return fault;
    return aftersale_read_record(bytes, record) ? FAULT_NONE : FAULT_CORRUPT;
}

/* A post's slot keeps its sale: nothing is posted for it any more. */
static const struct book_sale *sale_of(const struct lead_record *lead, const struct post_record *post)
{
    if (post->state != POST_ACCEPTED) return NULL;
    for (unsigned i = 0; i < lead->slots_count; i++)
        if (lead->slots[i].is_used && ident_same(&lead->slots[i].post_id, &post->post_id)) return &lead->slots[i].sale;
    return NULL;
}

enum fault aftersales_find(struct store *store, struct MDB_txn *txn, const struct ident *post_id, struct arena *arena,
                           struct aftersales_sale *found)
{
    enum fault fault = rows_post(store, txn, post_id, arena, &found->post);
    if (fault != FAULT_NONE) return fault;
    fault = rows_lead(store, txn, &found->post.lead_id, arena, &found->lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    found->sale = sale_of(&found->lead, &found->post);
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

/* --- writing --- */

enum fault aftersales_open(struct store *store, struct MDB_txn *txn, const struct book_step *step)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0, sale = 0; i < step->verdicts_count && fault == FAULT_NONE; i++) {
        char room[NAMES_ROOM];
        const struct book_verdict *verdict = &step->verdicts[i];
        if (verdict->state != POST_ACCEPTED) continue;
        struct bytes buyer = step->sales[sale++].buyer;
        struct bytes key = verdict->buyer_lead_id.len ? name_of(room, buyer, verdict->buyer_lead_id) : BYTES_NONE;
        if (key.len) fault = store_put(store, txn, BOOK_BUYER_LEADS, key, ident_bytes(&verdict->post_id));
    }
    return fault;
}

static enum fault put_record(struct store *store, struct MDB_txn *txn, const struct aftersale_record *record)
{
    char room[RECORD_ROOM];
    struct sink sink = sink_over(room, sizeof room);
    check(aftersale_write_record(&sink, record));
    return store_put(store, txn, BOOK_AFTERSALES, ident_bytes(&record->post_id), sink_written(&sink));
}

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

enum fault aftersales_dispose(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                              struct rows_refusal *refusal)
{
    struct book_disposition told, before;
    struct digest key;
    struct aftersales_sale *found = arena_zero(arena, 1, sizeof *found);
    if (!found) return FAULT_MEMORY;
    if (!aftersale_read_disposition(entry->body, &told)) return refuse(refusal, "the disposition cannot be read");
    enum fault fault = aftersales_told(store, txn, told.buyer, told.event_id, &before);
    if (fault == FAULT_NONE) return refuse(refusal, "the disposition was told before");
    if (fault != FAULT_NOT_FOUND) return fault;
    fault = aftersales_find(store, txn, &told.post_id, arena, found);
    if (fault == FAULT_NOT_FOUND) return refuse(refusal, "a disposition of a post that never was");
    if (fault != FAULT_NONE) return fault;
    if (!found->sale || !bytes_same(found->sale->buyer, told.buyer))
        return refuse(refusal, "a disposition of what the buyer did not buy");
    note(&found->record, &told);
    key_of(told.buyer, told.event_id, &key);
    fault = store_put(store, txn, BOOK_DISPOSITIONS, (struct bytes){(const char *)key.at, DIGEST_LEN}, entry->body);
    return fault == FAULT_NONE ? put_record(store, txn, &found->record) : fault;
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

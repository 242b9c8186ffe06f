/* An erasure is an entry that names leads, and the destruction of what they held, in one transaction. What is not over
 * is not destroyed under its story's feet: a post that is open may need the content once more. Such a lead is marked,
 * and its story's last step is followed by the erasure, again in one transaction. */
#include "exchange/ledger/erasures.h"

#include "exchange/ledger/content.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/events.h"
#include "exchange/ledger/reversals.h"
#include "exchange/ledger/seen.h"
#include "protocol/base/check.h"

#define ENTRY_ROOM 2048u
#define AUDIENCE_MAX 64u /* buyers a lead was posted to: more than candidates of an offer */
#define ROW_GROWTH 64u   /* an erased lead's row, beyond what it was */

/* --- rows --- */

static enum fault refuse(struct rows_refusal *refusal, const char *text)
{
    refusal->text = text;
    return FAULT_INPUT;
}

static const char *contradiction(const struct erasure *erasure, const struct erasure_lead *one,
                                 const struct lead_record *lead)
{
    if (lead->erasure == LEAD_ERASED) return "an erasure of a lead that was erased";
    if (one->waits && (lead->is_over || lead->erasure != LEAD_KEPT)) return "an erasure that has nothing to wait for";
    if (!one->waits && !lead->is_over) return "an erasure of a lead whose story runs";
    bool waited = lead->erasure == LEAD_ERASURE_WAITS;
    if ((erasure->cause == ERASURE_WAITED) != waited) return "an erasure for another cause than the lead's";
    return NULL;
}

static enum fault write_lead(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                             const struct erasure_lead *one, struct lead_record *lead)
{
    struct bytes row;
    bool was_kept = lead->erasure == LEAD_KEPT;
    enum fault fault = store_get_parts(store, txn, BOOK_LEADS, ident_bytes(&lead->lead_id), arena, &row);
    if (fault != FAULT_NONE) return fault;
    struct sink sink = sink_over(arena_take(arena, row.len + ROW_GROWTH), row.len + ROW_GROWTH);
    if (!sink.at) return FAULT_MEMORY;
    lead->erasure = one->waits ? LEAD_ERASURE_WAITS : LEAD_ERASED;
    lead->erased_ms = one->waits ? 0 : entry->wall_ms;
    check(book_write_lead_row(&sink, lead));
    fault = store_put_parts(store, txn, BOOK_LEADS, ident_bytes(&lead->lead_id), sink_written(&sink), false);
    if (fault != FAULT_NONE || !was_kept || lead->keep_ms == 0) return fault;
    return due_drop(store, txn, lead->created_ms + lead->keep_ms, DUE_RETENTION, &lead->lead_id);
}

/* Who got a lead: gathered first, told after, for telling writes. */
struct audience {
    struct store *store;
    struct MDB_txn *txn;
    struct arena *arena;
    struct post_record posts[AUDIENCE_MAX];
    uint32_t count;
    enum fault fault;
};

/* One post of each buyer; what is shown in other ways is shown to the buyer of a post. */
static void add_hearer(void *arg, const struct disclosure *disclosure)
{
    struct audience *audience = arg;
    struct post_record *post = &audience->posts[audience->count];
    if (disclosure->kind != DISCLOSURE_POST || audience->fault || audience->count == AUDIENCE_MAX) return;
    audience->fault = rows_post(audience->store, audience->txn, &disclosure->id, audience->arena, post);
    if (audience->fault || post->state == POST_FAILED) return; /* nothing of it left */
    for (uint32_t i = 0; i < audience->count; i++)
        if (bytes_same(audience->posts[i].intent.buyer, post->intent.buyer)) return;
    audience->count++;
}

static enum fault tell_erased(struct store *store, struct MDB_txn *txn, struct arena *arena,
                              const struct lead_record *lead, int64_t wall_ms)
{
    struct audience *audience = arena_zero(arena, 1, sizeof *audience);
    struct hearer affiliate = {.kind = NOTICE_TO_AFFILIATE, .id = lead->affiliate};
    struct event event = {.notice = NOTICE_LEAD_ERASED,
                          .is_test = lead->offer.rehearsal != 0,
                          .at_ms = wall_ms,
                          .lead_id = lead->lead_id,
                          .state = lead->state,
                          .reason = lead->reason};
    if (!audience) return FAULT_MEMORY;
    audience->store = store;
    audience->txn = txn;
    audience->arena = arena;
    enum fault fault = disclosures_each(store, txn, &lead->lead_id, add_hearer, audience);
    if (fault == FAULT_NONE) fault = audience->fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : audience->fault;
    if (fault == FAULT_NONE) fault = events_add(store, txn, &affiliate, &event);
    for (uint32_t i = 0; i < audience->count && fault == FAULT_NONE; i++) {
        const struct book_intent *intent = &audience->posts[i].intent;
        struct hearer buyer = {.kind = NOTICE_TO_BUYER, .id = intent->buyer};
        event.post_id = audience->posts[i].post_id;
        event.contract = intent->contract;
        fault = events_add(store, txn, &buyer, &event);
    }
    return fault;
}

enum fault erasures_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                          struct rows_refusal *refusal)
{
    struct erasure *erasure = arena_take(arena, sizeof *erasure);
    if (!erasure) return FAULT_MEMORY;
    if (!erasure_read(entry->body, erasure)) return refuse(refusal, "the record of an erasure cannot be read");
    struct lead_record *leads = arena_take(arena, (erasure->count + 1) * sizeof *leads);
    if (!leads) return FAULT_MEMORY;
    for (uint32_t i = 0; i < erasure->count; i++) {
        enum fault fault = rows_lead(store, txn, &erasure->list[i].lead_id, arena, &leads[i]);
        if (fault == FAULT_NOT_FOUND) return refuse(refusal, "an erasure of a lead that is not there");
        if (fault != FAULT_NONE) return fault;
        const char *why = contradiction(erasure, &erasure->list[i], &leads[i]);
        if (why) return refuse(refusal, why);
        for (uint32_t k = 0; k < i; k++)
            if (ident_same(&leads[k].lead_id, &leads[i].lead_id)) return refuse(refusal, "an erasure told twice");
    }
    enum fault fault = FAULT_NONE;
    for (uint32_t i = 0; i < erasure->count && fault == FAULT_NONE; i++) {
        fault = write_lead(store, txn, entry, arena, &erasure->list[i], &leads[i]);
        bool is_told = erasure->cause != ERASURE_RETENTION && !erasure->list[i].waits;
        if (fault == FAULT_NONE && is_told) fault = tell_erased(store, txn, arena, &leads[i], entry->wall_ms);
    }
    if (fault == FAULT_NONE && erasure->keys.count) fault = seen_revoke(store, txn, &erasure->keys, entry->wall_ms);
    return fault;
}

/* --- the ledger thread --- */

/* And what buyers have told of the person when they gave the lead back. */
static enum fault destroy(struct ledger *ledger, struct MDB_txn *txn, const struct ident *lead_id)
{
    struct ident return_id = IDENT_NONE;
    enum fault fault = content_destroy(ledger->book, txn, lead_id, &ledger->arena);
    while (fault == FAULT_NONE) {
        fault = reversals_next(ledger->book, txn, lead_id, &return_id);
        if (fault == FAULT_NONE) fault = content_destroy(ledger->book, txn, &return_id, &ledger->arena);
    }
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* The entry, and what it says is destroyed. An erasure that says nothing is not written. */
static enum fault write_erasure(struct ledger *ledger, struct MDB_txn *txn, const struct erasure *erasure,
                                int64_t wall_ms)
{
    struct sink sink = sink_over(arena_take(&ledger->arena, ENTRY_ROOM), ENTRY_ROOM);
    if (!sink.at) return FAULT_MEMORY;
    if (erasure->count + erasure->keys.count == 0) return FAULT_NONE;
    check(erasure_write(&sink, erasure));
    const struct ident *about = erasure->count ? &erasure->list[0].lead_id : NULL;
    enum fault fault = writer_entry(ledger, txn, ENTRY_ERASURE, wall_ms, sink_written(&sink), about);
    for (uint32_t i = 0; i < erasure->count && fault == FAULT_NONE; i++)
        if (!erasure->list[i].waits) fault = destroy(ledger, txn, &erasure->list[i].lead_id);
    return fault;
}

/* One erasure under way: entries of up to ERASURE_LEADS_MAX leads each. */
struct erasing {
    struct ledger *ledger;
    struct MDB_txn *txn;
    struct privacy_erasure *answer;
    struct erasure erasure; /* to be written next */
    int64_t wall_ms;
};

static enum fault flush(struct erasing *erasing)
{
    struct erasure *erasure = &erasing->erasure;
    enum fault fault = write_erasure(erasing->ledger, erasing->txn, erasure, erasing->wall_ms);
    erasure->keys.count = erasure->count = 0;
    return fault;
}

static bool is_listed(const struct erasure *erasure, const struct ident *lead_id)
{
    for (uint32_t i = 0; i < erasure->count; i++)
        if (ident_same(&erasure->list[i].lead_id, lead_id)) return true;
    return false;
}

static enum fault add_lead(struct erasing *erasing, const struct ident *lead_id)
{
    struct erasure *erasure = &erasing->erasure;
    struct privacy_erasure *answer = erasing->answer;
    struct lead_record lead;
    if (is_listed(erasure, lead_id)) return FAULT_NONE;
    enum fault fault = rows_lead(erasing->ledger->book, erasing->txn, lead_id, &erasing->ledger->arena, &lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (lead.erasure != LEAD_KEPT) return FAULT_NONE;
    erasure->list[erasure->count++] = (struct erasure_lead){*lead_id, !lead.is_over};
    answer->erased += lead.is_over;
    answer->waiting += !lead.is_over;
    if (answer->told < PRIVACY_LEADS_TOLD_MAX) answer->leads[answer->told++] = *lead_id;
    return erasure->count == ERASURE_LEADS_MAX ? flush(erasing) : FAULT_NONE;
}

/* A page at a time: what is destroyed is gone from under the cursor. */
static enum fault add_leads_of(struct erasing *erasing, const struct person_key *key)
{
    struct ident ids[ERASURE_LEADS_MAX], after = IDENT_NONE;
    unsigned count = ERASURE_LEADS_MAX;
    enum fault fault = FAULT_NONE;
    while (count == ERASURE_LEADS_MAX && fault == FAULT_NONE) {
        fault = content_leads(erasing->ledger->book, erasing->txn, key, &after, ids, ERASURE_LEADS_MAX, &count);
        for (unsigned i = 0; i < count && fault == FAULT_NONE; i++) fault = add_lead(erasing, &ids[i]);
        if (count) after = ids[count - 1];
    }
    return fault;
}

/* Leads that came just now have no rows of people yet. */
static enum fault add_recent(struct erasing *erasing)
{
    struct ident ids[ERASURE_LEADS_MAX], after = erasing->ledger->indexed;
    unsigned count = ERASURE_LEADS_MAX;
    enum fault fault = FAULT_NONE;
    while (count == ERASURE_LEADS_MAX && fault == FAULT_NONE) {
        fault = content_recent(erasing->ledger->book, erasing->txn, &erasing->answer->keys, &after, ids,
                               ERASURE_LEADS_MAX, &count);
        for (unsigned i = 0; i < count && fault == FAULT_NONE; i++) fault = add_lead(erasing, &ids[i]);
    }
    return fault;
}

/* Leads of an older book are not found by their person, but for those that are remembered. */
static enum fault add_remembered(struct erasing *erasing)
{
    struct encounter *list;
    uint32_t count;
    enum fault fault = seen_of(erasing->ledger->book, erasing->txn, &erasing->answer->keys, &erasing->ledger->arena,
                               &list, &count);
    for (uint32_t i = 0; i < count && fault == FAULT_NONE; i++)
        if (!ident_is_none(&list[i].lead_id)) fault = add_lead(erasing, &list[i].lead_id);
    return fault;
}

static void add_keys(struct person_keys *keys, const struct person_keys *more)
{
    for (uint32_t i = 0; i < more->count; i++) {
        bool is_known = false;
        for (uint32_t k = 0; k < keys->count; k++)
            is_known |= memcmp(keys->list[k].at, more->list[i].at, PERSON_KEY_LEN) == 0;
        if (!is_known && keys->count < PERSON_KEYS_MAX) keys->list[keys->count++] = more->list[i];
    }
}

static enum fault add_named(struct erasing *erasing)
{
    struct privacy_erasure *answer = erasing->answer;
    struct person_keys keys;
    struct lead_record lead;
    struct store *book = erasing->ledger->book;
    if (ident_is_none(&answer->lead_id)) return FAULT_NONE;
    enum fault fault = rows_lead(book, erasing->txn, &answer->lead_id, &erasing->ledger->arena, &lead);
    if (fault == FAULT_NONE) fault = content_person(book, erasing->txn, &answer->lead_id, &keys);
    if (fault == FAULT_NONE) add_keys(&answer->keys, &keys);
    return fault;
}

enum fault erasures_ask(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    struct privacy_erasure *answer = (struct privacy_erasure *)(void *)job->memory;
    struct erasing erasing = {ledger, txn, answer, {.cause = ERASURE_ASKED}, job->wall_ms};
    answer->erased = answer->waiting = answer->told = 0;
    enum fault fault = add_named(&erasing);
    erasing.erasure.keys = answer->keys;
    if (fault == FAULT_NONE && !ident_is_none(&answer->lead_id)) fault = add_lead(&erasing, &answer->lead_id);
    for (uint32_t i = 0; i < answer->keys.count && fault == FAULT_NONE; i++)
        fault = add_leads_of(&erasing, &answer->keys.list[i]);
    if (fault == FAULT_NONE) fault = add_recent(&erasing);
    if (fault == FAULT_NONE) fault = add_remembered(&erasing);
    return fault == FAULT_NONE ? flush(&erasing) : fault;
}

static enum fault erase_one(struct ledger *ledger, struct MDB_txn *txn, enum erasure_cause cause,
                            const struct erasure_lead *one, int64_t wall_ms)
{
    struct erasure *erasure = arena_zero(&ledger->arena, 1, sizeof *erasure);
    if (!erasure) return FAULT_MEMORY;
    erasure->cause = cause;
    erasure->count = 1;
    erasure->list[0] = *one;
    return write_erasure(ledger, txn, erasure, wall_ms);
}

enum fault erasures_end(struct ledger *ledger, struct MDB_txn *txn, const struct ident *lead_id, int64_t wall_ms)
{
    return erase_one(ledger, txn, ERASURE_WAITED, &(struct erasure_lead){.lead_id = *lead_id}, wall_ms);
}

enum fault erasures_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row, int64_t wall_ms)
{
    struct lead_record lead;
    enum fault fault = rows_lead(ledger->book, txn, &row->id, &ledger->arena, &lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    struct erasure_lead one = {row->id, !lead.is_over};
    return erase_one(ledger, txn, ERASURE_RETENTION, &one, wall_ms);
}

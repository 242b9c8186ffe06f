/* What a start does before anything new is written. The chain's tail is proved (a torn or foreign end shows there), the
 * accounts must sum to 0, and every post that was open when the last process ended is in doubt from now on: whether its
 * bytes left is not known. A lead that was to go on and did not goes on
 * while its offer would stand (reader_going_on tells the workers), and is closed unsold after that. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/base/log.h"
#include "exchange/ledger/account.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/seen.h"
#include "exchange/ledger/stakes.h"
#include "exchange/ledger/upgrade.h"
#include "exchange/market/doubt.h"
#include "exchange/record/offer.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define TAIL_ENTRIES 64u

static enum fault check_meta(struct ledger *ledger, struct MDB_txn *txn, struct ledger_note *note, bool *is_new);
static enum fault check_tail(struct ledger *ledger, struct MDB_txn *txn, struct ledger_note *note);
static enum fault check_rows(struct ledger *ledger, struct ledger_note *note);
static enum fault check_sum(struct ledger *ledger, struct MDB_txn *txn, struct ledger_note *note);
static enum fault open_key(struct ledger *ledger, const char *keys_path, bool is_new, struct ledger_note *note);

static enum fault tell(struct ledger_note *note, enum fault fault, const char *text)
{
    if (!note->text[0]) snprintf(note->text, sizeof note->text, "book: %s", text);
    return fault;
}

enum fault restore_check(struct ledger *ledger, const char *keys_path, struct ledger_note *note)
{
    struct MDB_txn *txn;
    bool is_new = false;
    enum fault fault = store_begin(ledger->book, false, &txn);
    if (fault != FAULT_NONE) return tell(note, fault, fault_text(fault));
    fault = check_meta(ledger, txn, note, &is_new);
    if (fault == FAULT_NONE) fault = check_tail(ledger, txn, note);
    store_abort(&txn);
    if (fault == FAULT_NONE) fault = open_key(ledger, keys_path, is_new, note);
    if (fault == FAULT_NONE && !is_new) fault = upgrade_book(ledger->book, note);
    if (fault == FAULT_NONE) fault = check_rows(ledger, note);
    return fault == FAULT_NONE ? fault : tell(note, fault, fault_text(fault));
}

static enum fault check_rows(struct ledger *ledger, struct ledger_note *note)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(ledger->book, false, &txn);
    if (fault == FAULT_NONE) fault = check_sum(ledger, txn, note);
    if (fault == FAULT_NONE) fault = rows_read_totals(ledger->book, txn, &ledger->totals);
    store_abort(&txn);
    return fault;
}

static enum fault check_meta(struct ledger *ledger, struct MDB_txn *txn, struct ledger_note *note, bool *is_new)
{
    uint64_t version = 0, last = 0;
    enum fault fault = journal_read_version(ledger->book, txn, &version);
    if (fault == FAULT_NOT_FOUND) {
        fault = journal_last(ledger->book, txn, &last);
        if (fault == FAULT_NONE && last != 0) return tell(note, FAULT_CORRUPT, "it has entries but no version");
        *is_new = true;
        return fault;
    }
    if (fault != FAULT_NONE) return fault;
    if (version > BOOK_VERSION) {
        snprintf(note->text, sizeof note->text,
                 "the book is of version %llu, this program writes version %u: run the newer program",
                 (unsigned long long)version, BOOK_VERSION);
        return FAULT_VERSION;
    }
    fault = journal_read_head(ledger->book, txn, &ledger->chain);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault check_tail(struct ledger *ledger, struct MDB_txn *txn, struct ledger_note *note)
{
    const struct chain *head = &ledger->chain;
    struct digest wanted = head->digest;
    uint64_t last = 0;
    enum fault fault = journal_last(ledger->book, txn, &last);
    if (fault != FAULT_NONE) return fault;
    if (last != head->seq) {
        snprintf(note->text, sizeof note->text,
                 "the book's journal ends at entry %llu, its head says %llu: restore a copy", (unsigned long long)last,
                 (unsigned long long)head->seq);
        return FAULT_CORRUPT;
    }
    for (uint64_t seq = last; seq > 0 && last - seq < TAIL_ENTRIES; seq--) {
        struct entry entry;
        arena_reset(&ledger->arena);
        fault = journal_read(ledger->book, txn, seq, &ledger->arena, &entry);
        if (fault == FAULT_MEMORY) return fault;
        if (fault != FAULT_NONE || !digest_same(&entry.chain, &wanted)) {
            snprintf(note->text, sizeof note->text,
                     "entry %llu of the book's journal is damaged: run outcry ledger verify, restore a copy",
                     (unsigned long long)seq);
            return FAULT_CORRUPT;
        }
        wanted = entry.before;
    }
    return FAULT_NONE;
}

struct sum {
    int64_t micros;
    bool overflow;
};

static void add(void *arg, struct bytes account, int64_t micros)
{
    (void)account;
    struct sum *sum = arg;
    if (!money_add(sum->micros, micros, &sum->micros)) sum->overflow = true;
}

static enum fault check_sum(struct ledger *ledger, struct MDB_txn *txn, struct ledger_note *note)
{
    struct sum sum = {0, false};
    enum fault fault = account_each(ledger->book, txn, add, &sum);
    if (fault != FAULT_NONE) return fault;
    if (!sum.overflow && sum.micros == 0) return FAULT_NONE;
    return tell(note, FAULT_CORRUPT, "its accounts do not sum to 0: run outcry ledger verify, restore a copy");
}

/* A new book remembers its key's id, so that a lost key file is told instead of being replaced by another. */
static enum fault open_key(struct ledger *ledger, const char *keys_path, bool is_new, struct ledger_note *note)
{
    struct MDB_txn *txn = NULL;
    struct bytes id;
    enum fault fault = keyfile_open(keys_path, is_new, &ledger->keys, note);
    if (fault != FAULT_NONE) return fault;
    fault = store_begin(ledger->book, is_new, &txn);
    if (fault == FAULT_NONE && is_new) {
        fault = journal_write_version(ledger->book, txn);
        if (fault == FAULT_NONE)
            fault = store_put(ledger->book, txn, BOOK_META, BYTES("key"), keyfile_newest(ledger->keys));
        if (fault == FAULT_NONE) fault = store_commit(&txn);
    } else if (fault == FAULT_NONE) {
        fault = store_get(ledger->book, txn, BOOK_META, BYTES("key"), &id);
        if (fault == FAULT_NONE && !keyfile_knows(ledger->keys, id))
            fault = tell(note, FAULT_INPUT, "its leads were sealed with another key than the key file holds");
    }
    if (fault == FAULT_NONE && !txn) fault = store_begin(ledger->book, false, &txn);
    if (fault == FAULT_NONE) fault = content_read_indexed(ledger->book, txn, &ledger->indexed);
    store_abort(&txn);
    if (fault == FAULT_NONE) rotation_resume(ledger);
    return fault;
}

/* --- doubts --- */

/* The offer of a lead that was to go on would still stand. */
static enum fault still_stands(struct ledger *ledger, struct MDB_txn *txn, const struct ident *lead_id, bool *stands)
{
    struct lead_record lead;
    arena_reset(&ledger->arena);
    enum fault fault = rows_lead(ledger->book, txn, lead_id, &ledger->arena, &lead);
    *stands = fault == FAULT_NONE && lead.offer.expires_ms > clock_wall_ms() && lead.erasure == LEAD_KEPT;
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

/* Up to BATCH_MAX rows of posts that were open and leads that were to go on, and cannot any more. */
static enum fault find_waiting(struct ledger *ledger, struct ident *ids, char *waits, unsigned *count)
{
    struct MDB_txn *txn;
    struct store_cursor cursor = {0};
    *count = 0;
    enum fault fault = store_begin(ledger->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = store_cursor_open(ledger->book, txn, BOOK_DOUBTS, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, BYTES_NONE);
    for (; fault == FAULT_NONE && *count < BATCH_MAX; fault = store_next(&cursor)) {
        if (cursor.key.len != sizeof ids->at || cursor.value.len != 1) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (cursor.value.at[0] == ROWS_DOUBT) continue;
        bool stands = false;
        memcpy(ids[*count].at, cursor.key.at, sizeof ids->at);
        if (cursor.value.at[0] == ROWS_GOES_ON) fault = still_stands(ledger, txn, &ids[*count], &stands);
        if (fault != FAULT_NONE) break;
        if (!stands) waits[(*count)++] = cursor.value.at[0];
    }
    store_cursor_close(&cursor);
    store_abort(&txn);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* Nobody waits for the answer any more: a post whose affiliate does not wait is void, any other in doubt. */
static void give_up(struct lead_record *lead, struct book_verdict *verdict, bool is_released)
{
    verdict->state = is_released ? POST_VOIDED : POST_UNKNOWN;
    verdict->reason = is_released ? REASON_VOIDED : REASON_UNKNOWN;
    verdict->by = is_released ? VERDICT_BY_RELEASE : VERDICT_BY_REPLY;
    for (unsigned i = 0; i < lead->slots_count; i++)
        if (ident_same(&lead->slots[i].post_id, &verdict->post_id)) lead->slots[i].state = verdict->state;
}

/* The step that ends the waiting; written into the job's memory. */
static enum fault end_waiting(struct ledger *ledger, struct MDB_txn *txn, const struct ident *id, char wait,
                              struct job *job)
{
    struct post_record post = {0};
    struct lead_record lead;
    struct book_verdict verdict = {.post_id = *id, .named_price_micros = -1};
    enum fault fault = FAULT_NONE;
    if (wait == ROWS_OPEN) fault = rows_post(ledger->book, txn, id, &ledger->arena, &post);
    if (fault == FAULT_NONE)
        fault = rows_lead(ledger->book, txn, wait == ROWS_OPEN ? &post.lead_id : id, &ledger->arena, &lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    /* Its story ended with the last run; the last of its open posts says so. */
    bool is_last = lead_slots_in(&lead, LEAD_SLOTS(POST_OPEN)) <= (wait == ROWS_OPEN);
    bool is_released = post.intent.doubt.then == DOUBT_RELEASES;
    give_up(&lead, &verdict, is_released);
    struct book_final final = {.state = lead_state_of(&lead)};
    if (final.state == LEAD_UNSOLD) final.reason = is_released ? REASON_VOIDED : REASON_REJECTED;
    *job = (struct job){.kind = JOB_STEP, .id = lead.lead_id, .wall_ms = clock_wall_ms(), .memory = job->memory};
    struct book_step step = {.lead_id = lead.lead_id,
                             .ping_id = lead.ping_id,
                             .wall_ms = job->wall_ms,
                             .verdicts = &verdict,
                             .verdicts_count = wait == ROWS_OPEN,
                             .final = is_last ? &final : NULL};
    struct sink sink = sink_over(job->memory, 512);
    bool written = book_write_step(&sink, &step, BYTES_NONE);
    check(written);
    job->body = sink_written(&sink);
    return FAULT_NONE;
}

/* A batch is worked out from what stands before it, so of one lead it ends one post; the next batch has the next. */
static bool is_among(const struct job *jobs, unsigned count, const struct ident *lead_id)
{
    for (unsigned i = 0; i < count; i++)
        if (ident_same(&jobs[i].id, lead_id)) return true;
    return false;
}

static enum fault end_all(struct ledger *ledger, const struct ident *ids, const char *waits, unsigned count,
                          struct job *jobs, struct job **list)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(ledger->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    unsigned used = 0;
    for (unsigned i = 0; i < count && fault == FAULT_NONE; i++) {
        arena_reset(&ledger->arena);
        list[used] = &jobs[used];
        fault = end_waiting(ledger, txn, &ids[i], waits[i], &jobs[used]);
        used += !is_among(jobs, used, &jobs[used].id);
    }
    store_abort(&txn);
    if (fault != FAULT_NONE) return fault;
    writer_batch(ledger, list, used);
    for (unsigned i = 0; i < used; i++) {
        if (jobs[i].answer.fault == FAULT_INPUT) return FAULT_CORRUPT;
        if (jobs[i].answer.fault != FAULT_NONE) return jobs[i].answer.fault;
    }
    return FAULT_NONE;
}

enum fault restore_doubts(struct ledger *ledger, struct ledger_note *note)
{
    struct room {
        struct ident ids[BATCH_MAX];
        char waits[BATCH_MAX];
        struct job jobs[BATCH_MAX];
        struct job *list[BATCH_MAX];
        char bodies[BATCH_MAX][512];
    } *room = calloc(1, sizeof *room);
    if (!room) return FAULT_MEMORY;
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < BATCH_MAX; i++) room->jobs[i].memory = room->bodies[i];
    for (unsigned count = 1; count && fault == FAULT_NONE;) {
        fault = find_waiting(ledger, room->ids, room->waits, &count);
        if (fault == FAULT_NONE && count)
            fault = end_all(ledger, room->ids, room->waits, count, room->jobs, room->list);
    }
    free(room);
    return fault == FAULT_NONE ? fault
                               : tell(note, fault, "posts left open by the last run cannot be noted as in doubt");
}

/* --- what goes back into memory --- */

/* Of each cap the latest window: the table is sorted by cap, then window. Segments of long ago are left where they are.
 */
static enum fault load_caps(struct ledger *ledger, struct MDB_txn *txn, struct standing *standing, int64_t wall_ms)
{
    struct store_cursor cursor;
    struct cap_id id = {{0}};
    uint32_t window = 0, used = 0;
    enum fault fault = store_cursor_open(ledger->book, txn, BOOK_CAPS, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE;) {
        if (cursor.key.len != sizeof id.at + 4 || cursor.value.len != 8) {
            fault = FAULT_CORRUPT;
            break;
        }
        char past[sizeof id.at + 4];
        memcpy(id.at, cursor.key.at, sizeof id.at);
        memcpy(past, id.at, sizeof id.at);
        memset(past + sizeof id.at, 0xff, 4);
        fault = store_seek(&cursor, (struct bytes){past, sizeof past}); /* at or past its last window */
        bool is_last = fault == FAULT_NOT_FOUND;
        bool is_exact = !is_last && fault == FAULT_NONE && memcmp(cursor.key.at, past, sizeof past) == 0;
        if (is_last) fault = store_last(&cursor);
        if (!is_last && !is_exact && fault == FAULT_NONE) fault = store_before(&cursor);
        if (fault != FAULT_NONE) break;
        window = store_read_key_u32(cursor.key.at + sizeof id.at);
        uint64_t all = store_read_value_u64(cursor.value.at);
        used = all > UINT32_MAX ? UINT32_MAX : (uint32_t)all;
        bool is_past = caps_is_past(&id, window, (uint32_t)(wall_ms / 60000));
        if (!is_past && !caps_load(standing, &id, window, used)) fault = FAULT_MEMORY;
        if (fault == FAULT_NONE) fault = store_next(&cursor);
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault load_switches(struct ledger *ledger, struct MDB_txn *txn, struct standing *standing)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(ledger->book, txn, BOOK_SWITCHES, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) {
        uint32_t cell = standing_contract_cell(standing, cursor.key);
        if (cell == STANDING_NONE) {
            fault = FAULT_MEMORY;
            break;
        }
        switches_set(standing, cell, true);
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* Their buyers are asked soon: much may have come in while nobody listened. */
static enum fault load_doubts(struct ledger *ledger, struct MDB_txn *txn, struct standing *standing, int64_t wall_ms)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(ledger->book, txn, BOOK_DOUBTS, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) {
        struct doubt doubt = {.seat = SEAT_HOLD_NONE};
        struct post_record post;
        if (cursor.key.len != sizeof doubt.post_id.at || cursor.value.len != 1) fault = FAULT_CORRUPT;
        if (fault != FAULT_NONE) break;
        if (cursor.value.at[0] != ROWS_DOUBT) continue;
        memcpy(doubt.post_id.at, cursor.key.at, sizeof doubt.post_id.at);
        arena_reset(&ledger->arena);
        fault = rows_post(ledger->book, txn, &doubt.post_id, &ledger->arena, &post);
        if (fault != FAULT_NONE) break;
        doubt.since_ms = post.settled_ms;
        doubt.next_ms = doubt_ask_ms(&doubt.post_id, wall_ms, wall_ms);
        if (!post.is_test) doubts_put(standing, &doubt);
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static bool load_revoked(void *arg, const struct person_key *key)
{
    return revoked_add(arg, key) == FAULT_NONE;
}

struct keys_load {
    struct standing *standing;
    enum fault fault;
};

static void load_key_revoked(void *arg, const struct digest *key, int64_t wall_ms)
{
    struct keys_load *load = arg;
    (void)wall_ms;
    if (load->fault == FAULT_NONE) load->fault = standing_revoke_key(load->standing, key);
}

static enum fault load_keys_revoked(struct ledger *ledger, struct MDB_txn *txn, struct standing *standing)
{
    struct keys_load load = {standing, FAULT_NONE};
    enum fault fault = rows_each_key_revoked(ledger->book, txn, load_key_revoked, &load);
    return fault != FAULT_NONE ? fault : load.fault;
}

struct offers_load {
    struct ledger *ledger;
    struct offers *offers;
    int64_t now_us, wall_ms;
    uint32_t count, no_room;
    enum fault fault;
};

/* What was written last comes first: what comes later for the same ping is older. An offer that has a lead is used up;
 * one that was superseded stays so. */
static void load_offer(void *arg, const struct ident *ping_id, int64_t expires_ms, struct bytes flat)
{
    struct offers_load *load = arg;
    struct MDB_txn *txn;
    struct bytes unused;
    struct offer offer;
    char copy[OFFER_BYTES_MAX];
    size_t len;
    if (load->fault != FAULT_NONE || !offer_read(flat, &offer)) return;
    if (offers_look(load->offers, ping_id, load->now_us, copy, sizeof copy, &len) != OFFER_NONE) return;
    load->fault = store_begin(load->ledger->book, false, &txn);
    if (load->fault != FAULT_NONE) return;
    enum fault fault = store_get(load->ledger->book, txn, BOOK_PINGS, ident_bytes(ping_id), &unused);
    store_abort(&txn);
    if (fault == FAULT_NONE) return;
    if (fault != FAULT_NOT_FOUND) {
        load->fault = fault;
        return;
    }
    uint32_t workers = load->ledger->lines_max > 1 ? load->ledger->lines_max - 1 : 1;
    int64_t expires_us = load->now_us + (expires_ms - load->wall_ms) * 1000;
    bool put = offers_put(load->offers, load->count++ % workers, ping_id, NULL, expires_us, load->now_us, flat);
    load->no_room += !put;
    if (!put || !offer.is_superseded) return;
    if (offers_claim(load->offers, ping_id, load->now_us, copy, sizeof copy, &len) == OFFER_OPEN)
        offers_superseded(load->offers, ping_id);
}

enum fault ledger_restore(struct ledger *ledger, struct standing *standing, struct offers *offers, int64_t now_us,
                          int64_t wall_ms, uint32_t *doubts)
{
    struct MDB_txn *txn;
    check(!ledger->is_running, "before ledger_start");
    enum fault fault = store_begin(ledger->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = load_caps(ledger, txn, standing, wall_ms);
    if (fault == FAULT_NONE) fault = load_switches(ledger, txn, standing);
    if (fault == FAULT_NONE) fault = load_keys_revoked(ledger, txn, standing);
    if (fault == FAULT_NONE) fault = seen_each_revoked(ledger->book, txn, load_revoked, standing_revoked(standing));
    if (fault == FAULT_NONE) fault = learning_load(ledger->book, txn, standing);
    if (fault == FAULT_NONE) fault = load_doubts(ledger, txn, standing, wall_ms);
    if (fault == FAULT_NONE) fault = stakes_load(ledger->book, txn, standing);
    ledger->standing = standing;
    store_abort(&txn);
    if (fault != FAULT_NONE) return fault;
    struct offers_load load = {.ledger = ledger, .offers = offers, .now_us = now_us, .wall_ms = wall_ms};
    fault = days_offers(ledger->days, wall_ms, load_offer, &load);
    if (load.no_room) log_line(LOG_WARN, "ledger.offers_dropped", "why", "more open offers than offers_max", NULL);
    *doubts = (uint32_t)ledger->totals.doubts;
    return fault == FAULT_NONE ? load.fault : fault;
}

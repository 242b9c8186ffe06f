/* The whole book derived anew: entry by entry into a scratch store with the very function the ledger thread uses, then
 * the two compared row by row. So a changed, a missing and a surplus row are found alike, in any table, and the memory
 * needed does not grow with the book.
 *
 * It may run beside a live exchange: read transactions stay short, and before each stretch of rows is compared the
 * scratch store is brought to the very entry that transaction sees. The scratch file is unlinked as soon as it is open.
 */
#include "exchange/ledger/report.h"

#include <stdlib.h>
#include <unistd.h>

#include "exchange/ledger/counting.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/keyfile.h"
#include "exchange/ledger/onward.h"
#include "exchange/ledger/report_parts.h"
#include "exchange/ledger/reversals.h"
#include "exchange/ledger/rows.h"
#include "exchange/ledger/stakes.h"
#include "exchange/ledger/upgrade.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define ENTRIES_PER_TXN 8192u
#define ROWS_PER_TXN 4096u
#define ARENA_BYTES (64u << 10)
#define ARENA_MAX_BYTES (256u << 20)
#define GO_ON "keep this book aside and go on with a copy that verifies"

struct verify {
    struct store *book, *scratch;
    struct MDB_txn *txn; /* of the book, short */
    struct arena arena;
    struct chain replayed, head;
    struct rows_totals totals;
    struct report_verdict *verdict;
    void (*progress)(void *arg, uint64_t done, uint64_t all);
    void *arg;
};

static enum fault open_scratch(struct verify *verify);
static enum fault replay_all(struct verify *verify);
static enum fault compare_all(struct verify *verify);

/* True while nothing wrong was found. */
static bool is_good(const struct verify *verify)
{
    return verify->verdict->good;
}

static void accuse(struct verify *verify, uint64_t seq, const char *what, const char *why)
{
    struct report_verdict *verdict = verify->verdict;
    if (!verdict->good) return; /* the first fault is told */
    verdict->good = false;
    verdict->bad_seq = seq;
    snprintf(verdict->text, sizeof verdict->text, "entry %llu: %s%s%s; " GO_ON, (unsigned long long)seq, what,
             why[0] ? ": " : "", why);
}

enum fault report_verify(const char *path, struct report_verdict *verdict,
                         void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg)
{
    char folder[4096];
    struct verify verify = {.verdict = verdict, .progress = progress, .arg = arg};
    uint64_t version = 0;
    *verdict = (struct report_verdict){.good = true};
    snprintf(folder, sizeof folder, "%s/book", path);
    enum fault fault = store_open(folder, journal_tables, BOOK_TABLES_COUNT, 0, STORE_READ, &verify.book);
    if (fault != FAULT_NONE) return fault;
    fault = store_begin(verify.book, false, &verify.txn);
    if (fault == FAULT_NONE) fault = journal_read_version(verify.book, verify.txn, &version);
    if (fault == FAULT_NONE && upgrade_is_under_way(verify.book, verify.txn)) version = BOOK_VERSION - 1;
    store_abort(&verify.txn);
    if (fault == FAULT_NONE && version > BOOK_VERSION) fault = FAULT_VERSION;
    if (fault == FAULT_NONE && version < BOOK_VERSION) {
        *verdict = (struct report_verdict){.older = version};
        store_close(&verify.book);
        return FAULT_NONE;
    }
    arena_init(&verify.arena, ARENA_BYTES, ARENA_MAX_BYTES);
    if (fault == FAULT_NONE) fault = open_scratch(&verify);
    if (fault == FAULT_NONE) fault = replay_all(&verify);
    if (fault == FAULT_NONE && is_good(&verify)) fault = compare_all(&verify);
    verdict->entries = verify.replayed.seq;
    arena_free(&verify.arena);
    store_close(&verify.scratch);
    store_close(&verify.book);
    return fault;
}

static enum fault open_scratch(struct verify *verify)
{
    char folder[4096], file[4200];
    uint64_t used, max;
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/outcry-verify-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(folder)) return FAULT_SYSTEM;
    store_size(verify->book, &used, &max);
    enum fault fault = store_open(folder, journal_tables, BOOK_TABLES_COUNT, max + (1u << 20), STORE_SCRATCH,
                                  &verify->scratch);
    snprintf(file, sizeof file, "%s/data.mdb", folder);
    unlink(file);
    rmdir(folder);
    return fault;
}

/* --- the journal --- */

/* The lead's row, as the book has it, says that its content was destroyed; the row itself is compared later. */
static bool is_erased(struct verify *verify, const struct ident *lead_id)
{
    struct lead_record lead;
    enum fault fault = rows_lead(verify->book, verify->txn, lead_id, &verify->arena, &lead);
    return fault == FAULT_NONE && lead.erasure == LEAD_ERASED;
}

/* What was sealed when the lead was opened is what is kept now. Content whose data key was parted from it only later
 * (keyfile.h) has another hash since; that it is whole shows when it is opened. */
static enum fault check_content(struct verify *verify, struct MDB_txn *into, uint64_t seq, const struct book_step *step)
{
    struct bytes sealed, unused, id = ident_bytes(&step->lead_id), wanted = step->opening->content;
    struct digest digest;
    if (wanted.len == 0) return FAULT_NONE;
    enum fault fault = store_get_parts(verify->book, verify->txn, BOOK_CONTENT, id, &verify->arena, &sealed);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    bool is_there = fault == FAULT_NONE, was_erased = is_erased(verify, &step->lead_id);
    if (is_there && was_erased) accuse(verify, seq, "the lead was erased, and its sealed content is there", "");
    if (!is_there && !was_erased) accuse(verify, seq, "the lead's sealed content is missing", "");
    if (!is_there) return FAULT_NONE;
    uint8_t version = sealed.len ? (uint8_t)sealed.at[0] : 0;
    digest_of(&digest, &sealed, 1);
    if (version != KEYFILE_CONTENT_APART && !bytes_same(wanted, (struct bytes){(const char *)digest.at, DIGEST_LEN}))
        accuse(verify, seq, "the lead's sealed content was changed", "");
    fault = version == KEYFILE_CONTENT_COMBINED ? FAULT_NONE
                                                : store_get(verify->book, verify->txn, BOOK_DATA_KEYS, id, &unused);
    if (fault == FAULT_NOT_FOUND) accuse(verify, seq, "the lead's data key is missing", "");
    return store_put(verify->scratch, into, BOOK_CONTENT, id, BYTES("x"));
}

/* Likewise the evidence of a return. */
static enum fault check_evidence(struct verify *verify, struct MDB_txn *into, const struct entry *entry)
{
    struct book_return asked;
    struct bytes sealed = BYTES_NONE, unused;
    struct digest digest;
    if (!aftersale_read_return(entry->body, &asked) || !asked.has_evidence) return FAULT_NONE;
    struct bytes id = ident_bytes(&asked.return_id);
    enum fault fault = store_get_parts(verify->book, verify->txn, BOOK_CONTENT, id, &verify->arena, &sealed);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    bool is_there = fault == FAULT_NONE;
    if (is_there == is_erased(verify, &asked.lead_id))
        accuse(verify, entry->seq,
               is_there ? "the lead was erased, and the evidence of its return is there"
                        : "the evidence of a return is missing",
               "");
    if (!is_there) return FAULT_NONE;
    digest_of(&digest, &sealed, 1);
    if (!digest_same(&digest, &asked.evidence)) accuse(verify, entry->seq, "the evidence of a return was changed", "");
    fault = store_get(verify->book, verify->txn, BOOK_DATA_KEYS, id, &unused);
    if (fault == FAULT_NOT_FOUND) accuse(verify, entry->seq, "the data key of a return's evidence is missing", "");
    return store_put(verify->scratch, into, BOOK_CONTENT, id, BYTES("x"));
}

static enum fault check_catalogue(struct verify *verify, struct MDB_txn *into, const struct entry *entry)
{
    struct digest version, digest;
    struct bytes packed;
    uint64_t len;
    if (!rows_read_catalogue(entry->body, &version, &len)) return FAULT_NONE; /* accused already */
    struct bytes key = {(const char *)version.at, DIGEST_LEN};
    enum fault fault = store_get_parts(verify->book, verify->txn, BOOK_CATALOGUES, key, &verify->arena, &packed);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND && fault != FAULT_CORRUPT) return fault;
    if (fault == FAULT_NONE) digest_of(&digest, &packed, 1);
    if (fault != FAULT_NONE || packed.len != len || !digest_same(&digest, &version))
        accuse(verify, entry->seq, "the catalogue is missing or was changed", "");
    return store_put(verify->scratch, into, BOOK_CATALOGUES, key, BYTES("x"));
}

/* Entry and the one before it do not fit: if what follows still vouches for this one, it was the one before. */
static enum fault accuse_link(struct verify *verify, const struct entry *entry)
{
    struct entry next;
    const struct digest *wanted = NULL;
    enum fault fault = journal_read(verify->book, verify->txn, entry->seq + 1, &verify->arena, &next);
    if (fault == FAULT_MEMORY) return fault;
    if (fault == FAULT_NONE) wanted = &next.before;
    if (entry->seq == verify->head.seq) wanted = &verify->head.digest;
    if (wanted && entry->seq > 1 && digest_same(wanted, &entry->chain))
        accuse(verify, entry->seq - 1, "its hash is not the one the next entry names", "it was changed");
    else
        accuse(verify, entry->seq, "it does not follow from the entry before it", "it was changed");
    return FAULT_NONE;
}

static enum fault replay_one(struct verify *verify, struct MDB_txn *into, uint64_t seq)
{
    struct entry entry;
    struct book_step step;
    struct rows_refusal refusal = {.text = ""};
    arena_reset(&verify->arena);
    enum fault fault = journal_read(verify->book, verify->txn, seq, &verify->arena, &entry);
    if (fault == FAULT_NOT_FOUND) accuse(verify, seq, "it is missing", "");
    if (fault == FAULT_CORRUPT || fault == FAULT_VERSION) accuse(verify, seq, "it cannot be read", "");
    if (!is_good(verify)) return FAULT_NONE;
    if (fault != FAULT_NONE) return fault;
    if (!digest_same(&entry.before, &verify->replayed.digest)) return accuse_link(verify, &entry);
    fault = rows_apply(verify->scratch, into, &entry, &verify->arena, &verify->totals, &refusal);
    if (fault == FAULT_INPUT) {
        accuse(verify, seq, "it contradicts the entries before it", refusal.text);
        return FAULT_NONE;
    }
    if (fault == FAULT_NONE && entry.kind == ENTRY_STEP && book_read_step(entry.body, &verify->arena, &step) &&
        step.opening)
        fault = check_content(verify, into, seq, &step);
    if (fault == FAULT_NONE && entry.kind == ENTRY_CATALOGUE) fault = check_catalogue(verify, into, &entry);
    if (fault == FAULT_NONE && entry.kind == ENTRY_RETURN) fault = check_evidence(verify, into, &entry);
    verify->replayed = (struct chain){seq, entry.chain};
    return fault;
}

/* At most `max` entries of what the open transaction sees. */
static enum fault replay(struct verify *verify, uint64_t max)
{
    struct MDB_txn *into = NULL;
    uint64_t last = 0;
    enum fault fault = journal_read_head(verify->book, verify->txn, &verify->head);
    if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE;
    if (fault == FAULT_NONE) fault = journal_last(verify->book, verify->txn, &last);
    if (fault == FAULT_NONE && last != verify->head.seq) accuse(verify, last, "the journal's head names another", "");
    if (fault == FAULT_NONE) fault = store_begin(verify->scratch, true, &into);
    for (uint64_t n = 0; n < max && fault == FAULT_NONE && is_good(verify) && verify->replayed.seq < last; n++)
        fault = replay_one(verify, into, verify->replayed.seq + 1);
    if (fault == FAULT_NONE) fault = store_commit(&into);
    store_abort(&into);
    if (fault == FAULT_NONE && is_good(verify) && verify->replayed.seq == last &&
        !digest_same(&verify->replayed.digest, &verify->head.digest))
        accuse(verify, last, "its hash is not the one the journal's head names", "it was changed");
    return fault;
}

static enum fault replay_all(struct verify *verify)
{
    enum fault fault;
    do {
        fault = store_begin(verify->book, false, &verify->txn);
        if (fault == FAULT_NONE) fault = replay(verify, ENTRIES_PER_TXN);
        store_abort(&verify->txn);
        if (verify->progress) verify->progress(verify->arg, verify->replayed.seq, verify->head.seq);
    } while (fault == FAULT_NONE && is_good(verify) && verify->replayed.seq < verify->head.seq);
    return fault;
}

/* --- the rows --- */

/* Which entry is to be told for a row: the last that had to do with it (of what is held of a buyer: the last intent).
 */
static bool touches(enum book_table table, struct bytes key, const struct entry *entry, const struct book_step *step)
{
    struct bytes id = bytes_first(key, 16);
    if (table == BOOK_FIELD_SETS) return entry->kind == ENTRY_FIELD_NAMES;
    if (table == BOOK_PEOPLE) id = bytes_from(key, PERSON_KEY_LEN);
    struct disclosure disclosure;
    if (table == BOOK_DISCLOSURES && entry->kind == ENTRY_DISCLOSURE)
        return disclosure_read(entry->body, &disclosure) && bytes_same(ident_bytes(&disclosure.lead_id), id);
    if (table == BOOK_SWITCHES) return entry->kind == ENTRY_SWITCH && bytes_same(bytes_from(entry->body, 1), key);
    if (table == BOOK_KEYS_REVOKED) return entry->kind == ENTRY_KEY_REVOKED && bytes_same(entry->body, key);
    if (table == BOOK_SEEN) id = bytes_from(key, PERSON_KEY_LEN);
    if (table == BOOK_ENDS) id = bytes_from(key, 8);
    if (table == BOOK_CATALOGUES)
        return entry->kind == ENTRY_CATALOGUE && bytes_starts(entry->body, bytes_first(key, DIGEST_LEN));
    if (table == BOOK_CAPS && counting_touches(entry, key)) return true;
    if (entry->kind == ENTRY_LATE) return table == BOOK_POSTS && bytes_starts(entry->body, id);
    if (aftersales_touches(entry, table, key) || reversals_touches(entry, table, key)) return true;
    if (onward_touches(entry, table, key)) return true;
    if (entry->kind != ENTRY_STEP) return false;
    if (bytes_same(ident_bytes(&step->lead_id), id)) return true;
    if (step->opening && bytes_same(ident_bytes(&step->ping_id), id)) return true;
    if (step->opening && step->opening->has_key &&
        bytes_same(key, (struct bytes){(const char *)step->opening->key.at, DIGEST_LEN}))
        return true;
    for (unsigned i = 0; i < step->verdicts_count; i++)
        if (bytes_same(ident_bytes(&step->verdicts[i].post_id), id)) return true;
    for (unsigned i = 0; i < step->intents_count; i++) {
        const struct book_intent *intent = &step->intents[i];
        if (table == BOOK_HOLDS && bytes_same(stakes_buyer(key), intent->buyer)) return true;
        if (bytes_same(ident_bytes(&intent->post_id), id)) return true;
        for (unsigned k = 0; table == BOOK_CAPS && k < intent->keys_count; k++)
            if (memcmp(intent->keys[k].id, id.at, id.len) == 0) return true;
    }
    return false;
}

static enum fault find_entry(struct verify *verify, enum book_table table, struct bytes key, uint64_t *seq)
{
    enum fault fault = report_is_money(table) ? report_money_entry(verify->scratch, table, key, seq) : FAULT_NONE;
    if (fault != FAULT_NONE || (report_is_money(table) && *seq > 0 && *seq <= verify->replayed.seq)) return fault;
    *seq = verify->replayed.seq;
    for (uint64_t at = verify->replayed.seq; at > 0 && fault == FAULT_NONE; at--) {
        struct entry entry;
        struct book_step step = {0};
        arena_reset(&verify->arena);
        fault = journal_read(verify->book, verify->txn, at, &verify->arena, &entry);
        if (fault == FAULT_NONE && entry.kind == ENTRY_STEP && !book_read_step(entry.body, &verify->arena, &step))
            fault = FAULT_CORRUPT;
        if (fault != FAULT_NONE || !touches(table, key, &entry, &step)) continue;
        *seq = at;
        return FAULT_NONE;
    }
    return fault;
}

static enum fault accuse_row(struct verify *verify, enum book_table table, struct bytes key, const char *why)
{
    char kept[STORE_KEY_MAX + 8], text[200];
    uint64_t seq;
    struct bytes copy = {kept, key.len < sizeof kept ? key.len : sizeof kept};
    memcpy(kept, key.at, copy.len);
    enum fault fault = find_entry(verify, table, copy, &seq);
    struct sink sink = sink_over(text, sizeof text - 1);
    sink_text(&sink, "the row ");
    if (table == BOOK_ACCOUNTS || table == BOOK_HOLDS || table == BOOK_SWITCHES || table == BOOK_REFS)
        sink_bytes(&sink, bytes_first(copy, 60));
    else if (copy.len >= 16 && (table == BOOK_LEADS || table == BOOK_OFFERS || table == BOOK_POSTS ||
                                table == BOOK_DOUBTS || table == BOOK_PINGS || table == BOOK_CONTENT ||
                                table == BOOK_SEEN_POSTS || table == BOOK_AFTERSALES || table == BOOK_RETURNS))
        ident_write(&sink, (const struct ident *)(const void *)copy.at);
    else
        sink_hex(&sink, bytes_first(copy, 20));
    sink_text(&sink, " of ");
    sink_text(&sink, journal_tables[table]);
    text[sink.len] = '\0';
    accuse(verify, seq, text, why);
    return fault;
}

struct pair {
    struct store_cursor book, scratch;
    enum fault book_at, scratch_at; /* FAULT_NOT_FOUND: at the end */
};

/* One row of each that has the lower key, compared; both move on where they stood on it. */
static enum fault compare_row(struct verify *verify, enum book_table table, struct pair *pair)
{
    int order = pair->book_at ? 1 : pair->scratch_at ? -1 : bytes_compare(pair->book.key, pair->scratch.key);
    if (order < 0) return accuse_row(verify, table, pair->book.key, "no entry made it");
    if (order > 0) return accuse_row(verify, table, pair->scratch.key, "it is missing");
    if (!bytes_same(pair->book.value, pair->scratch.value))
        return accuse_row(verify, table, pair->book.key, "it is not what the entries say");
    pair->book_at = store_next(&pair->book);
    pair->scratch_at = store_next(&pair->scratch);
    return FAULT_NONE;
}

static bool is_end_or_fine(enum fault fault)
{
    return fault == FAULT_NONE || fault == FAULT_NOT_FOUND;
}

/* Up to ROWS_PER_TXN rows from `from` on; *from becomes where the next stretch begins, empty at the end. */
static enum fault compare_stretch(struct verify *verify, struct MDB_txn *scratch_txn, enum book_table table, char *from,
                                  size_t *from_len)
{
    struct pair pair = {0};
    struct bytes start = {from, *from_len};
    enum fault fault = store_cursor_open(verify->book, verify->txn, table, &pair.book);
    if (fault == FAULT_NONE) fault = store_cursor_open(verify->scratch, scratch_txn, table, &pair.scratch);
    if (fault == FAULT_NONE) {
        pair.book_at = store_seek(&pair.book, start);
        pair.scratch_at = store_seek(&pair.scratch, start);
    }
    *from_len = 0;
    for (unsigned n = 0; fault == FAULT_NONE && is_good(verify); n++) {
        if (!is_end_or_fine(pair.book_at)) fault = pair.book_at;
        if (!is_end_or_fine(pair.scratch_at)) fault = pair.scratch_at;
        if (fault != FAULT_NONE || (pair.book_at && pair.scratch_at)) break;
        if (n == ROWS_PER_TXN) {
            struct bytes next = pair.book_at ? pair.scratch.key : pair.book.key;
            check(next.len <= STORE_KEY_MAX + 4);
            memcpy(from, next.at, *from_len = next.len);
            break;
        }
        fault = compare_row(verify, table, &pair);
    }
    store_cursor_close(&pair.book);
    store_cursor_close(&pair.scratch);
    return fault;
}

/* The entry's key in the scratch store that a row outside the journal stands for. */
static struct bytes owner_of(enum book_table table, struct bytes key)
{
    if (table == BOOK_PEOPLE) return bytes_from(key, PERSON_KEY_LEN);
    return table == BOOK_DATA_KEYS ? key : bytes_first(key, key.len > 4 ? key.len - 4 : 0); /* a part's number */
}

/* Content, what it is found and opened by, and catalogues have their bytes in the book only: here, that each has an
 * entry. */
static enum fault find_orphans(struct verify *verify, struct MDB_txn *scratch_txn, enum book_table table, char *from,
                               size_t *from_len)
{
    struct store_cursor cursor = {0};
    struct bytes unused;
    enum fault fault = store_cursor_open(verify->book, verify->txn, table, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, (struct bytes){from, *from_len});
    *from_len = 0;
    for (unsigned n = 0; fault == FAULT_NONE && is_good(verify); n++, fault = store_next(&cursor)) {
        if (n == ROWS_PER_TXN) {
            memcpy(from, cursor.key.at, *from_len = cursor.key.len);
            break;
        }
        enum book_table of = table == BOOK_CATALOGUES ? BOOK_CATALOGUES : BOOK_CONTENT;
        struct bytes key = owner_of(table, cursor.key);
        fault = key.len ? store_get(verify->scratch, scratch_txn, of, key, &unused) : FAULT_NOT_FOUND;
        if (fault == FAULT_NOT_FOUND) fault = accuse_row(verify, table, cursor.key, "no entry made it");
        if (fault != FAULT_NONE) break;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault compare_table(struct verify *verify, enum book_table table)
{
    char from[STORE_KEY_MAX + 8];
    size_t from_len = 0;
    bool has_rows = table != BOOK_CONTENT && table != BOOK_CATALOGUES && table != BOOK_DATA_KEYS &&
                    table != BOOK_PEOPLE;
    enum fault fault;
    do {
        struct MDB_txn *scratch_txn = NULL;
        fault = store_begin(verify->book, false, &verify->txn);
        if (fault == FAULT_NONE) fault = replay(verify, UINT64_MAX);
        if (fault == FAULT_NONE) fault = store_begin(verify->scratch, false, &scratch_txn);
        if (fault == FAULT_NONE && is_good(verify))
            fault = (has_rows ? compare_stretch : find_orphans)(verify, scratch_txn, table, from, &from_len);
        store_abort(&scratch_txn);
        store_abort(&verify->txn);
    } while (fault == FAULT_NONE && is_good(verify) && from_len);
    return fault;
}

static void count_held(void *arg, struct bytes account, int64_t micros)
{
    uint64_t *held = arg;
    (void)account;
    *held += micros != 0;
}

static enum fault compare_sums(struct verify *verify)
{
    struct rows_totals totals;
    const char *wrong = NULL;
    uint64_t held = 0;
    enum fault fault = store_begin(verify->book, false, &verify->txn);
    if (fault == FAULT_NONE) fault = replay(verify, UINT64_MAX);
    if (fault == FAULT_NONE) fault = stakes_each(verify->book, verify->txn, count_held, &held);
    if (fault == FAULT_NONE) fault = rows_read_totals(verify->book, verify->txn, &totals);
    if (fault == FAULT_NONE) fault = report_money_sums(verify->book, verify->txn, &totals, &wrong);
    store_abort(&verify->txn);
    if (fault != FAULT_NONE) return fault;
    uint64_t last = verify->replayed.seq;
    if (memcmp(&totals, &verify->totals, sizeof totals) != 0)
        accuse(verify, last, "the totals are not what the entries say", "");
    if (held && totals.posts_open == 0 && totals.doubts == 0)
        accuse(verify, last, "money of a buyer is held", "no post of any is open or in doubt");
    if (wrong) accuse(verify, last, wrong, "");
    return FAULT_NONE;
}

/* Not learned: an older exchange's entries taught nothing when they were written. */
static enum fault compare_all(struct verify *verify)
{
    static const enum book_table tables[] = {
        BOOK_ACCOUNTS,       BOOK_LEADS,         BOOK_POSTS,         BOOK_DOUBTS,       BOOK_PINGS,
        BOOK_KEYS,           BOOK_CAPS,          BOOK_SWITCHES,      BOOK_CONTENT,      BOOK_CATALOGUES,
        BOOK_SEEN,           BOOK_SEEN_POSTS,    BOOK_ENDS,          BOOK_DUE,          BOOK_EVENTS,
        BOOK_EVENT_ENDS,     BOOK_OUTBOX,        BOOK_OUTBOX_LEADS,  BOOK_DISPOSITIONS, BOOK_AFTERSALES,
        BOOK_BUYER_LEADS,    BOOK_SALE_MONTHS,   BOOK_RETURNS,       BOOK_RETURN_LISTS, BOOK_ONWARD,
        BOOK_ONWARD_WAITING, BOOK_KEPT,          BOOK_HOLDS,         BOOK_SALES,        BOOK_MOVES,
        BOOK_REFS,           BOOK_ACCOUNT_NAMES, BOOK_ACCOUNT_LINES, BOOK_KEYS_REVOKED, BOOK_PURCHASES,
        BOOK_DATA_KEYS,      BOOK_PEOPLE,        BOOK_DISCLOSURES,   BOOK_FIELD_SETS,   BOOK_OFFERS,
        BOOK_REVOKED};
    enum fault fault = FAULT_NONE;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && fault == FAULT_NONE && is_good(verify); i++)
        fault = compare_table(verify, tables[i]);
    return fault == FAULT_NONE && is_good(verify) ? compare_sums(verify) : fault;
}

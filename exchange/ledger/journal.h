/* journal: the book's tables, and its entries, each holding the SHA-256 of the one before it. For this room only.
 *
 *   entry   key    seq (8, big-endian) | part (4)
 *           value  version 2 | kind | wall ms (8) | monotonic us (8) | period (4) | SHA-256 of the previous entry (32)
 * | body; in version 1 no period: it is the month in UTC chain   of an entry: SHA-256 of its seq (8, big-endian) and
 * its value
 *
 * The first entry has seq 1 and a previous hash of zeros. Numbers in values are little-endian. */
#pragma once

#include "exchange/ledger/store.h"
#include "protocol/crypto/digest.h"

#define BOOK_VERSION 3u /* 1: nobody was remembered; 2: accounts had balances, and nothing told how they came about */

#define BOOK_TABLES(X)                                                                                                 \
    X(META, "meta")             /* "version", "head", "key": id of the newest key; "derived", "combined", "indexed" */ \
    X(JOURNAL, "journal")       /* entries: the truth; all below but content and catalogues is derived from them */    \
    X(LEADS, "leads")           /* lead id -> book_write_lead_row */                                                   \
    X(POSTS, "posts")           /* post id -> book_write_post */                                                       \
    X(DOUBTS, "doubts")         /* post or lead id -> what it waits for, see rows.h */                                 \
    X(PINGS, "pings")           /* ping id, or one whose place it took -> lead id */                                   \
    X(KEYS, "keys")             /* SHA-256 of affiliate, 0, Idempotency-Key -> lead id */                              \
    X(CAPS, "caps")             /* cap id, window (4, big-endian) -> used (8) */                                       \
    X(ACCOUNTS, "accounts")     /* "buyer:X" -> balance, see account.h */                                              \
    X(SWITCHES, "switches")     /* contract id -> paused since, wall ms (8) */                                         \
    X(CATALOGUES, "catalogues") /* version -> packed */                                                                \
    X(CONTENT, "content")       /* lead id -> sealed {"lead":…,"consent":…}, see content.h */                      \
    X(TOTALS, "totals")         /* "totals" -> see rows.h */                                                           \
    X(SEEN, "seen")             /* a person's key (16), post id -> empty; no post: a revocation, see seen.h */         \
    X(SEEN_POSTS, "seen_posts") /* post id -> its person's keys and what came of it */                                 \
    X(ENDS, "ends")             /* until (8, big-endian), post or lead id -> what is forgotten then, see seen.h */     \
    X(LEARNED, "learned")       /* contract id -> market/acceptance's word (8) */                                      \
    X(DUE, "due")               /* at, wall ms (8, big-endian) | kind | id -> what happens then, see due.h */          \
    X(EVENTS, "events")         /* hearer, number -> event_write, see events.h */                                      \
    X(EVENT_ENDS, "event_ends") /* until (8, big-endian), hearer, number -> empty: forgotten then */                   \
    X(OUTBOX, "outbox")         /* hearer, due, number -> what is to be delivered, see outbox.h */                     \
    X(OUTBOX_LEADS, "outbox_leads") /* hearer, lead id, number -> due (8); 0: after an earlier one */                  \
    X(DISPOSITIONS, "dispositions") /* SHA-256 of buyer, 0, event id -> aftersale_write_disposition */                 \
    X(AFTERSALES, "aftersales")     /* post id -> aftersale_write_record */                                            \
    X(SALE_MONTHS, "sale_months")   /* whose, period, contract or affiliate -> see aftersales.h */                     \
    X(RETURNS, "returns")           /* return id -> aftersale_write_return (parts) */                                  \
    X(RETURN_LISTS, "return_lists") /* 'b', buyer, 0 or 's', status or 'l', lead; return id */                         \
    X(KEPT, "kept")                 /* contract id -> market/acceptance's word of sales that were not returned (8) */  \
    X(ONWARD, "onward")             /* lead id -> what became of it, or what it came of, see onward.h */               \
    X(ONWARD_WAITING, "onward_waiting") /* until, lead id -> empty */                                                  \
    X(BUYER_LEADS, "buyer_leads")       /* buyer, 0, the buyer's own id of a lead it bought -> post id */              \
    X(HOLDS, "holds") /* "buyer:X" -> micros (8) that posts without a final verdict hold, see stakes.h */              \
    X(SALES, "sales") /* sale id -> sale_write */                                                                      \
    X(MOVES, "moves") /* seq, n -> move_write; this and the next three: see account.h */                               \
    X(REFS, "refs")   /* whose, a movement's ref -> seq, n */                                                          \
    X(ACCOUNT_NAMES, "account_names") /* number -> "buyer:X" */                                                        \
    X(ACCOUNT_LINES, "account_lines") /* number, period, seq, n -> move_write_line */                                  \
    X(KEYS_REVOKED, "keys_revoked")   /* SHA-256 of an API key -> when, wall ms (8) */                                 \
    X(PURCHASES, "purchases")         /* buyer, 0, sold at (8, big-endian), post id -> sale id, see purchases.h */     \
    X(DATA_KEYS, "data_keys")         /* see content.h; like content no entry tells it */                              \
    X(PEOPLE, "people")               /* likewise */                                                                   \
    X(DISCLOSURES, "disclosures")     /* lead id | post or other id -> who was shown it, see disclosures.h */          \
    X(FIELD_SETS, "field_sets")       /* id (8) -> names of fields */                                                  \
    X(OFFERS, "offers")   /* lead id -> book_write_offer: written once, where its row is written at each step */       \
    X(REVOKED, "revoked") /* a person's key (16) -> empty, see seen.h */

enum book_table {
#define X(name, text) BOOK_##name,
    BOOK_TABLES(X)
#undef X
        BOOK_TABLES_COUNT
};

extern const char *const journal_tables[BOOK_TABLES_COUNT];

enum entry_kind {
    ENTRY_STEP = 1,
    ENTRY_SWITCH = 2,
    ENTRY_CATALOGUE = 3,
    ENTRY_REVOCATION = 4,
    ENTRY_COUNTS = 5,
    ENTRY_DELIVERIES = 6,
    ENTRY_DISPOSITION = 7,
    ENTRY_CLEAR = 8,
    ENTRY_LATE = 9, /* a post that was given up was accepted after all */
    ENTRY_KEY_REVOKED = 10,
    ENTRY_ERASURE = 11,
    ENTRY_DISCLOSURE = 12,
    ENTRY_FIELD_NAMES = 13,
    ENTRY_ROTATION = 14,
    ENTRY_RETURN = 15,
    ENTRY_JUDGEMENT = 16,
    ENTRY_UNCONTACTED = 17,
    ENTRY_ADJUSTMENT = 18,
    ENTRY_CLOSE = 19,
    ENTRY_KINDS
};

struct entry {
    uint64_t seq;
    enum entry_kind kind;
    int64_t wall_ms, mono_us;
    uint32_t period; /* of the wall clock in the house's time zone */
    struct digest before;
    struct bytes body;
    struct digest chain; /* of this entry */
};

/* Where the journal ends. */
struct chain {
    uint64_t seq; /* 0: no entry yet */
    struct digest digest;
};

/* Takes seq, kind, stamps, period and body of *entry as the next one; *chain moves on. The arena is for the entry's
 * bytes. */
enum fault journal_append(struct store *store, struct MDB_txn *txn, struct chain *chain, struct arena *arena,
                          const struct entry *entry) MUST_USE;
/* FAULT_NOT_FOUND; FAULT_CORRUPT: its shape is wrong (the chain is the caller's to compare); FAULT_VERSION: of a
 * version or kind this program does not know. */
enum fault journal_read(struct store *store, struct MDB_txn *txn, uint64_t seq, struct arena *arena,
                        struct entry *entry) MUST_USE;
/* The highest seq in the table; 0: none. */
enum fault journal_last(struct store *store, struct MDB_txn *txn, uint64_t *seq) MUST_USE;

/* The rows of meta. FAULT_NOT_FOUND: a new book. */
enum fault journal_read_head(struct store *store, struct MDB_txn *txn, struct chain *chain) MUST_USE;
enum fault journal_write_head(struct store *store, struct MDB_txn *txn, const struct chain *chain) MUST_USE;
enum fault journal_read_version(struct store *store, struct MDB_txn *txn, uint64_t *version) MUST_USE;
enum fault journal_write_version(struct store *store, struct MDB_txn *txn) MUST_USE;

/* reader: look-ups in book and trace, synchronous, read-only; used on the ledger's reader thread, and by commands that
 * run beside a live exchange or without one. Short transactions; rows are copied into the caller's arena. */
#pragma once

#include "exchange/record/aftersale.h"
#include "exchange/record/book.h"
#include "exchange/record/disclosure.h"
#include "exchange/record/sale.h"
#include "exchange/record/trace.h"

struct reader;

/* For commands: opens the stores read-only; never in the process of the exchange itself, where they are open already (a
 * store is opened once per process). keys_path NULL: sealed content cannot be opened. FAULT_NOT_FOUND: there is no
 * book; FAULT_VERSION: it is a newer program's. */
enum fault reader_open(const char *path, const char *keys_path, struct reader **reader) MUST_USE;
void reader_close(struct reader **reader);

/* FAULT_NOT_FOUND, FAULT_CORRUPT, FAULT_MEMORY or NONE. */
enum fault reader_lead(struct reader *reader, const struct ident *lead_id, struct arena *arena,
                       struct lead_record *lead) MUST_USE;
enum fault reader_lead_of_ping(struct reader *reader, const struct ident *ping_id, struct arena *arena,
                               struct lead_record *lead) MUST_USE;
/* By SHA-256 of affiliate id, 0, Idempotency-Key. */
enum fault reader_lead_of_key(struct reader *reader, const struct digest *key, struct arena *arena,
                              struct lead_record *lead) MUST_USE;
/* What is remembered of a person, in the arena; nobody: count 0. */
enum fault reader_encounters(struct reader *reader, const struct person_keys *keys, struct arena *arena,
                             struct encounter **list, uint32_t *count) MUST_USE;
enum fault reader_post(struct reader *reader, const struct ident *post_id, struct arena *arena,
                       struct post_record *post) MUST_USE;
/* What was told of a post's sale since. FAULT_NOT_FOUND: nothing. */
enum fault reader_aftersale(struct reader *reader, const struct ident *post_id,
                            struct aftersale_record *record) MUST_USE;
/* The lead that this one went on as, and the one it came of; none: IDENT_NONE. */
enum fault reader_onward(struct reader *reader, const struct ident *lead_id, struct ident *became,
                         struct ident *came_of) MUST_USE;
/* Leads that are to go on, those first that soon are too old, after *after, which moves on; it begins as {now, none}.
 */
struct reader_onward {
    int64_t until_ms;
    struct ident lead_id;
};
enum fault reader_onward_waiting(struct reader *reader, struct reader_onward *after, struct ident *ids, uint32_t max,
                                 uint32_t *count) MUST_USE;
/* A sale as it stands, its texts in the arena. FAULT_NOT_FOUND: no such sale, or a test's. */
enum fault reader_sale(struct reader *reader, const struct ident *sale_id, struct arena *arena,
                       struct sale_record *sale) MUST_USE;
/* Returns of a buyer (not empty), or of a status; oldest first, after `after` (none: from the start). Returns how many
 * were put, at most `max`. Evidence is read as a lead's content is, by the return's id. */
enum fault reader_returns(struct reader *reader, struct bytes buyer, enum return_status status,
                          const struct ident *after, struct arena *arena, struct book_return *list, uint32_t max,
                          uint32_t *count) MUST_USE;
/* What the buyer has bought, tests aside, in the order of the sales; after the post `after` (none: from the start). At
 * most `max`, in the arena. FAULT_NOT_FOUND: `after` is no purchase of the buyer's. */
struct reader_purchase {
    struct post_record post;
    struct sale_record sale;
};
enum fault reader_purchases(struct reader *reader, struct bytes buyer, const struct ident *after, struct arena *arena,
                            struct reader_purchase *list, uint32_t max, uint32_t *count) MUST_USE;
/* The private content {"lead":{…},"consent":{…}} of a lead, opened. The arena is the caller's to wipe. FAULT_NOT_FOUND:
 * there is none, or none any more (its record's `erasure` tells). */
enum fault reader_content(struct reader *reader, const struct ident *lead_id, struct arena *arena,
                          struct bytes *content) MUST_USE;
/* Whom a lead was shown to, one call each, by id; of a post only its ids are told. The names of fields by the id its
 * lead has. */
enum fault reader_disclosures(struct reader *reader, const struct ident *lead_id,
                              void (*fn)(void *arg, const struct disclosure *disclosure), void *arg) MUST_USE;
enum fault reader_field_names(struct reader *reader, uint64_t id, struct arena *arena, struct bytes *names) MUST_USE;
/* Posts in doubt, oldest first, after `after` (none: from the start). Returns how many were put, at most `max`. */
enum fault reader_doubts(struct reader *reader, const struct ident *after, struct arena *arena,
                         struct post_record *posts, uint32_t max, uint32_t *count) MUST_USE;
/* Leads that were to go on (a doubt of theirs was resolved as a rejection) and were last written of before that
 * instant, by id, after `after` (none: from the start). Returns how many were put, at most `max`; *after moves on. */
enum fault reader_going_on(struct reader *reader, int64_t before_ms, struct ident *after, struct ident *ids,
                           uint32_t max, uint32_t *count) MUST_USE;
/* The trace of a ping (its auction) or of a lead (its post, one call, or the latest resumption); raw record for
 * trace_read. */
enum fault reader_trace(struct reader *reader, const struct ident *id, struct arena *arena,
                        struct bytes *record) MUST_USE;
/* The offer of a ping as the trace keeps it, expired or not; its texts are in the arena. */
enum fault reader_offer(struct reader *reader, const struct ident *ping_id, struct arena *arena,
                        struct offer *offer) MUST_USE;
/* fn for the trace records of that time, oldest first, until it says no: whole days (and the day after, for records
 * that were written late), so look at each one's instant. Short transactions, beside a live exchange. */
enum fault reader_traces(struct reader *reader, int64_t from_ms, int64_t to_ms,
                         bool (*fn)(void *arg, struct bytes record), void *arg) MUST_USE;
enum fault reader_catalogue(struct reader *reader, const struct digest *version, struct arena *arena,
                            struct bytes *packed) MUST_USE;
/* fn for each API key, by its SHA-256, that was revoked, and when. */
enum fault reader_keys_revoked(struct reader *reader, void (*fn)(void *arg, const struct digest *key, int64_t wall_ms),
                               void *arg) MUST_USE;
/* "buyer:north" …: fn for each account and its balance. */
enum fault reader_accounts(struct reader *reader, void (*fn)(void *arg, struct bytes account, int64_t micros),
                           void *arg) MUST_USE;

/* The same for what posts under way and in doubt hold of buyers' money; nobody is told of whom nothing is held. */
enum fault reader_holds(struct reader *reader, void (*fn)(void *arg, struct bytes account, int64_t micros),
                        void *arg) MUST_USE;

struct reader_totals {
    uint64_t entries, leads, sold, unsold, pending, posts, posts_open, doubts;
    uint64_t tests; /* test leads; in none of the sums */
    int64_t revenue_micros, payout_micros, margin_micros;
    uint64_t seq;
    struct digest chain;
    int64_t first_ms, last_ms;
};
enum fault reader_totals(struct reader *reader, struct reader_totals *totals) MUST_USE;

struct reader_sizes {
    uint64_t book_bytes_used, book_bytes_max, trace_bytes;
};
void reader_sizes(struct reader *reader, struct reader_sizes *sizes);

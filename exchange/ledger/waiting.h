/* waiting: the book's rows of what is not settled: posts without a verdict, posts in doubt and when their doubts end by
 * themselves, leads whose story is to go on. In the entry's transaction. For this room only. */
#pragma once

#include "exchange/ledger/journal.h"
#include "exchange/record/book.h"

/* What a row of "doubts" waits for. A post: its verdict (open), or a resolution (in doubt). A lead: its next intent or
 * its end, while no post of it is open (resolved as rejected, the story goes on). */
enum rows_wait { ROWS_OPEN = 'o', ROWS_DOUBT = 'd', ROWS_GOES_ON = 'g' };

/* When the doubt of a post ends by itself that is in the state it has from that instant on; 0: never, or it is in none.
 */
int64_t waiting_until(const struct post_record *post, int64_t wall_ms);

enum fault waiting_open(struct store *store, struct MDB_txn *txn, const struct ident *post_id) MUST_USE;
/* `resolves_ms`: of the doubt it was in before, if it was. */
enum fault waiting_settle(struct store *store, struct MDB_txn *txn, const struct post_record *post,
                          int64_t resolves_ms) MUST_USE;
/* Body of an entry: a post that was given up was accepted after all. */
#define WAITING_LATE_BYTES 17u
void waiting_write_late(struct sink *sink, const struct ident *post_id, enum verdict_source by);
/* FAULT_INPUT: it cannot be, or it is known already. */
enum fault waiting_late(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                        const char **refusal) MUST_USE;
enum fault waiting_lead(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, bool goes_on) MUST_USE;

/* hearing: who is to hear of a lead's step. Pure, but for writing the events; for this room only.
 *
 * An affiliate that was answered while a post of its lead was in doubt hears what became of it: of each sale made
 * since, and of the end of the last doubt; the event that ends it all is marked final, and comes once. What it was
 * answered at once needs no event. A buyer hears of a post of its that was voided. */
#pragma once

#include "exchange/ledger/account.h"
#include "exchange/ledger/events.h"
#include "exchange/record/book.h"

/* Before a step's verdicts are applied to the lead: notes what its affiliate has been told. */
void hearing_before(struct lead_record *lead);
/* After: what the affiliate hears of the step; false: nothing. The lead remembers that it was told. */
bool hearing_after(const struct book_step *step, struct lead_record *lead, struct event *event);
enum fault hearing_write(struct store *store, struct MDB_txn *txn, const struct lead_record *lead,
                         const struct event *event) MUST_USE;
/* A post was sold and the money written: did that take its buyer's balance below what is low for it? */
enum fault hearing_low(struct account_book *money, const struct post_record *post) MUST_USE;
/* A post has its verdict: its contract's addresses hear of a sale, or get a copy; its buyer hears that it was voided,
 * and so do they. `price_micros`: what it costs, or would have. */
enum fault hearing_post(struct store *store, struct MDB_txn *txn, const struct post_record *post,
                        int64_t price_micros) MUST_USE;
/* Its buyer accepted it after it was given up: it hears that nothing is billed. */
enum fault hearing_late(struct store *store, struct MDB_txn *txn, const struct post_record *post) MUST_USE;

/* A person is not to be sold any more: every buyer that got a lead of that person hears of it, and every affiliate that
 * sent one. Before the revocation is among the rows. */
enum fault hearing_revocation(struct store *store, struct MDB_txn *txn, const struct revocation *revocation,
                              int64_t wall_ms, struct arena *arena) MUST_USE;

/* erasures: that a lead's private content was destroyed, or is to be when its story ends; in the lead's own row, and
 * derived from the journal like all of it. The destroying itself is content.h's. For this room only. */
#pragma once

#include "exchange/ledger/due.h"
#include "exchange/ledger/rows.h"
#include "exchange/record/erasure.h"

struct job;

/* FAULT_INPUT: a lead that is not there, or was erased, or whose story says otherwise. */
enum fault erasures_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                          struct rows_refusal *refusal) MUST_USE;

/* The ledger thread's part: entry and destruction in one transaction. */
/* A job: all leads of job->erasure's person, or of the person of its lead, and the person is not sold any more. The
 * answer's fault FAULT_NOT_FOUND: there is no such lead. */
enum fault erasures_ask(struct ledger *ledger, struct MDB_txn *txn, struct job *job) MUST_USE;
/* A story that an erasure waits for has ended. */
enum fault erasures_end(struct ledger *ledger, struct MDB_txn *txn, const struct ident *lead_id,
                        int64_t wall_ms) MUST_USE;
/* The campaign's time for a lead's content is over (due.h). */
enum fault erasures_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row,
                        int64_t wall_ms) MUST_USE;

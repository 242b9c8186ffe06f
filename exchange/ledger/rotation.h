/* rotation: data keys wrapped by a new key, in small transactions between those of the steps. The key file tells that
 * one is under way (it holds the old key too), so a kill at any point is made good by the next start. For this room
 * only, the ledger thread's. */
#pragma once

#include "exchange/ledger/content.h"

struct ledger;
struct job;

struct rotation {
    struct content_walk walk;
    bool is_running;
    bool has_failed; /* not tried again before the next start */
};

/* A start: goes on with what the key file says is not over. */
void rotation_resume(struct ledger *ledger);
/* The job that begins one. */
enum fault rotation_begin(struct ledger *ledger, struct MDB_txn *txn, struct job *job) MUST_USE;
/* The job that is one transaction of it. */
enum fault rotation_go_on(struct ledger *ledger, struct MDB_txn *txn, struct job *job) MUST_USE;
/* The other walk over the data keys, beside it: who is found by which (content_index). The job that is one transaction
 * of it; and between two batches of steps, where it is time for one. True: there is more to do at once. */
enum fault rotation_index(struct ledger *ledger, struct MDB_txn *txn, struct job *job) MUST_USE;
bool rotation_index_turn(struct ledger *ledger, int64_t now_us, bool is_idle);
/* Between two batches of steps: one transaction. True: there is more to do at once. */
bool rotation_turn(struct ledger *ledger);

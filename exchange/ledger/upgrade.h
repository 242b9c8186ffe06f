/* upgrade: an older book becomes one of today's version, once, when it is opened for writing.
 *
 * The journal's entries stay as they are, byte for byte; so do catalogues and sealed content. Every other table is
 * emptied and derived anew from the journal, by the function the ledger thread uses: the book then is what this program
 * would have written from the first day on, and verifies. The version is raised first, so that no older program looks
 * at rows half done; "derived" in meta says how far it has come, and a start after a kill goes on from there. */
#pragma once

#include "exchange/ledger/ledger.h"
#include "exchange/ledger/store.h"

/* Nothing to do for a book of today's version. FAULT_CORRUPT: the note names the entry. */
enum fault upgrade_book(struct store *book, struct ledger_note *note) MUST_USE;
/* True from the first transaction of it to the last. */
bool upgrade_is_under_way(struct store *book, struct MDB_txn *txn);

/* upgrade: an older book becomes one of today's version, once, when it is opened for writing.
 *
 * The journal's entries stay as they are, byte for byte. The rows of leads and posts are spelled anew, so that the book
 * verifies: verification spells them as the program that runs it does. A batch is a transaction of its own and may be
 * done twice; the version is raised last, so a kill in the middle only means that the next start begins again. */
#pragma once

#include "exchange/ledger/store.h"

/* Nothing to do for a book of today's version. FAULT_CORRUPT: a row that cannot be read. */
enum fault upgrade_book(struct store *book) MUST_USE;

/* account_parts: how a movement is put together, for the files of account only. */
#pragma once

#include "exchange/ledger/account.h"

/* Whose refs they are: the same text of another is another ref. */
enum account_refs { REFS_NONE = 0, REFS_ADJUSTMENTS = 'a', REFS_EVENTS = 'e', REFS_RETURNS = 'r' };

/* The next movement, empty but for its kind and instants; NULL: no room is left. */
struct move_record *account_next(struct account_book *book, enum move_kind kind, int64_t effective_ms);
/* A leg on the account of that name (three parts, one after the other); one of 0 is none. */
enum fault account_leg(struct account_book *book, struct move_record *move, const struct bytes name[3],
                       int64_t micros) MUST_USE;
/* The periods it stands in and belongs to: `natural` is the one its cause is of. */
void account_land(const struct account_book *book, struct move_record *move, uint32_t natural);
/* Its ref and note; an empty ref is none. */
enum fault account_refer(struct account_book *book, struct move_record *move, enum account_refs whose, struct bytes ref,
                         struct bytes note) MUST_USE;
/* It is whole: its legs sum to 0. */
enum fault account_close(struct account_book *book, struct move_record *move) MUST_USE;
enum fault account_refuse(struct account_book *book, const char *why) MUST_USE;
/* What of the sale clears by time is found by the sweep, what does not is not. */
enum fault account_set_due(struct account_book *book, const struct sale_record *sale) MUST_USE;

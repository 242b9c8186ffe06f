/* letter: an event in the words its hearer gets, the same in a feed and in a notice (api.md, "Notice"). Looks things up
 * in the book: on the ledger's reader thread. */
#pragma once

#include "exchange/ledger/notices.h"
#include "exchange/market/catalogue.h"
#include "protocol/codec/json.h"

#define LETTER_ROOM 16384u /* of one event's words, but for a copy */
#define LETTER_MEMORY_MAX (64u << 20)

/* {"type","id","at","data":{…}}, as one value. A copy holds the whole lead: the arena and what it writes into are the
 * caller's to wipe. FAULT_NOT_FOUND: what it is about is not there any more; FAULT_TOO_LARGE: no room. */
enum fault letter_write(struct reader *reader, const struct catalogue *catalogue, const struct hearer *hearer,
                        const struct event_row *row, struct arena *arena, struct json *json) MUST_USE;

/* explain: the story of a ping or a lead as JSON (api.md, /v1/admin/explain): every contract of the campaign with its
 * reason or its place.
 *
 * From the trace alone, and from the stored catalogue for the contracts that no entry was kept of: never from what is
 * loaded now. On any thread with a reader: the exchange's reader thread, or a command. */
#pragma once

#include "exchange/ledger/reader.h"

/* `id`: a ping or a lead. A ping that was posted is told with its lead's part. FAULT_NOT_FOUND: nothing is kept of it
 * (any more). */
enum fault explain_write(struct reader *reader, const struct ident *id, struct arena *arena, struct sink *out) MUST_USE;

/* audit: who was shown a lead's private content, when, and which fields of it; and what became of the content. For the
 * operator's API and the command. Synchronous, on the reader thread or in a command; never a private value. */
#pragma once

#include "exchange/ledger/reader.h"

#define AUDIT_ROOM (1u << 20)

/* One JSON object. FAULT_NOT_FOUND: no such lead; FAULT_TOO_LARGE: the sink is too small. */
enum fault audit_write(struct reader *reader, const struct ident *lead_id, struct arena *arena,
                       struct sink *sink) MUST_USE;

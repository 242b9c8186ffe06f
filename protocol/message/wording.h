/* wording: a stranger's text made fit for a log line, an answer, a record: cut at a character, without characters that
 * steer a terminal or a line (C0, DEL, C1, line and paragraph separators, bidirectional controls). Input is UTF-8 that
 * a document reader has checked. No state; the arena's thread. */
#pragma once

#include "protocol/codec/document.h"

/* At most `max` bytes, ending with a whole character. */
struct bytes wording_cut(struct bytes text, size_t max);
/* True if none of those characters is in it. */
bool wording_is_plain(struct bytes text);
/* Cut, and each such character replaced by one '?'. The text itself where nothing is to be replaced, else a copy in the
 * arena; empty when memory is out. */
struct bytes wording_clean(struct arena *arena, struct bytes text, size_t max);
/* A buyer's own words for a refusal (api.md, "Codes in no_bid and rejected"): members `code` and `reason` of its reply.
 * *code is one of the known codes, "other" for any other, empty if none was named; *text is its reason, or the unknown
 * code where no reason was given. False: one of them is not text (both are then empty). */
bool wording_refusal(struct arena *arena, const struct node *reply, size_t text_max, struct bytes *code,
                     struct bytes *text);

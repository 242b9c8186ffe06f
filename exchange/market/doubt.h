/* doubt: when a buyer is asked what became of a post in doubt, and what its word comes to (market.md section 3). Pure.
 */
#pragma once

#include "exchange/record/step.h"

/* A buyer that has not seen a post may still see it: its bytes may be on their way through its own house. From this
 * long after the doubt began on (the post's own time was over then, and its connection closed) its word counts. */
#define DOUBT_GRACE_MS 60000

/* What a status endpoint says. */
enum doubt_word { DOUBT_ACCEPTED, DOUBT_REJECTED, DOUBT_NOT_SEEN, DOUBT_UNTOLD };

/* The first instant after `now_ms` at which the buyer is asked about a post in doubt since `since_ms`: with ever longer
 * pauses, and not at the same instant for many. */
int64_t doubt_ask_ms(const struct ident *post_id, int64_t since_ms, int64_t now_ms);
/* That word resolves the doubt, as accepted or not. */
bool doubt_is_told(enum doubt_word word, int64_t since_ms, int64_t now_ms);

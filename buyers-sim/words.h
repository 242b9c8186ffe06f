/* words: the answers of a buyer, as JSON and as what is not JSON. */
#pragma once

#include "buyers-sim/buyer.h"

/* The act's price is that of the bid. Both fill in all of *outcome but the think time. */
void words_write_ping(const struct buyer *buyer, const struct act *act, struct sink *body, struct outcome *outcome);
void words_write_post(const struct buyer *buyer, const struct buyer_post *post, struct sink *body,
                      struct outcome *outcome);
/* The body of the manner "huge", made once; .at NULL: out of memory. */
struct bytes words_make_huge(struct arena *arena, int64_t len);

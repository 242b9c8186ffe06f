/* pieces: records that stand inside others, for this room only. */
#pragma once

#include "exchange/record/flat.h"
#include "exchange/record/step.h"

/* An offer without the bound on its length: in the book it may carry the facts of a large one-call lead. */
void pieces_put_offer(struct sink *sink, const struct offer *offer);
void pieces_take_offer(struct flat *flat, struct offer *offer);
void pieces_put_keys(struct sink *sink, const struct person_keys *keys);
void pieces_take_keys(struct flat *flat, struct person_keys *keys);
void pieces_put_intent_after(struct sink *sink, const struct book_after *after);
void pieces_take_intent_after(struct flat *flat, struct book_after *after);
/* Without the post's id. */
void pieces_put_after(struct sink *sink, const struct book_after *after);
void pieces_take_after(struct flat *flat, struct book_after *after);
/* The counters a reservation took, at most BOOK_CAP_KEYS_MAX. */
void pieces_put_caps(struct sink *sink, const struct book_cap_key *keys, uint8_t count);
uint8_t pieces_take_caps(struct flat *flat, struct book_cap_key *keys);

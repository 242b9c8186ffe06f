/* spelling: which known word was probably meant, for "did you mean". Pure. */
#pragma once

#include "protocol/base/bytes.h"

#define SPELLING_WORD_MAX 64

/* Edits (insert, delete, replace, swap of neighbours; the case of letters does not count) from one to the other;
 * SPELLING_WORD_MAX when either is longer than that. */
unsigned spelling_distance(struct bytes a, struct bytes b);
/* True if `word` is close enough to `known` to be a slip of the hand: at most one edit in three letters. */
bool spelling_is_near(struct bytes word, struct bytes known);

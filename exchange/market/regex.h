/* regex: a regular expression as operators write them, matched in time linear in the text: no back-references, nothing
 * that could make a match slow whatever pattern or text there is. Pure; a compiled one is read by any thread.
 *
 * Understood: literals, . [a-z] [^a-z] \d \w \s \D \W \S, \ before punctuation, ( ) (?: ), |, * + ? {m} {m,} {m,n},
 * ^ at the text's start, $ at its end. It is looked for anywhere in the text. Bytes are compared: a character beyond
 * ASCII is several of them, and may not stand in [ ]. */
#pragma once

#include "protocol/base/arena.h"

#define REGEX_STEPS_MAX 512u /* a pattern's steps with its repeats written out */
#define REGEX_DEPTH_MAX 16u  /* of parentheses */
#define REGEX_REPEAT_MAX 255u

struct regex;

/* In the arena. NULL: *error is a constant sentence and *error_at the byte of the pattern; or memory is out (then
 * *error is NULL). */
const struct regex *regex_compile(struct arena *arena, struct bytes pattern, const char **error, size_t *error_at);
/* At most REGEX_STEPS_MAX operations for each byte of the text; never allocates. */
bool regex_matches(const struct regex *regex, struct bytes text);

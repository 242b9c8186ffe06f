/* value: one plain value held against its row: form, range, choice; secrets are fetched from where they are named. */
#pragma once

#include "exchange/config/schema.h"

#define VALUE_SECRET_MAX 4096 /* bytes of a secret's file */

/* Reports what is wrong with it and says false. A secret's node gets the secret itself for its text. `folder` is where
 * relative paths start; "" is the working directory. */
bool value_check(struct tree *tree, const struct schema_row *row, struct node *node, const char *folder);
/* The number of a BOOL, COUNT, DURATION (µs), SIZE (bytes), MONEY (micros), PERCENT (ppm) or CHOICE (its place in the
 * list), a word of COUNT being 0. False: the type has none, or the value is not one. */
bool value_number(const struct schema_row *row, const struct node *node, int64_t *number);
/* Appends folder and path ("/x" stays). False: too long for SETTINGS_PATH_MAX. */
bool value_path(const char *folder, struct bytes path, char *out, size_t cap);
/* "sha256:<hex>". */
bool value_key(struct bytes text, uint8_t raw[32]);
/* Letters, digits and . _ - , at most 64. */
bool value_is_name(struct bytes text);
/* For messages: a value cut short. Not for secrets. */
struct value_shown {
    char text[48];
};
struct value_shown value_shown(struct bytes text);
/* " (did you mean x?)" or nothing. `words` stand apart by spaces. */
struct value_hint {
    char text[64];
};
struct value_hint value_hint(struct bytes word, const char *words);

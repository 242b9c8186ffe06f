/* ndjson: a file of one JSON object a line -> nodes of a tree, one root a line. Bulk contracts come this way. */
#pragma once

#include "exchange/config/tree.h"

#define NDJSON_LINE_MAX 16777216u /* bytes */
#define NDJSON_NODES_MAX 262144u  /* in one line */

/* Reads every line of `input`; empty lines are passed over. on_line gets each root; a line that is no JSON is reported
 * and the rest is read all the same. `levels` is how deep the lines will stand in a document. False: memory is out or a
 * bound was passed (reported). */
bool ndjson_read(struct tree *tree, uint32_t file, struct bytes input, unsigned levels,
                 bool (*on_line)(void *arg, uint32_t root), void *arg);

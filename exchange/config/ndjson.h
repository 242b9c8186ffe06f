/* ndjson: a file of one JSON object a line -> nodes of a tree, one root a line. Bulk contracts come this way. */
#pragma once

#include "exchange/config/tree.h"

#define NDJSON_LINE_MAX 16777216u /* bytes */
#define NDJSON_NODES_MAX 262144u  /* in one line */

struct ndjson_line {
    uint32_t file; /* of the tree */
    uint32_t number;
    struct bytes text; /* without its end */
};

/* Its root; TREE_NONE: it is no JSON, or memory is out (reported). `levels` is how deep the lines will stand in a
 * document. The scratch arena is the caller's to reset; keys point into it
 * or into the line. */
uint32_t ndjson_read(struct tree *tree, const struct ndjson_line *line, struct arena *scratch, unsigned levels);

/* document: one tree for JSON, MessagePack and forms.
 *
 * The tree is a flat array in reading order: a list or map is followed by its children, and `span` tells how many nodes
 * the subtree takes, so any node is a document of its own and stepping over it is one addition. Text is decoded and
 * strictly UTF-8; it points into the input where it held no escape, else into the arena, so the input must live as long
 * as the document. Numbers keep their digits (JSON form, whatever they were read from): no value ever goes through a
 * double.
 *
 *   {"a":1,"b":[true]}   →   map span 4 count 2 | a number span 1 | b list span 2 count 1 | true span 1
 *
 * No state; the arena's thread. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"

enum node_kind { NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    struct bytes key;  /* its name when its parent is a map, else empty */
    struct bytes text; /* TEXT: the decoded text; NUMBER: its digits as JSON would write them */
    uint32_t span;     /* nodes of this subtree, itself included */
    uint32_t count;    /* children of a list or map */
    uint32_t at;       /* offset of the value's first byte in the input, for error messages */
    enum node_kind kind;
    bool truth; /* BOOL */
};

#define DOCUMENT_DEPTH_MAX 16u
#define DOCUMENT_KEYS_MAX 256u

struct document_limits {
    uint32_t depth_max; /* nesting of lists and maps; 1 = a flat one; at most DOCUMENT_DEPTH_MAX (checked) */
    uint32_t nodes_max;
    uint32_t keys_max; /* in one map; at most DOCUMENT_KEYS_MAX (checked) */
};

#define DOCUMENT_LIMITS                                                                                                \
    ((struct document_limits){.depth_max = DOCUMENT_DEPTH_MAX, .nodes_max = 4096, .keys_max = DOCUMENT_KEYS_MAX})

struct document_error {
    size_t at;        /* byte offset in the input */
    const char *text; /* a constant sentence without input in it */
    bool too_large;   /* a limit or the arena's size was reached, rather than the grammar */
};

/* Each reads one whole input: nothing but JSON white space may follow. NULL on error, and *error tells. Duplicate keys
 * are errors in all three. */
const struct node *document_read_json(struct arena *arena, struct bytes input, const struct document_limits *limits,
                                      struct document_error *error);
const struct node *document_read_pack(struct arena *arena, struct bytes input, const struct document_limits *limits,
                                      struct document_error *error);
/* application/x-www-form-urlencoded: every value is text, dots nest (lead.state=CA), a name given twice becomes an
 * error. */
const struct node *document_read_form(struct arena *arena, struct bytes input, const struct document_limits *limits,
                                      struct document_error *error);

static inline const struct node *node_first(const struct node *parent)
{
    return parent->count ? parent + 1 : NULL;
}
static inline const struct node *node_step(const struct node *node)
{
    return node + node->span;
}
/* The member of that name, or NULL (also when `map` is NULL or not a map). */
const struct node *node_find(const struct node *map, const char *name);
const struct node *node_find_bytes(const struct node *map, struct bytes name);
/* for (const struct node *n = node_first(p), *end = node_end(p); n && n < end; n = node_step(n)) */
static inline const struct node *node_end(const struct node *parent)
{
    return parent + parent->span;
}
#define NODE_EACH(child, parent)                                                                                       \
    for (const struct node *child = (parent) + 1, *child##_end = (parent) + (parent)->span; child < child##_end;       \
         child = node_step(child))

/* The child of that number, from 0; NULL: there are fewer. */
static inline const struct node *node_at(const struct node *parent, uint32_t number)
{
    NODE_EACH(child, parent)
    {
        if (number-- == 0) return child;
    }
    return NULL;
}

/* A number without fraction in range (1e2 counts), true and *value. */
bool node_i64(const struct node *node, int64_t *value);
/* A number, or a text that is one: money. */
bool node_money(const struct node *node, int64_t *micros);

/* builder: the nodes of one document while it is being read; for the readers of this room only.
 *
 * Nodes are added in reading order; a list or map is open from its own node until builder_close, which sets its span
 * and refuses names that stand twice. The array may move when it grows, so a node is addressed only until the next is
 * added. A function that fails has filled in the caller's document_error. The arena's thread. */
#pragma once

#include "protocol/codec/document.h"

struct builder {
    struct arena *arena;
    const struct document_limits *limits;
    struct document_error *error;
    struct node *nodes;
    uint32_t made;
    uint32_t room;      /* nodes that fit before the array must grow */
    uint32_t nodes_max; /* of this document: the limit, or what its input can hold if that is less */
    uint32_t depth;
    uint32_t open[DOCUMENT_DEPTH_MAX]; /* the lists and maps that are not closed yet, outermost first */
};

/* `guess` nodes are taken from the arena at the start; `possible` is what the input's length allows at most. */
bool builder_start(struct builder *builder, struct arena *arena, const struct document_limits *limits, size_t guess,
                   size_t possible, struct document_error *error);
/* Always false. */
bool builder_fail(struct builder *builder, size_t at, const char *text) __attribute__((cold));
bool builder_fail_large(struct builder *builder, size_t at, const char *text) __attribute__((cold));
/* Makes room for more nodes. */
bool builder_grow(struct builder *builder, size_t at) __attribute__((cold));
/* The node just added becomes a list or map. */
bool builder_open(struct builder *builder, struct node *node, enum node_kind kind);
bool builder_close(struct builder *builder);

static inline struct node *builder_parent(struct builder *builder)
{
    return builder->depth ? &builder->nodes[builder->open[builder->depth - 1]] : NULL;
}

/* A node of one value (kind NODE_NULL) below the innermost open list or map; NULL when a limit is reached. */
static inline struct node *builder_add(struct builder *builder, struct bytes key, size_t at)
{
    if (builder->made == builder->room && !builder_grow(builder, at)) return NULL;
    struct node *parent = builder_parent(builder), *node = &builder->nodes[builder->made++];
    *node = (struct node){.key = key, .span = 1, .at = (uint32_t)at};
    if (!parent) return node;
    if (++parent->count > builder->limits->keys_max && parent->kind == NODE_MAP) {
        builder_fail_large(builder, at, "too many names in one map");
        return NULL;
    }
    return node;
}

/* The node array starts with a guess and grows fourfold, never past what the input can hold: a typical message takes
 * one piece of the arena, and the worst one (all its earlier arrays thrown away included) stays under 80 times the
 * input. Names are compared when their map closes, when all of them stand in one array: a few of them behind a 64-bit
 * filter, more of them by a hash that outsiders cannot aim at. */
#include "protocol/codec/builder.h"

#include "protocol/base/check.h"
#include "protocol/base/money.h"
#include "protocol/base/table.h"
#include "protocol/codec/number.h"

#define FEW_NAMES 24u

const struct node *node_find_bytes(const struct node *map, struct bytes name)
{
    if (!map || map->kind != NODE_MAP) return NULL;
    NODE_EACH(child, map)
    if (bytes_same(child->key, name)) return child;
    return NULL;
}

const struct node *node_find(const struct node *map, const char *name)
{
    return node_find_bytes(map, bytes_of(name));
}

bool node_i64(const struct node *node, int64_t *value)
{
    struct number number;
    uint64_t size;
    if (!node || node->kind != NODE_NUMBER) return false;
    if (bytes_i64(node->text, value)) return true;
    number_read(node->text, &number);
    if (!number_whole(&number, &size) || size > (uint64_t)INT64_MAX + number.negative) return false;
    *value = number.negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

bool node_money(const struct node *node, int64_t *micros)
{
    return node && (node->kind == NODE_NUMBER || node->kind == NODE_TEXT) && money_read(node->text, micros);
}

bool builder_start(struct builder *builder, struct arena *arena, const struct document_limits *limits, size_t guess,
                   size_t possible, struct document_error *error)
{
    check(limits->depth_max <= DOCUMENT_DEPTH_MAX && limits->keys_max <= DOCUMENT_KEYS_MAX);
    builder->arena = arena;
    builder->limits = limits;
    builder->error = error;
    builder->made = 0;
    builder->depth = 0;
    builder->nodes_max = possible < limits->nodes_max ? (uint32_t)possible : limits->nodes_max;
    builder->room = guess < builder->nodes_max ? (uint32_t)guess : builder->nodes_max;
    builder->nodes = arena_take(arena, builder->room * sizeof *builder->nodes);
    return builder->nodes || builder_fail_large(builder, 0, "no memory left for the document");
}

bool builder_fail(struct builder *builder, size_t at, const char *text)
{
    *builder->error = (struct document_error){.at = at, .text = text};
    return false;
}

bool builder_fail_large(struct builder *builder, size_t at, const char *text)
{
    *builder->error = (struct document_error){.at = at, .text = text, .too_large = true};
    return false;
}

bool builder_grow(struct builder *builder, size_t at)
{
    uint32_t room = builder->room > builder->nodes_max / 4 ? builder->nodes_max : builder->room * 4;
    if (builder->made >= room) return builder_fail_large(builder, at, "too many values");
    struct node *nodes = arena_take(builder->arena, room * sizeof *nodes);
    if (!nodes) return builder_fail_large(builder, at, "no memory left for the document");
    memcpy(nodes, builder->nodes, builder->made * sizeof *nodes);
    builder->nodes = nodes;
    builder->room = room;
    return true;
}

bool builder_open(struct builder *builder, struct node *node, enum node_kind kind)
{
    if (builder->depth == builder->limits->depth_max) return builder_fail_large(builder, node->at, "nested too deeply");
    node->kind = kind;
    builder->open[builder->depth++] = (uint32_t)(node - builder->nodes);
    return true;
}

/* The first child whose name an earlier child has. The filter bit of a name that is new is seldom taken, so few pairs
 * are compared at all. */
static const struct node *repeated_of_few(const struct node *map)
{
    uint64_t seen = 0;
    NODE_EACH(child, map)
    {
        struct bytes key = child->key;
        unsigned mixed = key.len
                             ? (unsigned)(key.len * 5 + (unsigned char)key.at[0] * 7u +
                                          (unsigned char)key.at[key.len - 1] * 11u + (unsigned char)key.at[key.len / 2])
                             : 0;
        uint64_t bit = UINT64_C(1) << (mixed & 63u);
        for (const struct node *earlier = map + 1; (seen & bit) && earlier < child; earlier = node_step(earlier))
            if (bytes_same(earlier->key, key)) return child;
        seen |= bit;
    }
    return NULL;
}

/* places[] holds children by hash, as their distance from the map's node; 0 is free. */
static const struct node *repeated_of_many(const struct node *map, uint32_t *places, uint32_t mask)
{
    NODE_EACH(child, map)
    {
        uint32_t place = (uint32_t)table_hash(child->key) & mask;
        for (; places[place]; place = (place + 1) & mask)
            if (bytes_same(map[places[place]].key, child->key)) return child;
        places[place] = (uint32_t)(child - map);
    }
    return NULL;
}

bool builder_close(struct builder *builder)
{
    const struct node *repeated = NULL;
    struct node *parent = builder_parent(builder);
    builder->depth--;
    parent->span = (uint32_t)(builder->nodes + builder->made - parent);
    if (parent->kind != NODE_MAP || parent->count < 2) return true;
    if (parent->count <= FEW_NAMES) {
        repeated = repeated_of_few(parent);
    } else {
        uint32_t count = 64;
        while (count < parent->count * 2) count *= 2;
        uint32_t *places = arena_zero(builder->arena, count, sizeof *places);
        if (!places) return builder_fail_large(builder, parent->at, "no memory left for the document");
        repeated = repeated_of_many(parent, places, count - 1);
    }
    return !repeated || builder_fail(builder, repeated->at, "a name stands twice in one map");
}

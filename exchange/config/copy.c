/* With defaults written in, the snapshot kept in the book says all it meant, whatever defaults a later exchange has. A
 * copied node keeps its place, so that market's findings too are told with file, line and column. */
#include "exchange/config/copy.h"

#include "protocol/base/check.h"

#define COPY_ROWS_MAX 128u

/* Rows of a group that have a value. */
struct rows {
    uint64_t bits[COPY_ROWS_MAX / 64];
};

/* What is built in one way only needs no word. */
static bool add_defaults(struct tree *tree, uint32_t from, uint32_t to, const struct schema_group *group,
                         const struct rows *met)
{
    for (unsigned i = 0; i < group->rows_count; i++) {
        const struct schema_row *row = &group->rows[i];
        if (!row->fallback || row->only || met->bits[i / 64] >> i % 64 & 1) continue;
        struct node node = {.kind = NODE_TEXT, .key = bytes_of(row->key), .text = bytes_of(row->fallback), .span = 1};
        struct tree_place place = tree->places[from];
        if (tree_add(tree, &node, &place) == TREE_NONE) return false;
        tree->nodes[to].count++;
    }
    return true;
}

uint32_t copy_checked(struct tree *tree, uint32_t from, const struct schema_group *group, bool named)
{
    struct node node = tree->nodes[from];
    struct tree_place place = tree->places[from];
    uint32_t child = from + 1, end = from + node.span, step;
    bool has_rows = node.kind == NODE_MAP && group && !named;
    struct rows met = {{0}};
    check(!has_rows || group->rows_count <= COPY_ROWS_MAX);
    node.count = 0;
    node.span = 1;
    uint32_t to = tree_add(tree, &node, &place);
    for (; to != TREE_NONE && child < end; child += step) {
        step = tree->nodes[child].span;
        if (tree->places[child].dropped) continue;
        const struct schema_row *row = has_rows ? schema_find(group, tree->nodes[child].key) : NULL;
        if (copy_checked(tree, child, row ? row->group : group, row && row->form == SCHEMA_NAMED) == TREE_NONE)
            return TREE_NONE;
        tree->nodes[to].count++;
        if (!row) continue;
        unsigned number = (unsigned)(row - group->rows);
        met.bits[number / 64] |= UINT64_C(1) << number % 64;
    }
    if (to == TREE_NONE || (has_rows && !add_defaults(tree, from, to, group, &met))) return TREE_NONE;
    tree->nodes[to].span = tree->count - to;
    return to;
}

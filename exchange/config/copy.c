/* With defaults written in, the snapshot kept in the book says all it meant, whatever defaults a later exchange has. A
 * copied node keeps its place, so that market's findings too are told with file, line and column. */
#include "exchange/config/copy.h"

#include "exchange/config/checker.h"

/* What is built in one way only needs no word. */
static bool add_defaults(struct tree *tree, uint32_t from, uint32_t to, const struct schema_group *group)
{
    for (unsigned i = 0; i < group->rows_count; i++) {
        const struct schema_row *row = &group->rows[i];
        if (!row->fallback || row->only || checker_find(tree, &tree->nodes[from], row->key)) continue;
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
    }
    if (to == TREE_NONE || (has_rows && !add_defaults(tree, from, to, group))) return TREE_NONE;
    tree->nodes[to].span = tree->count - to;
    return to;
}

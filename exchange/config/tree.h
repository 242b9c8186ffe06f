/* tree: the document nodes of one or several files in one growing array, with the place each came from in an array
 * beside it.
 *
 * A root is the index of a subtree in the usual flat form (protocol/codec/document.h). Pointers to nodes hold until the
 * next tree_add; texts live in the tree's arena and end with a NUL. One thread; bounded by TREE_NODES_MAX and the
 * arena. */
#pragma once

#include "exchange/config/report.h"
#include "protocol/codec/document.h"

#define TREE_NONE UINT32_MAX
#define TREE_NODES_MAX 8000000u  /* 10,000 contracts take about half a million */
#define TREE_TEXT_MAX 536870912u /* bytes of texts */
#define TREE_FILES_MAX 1000u
/* Two less than what a packed catalogue may nest: it is stored inside a map of its own. */
#define TREE_DEPTH_MAX (DOCUMENT_DEPTH_MAX - 2)

struct tree_place {
    uint32_t file;
    uint32_t line, col;         /* of the value, from 1 */
    uint32_t key_line, key_col; /* of its key; the value's without one */
    bool dropped;               /* refused, or not to be looked at any more: left out of copies */
};

struct tree {
    struct arena texts;
    struct node *nodes;
    struct tree_place *places;
    uint32_t count, cap;
    char **files;
    uint32_t files_count;
    struct config_report *report;
};

/* Findings go to `report`, which must live as long. Allocates nothing yet. */
void tree_open(struct tree *tree, struct config_report *report);
void tree_close(struct tree *tree);
/* The number of a file of that name from now on; TREE_NONE: too many, or memory is out (reported). */
uint32_t tree_file(struct tree *tree, const char *name);
/* Appends; the caller sets spans. TREE_NONE: too many, or memory is out (reported). */
uint32_t tree_add(struct tree *tree, const struct node *node, const struct tree_place *place);
/* Lets go of all nodes and texts; files stay. */
void tree_clear(struct tree *tree);
/* A copy in the tree's arena; .at NULL when memory is out (reported). */
struct bytes tree_text(struct tree *tree, struct bytes text);

static inline uint32_t tree_index(const struct tree *tree, const struct node *node)
{
    return (uint32_t)(node - tree->nodes);
}
/* The node is one of this tree. */
static inline bool tree_has(const struct tree *tree, const struct node *node)
{
    return node >= tree->nodes && node < tree->nodes + tree->count;
}
static inline struct tree_place *tree_place(const struct tree *tree, const struct node *node)
{
    return &tree->places[tree_index(tree, node)];
}

/* A finding at the node's value, or at its key. */
void tree_complain(const struct tree *tree, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tree_complain_key(const struct tree *tree, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tree_warn(const struct tree *tree, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Nodes and places are two arrays of the same length rather than one of pairs, so that a subtree is what every other
 * room takes for a document. Both grow by doubling; indexes, not pointers, are kept while they do. */
#include "exchange/config/tree.h"

#include <stdarg.h>
#include <stdlib.h>

#define MESSAGE_MAX 512
#define TEXT_CHUNK 65536

static bool grow(struct tree *tree);
static void complain(const struct tree *tree, bool is_error, uint32_t file, uint32_t line, uint32_t col,
                     const char *format, va_list arguments) __attribute__((format(printf, 6, 0)));

void tree_open(struct tree *tree, struct config_report *report)
{
    *tree = (struct tree){.report = report};
    arena_init(&tree->texts, TEXT_CHUNK, TREE_TEXT_MAX);
}

void tree_close(struct tree *tree)
{
    arena_free(&tree->texts);
    free(tree->nodes);
    free(tree->places);
    for (uint32_t i = 0; i < tree->files_count; i++) free(tree->files[i]);
    free(tree->files);
    *tree = (struct tree){0};
}

void tree_clear(struct tree *tree)
{
    tree->count = 0;
    arena_reset(&tree->texts);
}

uint32_t tree_file(struct tree *tree, const char *name)
{
    if (tree->files_count == TREE_FILES_MAX) {
        config_report_add(tree->report, true, name, 0, 0, "more than %u files", TREE_FILES_MAX);
        return TREE_NONE;
    }
    if (!tree->files) tree->files = malloc(TREE_FILES_MAX * sizeof *tree->files);
    char *copy = tree->files ? strdup(name) : NULL;
    if (!copy) {
        tree->report->out_of_memory = true;
        return TREE_NONE;
    }
    config_report_mention(tree->report, name);
    tree->files[tree->files_count] = copy;
    return tree->files_count++;
}

uint32_t tree_add(struct tree *tree, const struct node *node, const struct tree_place *place)
{
    if (tree->count == tree->cap && !grow(tree)) return TREE_NONE;
    tree->nodes[tree->count] = *node;
    tree->places[tree->count] = *place;
    return tree->count++;
}

struct bytes tree_text(struct tree *tree, struct bytes text)
{
    struct bytes copy = arena_copy(&tree->texts, text);
    if (!copy.at) tree->report->out_of_memory = true;
    return copy;
}

void tree_complain(const struct tree *tree, const struct node *node, const char *format, ...)
{
    const struct tree_place *place = tree_place(tree, node);
    va_list arguments;
    va_start(arguments, format);
    complain(tree, true, place->file, place->line, place->col, format, arguments);
    va_end(arguments);
}

void tree_complain_key(const struct tree *tree, const struct node *node, const char *format, ...)
{
    const struct tree_place *place = tree_place(tree, node);
    va_list arguments;
    va_start(arguments, format);
    complain(tree, true, place->file, place->key_line, place->key_col, format, arguments);
    va_end(arguments);
}

void tree_warn(const struct tree *tree, const struct node *node, const char *format, ...)
{
    const struct tree_place *place = tree_place(tree, node);
    va_list arguments;
    va_start(arguments, format);
    complain(tree, false, place->file, place->line, place->col, format, arguments);
    va_end(arguments);
}

static void complain(const struct tree *tree, bool is_error, uint32_t file, uint32_t line, uint32_t col,
                     const char *format, va_list arguments)
{
    char text[MESSAGE_MAX];
    (void)vsnprintf(text, sizeof text, format, arguments); /* a longer message loses its end, no more */
    config_report_add(tree->report, is_error, tree->files[file], line, col, "%s", text);
}

static bool grow(struct tree *tree)
{
    if (tree->cap >= TREE_NODES_MAX) {
        config_report_add(tree->report, true, tree->files_count ? tree->files[tree->files_count - 1] : "", 0, 0,
                          "more than %u values in all files together", TREE_NODES_MAX);
        return false;
    }
    uint32_t cap = tree->cap ? tree->cap * 2 : 256;
    if (cap > TREE_NODES_MAX) cap = TREE_NODES_MAX;
    struct node *nodes = realloc(tree->nodes, cap * sizeof *nodes);
    if (nodes) tree->nodes = nodes;
    struct tree_place *places = realloc(tree->places, cap * sizeof *places);
    if (places) tree->places = places;
    if (!nodes || !places) {
        tree->report->out_of_memory = true;
        return false;
    }
    tree->cap = cap;
    return true;
}

/* A line is read with the codec's strict JSON reader, and what it says copied into the tree, so that a contract from a
 * line and one from YAML are the same thing to everyone behind. */
#include "exchange/config/ndjson.h"

static bool copy(struct tree *tree, const struct ndjson_line *line, const struct node *from, uint32_t *root);
static uint32_t column(struct bytes line, size_t at);

uint32_t ndjson_read(struct tree *tree, const struct ndjson_line *line, struct arena *scratch, unsigned levels)
{
    const char *file = tree->files[line->file];
    struct document_limits limits = {
        .depth_max = TREE_DEPTH_MAX - levels, .nodes_max = NDJSON_NODES_MAX, .keys_max = DOCUMENT_KEYS_MAX};
    struct document_error error;
    uint32_t root;
    if (line->text.len > NDJSON_LINE_MAX) {
        config_report_add(tree->report, true, file, line->number, 1, "the line is too long");
        return TREE_NONE;
    }
    const struct node *from = document_read_json(scratch, line->text, &limits, &error);
    if (!from) {
        config_report_add(tree->report, true, file, line->number, column(line->text, error.at), "%s", error.text);
        return TREE_NONE;
    }
    return copy(tree, line, from, &root) ? root : TREE_NONE;
}

/* Flat in, flat out: spans stay what they are. */
static bool copy(struct tree *tree, const struct ndjson_line *line, const struct node *from, uint32_t *root)
{
    *root = tree->count;
    uint32_t span = from->span, seen = 0, col = 1;
    for (uint32_t i = 0; i < span; i++) {
        struct node node = from[i];
        if (node.text.len)
            node.text = tree_text(tree, node.text);
        else
            node.text = BYTES("");
        if (!node.text.at) return false;
        /* Nodes stand in reading order, so columns are counted on from the one before. */
        if (node.at > seen)
            col += column(bytes_first(bytes_from(line->text, seen), node.at - seen), node.at - seen) - 1;
        if (node.at > seen) seen = node.at;
        struct tree_place place = {
            .file = line->file, .line = line->number, .col = col, .key_line = line->number, .key_col = col};
        if (tree_add(tree, &node, &place) == TREE_NONE) return false;
    }
    return true;
}

/* From 1, in characters. */
static uint32_t column(struct bytes line, size_t at)
{
    uint32_t col = 1;
    for (size_t i = 0; i < at && i < line.len; i++) col += ((unsigned char)line.at[i] & 0xc0) != 0x80;
    return col;
}

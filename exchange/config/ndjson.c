/* Lines are read with the codec's strict JSON reader into an arena that is used again for each; what stays is copied
 * into the tree, so that a contract from a line and one from YAML are the same thing to everyone behind. */
#include "exchange/config/ndjson.h"

#define SCRATCH_CHUNK 65536
#define SCRATCH_MAX 67108864

struct line {
    struct tree *tree;
    uint32_t file, number;
    struct bytes text;
};

static bool read_line(const struct line *line, struct arena *scratch, unsigned levels, uint32_t *root);
static bool copy(const struct line *line, const struct node *from, uint32_t *root);
static uint32_t column(struct bytes line, size_t at);

bool ndjson_read(struct tree *tree, uint32_t file, struct bytes input, unsigned levels,
                 bool (*on_line)(void *arg, uint32_t root), void *arg)
{
    struct arena scratch;
    arena_init(&scratch, SCRATCH_CHUNK, SCRATCH_MAX);
    struct line line = {.tree = tree, .file = file};
    bool good = true;
    while (good && input.len > 0) {
        input = bytes_split(input, '\n', &line.text);
        line.number++;
        if (line.text.len > 0 && line.text.at[line.text.len - 1] == '\r') line.text.len--;
        if (line.text.len == 0) continue;
        uint32_t root = TREE_NONE;
        good = read_line(&line, &scratch, levels, &root);
        if (good && root != TREE_NONE) good = on_line(arg, root);
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return good;
}

static bool read_line(const struct line *line, struct arena *scratch, unsigned levels, uint32_t *root)
{
    const char *file = line->tree->files[line->file];
    struct document_limits limits = {
        .depth_max = TREE_DEPTH_MAX - levels, .nodes_max = NDJSON_NODES_MAX, .keys_max = DOCUMENT_KEYS_MAX};
    struct document_error error;
    if (line->text.len > NDJSON_LINE_MAX) {
        config_report_add(line->tree->report, true, file, line->number, 1, "the line is too long");
        return true;
    }
    const struct node *from = document_read_json(scratch, line->text, &limits, &error);
    if (!from) {
        config_report_add(line->tree->report, true, file, line->number, column(line->text, error.at), "%s", error.text);
        return true;
    }
    return copy(line, from, root);
}

/* Flat in, flat out: spans stay what they are. */
static bool copy(const struct line *line, const struct node *from, uint32_t *root)
{
    *root = line->tree->count;
    uint32_t span = from->span, seen = 0, col = 1;
    for (uint32_t i = 0; i < span; i++) {
        struct node node = from[i];
        node.key = tree_text(line->tree, node.key);
        node.text = tree_text(line->tree, node.text);
        if (!node.key.at || !node.text.at) return false;
        /* Nodes stand in reading order, so columns are counted on from the one before. */
        if (node.at > seen)
            col += column(bytes_first(bytes_from(line->text, seen), node.at - seen), node.at - seen) - 1;
        if (node.at > seen) seen = node.at;
        struct tree_place place = {
            .file = line->file, .line = line->number, .col = col, .key_line = line->number, .key_col = col};
        if (tree_add(line->tree, &node, &place) == TREE_NONE) return false;
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

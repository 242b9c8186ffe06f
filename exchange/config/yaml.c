/* Events, not libyaml's own document: those carry places, and a bomb of aliases is refused before it is built. The
 * reading is one loop over events with a table of what to do for each; the open lists and maps stand on a small stack.
 *
 * libyaml itself takes more than we want (UTF-16, NUL by escape): the encoding is fixed here, a NUL is refused. */
#include "exchange/config/yaml.h"

#include <yaml.h>

#include "protocol/base/check.h"

struct frame {
    uint32_t node; /* the open list or map */
    bool has_key;  /* in a map: the next event is the value of `key` */
    struct bytes key;
    uint32_t key_line, key_col;
};

struct reading {
    yaml_parser_t parser;
    struct tree *tree;
    uint32_t file;
    struct frame frames[TREE_DEPTH_MAX];
    unsigned depth;
    uint32_t root;
    bool stopped; /* a bound was passed: reported, nothing more is read */
};

typedef void on_event(struct reading *reading, const yaml_event_t *event);

static void on_nothing(struct reading *reading, const yaml_event_t *event);
static void on_document(struct reading *reading, const yaml_event_t *event);
static void on_scalar(struct reading *reading, const yaml_event_t *event);
static void on_alias(struct reading *reading, const yaml_event_t *event);
static void on_list(struct reading *reading, const yaml_event_t *event);
static void on_map(struct reading *reading, const yaml_event_t *event);
static void on_close(struct reading *reading, const yaml_event_t *event);
static void open_parent(struct reading *reading, const yaml_event_t *event, enum node_kind kind);
static bool awaits_key(const struct reading *reading);
static void take_key(struct reading *reading, const yaml_event_t *event, struct bytes text);
static uint32_t add(struct reading *reading, const yaml_event_t *event, enum node_kind kind, struct bytes text);
static void refuse_marks(struct reading *reading, const yaml_event_t *event, const yaml_char_t *anchor,
                         const yaml_char_t *tag);
static void refuse(struct reading *reading, yaml_mark_t mark, const char *text);
static void stop(struct reading *reading, yaml_mark_t mark, const char *text);
static void report_syntax(struct reading *reading, struct bytes input);

static on_event *const handlers[] = {
    [YAML_NO_EVENT] = on_nothing,           [YAML_STREAM_START_EVENT] = on_nothing,
    [YAML_STREAM_END_EVENT] = on_nothing,   [YAML_DOCUMENT_START_EVENT] = on_document,
    [YAML_DOCUMENT_END_EVENT] = on_nothing, [YAML_ALIAS_EVENT] = on_alias,
    [YAML_SCALAR_EVENT] = on_scalar,        [YAML_SEQUENCE_START_EVENT] = on_list,
    [YAML_SEQUENCE_END_EVENT] = on_close,   [YAML_MAPPING_START_EVENT] = on_map,
    [YAML_MAPPING_END_EVENT] = on_close,
};

uint32_t yaml_read(struct tree *tree, uint32_t file, struct bytes input)
{
    struct reading reading = {.tree = tree, .file = file, .root = TREE_NONE};
    if (input.len > YAML_INPUT_MAX) {
        config_report_add(tree->report, true, tree->files[file], 0, 0, "larger than %u bytes", YAML_INPUT_MAX);
        return TREE_NONE;
    }
    if (!yaml_parser_initialize(&reading.parser)) {
        tree->report->out_of_memory = true;
        return TREE_NONE;
    }
    yaml_parser_set_encoding(&reading.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reading.parser, (const unsigned char *)input.at, input.len);
    bool ended = false;
    while (!ended && !reading.stopped) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reading.parser, &event)) {
            report_syntax(&reading, input);
            reading.stopped = true;
            break;
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        handlers[event.type](&reading, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&reading.parser);
    if (reading.stopped) return TREE_NONE;
    if (reading.root == TREE_NONE) config_report_add(tree->report, true, tree->files[file], 0, 0, "the file is empty");
    return reading.root;
}

static void on_nothing(struct reading *reading, const yaml_event_t *event)
{
    (void)reading;
    (void)event;
}

static void on_document(struct reading *reading, const yaml_event_t *event)
{
    if (reading->root != TREE_NONE) stop(reading, event->start_mark, "a second document: a file holds only one");
}

static void on_scalar(struct reading *reading, const yaml_event_t *event)
{
    struct bytes value = {(const char *)event->data.scalar.value, event->data.scalar.length};
    refuse_marks(reading, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (bytes_find(value, 0) < value.len) refuse(reading, event->start_mark, "a NUL character is not allowed");
    struct bytes text = tree_text(reading->tree, value);
    if (!text.at) {
        reading->stopped = true;
        return;
    }
    if (awaits_key(reading))
        take_key(reading, event, text);
    else
        (void)add(reading, event, NODE_TEXT, text);
}

/* A place for the value is kept, so that what follows is read in its right sense. */
static void on_alias(struct reading *reading, const yaml_event_t *event)
{
    refuse(reading, event->start_mark, "aliases are not supported: write the value out");
    if (awaits_key(reading))
        take_key(reading, event, BYTES(""));
    else
        (void)add(reading, event, NODE_TEXT, BYTES(""));
}

static void on_list(struct reading *reading, const yaml_event_t *event)
{
    refuse_marks(reading, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    open_parent(reading, event, NODE_LIST);
}

static void on_map(struct reading *reading, const yaml_event_t *event)
{
    refuse_marks(reading, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    open_parent(reading, event, NODE_MAP);
}

static void open_parent(struct reading *reading, const yaml_event_t *event, enum node_kind kind)
{
    if (awaits_key(reading)) {
        stop(reading, event->start_mark, "a key must be plain text, not a list or map");
        return;
    }
    if (reading->depth == TREE_DEPTH_MAX) {
        stop(reading, event->start_mark, "nested too deeply");
        return;
    }
    uint32_t index = add(reading, event, kind, BYTES_NONE);
    if (index == TREE_NONE) return;
    reading->frames[reading->depth++] = (struct frame){.node = index};
}

static void on_close(struct reading *reading, const yaml_event_t *event)
{
    (void)event;
    check(reading->depth > 0);
    uint32_t index = reading->frames[--reading->depth].node;
    reading->tree->nodes[index].span = reading->tree->count - index;
}

static bool awaits_key(const struct reading *reading)
{
    if (reading->depth == 0) return false;
    const struct frame *frame = &reading->frames[reading->depth - 1];
    return reading->tree->nodes[frame->node].kind == NODE_MAP && !frame->has_key;
}

static void take_key(struct reading *reading, const yaml_event_t *event, struct bytes text)
{
    struct frame *frame = &reading->frames[reading->depth - 1];
    struct tree *tree = reading->tree;
    uint32_t child = frame->node + 1;
    for (; child < tree->count; child += tree->nodes[child].span) {
        if (!bytes_same(tree->nodes[child].key, text)) continue;
        config_report_add(tree->report, true, tree->files[reading->file], (uint32_t)event->start_mark.line + 1,
                          (uint32_t)event->start_mark.column + 1, "duplicate key %s: it stands in line %u already",
                          text.at, tree->places[child].key_line);
        break;
    }
    if (tree->nodes[frame->node].count == DOCUMENT_KEYS_MAX) stop(reading, event->start_mark, "more than 256 keys");
    frame->has_key = true;
    frame->key = text;
    frame->key_line = (uint32_t)event->start_mark.line + 1;
    frame->key_col = (uint32_t)event->start_mark.column + 1;
}

/* The new node under the innermost open parent, or the root. */
static uint32_t add(struct reading *reading, const yaml_event_t *event, enum node_kind kind, struct bytes text)
{
    struct tree_place place = {.file = reading->file,
                               .line = (uint32_t)event->start_mark.line + 1,
                               .col = (uint32_t)event->start_mark.column + 1};
    place.key_line = place.line;
    place.key_col = place.col;
    struct node node = {.kind = kind, .text = text, .span = 1, .at = (uint32_t)event->start_mark.index};
    struct frame *frame = reading->depth ? &reading->frames[reading->depth - 1] : NULL;
    if (frame && frame->has_key) {
        node.key = frame->key;
        place.key_line = frame->key_line;
        place.key_col = frame->key_col;
        frame->has_key = false;
    }
    uint32_t index = tree_add(reading->tree, &node, &place);
    if (index == TREE_NONE) {
        reading->stopped = true;
        return TREE_NONE;
    }
    if (frame)
        reading->tree->nodes[frame->node].count++;
    else
        reading->root = index;
    return index;
}

static void refuse_marks(struct reading *reading, const yaml_event_t *event, const yaml_char_t *anchor,
                         const yaml_char_t *tag)
{
    if (anchor) refuse(reading, event->start_mark, "anchors are not supported");
    if (tag) refuse(reading, event->start_mark, "tags are not supported: the key decides what a value means");
}

static void refuse(struct reading *reading, yaml_mark_t mark, const char *text)
{
    config_report_add(reading->tree->report, true, reading->tree->files[reading->file], (uint32_t)mark.line + 1,
                      (uint32_t)mark.column + 1, "%s", text);
}

static void stop(struct reading *reading, yaml_mark_t mark, const char *text)
{
    refuse(reading, mark, text);
    reading->stopped = true;
}

/* An error of the reader (bytes that are no UTF-8) has only an offset, counted in bytes. */
static void report_syntax(struct reading *reading, struct bytes input)
{
    const yaml_parser_t *parser = &reading->parser;
    if (parser->error == YAML_MEMORY_ERROR) {
        reading->tree->report->out_of_memory = true;
        return;
    }
    const char *problem = parser->problem ? parser->problem : "not YAML";
    const char *file = reading->tree->files[reading->file];
    if (parser->error != YAML_READER_ERROR) {
        config_report_add(reading->tree->report, true, file, (uint32_t)parser->problem_mark.line + 1,
                          (uint32_t)parser->problem_mark.column + 1, "%s%s%s", problem, parser->context ? " " : "",
                          parser->context ? parser->context : "");
        return;
    }
    uint32_t line = 1, col = 1;
    for (size_t i = 0; i < parser->problem_offset && i < input.len; i++) {
        bool ends_line = input.at[i] == '\n';
        line += ends_line;
        col = ends_line ? 1 : col + 1;
    }
    config_report_add(reading->tree->report, true, file, line, col, "%s", problem);
}

/* A form gives its names in any order (a.x=1&b=2&a.y=3) while a document wants the children of one map together. So
 * names become a tree of entries first, each found by {its map, its name} in one hash table over the whole form, and
 * the tree is then written out in the order in which names first stood. All of it costs one walk, whatever the names
 * are.
 *
 * Escapes are decoded before dots split a name: %2E is the same character as '.' (RFC 3986 section 2.3), so it nests
 * too, and no name of a form holds a dot. */
#include "protocol/base/table.h"
#include "protocol/codec/builder.h"

#define NO_ENTRY 0u /* entry 0 is the form itself */

struct entry {
    struct bytes name;
    struct bytes text; /* of a value; .at NULL in a map */
    uint32_t parent;
    uint32_t next;        /* the next one in the same map */
    uint32_t first, last; /* of a map's own */
    uint32_t at;          /* of the value in the input */
};

struct reader {
    struct builder build;
    struct bytes input;
    char *decoded; /* where the next decoded bytes go; there is room for all of the input */
    struct entry *entries;
    uint32_t made;
    uint32_t room;
    uint32_t *places; /* entries by hash; 0 is free */
    uint32_t mask;
};

static bool start(struct reader *reader, struct arena *arena, const struct document_limits *limits,
                  struct document_error *error);
static bool read_pair(struct reader *reader, struct bytes pair);
static bool decode(struct reader *reader, struct bytes raw, struct bytes *text);
static bool put_value(struct reader *reader, struct bytes name, size_t name_at, struct bytes text, size_t at);
static uint32_t enter(struct reader *reader, uint32_t parent, struct bytes name, size_t at);
static bool build_all(struct reader *reader);

const struct node *document_read_form(struct arena *arena, struct bytes input, const struct document_limits *limits,
                                      struct document_error *error)
{
    struct reader reader = {.input = input};
    if (!start(&reader, arena, limits, error)) return NULL;
    for (struct bytes rest = input, pair; rest.len > 0;) {
        rest = bytes_split(rest, '&', &pair);
        if (pair.len > 0 && !read_pair(&reader, pair)) return NULL;
    }
    return build_all(&reader) ? reader.build.nodes : NULL;
}

static bool fail(struct reader *reader, const char *at, const char *text)
{
    return builder_fail(&reader->build, (size_t)(at - reader->input.at), text);
}

/* Every entry but the form itself ends at a dot (which may be escaped), a '&' or the end. */
static bool start(struct reader *reader, struct arena *arena, const struct document_limits *limits,
                  struct document_error *error)
{
    size_t possible = 2, places = 16;
    for (size_t i = 0; i < reader->input.len; i++)
        possible += reader->input.at[i] == '&' || reader->input.at[i] == '.' || reader->input.at[i] == '%';
    if (!builder_start(&reader->build, arena, limits, 0, possible, error)) return false;
    if (reader->input.len > UINT32_MAX) return builder_fail_large(&reader->build, 0, "text too long");
    reader->room = reader->build.nodes_max;
    while (places < 2 * (size_t)reader->room) places *= 2;
    reader->mask = (uint32_t)places - 1;
    reader->places = arena_zero(arena, places, sizeof *reader->places);
    reader->entries = arena_take(arena, (reader->room + 1) * sizeof *reader->entries);
    reader->decoded = arena_take(arena, reader->input.len);
    if (!reader->places || !reader->entries || !reader->decoded)
        return builder_fail_large(&reader->build, 0, "no memory left for the document");
    reader->entries[0] = (struct entry){0};
    reader->made = 1;
    return true;
}

/* name=value, or a name alone, whose value is empty. */
static bool read_pair(struct reader *reader, struct bytes pair)
{
    struct bytes raw_name, name, text;
    struct bytes raw_text = bytes_split(pair, '=', &raw_name);
    if (!decode(reader, raw_name, &name) || !decode(reader, raw_text, &text)) return false;
    return put_value(reader, name, (size_t)(raw_name.at - reader->input.at), text,
                     (size_t)(raw_text.at - reader->input.at));
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* '+' is a space, %XX a byte; what comes out must be UTF-8. Without any of them the text stays a view of the input. */
static bool decode(struct reader *reader, struct bytes raw, struct bytes *text)
{
    *text = raw;
    if (bytes_find(raw, '%') < raw.len || bytes_find(raw, '+') < raw.len) {
        char *out = reader->decoded;
        text->at = out;
        for (size_t i = 0; i < raw.len; i++) {
            char one = raw.at[i] == '+' ? ' ' : raw.at[i];
            if (one == '%') {
                int high = raw.len - i > 2 ? hex_value(raw.at[i + 1]) : -1,
                    low = high < 0 ? -1 : hex_value(raw.at[i + 2]);
                if (low < 0) return fail(reader, raw.at + i, "'%' without two hexadecimal digits");
                one = (char)(high << 4 | low);
                i += 2;
            }
            *out++ = one;
        }
        text->len = (size_t)(out - text->at);
        reader->decoded = out;
    }
    return bytes_is_utf8(*text) || fail(reader, raw.at, "not UTF-8");
}

static bool put_value(struct reader *reader, struct bytes name, size_t name_at, struct bytes text, size_t at)
{
    uint32_t map = 0;
    struct bytes part;
    for (bool last = false; !last;) {
        last = bytes_find(name, '.') == name.len;
        name = bytes_split(name, '.', &part);
        if (part.len == 0) return builder_fail(&reader->build, name_at, "an empty name");
        uint32_t before = reader->made, entry = enter(reader, map, part, at);
        if (entry == NO_ENTRY) return false;
        bool known = entry < before, value = reader->entries[entry].text.at != NULL;
        if (last && value) return builder_fail(&reader->build, name_at, "a name stands twice");
        if (known && (last || value))
            return builder_fail(&reader->build, name_at, "a name has both a value and names below it");
        map = entry;
    }
    reader->entries[map].text = text;
    return true;
}

/* The entry of that name in that map, made if it is new. */
static uint32_t enter(struct reader *reader, uint32_t parent, struct bytes name, size_t at)
{
    uint64_t hash = table_hash(name) ^ parent * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t place = (uint32_t)hash & reader->mask, index;
    for (; (index = reader->places[place]) != NO_ENTRY; place = (place + 1) & reader->mask)
        if (reader->entries[index].parent == parent && bytes_same(reader->entries[index].name, name)) return index;
    if (reader->made == reader->room) {
        builder_fail_large(&reader->build, at, "too many values");
        return NO_ENTRY;
    }
    index = reader->made++;
    reader->places[place] = index;
    reader->entries[index] = (struct entry){.name = name, .parent = parent, .at = (uint32_t)at};
    struct entry *map = &reader->entries[parent];
    if (map->last == NO_ENTRY)
        map->first = index;
    else
        reader->entries[map->last].next = index;
    map->last = index;
    return index;
}

/* Depth first; `map` is the innermost open one. */
static bool build_all(struct reader *reader)
{
    struct builder *build = &reader->build;
    const struct entry *entries = reader->entries;
    uint32_t map = 0, next = entries[0].first;
    if (!builder_start(build, build->arena, build->limits, reader->made, reader->made, build->error)) return false;
    struct node *node = builder_add(build, BYTES_NONE, 0);
    if (!node || !builder_open(build, node, NODE_MAP)) return false;
    while (true) {
        if (next == NO_ENTRY) {
            if (!builder_close(build)) return false;
            if (map == 0) return true;
            next = entries[map].next;
            map = entries[map].parent;
            continue;
        }
        const struct entry *entry = &entries[next];
        node = builder_add(build, entry->name, entry->at);
        if (!node) return false;
        if (entry->text.at) {
            node->kind = NODE_TEXT;
            node->text = entry->text;
            next = entry->next;
        } else {
            if (!builder_open(build, node, NODE_MAP)) return false;
            map = next;
            next = entry->first;
        }
    }
}

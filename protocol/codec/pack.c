/* Reading goes over the input twice: once to prove it harmless and to add up what it needs, then msgpack-c unpacks it
 * into a zone of exactly that size. The zone lies in the arena: no allocation of its own, wiped with everything else.
 * While its objects are turned into nodes the scan runs along a second time, because msgpack-c does not tell where a
 * value stood. */
#include "protocol/codec/pack.h"

#include <msgpack.h>

#include "protocol/base/check.h"
#include "protocol/codec/builder.h"
#include "protocol/codec/number.h"

enum shape {
    SHAPE_NEVER,
    SHAPE_WORD,  /* nil, false, true */
    SHAPE_WHOLE, /* an integer in the next `width` bytes, or in the head itself */
    SHAPE_FLOAT,
    SHAPE_TEXT, /* `width` bytes of length, or the head's low bits; so are the next three */
    SHAPE_BINARY,
    SHAPE_LIST,
    SHAPE_MAP,
    SHAPE_EXTENSION
};

struct format {
    enum shape shape;
    uint8_t width;
};

/* Heads 0xC0 to 0xDF. */
static const struct format formats[32] = {
    {SHAPE_WORD, 0},      {SHAPE_NEVER, 0},     {SHAPE_WORD, 0},      {SHAPE_WORD, 0},      {SHAPE_BINARY, 1},
    {SHAPE_BINARY, 2},    {SHAPE_BINARY, 4},    {SHAPE_EXTENSION, 1}, {SHAPE_EXTENSION, 2}, {SHAPE_EXTENSION, 4},
    {SHAPE_FLOAT, 4},     {SHAPE_FLOAT, 8},     {SHAPE_WHOLE, 1},     {SHAPE_WHOLE, 2},     {SHAPE_WHOLE, 4},
    {SHAPE_WHOLE, 8},     {SHAPE_WHOLE, 1},     {SHAPE_WHOLE, 2},     {SHAPE_WHOLE, 4},     {SHAPE_WHOLE, 8},
    {SHAPE_EXTENSION, 0}, {SHAPE_EXTENSION, 0}, {SHAPE_EXTENSION, 0}, {SHAPE_EXTENSION, 0}, {SHAPE_EXTENSION, 0},
    {SHAPE_TEXT, 1},      {SHAPE_TEXT, 2},      {SHAPE_TEXT, 4},      {SHAPE_LIST, 2},      {SHAPE_LIST, 4},
    {SHAPE_MAP, 2},       {SHAPE_MAP, 4},
};

struct head {
    enum shape shape;
    uint8_t width; /* bytes of an integer or float */
    uint32_t size; /* bytes of a text or binary, entries of a list or map */
};

struct scan {
    const uint8_t *start, *at, *end;
    const struct document_limits *limits;
    struct document_error *error;
    uint32_t nodes;      /* values, keys not counted */
    size_t objects_size; /* what msgpack-c takes from its zone */
    size_t text_size;    /* digits and base64, at most */
    uint32_t depth;
    struct {
        uint32_t left; /* entries still to come */
        bool map;
    } open[DOCUMENT_DEPTH_MAX];
};

static void scan_start(struct scan *scan, struct bytes input, const struct document_limits *limits,
                       struct document_error *error);
static bool scan_all(struct scan *scan);
static bool scan_value(struct scan *scan, size_t *at);
static bool scan_key(struct scan *scan);
static bool scan_leaf(struct scan *scan, const struct head *head);
static bool scan_group(struct scan *scan, const struct head *head);
static bool scan_head(struct scan *scan, struct head *head);
static bool unpack(struct arena *arena, struct bytes input, struct scan *scan, msgpack_object *root);
static bool build_all(struct builder *builder, struct scan *scan, struct sink *texts, const msgpack_object *root);

bool pack_scan(struct bytes input, const struct document_limits *limits, struct document_error *error)
{
    struct scan scan;
    scan_start(&scan, input, limits, error);
    return scan_all(&scan);
}

const struct node *document_read_pack(struct arena *arena, struct bytes input, const struct document_limits *limits,
                                      struct document_error *error)
{
    struct scan scan;
    struct builder builder;
    msgpack_object root;
    scan_start(&scan, input, limits, error);
    if (!scan_all(&scan)) return NULL;
    if (!builder_start(&builder, arena, limits, scan.nodes, scan.nodes, error)) return NULL;
    char *texts = arena_take(arena, scan.text_size);
    if (!texts || !unpack(arena, input, &scan, &root)) {
        builder_fail_large(&builder, 0, "no memory left for the document");
        return NULL;
    }
    struct sink sink = sink_over(texts, scan.text_size);
    scan_start(&scan, input, limits, error);
    return build_all(&builder, &scan, &sink, &root) ? builder.nodes : NULL;
}

static bool scan_fail(struct scan *scan, const uint8_t *at, const char *text)
{
    *scan->error = (struct document_error){.at = (size_t)(at - scan->start), .text = text};
    return false;
}

static bool scan_fail_large(struct scan *scan, const uint8_t *at, const char *text)
{
    *scan->error = (struct document_error){.at = (size_t)(at - scan->start), .text = text, .too_large = true};
    return false;
}

static void scan_start(struct scan *scan, struct bytes input, const struct document_limits *limits,
                       struct document_error *error)
{
    check(limits->depth_max <= DOCUMENT_DEPTH_MAX && limits->keys_max <= DOCUMENT_KEYS_MAX);
    const uint8_t *start = (const uint8_t *)input.at;
    *scan = (struct scan){.start = start, .at = start, .end = start + input.len, .limits = limits, .error = error};
}

static bool scan_all(struct scan *scan)
{
    size_t at;
    if ((size_t)(scan->end - scan->start) > UINT32_MAX) return scan_fail_large(scan, scan->start, "text too long");
    do {
        if (!scan_value(scan, &at)) return false;
        while (scan->depth > 0 && scan->open[scan->depth - 1].left == 0) scan->depth--;
    } while (scan->depth > 0);
    return scan->at == scan->end || scan_fail(scan, scan->at, "something follows the value");
}

/* The next value in reading order, its key before it; what is inside a list or map comes with the next calls. */
static bool scan_value(struct scan *scan, size_t *at)
{
    struct head head;
    while (scan->depth > 0 && scan->open[scan->depth - 1].left == 0) scan->depth--;
    if (scan->depth > 0) {
        scan->open[scan->depth - 1].left--;
        if (scan->open[scan->depth - 1].map && !scan_key(scan)) return false;
    }
    const uint8_t *from = scan->at;
    *at = (size_t)(from - scan->start);
    if (++scan->nodes > scan->limits->nodes_max) return scan_fail_large(scan, from, "too many values");
    if (!scan_head(scan, &head)) return false;
    if (head.shape == SHAPE_NEVER) return scan_fail(scan, from, "not a MessagePack value");
    if (head.shape == SHAPE_EXTENSION) return scan_fail(scan, from, "extension types are not taken");
    if (head.shape == SHAPE_LIST || head.shape == SHAPE_MAP) return scan_group(scan, &head);
    return scan_leaf(scan, &head);
}

static bool scan_utf8(struct scan *scan, uint32_t size)
{
    if (size > (size_t)(scan->end - scan->at)) return scan_fail(scan, scan->end, "the input ends inside a text");
    if (!bytes_is_utf8((struct bytes){(const char *)scan->at, size})) return scan_fail(scan, scan->at, "not UTF-8");
    scan->at += size;
    return true;
}

static bool scan_key(struct scan *scan)
{
    struct head head;
    const uint8_t *from = scan->at;
    if (!scan_head(scan, &head)) return false;
    if (head.shape != SHAPE_TEXT) return scan_fail(scan, from, "the name of an entry is not text");
    return scan_utf8(scan, head.size);
}

/* All exponent bits set: infinity or NaN (IEEE 754), single or double. */
static bool is_finite(const uint8_t *at, uint8_t width)
{
    if (width == 4) return (at[0] & 0x7F) != 0x7F || (at[1] & 0x80) != 0x80;
    return (at[0] & 0x7F) != 0x7F || (at[1] & 0xF0) != 0xF0;
}

static bool scan_leaf(struct scan *scan, const struct head *head)
{
    static const uint8_t digits[] = {[0] = 3, [1] = 4, [2] = 6, [4] = 11, [8] = 20}; /* of an integer, with its sign */
    if (head->shape == SHAPE_TEXT) return scan_utf8(scan, head->size);
    uint32_t size = head->shape == SHAPE_BINARY ? head->size : head->width;
    if (size > (size_t)(scan->end - scan->at)) return scan_fail(scan, scan->end, "the input ends inside a value");
    if (head->shape == SHAPE_FLOAT && !is_finite(scan->at, head->width))
        return scan_fail(scan, scan->at - 1, "a number that is not finite");
    if (head->shape == SHAPE_BINARY) scan->text_size += ((size_t)size + 2) / 3 * 4;
    if (head->shape == SHAPE_WHOLE) scan->text_size += digits[head->width];
    if (head->shape == SHAPE_FLOAT) scan->text_size += head->width == 4 ? NUMBER_F32_TEXT : NUMBER_F64_TEXT;
    scan->at += size;
    return true;
}

/* Every entry takes at least a byte, of a map two: a count that cannot be met is refused before anyone reserves for it.
 */
static bool scan_group(struct scan *scan, const struct head *head)
{
    bool map = head->shape == SHAPE_MAP;
    size_t left = (size_t)(scan->end - scan->at);
    if (head->size > (map ? left / 2 : left))
        return scan_fail(scan, scan->at, "more entries announced than can follow");
    if (map && head->size > scan->limits->keys_max) return scan_fail_large(scan, scan->at, "too many names in one map");
    if (head->size > scan->limits->nodes_max - scan->nodes) return scan_fail_large(scan, scan->at, "too many values");
    if (scan->depth == scan->limits->depth_max) return scan_fail_large(scan, scan->at, "nested too deeply");
    scan->objects_size += head->size * (map ? sizeof(msgpack_object_kv) : sizeof(msgpack_object));
    scan->open[scan->depth].map = map;
    scan->open[scan->depth++].left = head->size;
    return true;
}

static struct format format_of(uint8_t first)
{
    if (first < 0x80 || first >= 0xE0) return (struct format){SHAPE_WHOLE, 0};
    if (first >= 0xC0) return formats[first - 0xC0];
    if (first >= 0xA0) return (struct format){SHAPE_TEXT, 0};
    return (struct format){first >= 0x90 ? SHAPE_LIST : SHAPE_MAP, 0};
}

static bool scan_head(struct scan *scan, struct head *head)
{
    if (scan->at == scan->end) return scan_fail(scan, scan->at, "the input ends where a value is due");
    uint8_t first = *scan->at++;
    struct format format = format_of(first);
    *head = (struct head){.shape = format.shape, .width = format.width};
    if (format.shape < SHAPE_TEXT || format.shape == SHAPE_EXTENSION) return true;
    if (format.width == 0) {
        head->size = first & (format.shape == SHAPE_TEXT ? 0x1Fu : 0x0Fu);
        return true;
    }
    if (format.width > scan->end - scan->at) return scan_fail(scan, scan->end, "the input ends inside a length");
    for (uint8_t i = 0; i < format.width; i++) head->size = head->size << 8 | *scan->at++;
    return true;
}

/* A zone whose one chunk is ours: without a chunk list of its own msgpack-c has nothing to free. */
static bool unpack(struct arena *arena, struct bytes input, struct scan *scan, msgpack_object *root)
{
    msgpack_zone zone = {.chunk_size = MSGPACK_ZONE_CHUNK_SIZE};
    zone.chunk_list.free = scan->objects_size;
    zone.chunk_list.ptr = arena_take(arena, scan->objects_size);
    if (!zone.chunk_list.ptr) return false;
    size_t offset = 0;
    msgpack_unpack_return result = msgpack_unpack(input.at, input.len, &offset, &zone, root);
    check(result == MSGPACK_UNPACK_SUCCESS && offset == input.len && !zone.chunk_list.head, "result %d", (int)result);
    return true;
}

static struct bytes view(const char *at, uint32_t size)
{
    return size ? (struct bytes){at, size} : BYTES("");
}

static void write_base64(struct sink *sink, struct bytes raw)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = (const uint8_t *)raw.at;
    for (size_t left = raw.len; left > 0; at += 3, left -= left < 3 ? left : 3) {
        unsigned three = (unsigned)at[0] << 16 | (left > 1 ? (unsigned)at[1] << 8 : 0) | (left > 2 ? at[2] : 0u);
        sink_char(sink, letters[three >> 18]);
        sink_char(sink, letters[three >> 12 & 63]);
        sink_char(sink, left > 1 ? letters[three >> 6 & 63] : '=');
        sink_char(sink, left > 2 ? letters[three & 63] : '=');
    }
}

/* A text that is not in the input: digits or base64, put behind the ones before. */
static struct bytes write_text(struct sink *texts, const msgpack_object *object)
{
    size_t from = texts->len;
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        sink_u64(texts, object->via.u64);
    else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        sink_i64(texts, object->via.i64);
    else if (object->type == MSGPACK_OBJECT_FLOAT32)
        number_write_f32(texts, (float)object->via.f64);
    else if (object->type == MSGPACK_OBJECT_FLOAT64)
        number_write_f64(texts, object->via.f64);
    else
        write_base64(texts, view(object->via.bin.ptr, object->via.bin.size));
    check(!texts->cut);
    return (struct bytes){texts->at + from, texts->len - from};
}

static bool build(struct builder *builder, struct sink *texts, struct node *node, const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return true;
    case MSGPACK_OBJECT_BOOLEAN:
        node->kind = NODE_BOOL;
        node->truth = object->via.boolean;
        return true;
    case MSGPACK_OBJECT_STR:
        node->kind = NODE_TEXT;
        node->text = view(object->via.str.ptr, object->via.str.size);
        return true;
    case MSGPACK_OBJECT_ARRAY:
        return builder_open(builder, node, NODE_LIST);
    case MSGPACK_OBJECT_MAP:
        return builder_open(builder, node, NODE_MAP);
    default:
        node->kind = object->type == MSGPACK_OBJECT_BIN ? NODE_TEXT : NODE_NUMBER;
        node->text = write_text(texts, object);
        return true;
    }
}

/* open[] holds the objects of the builder's open lists and maps; a node's count tells which entry is next. */
static bool build_all(struct builder *builder, struct scan *scan, struct sink *texts, const msgpack_object *root)
{
    const msgpack_object *open[DOCUMENT_DEPTH_MAX], *object = root;
    struct bytes key = BYTES_NONE;
    while (true) {
        size_t at;
        check(scan_value(scan, &at));
        uint32_t depth = builder->depth;
        struct node *node = builder_add(builder, key, at);
        if (!node || !build(builder, texts, node, object)) return false;
        if (builder->depth > depth) open[depth] = object;
        const struct node *parent;
        while ((parent = builder_parent(builder)) && parent->count == open[builder->depth - 1]->via.array.size)
            if (!builder_close(builder)) return false;
        if (!parent) return true;
        const msgpack_object *group = open[builder->depth - 1];
        key = BYTES_NONE;
        object = group->type == MSGPACK_OBJECT_MAP ? &group->via.map.ptr[parent->count].val
                                                   : &group->via.array.ptr[parent->count];
        if (group->type == MSGPACK_OBJECT_MAP) {
            const msgpack_object_str *name = &group->via.map.ptr[parent->count].key.via.str;
            key = view(name->ptr, name->size);
        }
    }
}

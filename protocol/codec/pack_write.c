/* Recursion is safe here: a document is never nested deeper than DOCUMENT_DEPTH_MAX. Sorting works on pointers in one
 * array that the open maps share like a stack, so writing allocates nothing. */
#include <msgpack.h>

#include "protocol/base/check.h"
#include "protocol/codec/number.h"
#include "protocol/codec/pack.h"

#define SHORT_TEXT 32u

struct writer {
    struct sink *sink;
    msgpack_packer packer;
    bool canonical;
    unsigned depth;
    size_t used; /* of order[] */
    const struct node *order[DOCUMENT_DEPTH_MAX * DOCUMENT_KEYS_MAX];
};

static bool write_all(struct sink *sink, const struct node *node, bool canonical);
static void write_node(struct writer *writer, const struct node *node);
static void open_writer(struct writer *writer, struct sink *sink, bool canonical);
static void write_map(struct writer *writer, const struct node *map);
static void write_members(struct writer *writer, const struct node *map);
static void write_sorted(struct writer *writer, const struct node *map);
static void write_number(struct writer *writer, const struct node *node);
static void write_text(struct writer *writer, struct bytes text);

bool pack_write_canonical(struct sink *sink, const struct node *node)
{
    return write_all(sink, node, true);
}
bool pack_write(struct sink *sink, const struct node *node)
{
    return write_all(sink, node, false);
}

bool pack_write_members(struct sink *sink, const struct node *map)
{
    struct writer writer;
    check(map->kind == NODE_MAP);
    open_writer(&writer, sink, false);
    writer.depth = 1;
    write_members(&writer, map);
    return !sink->cut;
}

/* The sink remembers that it was cut; the results of msgpack_pack_* tell nothing more. */
static int on_packed(void *data, const char *at, size_t len)
{
    struct sink *sink = data;
    sink_bytes(sink, (struct bytes){at, len});
    return sink->cut ? -1 : 0;
}

static void open_writer(struct writer *writer, struct sink *sink, bool canonical)
{
    writer->sink = sink;
    writer->canonical = canonical;
    writer->depth = 0;
    writer->used = 0;
    msgpack_packer_init(&writer->packer, sink, on_packed);
}

static bool write_all(struct sink *sink, const struct node *node, bool canonical)
{
    struct writer writer;
    open_writer(&writer, sink, canonical);
    write_node(&writer, node);
    return !sink->cut;
}

static void write_node(struct writer *writer, const struct node *node)
{
    switch (node->kind) {
    case NODE_NULL:
        msgpack_pack_nil(&writer->packer);
        break;
    case NODE_BOOL:
        (node->truth ? msgpack_pack_true : msgpack_pack_false)(&writer->packer);
        break;
    case NODE_NUMBER:
        write_number(writer, node);
        break;
    case NODE_TEXT:
        write_text(writer, node->text);
        break;
    case NODE_LIST:
    case NODE_MAP:
        check(writer->depth < DOCUMENT_DEPTH_MAX);
        writer->depth++;
        if (node->kind == NODE_MAP) {
            write_map(writer, node);
        } else {
            msgpack_pack_array(&writer->packer, node->count);
            NODE_EACH(child, node) write_node(writer, child);
        }
        writer->depth--;
        break;
    }
}

/* Shell sort: short, in place, and no worse than it needs for 256 names. */
static void sort(const struct node **order, size_t count)
{
    static const size_t gaps[] = {57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        for (size_t i = gaps[g]; i < count; i++) {
            const struct node *moved = order[i];
            size_t at = i;
            for (; at >= gaps[g] && bytes_compare(order[at - gaps[g]]->key, moved->key) > 0; at -= gaps[g])
                order[at] = order[at - gaps[g]];
            order[at] = moved;
        }
    }
}

static void write_map(struct writer *writer, const struct node *map)
{
    check(map->count <= DOCUMENT_KEYS_MAX);
    msgpack_pack_map(&writer->packer, map->count);
    if (writer->canonical)
        write_sorted(writer, map);
    else
        write_members(writer, map);
}

static void write_members(struct writer *writer, const struct node *map)
{
    NODE_EACH(child, map)
    {
        write_text(writer, child->key);
        write_node(writer, child);
    }
}

static void write_sorted(struct writer *writer, const struct node *map)
{
    const struct node **order = writer->order + writer->used;
    size_t count = 0;
    NODE_EACH(child, map) order[count++] = child;
    writer->used += count;
    sort(order, count);
    for (size_t i = 0; i < count; i++) {
        write_text(writer, order[i]->key);
        write_node(writer, order[i]);
    }
    writer->used -= count;
}

/* Most texts are short: their head is one byte, and a copy without four calls in between is what a large catalogue
 * notices. */
static void write_text(struct writer *writer, struct bytes text)
{
    struct sink *sink = writer->sink;
    if (text.len < SHORT_TEXT && sink->cap - sink->len > text.len) {
        sink_char(sink, (char)(0xA0 | text.len));
        sink_bytes(sink, text);
        return;
    }
    msgpack_pack_str(&writer->packer, text.len);
    msgpack_pack_str_body(&writer->packer, text.at, text.len);
}

static void write_digits(struct writer *writer, const struct number *number)
{
    char exponent[24];
    struct sink sink = sink_over(exponent, sizeof exponent);
    sink_i64(&sink, number->exponent);
    msgpack_pack_str(&writer->packer, number->negative + number->count + 1 + sink.len);
    number_write(writer->sink, number);
}

static void write_number(struct writer *writer, const struct node *node)
{
    struct number number;
    uint64_t size;
    double value;
    number_read(node->text, &number);
    bool whole = number_whole(&number, &size);
    if (whole && !number.negative)
        msgpack_pack_uint64(&writer->packer, size);
    else if (whole && size <= (uint64_t)INT64_MAX + 1)
        msgpack_pack_int64(&writer->packer, (int64_t)(0 - size));
    else if (number_f64(&number, &value))
        msgpack_pack_double(&writer->packer, value);
    else if (writer->canonical)
        write_digits(writer, &number);
    else
        write_text(writer, node->text);
}

/* The reader walks the input once. Strings are looked at eight bytes a step and stay views unless an escape stands in
 * them; lists and maps live on the builder's small stack, so hostile nesting costs neither stack nor time. */
#include "protocol/codec/json.h"

#include <endian.h>

#include "protocol/base/check.h"
#include "protocol/base/clock.h"
#include "protocol/base/money.h"
#include "protocol/codec/builder.h"

struct reader {
    struct builder build;
    const char *start, *at, *end;
};

static bool read_value(struct reader *reader, struct bytes key);
static bool read_next(struct reader *reader);
static bool read_name(struct reader *reader, struct bytes *name);
static bool read_word(struct reader *reader, struct node *node);
static bool read_number(struct reader *reader, struct node *node);
static bool read_string(struct reader *reader, struct bytes *text);
static bool read_escaped(struct reader *reader, const char *from, const char *at, struct bytes *text);

static bool fail(struct reader *reader, const char *text)
{
    return builder_fail(&reader->build, (size_t)(reader->at - reader->start), text);
}

static inline void skip_space(struct reader *reader)
{
    const char *at = reader->at, *end = reader->end;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    reader->at = at;
}

const struct node *document_read_json(struct arena *arena, struct bytes input, const struct document_limits *limits,
                                      struct document_error *error)
{
    struct reader reader;
    /* Two bytes a value at least, but for lists still open; a message of ours has one in about fourteen. */
    if (!builder_start(&reader.build, arena, limits, input.len / 12 + 4, input.len / 2 + 1 + DOCUMENT_DEPTH_MAX, error))
        return NULL;
    reader.start = reader.at = input.at;
    reader.end = input.at + input.len;
    if (input.len > UINT32_MAX) {
        builder_fail_large(&reader.build, 0, "text too long");
        return NULL;
    }
    bool fine = read_value(&reader, BYTES_NONE);
    while (fine && reader.build.depth > 0) fine = read_next(&reader);
    if (!fine) return NULL;
    skip_space(&reader);
    if (reader.at != reader.end) {
        fail(&reader, "something follows the value");
        return NULL;
    }
    return reader.build.nodes;
}

static bool read_value(struct reader *reader, struct bytes key)
{
    skip_space(reader);
    if (reader->at == reader->end) return fail(reader, "the text ends where a value is due");
    struct node *node = builder_add(&reader->build, key, (size_t)(reader->at - reader->start));
    if (!node) return false;
    switch (*reader->at) {
    case '"':
        node->kind = NODE_TEXT;
        return read_string(reader, &node->text);
    case '{':
        reader->at++;
        return builder_open(&reader->build, node, NODE_MAP);
    case '[':
        reader->at++;
        return builder_open(&reader->build, node, NODE_LIST);
    case 't':
    case 'f':
    case 'n':
        return read_word(reader, node);
    default:
        return read_number(reader, node);
    }
}

/* One step in the innermost open list or map: its end, or a comma (unless nothing stands in it yet) and the next value.
 */
static bool read_next(struct reader *reader)
{
    const struct node *parent = builder_parent(&reader->build);
    bool map = parent->kind == NODE_MAP;
    struct bytes name = BYTES_NONE;
    skip_space(reader);
    if (reader->at == reader->end) return fail(reader, "the text ends inside a list or map");
    if (*reader->at == (map ? '}' : ']')) {
        reader->at++;
        return builder_close(&reader->build);
    }
    if (parent->count > 0) {
        if (*reader->at != ',') return fail(reader, map ? "neither comma nor '}'" : "neither comma nor ']'");
        reader->at++;
    }
    if (map && !read_name(reader, &name)) return false;
    return read_value(reader, name);
}

static bool read_name(struct reader *reader, struct bytes *name)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != '"') return fail(reader, "a name in quotes is due");
    if (!read_string(reader, name)) return false;
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != ':') return fail(reader, "no colon after a name");
    reader->at++;
    return true;
}

static bool read_word(struct reader *reader, struct node *node)
{
    struct bytes rest = {reader->at, (size_t)(reader->end - reader->at)}, word = BYTES("null");
    if (*reader->at != 'n') {
        node->kind = NODE_BOOL;
        node->truth = *reader->at == 't';
        word = node->truth ? BYTES("true") : BYTES("false");
    }
    if (!bytes_starts(rest, word)) return fail(reader, "not a value");
    reader->at += word.len;
    return true;
}

static inline const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at;
}

/* RFC 8259 section 6: [ minus ] int [ frac ] [ exp ]. */
static bool read_number(struct reader *reader, struct node *node)
{
    const char *at = reader->at, *end = reader->end, *digits;
    if (*at == '-') at++;
    digits = at;
    at = skip_digits(at, end);
    if (at == digits) return fail(reader, digits == reader->at ? "not a value" : "no digit after '-'");
    if (*digits == '0' && at - digits > 1) return fail(reader, "a number with a zero in front");
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits) return fail(reader, "no digit after the decimal point");
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        digits = at;
        at = skip_digits(at, end);
        if (at == digits) return fail(reader, "no digit in the exponent");
    }
    node->kind = NODE_NUMBER;
    node->text = (struct bytes){reader->at, (size_t)(at - reader->at)};
    reader->at = at;
    return true;
}

/* High bit of each byte that is 0; bytes above the lowest hit may be wrong, which does no harm: only the lowest counts.
 */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* The first quote, backslash or control byte from `at` on, or `end`; with `ascii`, also the first byte above 0x7F. */
static inline const char *skip_plain(const char *at, const char *end, bool ascii)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    for (uint64_t word; end - at >= 8; at += 8) {
        memcpy(&word, at, 8);
        word = le64toh(word);
        uint64_t hits = zero_bytes(word ^ ones * '"') | zero_bytes(word ^ ones * '\\');
        hits |= (word - ones * 0x20) & ~word & high;
        if (ascii) hits |= word & high;
        if (hits) return at + __builtin_ctzll(hits) / 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20 && (!ascii || (unsigned char)*at < 0x80))
        at++;
    return at;
}

/* Steps over one character above ASCII; NULL, with the error set, for anything that may not stand in a string. */
static const char *step_over(struct reader *reader, const char *at)
{
    size_t length = bytes_utf8_step((struct bytes){at, (size_t)(reader->end - at)});
    reader->at = at;
    if (length > 1) return at + length;
    fail(reader, length ? "a control character in a string" : "not UTF-8");
    return NULL;
}

static bool read_string(struct reader *reader, struct bytes *text)
{
    const char *from = reader->at + 1, *at = skip_plain(from, reader->end, true);
    while (at < reader->end) {
        if (*at == '"') {
            *text = (struct bytes){from, (size_t)(at - from)};
            reader->at = at + 1;
            return true;
        }
        if (*at == '\\') return read_escaped(reader, from, at, text);
        at = step_over(reader, at);
        if (!at) return false;
        at = skip_plain(at, reader->end, true);
    }
    return fail(reader, "a string without an end");
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits after "\u"; -1 if they are not there. */
static int32_t read_unit(const char *at, const char *end)
{
    int32_t unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    for (int i = 2; i < 6; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}

/* One escape at reader->at, decoded to *out. UTF-16 pairs must be whole (RFC 8259 section 7 and 8.2). */
static bool read_escape(struct reader *reader, char **out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *at = reader->at, *end = reader->end;
    const char *name = end - at > 1 && at[1] ? strchr(names, at[1]) : NULL;
    if (name) {
        *(*out)++ = values[name - names];
        reader->at += 2;
        return true;
    }
    int32_t unit = read_unit(at, end);
    if (unit < 0) return fail(reader, "not an escape");
    if (unit >= 0xDC00 && unit <= 0xDFFF) return fail(reader, "half a surrogate pair");
    reader->at += 6;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        int32_t low = read_unit(reader->at, end);
        if (low < 0xDC00 || low > 0xDFFF) return fail(reader, "half a surrogate pair");
        reader->at += 6;
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    *out = put_utf8(*out, (uint32_t)unit);
    return true;
}

/* A string with escapes, from[] up to its first one at `at`. Decoded it is never longer than it stands. */
static bool read_escaped(struct reader *reader, const char *from, const char *at, struct bytes *text)
{
    const char *close = at;
    while (close < reader->end && *close != '"') close += *close == '\\' ? 2 : 1;
    reader->at = from - 1;
    if (close >= reader->end) return fail(reader, "a string without an end");
    char *copy = arena_take(reader->build.arena, (size_t)(close - from)), *out = copy;
    if (!copy)
        return builder_fail_large(&reader->build, (size_t)(from - reader->start), "no memory left for the document");
    while (true) {
        memcpy(out, from, (size_t)(at - from));
        out += at - from;
        reader->at = from = at;
        if (*at == '"') break;
        if (*at == '\\') {
            if (!read_escape(reader, &out)) return false;
            from = at = reader->at;
        } else {
            at = step_over(reader, at);
            if (!at) return false;
        }
        at = skip_plain(at, reader->end, true);
    }
    reader->at = at + 1;
    *text = (struct bytes){copy, (size_t)(out - copy)};
    return true;
}

/* A comma when one is due; every value and name passes here. */
static void begin(struct json *json)
{
    if (json->keyed)
        json->keyed = false;
    else if (json->filled[json->depth])
        sink_char(json->sink, ',');
    json->filled[json->depth] = true;
}

static void open(struct json *json, char bracket)
{
    begin(json);
    check(json->depth + 1 < JSON_DEPTH_MAX);
    sink_char(json->sink, bracket);
    json->filled[++json->depth] = false;
}

static void close(struct json *json, char bracket)
{
    check(json->depth > 0 && !json->keyed);
    sink_char(json->sink, bracket);
    json->depth--;
}

void json_open_map(struct json *json)
{
    open(json, '{');
}
void json_close_map(struct json *json)
{
    close(json, '}');
}
void json_open_list(struct json *json)
{
    open(json, '[');
}
void json_close_list(struct json *json)
{
    close(json, ']');
}

void json_key(struct json *json, const char *name)
{
    begin(json);
    sink_char(json->sink, '"');
    sink_text(json->sink, name);
    sink_text(json->sink, "\":");
    json->keyed = true;
}

void json_key_bytes(struct json *json, struct bytes name)
{
    begin(json);
    json_write_text(json->sink, name);
    sink_char(json->sink, ':');
    json->keyed = true;
}

void json_bool(struct json *json, bool truth)
{
    json_raw(json, truth ? BYTES("true") : BYTES("false"));
}

void json_i64(struct json *json, int64_t value)
{
    begin(json);
    sink_i64(json->sink, value);
}

void json_u64(struct json *json, uint64_t value)
{
    begin(json);
    sink_u64(json->sink, value);
}

void json_text(struct json *json, struct bytes text)
{
    begin(json);
    json_write_text(json->sink, text);
}

void json_money(struct json *json, int64_t micros)
{
    begin(json);
    sink_char(json->sink, '"');
    money_write(json->sink, micros);
    sink_char(json->sink, '"');
}

void json_wall(struct json *json, int64_t wall_ms)
{
    begin(json);
    sink_char(json->sink, '"');
    clock_write_wall(json->sink, wall_ms);
    sink_char(json->sink, '"');
}

void json_raw(struct json *json, struct bytes value)
{
    begin(json);
    sink_bytes(json->sink, value);
}

static void write_leaf(struct json *json, const struct node *node)
{
    if (node->kind == NODE_TEXT)
        json_text(json, node->text);
    else if (node->kind == NODE_NUMBER)
        json_raw(json, node->text);
    else if (node->kind == NODE_BOOL)
        json_bool(json, node->truth);
    else
        json_null(json);
}

/* The array is in reading order, so one walk over it writes everything; ends[] tells where each open one closes. */
void json_node(struct json *json, const struct node *node)
{
    const struct node *open_at[DOCUMENT_DEPTH_MAX + 1], *end = node_end(node);
    unsigned depth = 0;
    for (const struct node *at = node; at <= end; at++) {
        for (; depth > 0 && at == node_end(open_at[depth - 1]); depth--)
            close(json, open_at[depth - 1]->kind == NODE_MAP ? '}' : ']');
        if (at == end) break;
        if (depth > 0 && open_at[depth - 1]->kind == NODE_MAP) json_key_bytes(json, at->key);
        if (at->kind != NODE_MAP && at->kind != NODE_LIST) {
            write_leaf(json, at);
            continue;
        }
        check(depth < DOCUMENT_DEPTH_MAX);
        open(json, at->kind == NODE_MAP ? '{' : '[');
        open_at[depth++] = at;
    }
}

static void write_escape(struct sink *sink, char one)
{
    static const char values[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *value = one ? strchr(values, one) : NULL;
    sink_char(sink, '\\');
    if (value) {
        sink_char(sink, names[value - values]);
        return;
    }
    sink_text(sink, "u00");
    sink_hex(sink, (struct bytes){&one, 1});
}

void json_write_text(struct sink *sink, struct bytes text)
{
    const char *at = text.at, *end = text.at + text.len;
    sink_char(sink, '"');
    while (at < end) {
        const char *stop = skip_plain(at, end, false);
        sink_bytes(sink, (struct bytes){at, (size_t)(stop - at)});
        if (stop < end) write_escape(sink, *stop++);
        at = stop;
    }
    sink_char(sink, '"');
}

/* json: RFC 8259 text out of values. Reading is document_read_json; nothing else reads JSON.
 *
 * The writer appends to a sink and keeps track of commas; it never allocates, and a sink that was too small is cut.
 * Depth is the caller's nesting of open/close pairs, checked. */
#pragma once

#include "protocol/codec/document.h"

#define JSON_DEPTH_MAX 24

struct json {
    struct sink *sink;
    unsigned depth;
    bool filled[JSON_DEPTH_MAX]; /* something was written at this depth: a comma is due */
    bool keyed;                  /* a key was written, its value is due */
};

static inline struct json json_into(struct sink *sink)
{
    return (struct json){.sink = sink};
}
void json_open_map(struct json *json);
void json_close_map(struct json *json);
void json_open_list(struct json *json);
void json_close_list(struct json *json);
/* A constant name without characters that need escaping. */
void json_key(struct json *json, const char *name);
/* Any name; escaped. */
void json_key_bytes(struct json *json, struct bytes name);
void json_bool(struct json *json, bool truth);
void json_i64(struct json *json, int64_t value);
void json_u64(struct json *json, uint64_t value);
/* Escaped and quoted; must be UTF-8. */
void json_text(struct json *json, struct bytes text);
/* A decimal string: "12.50". */
void json_money(struct json *json, int64_t micros);
/* RFC 3339 text. */
void json_wall(struct json *json, int64_t wall_ms);
/* A value already in JSON form, as it stands. */
void json_raw(struct json *json, struct bytes value);
/* Inline, so that no symbol of this name meets Jansson's in a test that links both. */
static inline void json_null(struct json *json)
{
    json_raw(json, BYTES("null"));
}
/* The subtree, compact, keys in their order. */
void json_node(struct json *json, const struct node *node);
/* Quoted and escaped without a writer. */
void json_write_text(struct sink *sink, struct bytes text);

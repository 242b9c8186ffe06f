/* What must hold of any document a reader gave back: it is sound, and every writer's text of it reads back as the same.
 * The functions abort (check) where it does not. */
#pragma once

#include <stdlib.h>

#include "protocol/base/check.h"
#include "protocol/codec/json.h"
#include "protocol/codec/pack.h"

/* The bound on a document's memory: 100 times the input, and a chunk to start with. */
static inline size_t fuzz_arena_max(size_t size)
{
    return 100 * size + 8192;
}

/* Spans and counts fit together, texts are UTF-8, names of a map differ. */
static inline void fuzz_check_sound(const struct node *node)
{
    uint32_t count = 0;
    if (node->kind != NODE_LIST && node->kind != NODE_MAP) {
        check(node->span == 1 && node->count == 0);
        check(node->kind == NODE_TEXT || node->kind == NODE_NUMBER || node->text.len == 0);
        check(bytes_is_utf8(node->text));
        return;
    }
    NODE_EACH(child, node)
    {
        check(bytes_is_utf8(child->key));
        check(node->kind == NODE_MAP ? node_find_bytes(node, child->key) == child : child->key.len == 0);
        fuzz_check_sound(child);
        check(child_end - child >= child->span);
        count++;
    }
    check(node->count == count);
}

static inline bool fuzz_same(const struct node *a, const struct node *b)
{
    if (a->span != b->span) return false;
    for (uint32_t i = 0; i < a->span; i++) {
        if (a[i].kind != b[i].kind || a[i].span != b[i].span || a[i].count != b[i].count) return false;
        if (a[i].truth != b[i].truth || !bytes_same(a[i].text, b[i].text)) return false;
        if (i > 0 && !bytes_same(a[i].key, b[i].key)) return false;
    }
    return true;
}

/* Room for any text of a document that was read from `size` bytes: "\\u0000" is six times as long as its byte, a number
 * of "1e5," in MessagePack at most nine bytes. */
static inline struct sink fuzz_sink(size_t size)
{
    size_t cap = 8 * size + 64;
    char *at = malloc(cap);
    check(at != NULL);
    return sink_over(at, cap);
}

static inline void fuzz_check_json(struct arena *arena, const struct node *node, size_t size)
{
    struct document_error error;
    struct sink first = fuzz_sink(size), second = fuzz_sink(size);
    struct json json = json_into(&first), json_again = json_into(&second);
    json_node(&json, node);
    const struct node *again = document_read_json(arena, sink_written(&first), &DOCUMENT_LIMITS, &error);
    check(again && fuzz_same(node, again));
    json_node(&json_again, again);
    check(!first.cut && bytes_same(sink_written(&first), sink_written(&second)));
    free(first.at);
    free(second.at);
}

/* Numbers may come back in other digits (1e2 as 100), so documents are compared by their canonical bytes. */
static inline void fuzz_check_pack(struct arena *arena, const struct node *node, size_t size)
{
    struct document_error error;
    struct sink canonical = fuzz_sink(size), plain = fuzz_sink(size), again = fuzz_sink(size);
    check(pack_write_canonical(&canonical, node));
    check(pack_scan(sink_written(&canonical), &DOCUMENT_LIMITS, &error));
    const struct node *back = document_read_pack(arena, sink_written(&canonical), &DOCUMENT_LIMITS, &error);
    check(back && back->span == node->span && pack_write_canonical(&again, back));
    check(bytes_same(sink_written(&canonical), sink_written(&again)));
    check(pack_write(&plain, node));
    back = document_read_pack(arena, sink_written(&plain), &DOCUMENT_LIMITS, &error);
    check(back && back->span == node->span);
    again.len = 0;
    check(pack_write(&again, back) && bytes_same(sink_written(&plain), sink_written(&again)));
    free(canonical.at);
    free(plain.at);
    free(again.at);
}

static inline void fuzz_check_document(const struct node *node, size_t size)
{
    struct arena arena;
    arena_init(&arena, 4096, 1000 * size + 8192);
    fuzz_check_sound(node);
    fuzz_check_json(&arena, node, size);
    fuzz_check_pack(&arena, node, size);
    arena_free(&arena);
}

static inline void fuzz_check_error(struct bytes input, const struct document_error *error)
{
    check(error->text && error->at <= input.len);
}

typedef const struct node *fuzz_read(struct arena *, struct bytes, const struct document_limits *,
                                     struct document_error *);

/* Reads one input and checks what comes of it. */
static inline void fuzz_run(fuzz_read *read, const uint8_t *data, size_t size)
{
    struct bytes input = {(const char *)data, size};
    struct document_error error = {0};
    struct arena arena;
    arena_init(&arena, 4096, fuzz_arena_max(size));
    const struct node *node = read(&arena, input, &DOCUMENT_LIMITS, &error);
    if (node)
        fuzz_check_document(node, size);
    else
        fuzz_check_error(input, &error);
    arena_free(&arena);
}

/* What the codec's tests share: an arena with input read into it, and documents as JSON text to compare. Include after
 * cmocka.h. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec/json.h"
#include "protocol/codec/pack.h"

typedef const struct node *reader(struct arena *, struct bytes, const struct document_limits *,
                                  struct document_error *);

/* The bound on a document's memory: 100 times the input, and the arena's first chunk. */
static inline struct arena reading_arena(size_t size)
{
    struct arena arena;
    arena_init(&arena, 4096, 100 * size + 8192);
    return arena;
}

/* The document as compact JSON in `room`; "" where it was refused. */
static inline const char *reading_json(reader *read, struct bytes input, char *room, size_t cap)
{
    struct document_error error;
    struct arena arena = reading_arena(input.len);
    struct sink sink = sink_over(room, cap - 1);
    struct json json = json_into(&sink);
    const struct node *node = read(&arena, input, &DOCUMENT_LIMITS, &error);
    if (node) json_node(&json, node);
    assert_false(sink.cut);
    room[sink.len] = '\0';
    arena_free(&arena);
    return room;
}

/* Refused at that byte, for a reason with that sentence. */
static inline void reading_refuses(reader *read, struct bytes input, const char *text, size_t at, bool too_large)
{
    struct document_error error = {0};
    struct arena arena = reading_arena(input.len);
    if (read(&arena, input, &DOCUMENT_LIMITS, &error)) fail_msg("accepted: %.*s", (int)input.len, input.at);
    if (strcmp(error.text, text) != 0 || error.at != at || error.too_large != too_large)
        fail_msg("%.*s: at %zu: %s", (int)input.len, input.at, error.at, error.text);
    arena_free(&arena);
}

static inline struct bytes reading_repeat(char *room, const char *text, size_t count)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < count; i++) memcpy(room + i * len, text, len);
    return (struct bytes){room, count * len};
}

/* A whole file, to be freed; .at NULL if it is not there. */
static inline struct bytes reading_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) return BYTES_NONE;
    size_t cap = 1 << 20;
    char *at = malloc(cap);
    assert_non_null(at);
    size_t len = fread(at, 1, cap, file);
    assert_true(len < cap && !ferror(file));
    fclose(file);
    /* A block of exactly its size, so that a sanitizer sees the first byte read past it. */
    char *fitted = malloc(len ? len : 1);
    assert_non_null(fitted);
    memcpy(fitted, at, len);
    free(at);
    return (struct bytes){fitted, len};
}

/* The exit code that tells ctest "skipped". */
#define READING_SKIPPED 77

/* True, with a message, where the outside test data are not there. */
static inline bool reading_absent(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file) {
        fclose(file);
        return false;
    }
    print_message("skipped: no %s\n", path);
    return true;
}

/* arena: memory that lives and dies together (one auction's, one request's).
 *
 * Taken piece by piece, given back all at once. The first chunk stays for the next life, so an arena that is warm does not
 * allocate; everything that was used is wiped at reset, because private lead fields live here. One thread at a time; the
 * holder of the struct owns the memory. */
#pragma once

#include "protocol/base/bytes.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *first;
    struct arena_chunk *current;
    size_t used;        /* of the current chunk */
    size_t chunk_bytes; /* size of the first chunk; later ones grow to fit */
    size_t total;       /* bytes in all chunks */
    size_t total_max;   /* arena_take answers NULL rather than exceed it */
};

/* Allocates nothing yet. */
void arena_init(struct arena *arena, size_t chunk_bytes, size_t total_max);
/* 16-byte aligned, not cleared; NULL when memory is out or total_max would be passed. */
void *arena_take(struct arena *arena, size_t bytes);
/* arena_take, cleared; count * size is checked. */
void *arena_zero(struct arena *arena, size_t count, size_t size);
/* A copy that lives as long as the arena; .at is NULL on failure (an empty input gives a non-NULL empty copy). A NUL
 * follows the copied bytes, so .at may also be read as a C string when it holds no NUL itself. */
struct bytes arena_copy(struct arena *arena, struct bytes bytes);
/* Wipes what was used and keeps the first chunk. */
void arena_reset(struct arena *arena);
/* Wipes and frees all; the arena may be used again. */
void arena_free(struct arena *arena);

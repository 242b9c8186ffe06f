/*   first                 current
 *   +------+----------+   +------+----------+
 *   | next | used ... | → | next | used ... | → NULL
 *   +------+----------+   +------+----------+
 * A chunk remembers how much of it was used when it was left, so a reset wipes no more than was written. */
#include "protocol/base/arena.h"

#include <stdlib.h>

#define ALIGNMENT 16u

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of bytes[] */
    size_t used; /* set when the chunk is left */
    size_t pad;
    _Alignas(ALIGNMENT) char bytes[];
};

void arena_init(struct arena *arena, size_t chunk_bytes, size_t total_max)
{
    *arena = (struct arena){.chunk_bytes = chunk_bytes, .total_max = total_max};
}

static struct arena_chunk *grow(struct arena *arena, size_t bytes)
{
    size_t size = bytes > arena->chunk_bytes ? bytes : arena->chunk_bytes;
    if (size > arena->total_max || arena->total > arena->total_max - size) return NULL;
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk) return NULL;
    chunk->next = NULL;
    chunk->size = size;
    chunk->used = 0;
    if (arena->current) {
        arena->current->used = arena->used;
        arena->current->next = chunk;
    } else {
        arena->first = chunk;
    }
    arena->current = chunk;
    arena->used = 0;
    arena->total += size;
    return chunk;
}

void *arena_take(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX - ALIGNMENT) return NULL;
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (!arena->current || bytes > arena->current->size - arena->used)
        if (!grow(arena, bytes)) return NULL;
    void *taken = arena->current->bytes + arena->used;
    arena->used += bytes;
    return taken;
}

void *arena_zero(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *taken = arena_take(arena, bytes);
    if (taken) memset(taken, 0, bytes);
    return taken;
}

struct bytes arena_copy(struct arena *arena, struct bytes bytes)
{
    if (bytes.len == SIZE_MAX) return BYTES_NONE;
    char *copy = arena_take(arena, bytes.len + 1);
    if (!copy) return BYTES_NONE;
    if (bytes.len) memcpy(copy, bytes.at, bytes.len);
    copy[bytes.len] = '\0';
    return (struct bytes){copy, bytes.len};
}

void arena_reset(struct arena *arena)
{
    if (!arena->first) return;
    arena->current->used = arena->used;
    for (struct arena_chunk *chunk = arena->first, *next; chunk; chunk = next) {
        next = chunk->next;
        explicit_bzero(chunk->bytes, chunk->used);
        if (chunk != arena->first) free(chunk);
    }
    arena->first->next = NULL;
    arena->current = arena->first;
    arena->used = 0;
    arena->total = arena->first->size;
}

void arena_free(struct arena *arena)
{
    arena_reset(arena);
    free(arena->first);
    arena_init(arena, arena->chunk_bytes, arena->total_max);
}

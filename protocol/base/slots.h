/* slots: a bounded table of equal objects, found by an id that goes stale when its object is given back.
 *
 * The id is {generation, index} in 64 bits and never 0. An object never moves; a slot given back is used again last in,
 * first out, so a busy table stays in cache. Objects are cleared only when their slot is first made: what an object keeps
 * between lives (an arena, a timer) is its holder's business. One thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/fault.h"

struct slots {
    char **blocks; /* of SLOTS_BLOCK objects each, made when first needed */
    uint32_t *generations;
    uint32_t *free_next; /* the free slots as a list */
    size_t object_bytes;
    uint32_t max;
    uint32_t made;
    uint32_t free_first;
    uint32_t used;
};

enum fault slots_open(struct slots *slots, size_t object_bytes, uint32_t max) MUST_USE;
/* Frees the memory; the objects' own belongings must be gone. */
void slots_close(struct slots *slots);
/* A free object and its id; NULL when all `max` are taken or memory is out. */
void *slots_take(struct slots *slots, uint64_t *id);
/* The object, or NULL when the id is stale or was never given. */
void *slots_find(const struct slots *slots, uint64_t id);
/* The id must be live (checked). */
void slots_give(struct slots *slots, uint64_t id);
/* The object in slot `index` whatever its state, for closing what objects keep: NULL if it was never made. */
void *slots_at(const struct slots *slots, uint32_t index);
/* The id of the live object in slot `index`, or 0. */
uint64_t slots_live(const struct slots *slots, uint32_t index);

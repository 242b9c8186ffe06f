/* An odd generation is live, an even one free; it moves on by one at each take and each give, so an id matches in one
 * comparison. Objects come in blocks so that a large bound costs nothing until it is used. */
#include "protocol/base/slots.h"

#include <stdlib.h>

#include "protocol/base/check.h"

#define SLOTS_BLOCK 64u
#define NO_SLOT UINT32_MAX

enum fault slots_open(struct slots *slots, size_t object_bytes, uint32_t max)
{
    *slots = (struct slots){.object_bytes = (object_bytes + 63u) & ~(size_t)63u, .max = max, .free_first = NO_SLOT};
    slots->blocks = calloc((max + SLOTS_BLOCK - 1) / SLOTS_BLOCK, sizeof *slots->blocks);
    slots->generations = calloc(max, sizeof *slots->generations);
    slots->free_next = calloc(max, sizeof *slots->free_next);
    if (slots->blocks && slots->generations && slots->free_next) return FAULT_NONE;
    slots_close(slots);
    return FAULT_MEMORY;
}

void slots_close(struct slots *slots)
{
    for (uint32_t block = 0; slots->blocks && block * SLOTS_BLOCK < slots->made; block++) free(slots->blocks[block]);
    free(slots->blocks);
    free(slots->generations);
    free(slots->free_next);
    *slots = (struct slots){0};
}

static uint32_t make(struct slots *slots)
{
    uint32_t index = slots->made;
    if (index == slots->max) return NO_SLOT;
    if (index % SLOTS_BLOCK == 0) {
        void *block = aligned_alloc(64, SLOTS_BLOCK * slots->object_bytes);
        if (!block) return NO_SLOT;
        __builtin_memset(block, 0, SLOTS_BLOCK * slots->object_bytes);
        slots->blocks[index / SLOTS_BLOCK] = block;
    }
    slots->made++;
    return index;
}

void *slots_at(const struct slots *slots, uint32_t index)
{
    if (index >= slots->made) return NULL;
    return slots->blocks[index / SLOTS_BLOCK] + (index % SLOTS_BLOCK) * slots->object_bytes;
}

void *slots_take(struct slots *slots, uint64_t *id)
{
    uint32_t index = slots->free_first;
    if (index == NO_SLOT)
        index = make(slots);
    else
        slots->free_first = slots->free_next[index];
    if (index == NO_SLOT) return NULL;
    slots->generations[index]++;
    slots->used++;
    *id = slots_live(slots, index);
    return slots_at(slots, index);
}

uint64_t slots_live(const struct slots *slots, uint32_t index)
{
    if (index >= slots->made || slots->generations[index] % 2 == 0) return 0;
    return (uint64_t)slots->generations[index] << 32 | index;
}

void *slots_find(const struct slots *slots, uint64_t id)
{
    uint32_t index = (uint32_t)id, generation = (uint32_t)(id >> 32);
    if (index >= slots->made || generation % 2 == 0 || slots->generations[index] != generation) return NULL;
    return slots_at(slots, index);
}

void slots_give(struct slots *slots, uint64_t id)
{
    uint32_t index = (uint32_t)id;
    check(slots_find(slots, id) != NULL, "slot id %llx", (unsigned long long)id);
    slots->generations[index]++;
    slots->free_next[index] = slots->free_first;
    slots->free_first = index;
    slots->used--;
}

/* The list is short, so it is kept in order. A group that gives way never comes back with the same figure: those that
 * stand only get higher. */
#include "exchange/market/bests.h"

static void drop(struct bests *bests, uint32_t at)
{
    bests->count--;
    for (uint32_t i = at; i < bests->count; i++) bests->list[i] = bests->list[i + 1];
}

void bests_note(struct bests *bests, uint32_t room, uint32_t group, int64_t micros)
{
    for (uint32_t i = 0; i < bests->count; i++) {
        if (bests->list[i].group != group) continue;
        if (bests->list[i].micros >= micros) return;
        drop(bests, i);
        break;
    }
    uint32_t at = bests->count;
    while (at > 0 && bests->list[at - 1].micros < micros) at--;
    if (at == room) return;
    if (bests->count < room) bests->count++;
    for (uint32_t i = bests->count - 1; i > at; i--) bests->list[i] = bests->list[i - 1];
    bests->list[at] = (struct best){group, micros};
}

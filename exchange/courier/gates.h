/* gates: addresses that are not to be called now: those whose circuit is open, and those that said 410. By hearer; a
 * hearer without a gate may be called. One thread; bounded: what finds no room is called as if nothing had failed. */
#pragma once

#include "exchange/market/circuit.h"
#include "exchange/record/delivery.h"

#define GATES_MAX 1024u

struct gate {
    struct hearer hearer; /* its id is text */
    char text[HEARER_ID_MAX];
    uint64_t word; /* of its circuit */
    bool is_gone;  /* 410: until the next reload */
};

struct gates {
    struct gate list[GATES_MAX];
    uint32_t count;
};

static inline bool hearer_same(const struct hearer *a, const struct hearer *b)
{
    return a->kind == b->kind && a->address == b->address && bytes_same(a->id, b->id);
}

/* Fills `closed` (room for GATES_MAX) with the hearers that may not be called; their ids live as long as the gates stay
 * as they are. */
uint32_t gates_closed(const struct gates *gates, int64_t now_us, struct hearer *closed);
/* May it be called now? The call that tries an open circuit is counted as the one. */
bool gates_pass(struct gates *gates, const struct hearer *hearer, int64_t now_us);
void gates_after(struct gates *gates, const struct hearer *hearer, bool success, int64_t now_us);
void gates_gone(struct gates *gates, const struct hearer *hearer);
void gates_reloaded(struct gates *gates);

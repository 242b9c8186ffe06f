/* A list: nearly all addresses work, so there are few gates. */
#include "exchange/courier/gates.h"

static const struct circuit_rules rules = {
    .failures = 5, .share_ppm = 500000, .of = 20, .pause_us = 1000000, .pause_max_us = 60000000};

static struct gate *find(const struct gates *gates, const struct hearer *hearer)
{
    for (uint32_t i = 0; i < gates->count; i++)
        if (hearer_same(&gates->list[i].hearer, hearer)) return (struct gate *)(uintptr_t)&gates->list[i];
    return NULL;
}

/* The gates before it stay where they are, the last takes its place. */
static void forget(struct gates *gates, struct gate *gate)
{
    *gate = gates->list[--gates->count];
    gate->hearer.id.at = gate->text;
}

static struct gate *make(struct gates *gates, const struct hearer *hearer)
{
    if (gates->count == GATES_MAX || hearer->id.len > HEARER_ID_MAX) return NULL;
    struct gate *gate = &gates->list[gates->count++];
    *gate = (struct gate){.hearer = *hearer};
    memcpy(gate->text, hearer->id.at, hearer->id.len);
    gate->hearer.id.at = gate->text;
    return gate;
}

static bool lets(const struct gate *gate, int64_t now_us)
{
    return !gate->is_gone && circuit_lets(gate->word, now_us);
}

uint32_t gates_closed(const struct gates *gates, int64_t now_us, struct hearer *closed)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < gates->count; i++)
        if (!lets(&gates->list[i], now_us)) closed[count++] = gates->list[i].hearer;
    return count;
}

bool gates_pass(struct gates *gates, const struct hearer *hearer, int64_t now_us)
{
    struct gate *gate = find(gates, hearer);
    if (!gate) return true;
    if (!lets(gate, now_us)) return false;
    if (circuit_state_of(gate->word) != CIRCUIT_CLOSED) gate->word = circuit_probe(gate->word, now_us, &rules);
    return true;
}

void gates_after(struct gates *gates, const struct hearer *hearer, bool success, int64_t now_us)
{
    struct gate *gate = find(gates, hearer);
    if (!gate && success) return;
    if (!gate && !(gate = make(gates, hearer))) return;
    gate->word = circuit_after(gate->word, success, now_us, &rules);
    if (success && circuit_state_of(gate->word) == CIRCUIT_CLOSED && !gate->is_gone) forget(gates, gate);
}

void gates_gone(struct gates *gates, const struct hearer *hearer)
{
    struct gate *gate = find(gates, hearer);
    if (gate || (gate = make(gates, hearer))) gate->is_gone = true;
}

void gates_reloaded(struct gates *gates)
{
    for (uint32_t i = 0; i < gates->count; i++) gates->list[i].is_gone = false;
}

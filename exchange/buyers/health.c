#include "exchange/buyers/health.h"

/* A circuit that a call found open and became the probe of. */
struct probe {
    bool is_taken, of_origin;
    uint32_t cell;
    uint64_t before, probing;
};

static bool pass_circuit(struct standing *standing, bool of_origin, uint32_t cell, const struct circuit_rules *rules,
                         int64_t now_us, struct probe *probe)
{
    if (cell == STANDING_NONE) return true;
    for (;;) {
        uint64_t word = circuits_word(standing, of_origin, cell);
        if (circuit_state_of(word) == CIRCUIT_CLOSED) return true;
        uint64_t probing = circuit_probe(word, now_us, rules);
        if (probing == word) return false;
        *probe = (struct probe){true, of_origin, cell, word, probing};
        if (circuits_swap(standing, of_origin, cell, word, probing)) return true;
        probe->is_taken = false;
    }
}

/* The call does not go out: the next one is the probe. If the word has moved on, that was another call's doing. */
static void give_back(struct standing *standing, const struct probe probes[2])
{
    for (int i = 0; i < 2; i++)
        if (probes[i].is_taken)
            (void)circuits_swap(standing, probes[i].of_origin, probes[i].cell, probes[i].probing, probes[i].before);
}

/* The circuits this call must find closed, or be the probe of. A ping tries contract and origin before a lead is put at
 * risk; what no ping ever tries (a post's other origin, a contract with a standing price), a post must. */
static bool pass_circuits(struct standing *standing, const struct contract *contract, bool is_ping,
                          const struct circuit_rules *rules, int64_t now_us, struct probe probes[2])
{
    bool tries_contract = is_ping || !contract->is_live;
    bool tries_origin = tries_contract || contract->post_origin_cell != contract->ping_origin_cell;
    uint32_t origin_cell = is_ping ? contract->ping_origin_cell : contract->post_origin_cell;
    if (tries_contract && !pass_circuit(standing, false, contract->cell, rules, now_us, &probes[0])) return false;
    return !tries_origin || pass_circuit(standing, true, origin_cell, rules, now_us, &probes[1]);
}

static enum reason admit(struct standing *standing, const struct contract *contract, const struct buyer *buyer,
                         bool is_ping, const struct circuit_rules *rules, int64_t now_us, struct probe probes[2])
{
    if (is_ping && !rates_peek_buyer(standing, buyer->cell, buyer->max_pings_per_s, now_us)) return REASON_THROTTLED;
    if (!pass_circuits(standing, contract, is_ping, rules, now_us, probes)) return REASON_CIRCUIT_OPEN;
    if (!rates_enter(standing, buyer->cell, buyer->max_in_flight)) return REASON_THROTTLED;
    if (!is_ping || rates_take_buyer(standing, buyer->cell, buyer->max_pings_per_s, now_us)) return REASON_NONE;
    rates_leave(standing, buyer->cell);
    return REASON_THROTTLED;
}

enum reason health_admit(struct standing *standing, const struct catalogue *catalogue, const struct contract *contract,
                         bool is_ping, int64_t now_us)
{
    struct probe probes[2] = {{0}, {0}};
    enum reason reason = admit(standing, contract, &catalogue->buyers[contract->buyer], is_ping,
                               &catalogue->house.circuit, now_us, probes);
    if (reason != REASON_NONE) give_back(standing, probes);
    return reason;
}

static void feed(struct standing *standing, bool of_origin, uint32_t cell, bool success,
                 const struct circuit_rules *rules, int64_t now_us)
{
    if (cell == STANDING_NONE) return;
    for (;;) {
        uint64_t word = circuits_word(standing, of_origin, cell), after = circuit_after(word, success, now_us, rules);
        if (after == word || circuits_swap(standing, of_origin, cell, word, after)) return;
    }
}

void health_end(struct standing *standing, const struct catalogue *catalogue, const struct contract *contract,
                bool is_ping, enum health health, int64_t now_us)
{
    const struct circuit_rules *rules = &catalogue->house.circuit;
    uint32_t origin_cell = is_ping ? contract->ping_origin_cell : contract->post_origin_cell;
    rates_leave(standing, catalogue->buyers[contract->buyer].cell);
    if (health == HEALTH_GOOD || health == HEALTH_CONTRACT_BAD)
        feed(standing, false, contract->cell, health == HEALTH_GOOD, rules, now_us);
    if (health == HEALTH_GOOD || health == HEALTH_ORIGIN_BAD)
        feed(standing, true, origin_cell, health == HEALTH_GOOD, rules, now_us);
}

enum health health_of_failure(bool not_sent, enum fault fault)
{
    static const enum fault unreachable[] = {FAULT_CONNECT, FAULT_TLS,    FAULT_NAME,
                                             FAULT_ADDRESS, FAULT_CLOSED, FAULT_RESET};
    if (!not_sent || fault == FAULT_TIMEOUT) return HEALTH_CONTRACT_BAD;
    for (size_t i = 0; i < sizeof unreachable / sizeof *unreachable; i++)
        if (fault == unreachable[i]) return HEALTH_ORIGIN_BAD;
    return HEALTH_NONE;
}

enum reason health_reason(enum fault fault)
{
    switch (fault) {
    case FAULT_CONNECT:
        return REASON_CONNECT_FAILED;
    case FAULT_TLS:
        return REASON_TLS_FAILED;
    case FAULT_NAME:
    case FAULT_ADDRESS:
        return REASON_DNS_FAILED;
    case FAULT_TIMEOUT:
        return REASON_TIMEOUT;
    case FAULT_DESCRIPTORS:
    case FAULT_FULL:
    case FAULT_MEMORY:
        return REASON_THROTTLED;
    default:
        return REASON_BAD_RESPONSE;
    }
}

enum verdict_doubt health_doubt(enum fault fault)
{
    if (fault == FAULT_TIMEOUT) return DOUBT_TIMEOUT;
    return fault == FAULT_PROTOCOL || fault == FAULT_TOO_LARGE ? DOUBT_BAD_RESPONSE : DOUBT_RESET;
}

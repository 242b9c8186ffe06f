/* health: which call is the probe of an open circuit: a ping wherever one goes, else a post. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/buyers/health.h"

#define SECOND INT64_C(1000000)
#define NOW (1000 * SECOND)

struct market {
    struct standing *standing;
    struct catalogue catalogue;
    struct buyer buyer;
    struct contract contract;
};

/* A contract whose pings and posts go to the two origins named. */
static void open_market(struct market *market, bool is_live, const char *ping_origin, const char *post_origin)
{
    *market = (struct market){.catalogue = {.house = {.circuit = CIRCUIT_RULES}}};
    market->catalogue.buyers = &market->buyer;
    market->catalogue.buyers_count = 1;
    assert_int_equal(standing_open(&market->standing), FAULT_NONE);
    market->buyer.cell = standing_buyer_cell(market->standing, BYTES("north"));
    market->contract = (struct contract){.is_live = is_live,
                                         .cell = standing_contract_cell(market->standing, BYTES("north-ca")),
                                         .ping_origin_cell = STANDING_NONE};
    if (ping_origin) market->contract.ping_origin_cell = standing_origin_cell(market->standing, bytes_of(ping_origin));
    market->contract.post_origin_cell = standing_origin_cell(market->standing, bytes_of(post_origin));
}

static void close_market(struct market *market)
{
    assert_int_equal(rates_in_flight(market->standing, market->buyer.cell), 0);
    standing_close(&market->standing);
}

static enum reason admit(struct market *market, bool is_ping, int64_t now_us)
{
    return health_admit(market->standing, &market->catalogue, &market->contract, is_ping, now_us);
}

static void end(struct market *market, bool is_ping, enum health health, int64_t now_us)
{
    health_end(market->standing, &market->catalogue, &market->contract, is_ping, health, now_us);
}

static void fail_posts(struct market *market, enum health health)
{
    for (int i = 0; i < 5; i++) {
        assert_int_equal(admit(market, false, NOW), REASON_NONE);
        end(market, false, health, NOW);
    }
}

static enum circuit_state origin_state(const struct market *market)
{
    return circuit_state_of(circuits_word(market->standing, true, market->contract.post_origin_cell));
}

static enum circuit_state contract_state(const struct market *market)
{
    return circuit_state_of(circuits_word(market->standing, false, market->contract.cell));
}

/* No ping ever goes to the posts' origin: a post tries it, one at a time, and closes it or doubles the pause. */
static void a_post_probes_an_origin_of_its_own(void **state)
{
    struct market market;
    (void)state;
    open_market(&market, true, "https://bids.example:443", "https://leads.example:443");
    fail_posts(&market, HEALTH_ORIGIN_BAD);
    assert_int_equal(origin_state(&market), CIRCUIT_OPEN);
    assert_int_equal(admit(&market, false, NOW + SECOND / 2), REASON_CIRCUIT_OPEN);
    assert_int_equal(admit(&market, true, NOW + SECOND / 2), REASON_NONE); /* pings go elsewhere */
    end(&market, true, HEALTH_GOOD, NOW + SECOND / 2);
    assert_int_equal(admit(&market, false, NOW + 2 * SECOND), REASON_NONE);
    assert_int_equal(origin_state(&market), CIRCUIT_PROBING);
    assert_int_equal(admit(&market, false, NOW + 2 * SECOND), REASON_CIRCUIT_OPEN);
    end(&market, false, HEALTH_ORIGIN_BAD, NOW + 2 * SECOND);
    assert_int_equal(origin_state(&market), CIRCUIT_OPEN);
    assert_int_equal(admit(&market, false, NOW + 2 * SECOND + SECOND * 3 / 2), REASON_CIRCUIT_OPEN); /* now 2 s */
    assert_int_equal(admit(&market, false, NOW + 5 * SECOND), REASON_NONE);
    end(&market, false, HEALTH_GOOD, NOW + 5 * SECOND);
    assert_int_equal(origin_state(&market), CIRCUIT_CLOSED);
    close_market(&market);
}

static void a_post_probes_a_contract_with_a_standing_price(void **state)
{
    struct market market;
    (void)state;
    open_market(&market, false, NULL, "https://leads.example:443");
    fail_posts(&market, HEALTH_CONTRACT_BAD);
    assert_int_equal(contract_state(&market), CIRCUIT_OPEN);
    assert_int_equal(admit(&market, false, NOW + SECOND / 2), REASON_CIRCUIT_OPEN);
    assert_int_equal(admit(&market, false, NOW + 2 * SECOND), REASON_NONE);
    assert_int_equal(contract_state(&market), CIRCUIT_PROBING);
    end(&market, false, HEALTH_GOOD, NOW + 2 * SECOND);
    assert_int_equal(contract_state(&market), CIRCUIT_CLOSED);
    close_market(&market);
}

/* Where pings go too, a lead is not risked on the probe. */
static void a_ping_probes_what_it_shares_with_posts(void **state)
{
    struct market market;
    (void)state;
    open_market(&market, true, "https://north.example:443", "https://north.example:443");
    fail_posts(&market, HEALTH_ORIGIN_BAD);
    assert_int_equal(admit(&market, false, NOW + 2 * SECOND), REASON_NONE);
    assert_int_equal(origin_state(&market), CIRCUIT_OPEN);
    end(&market, false, HEALTH_GOOD, NOW + 2 * SECOND);
    assert_int_equal(origin_state(&market), CIRCUIT_OPEN);
    assert_int_equal(admit(&market, true, NOW + 2 * SECOND), REASON_NONE);
    assert_int_equal(origin_state(&market), CIRCUIT_PROBING);
    end(&market, true, HEALTH_GOOD, NOW + 2 * SECOND);
    assert_int_equal(origin_state(&market), CIRCUIT_CLOSED);
    close_market(&market);
}

/* A probe that is refused elsewhere was never sent: the next call is it. */
static void a_probe_that_does_not_go_out_is_given_back(void **state)
{
    struct market market;
    (void)state;
    open_market(&market, false, NULL, "https://leads.example:443");
    fail_posts(&market, HEALTH_CONTRACT_BAD);
    assert_int_equal(admit(&market, false, NOW + 2 * SECOND), REASON_NONE);
    for (int i = 0; i < 5; i++) {
        uint64_t word = circuits_word(market.standing, true, market.contract.post_origin_cell);
        uint64_t after = circuit_after(word, false, NOW + 2 * SECOND, &market.catalogue.house.circuit);
        assert_true(circuits_swap(market.standing, true, market.contract.post_origin_cell, word, after));
    }
    end(&market, false, HEALTH_CONTRACT_BAD, NOW + 2 * SECOND); /* now 2 s for the contract, 1 s for the origin */
    assert_int_equal(admit(&market, false, NOW + 2 * SECOND + SECOND / 2), REASON_CIRCUIT_OPEN);

    market.buyer.max_in_flight = 1;
    assert_true(rates_enter(market.standing, market.buyer.cell, 1));
    assert_int_equal(admit(&market, false, NOW + 5 * SECOND), REASON_THROTTLED);
    assert_int_equal(contract_state(&market), CIRCUIT_OPEN);
    assert_int_equal(origin_state(&market), CIRCUIT_OPEN);
    rates_leave(market.standing, market.buyer.cell);
    assert_int_equal(admit(&market, false, NOW + 5 * SECOND), REASON_NONE);
    assert_int_equal(contract_state(&market), CIRCUIT_PROBING);
    assert_int_equal(origin_state(&market), CIRCUIT_PROBING);
    end(&market, false, HEALTH_GOOD, NOW + 5 * SECOND);
    close_market(&market);
}

static void a_contracts_probe_waits_for_its_origin(void **state)
{
    struct market market;
    (void)state;
    open_market(&market, true, "https://north.example:443", "https://leads.example:443");
    for (int i = 0; i < 5; i++) {
        uint64_t word = circuits_word(market.standing, false, market.contract.cell);
        uint64_t after = circuit_after(word, false, NOW - SECOND, &market.catalogue.house.circuit);
        assert_true(circuits_swap(market.standing, false, market.contract.cell, word, after));
        word = circuits_word(market.standing, true, market.contract.ping_origin_cell);
        after = circuit_after(word, false, NOW, &market.catalogue.house.circuit);
        assert_true(circuits_swap(market.standing, true, market.contract.ping_origin_cell, word, after));
    }
    assert_int_equal(admit(&market, true, NOW + SECOND / 2), REASON_CIRCUIT_OPEN); /* the origin's pause is not over */
    assert_int_equal(contract_state(&market), CIRCUIT_OPEN);
    assert_int_equal(admit(&market, true, NOW + 2 * SECOND), REASON_NONE);
    end(&market, true, HEALTH_GOOD, NOW + 2 * SECOND);
    assert_int_equal(contract_state(&market), CIRCUIT_CLOSED);
    close_market(&market);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_probes_an_origin_of_its_own),
        cmocka_unit_test(a_post_probes_a_contract_with_a_standing_price),
        cmocka_unit_test(a_ping_probes_what_it_shares_with_posts),
        cmocka_unit_test(a_probe_that_does_not_go_out_is_given_back),
        cmocka_unit_test(a_contracts_probe_waits_for_its_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

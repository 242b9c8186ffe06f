/* rank: each bid's own faults, the order of the rest, ties, and the reason nearest to a sale. */
#include "exchange/market/rank.h"

#include "tests/unit/exchange/market/world.h"

#define BIDS_MAX 24

/* Contracts and entries of their own, so that a test says only what matters to it. */
struct field_of_bids {
    struct contract contracts[BIDS_MAX];
    struct match_entry entries[BIDS_MAX];
    struct rank_bid bids[BIDS_MAX];
    char ids[BIDS_MAX][8];
    uint32_t count;
};

static struct catalogue catalogue = {.house = {.margin = {.is_set = true, .ppm = 100000}, .payout_step_micros = 10000}};
static const struct campaign campaign;
static const struct affiliate affiliate;

static struct rank_terms terms_of(int64_t floor_micros, uint64_t seed)
{
    return (struct rank_terms){&catalogue, &campaign, &affiliate, floor_micros, seed, NULL};
}

static struct rank_bid *add(struct field_of_bids *field, uint32_t tier, int64_t price, int32_t response_us)
{
    uint32_t i = field->count++;
    snprintf(field->ids[i], sizeof field->ids[i], "c%u", i);
    field->contracts[i] = (struct contract){.index = i, .id = bytes_of(field->ids[i]), .tier = tier, .is_live = true};
    field->contracts[i].draw_key = UINT64_C(0x1234567) * (i + 1);
    field->entries[i] = (struct match_entry){.contract = &field->contracts[i], .view.response_us = response_us};
    field->bids[i] = (struct rank_bid){.entry = &field->entries[i], .price_micros = price * 10000, .available = true};
    return &field->bids[i];
}

/* The ids in order, in one text. */
static void hold(struct field_of_bids *field, const struct rank_terms *terms, const char *wanted)
{
    uint32_t order[BIDS_MAX];
    char got[200] = "";
    uint32_t count = rank_run(terms, field->bids, field->count, order);
    for (uint32_t i = 0; i < count; i++) {
        strcat(strcat(got, i ? " " : ""), field->ids[field->bids[order[i]].entry->contract->index]);
        assert_int_equal(field->bids[order[i]].rank, i + 1);
        assert_int_equal(field->bids[order[i]].reason, REASON_NONE);
    }
    assert_string_equal(got, wanted);
}

static void a_bids_own_faults(void **state)
{
    struct field_of_bids field = {0};
    struct rank_terms terms = terms_of(4500000, 1);
    (void)state;
    struct rank_bid *good = add(&field, 1, 1000, 0), *low = add(&field, 1, 499, 0), *edge = add(&field, 1, 500, 0);
    struct rank_bid *above = add(&field, 1, 2000, 0), *below = add(&field, 1, 1200, 0), *away = add(&field, 1, 9000, 0);
    field.contracts[3].max_price_micros = 19999999;
    field.contracts[4].min_price_micros = 12000001;
    away->available = false;
    hold(&field, &terms, "c0 c2");
    assert_int_equal(good->payout.payout_micros, 9000000);
    assert_int_equal(good->payout.margin_micros, 1000000);
    assert_int_equal(good->effective_micros, 10000000);
    assert_int_equal(edge->payout.payout_micros, 4500000);
    assert_int_equal(low->reason, REASON_LOW_BID);
    assert_int_equal(above->reason, REASON_PRICE_OUT_OF_RANGE);
    assert_int_equal(below->reason, REASON_PRICE_OUT_OF_RANGE);
    assert_int_equal(away->reason, REASON_UNAVAILABLE);
    assert_int_equal(low->rank, 0);
    field.contracts[3].max_price_micros = 20000000;
    field.contracts[4].min_price_micros = 12000000;
    hold(&field, &terms, "c3 c4 c0 c2");
    struct rank_terms free = terms_of(0, 1);
    good->price_micros = 10999; /* a payout of 0 is too low, whatever the floor */
    hold(&field, &free, "c3 c4 c2 c1");
    assert_int_equal(good->reason, REASON_LOW_BID);
}

static void tiers_before_prices(void **state)
{
    struct field_of_bids field = {0};
    struct rank_terms terms = terms_of(0, 1);
    (void)state;
    add(&field, 2, 9000, 5);
    add(&field, 1, 100, 9);
    add(&field, 1, 200, 0);
    add(&field, 3, 9900, 0);
    add(&field, 2, 9001, 0);
    hold(&field, &terms, "c2 c1 c4 c0 c3");
}

static void ties_by_response_time(void **state)
{
    struct rank_terms terms = terms_of(0, 99);
    (void)state;
    struct field_of_bids field = {0};
    add(&field, 1, 500, 3000);
    add(&field, 1, 500, 1000);
    add(&field, 1, 500, 2000);
    add(&field, 1, 501, 9000);
    hold(&field, &terms, "c3 c1 c2 c0");
    /* Without history a contract is as fast as the fastest of the tie: only the draw is between them. */
    field.entries[2].view.response_us = 0;
    unsigned first[3] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        uint32_t order[BIDS_MAX];
        struct rank_terms drawn = terms_of(0, seed);
        assert_int_equal(rank_run(&drawn, field.bids, field.count, order), 4);
        assert_int_equal(order[0], 3);
        assert_int_equal(order[3], 0);
        first[order[1]]++;
    }
    assert_true(first[1] > 60 && first[2] > 60 && first[0] == 0);
}

/* What ties in another tier says nothing here. */
static void ties_stay_in_their_tier(void **state)
{
    struct field_of_bids field = {0};
    unsigned first[2] = {0};
    (void)state;
    add(&field, 1, 500, 0);
    add(&field, 1, 500, 2000);
    add(&field, 2, 500, 1000);
    for (uint64_t seed = 0; seed < 200; seed++) {
        uint32_t order[BIDS_MAX];
        struct rank_terms drawn = terms_of(0, seed);
        assert_int_equal(rank_run(&drawn, field.bids, field.count, order), 3);
        assert_int_equal(order[2], 2);
        first[order[0]]++;
    }
    assert_true(first[0] > 60 && first[1] > 60);
}

static void draws_are_fair_and_repeat(void **state)
{
    unsigned firsts[5] = {0};
    (void)state;
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        struct field_of_bids field = {0};
        uint32_t order[BIDS_MAX], again[BIDS_MAX];
        struct rank_terms terms = terms_of(0, seed * UINT64_C(0x9E3779B97F4A7C15));
        for (unsigned i = 0; i < 5; i++) add(&field, 1, 500, 0);
        assert_int_equal(rank_run(&terms, field.bids, 5, order), 5);
        assert_int_equal(rank_run(&terms, field.bids, 5, again), 5);
        assert_memory_equal(order, again, 5 * sizeof *order);
        firsts[order[0]]++;
    }
    for (unsigned i = 0; i < 5; i++)
        if (firsts[i] < 850 || firsts[i] > 1150) fail_msg("contract %u is first %u times of 5000", i, firsts[i]);
}

/* The rank of every bid is the same in whatever order the bids come in, and no pair stands against the rules. */
static void the_order_of_bids_does_not_matter(void **state)
{
    struct dice dice = {11};
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct field_of_bids field = {0}, mixed;
        uint32_t order[BIDS_MAX], place[BIDS_MAX], count = 1 + dice_below(&dice, BIDS_MAX);
        struct rank_terms terms = terms_of(dice_below(&dice, 3) * 1000000, dice_next(&dice));
        for (uint32_t i = 0; i < count; i++) {
            int32_t response = dice_below(&dice, 2) ? (int32_t)dice_below(&dice, 4) * 100 : 0;
            add(&field, 1 + dice_below(&dice, 2), 100 + dice_below(&dice, 4), response)->available = dice_below(&dice,
                                                                                                                6);
        }
        mixed = field;
        for (uint32_t i = 0; i < count; i++) place[i] = i;
        for (uint32_t i = count; i > 1; i--) {
            uint32_t other = dice_below(&dice, i), kept = place[i - 1];
            place[i - 1] = place[other];
            place[other] = kept;
        }
        for (uint32_t i = 0; i < count; i++) mixed.bids[i] = field.bids[place[i]];
        uint32_t candidates = rank_run(&terms, field.bids, count, order);
        for (uint32_t i = 1; i < candidates; i++) {
            const struct rank_bid *a = &field.bids[order[i - 1]], *b = &field.bids[order[i]];
            assert_true(a->entry->contract->tier <= b->entry->contract->tier);
            if (a->entry->contract->tier != b->entry->contract->tier) continue;
            assert_true(a->effective_micros >= b->effective_micros);
            int32_t fast = a->entry->view.response_us, slow = b->entry->view.response_us;
            if (a->effective_micros == b->effective_micros && fast && slow) assert_true(fast <= slow);
        }
        assert_int_equal(rank_run(&terms, mixed.bids, count, order), candidates);
        for (uint32_t i = 0; i < count; i++) {
            if (mixed.bids[i].rank != field.bids[place[i]].rank) fail_msg("round %u: rank differs", round);
            assert_int_equal(mixed.bids[i].reason, field.bids[place[i]].reason);
        }
    }
}

static void nearest_to_a_sale(void **state)
{
    struct rank_bid bids[3] = {
        {.reason = REASON_UNAVAILABLE}, {.reason = REASON_PRICE_OUT_OF_RANGE}, {.reason = REASON_LOW_BID}};
    (void)state;
    assert_int_equal(rank_nearest(bids, 0), REASON_NO_BID);
    assert_int_equal(rank_nearest(bids, 1), REASON_UNAVAILABLE);
    assert_int_equal(rank_nearest(bids, 2), REASON_PRICE_OUT_OF_RANGE);
    assert_int_equal(rank_nearest(bids, 3), REASON_LOW_BID);
    uint32_t order[1];
    struct rank_terms terms = terms_of(0, 0);
    assert_int_equal(rank_run(&terms, bids, 0, order), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bids_own_faults),         cmocka_unit_test(tiers_before_prices),
        cmocka_unit_test(ties_by_response_time),     cmocka_unit_test(ties_stay_in_their_tier),
        cmocka_unit_test(draws_are_fair_and_repeat), cmocka_unit_test(the_order_of_bids_does_not_matter),
        cmocka_unit_test(nearest_to_a_sale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

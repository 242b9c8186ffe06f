/* rank: each bid's own faults, the order of the rest by every policy, ties, prices, experiments, and the reason nearest
 * to a sale. */
#include "exchange/market/rank.h"

#include "tests/unit/exchange/market/reference.h"

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

static struct buyer buyers[BIDS_MAX];
static struct catalogue catalogue = {.buyers = buyers,
                                     .house = {.margin = {.is_set = true, .ppm = 100000}, .payout_step_micros = 10000}};
static struct campaign campaign;
static const struct affiliate affiliate;

static struct rank_terms terms_of(int64_t floor_micros, uint64_t seed)
{
    return (struct rank_terms){.catalogue = &catalogue,
                               .campaign = &campaign,
                               .affiliate = &affiliate,
                               .floor_micros = floor_micros,
                               .seed = seed};
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

/* A buyer that has less than it bids; of what is not limited, or was not when it was looked at, nothing is known. */
static void bids_of_more_than_is_left(void **state)
{
    struct field_of_bids field = {0};
    struct rank_terms terms = terms_of(0, 1);
    (void)state;
    struct rank_bid *poor = add(&field, 1, 1000, 0), *rich = add(&field, 1, 900, 0), *other = add(&field, 1, 800, 0);
    buyers[0].purse = (struct purse){.is_limited = true, .credit_micros = 4000000};
    for (uint32_t i = 0; i < 2; i++) {
        field.entries[i].view.counts_funds = true;
        field.entries[i].view.funds_micros = 5999999;
    }
    hold(&field, &terms, "c1 c2");
    assert_int_equal(poor->reason, REASON_NO_FUNDS);
    field.entries[0].view.funds_micros = 6000000;
    hold(&field, &terms, "c0 c1 c2");
    field.entries[1].view.funds_micros = 4999999;
    hold(&field, &terms, "c0 c2");
    assert_int_equal(rich->reason, REASON_NO_FUNDS);
    assert_int_equal(other->reason, REASON_NONE);
    buyers[0].purse = (struct purse){.is_limited = false};
    hold(&field, &terms, "c0 c1 c2");
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

/* Places by policy ----------------------------------------------------------------------------------------------------
 */

static struct rank_terms terms_by(const struct ranking *ranking, uint64_t seed)
{
    struct rank_terms terms = terms_of(0, seed);
    terms.ranking = ranking;
    return terms;
}

static void priorities_before_prices(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.policy = POLICY_PRIORITY};
    struct rank_terms terms = terms_by(&ranking, 1);
    (void)state;
    for (unsigned i = 0; i < 5; i++) add(&field, 1 + (i == 4), 500 + i, 0);
    const uint32_t priorities[] = {10, 20, 10, 0, 0};
    for (unsigned i = 0; i < 5; i++) field.contracts[i].priority = priorities[i];
    hold(&field, &terms, "c3 c2 c0 c1 c4");
}

static void multipliers_move_places_not_prices(void **state)
{
    struct field_of_bids field = {0};
    struct rank_terms terms = terms_of(0, 1);
    (void)state;
    for (unsigned i = 0; i < 3; i++) add(&field, 1, 1000, 0);
    field.contracts[1].multiplier_ppm = 1500000;
    field.contracts[2].multiplier_ppm = 500000;
    hold(&field, &terms, "c1 c0 c2");
    assert_int_equal(field.bids[1].effective_micros, 15000000);
    assert_int_equal(field.bids[1].pays_micros, 10000000);
    assert_int_equal(field.bids[1].payout.payout_micros, 9000000);
    field.bids[1].price_micros = INT64_MAX / 4 * 3; /* a product beyond the range of money is the best there is */
    hold(&field, &terms, "c1 c0 c2");
    assert_int_equal(field.bids[1].effective_micros, INT64_MAX);
}

static void turns_and_counts_come_first(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.policy = POLICY_ROUND_ROBIN};
    struct rank_terms terms = terms_by(&ranking, 1);
    (void)state;
    const uint64_t turns[] = {7, 0, 3, 12, 0};
    const uint32_t sold[] = {0, 5, 2, 2, 9};
    for (unsigned i = 0; i < 5; i++) {
        add(&field, 1, 500 + i, 0);
        field.entries[i].view.turn = turns[i];
        field.entries[i].view.sold_today = sold[i];
    }
    hold(&field, &terms, "c4 c1 c2 c0 c3"); /* two that had no turn yet: the higher price */
    ranking.policy = POLICY_EVEN;
    hold(&field, &terms, "c0 c3 c2 c1 c4");
}

/* First, and second behind the first: both in proportion to the weights. */
static void weights_are_shares_of_the_draw(void **state)
{
    const uint32_t weights[] = {1, 2, 5};
    unsigned first[3] = {0}, second_behind_2[3] = {0};
    struct ranking ranking = {.policy = POLICY_WEIGHTED};
    (void)state;
    for (uint64_t seed = 1; seed <= 16000; seed++) {
        struct field_of_bids field = {0};
        uint32_t order[BIDS_MAX];
        struct rank_terms terms = terms_by(&ranking, seed * UINT64_C(0x9E3779B97F4A7C15));
        for (unsigned i = 0; i < 3; i++) add(&field, 1, 100 + 100 * (3 - i), 0);
        for (unsigned i = 0; i < 3; i++) field.contracts[i].weight = weights[i];
        assert_int_equal(rank_run(&terms, field.bids, 3, order), 3);
        first[order[0]]++;
        if (order[0] == 2) second_behind_2[order[1]]++;
    }
    for (unsigned i = 0; i < 3; i++)
        if (first[i] < 2000 * weights[i] - 250 || first[i] > 2000 * weights[i] + 250)
            fail_msg("weight %u is first %u times of 16000", weights[i], first[i]);
    if (second_behind_2[1] < second_behind_2[0] * 17 / 10 || second_behind_2[1] > second_behind_2[0] * 23 / 10)
        fail_msg("behind the first: %u to %u, not 1 to 2", second_behind_2[0], second_behind_2[1]);
}

static void unavailable_ones_come_last(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.unavailable_last = true};
    struct rank_terms terms = terms_by(&ranking, 1);
    (void)state;
    add(&field, 1, 900, 0)->available = false;
    add(&field, 2, 300, 0);
    add(&field, 1, 200, 0);
    add(&field, 1, 950, 0)->available = false;
    hold(&field, &terms, "c2 c1 c3 c0");
    ranking.unavailable_last = false;
    hold(&field, &terms, "c2 c1");
}

static void expected_values_and_their_shadow(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.by_expected_value = true};
    struct rank_terms terms = terms_by(&ranking, 1);
    (void)state;
    const uint32_t accepted_ppm[] = {400000, 1000000, 950000};
    const int64_t prices[] = {2000, 900, 1000};
    for (unsigned i = 0; i < 3; i++) {
        add(&field, 1, prices[i], 0);
        field.entries[i].view.accepted_ppm = accepted_ppm[i];
    }
    hold(&field, &terms, "c2 c1 c0");
    assert_int_equal(field.bids[2].effective_micros, 9500000);
    assert_int_equal(field.bids[2].shadow_rank, 0);
    field.entries[2].view.returned_ppm = 200000; /* a fifth of what it buys comes back: 10 * 0.95 * 0.8 */
    hold(&field, &terms, "c1 c0 c2");
    assert_int_equal(field.bids[2].effective_micros, 7600000);
    field.entries[2].view.returned_ppm = 0;
    ranking.is_shadow = true;
    hold(&field, &terms, "c0 c2 c1");
    assert_int_equal(field.bids[0].effective_micros, 20000000);
    assert_int_equal(field.bids[0].shadow_rank, 3);
    assert_int_equal(field.bids[2].shadow_rank, 1);
}

/* Bids that are over before the offer is made. */
static void what_has_ended_is_out(void **state)
{
    struct field_of_bids field = {0};
    struct rank_terms terms = terms_of(0, 1);
    (void)state;
    add(&field, 1, 900, 0)->valid_until_ms = 1000;
    add(&field, 1, 500, 0)->valid_until_ms = 1001;
    hold(&field, &terms, "c0 c1");
    terms.now_ms = 1000;
    hold(&field, &terms, "c1");
    assert_int_equal(field.bids[0].reason, REASON_NO_TIME);
}

/* Second price -------------------------------------------------------------------------------------------------------
 */

static void seconds_pay_for_the_best_losing_bid(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.is_second_price = true, .second_step_micros = 10000};
    struct rank_terms terms = terms_by(&ranking, 1);
    (void)state;
    add(&field, 1, 2000, 0);
    add(&field, 1, 1900, 0);
    add(&field, 1, 1000, 0);
    const char *const groups[] = {"one", "one", "two"};
    for (unsigned i = 0; i < 3; i++) {
        field.contracts[i].buyer = i;
        buyers[i].group = bytes_of(groups[i]);
    }
    terms.floor_micros = 4500000; /* a price of 5.00 at a margin of ten per cent */
    hold(&field, &terms, "c0 c1 c2");
    assert_int_equal(field.bids[0].pays_micros, 10010000); /* not its own group's 19.00 */
    assert_int_equal(field.bids[0].payout.payout_micros, 9000000);
    assert_int_equal(field.bids[1].pays_micros, 10010000);
    assert_int_equal(field.bids[2].pays_micros, 5010000); /* nobody stands behind it: the reserve */
    field.contracts[2].min_price_micros = 8000000;
    field.contracts[0].multiplier_ppm = 2000000;
    hold(&field, &terms, "c0 c1 c2");
    assert_int_equal(field.bids[0].pays_micros, 5010000); /* half of 10.00 is worth as much; and the reserve */
    assert_int_equal(field.bids[2].pays_micros, 8010000);
}

/* Three that get the lead together lose to nobody among them: each pays for the fourth. */
static void sets_pay_for_the_best_outside(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.is_second_price = true, .second_step_micros = 10000};
    struct rank_terms terms = terms_by(&ranking, 1);
    static const char *const groups[] = {"one", "two", "three", "two", "four"};
    uint32_t order[BIDS_MAX];
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        add(&field, 1, 2000 - 200 * i, 0);
        field.contracts[i].buyer = i;
        buyers[i].group = bytes_of(groups[i]);
    }
    assert_int_equal(rank_run(&terms, field.bids, 5, order), 5);
    assert_int_equal(field.bids[0].pays_micros, 18010000);
    rank_price(&terms, field.bids, order, 5, 3);
    assert_int_equal(field.bids[0].pays_micros, 14010000);
    assert_int_equal(field.bids[1].pays_micros, 12010000); /* the fourth is its own group's */
    assert_int_equal(field.bids[2].pays_micros, 14010000);
    assert_int_equal(field.bids[3].pays_micros, 12010000);
    rank_price(&terms, field.bids, order, 5, 1);
    assert_int_equal(field.bids[0].pays_micros, 18010000);
}

/* An exclusive one of several sales has to carry the whole minimum; a shared one is asked for more if it must be. */
static void seconds_of_several_sales_carry_the_minimum(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.is_second_price = true, .second_step_micros = 10000};
    struct rank_terms terms = terms_by(&ranking, 1);
    (void)state;
    terms.alone_floor_micros = 4500000; /* a price of 5.00 at a margin of ten per cent */
    add(&field, 1, 1000, 0)->max_sold = 1;
    hold(&field, &terms, "c0");
    assert_int_equal(field.bids[0].pays_micros, 5010000);
    field.bids[0].max_sold = 2;
    hold(&field, &terms, "c0");
    assert_true(field.bids[0].pays_micros < 100000);
    rank_raise(&terms, &field.bids[0], 4500000);
    assert_int_equal(field.bids[0].pays_micros, 5000000);
    assert_int_equal(field.bids[0].payout.payout_micros, 4500000);
    rank_raise(&terms, &field.bids[0], 3000000); /* never lowered */
    assert_int_equal(field.bids[0].pays_micros, 5000000);
    rank_raise(&terms, &field.bids[0], 99000000);
    assert_int_equal(field.bids[0].pays_micros, 10000000); /* its own bid, and that is not enough */
    field.bids[0].max_sold = 1;
    terms.alone_floor_micros = 9010000;
    hold(&field, &terms, "");
    assert_int_equal(field.bids[0].reason, REASON_LOW_BID);
}

static void seconds_never_pay_above_their_bid(void **state)
{
    struct field_of_bids field = {0};
    struct ranking ranking = {.policy = POLICY_PRIORITY, .is_second_price = true, .second_step_micros = 10000};
    struct rank_terms terms = terms_by(&ranking, 1);
    (void)state;
    add(&field, 1, 700, 0);
    add(&field, 1, 1900, 0);
    field.contracts[1].priority = 1;
    field.contracts[1].buyer = 1;
    buyers[0].group = BYTES("one");
    buyers[1].group = BYTES("two");
    hold(&field, &terms, "c0 c1");
    assert_int_equal(field.bids[0].pays_micros, 7000000);
}

/* Experiments --------------------------------------------------------------------------------------------------------
 */

static void arms_get_their_share(void **state)
{
    struct campaign split = {.trial_ppm = 200000, .trial.policy = POLICY_EVEN};
    unsigned trials = 0;
    (void)state;
    assert_int_equal(rank_arm(&campaign, 7), ARM_NONE);
    for (uint64_t seed = 0; seed < 10000; seed++) {
        enum ranking_arm arm = rank_arm(&split, seed * UINT64_C(0x9E3779B97F4A7C15));
        assert_true(arm == ARM_TRIAL || arm == ARM_CONTROL);
        trials += arm == ARM_TRIAL;
        assert_int_equal(rank_rules(&split, arm)->policy, arm == ARM_TRIAL ? POLICY_EVEN : POLICY_PRICE);
    }
    assert_true(trials > 1850 && trials < 2150);
}

/* Every rule with every other, against the reference. */
static void all_rules_together(void **state)
{
    static const char *const groups[] = {"one", "two", "three", "four"};
    struct dice dice = {17};
    (void)state;
    for (unsigned round = 0; round < 6000; round++) {
        struct field_of_bids field = {0};
        uint32_t order[BIDS_MAX], count = dice_below(&dice, 12);
        struct ranking ranking = {.policy = dice_below(&dice, POLICIES),
                                  .by_expected_value = dice_below(&dice, 2),
                                  .is_shadow = dice_below(&dice, 4) == 0,
                                  .unavailable_last = dice_below(&dice, 2),
                                  .is_second_price = dice_below(&dice, 2),
                                  .second_step_micros = dice_below(&dice, 3) * 10000};
        struct rank_terms terms = terms_by(&ranking, dice_next(&dice));
        terms.floor_micros = dice_below(&dice, 3) * 1000000;
        terms.now_ms = dice_below(&dice, 2) ? 100 : 0;
        for (uint32_t i = 0; i < count; i++) {
            struct rank_bid *bid = add(&field, 1 + dice_below(&dice, 2), 90 + 10 * dice_below(&dice, 6), 0);
            struct contract *contract = &field.contracts[i];
            bid->available = dice_below(&dice, 5);
            bid->valid_until_ms = dice_below(&dice, 8) ? 200 : 50;
            contract->draw_key = dice_next(&dice);
            contract->priority = dice_below(&dice, 3);
            contract->weight = 1 + dice_below(&dice, 4);
            contract->multiplier_ppm = 500000 * (1 + dice_below(&dice, 3));
            contract->is_free = dice_below(&dice, 10) == 0;
            contract->min_price_micros = dice_below(&dice, 6) ? 0 : 1000000;
            contract->max_price_micros = dice_below(&dice, 6) ? 0 : 1300000;
            contract->buyer = i;
            buyers[i].group = bytes_of(groups[dice_below(&dice, 4)]);
            field.entries[i].view.response_us = dice_below(&dice, 2) ? (int32_t)dice_below(&dice, 3) * 100 : 0;
            field.entries[i].view.turn = dice_below(&dice, 4);
            field.entries[i].view.sold_today = dice_below(&dice, 4);
            field.entries[i].view.accepted_ppm = 1 + dice_below(&dice, 4) * 333333;
            field.entries[i].view.returned_ppm = (uint32_t)dice_below(&dice, 3) * 250000;
        field.entries[i].view.returned_ppm = dice_below(&dice, 3) * 250000;
        }
        rank_run(&terms, field.bids, count, order);
        struct reference reference = {.terms = &terms, .ranking = &ranking, .bids = field.bids, .count = count};
        const char *wrong = reference_check(&reference);
        if (wrong) fail_msg("round %u: %s", round, wrong);
    }
}

static void logarithms(void **state)
{
    struct dice dice = {3};
    (void)state;
    assert_int_equal(order_minus_log2(UINT64_MAX), 0);
    assert_int_equal(order_minus_log2((UINT64_C(1) << 63) - 1), INT64_C(1) << 32);
    assert_int_equal(order_minus_log2(0), INT64_C(64) << 32);
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t drawn = dice_next(&dice) >> dice_below(&dice, 40);
        long double exact = -log2l(((long double)drawn + 1) / 18446744073709551616.0L) * 4294967296.0L;
        long double off = (long double)order_minus_log2(drawn) - exact;
        if (off < -0.01L || off > 1.01L) fail_msg("%llu is off by %Lf", (unsigned long long)drawn, off);
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
        cmocka_unit_test(a_bids_own_faults),
        cmocka_unit_test(bids_of_more_than_is_left),
        cmocka_unit_test(tiers_before_prices),
        cmocka_unit_test(ties_by_response_time),
        cmocka_unit_test(ties_stay_in_their_tier),
        cmocka_unit_test(draws_are_fair_and_repeat),
        cmocka_unit_test(the_order_of_bids_does_not_matter),
        cmocka_unit_test(nearest_to_a_sale),
        cmocka_unit_test(priorities_before_prices),
        cmocka_unit_test(multipliers_move_places_not_prices),
        cmocka_unit_test(turns_and_counts_come_first),
        cmocka_unit_test(weights_are_shares_of_the_draw),
        cmocka_unit_test(unavailable_ones_come_last),
        cmocka_unit_test(expected_values_and_their_shadow),
        cmocka_unit_test(what_has_ended_is_out),
        cmocka_unit_test(seconds_pay_for_the_best_losing_bid),
        cmocka_unit_test(sets_pay_for_the_best_outside),
        cmocka_unit_test(seconds_of_several_sales_carry_the_minimum),
        cmocka_unit_test(seconds_never_pay_above_their_bid),
        cmocka_unit_test(arms_get_their_share),
        cmocka_unit_test(all_rules_together),
        cmocka_unit_test(logarithms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

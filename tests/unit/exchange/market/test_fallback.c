/* fallback: planned anew, what is left is chosen and priced as if it had been there alone from the start; and a promise
 * is shared among those who can pay it. */
#include "exchange/market/fallback.h"

#include "tests/unit/exchange/market/world.h"

#define CONTRACTS 7u
#define UNIT INT64_C(500000)
#define ROUNDS 20000u

static struct buyer buyers[CONTRACTS];
static struct catalogue catalogue = {.buyers = buyers,
                                     .house = {.margin = {.is_set = true, .ppm = 100000}, .payout_step_micros = 10000}};
static const struct affiliate affiliate;

struct round {
    struct campaign campaign;
    struct decision decision;
    struct contract contracts[CONTRACTS];
    struct match_entry entries[CONTRACTS];
    struct rank_bid bids[CONTRACTS], left[CONTRACTS];
    uint32_t order[CONTRACTS], count, planned, chosen[OFFER_SALES_MAX], size;
    int64_t promises[OFFER_SALES_MAX];
};

static void draw(struct round *round, struct dice *dice)
{
    static const char *const groups[] = {"one", "two", "three", "four", "five"};
    static const char *const ids[CONTRACTS] = {"a", "b", "c", "d", "e", "f", "g"};
    *round = (struct round){.count = 1 + dice_below(dice, CONTRACTS)};
    round->campaign = (struct campaign){.objective = (uint8_t)dice_below(dice, OBJECTIVES),
                                        .offer_ttl_us = 1000000,
                                        .min_margin_micros = dice_below(dice, 2) * UNIT / 5,
                                        .promise = dice_below(dice, 2) ? PROMISE_KEEP : PROMISE_SQUEEZE,
                                        .ranking = {.policy = dice_below(dice, 2) ? POLICY_PRICE : POLICY_PRIORITY,
                                                    .is_second_price = dice_below(dice, 3) != 0,
                                                    .second_step_micros = dice_below(dice, 2) * UNIT / 5}};
    round->decision = (struct decision){.catalogue = &catalogue,
                                        .campaign = &round->campaign,
                                        .affiliate = &affiliate,
                                        .floor_micros = dice_below(dice, 4) * 4 * UNIT,
                                        .leg_floor_micros = dice_below(dice, 2) * UNIT,
                                        .max_sales = (uint8_t)(2 + dice_below(dice, 3)),
                                        .seed = dice_next(dice)};
    for (uint32_t i = 0; i < round->count; i++) {
        round->contracts[i] = (struct contract){.index = i,
                                                .buyer = i,
                                                .id = bytes_of(ids[i]),
                                                .draw_key = dice_next(dice),
                                                .tier = 1 + (dice_below(dice, 5) == 0),
                                                .priority = dice_below(dice, 3),
                                                .multiplier_ppm = 500000 * (1 + dice_below(dice, 3))};
        buyers[i].group = bytes_of(groups[dice_below(dice, 5)]);
        round->entries[i] = (struct match_entry){.contract = &round->contracts[i]};
        round->bids[i] = (struct rank_bid){.entry = &round->entries[i],
                                           .price_micros = (1 + dice_below(dice, 16)) * UNIT,
                                           .max_sold = (uint8_t)(1 + dice_below(dice, 4)),
                                           .available = true};
    }
}

/* As the ranking alone leaves them, best first; and planned, for that promise. */
static void plan(struct round *round, int64_t promise_micros)
{
    struct rank_terms terms = decide_terms(&round->decision);
    struct fallback fallback = {&round->decision, promise_micros};
    uint32_t left = rank_run(&terms, round->bids, round->count, round->order);
    for (uint32_t i = 0; i < left; i++) round->left[i] = round->bids[round->order[i]];
    round->size = fallback_plan(&fallback, round->left, left, round->chosen, round->promises);
}

static void as_if_it_was_the_first_plan(void **state)
{
    struct dice dice = {31};
    unsigned several = 0, second = 0, none = 0;
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        static struct round round;
        draw(&round, &dice);
        plan(&round, 0);
        decide_run(&round.decision, round.bids, round.count, round.order, &round.planned);
        if (round.size != round.planned) fail_msg("round %u: a set of %u, not %u", i, round.size, round.planned);
        for (uint32_t k = 0; k < round.size; k++) {
            const struct rank_bid *is = &round.left[round.chosen[k]], *should = &round.bids[round.order[k]];
            if (is->entry != should->entry || is->pays_micros != should->pays_micros)
                fail_msg("round %u: leg %u pays %lld, not %lld", i, k, (long long)is->pays_micros,
                         (long long)should->pays_micros);
            assert_int_equal(is->payout.payout_micros, should->payout.payout_micros);
            assert_int_equal(round.promises[k], 0);
        }
        several += round.size > 1;
        second += round.size > 1 && round.campaign.ranking.is_second_price;
        none += round.size == 0;
    }
    assert_true(several > ROUNDS / 4 && second > ROUNDS / 8 && none > ROUNDS / 50);
}

/* Every part can be paid: by the bid, or out of the margin where the campaign does that; together they are the promise.
 */
static void a_promise_is_shared(void **state)
{
    struct dice dice = {77};
    unsigned raised = 0, none = 0, squeezed = 0;
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        static struct round round;
        int64_t total = 0, promise_micros;
        draw(&round, &dice);
        promise_micros = (1 + dice_below(&dice, 30)) * UNIT;
        plan(&round, promise_micros);
        for (uint32_t k = 0; k < round.size; k++) {
            struct rank_bid *leg = &round.left[round.chosen[k]];
            struct price_parties parties = {&catalogue, &round.campaign, &affiliate, NULL, leg->entry->contract};
            int64_t least = price_least(&parties, round.promises[k], leg->price_micros);
            struct payout payout = price_payout(&parties, least < 0 ? leg->price_micros : least), paid;
            assert_true(leg->pays_micros <= leg->price_micros);
            assert_true(round.promises[k] >= leg->payout.payout_micros);
            assert_true(price_under_promise(&round.campaign, payout, least < 0 ? leg->price_micros : least,
                                            round.promises[k], &paid));
            raised += round.promises[k] > leg->payout.payout_micros;
            squeezed += least < 0;
            total += round.promises[k];
        }
        assert_true(round.size == 0 || total >= promise_micros);
        none += round.size == 0;
    }
    assert_true(raised > ROUNDS / 8 && none > ROUNDS / 20 && squeezed > ROUNDS / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_if_it_was_the_first_plan),
        cmocka_unit_test(a_promise_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* ceilings: when an auction of several sales need not wait. Each verdict is held against joint answers of all that are
 * out: to close early gives the same set at the same prices as to wait. */
#include "exchange/market/ceilings.h"

#include "tests/unit/exchange/market/world.h"

#define CONTRACTS 8u
#define HAND_MAX 5u
#define LEGS_ROOM 64u
#define UNIT INT64_C(500000) /* of prices */
#define STEPS 14u            /* prices are up to so many of it */
#define ROUNDS 24000u
#define ANSWERS 160u /* tried of each round that is settled */

static struct buyer buyers[CONTRACTS];
static struct catalogue catalogue = {.buyers = buyers,
                                     .house = {.margin = {.is_set = true, .ppm = 100000}, .payout_step_micros = 10000}};
static const struct margin_band bands[] = {{.up_to_micros = 4 * UNIT, .ppm = 400000},
                                           {.up_to_micros = INT64_MAX, .ppm = 50000}};
static const struct margin odd[] = {{.is_set = true, .ppm = 333333},
                                    {.is_set = true, .fixed_micros = 700000},
                                    {.is_set = true, .bands = bands, .bands_count = 2}};
static const struct affiliate affiliate;

struct round {
    struct campaign campaign;
    struct decision decision;
    struct contract contracts[CONTRACTS];
    struct match_entry entries[CONTRACTS];
    const struct match_entry *late[CONTRACTS];
    struct rank_bid bids[LEGS_ROOM], copy[LEGS_ROOM];
    uint32_t order[LEGS_ROOM], contracts_count, late_count, bids_count, planned;
};

static void draw_contract(struct round *round, struct dice *dice, uint32_t i, bool is_mixed)
{
    static const char *const groups[] = {"one", "two", "three", "four", "five", "six"};
    static const char *const ids[CONTRACTS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct contract *contract = &round->contracts[i];
    *contract = (struct contract){.index = i,
                                  .buyer = i,
                                  .id = bytes_of(ids[i]),
                                  .is_live = true,
                                  .draw_key = dice_next(dice),
                                  .tier = 1 + (dice_below(dice, 5) == 0),
                                  .priority = dice_below(dice, 3),
                                  .weight = 1 + dice_below(dice, 3),
                                  .max_sold = (dice_below(dice, 3) ? 1 + dice_below(dice, 4) : 0) & 7,
                                  .max_price_micros = (1 + dice_below(dice, STEPS)) * UNIT};
    contract->is_shared = contract->max_sold > 1 && dice_below(dice, 3) == 0;
    if (is_mixed && dice_below(dice, 2)) contract->multiplier_ppm = 500000 * (1 + dice_below(dice, 3));
    if (is_mixed && dice_below(dice, 2)) contract->margin = &odd[dice_below(dice, 3)];
    buyers[i].group = bytes_of(groups[dice_below(dice, 6)]);
    round->entries[i] = (struct match_entry){.contract = contract,
                                             .view = {.response_us = (int32_t)dice_below(dice, 3) * 100,
                                                      .turn = dice_below(dice, 3),
                                                      .sold_today = dice_below(dice, 3),
                                                      .accepted_ppm = 250000 * (1 + dice_below(dice, 4))}};
}

/* One answer: nothing, a price, or a few legs, up to its ceiling. `most`: as high as it may be. */
static void answer(struct round *round, struct dice *dice, const struct match_entry *entry, bool most)
{
    const struct contract *contract = entry->contract;
    uint32_t steps = (uint32_t)(contract->max_price_micros / UNIT), legs_count = dice_below(dice, 4);
    struct bid_leg legs[BID_LEGS_MAX];
    struct rank_bid said = {.entry = entry, .available = most || dice_below(dice, 6) != 0};
    said.price_micros = most ? contract->max_price_micros : (1 + dice_below(dice, steps)) * UNIT;
    for (uint32_t i = 0; i < legs_count; i++)
        legs[i] = (struct bid_leg){most && i == 0 ? contract->max_price_micros : (1 + dice_below(dice, steps)) * UNIT,
                                   (uint8_t)(1 + dice_below(dice, 5))};
    if (!most && dice_below(dice, 5) == 0) return;
    if (round->bids_count + DECIDE_LEGS_MAX > LEGS_ROOM) return;
    round->bids_count += decide_legs(&round->decision, &said, legs, legs_count, &round->bids[round->bids_count]);
}

static void draw(struct round *round, struct dice *dice)
{
    bool is_mixed = dice_below(dice, 2);
    struct ranking ranking = {.policy = dice_below(dice, 2) ? POLICY_PRICE : dice_below(dice, POLICIES),
                              .by_expected_value = is_mixed && dice_below(dice, 2),
                              .is_shadow = dice_below(dice, 6) == 0,
                              .unavailable_last = dice_below(dice, 2),
                              .is_second_price = dice_below(dice, 3) == 0,
                              .second_step_micros = dice_below(dice, 2) * UNIT / 5};
    *round = (struct round){.campaign = {.objective = (uint8_t)dice_below(dice, OBJECTIVES),
                                         .offer_ttl_us = 1000000,
                                         .ranking = ranking}};
    round->decision = (struct decision){.catalogue = &catalogue,
                                        .campaign = &round->campaign,
                                        .affiliate = &affiliate,
                                        .floor_micros = dice_below(dice, 3) * 3 * UNIT,
                                        .leg_floor_micros = dice_below(dice, 3) * UNIT,
                                        .max_sales = (uint8_t)(2 + dice_below(dice, 3)),
                                        .sold_elsewhere = (uint8_t)(dice_below(dice, 4) == 0),
                                        .seed = dice_next(dice)};
    uint32_t hand = 1 + dice_below(dice, HAND_MAX), late = 1 + dice_below(dice, CONTRACTS - HAND_MAX);
    round->contracts_count = hand + late;
    for (uint32_t i = 0; i < hand + late; i++) draw_contract(round, dice, i, is_mixed);
    for (uint32_t i = 0; i < hand; i++) {
        round->contracts[i].max_price_micros = STEPS * UNIT;
        answer(round, dice, &round->entries[i], false);
    }
    for (uint32_t i = hand; i < hand + late; i++) {
        if (dice_below(dice, 2)) round->contracts[i].max_price_micros = (1 + dice_below(dice, STEPS / 3)) * UNIT;
        round->late[round->late_count++] = &round->entries[i];
    }
}

struct outcome {
    uint32_t planned;
    struct {
        const struct match_entry *entry;
        int64_t price_micros, pays_micros, payout_micros;
        uint8_t max_sold;
    } legs[OFFER_SALES_MAX];
    const struct match_entry *shadow;
};

static struct outcome decide(struct round *round)
{
    struct outcome outcome = {.planned = 0};
    decide_run(&round->decision, round->bids, round->bids_count, round->order, &outcome.planned);
    for (uint32_t i = 0; i < outcome.planned; i++) {
        const struct rank_bid *bid = &round->bids[round->order[i]];
        outcome.legs[i].entry = bid->entry;
        outcome.legs[i].price_micros = bid->price_micros;
        outcome.legs[i].pays_micros = bid->pays_micros;
        outcome.legs[i].payout_micros = bid->payout.payout_micros;
        outcome.legs[i].max_sold = bid->max_sold;
    }
    for (uint32_t i = 0; i < round->bids_count; i++)
        if (round->bids[i].shadow_rank == 1) outcome.shadow = round->bids[i].entry;
    return outcome;
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
    if (a->planned != b->planned || a->shadow != b->shadow) return false;
    for (uint32_t i = 0; i < a->planned; i++)
        if (a->legs[i].entry != b->legs[i].entry || a->legs[i].price_micros != b->legs[i].price_micros ||
            a->legs[i].pays_micros != b->legs[i].pays_micros || a->legs[i].payout_micros != b->legs[i].payout_micros ||
            a->legs[i].max_sold != b->legs[i].max_sold)
            return false;
    return true;
}

/* Some answers of the late ones, together, change the set or what is paid. */
static bool changes_anything(struct round *round, struct dice *dice, uint32_t hand_bids, const struct outcome *now)
{
    for (uint32_t i = 0; i < ANSWERS; i++) {
        round->bids_count = hand_bids;
        for (uint32_t k = 0; k < round->late_count; k++) answer(round, dice, round->late[k], dice_below(dice, 2));
        struct outcome then = decide(round);
        if (!is_same(now, &then)) return true;
    }
    return false;
}

static void what_is_settled_stays(void **state)
{
    struct dice dice = {77};
    unsigned settled = 0, several = 0, second = 0, changeable = 0, missed = 0;
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        static struct round round;
        draw(&round, &dice);
        struct outcome now = decide(&round);
        uint32_t hand_bids = round.bids_count;
        bool settles = ceilings_settle(&round.decision, round.bids, hand_bids, round.order, round.late,
                                       round.late_count);
        if (settles && now.planned == 0) fail_msg("round %u: settled without a set", i);
        bool changes = changes_anything(&round, &dice, hand_bids, &now);
        if (settles && changes) fail_msg("round %u: settled, and late bids change it", i);
        settled += settles;
        several += settles && now.planned > 1;
        second += settles && round.campaign.ranking.is_second_price;
        changeable += changes;
        missed += !settles && !changes && now.planned > 0;
    }
    print_message("%u settled (%u of several, %u under a second price), %u changeable, %u waited for nothing\n",
                  settled, several, second, changeable, missed);
    assert_true(settled > ROUNDS / 12 && several > ROUNDS / 100 && second > ROUNDS / 200 && changeable > ROUNDS / 4);
}

/* Plain markets, told when there is no doubt: it would be a poor early close that always waits. */
static void plain(struct round *round, uint32_t hand, uint32_t late, int64_t ceiling_micros)
{
    struct dice dice = {9};
    *round = (struct round){.campaign = {.offer_ttl_us = 1000000}, .late_count = late};
    round->decision = (struct decision){
        .catalogue = &catalogue, .campaign = &round->campaign, .affiliate = &affiliate, .max_sales = 3};
    for (uint32_t i = 0; i < hand + late; i++) {
        draw_contract(round, &dice, i, false);
        round->contracts[i].tier = 1;
        round->contracts[i].max_sold = 4;
        round->contracts[i].is_shared = false;
        round->contracts[i].max_price_micros = i < hand ? 0 : ceiling_micros;
        buyers[i].group = round->contracts[i].id;
    }
    for (uint32_t i = 0; i < late; i++) round->late[i] = &round->entries[hand + i];
}

static void bid(struct round *round, uint32_t contract, int64_t price_micros, uint8_t max_sold)
{
    round->bids[round->bids_count++] = (struct rank_bid){
        .entry = &round->entries[contract], .price_micros = price_micros, .max_sold = max_sold, .available = true};
}

static bool settles(struct round *round)
{
    return ceilings_settle(&round->decision, round->bids, round->bids_count, round->order, round->late,
                           round->late_count);
}

static void closes_when_it_can(void **state)
{
    static struct round round;
    (void)state;
    plain(&round, 3, 2, 9 * UNIT); /* three that are full, and two who can only be behind them */
    for (uint32_t i = 0; i < 3; i++) bid(&round, i, 10 * UNIT, 4);
    assert_true(settles(&round));
    round.contracts[4].max_price_micros = 10 * UNIT; /* a tie is waited for */
    assert_false(settles(&round));
    round.contracts[4].max_price_micros = 0; /* and what has no ceiling */
    assert_false(settles(&round));
    plain(&round, 2, 1, 4 * UNIT); /* room for a third */
    for (uint32_t i = 0; i < 2; i++) bid(&round, i, 10 * UNIT, 4);
    assert_false(settles(&round));
    round.contracts[2].max_sold = 2; /* who would not stand beside two others */
    assert_true(settles(&round));
    plain(&round, 1, 2, 4 * UNIT); /* an exclusive one beats what both late ones could pay together, with a third */
    bid(&round, 0, 10 * UNIT, 1);
    assert_true(settles(&round));
    round.contracts[1].max_price_micros = round.contracts[2].max_price_micros = 6 * UNIT; /* two of them would do */
    assert_false(settles(&round));
    round.decision.max_sales = 1;
    round.contracts[2].max_price_micros = 11 * UNIT; /* it cannot be had any more */
    round.decision.max_sales = 2;
    round.decision.sold_elsewhere = 1;
    round.contracts[1].max_sold = round.contracts[2].max_sold = 1;
    round.bids[0].max_sold = 2;
    assert_true(settles(&round));
    round.bids_count = 0;
    assert_false(settles(&round));
}

static void second_prices_are_kept(void **state)
{
    static struct round round;
    (void)state;
    plain(&round, 4, 1, 6 * UNIT);
    round.campaign.ranking.is_second_price = true;
    for (uint32_t i = 0; i < 3; i++) bid(&round, i, 10 * UNIT, 4);
    assert_false(settles(&round)); /* the late one would be the best that lost */
    bid(&round, 3, 6 * UNIT, 4);
    assert_true(settles(&round)); /* somebody else is, at no less */
    round.contracts[4].max_price_micros += 1;
    assert_false(settles(&round));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_settled_stays),
        cmocka_unit_test(closes_when_it_can),
        cmocka_unit_test(second_prices_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

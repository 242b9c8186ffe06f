/* ceiling: whom an auction need not wait for. Each verdict is held against all bids the late contract could make. */
#include "exchange/market/ceiling.h"

#include "tests/unit/exchange/market/world.h"

#define BIDS_MAX 8
#define UNIT 100000 /* of prices: the late contract may bid any multiple */
#define PRICE_MAX 16u

static struct buyer buyers[BIDS_MAX];
static struct catalogue catalogue = {.buyers = buyers,
                                     .house = {.margin = {.is_set = true, .ppm = 100000}, .payout_step_micros = 1000}};
static const struct campaign campaign;
static const struct affiliate affiliate;

struct round {
    struct contract contracts[BIDS_MAX];
    struct match_entry entries[BIDS_MAX];
    struct rank_bid bids[BIDS_MAX];
    uint32_t order[BIDS_MAX], count, candidates; /* the last contract is the late one */
    struct ranking ranking;
    struct rank_terms terms;
};

static void draw_contract(struct round *round, struct dice *dice, uint32_t i)
{
    static const char *const groups[] = {"one", "two", "three"};
    static const char *const ids[BIDS_MAX] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct contract *contract = &round->contracts[i];
    *contract = (struct contract){.index = i,
                                  .buyer = i,
                                  .id = bytes_of(ids[i]),
                                  .draw_key = dice_next(dice),
                                  .tier = 1 + dice_below(dice, 2),
                                  .priority = dice_below(dice, 2),
                                  .weight = 1 + dice_below(dice, 3),
                                  .multiplier_ppm = 500000 * (1 + dice_below(dice, 3))};
    buyers[i].group = bytes_of(groups[dice_below(dice, 3)]);
    round->entries[i] = (struct match_entry){.contract = contract,
                                             .view = {.response_us = (int32_t)dice_below(dice, 2) * 100,
                                                      .turn = dice_below(dice, 3),
                                                      .sold_today = dice_below(dice, 3),
                                                      .accepted_ppm = 250000 * (1 + dice_below(dice, 4))}};
    round->bids[i] = (struct rank_bid){.entry = &round->entries[i],
                                       .price_micros = (1 + dice_below(dice, PRICE_MAX)) * UNIT,
                                       .available = dice_below(dice, 6) != 0};
}

static void draw(struct round *round, struct dice *dice)
{
    *round = (struct round){.count = 1 + dice_below(dice, BIDS_MAX - 1)};
    round->ranking = (struct ranking){.policy = dice_below(dice, POLICIES),
                                      .by_expected_value = dice_below(dice, 2),
                                      .is_shadow = dice_below(dice, 4) == 0,
                                      .unavailable_last = dice_below(dice, 2),
                                      .is_second_price = dice_below(dice, 2),
                                      .second_step_micros = dice_below(dice, 2) * UNIT};
    round->terms = (struct rank_terms){.catalogue = &catalogue,
                                       .campaign = &campaign,
                                       .affiliate = &affiliate,
                                       .floor_micros = dice_below(dice, 3) * 3 * UNIT,
                                       .seed = dice_next(dice),
                                       .ranking = &round->ranking};
    for (uint32_t i = 0; i <= round->count; i++) draw_contract(round, dice, i);
    round->contracts[round->count].max_price_micros = (1 + dice_below(dice, PRICE_MAX)) * UNIT;
    round->candidates = rank_run(&round->terms, round->bids, round->count, round->order);
}

static const struct rank_bid *shadow_of(const struct round *round, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (round->bids[i].shadow_rank == 1) return &round->bids[i];
    return NULL;
}

/* Some bid of the late one changes the first place, what is paid there, or the shadow's first place. */
static bool changes_anything(struct round *round)
{
    uint32_t first = round->candidates ? round->order[0] : UINT32_MAX;
    int64_t pays = round->candidates ? round->bids[first].pays_micros : 0;
    const struct rank_bid *shadow = shadow_of(round, round->count);
    struct rank_bid *late = &round->bids[round->count];
    late->available = true;
    for (int64_t price = UNIT; price <= round->contracts[round->count].max_price_micros; price += UNIT) {
        late->price_micros = price;
        uint32_t candidates = rank_run(&round->terms, round->bids, round->count + 1, round->order);
        if (candidates == 0 && first == UINT32_MAX) continue;
        if (candidates == 0 || round->order[0] != first || round->bids[first].pays_micros != pays) return true;
        if (shadow_of(round, round->count + 1) != shadow) return true;
    }
    return false;
}

static void what_is_settled_stays(void **state)
{
    struct dice dice = {5};
    unsigned settled = 0, changeable = 0;
    (void)state;
    for (unsigned i = 0; i < 30000; i++) {
        struct round round;
        draw(&round, &dice);
        bool settles = ceiling_settles(&round.terms, round.bids, round.order, round.candidates,
                                       &round.entries[round.count]);
        bool changes = changes_anything(&round);
        if (settles && changes) fail_msg("round %u: settled, and a late bid changes it", i);
        settled += settles;
        changeable += changes;
    }
    assert_true(settled > 8000 && changeable > 8000);
}

/* Told when there is no doubt: it would be a poor early close that always waits. */
static void closes_when_it_can(void **state)
{
    struct round round = {.count = 1};
    struct dice dice = {9};
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        draw_contract(&round, &dice, i);
        round.contracts[i].tier = 1;
        round.contracts[i].multiplier_ppm = 1000000;
    }
    round.terms = (struct rank_terms){
        .catalogue = &catalogue, .campaign = &campaign, .affiliate = &affiliate, .ranking = &round.ranking};
    round.bids[0].price_micros = 10 * UNIT;
    round.bids[0].available = true;
    round.candidates = rank_run(&round.terms, round.bids, 1, round.order);
    struct contract *late = &round.contracts[1];
    const struct match_entry *entry = &round.entries[1];
#define SETTLES ceiling_settles(&round.terms, round.bids, round.order, round.candidates, entry)
    late->max_price_micros = 10 * UNIT - 1;
    assert_true(SETTLES);
    late->max_price_micros = 10 * UNIT; /* a tie is waited for */
    assert_false(SETTLES);
    late->max_price_micros = 0; /* no ceiling is waited for, whatever its tier */
    late->tier = 2;
    assert_false(SETTLES);
    late->max_price_micros = 100 * UNIT;
    assert_true(SETTLES);
    late->tier = 1;
    round.terms.floor_micros = 91 * UNIT; /* what it may bid does not carry the floor */
    assert_true(SETTLES);
    round.candidates = 0;
    assert_false(SETTLES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_settled_stays),
        cmocka_unit_test(closes_when_it_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

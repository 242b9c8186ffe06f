/* Why nobody wins: asked and silent is no_bid; refused before a byte was sent is why it was refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/auction/parts.h"

#define PLACES 4u

static struct match_entry entries[PLACES];
static struct asked asked[PLACES];
static struct auction auction;

static void set(uint32_t place, enum reason at_match, enum ask_state state, enum reason at_ask)
{
    entries[place].reason = at_match;
    asked[place] = (struct asked){.state = state, .reason = at_ask};
}

static int open_auction(void **state)
{
    (void)state;
    auction = (struct auction){.asked = asked, .match = {.entries = entries, .entries_count = PLACES}};
    set(0, REASON_NONE, ASK_NEVER, REASON_CIRCUIT_OPEN);
    set(1, REASON_NONE, ASK_NEVER, REASON_THROTTLED);
    set(2, REASON_NONE, ASK_NEVER, REASON_THROTTLED);
    set(3, REASON_CAPPED, ASK_NEVER, REASON_NONE);
    auction.match.counts[REASON_CAPPED] = 1;
    return 0;
}

static void test_all_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(asks_nearest(&auction), REASON_THROTTLED);
    auction.match.counts[REASON_FILTERED] = 3; /* the commonest of all contracts, as where nobody could be asked */
    assert_int_equal(asks_nearest(&auction), REASON_FILTERED);
}

static void test_one_was_asked(void **state)
{
    (void)state;
    set(1, REASON_NONE, ASK_FAILED, REASON_TIMEOUT);
    assert_int_equal(asks_nearest(&auction), REASON_NO_BID);
}

static void test_one_has_bid(void **state)
{
    (void)state;
    struct rank_bid bid = {.reason = REASON_LOW_BID};
    auction.bids = &bid;
    auction.bids_count = 1;
    set(1, REASON_NONE, ASK_BID, REASON_NONE);
    assert_int_equal(asks_nearest(&auction), REASON_LOW_BID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_refused_at_once, open_auction),
        cmocka_unit_test_setup(test_one_was_asked, open_auction),
        cmocka_unit_test_setup(test_one_has_bid, open_auction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

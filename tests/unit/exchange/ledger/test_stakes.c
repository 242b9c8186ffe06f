/* stakes: what posts hold of their buyers' money, in the book and in standing: from the intent on, through a doubt and
 * a restart, to each end there is; and what a buyer has left follows the book, not the other way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/ledger/notices.h"
#include "exchange/ledger/stakes.h"
#include "exchange/standing/offers.h"
#include "tests/unit/exchange/ledger/desk.h"

struct scene {
    struct desk desk;
    struct standing *standing;
    struct offers *offers;
    uint32_t north, south;
};

/* As serve does: what the book says goes into standing before the ledger starts. */
static void open_scene(struct scene *scene)
{
    struct ledger_options options = desk_options(&scene->desk);
    struct desk *desk = &scene->desk;
    uint32_t doubts;
    assert_int_equal(standing_open(&scene->standing), FAULT_NONE);
    assert_int_equal(offers_open(64, 3, &scene->offers), FAULT_NONE);
    assert_int_equal(ledger_open(&options, &desk->ledger, &desk->note), FAULT_NONE);
    assert_int_equal(ledger_restore(desk->ledger, scene->standing, scene->offers, 1000, DESK_WALL, &doubts),
                     FAULT_NONE);
    assert_int_equal(loop_open(&desk->loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(desk->ledger, desk->loop, &desk->line), FAULT_NONE);
    assert_int_equal(ledger_start(desk->ledger), FAULT_NONE);
    scene->north = standing_buyer_cell(scene->standing, BYTES("north"));
    scene->south = standing_buyer_cell(scene->standing, BYTES("south"));
}

static void close_scene(struct scene *scene)
{
    struct report_verdict verdict;
    desk_close(&scene->desk);
    offers_close(&scene->offers);
    standing_close(&scene->standing);
    assert_int_equal(report_verify(scene->desk.path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
}

static void restart(struct scene *scene)
{
    close_scene(scene);
    open_scene(scene);
}

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    desk_folder(&scene->desk);
    open_scene(scene);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;
    close_scene(scene);
    desk_remove(&scene->desk);
    free(scene);
    return 0;
}

struct held {
    struct desk *desk;
    int64_t north, south, rows;
};

static void note_held(void *arg, struct bytes account, int64_t micros)
{
    struct held *held = arg;
    if (bytes_is(account, "buyer:north")) held->north += micros;
    if (bytes_is(account, "buyer:south")) held->south += micros;
    held->rows++;
}

static void read_held(void *context, struct reader *reader)
{
    assert_int_equal(reader_holds(reader, note_held, context), FAULT_NONE);
}

static void assert_held(struct scene *scene, int64_t north, int64_t south)
{
    struct held held = {.desk = &scene->desk};
    desk_ask(&scene->desk, read_held, &held, scene->desk.seq, false);
    assert_int_equal(held.north, north);
    assert_int_equal(held.south, south);
    assert_int_equal(held.rows, (north != 0) + (south != 0)); /* no row says nothing */
}

/* What a worker does before it writes the intent. */
static void take(struct scene *scene, uint32_t cell)
{
    struct funds_hold hold;
    assert_true(funds_take(scene->standing, cell, DESK_PRICE, FUNDS_ANY, &hold));
}

static void open_lead(struct scene *scene, struct lead_ids *ids)
{
    take(scene, scene->north);
    assert_int_equal(desk_open_lead(&scene->desk, ids, NULL), FAULT_NONE);
}

static void assert_left(struct scene *scene, int64_t north, int64_t south)
{
    assert_int_equal(funds_left(scene->standing, scene->north), north);
    assert_int_equal(funds_left(scene->standing, scene->south), south);
}

static void test_each_end(void **state)
{
    static const struct {
        enum post_state end;
        int64_t held, owed; /* after it, in prices */
    } ends[] = {{POST_ACCEPTED, 0, 1}, {POST_REJECTED, 0, 0}, {POST_FAILED, 0, 0}, {POST_UNKNOWN, 1, 0}};
    struct scene *scene = *state;
    struct lead_ids ids;
    int64_t held = 0, owed = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        open_lead(scene, &ids);
        assert_held(scene, (held + 1) * DESK_PRICE, 0);
        assert_left(scene, -(held + owed + 1) * DESK_PRICE, 0);
        assert_int_equal(desk_end_lead(&scene->desk, &ids, ends[i].end), FAULT_NONE);
        held += ends[i].held;
        owed += ends[i].owed;
        assert_held(scene, held * DESK_PRICE, 0);
        assert_left(scene, -(held + owed) * DESK_PRICE, 0);
    }
    restart(scene);
    assert_held(scene, held * DESK_PRICE, 0);
    assert_left(scene, -(held + owed) * DESK_PRICE, 0);
}

/* An open post is in doubt after a kill, and holds what it held; then whoever resolves it frees it. */
static void test_over_a_restart_and_resolved(void **state)
{
    struct scene *scene = *state;
    struct lead_ids sold, refused;
    open_lead(scene, &sold);
    open_lead(scene, &refused);
    restart(scene);
    assert_held(scene, 2 * DESK_PRICE, 0);
    assert_left(scene, -2 * DESK_PRICE, 0);
    assert_int_equal(desk_resolve(&scene->desk, &sold.post, true), FAULT_NONE);
    assert_held(scene, DESK_PRICE, 0);
    assert_left(scene, -2 * DESK_PRICE, 0); /* what was held is owed now */
    assert_int_equal(desk_resolve(&scene->desk, &refused.post, false), FAULT_NONE);
    assert_held(scene, 0, 0);
    assert_left(scene, -DESK_PRICE, 0);
    assert_int_equal(desk_resolve(&scene->desk, &refused.post, false), FAULT_INPUT);
    assert_left(scene, -DESK_PRICE, 0);
    restart(scene);
    assert_left(scene, -DESK_PRICE, 0);
}

/* A refusal and the next buyer's intent are one entry. */
static void test_a_fallback(void **state)
{
    struct scene *scene = *state;
    struct lead_ids ids;
    struct tale tale;
    struct ident second = desk_id(&scene->desk);
    open_lead(scene, &ids);
    take(scene, scene->south);
    tale_begin(&tale, &scene->desk, &ids.lead, &ids.ping);
    tale_judge(&tale, &ids.post, POST_REJECTED);
    tale_intend(&tale, &second, 1);
    assert_int_equal(desk_append(&scene->desk, &tale.step), FAULT_NONE);
    assert_held(scene, 0, DESK_PRICE);
    assert_left(scene, 0, -DESK_PRICE);
    tale_begin(&tale, &scene->desk, &ids.lead, &ids.ping);
    tale_sell(&tale, &scene->desk, &second, 1);
    assert_int_equal(desk_append(&scene->desk, &tale.step), FAULT_NONE);
    assert_held(scene, 0, 0);
    assert_left(scene, 0, -DESK_PRICE);
}

/* Billed less than was held: the difference is given back. */
static void test_billed_less(void **state)
{
    struct scene *scene = *state;
    struct lead_ids ids;
    struct tale tale;
    open_lead(scene, &ids);
    tale_begin(&tale, &scene->desk, &ids.lead, &ids.ping);
    tale_sell(&tale, &scene->desk, &ids.post, 0);
    tale.sale.price_micros = DESK_PRICE - 1000001;
    tale.sale.margin_micros = DESK_PRICE - 1000001 - DESK_PAYOUT;
    assert_int_equal(desk_append(&scene->desk, &tale.step), FAULT_NONE);
    assert_held(scene, 0, 0);
    assert_left(scene, -(DESK_PRICE - 1000001), 0);
}

static void test_a_test_holds_nothing(void **state)
{
    struct scene *scene = *state;
    struct lead_ids ids = {desk_id(&scene->desk), desk_id(&scene->desk), desk_id(&scene->desk)};
    struct tale tale;
    tale_begin(&tale, &scene->desk, &ids.lead, &ids.ping);
    tale_open(&tale, NULL);
    tale.opening.offer.rehearsal = 1;
    tale_intend(&tale, &ids.post, 0);
    tale.intent.keys_count = 0;
    assert_int_equal(desk_append(&scene->desk, &tale.step), FAULT_NONE);
    assert_held(scene, 0, 0);
    assert_int_equal(desk_end_lead(&scene->desk, &ids, POST_ACCEPTED), FAULT_NONE);
    assert_held(scene, 0, 0);
    assert_left(scene, 0, 0);
}

struct hearing {
    struct desk *desk;
    struct arena arena;
    struct event_row rows[8];
    uint32_t count;
};

static void hear(void *context, struct reader *reader)
{
    struct hearing *hearing = context;
    struct hearer north = {.kind = NOTICE_TO_BUYER, .id = BYTES("north")};
    assert_int_equal(notices_after(reader, &north, 0, &hearing->arena, hearing->rows, 8, &hearing->count), FAULT_NONE);
}

static void sell_agreed(struct scene *scene, bool has_low, int64_t low_micros)
{
    struct lead_ids ids = {desk_id(&scene->desk), desk_id(&scene->desk), desk_id(&scene->desk)};
    struct tale tale;
    take(scene, scene->north);
    tale_begin(&tale, &scene->desk, &ids.lead, &ids.ping);
    tale_open(&tale, NULL);
    tale_intend(&tale, &ids.post, 0);
    tale.intent.has_low = has_low;
    tale.intent.low_micros = low_micros;
    assert_int_equal(desk_append(&scene->desk, &tale.step), FAULT_NONE);
    assert_int_equal(desk_end_lead(&scene->desk, &ids, POST_ACCEPTED), FAULT_NONE);
}

static uint64_t lows(const struct scene *scene)
{
    struct ledger_counts counts;
    ledger_counts(scene->desk.ledger, &counts);
    return counts.lows;
}

/* Told once, by the sale that goes from above it to below; on it is not below. */
static void test_little_left(void **state)
{
    struct scene *scene = *state;
    struct hearing hearing = {.desk = &scene->desk};
    sell_agreed(scene, true, -2 * DESK_PRICE);
    sell_agreed(scene, true, -2 * DESK_PRICE);
    assert_int_equal(lows(scene), 0);
    sell_agreed(scene, true, -2 * DESK_PRICE);
    assert_int_equal(lows(scene), 1);
    sell_agreed(scene, true, -2 * DESK_PRICE);
    sell_agreed(scene, false, 0);
    assert_int_equal(lows(scene), 1);
    sell_agreed(scene, true, -5 * DESK_PRICE); /* agreed anew since */
    assert_int_equal(lows(scene), 2);
    arena_init(&hearing.arena, 4096, 1 << 20);
    desk_ask(&scene->desk, hear, &hearing, scene->desk.seq, false);
    assert_int_equal(hearing.count, 2);
    assert_int_equal(hearing.rows[0].event.notice, NOTICE_BALANCE_LOW);
    assert_int_equal(hearing.rows[0].event.amount_micros, -3 * DESK_PRICE);
    assert_int_equal(hearing.rows[1].event.amount_micros, -6 * DESK_PRICE);
    arena_free(&hearing.arena);
}

/* Nothing of it is told to standing. */
static void test_what_is_refused_moves_nothing(void **state)
{
    struct scene *scene = *state;
    struct lead_ids ids;
    open_lead(scene, &ids);
    assert_int_equal(desk_end_lead(&scene->desk, &ids, POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk_end_lead(&scene->desk, &ids, POST_ACCEPTED), FAULT_INPUT);
    assert_int_equal(desk_end_lead(&scene->desk, &ids, POST_REJECTED), FAULT_INPUT);
    assert_held(scene, 0, 0);
    assert_left(scene, -DESK_PRICE, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {TEST(test_each_end),
                                       TEST(test_over_a_restart_and_resolved),
                                       TEST(test_a_fallback),
                                       TEST(test_billed_less),
                                       TEST(test_a_test_holds_nothing),
                                       TEST(test_little_left),
                                       TEST(test_what_is_refused_moves_nothing)};
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}

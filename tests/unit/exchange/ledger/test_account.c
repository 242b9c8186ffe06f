/* account: every movement is balanced and told in rows that agree with each other; what is taken back is taken from
 * whom it should; what cannot be is refused and changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/ledger/account.h"
#include "exchange/ledger/due.h"
#include "protocol/base/money.h"
#include "tests/unit/exchange/ledger/desk.h"

#define UNIT MONEY_UNIT
#define DAY_MS INT64_C(86400000)
#define ROOM 8

struct till {
    struct desk desk; /* for its folder and ids */
    struct store *store;
    struct MDB_txn *txn;
    struct arena arena;
    struct rows_totals totals;
    struct entry entry;
    struct rows_refusal told;
    struct account_book book;
};

static int begin(void **state)
{
    struct till *till = calloc(1, sizeof *till);
    char folder[96];
    assert_non_null(till);
    desk_folder(&till->desk);
    snprintf(folder, sizeof folder, "%s/book", till->desk.path);
    assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, DESK_MAP, STORE_WRITE, &till->store),
                     FAULT_NONE);
    assert_int_equal(store_begin(till->store, true, &till->txn), FAULT_NONE);
    arena_init(&till->arena, 65536, 64 << 20);
    till->entry = (struct entry){.wall_ms = DESK_WALL, .period = 202609};
    *state = till;
    return 0;
}

static int end(void **state)
{
    struct till *till = *state;
    store_abort(&till->txn);
    store_close(&till->store);
    arena_free(&till->arena);
    desk_remove(&till->desk);
    free(till);
    return 0;
}

static struct account_book *open_entry(struct till *till)
{
    till->entry.seq++;
    till->told = (struct rows_refusal){.text = ""};
    const struct rows_work work = {till->store, till->txn, &till->entry, &till->arena, &till->totals, &till->told};
    assert_int_equal(account_begin(&till->book, &work, ROOM), FAULT_NONE);
    return &till->book;
}

static int64_t balance(struct till *till, const char *name)
{
    int64_t micros;
    enum fault fault = account_balance(till->store, till->txn, bytes_of(name), &micros);
    assert_true(fault == FAULT_NONE || fault == FAULT_NOT_FOUND);
    return micros;
}

static void add(void *arg, struct bytes account, int64_t micros)
{
    (void)account;
    *(int64_t *)arg += micros;
}

/* The sum is 0, and each account's lines come to its balance. */
static void assert_adds_up(struct till *till)
{
    int64_t all = 0, lines = 0;
    struct store_cursor cursor;
    assert_int_equal(account_each(till->store, till->txn, add, &all), FAULT_NONE);
    assert_int_equal(all, 0);
    assert_int_equal(store_cursor_open(till->store, till->txn, BOOK_ACCOUNT_LINES, &cursor), FAULT_NONE);
    for (enum fault fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) {
        struct move_line line;
        assert_true(move_read_line(cursor.value, &line));
        lines += line.micros;
    }
    store_cursor_close(&cursor);
    assert_int_equal(lines, 0);
}

static void write_entry(struct till *till)
{
    assert_int_equal(account_write(&till->book), FAULT_NONE);
    assert_adds_up(till);
}

static struct ident sell(struct till *till, int64_t price, int64_t payout, int64_t clear_after_ms)
{
    struct book_sale sale = {.sale_id = desk_id(&till->desk),
                             .post_id = desk_id(&till->desk),
                             .contract = BYTES("north/auto"),
                             .buyer = BYTES("north"),
                             .price_micros = price,
                             .payout_micros = payout,
                             .margin_micros = price - payout,
                             .margin_rule = 2};
    struct lead_record lead = {.lead_id = desk_id(&till->desk),
                               .affiliate = BYTES("acme"),
                               .campaign = BYTES("auto"),
                               .source = BYTES("web-1"),
                               .channel = BYTES("search"),
                               .sub_ids = BYTES("[\"a\"]"),
                               .clear_after_ms = clear_after_ms};
    assert_int_equal(account_add_sale(open_entry(till), &sale, &lead), FAULT_NONE);
    write_entry(till);
    return sale.sale_id;
}

static struct sale_record row_of(struct till *till, const struct ident *sale_id)
{
    struct sale_record sale;
    assert_int_equal(account_sale(till->store, till->txn, sale_id, &till->arena, &sale), FAULT_NONE);
    return sale;
}

static unsigned due(struct till *till, int64_t wall_ms)
{
    struct due_row rows[8];
    unsigned count;
    assert_int_equal(due_list(till->store, till->txn, wall_ms, rows, 8, &count), FAULT_NONE);
    return count;
}

static void clear(struct till *till, const struct ident *sale_id)
{
    assert_int_equal(account_add_clear(open_entry(till), sale_id), FAULT_NONE);
    write_entry(till);
}

static enum fault give_back(struct till *till, const struct account_return *back)
{
    enum fault fault = account_add_return(open_entry(till), back);
    if (fault == FAULT_NONE) write_entry(till);
    return fault;
}

static void assert_balances(struct till *till, int64_t buyer, int64_t uncleared, int64_t cleared, int64_t margin,
                            int64_t loss)
{
    assert_int_equal(balance(till, "buyer:north"), buyer);
    assert_int_equal(balance(till, "affiliate:acme:uncleared"), uncleared);
    assert_int_equal(balance(till, "affiliate:acme:cleared"), cleared);
    assert_int_equal(balance(till, "house:margin"), margin);
    assert_int_equal(balance(till, "house:loss"), loss);
}

static void test_a_sale(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 20 * UNIT, 17 * UNIT, 0);
    assert_balances(till, -20 * UNIT, 17 * UNIT, 0, 3 * UNIT, 0);
    assert_int_equal(till->told.funds_count, 1);
    assert_true(bytes_same(till->told.funds[0].buyer, BYTES("north")));
    assert_int_equal(till->told.funds[0].micros, -20 * UNIT);
    struct sale_record sale = row_of(till, &sale_id);
    assert_true(bytes_same(sale.affiliate, BYTES("acme")) && bytes_same(sale.sub_ids, BYTES("[\"a\"]")));
    assert_int_equal(sale.state, SALE_SOLD);
    assert_int_equal(sale.booked_ms, DESK_WALL);
    assert_int_equal(sale.clears_ms, DESK_WALL);
    assert_int_equal(sale.uncleared_micros, 17 * UNIT);
    assert_int_equal(sale.period, 202609);
    assert_int_equal(due(till, INT64_MAX), 0); /* without terms nothing clears by time */
    char key[9] = {0, 0, 0, 0, 0, 0, 0, 1, 0};
    struct bytes row;
    struct move_record move;
    assert_int_equal(store_get(till->store, till->txn, BOOK_MOVES, (struct bytes){key, 9}, &row), FAULT_NONE);
    assert_true(move_read(row, &move));
    assert_int_equal(move.kind, MOVE_SALE);
    assert_true(ident_same(&move.sale_id, &sale_id));
    assert_int_equal(move.legs_count, 3);
    assert_int_equal(move.period, 202609);
    assert_int_equal(move.of_period, PERIOD_NONE);
    assert_int_equal(till->totals.accounts, 3);
    sell(till, 5 * UNIT, 7 * UNIT, 0); /* under price: the house pays for it */
    assert_balances(till, -25 * UNIT, 24 * UNIT, 0, 3 * UNIT, -2 * UNIT);
}

static void test_what_is_no_sale(void **state)
{
    static const int64_t money[][3] = {{10, 9, 2},        {10, 9, 0},
                                       {-1, 0, -1},       {0, -1, 1},
                                       {INT64_MAX, 1, 1}, {INT64_MAX, INT64_MAX, INT64_MAX},
                                       {10, 11, 1},       {INT64_MIN, 0, INT64_MIN}};
    struct till *till = *state;
    struct lead_record lead = {.affiliate = BYTES("acme")};
    for (size_t i = 0; i < sizeof money / sizeof *money; i++) {
        struct book_sale sale = {.sale_id = desk_id(&till->desk),
                                 .buyer = BYTES("north"),
                                 .price_micros = money[i][0],
                                 .payout_micros = money[i][1],
                                 .margin_micros = money[i][2]};
        assert_int_equal(account_add_sale(open_entry(till), &sale, &lead), FAULT_INPUT);
        assert_true(till->book.why[0]);
    }
    struct ident sale_id = sell(till, 10, 9, 0);
    struct book_sale again = {.sale_id = sale_id, .buyer = BYTES("north")};
    assert_int_equal(account_add_sale(open_entry(till), &again, &lead), FAULT_INPUT);
    assert_non_null(strstr(till->book.why, "used before"));
    char name[ACCOUNT_NAME_MAX + 1];
    memset(name, 'x', sizeof name);
    again = (struct book_sale){
        .sale_id = desk_id(&till->desk), .buyer = {name, sizeof name}, .price_micros = 10, .payout_micros = 10};
    assert_int_equal(account_add_sale(open_entry(till), &again, &lead), FAULT_INPUT);
    assert_balances(till, -10, 9, 0, 1, 0);
}

static void test_a_balance_does_not_overflow(void **state)
{
    struct till *till = *state;
    struct lead_record lead = {.affiliate = BYTES("acme")};
    struct book_sale sale = {.sale_id = desk_id(&till->desk),
                             .buyer = BYTES("north"),
                             .price_micros = INT64_MAX,
                             .payout_micros = INT64_MAX};
    assert_int_equal(account_add_sale(open_entry(till), &sale, &lead), FAULT_NONE);
    write_entry(till);
    sale = (struct book_sale){
        .sale_id = desk_id(&till->desk), .buyer = BYTES("north"), .price_micros = 2, .payout_micros = 2};
    assert_int_equal(account_add_sale(open_entry(till), &sale, &lead), FAULT_INPUT);
    assert_non_null(strstr(till->book.why, "overflow"));
    assert_balances(till, -INT64_MAX, INT64_MAX, 0, 0, 0);
}

static void test_clearing(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 20 * UNIT, 17 * UNIT, 30 * DAY_MS);
    assert_int_equal(due(till, DESK_WALL + 30 * DAY_MS - 1), 0);
    assert_int_equal(due(till, DESK_WALL + 30 * DAY_MS), 1);
    till->entry.wall_ms = DESK_WALL + 30 * DAY_MS - 1;
    assert_int_equal(account_add_clear(open_entry(till), &sale_id), FAULT_INPUT); /* before its time */
    till->entry.wall_ms++;
    clear(till, &sale_id);
    assert_balances(till, -20 * UNIT, 0, 17 * UNIT, 3 * UNIT, 0);
    assert_int_equal(due(till, INT64_MAX), 0);
    assert_int_equal(account_add_clear(open_entry(till), &sale_id), FAULT_INPUT); /* once */
    struct ident nobody = desk_id(&till->desk);
    assert_int_equal(account_add_clear(open_entry(till), &nobody), FAULT_INPUT);
}

static void test_a_return_before_it_is_cleared(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 20 * UNIT, 17 * UNIT, 30 * DAY_MS);
    struct account_return back = {
        .sale_id = sale_id, .is_whole = true, .ref = BYTES("R-1"), .note = BYTES("wrong_number")};
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_balances(till, 0, 0, 0, 0, 0);
    assert_int_equal(row_of(till, &sale_id).state, SALE_RETURNED);
    assert_int_equal(due(till, INT64_MAX), 0); /* nothing of it is left to clear */
    back.ref = BYTES("R-2");
    assert_int_equal(give_back(till, &back), FAULT_INPUT); /* all of it is back */
    struct account_event event = {.sale_id = sale_id, .money = {2, 1, 1}, .ref = BYTES("E-1")};
    assert_int_equal(account_add_event(open_entry(till), &event), FAULT_INPUT);
}

static void test_a_return_after_it_was_cleared(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 20 * UNIT, 17 * UNIT, DAY_MS);
    till->entry.wall_ms += DAY_MS;
    clear(till, &sale_id);
    struct account_return back = {.sale_id = sale_id, .is_whole = true, .is_void = true, .ref = BYTES("R-1")};
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_balances(till, 0, 0, 0, 0, 0);
    assert_int_equal(row_of(till, &sale_id).state, SALE_VOIDED);
    struct account_return none = {.sale_id = desk_id(&till->desk), .is_whole = true};
    assert_int_equal(give_back(till, &none), FAULT_INPUT);
}

/* Thirds of what does not divide by three: the last takes what is left, and all of it comes to the whole. */
static void test_partial_returns(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 10 * UNIT, 7 * UNIT + 1, 30 * DAY_MS);
    struct account_return back = {.sale_id = sale_id, .price_micros = 3333333, .ref = BYTES("R-1")};
    static const int64_t wrong[] = {0, -1, INT64_MIN, 10 * UNIT + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct account_return bad = {.sale_id = sale_id, .price_micros = wrong[i], .ref = BYTES("R-0")};
        assert_int_equal(give_back(till, &bad), FAULT_INPUT);
    }
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_balances(till, -6666667, 7 * UNIT + 1 - 2333333, 0, 3 * UNIT - 1 - 1000000, 0);
    assert_int_equal(row_of(till, &sale_id).state, SALE_SOLD);
    assert_int_equal(due(till, INT64_MAX), 1); /* the rest still clears */
    back.ref = BYTES("R-2");
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    till->entry.wall_ms += 30 * DAY_MS;
    clear(till, &sale_id);
    back.ref = BYTES("R-3");
    back.price_micros = 3333334;
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_balances(till, 0, 0, 0, 0, 0);
    struct sale_record sale = row_of(till, &sale_id);
    assert_int_equal(sale.state, SALE_RETURNED);
    assert_int_equal(sale.returned.payout_micros, sale.sold.payout_micros);
}

/* Partly out of what is uncleared, the rest out of what is cleared. */
static void test_a_return_over_both(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 10 * UNIT, 8 * UNIT, DAY_MS);
    till->entry.wall_ms += DAY_MS;
    clear(till, &sale_id);
    struct account_event event = {
        .sale_id = sale_id, .money = {2 * UNIT, UNIT, UNIT}, .ref = BYTES("E-1"), .note = BYTES("appointment")};
    assert_int_equal(account_add_event(open_entry(till), &event), FAULT_NONE);
    write_entry(till);
    assert_balances(till, -12 * UNIT, UNIT, 8 * UNIT, 3 * UNIT, 0);
    assert_int_equal(due(till, till->entry.wall_ms + DAY_MS), 1); /* the stage clears after the same time */
    assert_int_equal(account_add_event(open_entry(till), &event), FAULT_INPUT);
    assert_non_null(strstr(till->book.why, "ref"));
    struct account_return back = {.sale_id = sale_id, .is_whole = true, .ref = BYTES("E-1")}; /* of another kind */
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_balances(till, 0, 0, 0, 0, 0);
    assert_int_equal(due(till, INT64_MAX), 0);
}

static void test_the_house_pays(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 20 * UNIT, 17 * UNIT, DAY_MS);
    struct account_return back = {.sale_id = sale_id, .is_whole = true, .house_pays = true, .ref = BYTES("R-1")};
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_balances(till, 0, 17 * UNIT, 0, 0, -17 * UNIT);
    assert_int_equal(row_of(till, &sale_id).lost_micros, 17 * UNIT);
    till->entry.wall_ms += DAY_MS;
    clear(till, &sale_id); /* the affiliate's all the same */
    assert_balances(till, 0, 0, 17 * UNIT, 0, -17 * UNIT);
    sale_id = sell(till, 5 * UNIT, 7 * UNIT, 0); /* the house's loss twice over: one leg */
    back = (struct account_return){.sale_id = sale_id, .is_whole = true, .house_pays = true, .ref = BYTES("R-2")};
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_balances(till, 0, 7 * UNIT, 17 * UNIT, 0, -24 * UNIT);
}

static enum fault adjust(struct till *till, enum move_kind kind, const char *account, int64_t amount, const char *ref)
{
    struct book_adjustment adjustment = {.kind = kind,
                                         .account = bytes_of(account),
                                         .amount_micros = amount,
                                         .effective_ms = till->entry.wall_ms,
                                         .ref = bytes_of(ref),
                                         .note = BYTES("by hand")};
    enum fault fault = account_add_adjustment(open_entry(till), &adjustment);
    if (fault == FAULT_NONE) write_entry(till);
    return fault;
}

static void test_adjustments(void **state)
{
    struct till *till = *state;
    sell(till, 20 * UNIT, 17 * UNIT, 0);
    assert_int_equal(adjust(till, MOVE_PAYMENT, "buyer:north", 15 * UNIT, "1"), FAULT_NONE);
    assert_balances(till, -5 * UNIT, 17 * UNIT, 0, 3 * UNIT, 0);
    assert_int_equal(balance(till, "external:cash"), -15 * UNIT);
    assert_int_equal(adjust(till, MOVE_CLEAR, "affiliate:acme", 18 * UNIT, "2"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_CLEAR, "affiliate:acme", 10 * UNIT, "2"), FAULT_NONE);
    assert_int_equal(adjust(till, MOVE_PAYOUT, "affiliate:acme", 9 * UNIT, "3"), FAULT_NONE);
    assert_balances(till, -5 * UNIT, 7 * UNIT, UNIT, 3 * UNIT, 0);
    assert_int_equal(balance(till, "external:cash"), -6 * UNIT);
    assert_int_equal(adjust(till, MOVE_CREDIT, "buyer:north", UNIT, "4"), FAULT_NONE);
    assert_int_equal(adjust(till, MOVE_DEBIT, "affiliate:acme", 2 * UNIT, "5"), FAULT_NONE);
    assert_int_equal(adjust(till, MOVE_LOSS, "buyer:north", 4 * UNIT, "6"), FAULT_NONE);
    assert_balances(till, 0, 7 * UNIT, -UNIT, 4 * UNIT, -4 * UNIT);
    assert_int_equal(adjust(till, MOVE_PAYMENT, "buyer:new", UNIT, "7"), FAULT_NONE); /* prepaid before any sale */
}

static void test_what_is_no_adjustment(void **state)
{
    struct till *till = *state;
    sell(till, 20 * UNIT, 17 * UNIT, 0);
    assert_int_equal(adjust(till, MOVE_CREDIT, "buyer:north", 1, "ref"), FAULT_NONE);
    assert_int_equal(adjust(till, MOVE_DEBIT, "affiliate:acme", 1, "ref"), FAULT_INPUT); /* the same ref again */
    assert_int_equal(adjust(till, MOVE_CREDIT, "buyer:north", 1, ""), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_CREDIT, "buyer:north", 0, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_CREDIT, "buyer:north", -1, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_CREDIT, "buyer:north", INT64_MIN, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_SALE, "buyer:north", 1, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_RETURN, "buyer:north", 1, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_KIND_COUNT, "buyer:north", 1, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_CREDIT, "house:margin", 1, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_CREDIT, "external:cash", 1, "a"), FAULT_INPUT);
    assert_int_equal(adjust(till, MOVE_CLEAR, "buyer:north", 1, "a"), FAULT_INPUT);
    struct book_adjustment later = {.kind = MOVE_CREDIT,
                                    .account = BYTES("buyer:north"),
                                    .amount_micros = 1,
                                    .effective_ms = till->entry.wall_ms + 1,
                                    .ref = BYTES("a")};
    assert_int_equal(account_add_adjustment(open_entry(till), &later), FAULT_INPUT);
    assert_balances(till, -20 * UNIT + 1, 17 * UNIT, 0, 3 * UNIT - 1, 0);
}

static struct move_record last_move(struct till *till)
{
    struct store_cursor cursor;
    struct move_record move;
    assert_int_equal(store_cursor_open(till->store, till->txn, BOOK_MOVES, &cursor), FAULT_NONE);
    assert_int_equal(store_last(&cursor), FAULT_NONE);
    assert_true(move_read(cursor.value, &move));
    store_cursor_close(&cursor);
    return move;
}

/* Dated back: into its month while that is open; else into the running one, which names the old. */
static void test_periods(void **state)
{
    struct till *till = *state;
    struct book_adjustment credit = {.kind = MOVE_CREDIT, .account = BYTES("buyer:north"), .amount_micros = 5};
    struct ident sale_id = sell(till, 20 * UNIT, 17 * UNIT, 0); /* September */
    till->entry.period = 202611;
    sell(till, 30 * UNIT, 27 * UNIT, 0);
    credit.ref = BYTES("1");
    credit.effective_period = 202609;
    assert_int_equal(account_add_adjustment(open_entry(till), &credit), FAULT_NONE);
    write_entry(till);
    assert_int_equal(last_move(till).period, 202609);
    assert_int_equal(last_move(till).of_period, PERIOD_NONE);
    credit.ref = BYTES("2");
    credit.effective_period = 202610; /* a month of which nothing is there yet */
    assert_int_equal(account_add_adjustment(open_entry(till), &credit), FAULT_NONE);
    write_entry(till);
    till->totals.closed_period = 202610;
    credit.ref = BYTES("3");
    assert_int_equal(account_add_adjustment(open_entry(till), &credit), FAULT_NONE);
    write_entry(till);
    assert_int_equal(last_move(till).period, 202611);
    assert_int_equal(last_move(till).of_period, 202610);
    struct account_return back = {.sale_id = sale_id, .is_whole = true, .ref = BYTES("R")};
    assert_int_equal(give_back(till, &back), FAULT_NONE);
    assert_int_equal(last_move(till).period, 202611);
    assert_int_equal(last_move(till).of_period, 202609);
    till->totals.closed_period = 202611; /* and the clock went back */
    sell(till, UNIT, UNIT, 0);
    assert_int_equal(last_move(till).period, 202612);
    assert_int_equal(last_move(till).of_period, 202611);
}

/* Lines of a month dated back go on from that month's own tally. */
static void test_tallies(void **state)
{
    static const struct {
        uint32_t period;
        int64_t amount, sum;
        uint64_t count;
    } rows[] = {{202609, 10, 10, 1}, {202611, 20, 20, 1}, {202609, 5, 15, 2}, {202610, 1, 1, 1},
                {202611, 2, 22, 2},  {202609, 1, 16, 3},  {202610, 3, 4, 2}};
    struct till *till = *state;
    till->entry.period = 202611;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char ref[2] = {(char)('a' + i), 0}, key[17] = {0};
        struct book_adjustment payment = {.kind = MOVE_PAYMENT,
                                          .account = BYTES("buyer:north"),
                                          .amount_micros = rows[i].amount,
                                          .effective_period = rows[i].period,
                                          .ref = {ref, 1}};
        struct bytes row;
        struct move_line line;
        assert_int_equal(account_add_adjustment(open_entry(till), &payment), FAULT_NONE);
        write_entry(till);
        store_key_u32(key, 1);
        store_key_u32(key + 4, rows[i].period);
        store_key_u64(key + 8, till->entry.seq);
        assert_int_equal(store_get(till->store, till->txn, BOOK_ACCOUNT_LINES, (struct bytes){key, 17}, &row),
                         FAULT_NONE);
        assert_true(move_read_line(row, &line));
        assert_int_equal(line.micros, rows[i].amount);
        assert_int_equal(line.tally.count, rows[i].count);
        assert_int_equal(line.tally.micros[MOVE_PAYMENT], rows[i].sum);
    }
    assert_int_equal(balance(till, "buyer:north"), 42);
}

/* Several movements of one entry see each other. */
static void test_many_in_one_entry(void **state)
{
    struct till *till = *state;
    struct ident sale_id = sell(till, 10 * UNIT, 8 * UNIT, 0);
    struct account_book *book = open_entry(till);
    struct account_return back = {.sale_id = sale_id, .price_micros = 6 * UNIT, .ref = BYTES("1")};
    assert_int_equal(account_add_return(book, &back), FAULT_NONE);
    back.ref = BYTES("2");
    assert_int_equal(account_add_return(book, &back), FAULT_INPUT); /* 4 are left */
    book = open_entry(till);
    back.price_micros = 5 * UNIT;
    assert_int_equal(account_add_return(book, &back), FAULT_NONE);
    back.ref = BYTES("2");
    assert_int_equal(account_add_return(book, &back), FAULT_INPUT); /* the ref of the movement before */
    book = open_entry(till);
    back.ref = BYTES("3");
    assert_int_equal(account_add_return(book, &back), FAULT_NONE);
    back.ref = BYTES("4");
    assert_int_equal(account_add_return(book, &back), FAULT_NONE);
    write_entry(till);
    assert_balances(till, 0, 0, 0, 0, 0);
    assert_int_equal(row_of(till, &sale_id).state, SALE_RETURNED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_sale, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_no_sale, begin, end),
        cmocka_unit_test_setup_teardown(test_a_balance_does_not_overflow, begin, end),
        cmocka_unit_test_setup_teardown(test_clearing, begin, end),
        cmocka_unit_test_setup_teardown(test_a_return_before_it_is_cleared, begin, end),
        cmocka_unit_test_setup_teardown(test_a_return_after_it_was_cleared, begin, end),
        cmocka_unit_test_setup_teardown(test_partial_returns, begin, end),
        cmocka_unit_test_setup_teardown(test_a_return_over_both, begin, end),
        cmocka_unit_test_setup_teardown(test_the_house_pays, begin, end),
        cmocka_unit_test_setup_teardown(test_adjustments, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_no_adjustment, begin, end),
        cmocka_unit_test_setup_teardown(test_periods, begin, end),
        cmocka_unit_test_setup_teardown(test_tallies, begin, end),
        cmocka_unit_test_setup_teardown(test_many_in_one_entry, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

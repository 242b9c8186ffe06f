/* statement: whatever is booked in whatever order, in open months and late in closed ones, every account's statements
 * come to what a list of all legs comes to, added up anew; page by page, each movement once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/ledger/account.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/statement.h"
#include "tests/unit/exchange/ledger/desk.h"
#include "tests/unit/exchange/record/samples.h"

#define ROUNDS 6
#define ENTRIES 120
#define SALES_MAX 64
#define LEGS_MAX 4096
#define ROOM 4
#define FIRST_PERIOD 202608u
#define PERIODS 5

static const char *const affiliates[] = {"acme", "best"};
static const char *const buyers[] = {"north", "south", "west"};

/* The slow, obvious reference: all legs there ever were. */
struct leg {
    char name[64];
    uint32_t period;
    uint64_t seq;
    unsigned n;
    int64_t micros;
};

struct town {
    struct desk desk;
    struct store *store;
    struct MDB_txn *txn;
    struct arena arena, kept;
    struct dice dice;
    struct rows_totals totals;
    struct rows_refusal told;
    struct entry entry;
    struct account_book book;
    struct ident sales[SALES_MAX];
    unsigned sales_count, refs, booked, refused;
    struct leg legs[LEGS_MAX];
    unsigned legs_count;
};

static struct bytes pick(struct town *town, const char *const *names, size_t count)
{
    return bytes_of(names[roll_below(&town->dice, count)]);
}

static enum fault add_sale(struct town *town)
{
    int64_t price = (int64_t)roll_below(&town->dice, 50) * 100001,
            payout = (int64_t)roll_below(&town->dice, 45) * 99999;
    struct book_sale sale = {.sale_id = desk_id(&town->desk),
                             .buyer = pick(town, buyers, 3),
                             .contract = BYTES("c"),
                             .price_micros = price,
                             .payout_micros = payout,
                             .margin_micros = price - payout};
    struct lead_record lead = {.lead_id = desk_id(&town->desk),
                               .affiliate = pick(town, affiliates, 2),
                               .campaign = BYTES("auto"),
                               .clear_after_ms = roll_flag(&town->dice) ? 5 : 0};
    enum fault fault = account_add_sale(&town->book, &sale, &lead);
    if (fault == FAULT_NONE && town->sales_count < SALES_MAX) town->sales[town->sales_count++] = sale.sale_id;
    return fault;
}

static struct bytes next_ref(struct town *town)
{
    char text[16];
    struct sink sink = sink_over(text, sizeof text);
    sink_u64(&sink, town->refs++);
    return arena_copy(&town->kept, sink_written(&sink));
}

static enum fault add_any(struct town *town)
{
    struct ident *sale = &town->sales[roll_below(&town->dice, town->sales_count ? town->sales_count : 1)];
    int64_t amount = (int64_t)roll_below(&town->dice, 3000000);
    char memory[40];
    struct sink account = sink_over(memory, sizeof memory);
    switch (roll_below(&town->dice, 6)) {
    case 0:
    case 1:
        return add_sale(town);
    case 2:
        return account_add_return(&town->book, &(struct account_return){.sale_id = *sale,
                                                                        .is_void = roll_below(&town->dice, 4) == 0,
                                                                        .is_whole = roll_flag(&town->dice),
                                                                        .house_pays = roll_flag(&town->dice),
                                                                        .price_micros = amount,
                                                                        .ref = next_ref(town)});
    case 3:
        return account_add_event(&town->book,
                                 &(struct account_event){.sale_id = *sale,
                                                         .money = {amount, amount / 2, amount - amount / 2},
                                                         .ref = next_ref(town)});
    case 4:
        return account_add_clear(&town->book, sale);
    default:
        break;
    }
    bool is_buyer = roll_flag(&town->dice);
    sink_text(&account, is_buyer ? "buyer:" : "affiliate:");
    sink_bytes(&account, is_buyer ? pick(town, buyers, 3) : pick(town, affiliates, 2));
    return account_add_adjustment(
        &town->book,
        &(struct book_adjustment){.kind = (enum move_kind)(MOVE_PAYMENT + roll_below(&town->dice, 6)),
                                  .account = arena_copy(&town->kept, sink_written(&account)),
                                  .amount_micros = amount,
                                  .effective_period = FIRST_PERIOD + (uint32_t)roll_below(&town->dice, PERIODS),
                                  .ref = next_ref(town)});
}

/* Before they are written: legs name accounts by their place. */
static void note_legs(struct town *town)
{
    for (unsigned n = 0; n < town->book.moves_count; n++) {
        const struct move_record *move = &town->book.moves[n];
        int64_t sum = 0;
        for (unsigned i = 0; i < move->legs_count; i++) {
            struct leg *leg = &town->legs[town->legs_count++];
            struct bytes name = town->book.touched[move->legs[i].account].name;
            assert_true(town->legs_count < LEGS_MAX && name.len < sizeof leg->name);
            *leg = (struct leg){.period = move->period, .seq = town->entry.seq, .n = n, .micros = move->legs[i].micros};
            memcpy(leg->name, name.at, name.len);
            sum += leg->micros;
        }
        assert_int_equal(sum, 0);
    }
}

static void book_entry(struct town *town)
{
    struct rows_totals before = town->totals;
    enum fault fault = FAULT_NONE;
    town->entry.seq++;
    town->entry.wall_ms += (int64_t)roll_below(&town->dice, 4);
    town->entry.period = FIRST_PERIOD + (uint32_t)(town->entry.seq * PERIODS / (ENTRIES + 1));
    if (roll_below(&town->dice, 25) == 0 && town->entry.period > FIRST_PERIOD)
        town->totals.closed_period = town->entry.period - 1;
    before.closed_period = town->totals.closed_period;
    town->told = (struct rows_refusal){.text = ""};
    const struct rows_work work = {town->store, town->txn, &town->entry, &town->arena, &town->totals, &town->told};
    assert_int_equal(account_begin(&town->book, &work, ROOM), FAULT_NONE);
    for (uint64_t i = 1 + roll_below(&town->dice, ROOM); i > 0 && fault == FAULT_NONE; i--) fault = add_any(town);
    if (fault == FAULT_INPUT) { /* all of the entry is refused */
        assert_true(town->book.why[0]);
        town->totals = before;
        town->refused++;
        return;
    }
    assert_int_equal(fault, FAULT_NONE);
    note_legs(town);
    assert_int_equal(account_write(&town->book), FAULT_NONE);
    town->booked++;
}

/* --- the statements, held against all legs --- */

static bool is_whose(const char *who, const char *name)
{
    size_t len = strlen(who);
    return strcmp(who, name) == 0 || (strncmp(who, name, len) == 0 && name[len] == ':' && who[0] == 'a');
}

static int64_t sum_until(const struct town *town, const char *who, uint32_t period, bool with_it)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < town->legs_count; i++)
        if (is_whose(who, town->legs[i].name) &&
            (town->legs[i].period < period || (with_it && town->legs[i].period == period)))
            sum += town->legs[i].micros;
    return sum;
}

static void check_lines(struct town *town, struct reader *reader, const struct statement *statement, const char *who,
                        uint32_t max)
{
    struct statement_line lines[ROOM * 4];
    struct statement_place after = {0, 0};
    int64_t balance = statement->opening_micros;
    unsigned told = 0, there = 0;
    for (uint32_t count = max; count == max;) {
        assert_int_equal(statement_lines(reader, statement, &after, &town->arena, lines, max, &count), FAULT_NONE);
        for (uint32_t i = 0; i < count; i++) {
            for (unsigned k = 0; k < statement->accounts_count; k++) {
                balance += lines[i].micros[k];
                told += lines[i].micros[k] != 0;
            }
            assert_int_equal(lines[i].balance_micros, balance);
            assert_int_equal(lines[i].move.period, statement->period);
            assert_true(lines[i].place.seq > after.seq || lines[i].place.n > after.n || after.seq == 0);
            after = lines[i].place;
        }
    }
    for (unsigned i = 0; i < town->legs_count; i++)
        there += is_whose(who, town->legs[i].name) && town->legs[i].period == statement->period;
    assert_int_equal(told, there);
    assert_int_equal(balance, statement->closing_micros);
}

static void check_statement(struct town *town, struct reader *reader, const char *who, uint32_t period)
{
    struct statement statement;
    int64_t opening = sum_until(town, who, period, false), closing = sum_until(town, who, period, true), kinds = 0;
    enum fault fault = statement_read(reader, bytes_of(who), period, &town->arena, &statement);
    assert_true(fault == FAULT_NONE || (fault == FAULT_NOT_FOUND && opening == 0 && closing == 0));
    assert_int_equal(statement.opening_micros, opening);
    assert_int_equal(statement.closing_micros, closing);
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++) kinds += statement.tally.micros[i];
    assert_int_equal(kinds, closing - opening);
    assert_int_equal(statement.is_closed, period <= town->totals.closed_period);
    if (fault == FAULT_NONE)
        check_lines(town, reader, &statement, who, 1 + (uint32_t)roll_below(&town->dice, ROOM * 4));
}

static void check_all(struct town *town)
{
    static const char *const all[] = {"buyer:north",
                                      "buyer:south",
                                      "buyer:west",
                                      "affiliate:acme",
                                      "affiliate:best",
                                      "affiliate:acme:uncleared",
                                      "affiliate:best:cleared",
                                      "house:margin",
                                      "house:loss",
                                      "external:cash"};
    struct reader *reader = reader_over(town->store, NULL, NULL);
    struct chain head = {.seq = town->entry.seq};
    assert_non_null(reader);
    assert_int_equal(rows_write_totals(town->store, town->txn, &town->totals), FAULT_NONE);
    assert_int_equal(journal_write_head(town->store, town->txn, &head), FAULT_NONE);
    assert_int_equal(store_commit(&town->txn), FAULT_NONE);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (uint32_t period = FIRST_PERIOD - 1; period <= FIRST_PERIOD + PERIODS; period++)
            check_statement(town, reader, all[i], period);
    free(reader);
    assert_int_equal(store_begin(town->store, true, &town->txn), FAULT_NONE);
}

static void test_against_all_legs(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct town *town = calloc(1, sizeof *town);
        char folder[96];
        assert_non_null(town);
        desk_folder(&town->desk);
        snprintf(folder, sizeof folder, "%s/book", town->desk.path);
        assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, DESK_MAP, STORE_WRITE, &town->store),
                         FAULT_NONE);
        assert_int_equal(store_begin(town->store, true, &town->txn), FAULT_NONE);
        arena_init(&town->arena, 65536, 64 << 20);
        arena_init(&town->kept, 65536, 64 << 20);
        town->dice.state = 977 + round;
        town->entry.wall_ms = DESK_WALL;
        for (unsigned i = 0; i < ENTRIES; i++) {
            book_entry(town);
            if (i % 40 == 39) check_all(town);
        }
        assert_true(town->booked > ENTRIES / 6 && town->refused > ENTRIES / 10 && town->legs_count > 100);
        store_abort(&town->txn);
        store_close(&town->store);
        arena_free(&town->arena);
        arena_free(&town->kept);
        desk_remove(&town->desk);
        free(town);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_all_legs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

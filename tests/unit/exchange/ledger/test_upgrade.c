/* upgrade: whatever an older version left in the rows, today's are derived from the journal; one that was broken off is
 * gone on with; an entry that cannot be is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/ledger/rows.h"
#include "exchange/ledger/upgrade.h"
#include "tests/unit/exchange/ledger/desk.h"

static int begin(void **state)
{
    struct lead_ids ids;
    struct desk *desk = malloc(sizeof *desk);
    assert_non_null(desk);
    desk_folder(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, "k-1", POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_REJECTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);
    desk_close(desk);
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;
    if (desk->ledger) desk_close(desk);
    desk_remove(desk);
    free(desk);
    return 0;
}

/* The book as something else left it: `change` in one transaction. */
static void change_book(const struct desk *desk, void (*change)(struct store *book, struct MDB_txn *txn))
{
    char folder[96];
    struct store *book;
    struct MDB_txn *txn;
    snprintf(folder, sizeof folder, "%s/book", desk->path);
    assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, DESK_MAP, STORE_WRITE, &book), FAULT_NONE);
    assert_int_equal(store_begin(book, true, &txn), FAULT_NONE);
    change(book, txn);
    assert_int_equal(store_commit(&txn), FAULT_NONE);
    store_close(&book);
}

static void put_number(struct store *book, struct MDB_txn *txn, struct bytes key, uint64_t number)
{
    char value[8];
    store_value_u64(value, number);
    assert_int_equal(store_put(book, txn, BOOK_META, key, (struct bytes){value, sizeof value}), FAULT_NONE);
}

static void make_older(struct store *book, struct MDB_txn *txn)
{
    put_number(book, txn, BYTES("version"), BOOK_VERSION - 1);
    assert_int_equal(store_put(book, txn, BOOK_ACCOUNTS, BYTES("buyer:nobody"), BYTES("\1\0\0\0\0\0\0\0")), FAULT_NONE);
    assert_int_equal(store_clear(book, txn, BOOK_LEADS), FAULT_NONE);
    assert_int_equal(store_clear(book, txn, BOOK_OFFERS), FAULT_NONE);
    assert_int_equal(store_clear(book, txn, BOOK_LEARNED), FAULT_NONE);
}

/* As a kill after its first transaction leaves it. */
static void break_off(struct store *book, struct MDB_txn *txn)
{
    for (unsigned table = 0; table < BOOK_TABLES_COUNT; table++)
        if (table != BOOK_META && table != BOOK_JOURNAL && table != BOOK_CONTENT && table != BOOK_DATA_KEYS &&
            table != BOOK_PEOPLE)
            assert_int_equal(store_clear(book, txn, table), FAULT_NONE);
    put_number(book, txn, BYTES("derived"), 0);
}

/* Its verdict on the first lead's post comes before the post. */
static void spoil(struct store *book, struct MDB_txn *txn)
{
    make_older(book, txn);
    break_off(book, txn);
    put_number(book, txn, BYTES("derived"), 1);
}

static struct report_verdict verify(const struct desk *desk)
{
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    return verdict;
}

static void expect_whole(struct desk *desk)
{
    struct ledger_counts counts;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    ledger_counts(desk->ledger, &counts);
    assert_int_equal(counts.entries, 6);
    assert_int_equal(counts.doubts, 1);
    desk_close(desk);
    struct report_verdict verdict = verify(desk);
    assert_string_equal(verdict.text, "");
    assert_true(verdict.good);
}

static void test_rows_are_derived_anew(void **state)
{
    change_book(*state, make_older);
    assert_int_equal(verify(*state).older, BOOK_VERSION - 1);
    expect_whole(*state);
}

static void test_what_was_broken_off_is_gone_on_with(void **state)
{
    change_book(*state, break_off);
    assert_int_equal(verify(*state).older, BOOK_VERSION - 1);
    expect_whole(*state);
}

static void test_an_entry_that_does_not_fit_is_named(void **state)
{
    struct desk *desk = *state;
    change_book(desk, spoil);
    assert_int_equal(desk_open(desk), FAULT_CORRUPT);
    assert_non_null(strstr(desk->note.text, "entry 2 of an older version"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_derived_anew, begin, end),
        cmocka_unit_test_setup_teardown(test_what_was_broken_off_is_gone_on_with, begin, end),
        cmocka_unit_test_setup_teardown(test_an_entry_that_does_not_fit_is_named, begin, end),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}

/* Money is looked at from three sides: balances, which legs were added to; totals, which the steps were added to; and
 * the tallies of each account's periods. */
#include "exchange/ledger/account.h"
#include "exchange/ledger/report_parts.h"
#include "protocol/base/money.h"

bool report_is_money(enum book_table table)
{
    return table == BOOK_ACCOUNTS || table == BOOK_ACCOUNT_NAMES || table == BOOK_ACCOUNT_LINES ||
           table == BOOK_MOVES || table == BOOK_REFS || table == BOOK_SALES;
}

/* What a row is about: a number of an account, a sale, or nothing that can be looked for. */
struct about {
    uint32_t account;
    struct ident sale_id;
};

static bool is_about(const struct about *about, const struct move_record *move)
{
    if (!ident_is_none(&about->sale_id)) return ident_same(&about->sale_id, &move->sale_id);
    for (unsigned i = 0; i < move->legs_count; i++)
        if (move->legs[i].account == about->account) return true;
    return false;
}

/* The last movement there is of it. */
static enum fault last_move(struct store *scratch, struct MDB_txn *txn, const struct about *about, uint64_t *seq)
{
    struct store_cursor cursor;
    struct move_record move;
    enum fault fault = store_cursor_open(scratch, txn, BOOK_MOVES, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_last(&cursor); fault == FAULT_NONE && *seq == 0; fault = store_before(&cursor))
        if (cursor.key.len >= 8 && move_read(cursor.value, &move) && is_about(about, &move))
            *seq = store_read_key_u64(cursor.key.at);
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault find(struct store *scratch, struct MDB_txn *txn, enum book_table table, struct bytes key,
                       uint64_t *seq)
{
    struct about about = {0};
    struct bytes row;
    if (table == BOOK_MOVES && key.len >= 8) *seq = store_read_key_u64(key.at);
    if (table == BOOK_ACCOUNT_LINES && key.len >= 16) *seq = store_read_key_u64(key.at + 8);
    if (table == BOOK_ACCOUNT_NAMES && key.len == 4) about.account = store_read_key_u32(key.at);
    if (table == BOOK_SALES && key.len >= sizeof about.sale_id.at) memcpy(about.sale_id.at, key.at, 16);
    if (table == BOOK_ACCOUNTS || table == BOOK_REFS) {
        enum fault fault = store_get(scratch, txn, table, key, &row);
        if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
        if (table == BOOK_REFS) *seq = store_read_key_u64(row.at);
        if (table == BOOK_ACCOUNTS) about.account = store_read_value_u32(row.at + 8);
    }
    bool is_known = about.account || !ident_is_none(&about.sale_id);
    return *seq == 0 && is_known ? last_move(scratch, txn, &about, seq) : FAULT_NONE;
}

enum fault report_money_entry(struct store *scratch, enum book_table table, struct bytes key, uint64_t *seq)
{
    struct MDB_txn *txn;
    *seq = 0;
    enum fault fault = store_begin(scratch, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = find(scratch, txn, table, key, seq);
    store_abort(&txn);
    return fault;
}

/* --- sums --- */

struct sums {
    int64_t all, buyers, affiliates, house, cash;
    bool overflow;
};

static void add(void *arg, struct bytes account, int64_t micros)
{
    struct sums *sums = arg;
    int64_t *kind = bytes_starts(account, BYTES("buyer:"))       ? &sums->buyers
                    : bytes_starts(account, BYTES("affiliate:")) ? &sums->affiliates
                    : bytes_starts(account, BYTES("house:"))     ? &sums->house
                                                                 : &sums->cash;
    if (!money_add(sums->all, micros, &sums->all) || !money_add(*kind, micros, kind)) sums->overflow = true;
}

static int64_t wrapped(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* The last line of each period of an account, added up, account after account. */
static enum fault add_lines(struct store *book, struct MDB_txn *txn, int64_t *all, uint64_t *lines)
{
    struct store_cursor cursor;
    char before[8] = {0};
    int64_t period = 0;
    struct move_line line;
    enum fault fault = store_cursor_open(book, txn, BOOK_ACCOUNT_LINES, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor), ++*lines) {
        if (cursor.key.len != 17 || !move_read_line(cursor.value, &line)) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (memcmp(before, cursor.key.at, sizeof before) != 0) *all = wrapped(*all, period);
        memcpy(before, cursor.key.at, sizeof before);
        period = move_tally_sum(&line.tally);
    }
    store_cursor_close(&cursor);
    *all = wrapped(*all, period);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault report_money_sums(struct store *book, struct MDB_txn *txn, const struct rows_totals *totals,
                             const char **wrong)
{
    struct sums sums = {0};
    int64_t lines_sum = 0;
    uint64_t lines = 0;
    *wrong = NULL;
    enum fault fault = account_each(book, txn, add, &sums);
    if (fault == FAULT_NONE) fault = add_lines(book, txn, &lines_sum, &lines);
    if (fault != FAULT_NONE) return fault;
    bool add_up = sums.buyers == wrapped(totals->buyers_beside_micros, -totals->revenue_micros) &&
                  sums.affiliates == wrapped(totals->affiliates_beside_micros, totals->payout_micros) &&
                  sums.house == wrapped(totals->house_beside_micros, totals->margin_micros) &&
                  sums.cash == totals->cash_micros;
    if (!add_up) *wrong = "the accounts do not add up to the sales and what was booked beside them";
    if (lines_sum != 0) *wrong = "the lines of all accounts do not sum to 0";
    if (sums.overflow || sums.all != 0) *wrong = "the sum over all accounts is not 0: a balance was changed";
    return FAULT_NONE;
}

/* An account's lines stand under its number and period, each with the period's tally so far; so a balance anywhere is
 * what the periods before came to, and one tally. An affiliate's two accounts are walked side by side, and a movement
 * that is on both (a clearing) is one line. */
#include "exchange/ledger/statement.h"

#include "exchange/ledger/account.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/stakes.h"

#define MOVE_KEY 9u

static int64_t sum_of(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* --- which accounts --- */

static struct bytes join(struct arena *arena, struct bytes name, const char *part)
{
    size_t len = name.len + strlen(part);
    struct sink sink = sink_over(arena_take(arena, len), len);
    if (!sink.at) return BYTES_NONE;
    sink_bytes(&sink, name);
    sink_text(&sink, part);
    return sink_written(&sink);
}

static bool ends(struct bytes name, struct bytes part)
{
    return name.len > part.len && bytes_same(bytes_from(name, name.len - part.len), part);
}

static bool is_account(struct bytes name)
{
    if (bytes_same(name, BYTES("house:margin")) || bytes_same(name, BYTES("house:loss"))) return true;
    if (bytes_same(name, BYTES("external:cash"))) return true;
    if (bytes_starts(name, BYTES("buyer:"))) return name.len > sizeof "buyer:" - 1;
    return bytes_starts(name, BYTES("affiliate:")) &&
           (ends(name, BYTES(":uncleared")) || ends(name, BYTES(":cleared")));
}

static enum fault name_accounts(struct statement *statement, struct bytes who, struct arena *arena)
{
    if (who.len > ACCOUNT_NAME_MAX) return FAULT_INPUT;
    statement->who = arena_copy(arena, who);
    if (!statement->who.at) return FAULT_MEMORY;
    statement->accounts_count = 1;
    statement->accounts[0].name = statement->who;
    if (is_account(who)) return FAULT_NONE;
    if (!bytes_starts(who, BYTES("affiliate:")) || who.len == sizeof "affiliate:" - 1) return FAULT_INPUT;
    statement->accounts_count = 2;
    statement->accounts[0].name = join(arena, who, ":uncleared");
    statement->accounts[1].name = join(arena, who, ":cleared");
    return statement->accounts[0].name.at && statement->accounts[1].name.at ? FAULT_NONE : FAULT_MEMORY;
}

/* --- sums --- */

/* What the periods before came to, and this one's tally. */
static enum fault sum_account(struct store *book, struct MDB_txn *txn, uint32_t period,
                              struct statement_account *account)
{
    struct move_tally tally;
    uint32_t at = period + 1, found = 0;
    for (;;) {
        enum fault fault = account_line_before(book, txn, account->number, at, 0, 0, &found, &tally);
        if (fault == FAULT_NOT_FOUND) break;
        if (fault != FAULT_NONE) return fault;
        if (found == period)
            account->tally = tally;
        else
            account->opening_micros = sum_of(account->opening_micros, move_tally_sum(&tally));
        at = found;
    }
    account->closing_micros = sum_of(account->opening_micros, move_tally_sum(&account->tally));
    return FAULT_NONE;
}

static enum fault read_account(struct store *book, struct MDB_txn *txn, struct statement *statement, unsigned at)
{
    struct statement_account *account = &statement->accounts[at];
    struct account_touched row;
    enum fault fault = account_find(book, txn, account->name, &row);
    if (fault != FAULT_NONE) return fault;
    account->number = row.number;
    fault = sum_account(book, txn, statement->period, account);
    statement->opening_micros = sum_of(statement->opening_micros, account->opening_micros);
    statement->closing_micros = sum_of(statement->closing_micros, account->closing_micros);
    statement->tally.count += account->tally.count;
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++)
        statement->tally.micros[i] = sum_of(statement->tally.micros[i], account->tally.micros[i]);
    return fault;
}

enum fault statement_read(struct reader *reader, struct bytes who, uint32_t period, struct arena *arena,
                          struct statement *statement)
{
    struct MDB_txn *txn;
    struct rows_totals totals;
    struct chain head = {0};
    bool is_there = false;
    *statement = (struct statement){.period = period};
    enum fault fault = name_accounts(statement, who, arena);
    if (fault == FAULT_NONE) fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = rows_read_totals(reader->book, txn, &totals);
    if (fault == FAULT_NONE) fault = journal_read_head(reader->book, txn, &head);
    if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE;
    statement->is_closed = period <= totals.closed_period;
    statement->seq = head.seq;
    for (unsigned i = 0; i < statement->accounts_count && fault == FAULT_NONE; i++) {
        fault = read_account(reader->book, txn, statement, i);
        is_there |= fault == FAULT_NONE;
        if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE;
    }
    store_abort(&txn);
    return fault == FAULT_NONE && !is_there ? FAULT_NOT_FOUND : fault;
}

/* --- lines --- */

struct walk {
    struct store *book;
    struct MDB_txn *txn;
    struct arena *arena;
    const struct statement *statement;
    struct store_cursor cursors[STATEMENT_ACCOUNTS_MAX];
    bool stands[STATEMENT_ACCOUNTS_MAX]; /* on a line of its account */
    int64_t balances[STATEMENT_ACCOUNTS_MAX];
};

static struct statement_place place_of(struct bytes key)
{
    return (struct statement_place){store_read_key_u64(key.at + 8), (unsigned char)key.at[16]};
}

/* A cursor's line is of its account and period, and of the book as the statement saw it. */
static enum fault settle(struct walk *walk, unsigned at, enum fault moved)
{
    char key[ACCOUNT_LINE_KEY];
    const struct store_cursor *cursor = &walk->cursors[at];
    account_line_key(key, walk->statement->accounts[at].number, walk->statement->period, 0, 0);
    walk->stands[at] = moved == FAULT_NONE && cursor->key.len == ACCOUNT_LINE_KEY &&
                       memcmp(cursor->key.at, key, 8) == 0 && place_of(cursor->key).seq <= walk->statement->seq;
    return moved == FAULT_NOT_FOUND ? FAULT_NONE : moved;
}

static enum fault open_walk(struct walk *walk, const struct statement_place *after)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < walk->statement->accounts_count && fault == FAULT_NONE; i++) {
        const struct statement_account *account = &walk->statement->accounts[i];
        char key[ACCOUNT_LINE_KEY];
        struct move_tally tally;
        uint32_t period = 0;
        walk->balances[i] = account->opening_micros;
        if (account->number == 0) continue;
        fault = account_line_before(walk->book, walk->txn, account->number, walk->statement->period, after->seq,
                                    after->n + 1, &period, &tally);
        if (fault == FAULT_NONE && period == walk->statement->period)
            walk->balances[i] = sum_of(account->opening_micros, move_tally_sum(&tally));
        if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE;
        account_line_key(key, account->number, walk->statement->period, after->seq, after->n + 1);
        if (fault == FAULT_NONE)
            fault = store_cursor_open(walk->book, walk->txn, BOOK_ACCOUNT_LINES, &walk->cursors[i]);
        if (fault == FAULT_NONE)
            fault = settle(walk, i, store_seek(&walk->cursors[i], (struct bytes){key, sizeof key}));
    }
    return fault;
}

/* What is told of the movement beside the account: copied, for the row may move away. */
static enum fault tell_move(struct walk *walk, struct statement_line *line)
{
    char key[MOVE_KEY];
    struct bytes row;
    store_key_u64(key, line->place.seq);
    key[8] = (char)line->place.n;
    enum fault fault = store_get(walk->book, walk->txn, BOOK_MOVES, (struct bytes){key, sizeof key}, &row);
    if (fault == FAULT_NONE) row = arena_copy(walk->arena, row);
    if (fault == FAULT_NONE && !row.at) return FAULT_MEMORY;
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    if (!move_read(row, &line->move)) return FAULT_CORRUPT;
    line->has_sale = !ident_is_none(&line->move.sale_id);
    if (!line->has_sale) return FAULT_NONE;
    fault = account_sale(walk->book, walk->txn, &line->move.sale_id, walk->arena, &line->sale);
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

static bool is_before(const struct statement_place *a, const struct statement_place *b)
{
    return a->seq != b->seq ? a->seq < b->seq : a->n < b->n;
}

/* The earliest place a cursor stands on; false: none stands. */
static bool next_place(const struct walk *walk, struct statement_place *next)
{
    bool found = false;
    for (unsigned i = 0; i < walk->statement->accounts_count; i++) {
        if (!walk->stands[i]) continue;
        struct statement_place place = place_of(walk->cursors[i].key);
        if (!found || is_before(&place, next)) *next = place;
        found = true;
    }
    return found;
}

static enum fault take_line(struct walk *walk, const struct statement_place *place, struct statement_line *line)
{
    *line = (struct statement_line){.place = *place};
    for (unsigned i = 0; i < walk->statement->accounts_count; i++) {
        struct move_line row;
        struct statement_place here = walk->stands[i] ? place_of(walk->cursors[i].key) : (struct statement_place){0};
        if (walk->stands[i] && !is_before(place, &here)) {
            if (!move_read_line(walk->cursors[i].value, &row)) return FAULT_CORRUPT;
            line->micros[i] = row.micros;
            walk->balances[i] = sum_of(walk->balances[i], row.micros);
            enum fault fault = settle(walk, i, store_next(&walk->cursors[i]));
            if (fault != FAULT_NONE) return fault;
        }
        line->balance_micros = sum_of(line->balance_micros, walk->balances[i]);
    }
    return tell_move(walk, line);
}

enum fault statement_lines(struct reader *reader, const struct statement *statement,
                           const struct statement_place *after, struct arena *arena, struct statement_line *lines,
                           uint32_t max, uint32_t *count)
{
    struct walk walk = {.book = reader->book, .arena = arena, .statement = statement};
    struct statement_place next;
    *count = 0;
    enum fault fault = store_begin(reader->book, false, &walk.txn);
    if (fault != FAULT_NONE) return fault;
    fault = open_walk(&walk, after);
    while (fault == FAULT_NONE && *count < max && next_place(&walk, &next)) {
        fault = take_line(&walk, &next, &lines[*count]);
        if (fault == FAULT_NONE) ++*count;
    }
    for (unsigned i = 0; i < STATEMENT_ACCOUNTS_MAX; i++) store_cursor_close(&walk.cursors[i]);
    store_abort(&walk.txn);
    return fault;
}

/* --- all accounts --- */

static enum fault held_of(struct store *book, struct MDB_txn *txn, struct bytes name, int64_t *held_micros)
{
    struct bytes row;
    *held_micros = 0;
    enum fault fault = store_get(book, txn, BOOK_HOLDS, name, &row);
    if (fault == FAULT_NONE && row.len != 8) return FAULT_CORRUPT;
    if (fault == FAULT_NONE) *held_micros = (int64_t)store_read_value_u64(row.at);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* What is held of a buyer for whom nothing was booked yet stands beside no account and is not told; its post's end
 * tells it. */
static enum fault list_balances(struct store *book, struct MDB_txn *txn, struct bytes after, struct arena *arena,
                                struct statement_balance *list, uint32_t max, uint32_t *count)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(book, txn, BOOK_ACCOUNTS, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, after);
    if (fault == FAULT_NONE && after.len && bytes_same(cursor.key, after)) fault = store_next(&cursor);
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        struct statement_balance *one = &list[(*count)++];
        *one = (struct statement_balance){.name = arena_copy(arena, cursor.key)};
        if (cursor.value.len < 8) fault = FAULT_CORRUPT;
        if (fault == FAULT_NONE && !one->name.at) fault = FAULT_MEMORY;
        if (fault == FAULT_NONE) one->balance_micros = (int64_t)store_read_value_u64(cursor.value.at);
        if (fault == FAULT_NONE) fault = held_of(book, txn, one->name, &one->held_micros);
        if (fault != FAULT_NONE) break;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault statement_balances(struct reader *reader, struct bytes *after, struct arena *arena,
                              struct statement_balance *list, uint32_t max, uint32_t *count)
{
    struct MDB_txn *txn;
    *count = 0;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = list_balances(reader->book, txn, *after, arena, list, max, count);
    store_abort(&txn);
    *after = fault == FAULT_NONE && *count == max ? list[max - 1].name : BYTES_NONE;
    return fault;
}

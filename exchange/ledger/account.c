/* Legs are gathered by account, so that a balance is looked up and written once an entry however many movements it has;
 * the lines of an account are written movement by movement, each with the tally so far.
 *
 * An account's row keeps the tally of the latest period it was moved in. A movement that stands in an earlier one (an
 * adjustment dated back) goes on from that period's last line instead. */
#include "exchange/ledger/account_parts.h"

#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define ROW_HEAD 16u
#define TALLY_ROOM 160u
#define MOVE_KEY_BYTES 9u
#define MOVE_ROOM 256u /* beside its texts */

enum fault account_refuse(struct account_book *book, const char *why)
{
    book->why = why;
    return FAULT_INPUT;
}

enum fault account_begin(struct account_book *book, const struct rows_work *work, unsigned moves_max)
{
    struct arena *arena = work->arena;
    check(moves_max <= UINT8_MAX, "%u movements", moves_max);
    *book = (struct account_book){.store = work->store,
                                  .txn = work->txn,
                                  .arena = arena,
                                  .entry = work->entry,
                                  .totals = work->totals,
                                  .told = work->refusal,
                                  .why = "",
                                  .room = moves_max};
    book->touched = arena_take(arena, moves_max * MOVE_LEGS_MAX * sizeof *book->touched);
    book->moves = arena_take(arena, moves_max * sizeof *book->moves);
    book->sales = arena_take(arena, moves_max * sizeof *book->sales);
    book->is_new_sale = arena_take(arena, moves_max * sizeof *book->is_new_sale);
    return book->touched && book->moves && book->sales && book->is_new_sale ? FAULT_NONE : FAULT_MEMORY;
}

/* --- a movement --- */

struct move_record *account_next(struct account_book *book, enum move_kind kind, int64_t effective_ms)
{
    if (book->moves_count == book->room) return NULL;
    struct move_record *move = &book->moves[book->moves_count];
    *move = (struct move_record){.kind = kind, .booked_ms = book->entry->wall_ms, .effective_ms = effective_ms};
    return move;
}

static bool read_row(struct bytes row, struct account_touched *account)
{
    if (row.len < ROW_HEAD) return false;
    account->before_micros = account->balance_micros = (int64_t)store_read_value_u64(row.at);
    account->number = store_read_value_u32(row.at + 8);
    account->period = store_read_value_u32(row.at + 12);
    return move_read_tally(bytes_from(row, ROW_HEAD), &account->tally);
}

static enum fault touch(struct account_book *book, struct bytes name, uint32_t *at)
{
    for (*at = 0; *at < book->touched_count; ++*at)
        if (bytes_same(book->touched[*at].name, name)) return FAULT_NONE;
    struct account_touched *account = &book->touched[*at];
    enum fault fault = account_find(book->store, book->txn, name, account);
    if (fault == FAULT_NOT_FOUND) {
        account->is_new = true;
        account->number = (uint32_t)++book->totals->accounts;
    } else if (fault != FAULT_NONE) {
        return fault;
    }
    book->touched_count++;
    return FAULT_NONE;
}

/* An account has one leg in a movement, whatever it is moved for. */
static int64_t *leg_of(struct move_record *move, uint32_t account)
{
    for (unsigned i = 0; i < move->legs_count; i++)
        if (move->legs[i].account == account) return &move->legs[i].micros;
    check(move->legs_count < MOVE_LEGS_MAX, "%u legs", move->legs_count);
    move->legs[move->legs_count] = (struct move_leg){.account = account};
    return &move->legs[move->legs_count++].micros;
}

enum fault account_leg(struct account_book *book, struct move_record *move, const struct bytes name[3], int64_t micros)
{
    if (micros == 0) return FAULT_NONE;
    size_t len = name[0].len + name[1].len + name[2].len;
    if (len > ACCOUNT_NAME_MAX) return account_refuse(book, "the name of an account is too long");
    struct sink sink = sink_over(arena_take(book->arena, len), len);
    if (!sink.at) return FAULT_MEMORY;
    for (unsigned i = 0; i < 3; i++) sink_bytes(&sink, name[i]);
    uint32_t account;
    enum fault fault = touch(book, sink_written(&sink), &account);
    if (fault != FAULT_NONE) return fault;
    int64_t *balance = &book->touched[account].balance_micros, *leg = leg_of(move, account);
    if (!money_add(*balance, micros, balance) || !money_add(*leg, micros, leg))
        return account_refuse(book, "a balance would overflow");
    return FAULT_NONE;
}

void account_land(const struct account_book *book, struct move_record *move, uint32_t natural)
{
    uint32_t closed = (uint32_t)book->totals->closed_period, current = book->entry->period;
    if (current <= closed) current = period_after(closed); /* the clock went back */
    move->period = natural > closed && natural < current ? natural : current;
    move->of_period = move->period == natural ? PERIOD_NONE : natural;
}

static struct bytes ref_key(char memory[MOVE_REF_MAX + 1], enum account_refs whose, struct bytes ref)
{
    memory[0] = (char)whose;
    memcpy(memory + 1, ref.at, ref.len);
    return (struct bytes){memory, ref.len + 1};
}

static enum account_refs refs_of(enum move_kind kind)
{
    if (kind == MOVE_RETURN || kind == MOVE_VOID) return REFS_RETURNS;
    return kind == MOVE_EVENT ? REFS_EVENTS : REFS_ADJUSTMENTS;
}

enum fault account_refer(struct account_book *book, struct move_record *move, enum account_refs whose, struct bytes ref,
                         struct bytes note)
{
    char key[MOVE_REF_MAX + 1];
    struct bytes unused;
    if (ref.len > MOVE_REF_MAX || note.len > MOVE_NOTE_MAX) return account_refuse(book, "a ref or note is too long");
    move->ref = ref;
    move->note = note;
    if (ref.len == 0) return FAULT_NONE;
    for (unsigned i = 0; i < book->moves_count; i++)
        if (refs_of(book->moves[i].kind) == whose && bytes_same(book->moves[i].ref, ref))
            return account_refuse(book, "the ref was used before");
    enum fault fault = store_get(book->store, book->txn, BOOK_REFS, ref_key(key, whose, ref), &unused);
    if (fault == FAULT_NONE) return account_refuse(book, "the ref was used before");
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

bool account_ref_is_used(struct store *store, struct MDB_txn *txn, struct bytes ref)
{
    char key[MOVE_REF_MAX + 1];
    struct bytes unused;
    if (ref.len > MOVE_REF_MAX) return false;
    return store_get(store, txn, BOOK_REFS, ref_key(key, REFS_ADJUSTMENTS, ref), &unused) == FAULT_NONE;
}

/* Legs that came to nothing are none. */
enum fault account_close(struct account_book *book, struct move_record *move)
{
    int64_t sum = 0;
    unsigned kept = 0;
    for (unsigned i = 0; i < move->legs_count; i++) {
        if (!money_add(sum, move->legs[i].micros, &sum)) return account_refuse(book, "the money overflows");
        if (move->legs[i].micros) move->legs[kept++] = move->legs[i];
    }
    move->legs_count = kept;
    if (sum != 0) return account_refuse(book, "the money does not balance");
    book->moves_count++;
    return FAULT_NONE;
}

/* --- written --- */

void account_line_key(char key[ACCOUNT_LINE_KEY], uint32_t number, uint32_t period, uint64_t seq, unsigned n)
{
    store_key_u32(key, number);
    store_key_u32(key + 4, period);
    store_key_u64(key + 8, seq);
    key[16] = (char)n;
}

enum fault account_line_before(struct store *store, struct MDB_txn *txn, uint32_t number, uint32_t period, uint64_t seq,
                               unsigned n, uint32_t *of_period, struct move_tally *tally)
{
    char key[ACCOUNT_LINE_KEY];
    struct store_cursor cursor;
    struct move_line line = {0};
    account_line_key(key, number, period, seq, n);
    enum fault fault = store_cursor_open(store, txn, BOOK_ACCOUNT_LINES, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, (struct bytes){key, ACCOUNT_LINE_KEY});
    fault = fault == FAULT_NOT_FOUND ? store_last(&cursor) : fault == FAULT_NONE ? store_before(&cursor) : fault;
    bool is_its = fault == FAULT_NONE && cursor.key.len == ACCOUNT_LINE_KEY && memcmp(cursor.key.at, key, 4) == 0;
    if (fault == FAULT_NONE && !is_its) fault = FAULT_NOT_FOUND;
    if (is_its) *of_period = store_read_key_u32(cursor.key.at + 4);
    if (is_its && !move_read_line(cursor.value, &line)) fault = FAULT_CORRUPT;
    store_cursor_close(&cursor);
    *tally = line.tally;
    return fault;
}

/* As that period's last line left it. */
static enum fault earlier_tally(struct account_book *book, uint32_t number, uint32_t period, struct move_tally *tally)
{
    uint32_t of_period = 0;
    enum fault fault = account_line_before(book->store, book->txn, number, period + 1, 0, 0, &of_period, tally);
    if (fault == FAULT_NONE && of_period == period) return FAULT_NONE;
    *tally = (struct move_tally){0};
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault write_line(struct account_book *book, unsigned n, const struct move_leg *leg)
{
    const struct move_record *move = &book->moves[n];
    struct account_touched *account = &book->touched[leg->account];
    struct move_line line = {.micros = leg->micros};
    char key[ACCOUNT_LINE_KEY], value[TALLY_ROOM];
    enum fault fault = FAULT_NONE;
    if (move->period < account->period) {
        fault = earlier_tally(book, account->number, move->period, &line.tally);
        if (fault != FAULT_NONE) return fault;
        move_tally_add(&line.tally, move->kind, leg->micros);
    } else {
        if (move->period > account->period) account->tally = (struct move_tally){0};
        account->period = move->period;
        move_tally_add(&account->tally, move->kind, leg->micros);
        line.tally = account->tally;
    }
    account_line_key(key, account->number, move->period, book->entry->seq, n);
    struct sink sink = sink_over(value, sizeof value);
    check(move_write_line(&sink, &line));
    return store_put(book->store, book->txn, BOOK_ACCOUNT_LINES, (struct bytes){key, sizeof key}, sink_written(&sink));
}

static void wrap_add(int64_t *sum, int64_t micros)
{
    *sum = (int64_t)((uint64_t)*sum + (uint64_t)micros);
}

static void count(struct rows_totals *totals, struct bytes name, int64_t micros)
{
    int64_t *sum = bytes_starts(name, BYTES("buyer:"))       ? &totals->buyers_beside_micros
                   : bytes_starts(name, BYTES("affiliate:")) ? &totals->affiliates_beside_micros
                   : bytes_starts(name, BYTES("house:"))     ? &totals->house_beside_micros
                                                             : &totals->cash_micros;
    wrap_add(sum, micros);
}

static enum fault write_move(struct account_book *book, unsigned n)
{
    struct move_record *move = &book->moves[n];
    char at[MOVE_KEY_BYTES], key[MOVE_REF_MAX + 1], memory[MOVE_ROOM + MOVE_REF_MAX + MOVE_NOTE_MAX];
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < move->legs_count && fault == FAULT_NONE; i++) {
        struct account_touched *account = &book->touched[move->legs[i].account];
        if (move->kind != MOVE_SALE) count(book->totals, account->name, move->legs[i].micros);
        if (bytes_starts(account->name, BYTES("buyer:")))
            rows_tell_funds(book->told, bytes_from(account->name, sizeof "buyer:" - 1), move->legs[i].micros);
        fault = write_line(book, n, &move->legs[i]);
        move->legs[i].account = account->number;
    }
    if (fault != FAULT_NONE) return fault;
    store_key_u64(at, book->entry->seq);
    at[8] = (char)n;
    struct sink sink = sink_over(memory, sizeof memory);
    check(move_write(&sink, move));
    fault = store_put(book->store, book->txn, BOOK_MOVES, (struct bytes){at, sizeof at}, sink_written(&sink));
    if (fault != FAULT_NONE || move->ref.len == 0) return fault;
    return store_put(book->store, book->txn, BOOK_REFS, ref_key(key, refs_of(move->kind), move->ref),
                     (struct bytes){at, sizeof at});
}

static enum fault write_account(struct account_book *book, const struct account_touched *account)
{
    char value[ROW_HEAD + TALLY_ROOM], number[4];
    store_value_u64(value, (uint64_t)account->balance_micros);
    store_value_u32(value + 8, account->number);
    store_value_u32(value + 12, account->period);
    struct sink sink = sink_over(value + ROW_HEAD, TALLY_ROOM);
    check(move_write_tally(&sink, &account->tally));
    enum fault fault = store_put(book->store, book->txn, BOOK_ACCOUNTS, account->name,
                                 (struct bytes){value, ROW_HEAD + sink.len});
    if (fault != FAULT_NONE || !account->is_new) return fault;
    store_key_u32(number, account->number);
    return store_put(book->store, book->txn, BOOK_ACCOUNT_NAMES, (struct bytes){number, sizeof number}, account->name);
}

enum fault account_write(struct account_book *book)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < book->moves_count && fault == FAULT_NONE; i++) fault = write_move(book, i);
    for (unsigned i = 0; i < book->touched_count && fault == FAULT_NONE; i++)
        fault = write_account(book, &book->touched[i]);
    for (unsigned i = 0; i < book->sales_count && fault == FAULT_NONE; i++) {
        fault = account_put_sale(book->store, book->txn, book->arena, &book->sales[i], book->is_new_sale[i]);
        if (fault == FAULT_NONE) fault = account_set_due(book, &book->sales[i]);
    }
    return fault;
}

/* --- read --- */

enum fault account_find(struct store *store, struct MDB_txn *txn, struct bytes name, struct account_touched *account)
{
    struct bytes row;
    *account = (struct account_touched){.name = name};
    enum fault fault = store_get(store, txn, BOOK_ACCOUNTS, name, &row);
    if (fault != FAULT_NONE) return fault;
    return read_row(row, account) ? FAULT_NONE : FAULT_CORRUPT;
}

enum fault account_balance(struct store *store, struct MDB_txn *txn, struct bytes name, int64_t *balance_micros)
{
    struct account_touched account;
    enum fault fault = account_find(store, txn, name, &account);
    *balance_micros = fault == FAULT_NONE ? account.balance_micros : 0;
    return fault;
}

enum fault account_each(struct store *store, struct MDB_txn *txn,
                        void (*fn)(void *arg, struct bytes account, int64_t micros), void *arg)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, BOOK_ACCOUNTS, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) {
        if (cursor.value.len < 8) { /* the balance is first in books of any version */
            fault = FAULT_CORRUPT;
            break;
        }
        fn(arg, cursor.key, (int64_t)store_read_value_u64(cursor.value.at));
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

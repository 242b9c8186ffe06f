/* What an operator books by hand: one account against the world outside, or against the house. */
#include "exchange/ledger/account_parts.h"

#define TO(sign, other)                                                                                                \
    {                                                                                                                  \
        sign, other                                                                                                    \
    }

/* What the amount does to the account, and where the other leg stands; CLEAR is between an affiliate's own. */
static const struct {
    int sign; /* 0: not by hand */
    const char *other;
} hands[MOVE_KIND_COUNT] = {
    [MOVE_PAYMENT] = TO(1, "external:cash"), [MOVE_PAYOUT] = TO(-1, "external:cash"),
    [MOVE_CREDIT] = TO(1, "house:margin"),   [MOVE_DEBIT] = TO(-1, "house:margin"),
    [MOVE_LOSS] = TO(1, "house:loss"),       [MOVE_CLEAR] = TO(1, ":uncleared"),
};

static bool is_affiliate(struct bytes account)
{
    return bytes_starts(account, BYTES("affiliate:"));
}

static enum fault check_uncleared(struct account_book *book, const struct book_adjustment *adjustment)
{
    char name[ACCOUNT_NAME_MAX];
    int64_t balance;
    struct sink sink = sink_over(name, sizeof name);
    if (!is_affiliate(adjustment->account)) return account_refuse(book, "only an affiliate's account clears");
    sink_bytes(&sink, adjustment->account);
    sink_text(&sink, ":uncleared");
    if (sink.cut) return account_refuse(book, "the name of an account is too long");
    enum fault fault = account_balance(book->store, book->txn, sink_written(&sink), &balance);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    return adjustment->amount_micros <= balance ? FAULT_NONE : account_refuse(book, "more than stands uncleared");
}

static enum fault check_adjustment(struct account_book *book, const struct book_adjustment *adjustment)
{
    bool is_by_hand = adjustment->kind < MOVE_KIND_COUNT && hands[adjustment->kind].sign != 0;
    bool is_party = is_affiliate(adjustment->account) || bytes_starts(adjustment->account, BYTES("buyer:"));
    if (!is_by_hand) return account_refuse(book, "that kind is not booked by hand");
    if (!is_party) return account_refuse(book, "the account is neither a buyer's nor an affiliate's");
    if (adjustment->amount_micros <= 0) return account_refuse(book, "the amount is not above 0");
    if (adjustment->ref.len == 0) return account_refuse(book, "it has no ref");
    if (adjustment->effective_ms > book->entry->wall_ms) return account_refuse(book, "it takes effect later than now");
    return adjustment->kind == MOVE_CLEAR ? check_uncleared(book, adjustment) : FAULT_NONE;
}

enum fault account_add_adjustment(struct account_book *book, const struct book_adjustment *adjustment)
{
    struct move_record *move = account_next(book, adjustment->kind, adjustment->effective_ms);
    if (!move) return account_refuse(book, "more movements than an entry has");
    enum fault fault = check_adjustment(book, adjustment);
    if (fault == FAULT_NONE) fault = account_refer(book, move, REFS_ADJUSTMENTS, adjustment->ref, adjustment->note);
    if (fault != FAULT_NONE) return fault;
    int64_t micros = hands[adjustment->kind].sign * adjustment->amount_micros;
    struct bytes other = bytes_of(hands[adjustment->kind].other);
    bool is_own = adjustment->kind == MOVE_CLEAR;
    const struct bytes name[3] = {adjustment->account,
                                  is_affiliate(adjustment->account) ? BYTES(":cleared") : BYTES_NONE, BYTES_NONE};
    const struct bytes other_name[3] = {is_own ? adjustment->account : BYTES_NONE, other, BYTES_NONE};
    fault = account_leg(book, move, name, micros);
    if (fault == FAULT_NONE) fault = account_leg(book, move, other_name, -micros);
    if (fault != FAULT_NONE) return fault;
    account_land(book, move, adjustment->effective_period ? adjustment->effective_period : book->entry->period);
    return account_close(book, move);
}

/* Changes, not balances: a worker takes from the same words meanwhile, and neither may undo what the other did. */
#include "exchange/ledger/news.h"

#include <stdlib.h>

#include "exchange/base/log.h"
#include "protocol/base/money.h"

#define ROOM_FIRST 256u
#define AMOUNT_BYTES 40u

static bool reach(void **list, unsigned *room, unsigned count, size_t size)
{
    if (count < *room) return true;
    unsigned wider = *room ? *room * 2 : ROOM_FIRST;
    void *grown = realloc(*list, wider * size);
    if (!grown) return false;
    *list = grown;
    *room = wider;
    return true;
}

void news_begin(struct news *news)
{
    news->learned_count = news->funds_count = news->lows_count = news->caps_count = 0;
}

static bool note_learned(struct news *news, struct standing *standing, const struct learning *learning, bool of_kept)
{
    if (!learning->contract.len) return true;
    uint32_t cell = standing_contract_cell(standing, learning->contract);
    void **list = (void **)&news->learned;
    if (cell == STANDING_NONE || !reach(list, &news->learned_room, news->learned_count, sizeof *news->learned))
        return false;
    news->learned[news->learned_count++] = (struct news_learned){cell, learning->word, of_kept};
    return true;
}

static bool note_funds(struct news *news, struct standing *standing, const struct rows_funds *funds)
{
    uint32_t cell = standing_buyer_cell(standing, funds->buyer);
    void **list = (void **)&news->funds;
    if (cell == STANDING_NONE || !reach(list, &news->funds_room, news->funds_count, sizeof *news->funds)) return false;
    news->funds[news->funds_count++] = (struct news_funds){cell, funds->micros};
    return true;
}

static bool note_cap(struct news *news, struct standing *standing, const struct book_cap_key *given)
{
    struct cap_key key = {.window = given->window, .amount = given->amount, .stay = (enum cap_stay)given->stay};
    void **list = (void **)&news->caps;
    memcpy(key.id.at, given->id, sizeof given->id);
    key.cell = standing_cap_cell(standing, &key.id);
    if (key.cell == STANDING_NONE || !reach(list, &news->caps_room, news->caps_count, sizeof *news->caps)) return false;
    news->caps[news->caps_count++] = key;
    return true;
}

static bool note_low(struct news *news, const struct rows_low *told)
{
    void **list = (void **)&news->lows;
    if (!reach(list, &news->lows_room, news->lows_count, sizeof *news->lows)) return false;
    struct news_low *low = &news->lows[news->lows_count++];
    struct bytes buyer = bytes_first(told->buyer, sizeof low->buyer);
    *low = (struct news_low){.buyer_len = buyer.len, .balance_micros = told->balance_micros};
    memcpy(low->buyer, buyer.at, buyer.len);
    return true;
}

enum fault news_note(struct news *news, struct standing *standing, const struct rows_refusal *told)
{
    bool noted = true;
    if (!standing) return FAULT_NONE;
    for (unsigned i = 0; i < OFFER_SALES_MAX && noted; i++)
        noted = note_learned(news, standing, &told->learning[i], false) &&
                note_learned(news, standing, &told->kept[i], true);
    for (unsigned i = 0; i < told->funds_count && noted; i++) noted = note_funds(news, standing, &told->funds[i]);
    for (unsigned i = 0; i < told->given_back_count && noted; i++)
        noted = note_cap(news, standing, &told->given_back[i]);
    for (unsigned i = 0; i < told->lows_count && noted; i++) noted = note_low(news, &told->lows[i]);
    return noted ? FAULT_NONE : FAULT_MEMORY;
}

static void tell_low(const struct news_low *low)
{
    char buyer[HEARER_ID_MAX + 1], balance[AMOUNT_BYTES];
    struct sink name = sink_over(buyer, sizeof buyer - 1), amount = sink_over(balance, sizeof balance - 1);
    sink_bytes(&name, (struct bytes){low->buyer, low->buyer_len});
    money_write(&amount, low->balance_micros);
    buyer[name.len] = balance[amount.len] = '\0';
    log_line(LOG_WARN, "buyer.low_balance", "buyer", buyer, "balance", balance, NULL);
}

unsigned news_publish(const struct news *news, struct standing *standing)
{
    for (unsigned i = 0; i < news->learned_count; i++)
        (news->learned[i].of_kept ? learned_publish_kept : learned_publish)(standing, news->learned[i].cell,
                                                                            news->learned[i].word);
    if (news->caps_count) caps_give_back(standing, news->caps, news->caps_count);
    for (unsigned i = 0; i < news->funds_count; i++) funds_change(standing, news->funds[i].cell, news->funds[i].micros);
    for (unsigned i = 0; i < news->lows_count; i++) tell_low(&news->lows[i]);
    return news->lows_count;
}

void news_free(struct news *news)
{
    free(news->learned);
    free(news->funds);
    free(news->caps);
    free(news->lows);
}

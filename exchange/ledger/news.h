/* news: what a batch of entries changes in standing state: what is learned of contracts, what buyers have left. Noted
 * entry by entry, published once the batch is on disk, before anybody hears of it; forgotten if it does not get there.
 * For this room only; ledger thread. */
#pragma once

#include "exchange/ledger/rows.h"
#include "exchange/record/event.h"
#include "exchange/standing/standing.h"

struct news_learned {
    uint32_t cell;
    uint64_t word;
    bool of_kept; /* of its sales, else of its posts */
};

struct news_funds {
    uint32_t cell;
    int64_t micros;
};

struct news_low {
    char buyer[HEARER_ID_MAX];
    size_t buyer_len;
    int64_t balance_micros;
};

struct news {
    struct news_learned *learned;
    struct news_funds *funds;
    struct cap_key *caps;  /* room that returned sales give back */
    struct news_low *lows; /* for operators: a line in the log each */
    unsigned learned_count, learned_room, funds_count, funds_room, lows_count, lows_room, caps_count,
        caps_room; /* rooms grow to the largest batch there was */
};

void news_begin(struct news *news);
/* `standing` NULL: not restored into any, and nothing is noted. FAULT_MEMORY: then the batch cannot be written, for a
 * buyer's money would be wrong until the next start. */
enum fault news_note(struct news *news, struct standing *standing, const struct rows_refusal *told) MUST_USE;
/* Returns how many buyers have little left. */
unsigned news_publish(const struct news *news, struct standing *standing);
void news_free(struct news *news);

/* rehearsal: a test lead's auction (docs/api.md, "Test leads"): what it is to come to, who is asked in the place of
 * real buyers, and what the built-in test buyers say. Pure.
 *
 * Every campaign has REHEARSAL_BUYERS built-in contracts, `test:<campaign>:1` and so on, of the buyers `test:1`, …; the
 * colon keeps them apart from all ids of the operator's. They stand behind the last contract and buyer of a catalogue,
 * so whoever goes through its contracts never meets them. Their calls never leave the process. */
#pragma once

#include "exchange/market/match.h"
#include "exchange/market/price.h"
#include "protocol/message/bid.h"
#include "protocol/message/verdict.h"

#define REHEARSAL_BUYERS 3u
#define REHEARSAL_FIELD "test_outcome" /* of the lead */

/* Stored: append only. */
enum rehearsal {
    REHEARSAL_NONE,  /* no test */
    REHEARSAL_PLAIN, /* a test without a forced outcome */
    REHEARSAL_SOLD,
    REHEARSAL_NO_BID,
    REHEARSAL_LOW_BID,
    REHEARSAL_REJECTED_THEN_SOLD,
    REHEARSAL_UNSOLD,
    REHEARSAL_TIMEOUT,
    REHEARSAL_PENDING,
    REHEARSAL_DUPLICATE,
    REHEARSAL_COUNT
};

/* "rejected_then_sold"; NONE: there is no such outcome. */
enum rehearsal rehearsal_find(struct bytes name);
/* It ends before an offer, so a post cannot be forced to it. */
bool rehearsal_is_of_ping(enum rehearsal rehearsal);

/* A contract of a built-in test buyer. */
static inline bool rehearsal_is_built_in(const struct catalogue *catalogue, const struct contract *contract)
{
    return contract->index >= catalogue->contracts_count;
}

/* Answered inside the exchange: a post to an inbox, which is taken at once, and a test, where the contract has no test
 * endpoints; a forced outcome is never left to others. */
static inline bool rehearsal_is_inside(const struct catalogue *catalogue, const struct contract *contract,
                                       enum rehearsal rehearsal)
{
    return contract->is_inbox || rehearsal > REHEARSAL_PLAIN ||
           (rehearsal && rehearsal_is_built_in(catalogue, contract));
}

/* Casts the parts anew after match_run: real contracts are out (test_lead), but for those with test endpoints of their
 * own, whose availability is not looked at. Where there is none, or the outcome is forced, the built-in test buyers
 * come in. False: memory is out. */
bool rehearsal_cast(const struct catalogue *catalogue, const struct campaign *campaign, enum rehearsal rehearsal,
                    struct arena *arena, struct match *match);
/* What the built-in buyers bid: enough for the floor after margin; too little where that is to be shown. */
int64_t rehearsal_price(const struct price_parties *parties, enum rehearsal rehearsal, int64_t floor_micros);

/* What a built-in test buyer says. */
struct rehearsal_line {
    bool silent;            /* nothing, until the caller's deadline */
    enum reason reason;     /* of a ping: NONE or NO_BID */
    struct bid bid;         /* of a ping with NONE */
    struct verdict verdict; /* of a post */
};
void rehearsal_bid(enum rehearsal rehearsal, int64_t price_micros, struct rehearsal_line *line);
/* `attempt`: how many posts of this lead went before. NONE: an inbox, which accepts. */
void rehearsal_verdict(enum rehearsal rehearsal, unsigned attempt, struct rehearsal_line *line);

/* One script for all test buyers of a lead: they bid alike, so whoever is posted to first is the best, and what is said
 * follows from the outcome and the number of posts alone. */
#include "exchange/market/rehearsal.h"

#include "exchange/market/acceptance.h"
#include "protocol/base/money.h"

#define PRICE_MICROS (10 * MONEY_UNIT)
#define LOW_PRICE_MICROS 1 /* below every payout_step: nothing is left for the affiliate */

static const char *const names[REHEARSAL_COUNT] = {
    [REHEARSAL_SOLD] = "sold",       [REHEARSAL_NO_BID] = "no_bid",
    [REHEARSAL_LOW_BID] = "low_bid", [REHEARSAL_REJECTED_THEN_SOLD] = "rejected_then_sold",
    [REHEARSAL_UNSOLD] = "unsold",   [REHEARSAL_TIMEOUT] = "timeout",
    [REHEARSAL_PENDING] = "pending", [REHEARSAL_DUPLICATE] = "duplicate",
};

enum rehearsal rehearsal_find(struct bytes name)
{
    for (unsigned i = REHEARSAL_SOLD; i < REHEARSAL_COUNT; i++)
        if (bytes_is(name, names[i])) return (enum rehearsal)i;
    return REHEARSAL_NONE;
}

bool rehearsal_is_of_ping(enum rehearsal rehearsal)
{
    return rehearsal == REHEARSAL_NO_BID || rehearsal == REHEARSAL_LOW_BID;
}

/* Standing says nothing of a test. */
static const struct availability_view blank = {.cap_full = -1, .seats_free = INT64_MAX, .accepted_ppm = ACCEPTANCE_ONE};

static void cast_real(struct match *match, struct match_entry *entry, bool is_forced)
{
    bool has_part = !is_forced && contract_takes_tests(entry->contract);
    if (entry->reason != REASON_NONE) match->counts[entry->reason]--;
    entry->view = blank;
    entry->reason = has_part ? REASON_NONE : REASON_TEST_LEAD;
    if (!has_part) match->counts[REASON_TEST_LEAD]++;
    match->askable += has_part;
}

bool rehearsal_cast(const struct catalogue *catalogue, const struct campaign *campaign, enum rehearsal rehearsal,
                    struct arena *arena, struct match *match)
{
    uint32_t count = match->entries_count;
    struct match_entry *entries = arena_zero(arena, count + REHEARSAL_BUYERS, sizeof *entries);
    if (!entries) return false;
    if (count) memcpy(entries, match->entries, count * sizeof *entries);
    match->entries = entries;
    match->askable = 0;
    for (uint32_t i = 0; i < count; i++) cast_real(match, &entries[i], rehearsal != REHEARSAL_PLAIN);
    if (match->askable) return true;
    for (uint32_t i = 0; i < REHEARSAL_BUYERS; i++)
        entries[count + i] = (struct match_entry){
            .contract = &catalogue->contracts[catalogue->contracts_count + campaign->index * REHEARSAL_BUYERS + i],
            .view = blank};
    match->entries_count = count + REHEARSAL_BUYERS;
    match->askable = REHEARSAL_BUYERS;
    return true;
}

int64_t rehearsal_price(const struct price_parties *parties, enum rehearsal rehearsal, int64_t floor_micros)
{
    int64_t price_micros = PRICE_MICROS;
    if (rehearsal == REHEARSAL_LOW_BID) return LOW_PRICE_MICROS;
    while (price_micros <= BID_PRICE_MICROS_MAX / 2 &&
           !price_carries(parties->contract, price_payout(parties, price_micros), floor_micros))
        price_micros *= 2;
    return price_micros;
}

void rehearsal_bid(enum rehearsal rehearsal, int64_t price_micros, struct rehearsal_line *line)
{
    *line = (struct rehearsal_line){.silent = rehearsal == REHEARSAL_TIMEOUT,
                                    .reason = rehearsal == REHEARSAL_NO_BID ? REASON_NO_BID : REASON_NONE,
                                    .bid = {.price_micros = price_micros, .available = true}};
}

void rehearsal_verdict(enum rehearsal rehearsal, unsigned attempt, struct rehearsal_line *line)
{
    bool is_first = attempt == 0, refuses = rehearsal == REHEARSAL_UNSOLD;
    if (rehearsal == REHEARSAL_REJECTED_THEN_SOLD) refuses = is_first;
    *line = (struct rehearsal_line){.silent = rehearsal == REHEARSAL_TIMEOUT,
                                    .verdict = {.class = VERDICT_ACCEPTED, .price_micros = -1}};
    if (refuses)
        line->verdict = (struct verdict){.class = VERDICT_REJECTED,
                                         .price_micros = -1,
                                         .code = BYTES("other"),
                                         .text = BYTES("refused, as the test asked for")};
    else if (rehearsal == REHEARSAL_PENDING && is_first)
        line->verdict = (struct verdict){.class = VERDICT_UNKNOWN, .doubt = DOUBT_BAD_RESPONSE, .price_micros = -1};
}

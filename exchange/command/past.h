/* past: what affiliates and buyers did in a span of recorded time: who was posted what and said what, how often a
 * buyer's contract takes a post, how often an affiliate takes an offer. What `whatif` leans on where nobody knows. One
 * thread. */
#pragma once

#include "exchange/record/trace.h"
#include "protocol/base/arena.h"
#include "protocol/base/table.h"

enum past_verdict {
    PAST_NEVER, /* it was not posted to */
    PAST_ACCEPTED,
    PAST_REJECTED,
    PAST_DOUBT,
    PAST_MISSED /* passed over when its turn came, or not reached */
};

struct past_share {
    uint64_t of, hits;
};

struct past {
    struct arena arena;
    struct table posts;             /* ping id, contract -> enum past_verdict */
    struct table posted;            /* ping id -> 1, or 2: the lead itself was refused */
    struct table contracts, offers; /* contract, affiliate -> its place in shares */
    struct past_share *shares;
    uint32_t shares_count, shares_room;
    struct past_share all_posts, all_offers;
    bool no_memory;
};

void past_open(struct past *past);
void past_close(struct past *past);
/* Records in the order they were written; posts may come after the span. */
void past_note_posts(struct past *past, const struct trace_auction *trace);
/* A second time over the auctions of the span, when all posts are noted: which offers were taken. */
void past_note_offer(struct past *past, const struct trace_auction *trace);

bool past_was_posted(const struct past *past, const struct ident *ping_id);
/* The post was refused before any buyer's turn came: another lead than its ping's, no consent, … */
bool past_was_refused(const struct past *past, const struct ident *ping_id);
enum past_verdict past_verdict_of(const struct past *past, const struct ident *ping_id, struct bytes contract);
/* In ppm: of posts with a verdict, those accepted; of offers, those posted to. That one's own, or all of them together
 * where it has fewer than PAST_LEAST; 1,000,000 where there are none. */
#define PAST_LEAST 5u
uint32_t past_accepts_ppm(const struct past *past, struct bytes contract);
uint32_t past_takes_ppm(const struct past *past, struct bytes affiliate);

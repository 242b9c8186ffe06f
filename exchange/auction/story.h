/* story: what one auction remembers. For this room's files only; auction.c tells the story, the others do its sums:
 * slots.c moves the slots a lead may be sold in, candidates.c picks who is posted to next, entries.c words what the
 * book is told, telling.c words answer and trace. */
#pragma once

#include "exchange/auction/slot.h"
#include "exchange/market/person.h"

enum step {
#define X(NAME, verb, letter, successors) STEP_##NAME,
#include "exchange/auction/steps.tbl.h"
#undef X
    STEP_COUNT,
    STEP_WAIT = STEP_COUNT /* stay, until a fact wakes the story */
};

enum ask_state { ASK_NEVER, ASK_OUT, ASK_BID, ASK_FAILED };

/* One contract that passed its static filter. */
struct asked {
    enum ask_state state;
    enum reason reason; /* why it is out; NONE while it is in */
    uint64_t call;
    int64_t asked_us, answered_us;
    struct bid bid;          /* texts in the arena */
    struct bytes code, text; /* the buyer's words */
    bool is_standing;
};

/* Someone a post may go to, best first. From the ranking, or from an offer. */
struct candidate {
    struct offer_candidate terms;    /* one leg of its contract */
    const struct contract *contract; /* on this auction's snapshot; NULL: it has gone */
    uint32_t entry;                  /* of match.entries; UINT32_MAX when it came from an offer */
    bool tried;
    bool reached; /* its buyer may have seen the lead: nobody of its group gets it again */
};

/* One attempt at a candidate, made or skipped, in order: what trace and answer tell of it. */
struct attempt {
    uint32_t candidate, slot;
    struct ident post_id;
    enum post_state state;
    bool skipped; /* never got as far as an intent */
    enum reason reason;
    struct bytes code, text;
    struct bytes redirect_url; /* of an accepted one; empty: none that may be passed on */
    struct payout payout;
    int64_t billed_micros; /* ACCEPTED */
    int64_t sent_us, settled_us;
};

#define CLOSED_EARLY TRACE_CLOSED_EARLY /* of the causes, the one that is asked for */
#define ATTEMPTS_MAX TRACE_POSTS_MAX
#define CANDIDATES_MAX ATTEMPTS_MAX
#define TRACE_OTHERS_MAX 256 /* entries of contracts that were not asked; the rest is counted */

enum durable { DURABLE_NOT_ASKED, DURABLE_WAITING, DURABLE_YES, DURABLE_FAILED, DURABLE_TAKEN };

struct auction {
    const struct auction_host *host;
    void *world;
    struct arena arena;

    enum step step;
    bool running, woken, is_open;
    struct auction_request request;
    struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct affiliate *affiliate;
    enum rehearsal rehearsal; /* NONE: it is no test */
    struct ident ping_id, lead_id;
    int64_t opened_ms, pinged_ms, ranked_ms;
    int64_t collect_by_us, end_us, post_by_us; /* cut once, backwards from the end */
    int64_t armed_us;                          /* the instant wake_at was last given */

    /* Facts */
    bool affiliate_gone, drained;
    bool claim_asked, claim_answered, claim_held;
    struct auction_claimed claimed;
    bool is_told_again;   /* the offer that stands, to the same ping again */
    bool is_reauction;    /* a post whose lead goes through an auction of its own */
    struct offer *before; /* whose place this auction takes (a refinement, a reauction); NULL: none */
    bool has_same;
    struct ident same;          /* tells the same ping */
    struct lead_record *record; /* AGAIN, RESUMED: a copy in the arena */
    bool recall_asked, recall_answered;
    enum recall_outcome recalled;
    const struct encounter *encounters; /* of the person; in the arena */
    uint32_t encounters_count;
    enum durable durable;
    bool book_failed; /* an entry could not be written */
    uint64_t seq;

    /* What it works out */
    struct complaints complaints;
    struct lead_form form;
    bool looks_like_test;               /* by the campaign's patterns */
    struct bytes consent_json, content; /* private */
    struct person_keys content_person;  /* by whom the content is found */
    struct bytes field_names;           /* of the content, see record/disclosure.h */
    const struct node *consent;
    struct person person; /* plain hashes: nothing of it is stored */
    struct person_keys keys;
    const uint64_t *on_lists; /* NULL: the campaign asks about none */
    struct auction_recall recall;
    struct duplicates_guard guard;
    bool key_is_brief; /* made of the lead itself, and for a short time */
    struct match match;
    struct asked *asked;             /* match.entries_count of them */
    uint32_t out;                    /* calls without an answer */
    uint32_t out_looked;             /* how many were out when an early close was last looked into; 0: not yet */
    const struct match_entry **late; /* room for those who are out, where an early close asks about them */
    uint32_t out_open;               /* of them, those whose bid has no ceiling: no early close without their answer */
    uint32_t tier;                   /* waterfall: the one being asked, or asked last; 0: none yet, or all at once */
    int64_t ask_by_us;               /* waterfall: the end of its share of the time; else collect_by_us */
    struct rank_bid *bids;
    uint32_t *order, bids_count, bids_room, order_count, planned;
    struct offer offer; /* made by a ping, claimed by a post, or what a fallback after a restart needs */
    int64_t promise_micros, floor_micros;
    uint64_t seed;
    uint8_t max_sales, sold_elsewhere;
    int64_t leg_floor_micros;
    enum ranking_arm arm; /* of its campaign's experiment; a post is in its ping's */
    struct candidate *candidates;
    uint32_t candidates_count;
    struct slot *slots;                         /* as many as it may be sold to */
    uint32_t slots_count, slots_max, plan_size; /* plan_size: slots of the plan at hand */
    bool opening_written;
    bool one_by_one; /* intents of several slots were refused together: from then on each has an entry of its own */
    struct attempt *attempts; /* ATTEMPTS_MAX of them, from the first candidate on */
    uint32_t attempts_count;

    /* The end: where × why */
    enum lead_state final;
    enum reason final_reason;
    struct auction_answer answer;
    char answer_text[AUCTION_TEXT_MAX];
    const char *closed_cause;
    int64_t saved_us;
    struct trace_step steps[TRACE_STEPS_MAX];
    uint32_t steps_count;
};

/* story: what one auction remembers. For this room's files only; auction.c tells the story, the others do its sums:
 * candidates.c picks who is posted to next, entries.c words what the book is told, telling.c words answer and trace. */
#pragma once

#include "exchange/auction/auction.h"

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
    struct offer_candidate terms;
    const struct contract *contract; /* on this auction's snapshot; NULL: it has gone */
    uint32_t entry;                  /* of match.entries; UINT32_MAX when it came from an offer */
    bool tried;
};

/* One attempt at a candidate, made or skipped, in order: what trace and answer tell of it. */
struct attempt {
    uint32_t candidate;
    struct ident post_id;
    enum post_state state;
    bool skipped; /* never got as far as an intent */
    enum reason reason;
    struct bytes code, text;
    struct payout payout;
    int64_t sent_us, settled_us;
};

#define ATTEMPTS_MAX TRACE_POSTS_MAX
#define CANDIDATES_MAX ATTEMPTS_MAX
#define TRACE_OTHERS_MAX 256 /* entries of contracts that were not asked; the rest is counted */

enum durable { DURABLE_NOT_ASKED, DURABLE_WAITING, DURABLE_YES, DURABLE_FAILED };
enum reserve_state { RESERVE_NOT_ASKED, RESERVE_WAITING, RESERVE_YES, RESERVE_NO };

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
    struct ident ping_id, lead_id;
    int64_t opened_ms, pinged_ms;
    int64_t collect_by_us, end_us, post_by_us; /* cut once, backwards from the end */
    int64_t armed_us;                          /* the instant wake_at was last given */

    /* Facts */
    bool affiliate_gone, drained;
    bool claim_asked, claim_answered, claim_held;
    struct auction_claimed claimed;
    struct lead_record *record; /* AGAIN, RESUMED: a copy in the arena */
    enum reserve_state reserve_state;
    enum reason reserve_reason;
    enum durable durable;
    uint64_t seq;
    bool post_out, post_answered, post_failed;
    uint64_t post_call;
    enum reason post_reason;
    struct verdict verdict; /* texts in the arena */

    /* What it works out */
    struct complaints complaints;
    struct lead_form form;
    struct bytes consent_json, content; /* private */
    const struct node *consent;
    struct match match;
    struct asked *asked; /* match.entries_count of them */
    uint32_t out;        /* calls without an answer */
    struct rank_bid *bids;
    uint32_t *order, bids_count, order_count;
    struct offer offer; /* made by a ping, claimed by a post, or what a fallback after a restart needs */
    int64_t promise_micros, floor_micros;
    uint64_t seed;
    struct candidate *candidates;
    uint32_t candidates_count, candidate; /* the one at hand */
    struct payout payout;
    struct reservation reservation;
    bool reserved, opening_written;
    struct attempt *attempts; /* ATTEMPTS_MAX of them, from the first candidate on */
    uint32_t attempts_count, posts_sent;
    bool verdict_unwritten; /* the last attempt's outcome goes with the next entry */
    struct ident sale_id;

    /* The end: where × why */
    enum lead_state final;
    enum reason final_reason;
    struct auction_answer answer;
    enum step ended_at;
    char answer_text[AUCTION_TEXT_MAX];
    const char *closed_cause;
    int64_t saved_us;
    struct trace_step steps[TRACE_STEPS_MAX];
    uint32_t steps_count;
};

/* auction.c */
/* The request itself fails: nothing is recorded of it, and an offer it claimed stays open. `text` NULL: the reason's
 * own. */
enum step story_refuse(struct auction *auction, int http, enum reason reason, const char *text);
/* The trade says no: a verdict. Of a lead the book is told first. */
enum step story_reject(struct auction *auction, enum reason reason, const char *text);
/* Before the first intent an affiliate that leaves ends the story; after it the story runs to its end. */
bool story_has_left(const struct auction *auction);

/* admission.c */
bool admission_may_sell(const struct affiliate *affiliate, const struct campaign *campaign);
void admission_budget(struct auction *auction);
/* The lead against the campaign's schema. False: *refused is where the story goes. */
bool admission_form(struct auction *auction, enum lead_stage stage, const struct node *lead, enum step *refused);
enum step admission_offer(struct auction *auction);
enum step admission_again(struct auction *auction);
enum step admission_resume(struct auction *auction);
enum step admission_posts(struct auction *auction);

/* asks.c */
void asks_send(struct auction *auction);
void asks_stop(struct auction *auction);
void asks_rank(struct auction *auction);
void asks_post(struct auction *auction);
void asks_verdict(struct auction *auction);

/* candidates.c */
/* Lists the ranked bids, or the offer's, as candidates. False: memory is out. */
bool candidates_from_rank(struct auction *auction);
bool candidates_from_offer(struct auction *auction, uint64_t tried);
/* The next candidate worth a post, its payout in auction->payout; those passed over become skipped attempts with their
 * reason. False: none is left (or no time, or posts_max: noted as attempts too). */
bool candidates_next(struct auction *auction);
/* Why the lead is not sold: the attempt that came nearest. */
enum reason candidates_reason(const struct auction *auction);
struct attempt *candidates_note(struct auction *auction, uint32_t candidate, bool skipped, enum reason reason);

/* entries.c: each fills and appends one step of the book. */
void entries_intent(struct auction *auction);
void entries_final(struct auction *auction, enum lead_state state, enum reason reason);
/* auction->offer from the ranking: the promise, until when, and who stands behind it. */
void entries_offer(struct auction *auction);
/* consent_json and content from what was read. False: memory is out. */
bool entries_content(struct auction *auction);
/* The same, and form.full_json, from the content of a record (RESUMED). False: unreadable, or memory is out. */
bool entries_open_content(struct auction *auction);
/* A copy whose texts live in the arena; NULL: memory is out. */
struct lead_record *entries_copy_record(struct auction *auction, const struct lead_record *record);

/* telling.c */
/* The one answer, as auction->answer: a problem (4xx, 5xx), a ping's verdict, or what became of a lead
 * (auction->final). `text` NULL: the reason's own. */
void tell_problem(struct auction *auction, int http, enum reason reason, const char *text);
void tell_offer(struct auction *auction);
void tell_rejected(struct auction *auction, enum reason reason, const char *text);
void tell_lead(struct auction *auction);
/* Fills in what every answer has and hands it to the host. */
void tell_answer(struct auction *auction);
void tell_trace(struct auction *auction);

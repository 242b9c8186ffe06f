/* trace: one auction as it was decided: inputs as they were read, and every step; struct <-> bytes, versioned, strict
 * reading. What explain and replay live on. Holds no private field. */
#pragma once

#include "exchange/record/offer.h"
#include "protocol/message/reason.h"

#define TRACE_CONTRACTS_MAX 1024 /* asked ones and up to 256 others */
#define TRACE_POSTS_MAX 64
#define TRACE_STEPS_MAX 64
#define TRACE_CLOSED_EARLY "early_close"

enum trace_kind { TRACE_PING, TRACE_POST, TRACE_ONE_CALL, TRACE_RESUMED, TRACE_REAUCTION, TRACE_KIND_COUNT };
/* It holds an auction of its own: its ping id leads to it. */
static inline bool trace_is_auction(enum trace_kind kind)
{
    return kind == TRACE_PING || kind == TRACE_ONE_CALL || kind == TRACE_REAUCTION;
}
enum trace_contract_state { TRACE_SKIPPED, TRACE_PINGED, TRACE_STANDING };

/* One way to sell that a bid named; kept where a bid is, or under its contract could be, more than one exclusive price.
 */
struct trace_leg {
    int64_t price_micros, pays_micros, payout_micros, effective_micros;
    uint8_t max_sold;
    enum reason reason;
    uint32_t rank;
};

struct trace_contract {
    struct bytes contract, buyer;
    enum trace_contract_state state;
    bool is_let;             /* available at match: what kept it from being asked came after (its line was busy, …) */
    enum reason reason;      /* why it is not the winner; NONE for a candidate that was not beaten */
    struct bytes code, text; /* the buyer's own words, where it gave some */
    struct bytes view;       /* availability_view availability_pack's, opaque here */
    bool has_bid;
    int64_t price_micros, payout_micros, effective_micros;
    bool available;
    int64_t answer_us;   /* since it was asked; -1: no answer */
    int32_t response_us; /* recent mean, the tie rule's input */
    struct bytes bid_id;
    int64_t valid_us;
    uint32_t tier, rank;
    int64_t pays_micros;  /* what it would pay: its bid, or the second price */
    uint32_t shadow_rank; /* by expected value, where the campaign keeps a shadow; else 0 */
    uint32_t legs_count;  /* 0: one exclusive price, told above; else the best leg's figures stand above */
    struct trace_leg *legs;
};

enum trace_post_outcome {
    TRACE_POST_OPEN,
    TRACE_POST_ACCEPTED,
    TRACE_POST_REJECTED,
    TRACE_POST_UNKNOWN,
    TRACE_POST_FAILED,
    TRACE_POST_SKIPPED,
    TRACE_POST_VOIDED /* no verdict, and its affiliate does not wait */
};

struct trace_post {
    struct ident post_id; /* none when SKIPPED (no reservation, below promise, …) */
    struct bytes contract, buyer;
    enum trace_post_outcome outcome;
    enum reason reason;
    struct bytes code, text;
    int64_t price_micros, payout_micros;
    int64_t took_us; /* -1: not answered */
    uint8_t slot, max_sold;
};

struct trace_sale { /* made, or (in doubt) that may come of a post still: its id is the post's then */
    struct ident sale_id;
    bool in_doubt;
    struct bytes contract, buyer;
    int64_t price_micros, payout_micros, margin_micros;
    uint8_t margin_rule;
};

struct trace_step {
    char letter;   /* of auction/steps.tbl.h */
    int64_t at_us; /* since the request's first byte */
};

struct trace_auction {
    enum trace_kind kind;
    bool is_test;
    bool is_whole;                 /* as read: of a version that keeps all that deciding again needs */
    struct ident ping_id, lead_id; /* either may be none */
    struct bytes affiliate, campaign, source;
    struct bytes ref, click_id;
    struct bytes sub_ids; /* a JSON list, or empty */
    int64_t opened_ms;    /* wall */
    int64_t ranked_ms;    /* wall, when the bids were ranked; 0: they were not */
    int64_t elapsed_us;
    struct bytes status; /* as answered: "accepted", "rejected", "sold", "pending", "unsold", "duplicate" */
    enum reason reason;
    struct bytes reason_text; /* as answered */
    struct digest catalogue;
    uint64_t seed;
    uint8_t arm;               /* market's enum ranking_arm */
    struct bytes closed_cause; /* "all_answered", "deadline", "early_close", "nobody_asked", "affiliate_gone",
                                * "shutting_down", "" */
    int64_t saved_us;
    int64_t expires_ms;                                 /* of the offer, wall; 0 without one */
    int64_t floor_micros, promise_micros, price_micros; /* price: the affiliate's */
    int64_t asked_micros;                               /* the ping's own min_price; 0: none */
    struct bytes public_json;
    struct bytes consent;          /* JSON: the facts that a ping carries; empty: none was given */
    uint32_t area_code;            /* 0: unknown */
    struct bytes hidden;           /* what public facts cannot tell again: match_pack_hidden's, opaque here */
    struct bytes on_lists;         /* bit n: the person was on list n of the catalogue; empty: on none */
    struct bytes excluded;         /* a JSON list: buyers and groups that the ping keeps the lead from; or empty */
    uint32_t counts[REASON_COUNT]; /* of contracts without an entry here, by reason */
    uint32_t contracts_count;
    struct trace_contract *contracts;
    uint32_t posts_count;
    struct trace_post posts[TRACE_POSTS_MAX];
    uint8_t planned; /* slots of the latest plan */
    uint8_t max_sales, sold_elsewhere;
    int64_t leg_floor_micros;
    uint32_t sales_count;
    struct trace_sale sales[OFFER_SALES_MAX];
    uint32_t steps_count;
    struct trace_step steps[TRACE_STEPS_MAX];
};

/* False: the sink was too small. What a contract's bid is made of (price, payout, effective, bid_id, valid) is kept
 * only with has_bid; counts, posts and steps up to their count. */
bool trace_write(struct sink *sink, const struct trace_auction *auction);
/* Texts point into bytes, contracts live in the arena. False: not a whole record of a known version, or memory is out.
 * What a record of version 1 does not hold is empty: views, ranked_ms, and what facts are made of. */
bool trace_read(struct bytes bytes, struct arena *arena, struct trace_auction *auction);
/* Only what kind of record it is. */
bool trace_peek(struct bytes bytes, enum trace_kind *kind);

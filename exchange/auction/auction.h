/* auction: the story of one ping, one post or one lead, from the affiliate's request to its one answer (market.md
 * section 3).
 *
 * An auction lives in memory of its host's (a slot), on one thread. The host readies it (auction_ready), an api fills
 * its request with documents read into its arena, auction_open starts the story; facts move it; it ends with
 * host->closed and may be readied again. The arena keeps its first chunk and is wiped at the end. */
#pragma once

#include "exchange/auction/host.h"
#include "exchange/record/aftersale.h"
#include "protocol/message/bid.h"
#include "protocol/message/post.h"
#include "protocol/message/verdict.h"

#define AUCTION_ARENA_CHUNK 16384u
#define AUCTION_ARENA_MAX (8u << 20) /* ≤ 100x a request of the largest size, with room for 64 KiB bodies */
#define AUCTION_TEXT_MAX 160
#define AUCTION_SAME_MS 60000 /* so long the same lead again, without a key, gets the first answer */
#define ANSWER_BIDS_MAX 32u   /* told to an affiliate that sees all */

enum auction_kind { AUCTION_PING, AUCTION_POST, AUCTION_ONE_CALL, AUCTION_RESUMED };

/* What it is asked. Texts and nodes live in the auction's arena, or longer than the auction. */
struct auction_request {
    enum auction_kind kind;
    struct catalogue *catalogue; /* auction_open takes a reference of its own */
    const struct affiliate *affiliate;
    int64_t started_us;       /* the request's first byte */
    size_t bytes;             /* of the request's body: bounds what is written of it */
    struct ping_request ping; /* PING, ONE_CALL */
    struct post_request post; /* POST */
    bool test_key;            /* the affiliate came with a key for tests only */
    bool has_key;
    struct digest key;
    struct ident origin;              /* ONE_CALL: the lead it comes of, whose record and content these are; or none */
    const struct lead_record *record; /* RESUMED, or with an origin: what the book keeps, texts in the arena */
    struct bytes content;             /* likewise: {"lead":{…},"consent":{…}} */
};

enum answer_status {
    ANSWER_PROBLEM,
    ANSWER_ACCEPTED,
    ANSWER_REJECTED,
    ANSWER_SOLD,
    ANSWER_PENDING,
    ANSWER_UNSOLD,
    ANSWER_RETURNED
};

/* What one bid would pay the affiliate. */
struct answer_bid {
    struct bytes buyer;
    int64_t price_micros;
};

/* A sale of the lead, or (is_open) one that may come of a post without a verdict: its id is the post's then, and the
 * sale will have it if it is made. */
struct answer_sale {
    struct ident sale_id;
    uint32_t leg; /* leg_id: the candidate's number, from 1 */
    struct bytes buyer;
    int64_t price_micros;      /* what the affiliate gets */
    struct bytes redirect_url; /* where the buyer takes the person next; or empty */
    bool is_open, is_returned;
    struct ident post_id;
    enum sale_stage stage; /* the latest its buyer told, where the affiliate may see it; at first none */
    int64_t stage_ms;
};

struct auction_answer {
    enum answer_status status;
    int http;                            /* PROBLEM: 4xx or 5xx; else 200 */
    enum reason reason;                  /* PROBLEM, REJECTED, UNSOLD */
    const char *text;                    /* one sentence for that reason, in the auction's memory */
    const struct complaints *complaints; /* or NULL */
    unsigned retry_after_s;              /* 0: not said */
    const struct catalogue *catalogue;
    const struct affiliate *affiliate;
    struct ident ping_id, lead_id; /* lead_id may be none */
    struct ident reauction_id;     /* none, or the auction that a post brought about: the ping's offer was not owed */
    enum offer_origin because;     /* with it: OFFER_OF_MISMATCH, OFFER_OF_EXPIRY */
    struct bytes ref, click_id, sub_ids;
    int64_t price_micros; /* what the affiliate gets (the sum over its sales) or is promised */
    int64_t expires_ms;   /* ACCEPTED: wall */
    int64_t expires_in_ms;
    int64_t resolves_ms;           /* of a lead: wall, when the last of its doubts ends by itself; 0: not known */
    uint32_t planned, sales_count; /* of a lead: slots of the latest plan; sales and open posts */
    struct answer_sale sales[OFFER_SALES_MAX];
    struct bytes
        redirect_url; /* where the person may go next: that of the best paying sale, or (UNSOLD) the campaign's */
    const struct answer_bid *bids; /* of a ping, best first, as far as the affiliate may see them */
    uint32_t bids_count;
    bool all_legs;             /* every leg is to be listed, not only the planned ones */
    const struct offer *offer; /* ACCEPTED: its candidates are the legs, of which the planned ones are selected */
    bool is_test;
    int64_t elapsed_us;
    uint64_t seq; /* of the last entry this answer stands on; 0: none */
};

struct auction;

size_t auction_size(void);
/* First life of the memory (zeroed): once. */
void auction_init(struct auction *auction, const struct auction_host *host, void *world);
/* Frees what an auction keeps between lives. */
void auction_fini(struct auction *auction);

struct arena *auction_arena(struct auction *auction);
/* Ends a readied auction that was never opened. */
void auction_abandon(struct auction *auction);
void auction_open(struct auction *auction, const struct auction_request *request);

/* Facts. Each records what happened and lets the story move; none decides. */
void auction_on_bid(struct auction *auction, uint32_t place, const struct bid *bid); /* texts are copied */
/* A ping that brought no bid (NO_BID with the buyer's words, TIMEOUT, CONNECT_FAILED, …). */
void auction_on_call_failed(struct auction *auction, uint32_t place, enum reason reason, const struct bid *words);
void auction_on_verdict(struct auction *auction, uint32_t slot, const struct verdict *verdict); /* texts are copied */
/* The slot's post cannot have reached the buyer. */
void auction_on_post_failed(struct auction *auction, uint32_t slot, enum reason reason);
void auction_on_claimed(struct auction *auction, const struct auction_claimed *claimed);
void auction_on_recalled(struct auction *auction, const struct auction_recalled *recalled);
void auction_on_reserved(struct auction *auction, uint32_t slot, enum reason reason);
void auction_on_durable(struct auction *auction, enum fault fault, uint64_t seq);
void auction_on_affiliate_gone(struct auction *auction);
void auction_on_time(struct auction *auction);
/* The process is going down and its time to drain is over: posts that are still open become doubts, answered pending.
 */
void auction_on_drained(struct auction *auction);

/* For lists and logs. */
enum auction_kind auction_kind(const struct auction *auction);
bool auction_is_test(const struct auction *auction);
const char *auction_step_name(const struct auction *auction);
/* The answer a lead's record gives now: the first answer again, and GET. Texts point into the record. */
void auction_answer_of_record(const struct lead_record *record, struct auction_answer *answer);
/* True if an affiliate that may see bids sees one with this end: it was of use, or would have been at a lower floor. */
bool auction_reveals(enum reason reason);
/* Best first, cut to what the affiliate may see. */
void auction_order_bids(const struct affiliate *affiliate, struct answer_bid *bids, uint32_t *count);

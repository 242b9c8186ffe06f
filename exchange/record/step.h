/* step: what one story asks to be written into the book at once, part by part. book.h makes bytes of it. */
#pragma once

#include "exchange/record/after.h"
#include "exchange/record/offer.h"
#include "exchange/record/person.h"
#include "protocol/crypto/digest.h"
#include "protocol/message/reason.h"

#define BOOK_ADDRESSES_MAX 4u /* of each kind, of a contract */
#define BOOK_CAP_KEYS_MAX 17
#define BOOK_TEXT_MAX 200 /* a buyer's words, or the sentence an unsold lead was answered with */

enum lead_state { LEAD_POSTING, LEAD_SOLD, LEAD_PENDING, LEAD_UNSOLD, LEAD_RETURNED, LEAD_STATE_COUNT };
const char *lead_state_name(enum lead_state state); /* "posting", "sold", "pending", "unsold", "returned" */

/* Stored: append only. */
enum post_state {
    POST_OPEN,
    POST_ACCEPTED,
    POST_REJECTED,
    POST_FAILED,
    POST_UNKNOWN,
    POST_VOIDED,   /* given up without the buyer's word: nothing is billed, whatever it says later */
    POST_RETURNED, /* accepted, and given back whole */
    POST_STATE_COUNT
};
const char *post_state_name(enum post_state state); /* "open", "accepted", …, "voided", "returned" */

/* Whose word a verdict is. Stored: append only. */
enum verdict_source {
    VERDICT_BY_REPLY,    /* the buyer's answer to the post, or the want of one */
    VERDICT_BY_OPERATOR, /* who resolved a doubt; so the next two */
    VERDICT_BY_BUYER,    /* who called us */
    VERDICT_BY_STATUS,   /* the buyer's status endpoint */
    VERDICT_BY_TIME,     /* the doubt's end came */
    VERDICT_BY_RELEASE,  /* the affiliate does not wait (on_pending) */
    VERDICT_SOURCES
};
const char *verdict_source_name(enum verdict_source source); /* "reply", "operator", … */

/* What ends a post's doubt when nobody resolves it. Stored: append only. */
enum doubt_then {
    DOUBT_VOIDS,    /* what it holds is given back, nothing is billed */
    DOUBT_SELLS,    /* sold, at the bid */
    DOUBT_RELEASES, /* there is none: without a verdict the post is void at once, for its affiliate does not wait */
    DOUBT_THENS
};
struct book_doubt {
    int64_t within_ms; /* from the instant it is in doubt; 0: it has no end */
    enum doubt_then then;
};

/* A counter a reservation took: see standing's cap_key. */
struct book_cap_key {
    uint8_t id[16];
    uint32_t window; /* UTC minutes since 1970 */
    uint32_t amount;
    uint8_t
        stay; /* enum cap_stay: 0 until the post is refused, 1 once its bytes may have left, 2 counted at the sale */
};
#define BOOK_CAP_STAY_MAX 2
/* What becomes of a key's counter when a post moves on to that state from OPEN or UNKNOWN: −amount, 0 or amount. */
int64_t book_cap_change(const struct book_cap_key *key, enum post_state state);

/* The parts of a step. A step is one entry of the journal: what is in it happened together. */
struct book_opening { /* the lead's first step */
    struct bytes affiliate;
    struct bytes campaign, source, channel, ref, click_id;
    struct bytes sub_ids;   /* a JSON list, or empty */
    struct digest document; /* keyed: "the same lead" (campaign_read_lead) */
    bool has_key;
    struct digest key;    /* SHA-256 of affiliate id, 0, Idempotency-Key */
    struct offer offer;   /* the terms and candidates a fallback needs, over a restart too; its `rehearsal` makes the
                           * lead a test, of which no money moves */
    struct bytes content; /* {"lead":{…},"consent":{…}}: private; sealed before it leaves the calling thread */
    uint64_t fields;      /* id of the names of its fields (disclosure.h); 0: not told */
    struct bytes field_names;  /* those names; not in the record */
    struct person_keys person; /* by whom the content is found while it is kept; not in the record either */
    int64_t keep_ms;           /* how long the content is kept; 0: until it is erased */
    bool is_one_call;
    int64_t clear_after_ms; /* the affiliate's terms as they stood: when payouts of its sales clear; 0: not by time */
};

struct book_verdict { /* what became of an open post */
    struct ident post_id;
    enum post_state state; /* not OPEN */
    enum reason reason;
    struct bytes code, text; /* the buyer's words */
    struct bytes buyer_lead_id;
    int64_t named_price_micros; /* -1: none */
    enum verdict_source by;
};

struct book_intent { /* a post is about to be sent for a slot; durable before its first byte leaves */
    struct ident post_id;
    struct bytes contract, buyer;
    struct bytes bid_id;
    int64_t price_micros, payout_micros;
    uint8_t margin_rule;
    uint8_t candidate; /* number in the offer's list */
    uint8_t slot;      /* 0 to OFFER_SALES_MAX − 1 */
    uint8_t planned;   /* slots of the plan it belongs to */
    uint8_t max_sold;  /* of its leg: so many buyers get the lead at most, itself among them */
    struct book_doubt doubt;
    bool has_low; /* its buyer is told when a sale takes its balance below low_micros, as was agreed then */
    int64_t low_micros;
    uint8_t notify_count, copies_count; /* addresses that hear of its sale, that get a copy; none of a test */
    uint8_t keys_count;
    struct book_cap_key keys[BOOK_CAP_KEYS_MAX];
};

struct book_sale { /* with an ACCEPTED verdict: money moves */
    struct ident sale_id, post_id;
    struct bytes contract, buyer;
    int64_t price_micros, payout_micros, margin_micros; /* price = payout + margin */
    uint8_t margin_rule;
    struct bytes redirect_url; /* where the buyer takes the person next; empty: nowhere */
};

struct book_final { /* the story ends here; the lead's state after this step, as its slots have it */
    enum lead_state state;
    enum reason reason; /* with UNSOLD */
    struct bytes text;  /* with UNSOLD: the answer's sentence; empty: the reason's own */
    bool goes_on;       /* a doubt was resolved as a rejection: its slot may fall back. Else no further intent comes */
};

struct book_seen { /* with intents: by what the person is known again, and for how long; with an opening: its key's end
                    */
    struct person_keys keys;
    int64_t sold_keep_ms, refused_keep_ms; /* from the verdict on; 0: not at all */
    int64_t key_keep_ms;                   /* of the opening's key; 0: for good */
};

struct book_step {
    struct ident lead_id, ping_id;
    struct ident origin; /* with an opening: the lead it comes of, which goes to a new auction; or none */
    int64_t wall_ms;
    const struct book_opening *opening;  /* each part is optional; a step has at least one */
    const struct book_verdict *verdicts; /* of the others up to one for each slot */
    const struct book_intent *intents;
    const struct book_sale *sales;   /* one for each accepted verdict, in their order */
    const struct book_after *afters; /* of intents that have such terms */
    unsigned verdicts_count, intents_count, sales_count, afters_count;
    const struct book_final *final;
    const struct book_seen *seen;
    bool is_past; /* read: of a program that told nobody of anything */
};

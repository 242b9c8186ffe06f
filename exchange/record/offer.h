/* offer: the terms of an auction's result, as kept for the affiliate's post (in memory and trace) and for a fallback
 * (in the book): flat bytes, at most 2 KiB. Reading is strict. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/ident.h"
#include "protocol/crypto/digest.h"

#define OFFER_CANDIDATES_MAX 32
#define OFFER_SALES_MAX 8     /* slots of one lead: the most buyers it is sold to */
#define OFFER_RECORD_MAX 2048 /* bytes of a flat offer */
#define OFFER_FACTS_MAX 1536  /* of it: what the affiliate told; the rest holds at least the best candidate */
#define OFFER_REFINES_MAX 3   /* how often a ping may be refined */
#define OFFER_ANCESTORS_MAX (OFFER_REFINES_MAX + 1)
#define OFFER_HASH_BYTES 16u /* kept of a keyed hash */

/* One leg: a contract, and a price at which it takes the lead if at most max_sold buyers get it. */
struct offer_candidate {
    struct bytes contract;
    struct bytes bid_id;
    int64_t price_micros;  /* what is paid */
    int64_t bid_micros;    /* its own bid: the most it may pay; above price_micros under a second price only */
    int64_t payout_micros; /* the usual payout at the ping */
    uint8_t margin_rule;
    uint8_t max_sold;       /* 1: exclusive */
    uint8_t leg;            /* its number for the affiliate, from 1 */
    int64_t valid_until_ms; /* wall */
};

/* What it came of: a ping, or a later auction in the place of earlier ones. */
enum offer_origin {
    OFFER_OF_PING,       /* or of a one-call lead */
    OFFER_OF_REFINEMENT, /* a ping that named more of an earlier one */
    OFFER_OF_MISMATCH,   /* a post that differed from its ping */
    OFFER_OF_EXPIRY,     /* a post that came after the offer's end */
    OFFER_ORIGINS
};

/* A keyed hash that the ping gave of a person's phone or e-mail. */
struct offer_hash {
    bool is_given;
    uint8_t at[OFFER_HASH_BYTES];
};

/* What came before the auction, and binds what comes after it. */
struct offer_past {
    enum offer_origin origin;
    struct offer_hash phone, email; /* the post must match them */
    uint32_t ancestors_count;
    struct ident ancestors[OFFER_ANCESTORS_MAX]; /* the pings whose place it took, the latest first */
};

struct offer {
    struct ident ping_id;
    int64_t pinged_ms;        /* wall instant of the ping: schedules are honoured as they stood then */
    int64_t expires_ms;       /* wall */
    int64_t promise_micros;   /* what the affiliate was promised for all planned legs together; 0: nothing (one call) */
    int64_t floor_micros;     /* the affiliate's minimum, for all sales together */
    int64_t leg_floor_micros; /* and for each of them */
    uint8_t max_sales;        /* to so many buyers at most */
    uint8_t sold_elsewhere;   /* buyers the affiliate has sold it to itself */
    uint8_t planned;          /* the first so many candidates are the planned set, one slot each */
    uint64_t seed;
    struct digest catalogue; /* version */
    struct bytes affiliate, campaign, source, channel, ref, click_id;
    struct bytes sub_ids;     /* a JSON list, or empty */
    struct bytes excluded;    /* a JSON list: buyers and groups that do not get this lead; or empty */
    struct bytes public_json; /* the ping's public facts; may be empty in the book */
    struct offer_past past;
    bool is_superseded; /* a refinement took its place: kept only so that this can be told */
    uint8_t rehearsal;  /* 0: no test; else what this test is to come to (market's enum rehearsal) */
    uint32_t candidates_count;
    struct offer_candidate candidates[OFFER_CANDIDATES_MAX]; /* the planned set, then the others, best first */
};

/* The past of an auction that takes the place of `before`: its ancestors are that ping and that ping's own (those that
 * find room). */
void offer_follow(struct offer_past *past, const struct offer *before, enum offer_origin origin);
/* True for its own ping, or, of an auction made of a post, for the ping that was posted. */
bool offer_is_of(const struct offer *offer, const struct ident *ping_id);
/* The ping an affiliate knows it by: the posted one of a later auction, else its own. */
const struct ident *offer_known_as(const struct offer *offer);

/* False: longer than OFFER_RECORD_MAX, or than the sink. */
bool offer_write(struct sink *sink, const struct offer *offer);
/* False: not a whole offer of a known version; *offer is not to be used then. */
bool offer_read(struct bytes bytes, struct offer *offer); /* texts point into bytes */

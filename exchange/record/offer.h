/* offer: the terms of an auction's result, as kept for the affiliate's post (in memory and trace) and for a fallback
 * (in the book): flat bytes, at most 2 KiB. Reading is strict. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/ident.h"
#include "protocol/crypto/digest.h"

#define OFFER_CANDIDATES_MAX 16
#define OFFER_RECORD_MAX 2048 /* bytes of a flat offer */
#define OFFER_FACTS_MAX 1536  /* of it: what the affiliate told; the rest holds at least the best candidate */

struct offer_candidate {
    struct bytes contract;
    struct bytes bid_id;
    int64_t price_micros;  /* the bid */
    int64_t payout_micros; /* the usual payout at the ping */
    uint8_t margin_rule;
    int64_t valid_until_ms; /* wall */
};

struct offer {
    struct ident ping_id;
    int64_t pinged_ms;      /* wall instant of the ping: schedules are honoured as they stood then */
    int64_t expires_ms;     /* wall */
    int64_t promise_micros; /* what the affiliate was promised; 0: nothing (one call) */
    int64_t floor_micros;   /* the affiliate's minimum */
    uint64_t seed;
    struct digest catalogue; /* version */
    struct bytes affiliate, campaign, source, channel, ref, click_id;
    struct bytes sub_ids;     /* a JSON list, or empty */
    struct bytes public_json; /* the ping's public facts; may be empty in the book */
    uint8_t rehearsal;        /* 0: no test; else what this test is to come to (market's enum rehearsal) */
    uint32_t candidates_count;
    struct offer_candidate candidates[OFFER_CANDIDATES_MAX]; /* best first */
};

/* False: longer than OFFER_RECORD_MAX, or than the sink. */
bool offer_write(struct sink *sink, const struct offer *offer);
/* False: not a whole offer of a known version; *offer is not to be used then. */
bool offer_read(struct bytes bytes, struct offer *offer); /* texts point into bytes */

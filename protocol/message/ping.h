/* ping: what an affiliate asks (POST /v1/pings, and the same fields of POST /v1/leads), and the webhook request that
 * goes to buyers (api.md). Reads from and writes to documents; knows no campaign. Everything read points into the
 * document. */
#pragma once

#include "protocol/base/ident.h"
#include "protocol/codec/json.h"
#include "protocol/crypto/digest.h"
#include "protocol/message/complaint.h"

#define PING_SALES_MAX 8 /* of one lead */
#define PING_ELSEWHERE_MAX 100
#define SUB_IDS_MAX 5
#define PING_EXCLUDED_MAX 32
#define REQUEST_TEXT_MAX 128 /* source, sub_id, ref, click_id */

/* What the affiliate gives of a person before the post: the SHA-256 of the phone in E.164, of the e-mail in lower case.
 */
struct ping_hashes {
    bool has_phone, has_email;
    struct digest phone, email;
};

struct ping_request {
    struct bytes campaign;
    struct bytes source, ref, click_id, channel; /* empty when absent */
    struct bytes sub_ids[SUB_IDS_MAX];
    unsigned sub_ids_count;
    struct bytes excluded[PING_EXCLUDED_MAX]; /* buyers, or groups of them, that do not get this lead */
    unsigned excluded_count;
    int64_t min_price_micros; /* 0 when absent */
    int64_t min_leg_price_micros;
    unsigned max_sales;      /* to so many buyers at most; 0 when absent */
    unsigned sold_elsewhere; /* buyers the affiliate has sold it to itself */
    bool all_legs;           /* "legs": "all" */
    int64_t timeout_us;      /* 0 when absent */
    bool has_test, test;     /* has_test: it was said, one way or the other */
    struct ping_hashes hashes;
    struct ident refines;        /* the earlier ping it names more of; none when absent */
    const struct node *lead;     /* a map */
    const struct node *consent;  /* a map, or NULL */
    const struct node *document; /* all of it */
};

/* The channels there are, from 0 on; NULL: no more. */
const char *ping_channel(unsigned number);
/* Reads a ping or a one-call lead (the same fields). Unknown top-level fields, wrong types, and specified fields that
 * are not built yet ("not supported yet") become complaints. True if there were none. */
bool ping_read_request(const struct node *document, struct ping_request *request, struct complaints *complaints);

/* A ping to a buyer: the fields of this call first, then the tail, the same for every call of an auction and written
 * once:
 *   {"type":"ping","call_id":…,…,"channel":"social",   "consent":{…},"lead":{…}} */
struct ping_message {
    struct bytes call_id, ping_id; /* ident texts */
    struct bytes campaign, contract;
    int64_t deadline_ms, offer_ttl_ms;
    struct bytes source_ref;             /* empty: left out */
    struct bytes channel;                /* empty: left out */
    int64_t min_bid_micros;              /* 0: left out */
    struct bytes phone_hash, email_hash; /* keyed for this buyer, hexadecimal; empty: left out */
    bool test;
};

/* The head of the body, up to and with the comma before the tail. */
void ping_write_head(struct sink *sink, const struct ping_message *message);
/* The tail: consent facts (tcpa, channels, age_s, text_id, leadid, trustedform_ping_url; left out when consent is NULL)
 * and the public lead, given as a JSON object. */
void ping_write_tail(struct sink *sink, const struct node *consent, int64_t wall_ms, struct bytes public_lead);

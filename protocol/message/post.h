/* post: the affiliate's post (POST /v1/posts) and the webhook request that carries the whole lead to one buyer. */
#pragma once

#include "protocol/base/ident.h"
#include "protocol/message/ping.h"

struct post_request {
    struct ident ping_id;
    uint8_t legs[PING_SALES_MAX]; /* the numbers of the legs it chooses */
    unsigned legs_count;          /* 0: it leaves the choice to the offer */
    bool reauction_if_expired;    /* a new auction at the old price, should the offer have expired */
    const struct node *lead;      /* a map */
    const struct node *consent;   /* a map, or NULL */
    bool has_test, test;          /* has_test: it was said; what counts is the ping's */
};

bool post_read_request(const struct node *document, struct post_request *request, struct complaints *complaints);

struct post_message {
    struct bytes call_id, post_id, lead_id, ping_id; /* ident texts */
    struct bytes bid_id;                             /* empty: left out */
    struct bytes campaign, contract;
    int64_t price_micros;
    unsigned max_sold, slot;
    bool test;
    struct bytes source_ref, channel; /* empty: left out */
    struct bytes consent;             /* a JSON object, or empty */
    struct bytes lead;                /* a JSON object: everything */
};

void post_write(struct sink *sink, const struct post_message *message);

/* disposition: one thing a buyer says of a lead it bought (POST /v1/buyer/dispositions takes a list of them). */
#pragma once

#include "protocol/base/ident.h"
#include "protocol/codec/document.h"
#include "protocol/message/complaint.h"
#include "protocol/message/stage.h"

#define DISPOSITIONS_MAX 100u /* in one request */
#define DISPOSITION_ID_MAX 128u
#define DISPOSITION_WORD_MAX 64u /* a label, an agent */
#define DISPOSITION_VALUE_MAX INT64_C(1000000000000000)

/* How the lead is named: one of the three. */
enum disposition_by { DISPOSITION_BY_NONE, DISPOSITION_BY_LEAD, DISPOSITION_BY_POST, DISPOSITION_BY_BUYER_LEAD };

struct disposition_request {
    struct bytes event_id; /* the buyer's own: said twice, it is the same disposition */
    enum disposition_by by;
    unsigned named;             /* how many of the three were given */
    struct ident id;            /* BY_LEAD, BY_POST */
    struct bytes buyer_lead_id; /* BY_BUYER_LEAD */
    enum sale_stage stage;
    struct bytes label, agent; /* the buyer's words; may be empty */
    int64_t at_ms;             /* 0: not said */
    int64_t value_micros;      /* of the buyer's own business; -1: not said */
};

/* Texts point into the document. False: complaints were made. */
bool disposition_read(const struct node *node, struct disposition_request *request, struct complaints *complaints);

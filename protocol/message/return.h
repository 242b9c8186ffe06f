/* return: a buyer's request to give a sale back (POST /v1/buyer/returns), and an operator's decision on one. */
#pragma once

#include "protocol/base/ident.h"
#include "protocol/codec/document.h"
#include "protocol/message/complaint.h"

#define RETURN_CODE_MAX 64u
#define RETURN_EVIDENCE_MAX 1024u
#define RETURN_NOTE_MAX 200u

struct return_request {
    struct ident post_id;
    struct bytes reason_code;
    bool has_amount;
    int64_t amount_micros; /* with has_amount; else all that is left of the price */
    struct bytes evidence; /* the buyer's words or a link; may be empty, may be private */
};

/* Texts point into the document. False: complaints were made. Whether the amount is one that can be returned is not
 * looked at here. */
bool return_read(const struct node *document, struct return_request *request, struct complaints *complaints);

struct return_decision {
    bool approves;
    struct bytes note; /* may be empty */
};

/* {"decision": "approve" | "deny", "note": "…"} */
bool return_read_decision(const struct node *document, struct return_decision *decision, struct complaints *complaints);

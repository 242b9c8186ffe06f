/* disclosure: who was shown a lead's private content, when, and which fields of it. A post is one by its intent; what
 * is shown in other ways says so itself, before it is shown. Flat, versioned; texts point into the bytes.
 *
 * Fields are told by name: a set of names is kept once, under an id made of it. Names the campaign does not have are
 * the affiliate's own words, and are counted only:  consent.ip,consent.text,email,phone,+2 */
#pragma once

#include "exchange/record/flat.h"

#define DISCLOSURE_NAMES_MAX 16384u /* bytes of a set */

enum disclosure_kind {
    DISCLOSURE_POST,     /* to the buyer of a post; id: the post's */
    DISCLOSURE_COPY,     /* to an address of a contract's copies */
    DISCLOSURE_INBOX,    /* a buyer read its inbox */
    DISCLOSURE_OPERATOR, /* an operator looked */
    DISCLOSURE_KINDS
};
const char *disclosure_kind_name(enum disclosure_kind kind); /* "post", "copy", "inbox", "operator" */

struct disclosure {
    enum disclosure_kind kind;
    struct ident lead_id, id; /* id: of the post, the copy, the reading: one of its own */
    struct bytes contract, buyer, to; /* to: a copy's name, an operator's key; empty where there is none */
    int64_t wall_ms;
};

bool disclosure_write(struct sink *sink, const struct disclosure *disclosure);
bool disclosure_read(struct bytes bytes, struct disclosure *disclosure);
/* The id of a set of names; never 0. */
uint64_t disclosure_names_id(struct bytes names);

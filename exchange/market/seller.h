/* seller: whom a contract buys for, as it is named to the person (market.md, "Fields and consent"). Plain data of the
 * catalogue, written only while that is built. */
#pragma once

#include "protocol/base/bytes.h"

/* Bytes. Together they bound an answer that lists every leg (ANSWER_ROOM_MAX). */
#define SELLER_NAME_MAX 128u
#define SELLER_URL_MAX 512u
#define SELLER_TEXT_MAX 2048u

struct seller {
    struct bytes name;
    struct bytes url, logo_url;  /* or empty */
    struct bytes consent_text;   /* what the person is to agree to; or empty */
    struct bytes consent_sha256; /* of it, in hexadecimal; or empty */
};

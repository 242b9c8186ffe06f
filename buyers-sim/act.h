/* act: what a buyer does with one request, as the words of a scenario: what it says (its content) and how the bytes go
 * (its delivery). "held reject:duplicate" is a refusal that waits for its release. No state. */
#pragma once

#include "buyers-sim/reading.h"

/* X(NAME, word): what the answer says. */
#define ACT_CONTENTS(X)                                                                                                \
    X(NORMAL, "normal")             /* as the shares say: a bid or none, accepted or rejected */                       \
    X(BID, "bid")                   /* bid:12.50 names the price */                                                    \
    X(NO_BID, "no_bid")             /* no_bid:filtered names the code */                                               \
    X(UNAVAILABLE, "unavailable")   /* a bid with available: false */                                                  \
    X(NO_CONTENT, "no_content")     /* 204 */                                                                          \
    X(ACCEPT, "accept")             /* accept:12.50 names a verdict price */                                           \
    X(REJECT, "reject")             /* reject:duplicate names the code */                                              \
    X(GARBAGE, "garbage")           /* a body that is not JSON */                                                      \
    X(WRONG_TYPE, "wrong_type")     /* JSON with values of the wrong type */                                           \
    X(WRONG_STATUS, "wrong_status") /* JSON whose status word is unknown */                                            \
    X(HTML, "html")                 /* a web page, 200 */                                                              \
    X(HUGE, "huge")                 /* a body of huge_bytes */                                                         \
    X(REDIRECT, "redirect")         /* 302 */                                                                          \
    X(STATUS, "status")             /* status:503 */

enum act_content {
#define X(name, word) CONTENT_##name,
    ACT_CONTENTS(X)
#undef X
};

/* X(NAME, word): how it goes out. */
#define ACT_DELIVERIES(X)                                                                                              \
    X(WHOLE, "whole")                                                                                                  \
    X(HELD, "held")                     /* waits until it is released through /control */                              \
    X(SILENT, "silent")                 /* never answers, keeps the connection */                                      \
    X(HANG_UP_BEFORE, "hang_up_before") /* resets the connection, the request unheard */                               \
    X(HANG_UP_MIDDLE, "hang_up_middle") /* closes in the middle of the answer's body */                                \
    X(HANG_UP_AFTER, "hang_up_after")   /* closes after the request, without a byte */                                 \
    X(NOT_HTTP, "not_http")             /* bytes that are no HTTP, then closes */                                      \
    X(DRIP, "drip")                     /* drip_bytes every drip_ms */

enum act_delivery {
#define X(name, word) DELIVERY_##name,
    ACT_DELIVERIES(X)
#undef X
};

struct act {
    enum act_content content;
    enum act_delivery delivery;
    int64_t price_micros; /* -1: not named */
    struct bytes code;    /* empty: not named */
    int status;           /* STATUS */
};

#define ACT_NORMAL ((struct act){.price_micros = -1})

/* What is done in turn, and else. */
struct script {
    struct act manner; /* without a script */
    struct act *acts;
    uint32_t count;
    int stays; /* script_end "last": the last act again and again, instead of from the beginning */
};

/* Acts of a ping and of a post differ in what they may say. */
reading_reader act_read_ping, act_read_post;               /* a text -> struct act */
reading_reader act_read_ping_script, act_read_post_script; /* a list of texts -> struct script: acts, count */
reading_reader act_read_script_end;                        /* "cycle" or "last" -> int: stays */

/* The next act; *turn counts on. */
struct act act_next(const struct script *script, uint32_t *turn);

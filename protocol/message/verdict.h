/* verdict: a buyer's answer to a post, sorted into the classes of api.md: accepted, rejected, unknown. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/message/reason.h"

enum verdict_class { VERDICT_ACCEPTED, VERDICT_REJECTED, VERDICT_UNKNOWN };

/* Why a verdict is unknown: the keys of a contract's on_unknown map. */
enum verdict_doubt {
    DOUBT_NONE,
    DOUBT_TIMEOUT,
    DOUBT_RESET,
    DOUBT_HTTP_5XX,
    DOUBT_REDIRECT,
    DOUBT_BAD_RESPONSE,
    DOUBT_CAUSES
};

#define VERDICT_LEAD_ID_MAX 64
#define VERDICT_TEXT_MAX 200
#define VERDICT_URL_MAX 2048

struct verdict {
    enum verdict_class class;
    enum verdict_doubt doubt;   /* with UNKNOWN */
    struct bytes buyer_lead_id; /* with ACCEPTED; may be empty; longer than VERDICT_LEAD_ID_MAX is cut to empty */
    int64_t price_micros;       /* with ACCEPTED: what the buyer named, -1 if it named none */
    struct bytes redirect_url;  /* with ACCEPTED: as the buyer wrote it; empty: none, or too long, or not plain text */
    struct bytes code, text;    /* with REJECTED */
    bool unhealthy;             /* counts against the contract's circuit (401, 403, 404, 405, and every unknown) */
};

/* A whole HTTP reply. */
void verdict_read(struct arena *arena, int status, struct bytes body, bool is_pack, struct verdict *verdict);
const char *verdict_doubt_text(enum verdict_doubt doubt);

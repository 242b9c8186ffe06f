/* Times are kept in whole seconds: contracts are many, and a doubt is a matter of hours. */
#include "exchange/market/build_doubt.h"

#include "protocol/message/verdict.h"

#define DOUBT_S 86400u

/* Whoever hears its answer decides over money: it is asked over TLS only, as a post is made. */
static void read_status(struct build *build, const struct node *node, struct contract *contract)
{
    const struct node *url = node_find(node, "status_url");
    struct contract_asides *asides = url ? build_asides(build, contract) : NULL;
    if (asides) build_endpoint(build, url, true, &asides->status);
}

static void read_doubt(struct build *build, const struct node *node, struct contract *contract)
{
    static const char *const THENS[] = {"void", "sold"};
    const struct node *doubt = node_find(node, "doubt");
    int64_t within_us = INT64_C(1000000) * DOUBT_S;
    unsigned then = 0;
    build_duration(build, doubt, "within", &within_us);
    build_word(build, doubt, "then", THENS, 2, &then);
    if (within_us < 1000000 || within_us / 1000000 > UINT32_MAX)
        build_error(build, node_find(doubt, "within"), "within must be a second or more, and not centuries");
    else
        contract->doubt_s = (uint32_t)(within_us / 1000000);
    contract->doubt_sells = then == 1;
    read_status(build, node, contract);
}

/* What a post's verdict, or the want of one, comes to. on_unknown is one word for every cause, or a map by cause. */
void build_verdicts(struct build *build, const struct node *node, struct contract *contract)
{
    static const char *const WORDS[UNKNOWN_POLICIES] = {"hold", "retry", "fallback"};
    _Static_assert(DOUBT_CAUSES == UNKNOWN_CAUSES, "one policy for each cause");
    static const char *const CAUSES[DOUBT_CAUSES] = {[DOUBT_TIMEOUT] = "timeout",
                                                     [DOUBT_RESET] = "reset",
                                                     [DOUBT_HTTP_5XX] = "http_5xx",
                                                     [DOUBT_REDIRECT] = "redirect",
                                                     [DOUBT_BAD_RESPONSE] = "bad_response"};
    static const char *const PRICES[] = {"bid", "lower"};
    const struct node *given = node_find(node, "on_unknown");
    unsigned policy = UNKNOWN_HOLD, price = 0;
    bool is_idempotent = false, retries = false;
    bool is_map = given && given->kind == NODE_MAP;
    build_bool(build, node, "idempotent", &is_idempotent);
    build_word(build, node, "price_at_post", PRICES, 2, &price);
    contract->bills_lower = price == 1;
    if (!is_map) build_word(build, node, "on_unknown", WORDS, UNKNOWN_POLICIES, &policy);
    for (unsigned cause = DOUBT_TIMEOUT; cause < DOUBT_CAUSES; cause++) {
        if (is_map) policy = UNKNOWN_HOLD;
        if (is_map) build_word(build, given, CAUSES[cause], WORDS, UNKNOWN_POLICIES, &policy);
        unknown_say(&contract->on_unknown, cause, (enum unknown_policy)policy);
        retries |= policy == UNKNOWN_RETRY;
    }
    if (retries && !is_idempotent)
        build_error(build, given, "on_unknown: retry sends the same post again: it needs idempotent: true");
    read_doubt(build, node, contract);
    if (contract->bills_lower && contract->min_price_micros == 0)
        build_warning(build, node_find(node, "price_at_post"),
                      "price_at_post: lower without min_price: the house pays whatever the buyer leaves out");
}

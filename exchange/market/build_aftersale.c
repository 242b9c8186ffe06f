/* What holds after a sale: what a contract may give back, what of that its affiliate bears. */
#include "exchange/market/build_aftersale.h"
#include "exchange/market/build_doubt.h"
#include "exchange/market/scalar.h"
#include "protocol/base/money.h"
#include "protocol/message/stage.h"

#define ONWARD_AGE_MS INT64_C(86400000)

static void read_percent(struct build *build, const struct node *map, const char *name, int64_t *ppm)
{
    const struct node *node = node_find(map, name);
    if (node && (!scalar_percent(node, ppm) || *ppm < 0 || *ppm > MONEY_PPM)) {
        *ppm = 0;
        build_error(build, node, "%s is a percentage from 0 to 100", name);
    }
}

static void read_span(struct build *build, const struct node *map, const char *name, int64_t *span_ms)
{
    int64_t span_us = *span_ms * 1000;
    build_duration(build, map, name, &span_us);
    *span_ms = span_us / 1000;
}

static void read_returns(struct build *build, const struct node *map, struct sale_terms *after)
{
    static const char *const DECISIONS[] = {"auto", "review"};
    struct return_terms *terms = &after->returns;
    unsigned decision = 1;
    after->takes_back = true;
    terms->max_ppm = MONEY_PPM;
    if (!node_find(map, "window")) build_error(build, map, "returns need a window");
    read_span(build, map, "window", &terms->window_ms);
    read_percent(build, map, "max_percent", &terms->max_ppm);
    build_names(build, map, "reasons", &terms->reasons);
    build_word(build, map, "decide", DECISIONS, 2, &decision);
    read_span(build, map, "auto_accept_after", &terms->accept_after_ms);
    terms->is_reviewed = decision == 1;
}

/* accept, or {stage: sold, percent: 10}. What is billed later promises nobody anything now. */
static void read_payday(struct build *build, const struct node *node, const struct contract *contract,
                        struct sale_terms *after)
{
    struct bytes stage = BYTES_NONE;
    int64_t ppm = 0;
    scalar_text(node_find(node, "stage"), &stage);
    enum sale_stage at = stage_find(stage);
    if (!stage_reaches(at, STAGE_CONTACTED))
        build_error(build, node, "pay_on is accept, or a stage from contacted to sold");
    else
        after->pays_at = (uint8_t)at;
    read_percent(build, node, "percent", &ppm);
    after->pays_ppm = (uint32_t)ppm;
    if (!contract->is_free)
        build_error(build, node, "pay_on a stage pays nothing when the lead is accepted: it needs free: true");
}

void build_sale_terms(struct build *build, const struct node *node, struct contract *contract)
{
    const struct node *returns = node_find(node, "returns"), *payday = node_find(node, "pay_on");
    struct bytes word;
    bool pays_later = payday && !(scalar_text(payday, &word) && bytes_is(word, "accept"));
    const struct node *contact = node_find(node, "contact_within");
    if (!returns && !pays_later && !contact) return;
    struct sale_terms *after = build_zero(build, 1, sizeof *after);
    struct contract_asides *asides = build_asides(build, contract);
    if (!after || !asides) return;
    if (returns) read_returns(build, returns, after);
    if (pays_later) read_payday(build, payday, contract, after);
    read_span(build, node, "contact_within", &after->contact_ms);
    asides->after = after;
}

void build_return_share(struct build *build, const struct node *node, struct return_share *share)
{
    const struct node *map = node_find(node, "returns");
    if (!map) return;
    share->is_set = true;
    share->max_ppm = MONEY_PPM;
    if (!node_find(map, "window")) build_error(build, map, "returns need a window");
    read_span(build, map, "window", &share->window_ms);
    read_percent(build, map, "max_percent", &share->max_ppm);
}

void build_onward(struct build *build, const struct node *node, struct campaign *campaign)
{
    const struct node *map = node_find(node, "redistribute");
    campaign->onward.max_age_ms = ONWARD_AGE_MS;
    build_bool(build, map, "returned", &campaign->onward.returned);
    build_bool(build, map, "uncontacted", &campaign->onward.uncontacted);
    if (map) read_span(build, map, "max_age", &campaign->onward.max_age_ms);
}

/* The same person again: who is asked about whom, and so how long whom has to be remembered. The book keeps a person as
 * long as the longest rule that may ask; a rule made longer later finds what is still there. */
#include "exchange/market/build.h"
#include "exchange/market/scalar.h"
#include "exchange/record/person.h"

#define REJECT_MEMORY_US (INT64_C(24) * 3600 * 1000000)
#define ALL_KINDS ((1u << PERSON_KINDS) - 1)

static void read_rule(struct build *build, const struct node *node, struct campaign *campaign);
static void read_contracts(struct build *build);
static void spread(struct build *build);

void build_duplicates(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    const struct node *list = node_find(build->source->document, "campaigns");
    uint32_t made = 0;
    if (list && catalogue->campaigns_count) {
        NODE_EACH(node, list) read_rule(build, node_find(node, "duplicates"), &catalogue->campaigns[made++]);
    }
    read_contracts(build);
    spread(build);
}

/* Kinds of which the campaign has a field; `sure` only those that every lead has to give. */
static unsigned kinds_of(const struct campaign *campaign, bool sure)
{
    unsigned kinds = 0;
    for (uint32_t i = 0; i < campaign->fields_count; i++) {
        const struct field *field = &campaign->fields[i];
        if (sure && field->required == FIELD_OPTIONAL) continue;
        if (field->type == FIELD_US_PHONE) kinds |= 1u << PERSON_PHONE;
        if (field->type == FIELD_EMAIL) kinds |= 1u << PERSON_EMAIL;
    }
    return kinds;
}

static void read_by(struct build *build, const struct node *node, const struct campaign *campaign,
                    struct duplicates *rule)
{
    const struct node *by = node_find(node, "by");
    unsigned known = kinds_of(campaign, false);
    rule->by = by ? 0 : known;
    if (by && by->kind == NODE_LIST) {
        NODE_EACH(child, by)
        {
            struct bytes text = BYTES_NONE;
            unsigned kind = 0;
            scalar_text(child, &text);
            while (kind < PERSON_KINDS && !bytes_is(text, person_kind_name((enum person_kind)kind))) kind++;
            if (kind == PERSON_KINDS)
                build_error(build, child, "a person is known by phone or email");
            else if (!(known >> kind & 1))
                build_error(build, child, "campaign %.*s has no field of type %s", BUILD_SHOWN(campaign->id),
                            kind == PERSON_PHONE ? "us_phone" : "email");
            else
                rule->by |= 1u << kind;
        }
    }
    if (!known)
        build_error(build, node, "duplicates needs a field of type us_phone or email in campaign %.*s",
                    BUILD_SHOWN(campaign->id));
    else if (rule->match_all && (kinds_of(campaign, true) & rule->by) != rule->by)
        build_warning(build, node,
                      "match: all never holds for a lead without a phone or an email, and the campaign "
                      "does not require both");
}

static void read_listed(struct build *build, const struct node *node, struct bytes id, const struct campaign *campaign,
                        struct duplicates *rule, uint32_t *listed)
{
    uint32_t found = table_find(&build->catalogue->campaign_ids, id);
    if (found == TABLE_NONE)
        build_error(build, node, "scope is campaign, exchange, or a list of campaigns: there is no campaign %.*s",
                    BUILD_SHOWN(id));
    else if (found != campaign->index)
        listed[rule->campaigns_count++] = found;
}

/* campaign | exchange | [campaigns] */
static void read_scope(struct build *build, const struct node *scope, const struct campaign *campaign,
                       struct duplicates *rule)
{
    struct bytes text;
    if (!scope) return;
    bool is_list = scope->kind == NODE_LIST;
    if (!is_list && scalar_text(scope, &text) && bytes_is(text, "campaign")) return;
    if (!is_list && scalar_text(scope, &text) && bytes_is(text, "exchange")) {
        rule->is_everywhere = true;
        return;
    }
    uint32_t *listed = build_zero(build, is_list ? scope->count : 1, sizeof *listed);
    if (!listed) return;
    rule->campaigns = listed;
    if (!is_list) {
        if (scalar_text(scope, &text)) read_listed(build, scope, text, campaign, rule, listed);
        return;
    }
    NODE_EACH(child, scope)
    if (scalar_text(child, &text)) read_listed(build, child, text, campaign, rule, listed);
}

static void read_rule(struct build *build, const struct node *node, struct campaign *campaign)
{
    static const char *const MATCHES[] = {"any", "all"}, *const COUNTS[] = {"sold", "posted"};
    struct duplicates *rule = &campaign->duplicates;
    unsigned match = 0, counts = 0;
    int64_t window_us = 0, memory_us = REJECT_MEMORY_US;
    rule->by = kinds_of(campaign, false); /* for contracts that have a rule where the campaign has none */
    if (!node) return;
    build_word(build, node, "match", MATCHES, 2, &match);
    build_word(build, node, "counts", COUNTS, 2, &counts);
    rule->match_all = match == 1;
    rule->counts_posted = counts == 1;
    if (!node_find(node, "window")) build_error(build, node, "duplicates needs a window");
    build_duration(build, node, "window", &window_us);
    build_duration(build, node, "reject_memory", &memory_us);
    rule->window_ms = window_us / 1000;
    rule->reject_memory_ms = memory_us / 1000;
    read_by(build, node, campaign, rule);
    read_scope(build, node_find(node, "scope"), campaign, rule);
}

static void read_contracts(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        struct contract *contract = &catalogue->contracts[i];
        const struct node *node = node_find(build->contract_nodes[i], "duplicates");
        int64_t window_us = 0;
        if (!node || contract->campaign >= catalogue->campaigns_count) continue;
        struct campaign *campaign = &catalogue->campaigns[contract->campaign];
        if (!node_find(node, "window")) build_error(build, node, "duplicates needs a window");
        build_duration(build, node, "window", &window_us);
        int64_t window_ms = window_us / 1000;
        struct people_terms *terms = build_zero(build, 1, sizeof *terms);
        if (!terms) return;
        terms->duplicates_ms = window_ms;
        contract->people = terms;
        if (!kinds_of(campaign, false))
            build_error(build, node, "duplicates needs a field of type us_phone or email in campaign %.*s",
                        BUILD_SHOWN(campaign->id));
        campaign->recalls = true;
        if (window_ms > campaign->sold_keep_ms) campaign->sold_keep_ms = window_ms;
        if (campaign->duplicates.counts_posted && window_ms > campaign->refused_keep_ms)
            campaign->refused_keep_ms = window_ms;
    }
}

static void remember(struct campaign *campaign, const struct duplicates *rule)
{
    if (rule->window_ms > campaign->sold_keep_ms) campaign->sold_keep_ms = rule->window_ms;
    if (rule->counts_posted && rule->window_ms > campaign->refused_keep_ms) campaign->refused_keep_ms = rule->window_ms;
}

/* Each rule asks about the campaigns of its scope. */
static void spread(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++) {
        struct campaign *campaign = &catalogue->campaigns[i];
        const struct duplicates *rule = &campaign->duplicates;
        if (!rule->window_ms) continue;
        campaign->recalls = true;
        remember(campaign, rule);
        if (rule->reject_memory_ms > campaign->refused_keep_ms) campaign->refused_keep_ms = rule->reject_memory_ms;
        for (uint32_t k = 0; k < catalogue->campaigns_count; k++)
            if (rule->is_everywhere) remember(&catalogue->campaigns[k], rule);
        for (uint32_t k = 0; k < rule->campaigns_count; k++) remember(&catalogue->campaigns[rule->campaigns[k]], rule);
    }
}

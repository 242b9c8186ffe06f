/* What is without a fault and still cannot do anything: told as warnings, each with a name, because the operator meant
 * something by it. Only for people: a catalogue out of the book was told long ago. */
#include "exchange/market/build.h"
#include "exchange/market/reach.h"
#include "exchange/market/scalar.h"

static void look_at_prices(struct build *build, struct reach *reach, const struct contract *contract,
                           const struct node *node)
{
    const struct node *list = node_find(node, "price");
    uint32_t number = 0;
    if (contract->is_live || !list || list->kind != NODE_LIST) return;
    NODE_EACH(rule, list)
    {
        reach_begin(reach);
        reach_add(reach, contract->filter, true);
        reach_add(reach, contract->prices[number].when, true);
        for (uint32_t i = 0; i < number; i++) reach_add(reach, contract->prices[i].when, false);
        bool is_told = number > 0 && !contract->prices[number - 1].when; /* a rule without condition stands before */
        if (!is_told && reach_is_never(reach))
            build_warning(build, rule,
                          "this rule never gives the price: no lead of the filter is left for it "
                          "[unreachable_price]");
        number++;
    }
}

static void look_at_contracts(struct build *build, struct reach *reach, const struct campaign *campaign)
{
    for (uint32_t i = 0; i < campaign->contracts_count; i++) {
        const struct contract *contract = &build->catalogue->contracts[campaign->contracts[i]];
        const struct node *node = build->contract_nodes[contract->index];
        reach_begin(reach);
        reach_add(reach, contract->filter, true);
        if (contract->filter && reach_is_never(reach))
            build_warning(build, node_find(node, "filter"),
                          "no lead can fit this filter: the contract gets nothing [unreachable_contract]");
        else
            look_at_prices(build, reach, contract, node);
    }
}

static bool is_sold_in(const struct catalogue *catalogue, const struct campaign *campaign)
{
    for (uint32_t i = 0; i < catalogue->affiliates_count; i++)
        for (uint32_t k = 0; k < catalogue->affiliates[i].campaigns_count; k++)
            if (catalogue->affiliates[i].campaigns[k] == campaign->index) return true;
    return false;
}

static void look_at_campaigns(struct build *build)
{
    const struct node *list = node_find(build->source->document, "campaigns");
    uint32_t made = 0;
    /* Without a single affiliate a catalogue is not wrong, only not finished. */
    if (!list || build->catalogue->campaigns_count == 0 || build->catalogue->affiliates_count == 0) return;
    NODE_EACH(node, list)
    {
        const struct campaign *campaign = &build->catalogue->campaigns[made++];
        if (campaign->contracts_count == 0) continue;
        if (!is_sold_in(build->catalogue, campaign)) {
            build_warning(build, node,
                          "no affiliate may sell in campaign %.*s: its contracts get nothing [unsold_campaign]",
                          BUILD_SHOWN(campaign->id));
            continue;
        }
        struct reach *reach = reach_open(build->catalogue, campaign);
        if (reach)
            look_at_contracts(build, reach, campaign);
        else
            build->no_memory = true;
        reach_close(&reach);
    }
}

/* Somebody's schedule names it. */
static bool is_used(const struct node *owner, struct bytes calendar)
{
    struct bytes name;
    const struct node *schedule = node_find(owner, "schedule");
    return schedule && scalar_text(node_find(schedule, "use"), &name) && bytes_same(name, calendar);
}

static void look_at_calendars(struct build *build)
{
    const struct node *calendars = node_find(build->source->document, "calendars");
    const struct node *buyers = node_find(build->source->document, "buyers");
    if (!calendars || calendars->kind != NODE_MAP) return;
    NODE_EACH(calendar, calendars)
    {
        bool is_met = false;
        for (uint32_t i = 0; i < build->catalogue->contracts_count && !is_met; i++)
            is_met = is_used(build->contract_nodes[i], calendar->key);
        if (buyers && build->catalogue->buyers_count) {
            NODE_EACH(buyer, buyers) is_met |= is_used(buyer, calendar->key);
        }
        if (!is_met)
            build_warning(build, calendar, "no schedule uses calendar %.*s [unused_calendar]",
                          BUILD_SHOWN(calendar->key));
    }
}

/* Of a pair that never meets: the affiliate may not sell what the contract buys. */
static void look_at_margins(struct build *build)
{
    const struct catalogue *catalogue = build->catalogue;
    const struct node *list = node_find(build->source->document, "margins");
    if (!list || list->kind != NODE_LIST) return;
    NODE_EACH(node, list)
    {
        struct bytes affiliate_id, contract_id;
        if (!scalar_text(node_find(node, "affiliate"), &affiliate_id)) continue;
        if (!scalar_text(node_find(node, "contract"), &contract_id)) continue;
        const struct affiliate *affiliate = catalogue_affiliate(catalogue, affiliate_id);
        const struct contract *contract = catalogue_contract(catalogue, contract_id);
        bool meets = !affiliate || !contract;
        for (uint32_t i = 0; !meets && i < affiliate->campaigns_count; i++)
            meets = affiliate->campaigns[i] == contract->campaign;
        if (!meets)
            build_warning(build, node, "affiliate %.*s may not sell what contract %.*s buys [unused_margin]",
                          BUILD_SHOWN(affiliate_id), BUILD_SHOWN(contract_id));
    }
}

void build_reach(struct build *build)
{
    if (build->is_unpack || !build->source->on_finding) return;
    look_at_campaigns(build);
    look_at_calendars(build);
    look_at_margins(build);
}

/* Contracts, the many: 100,000 of them must load in two seconds and take less than a KiB each. So nothing here looks at
 * all other contracts; hosts and schedules that many share are kept once, and a URL is kept in one piece that its parts
 * point into. */
#include "exchange/market/build_addresses.h"
#include "exchange/market/build_aftersale.h"
#include "exchange/market/build_doubt.h"

#include <stdlib.h>

#include "exchange/market/endpoint.h"
#include "exchange/market/rehearsal.h"
#include "exchange/market/scalar.h"

#define BID_TTL_US INT64_C(300000000)
#define NO_INDEX UINT32_MAX

static void note_nodes(struct build *build, uint32_t *made);
static void read_references(struct build *build, const struct node *node, struct contract *contract);
static void read_endpoints(struct build *build, const struct node *node, struct contract *contract);
static void read_test(struct build *build, const struct node *node, struct contract *contract);
static void read_times(struct build *build, const struct node *node, struct contract *contract);
static void read_price(struct build *build, const struct node *node, struct contract *contract);
static void read_type(struct build *build, const struct node *node, struct contract *contract);
static void read_hours(struct build *build, const struct node *node, struct contract *contract);
static const struct filter *read_filter(struct build *build, const struct node *node, struct contract *contract);

static uint64_t draw_key_of(struct bytes id)
{
    struct digest digest;
    uint64_t key = 0;
    struct bytes parts[] = {BYTES("contract draw:"), id};
    digest_of(&digest, parts, 2);
    for (unsigned i = 0; i < 8; i++) key = key << 8 | digest.at[i];
    return key;
}

void build_contracts(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    const struct node *buyers = node_find(build->source->document, "buyers");
    uint32_t count, made = 0;
    build_list(build, build->source->document, "contracts", &count);
    size_t room = count + (size_t)build->source->bulk_max;
    if (catalogue->buyers_count) {
        NODE_EACH(buyer, buyers)
        {
            build_list(build, buyer, "contracts", &count);
            room += count;
        }
    }
    catalogue->contracts = build_zero(build, room + (size_t)catalogue->campaigns_count * REHEARSAL_BUYERS,
                                      sizeof *catalogue->contracts);
    build->contract_nodes = calloc(room + 1, sizeof *build->contract_nodes);
    if (!build->contract_nodes) build->no_memory = true;
    if (!catalogue->contracts || !build->contract_nodes) return;
    note_nodes(build, &made);
    catalogue->contracts_count = made;
    for (uint32_t i = 0; i < made; i++) {
        struct contract *contract = &catalogue->contracts[i];
        contract->index = i;
        build_id(build, build->contract_nodes[i], "contract", &catalogue->contract_ids, i, &contract->id);
        build_contract(build, build->contract_nodes[i], contract);
    }
    if (build->source->next_bulk) build_bulk(build);
}

/* Those of the buyers first, in their order, then the bulk ones. */
static void note_nodes(struct build *build, uint32_t *made)
{
    struct catalogue *catalogue = build->catalogue;
    const struct node *bulk = node_find(build->source->document, "contracts");
    const struct node *buyer = node_find(build->source->document, "buyers");
    for (uint32_t i = 0; i < catalogue->buyers_count; i++) {
        buyer = i == 0 ? buyer + 1 : node_step(buyer);
        const struct node *list = node_find(buyer, "contracts");
        if (!list || list->kind != NODE_LIST) continue;
        NODE_EACH(node, list)
        {
            catalogue->contracts[*made].buyer = i;
            build->contract_nodes[(*made)++] = node;
        }
    }
    if (!bulk || bulk->kind != NODE_LIST) return;
    NODE_EACH(node, bulk)
    {
        const struct node *name = node_find(node, "buyer");
        struct bytes id;
        uint32_t found = scalar_text(name, &id) ? table_find(&catalogue->buyer_ids, id) : NO_INDEX;
        if (found == NO_INDEX) build_error(build, name ? name : node, "there is no such buyer");
        catalogue->contracts[*made].buyer = found;
        build->contract_nodes[(*made)++] = node;
    }
}

static void read_offers(struct build *build, const struct node *node, struct contract *contract)
{
    int64_t hold_us = 0;
    build_count(build, node, "max_open_offers", 1, &contract->max_open_offers);
    build_duration(build, node, "hold_offer", &hold_us);
    if (hold_us > INT64_C(1000) * contract->bid_ttl_ms)
        build_warning(build, node_find(node, "hold_offer"),
                      "hold_offer is longer than bid_ttl: the offer ends first [hold_outlasts_bid]");
    if (hold_us / 1000 > UINT32_MAX)
        build_error(build, node_find(node, "hold_offer"), "hold_offer is too long");
    else
        contract->hold_offer_ms = (uint32_t)((hold_us + 999) / 1000);
}

void build_contract(struct build *build, const struct node *node, struct contract *contract)
{
    static const char *const SEATS[] = {"optional", "required"}, *const SILENT[] = {"unavailable", "available"};
    unsigned seats = 0, silent = 1;
    contract->cell = contract->ping_origin_cell = contract->post_origin_cell = STANDING_NONE;
    contract->draw_key = draw_key_of(contract->id);
    read_references(build, node, contract);
    read_times(build, node, contract);
    build_money(build, node, "min_price", &contract->min_price_micros);
    build_money(build, node, "max_price", &contract->max_price_micros);
    if (contract->max_price_micros && contract->min_price_micros > contract->max_price_micros)
        build_error(build, node, "min_price is above max_price: no bid can be between them");
    read_type(build, node, contract);
    read_price(build, node, contract);
    read_endpoints(build, node, contract);
    build_verdicts(build, node, contract);
    build_disclosure(build, node, contract);
    build_seller(build, node, contract);
    build_sale_addresses(build, node, contract);
    if (node_find(node, "test")) read_test(build, node_find(node, "test"), contract);
    build_place(build, node, contract);
    if (node_find(node, "filter")) contract->filter = read_filter(build, node_find(node, "filter"), contract);
    read_hours(build, node, contract);
    read_offers(build, node, contract);
    build_word(build, node, "seats", SEATS, 2, &seats);
    build_word(build, node, "when_silent", SILENT, 2, &silent);
    contract->seats_required = seats;
    contract->silent_available = silent;
    build_bool(build, node, "paused", &contract->paused);
    build_bool(build, node, "free", &contract->is_free);
    build_sale_terms(build, node, contract);
    if (!node_find(node, "margin")) return;
    struct margin *margin = build_zero(build, 1, sizeof *margin);
    if (!margin) return;
    build_margin(build, node, margin);
    contract->margin = margin;
}

static void read_references(struct build *build, const struct node *node, struct contract *contract)
{
    const struct node *name = node_find(node, "campaign");
    struct bytes id;
    contract->campaign = scalar_text(name, &id) ? table_find(&build->catalogue->campaign_ids, id) : NO_INDEX;
    if (contract->campaign == NO_INDEX)
        build_error(build, name ? name : node, "contract %.*s: there is no such campaign", BUILD_SHOWN(contract->id));
}

static const struct campaign *campaign_of(struct build *build, const struct contract *contract)
{
    return contract->campaign == NO_INDEX ? NULL : &build->catalogue->campaigns[contract->campaign];
}

static void read_timeout(struct build *build, const struct node *node, const char *name, int64_t usual_us,
                         uint32_t *timeout_us)
{
    int64_t read_us = usual_us;
    build_duration(build, node, name, &read_us);
    if (read_us > UINT32_MAX)
        build_error(build, node_find(node, name) ? node_find(node, name) : node, "%s is longer than an hour", name);
    else
        *timeout_us = (uint32_t)read_us;
}

static void read_times(struct build *build, const struct node *node, struct contract *contract)
{
    const struct campaign *campaign = campaign_of(build, contract);
    if (!campaign) return;
    int64_t bid_ttl_us = BID_TTL_US;
    read_timeout(build, node, "ping_timeout", campaign->timeout_us, &contract->ping_timeout_us);
    read_timeout(build, node, "post_timeout", campaign->post_timeout_us, &contract->post_timeout_us);
    build_duration(build, node, "bid_ttl", &bid_ttl_us);
    if (bid_ttl_us / 1000 > UINT32_MAX) build_error(build, node_find(node, "bid_ttl"), "bid_ttl is too long");
    contract->bid_ttl_ms = (uint32_t)(bid_ttl_us / 1000);
    if (contract->ping_timeout_us > campaign->timeout_us)
        build_warning(build, node_find(node, "ping_timeout"),
                      "ping_timeout is longer than the campaign's timeout [long_timeout]");
    if (contract->post_timeout_us > campaign->post_timeout_us)
        build_warning(build, node_find(node, "post_timeout"),
                      "post_timeout is longer than the campaign's post_timeout [long_timeout]");
}

/* Lower case, so that one origin has one circuit however it is spelled; kept once for all that share it. */
static struct bytes share_host(struct build *build, struct bytes host)
{
    char lower[ENDPOINT_URL_MAX];
    for (size_t i = 0; i < host.len; i++)
        lower[i] = (char)(host.at[i] >= 'A' && host.at[i] <= 'Z' ? host.at[i] | 0x20 : host.at[i]);
    struct bytes key = {lower, host.len};
    const char *kept = pool_find(&build->hosts, key);
    if (!kept) {
        struct bytes copy = build_copy(build, key);
        if (!copy.at) return BYTES_NONE;
        pool_put(build, &build->hosts, copy, copy.at);
        kept = copy.at;
    }
    return (struct bytes){kept, host.len};
}

void build_endpoint(struct build *build, const struct node *node, bool is_post, struct endpoint *endpoint)
{
    struct bytes text;
    const char *error = "a URL is a text";
    if (scalar_text(node, &text)) {
        struct bytes url = build_copy(build, text);
        if (!url.at) return;
        error = endpoint_read(url, build->source->house.allow_private, is_post, endpoint);
    }
    if (error) {
        *endpoint = (struct endpoint){0};
        build_error(build, node, "%s", error);
        return;
    }
    endpoint->host = share_host(build, endpoint->host);
}

/* What is told over a webhook cannot be where there is none. */
static void check_inbox(struct build *build, const struct node *node, const struct contract *contract)
{
    static const char *const WEBHOOKS[] = {"ping_url", "post_url", "status_url", "test"};
    if (contract->is_live) build_error(build, node, "delivery: inbox needs a standing price: there is nobody to ask");
    for (unsigned i = 0; i < sizeof WEBHOOKS / sizeof *WEBHOOKS; i++)
        if (node_find(node, WEBHOOKS[i]))
            build_error(build, node_find(node, WEBHOOKS[i]), "delivery: inbox calls no webhook: %s has no place here",
                        WEBHOOKS[i]);
}

static void read_endpoints(struct build *build, const struct node *node, struct contract *contract)
{
    const struct node *ping = node_find(node, "ping_url"), *post = node_find(node, "post_url");
    static const char *const DELIVERIES[] = {"webhook", "inbox"};
    unsigned delivery = 0;
    build_word(build, node, "delivery", DELIVERIES, 2, &delivery);
    contract->is_inbox = delivery == 1;
    if (contract->is_inbox)
        check_inbox(build, node, contract);
    else if (post)
        build_endpoint(build, post, true, &contract->post);
    else
        build_error(build, node, "contract %.*s has no post_url", BUILD_SHOWN(contract->id));
    if (contract->is_inbox) return;
    if (ping) build_endpoint(build, ping, false, &contract->ping);
    if (contract->is_live && !ping) build_error(build, node, "a live price needs a ping_url to ask for it");
    if (!contract->is_live && ping)
        build_warning(build, ping, "a standing price is not asked for: ping_url is not used [unused_ping_url]");
}

struct contract_asides *build_asides(struct build *build, struct contract *contract)
{
    struct contract_asides *asides = contract->asides ? (struct contract_asides *)(uintptr_t)contract->asides
                                                      : build_zero(build, 1, sizeof *asides);
    contract->asides = asides;
    return asides;
}

/* The same rules as for the real ones: what a test shows must be what production does. */
static void read_test(struct build *build, const struct node *node, struct contract *contract)
{
    const struct node *ping = node_find(node, "ping_url"), *post = node_find(node, "post_url");
    struct contract_asides *asides = build_asides(build, contract);
    if (!asides) return;
    asides->has_test = true;
    if (post)
        build_endpoint(build, post, true, &asides->test_post);
    else
        build_error(build, node, "test endpoints need a post_url");
    if (ping) build_endpoint(build, ping, false, &asides->test_ping);
    if (contract->is_live && !ping) build_error(build, node, "a live price needs a ping_url to ask test leads for it");
    if (!contract->is_live && ping)
        build_warning(build, ping, "a standing price is not asked for: ping_url is not used [unused_ping_url]");
}

static void on_filter_error(void *arg, const struct node *where, const char *text)
{
    build_error(arg, where, "%s", text);
}

const struct filter *build_filter(struct build *build, const struct campaign *campaign, const struct node *node)
{
    uint32_t errors = build->errors;
    const struct filter *filter = filter_build(build->arena, campaign, build->source->geo, node, on_filter_error,
                                               build);
    if (!filter && build->errors == errors) build->no_memory = true;
    return filter;
}

static const struct filter *read_filter(struct build *build, const struct node *node, struct contract *contract)
{
    const struct campaign *campaign = campaign_of(build, contract);
    const struct filter *filter = campaign ? build_filter(build, campaign, node) : NULL;
    contract->asks_list |= filter && filter_asks_list(filter);
    if (filter && filter_is_private(filter)) {
        contract->is_hidden = true;
        build_warning(build, node,
                      "looks at a private field: holds for one-call leads only, never for a ping [private_filter]");
    }
    return filter;
}

static bool read_amount(struct build *build, const struct node *node, const struct contract *contract, int64_t *micros)
{
    int64_t value = 0;
    if (!scalar_money(node, &value) || value <= 0 || value > BUILD_MONEY_MAX) {
        build_error(build, node, "a price is an amount above 0 such as \"12.50\"");
        return false;
    }
    *micros = value;
    if (value < contract->min_price_micros || (contract->max_price_micros && value > contract->max_price_micros))
        build_warning(build, node,
                      "this price is outside min_price and max_price: it never counts [unreachable_price]");
    return true;
}

static void read_rules(struct build *build, const struct node *list, struct price_rule *rules,
                       struct contract *contract)
{
    bool is_settled = false;
    contract->prices = rules;
    NODE_EACH(node, list)
    {
        struct price_rule *rule = &rules[contract->prices_count++];
        const struct node *when = node_find(node, "when"), *price = node_find(node, "price");
        if (is_settled)
            build_warning(build, node,
                          "a rule without condition stands before: this one is never reached [unreachable_price]");
        if (price)
            read_amount(build, price, contract, &rule->price_micros);
        else
            build_error(build, node, "a price rule needs a price");
        if (when)
            rule->when = read_filter(build, when, contract);
        else
            is_settled = true;
    }
}

/* exclusive: alone; shared: never alone, with max_sold; either: both. */
static void read_type(struct build *build, const struct node *node, struct contract *contract)
{
    static const char *const TYPES[] = {"exclusive", "shared", "either"};
    const struct campaign *campaign = campaign_of(build, contract);
    const struct node *sold = node_find(node, "max_sold");
    unsigned type = 0;
    uint32_t max_sold = 1;
    build_word(build, node, "type", TYPES, 3, &type);
    build_count(build, node, "max_sold", 2, &max_sold);
    if (type == 0 && sold) build_error(build, sold, "max_sold is for type shared or either");
    if (type > 0 && !sold) build_error(build, node_find(node, "type"), "type %s needs max_sold", TYPES[type]);
    contract->is_shared = (type == 1) & 1;
    contract->max_sold = max_sold & 0x7f;
    if (type == 1 && campaign && campaign->max_sales == 1)
        build_warning(build, node_find(node, "type"),
                      "its campaign sells a lead once: nobody is there to share it with [shared_alone]");
}

/* {exclusive: "40", shared: "12"}: the shared one stands where any price does, the other beside it. */
static void read_leg_prices(struct build *build, const struct node *map, struct price_rule rules[2],
                            struct contract *contract)
{
    const struct node *exclusive = node_find(map, "exclusive"), *shared = node_find(map, "shared");
    if (contract->is_shared || contract->max_sold < 2)
        build_error(build, map, "a price alone and a shared one are for type either");
    if (!exclusive || !shared) {
        build_error(build, map, "a price alone and a shared one are both needed");
        return;
    }
    if (read_amount(build, shared, contract, &rules[0].price_micros) &&
        read_amount(build, exclusive, contract, &rules[1].price_micros)) {
        contract->prices = rules;
        contract->prices_count = 1;
        contract->has_alone = true;
    }
}

/* live | "12.50" | {exclusive: "40", shared: "12"} | [{when: …, price: "15"}, {price: "9"}] */
static void read_price(struct build *build, const struct node *node, struct contract *contract)
{
    const struct node *price = node_find(node, "price");
    struct bytes text;
    if (!price) {
        build_error(build, node, "contract %.*s has no price", BUILD_SHOWN(contract->id));
        return;
    }
    contract->is_live = scalar_text(price, &text) && bytes_is(text, "live");
    if (contract->is_live) return;
    bool is_list = price->kind == NODE_LIST;
    if (is_list && price->count == 0) {
        build_error(build, price, "price rules without a rule");
        return;
    }
    struct price_rule *rules = build_zero(build,
                                          is_list                   ? price->count
                                          : price->kind == NODE_MAP ? 2
                                                                    : 1,
                                          sizeof *rules);
    if (!rules) return;
    if (price->kind == NODE_MAP) {
        read_leg_prices(build, price, rules, contract);
    } else if (is_list) {
        read_rules(build, price, rules, contract);
    } else if (read_amount(build, price, contract, &rules->price_micros)) {
        contract->prices = rules;
        contract->prices_count = 1;
    }
}

static void read_hours(struct build *build, const struct node *node, struct contract *contract)
{
    const struct buyer *buyer = contract->buyer == NO_INDEX ? NULL : &build->catalogue->buyers[contract->buyer];
    const struct zone *zone = buyer ? buyer->zone : zone_utc();
    bool has_own = node_find(node, "schedule") != NULL;
    contract->schedule = has_own ? build_schedule(build, node, zone) : buyer ? buyer->schedule : NULL;
    build_period(build, node, zone, contract);
    struct cap_owner owner = {.kind = "contract", .id = contract->id};
    contract->caps = build_caps(build, node, &owner, zone, &contract->caps_count);
    unsigned keys = build_cap_keys(contract->caps, contract->caps_count);
    if (buyer && keys + build_cap_keys(buyer->caps, buyer->caps_count) > CAPS_MAX)
        build_error(build, node_find(node, "caps") ? node_find(node, "caps") : node,
                    "a contract has at most %u caps, its buyer's included; a percent counts as two", CAPS_MAX);
    build_count_today(build, contract);
}

/* Margins, wherever they stand: on the campaign, the affiliate and its sources, the contract, and for one affiliate
 * with one contract. A list of pairs is read whole, sorted by contract and affiliate, and handed out in slices, so that
 * a bid looks through one contract's own pairs only. */
#include "exchange/market/build.h"

#include <stdlib.h>

#include "exchange/market/scalar.h"
#include "protocol/base/money.h"

static void read_share(struct build *build, const struct node *node, bool may_be_all, int64_t *ppm)
{
    const struct node *percent = node_find(node, "percent");
    int64_t value = 0;
    if (!percent) return;
    if (!scalar_percent(percent, &value) || value < 0)
        build_error(build, percent, "percent needs a number such as 15 or 12.5");
    else if (value > MONEY_PPM || (value == MONEY_PPM && !may_be_all))
        build_error(build, percent,
                    may_be_all ? "more than 100 percent of the price cannot be paid"
                               : "a margin of 100 percent leaves the affiliate nothing");
    else
        *ppm = value;
}

static void read_bands(struct build *build, const struct node *node, struct margin *margin)
{
    uint32_t count;
    const struct node *list = build_list(build, node, "bands", &count);
    struct margin_band *bands = build_zero(build, count, sizeof *bands);
    if (!list || !bands) return;
    if (count == 0) build_error(build, list, "bands without a band");
    margin->bands = bands;
    NODE_EACH(child, list)
    {
        struct margin_band *band = &bands[margin->bands_count++];
        band->up_to_micros = INT64_MAX;
        build_money(build, child, "up_to", &band->up_to_micros);
        build_money(build, child, "fixed", &band->fixed_micros);
        read_share(build, child, false, &band->ppm);
    }
    uint32_t at;
    const char *error = margin_bands_error(bands, count, &at);
    if (error) build_error(build, node_at(list, at), "%s", error);
}

void build_margin_rules(struct build *build, const struct node *node, struct margin *margin)
{
    static const char *const RULES[] = {"percent", "fixed", "min", "max", "bands"};
    bool has_rule = false;
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) has_rule |= node_find(node, RULES[i]) != NULL;
    if (node->kind != NODE_MAP || !has_rule) {
        build_error(build, node, "margin needs percent, fixed, min, max or bands");
        return;
    }
    margin->is_set = true;
    build_money(build, node, "min", &margin->min_micros);
    build_money(build, node, "fixed", &margin->fixed_micros);
    build_money(build, node, "max", &margin->max_micros);
    read_share(build, node, false, &margin->ppm);
    if (node_find(node, "max") && margin->max_micros < margin->min_micros)
        build_error(build, node, "max is below min: the margin can have no value");
    if (node_find(node, "max") && margin->max_micros == 0)
        build_error(build, node_find(node, "max"), "a margin of at most 0 is said with percent: 0");
    read_bands(build, node, margin);
    if (margin->bands_count && (margin->ppm || margin->fixed_micros))
        build_error(build, node, "bands state percent and fixed themselves: both would not count");
}

void build_margin(struct build *build, const struct node *map, struct margin *margin)
{
    const struct node *node = node_find(map, "margin");
    if (node) build_margin_rules(build, node, margin);
}

void build_pay(struct build *build, const struct node *map, struct margin *margin)
{
    const struct node *node = node_find(map, "pay");
    if (!node) return;
    const struct node *fixed = node_find(node, "fixed"), *percent = node_find(node, "percent");
    if (margin->is_set) {
        build_error(build, node, "pay states the payout: margin beside it would not count");
        return;
    }
    if (node->kind != NODE_MAP || !fixed == !percent) {
        build_error(build, node, "pay needs fixed or percent, one of them");
        return;
    }
    *margin = (struct margin){.is_set = true, .is_pay = true, .is_fixed = fixed != NULL};
    build_money(build, node, "fixed", &margin->fixed_micros);
    read_share(build, node, true, &margin->ppm);
}

static int compare_sources(const void *a, const void *b)
{
    return bytes_compare(((const struct lead_source *)a)->id, ((const struct lead_source *)b)->id);
}

void build_sources(struct build *build, const struct node *node, struct affiliate *affiliate)
{
    const struct node *map = node_find(node, "sources");
    if (!map) return;
    if (map->kind != NODE_MAP) {
        build_error(build, map, "sources is a map such as {fb: {min_price: \"3.00\"}}");
        return;
    }
    struct lead_source *sources = build_zero(build, map->count, sizeof *sources);
    if (!sources) return;
    NODE_EACH(child, map)
    {
        struct lead_source *source = &sources[affiliate->sources_count++];
        source->id = build_copy(build, child->key);
        build_money(build, child, "min_price", &source->min_price_micros);
        build_margin(build, child, &source->margin);
        build_pay(build, child, &source->margin);
        build_bool(build, child, "paused", &source->paused);
    }
    if (build->no_memory) return;
    qsort(sources, affiliate->sources_count, sizeof *sources, compare_sources);
    affiliate->sources = sources;
}

/* A pair on its way to its contract. */
struct loose_pair {
    uint32_t contract;
    struct margin_pair pair;
    const struct node *node;
};

static int compare_pairs(const void *left, const void *right)
{
    const struct loose_pair *a = left, *b = right;
    if (a->contract != b->contract) return a->contract < b->contract ? -1 : 1;
    if (a->pair.affiliate != b->pair.affiliate) return a->pair.affiliate < b->pair.affiliate ? -1 : 1;
    return 0;
}

static uint32_t named(struct build *build, const struct node *node, const char *what, const struct table *ids)
{
    const struct node *name = node_find(node, what);
    struct bytes id;
    uint32_t found = scalar_text(name, &id) ? table_find(ids, id) : TABLE_NONE;
    if (found == TABLE_NONE) build_error(build, name ? name : node, "there is no such %s", what);
    return found;
}

static void hand_out(struct build *build, const struct loose_pair *loose, uint32_t count)
{
    struct margin_pair *pairs = build_zero(build, count, sizeof *pairs);
    struct margin_pairs *of = NULL;
    if (!pairs) return;
    for (uint32_t i = 0; i < count; i++) {
        struct contract *contract = &build->catalogue->contracts[loose[i].contract];
        if (i > 0 && compare_pairs(&loose[i - 1], &loose[i]) == 0)
            build_error(build, loose[i].node, "this affiliate and this contract stand here twice");
        pairs[i] = loose[i].pair;
        if (i == 0 || loose[i - 1].contract != loose[i].contract) {
            of = build_zero(build, 1, sizeof *of);
            if (!of) return;
            of->list = &pairs[i];
            contract->pairs = of;
        }
        of->count++;
    }
}

void build_margins(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    uint32_t count, made = 0;
    const struct node *list = build_list(build, build->source->document, "margins", &count);
    if (count == 0 || !list) return;
    struct loose_pair *loose = calloc(count, sizeof *loose);
    if (!loose) {
        build->no_memory = true;
        return;
    }
    NODE_EACH(node, list)
    {
        struct loose_pair *pair = &loose[made];
        pair->node = node;
        pair->pair.affiliate = named(build, node, "affiliate", &catalogue->affiliate_ids);
        pair->contract = named(build, node, "contract", &catalogue->contract_ids);
        build_margin_rules(build, node, &pair->pair.margin);
        made += pair->pair.affiliate != TABLE_NONE && pair->contract != TABLE_NONE;
    }
    qsort(loose, made, sizeof *loose, compare_pairs);
    hand_out(build, loose, made);
    free(loose);
}

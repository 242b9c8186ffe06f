/* Lists of people: which there are, who is not sold where, and which of them a campaign's leads have to be looked up
 * in. Their contents are elsewhere (exchange/standing/list.h): a snapshot only names them. */
#include "exchange/market/build.h"
#include "exchange/market/list_text.h"
#include "exchange/market/scalar.h"

#include <stdlib.h>

#define WORDS (LISTS_MAX / 64u)
#define ARENA_BYTES 4096u

static uint32_t add_list(struct build *build, const struct node *where, struct bytes name)
{
    struct catalogue *catalogue = build->catalogue;
    if (catalogue->lists_count == LISTS_MAX) {
        build_error(build, where, "there are more than %u lists", LISTS_MAX);
        return TABLE_NONE;
    }
    struct bytes copy = build_copy(build, name);
    uint32_t at = catalogue->lists_count;
    if (!copy.at) return TABLE_NONE;
    catalogue->lists[at] = (struct people_list){.name = copy, .owner = LIST_NO_OWNER};
    if (table_put(&catalogue->list_names, copy, at) != FAULT_NONE) build->no_memory = true;
    catalogue->lists_count++;
    return at;
}

void build_lists(struct build *build)
{
    const struct node *map = node_find(build->source->document, "lists");
    build->catalogue->lists = build_zero(build, LISTS_MAX, sizeof *build->catalogue->lists);
    if (!map || map->kind != NODE_MAP || map->count == 0 || !build->catalogue->lists) return;
    NODE_EACH(node, map)
    {
        uint32_t at = add_list(build, node, node->key);
        if (at == TABLE_NONE) return;
        struct people_list *list = &build->catalogue->lists[at];
        list->is_named = true;
        build_text(build, node, "file", &list->file);
        if (!list->file.len && !node_find(node, "owner"))
            build_error(build, node, "a list needs a file, or an owner who puts it");
    }
}

/* A name of `lists`, else the path of a file. */
static uint32_t find_list(struct build *build, const struct node *node)
{
    struct bytes text;
    if (!scalar_text(node, &text) || text.len == 0) {
        build_error(build, node, "suppress names lists, or files");
        return TABLE_NONE;
    }
    uint32_t at = table_find(&build->catalogue->list_names, text);
    if (at != TABLE_NONE) return at;
    at = add_list(build, node, text);
    if (at != TABLE_NONE) build->catalogue->lists[at].file = build->catalogue->lists[at].name;
    return at;
}

static void read_rule(struct build *build, const struct node *node, struct suppression *into,
                      struct suppress_rule *rules)
{
    struct suppress_rule rule = {0};
    uint32_t at = TABLE_NONE;
    if (node->kind == NODE_MAP) {
        const struct node *list = node_find(node, "list"), *unless = node_find(node, "unless");
        const struct node *fact = node_find(unless, "consent");
        struct bytes text;
        if (list && scalar_text(list, &text) && table_find(&build->catalogue->list_names, text) == TABLE_NONE)
            build_error(build, list, "there is no list %.*s", BUILD_SHOWN(text));
        else if (list)
            at = find_list(build, list);
        else
            build_error(build, node, "{list: …, unless: {consent: tcpa}} needs a list");
        rule.unless_tcpa = unless != NULL;
        if (unless && (!fact || !scalar_text(fact, &text) || !bytes_is(text, "tcpa")))
            build_error(build, unless, "the only thing a suppression gives way to is {consent: tcpa}");
    } else {
        at = find_list(build, node);
    }
    if (at == TABLE_NONE) return;
    rule.list = (uint16_t)at;
    rules[into->count++] = rule;
}

void build_suppression(struct build *build, const struct node *map, struct suppression *suppression)
{
    uint32_t count;
    const struct node *list = build_list(build, map, "suppress", &count);
    struct suppress_rule *rules = count ? build_zero(build, count, sizeof *rules) : NULL;
    *suppression = (struct suppression){rules, 0};
    if (!list || !rules) return;
    NODE_EACH(node, list) read_rule(build, node, suppression, rules);
}

/* --- whom a buyer excludes --- */

static void read_people(struct build *build, const struct node *map, const char *name, struct digest *into,
                        uint32_t *made)
{
    uint32_t count;
    const struct node *list = build_list(build, map, name, &count);
    struct arena arena;
    if (!list || !into) return;
    arena_init(&arena, ARENA_BYTES, 16 * ARENA_BYTES);
    NODE_EACH(node, list)
    {
        struct bytes text;
        if (scalar_text(node, &text) && person_hash_of(text, &arena, &into[*made]))
            (*made)++;
        else
            build_error(build, node, "%s holds phones, e-mails, or their SHA-256", name);
    }
    arena_free(&arena);
}

static void read_excluded(struct build *build, const struct node *node, struct buyer *buyer)
{
    uint32_t phones, emails, made = 0;
    const struct node *exclude = node_find(node, "exclude");
    build_list(build, exclude, "phones", &phones);
    build_list(build, exclude, "emails", &emails);
    if (phones + emails == 0) return;
    struct digest *people = build_zero(build, phones + emails, sizeof *people);
    read_people(build, exclude, "phones", people, &made);
    read_people(build, exclude, "emails", people, &made);
    buyer->people.excluded = people;
    buyer->people.excluded_count = made;
}

/* --- who is asked about --- */

static void mark(const struct suppression *suppression, uint64_t *lists)
{
    for (uint32_t i = 0; i < suppression->count; i++)
        lists[suppression->rules[i].list / 64] |= UINT64_C(1) << suppression->rules[i].list % 64;
}

static void mark_contract(const struct catalogue *catalogue, const struct contract *contract, struct campaign *campaign,
                          uint64_t *lists)
{
    const struct buyer *buyer = &catalogue->buyers[contract->buyer];
    mark(&buyer->people.suppress, lists);
    if (contract->people) mark(&contract->people->suppress, lists);
    if (contract->filter) filter_lists(contract->filter, lists);
    for (uint32_t i = 0; i < contract->prices_count; i++)
        if (contract->prices[i].when) filter_lists(contract->prices[i].when, lists);
    campaign->asks_people |= buyer->people.excluded_count > 0;
}

static void spread(struct build *build, uint64_t (*marks)[WORDS])
{
    struct catalogue *catalogue = build->catalogue;
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++) {
        mark(&catalogue->suppress, marks[i]);
        mark(&catalogue->campaigns[i].suppress, marks[i]);
    }
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        const struct contract *contract = &catalogue->contracts[i];
        if (contract->campaign >= catalogue->campaigns_count || contract->buyer >= catalogue->buyers_count) continue;
        mark_contract(catalogue, contract, &catalogue->campaigns[contract->campaign], marks[contract->campaign]);
    }
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++) {
        struct campaign *campaign = &catalogue->campaigns[i];
        uint32_t count = 0;
        for (uint32_t list = 0; list < catalogue->lists_count; list++)
            count += (uint32_t)(marks[i][list / 64] >> list % 64 & 1);
        if (count == 0) continue;
        uint16_t *asked = build_zero(build, count, sizeof *asked);
        if (!asked) return;
        campaign->lists = asked;
        campaign->asks_people = true;
        for (uint32_t list = 0; list < catalogue->lists_count; list++)
            if (marks[i][list / 64] >> list % 64 & 1) asked[campaign->lists_count++] = (uint16_t)list;
    }
}

static void read_owners(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    const struct node *map = node_find(build->source->document, "lists");
    uint32_t at = 0;
    if (!map || map->kind != NODE_MAP || map->count == 0) return;
    NODE_EACH(node, map)
    {
        const struct node *owner = node_find(node, "owner");
        struct bytes id;
        if (at == catalogue->lists_count) return;
        struct people_list *list = &catalogue->lists[at++];
        if (!owner) continue;
        list->owner = scalar_text(owner, &id) ? table_find(&catalogue->buyer_ids, id) : TABLE_NONE;
        if (list->owner == TABLE_NONE) build_error(build, owner, "there is no such buyer");
    }
}

/* A campaign without a field of a person's has nobody to look up. */
static void check_fields(struct build *build)
{
    const struct catalogue *catalogue = build->catalogue;
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++) {
        const struct campaign *campaign = &catalogue->campaigns[i];
        bool has_person = false;
        for (uint32_t k = 0; k < campaign->fields_count; k++)
            has_person |= campaign->fields[k].type == FIELD_US_PHONE || campaign->fields[k].type == FIELD_EMAIL;
        if (campaign->lists_count && !has_person)
            build_warning(build, build->source->document,
                          "campaign %.*s has no field of type us_phone or email: its lists match nobody",
                          BUILD_SHOWN(campaign->id));
    }
}

void build_suppressions(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    const struct node *campaigns = node_find(build->source->document, "campaigns");
    const struct node *buyers = node_find(build->source->document, "buyers");
    uint32_t made = 0;
    read_owners(build);
    build_suppression(build, build->source->document, &catalogue->suppress);
    if (campaigns && catalogue->campaigns_count) {
        NODE_EACH(node, campaigns) build_suppression(build, node, &catalogue->campaigns[made++].suppress);
    }
    made = 0;
    if (buyers && catalogue->buyers_count) {
        NODE_EACH(node, buyers)
        {
            build_suppression(build, node, &catalogue->buyers[made].people.suppress);
            read_excluded(build, node, &catalogue->buyers[made++]);
        }
    }
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        if (!node_find(build->contract_nodes[i], "suppress")) continue;
        struct people_terms *terms = build_zero(build, 1, sizeof *terms);
        if (!terms) return;
        if (catalogue->contracts[i].people) *terms = *catalogue->contracts[i].people;
        build_suppression(build, build->contract_nodes[i], &terms->suppress);
        catalogue->contracts[i].people = terms;
    }
    uint64_t(*marks)[WORDS] = calloc(catalogue->campaigns_count + 1, sizeof *marks);
    if (marks && build->errors == 0)
        spread(build, marks);
    else
        build->no_memory |= !marks;
    free(marks);
    check_fields(build);
}

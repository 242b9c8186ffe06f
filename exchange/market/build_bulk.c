/* Bulk contracts are built, packed and forgotten one by one: a hundred thousand of them as one document would be a
 * gigabyte to fill and to walk. The few members that a later part of the build asks for are kept. */
#include "exchange/market/build_pack.h"

#include <stdlib.h>

#include "exchange/market/scalar.h"

#define PACK_FIRST (1u << 20)
#define NODE_EXTRA 20u /* bytes a node may take in MessagePack beside its characters */

/* What is read of contracts when all of them are known. */
static const char *const late[] = {"duplicates", "suppress"};

static void keep_texts(struct build *build, struct node *nodes)
{
    for (uint32_t i = 0; i < nodes->span; i++) {
        nodes[i].key = arena_copy(&build->kept, nodes[i].key);
        nodes[i].text = arena_copy(&build->kept, nodes[i].text);
        if (!nodes[i].key.at || !nodes[i].text.at) build->no_memory = true;
    }
}

static const struct node *keep(struct build *build, const struct node *contract)
{
    const struct node *found[sizeof late / sizeof *late];
    uint32_t span = 1, count = 0;
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        const struct node *member = node_find(contract, late[i]);
        if (!member) continue;
        found[count++] = member;
        span += member->span;
    }
    struct node *kept = arena_take(&build->kept, span * sizeof *kept);
    if (!kept) {
        build->no_memory = true;
        return NULL;
    }
    *kept = (struct node){.kind = NODE_MAP, .span = span, .count = count, .at = contract->at};
    struct node *to = kept + 1;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to, found[i], found[i]->span * sizeof *to);
        keep_texts(build, to);
        to += to->span;
    }
    return kept;
}

static void pack(struct build *build, const struct node *contract)
{
    size_t bound = 0;
    for (uint32_t i = 0; i < contract->span; i++) bound += contract[i].key.len + contract[i].text.len + NODE_EXTRA;
    if (build->bulk_room - build->bulk_len < bound) {
        size_t room = build->bulk_room ? build->bulk_room * 2 : PACK_FIRST;
        while (room - build->bulk_len < bound) room *= 2;
        char *grown = realloc(build->bulk, room);
        if (!grown) {
            build->no_memory = true;
            return;
        }
        build->bulk = grown;
        build->bulk_room = room;
    }
    struct sink sink = sink_over(build->bulk + build->bulk_len, build->bulk_room - build->bulk_len);
    build_pack_contract(&sink, contract, NULL);
    build->bulk_len += sink.len;
}

static void take(struct build *build, const struct node *node)
{
    struct catalogue *catalogue = build->catalogue;
    uint32_t index = catalogue->contracts_count;
    struct contract *contract = &catalogue->contracts[index];
    const struct node *name = node_find(node, "buyer");
    struct bytes id;
    contract->index = index;
    contract->buyer = scalar_text(name, &id) ? table_find(&catalogue->buyer_ids, id) : TABLE_NONE;
    if (contract->buyer == TABLE_NONE) build_error(build, name ? name : node, "there is no such buyer");
    catalogue->contracts_count++;
    build->bulk_count++;
    build_id(build, node, "contract", &catalogue->contract_ids, index, &contract->id);
    build_contract(build, node, contract);
    build->contract_nodes[index] = keep(build, node);
    if (!build->errors) pack(build, node);
}

void build_bulk(struct build *build)
{
    const struct catalogue_source *source = build->source;
    const struct node *node;
    bool is_wrong = false;
    while (build->bulk_count < source->bulk_max && !build->no_memory &&
           (node = source->next_bulk(source->next_bulk_arg, &is_wrong)))
        take(build, node);
    build->errors += is_wrong;
}

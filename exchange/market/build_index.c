/* What is made only of a document without errors: who has which contracts, and the cells of standing. Lists are filled
 * by counting, so the order is the catalogue's and the time is linear. */
#include "exchange/market/build.h"
#include "exchange/market/index.h"
#include "exchange/market/rehearsal.h"

static uint32_t owner_of(const struct contract *contract, bool of_buyer)
{
    return of_buyer ? contract->buyer : contract->campaign;
}

/* lists[starts[o] .. starts[o + 1]) are owner o's contracts; returns the starts. */
static uint32_t *group(struct build *build, bool of_buyer, uint32_t owners, uint32_t *list)
{
    const struct catalogue *catalogue = build->catalogue;
    uint32_t *starts = build_zero(build, (size_t)owners + 2, sizeof *starts);
    if (!starts) return NULL;
    for (uint32_t i = 0; i < catalogue->contracts_count; i++)
        starts[owner_of(&catalogue->contracts[i], of_buyer) + 2]++;
    for (uint32_t i = 2; i < owners + 2; i++) starts[i] += starts[i - 1];
    for (uint32_t i = 0; i < catalogue->contracts_count; i++)
        list[starts[owner_of(&catalogue->contracts[i], of_buyer) + 1]++] = i;
    return starts;
}

void build_indexes(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    uint32_t *by_buyer = build_zero(build, catalogue->contracts_count, sizeof *by_buyer);
    uint32_t *by_campaign = build_zero(build, catalogue->contracts_count, sizeof *by_campaign);
    if (!by_buyer || !by_campaign) return;
    const uint32_t *starts = group(build, true, catalogue->buyers_count, by_buyer);
    for (uint32_t i = 0; starts && i < catalogue->buyers_count; i++) {
        catalogue->buyers[i].contracts = by_buyer + starts[i];
        catalogue->buyers[i].contracts_count = starts[i + 1] - starts[i];
    }
    starts = group(build, false, catalogue->campaigns_count, by_campaign);
    for (uint32_t i = 0; starts && i < catalogue->campaigns_count; i++) {
        catalogue->campaigns[i].contracts = by_campaign + starts[i];
        catalogue->campaigns[i].contracts_count = starts[i + 1] - starts[i];
        catalogue->campaigns[i].filters = index_build(build->arena, &catalogue->campaigns[i], catalogue->contracts,
                                                      catalogue->campaigns[i].contracts,
                                                      catalogue->campaigns[i].contracts_count);
        if (!catalogue->campaigns[i].filters) build->no_memory = true;
        for (uint32_t k = 0; k < catalogue->campaigns[i].contracts_count; k++)
            catalogue->campaigns[i].hidden_count +=
                catalogue->contracts[catalogue->campaigns[i].contracts[k]].is_hidden;
    }
}

static uint32_t noted(struct build *build, uint32_t cell)
{
    if (cell == STANDING_NONE) build->no_memory = true;
    return cell;
}

/* "https://host:port", lower case: what a connection is made to. */
static uint32_t origin_cell(struct build *build, const struct endpoint *endpoint)
{
    char text[300];
    struct sink sink = sink_over(text, sizeof text);
    if (endpoint->url.len == 0) return STANDING_NONE;
    sink_text(&sink, endpoint->is_https ? "https://" : "http://");
    sink_bytes(&sink, endpoint->host);
    sink_char(&sink, ':');
    sink_u64(&sink, endpoint->port);
    return noted(build, standing_origin_cell(build->source->standing, sink_written(&sink)));
}

static void cap_cells(struct build *build, const struct cap *list, uint32_t count)
{
    struct cap *caps = (struct cap *)(uintptr_t)list; /* const for readers; still ours while building */
    for (uint32_t i = 0; i < count; i++)
        caps[i].cell = noted(build, standing_cap_cell(build->source->standing, &caps[i].id));
}

static void contract_cells(struct build *build, struct contract *contract)
{
    struct standing *standing = build->source->standing;
    contract->cell = noted(build, standing_contract_cell(standing, contract->id));
    contract->ping_origin_cell = origin_cell(build, &contract->ping);
    contract->post_origin_cell = origin_cell(build, &contract->post);
    cap_cells(build, contract->caps, contract->caps_count + contract->counts_today);
}

/* Nothing is ever told to these cells; they are there so that no reader meets a contract without. */
static void rehearsal_cells(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    struct standing *standing = build->source->standing;
    for (uint32_t i = 0; i < REHEARSAL_BUYERS; i++) {
        struct buyer *buyer = &catalogue->buyers[catalogue->buyers_count + i];
        buyer->cell = noted(build, standing_buyer_cell(standing, buyer->id));
    }
    for (uint32_t i = 0; i < catalogue->campaigns_count * REHEARSAL_BUYERS; i++) {
        struct contract *contract = &catalogue->contracts[catalogue->contracts_count + i];
        contract->cell = noted(build, standing_contract_cell(standing, contract->id));
    }
}

void build_cells(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    struct standing *standing = build->source->standing;
    if (!standing) return;
    for (uint32_t i = 0; i < catalogue->campaigns_count; i++)
        catalogue->campaigns[i].trial_cell = build_trial_cell(build, &catalogue->campaigns[i]);
    for (uint32_t i = 0; i < catalogue->affiliates_count; i++) {
        struct affiliate *affiliate = &catalogue->affiliates[i];
        affiliate->cell = noted(build, standing_affiliate_cell(standing, affiliate->id));
        cap_cells(build, affiliate->caps, affiliate->caps_count * affiliate->campaigns_count);
    }
    for (uint32_t i = 0; i < catalogue->buyers_count; i++) {
        catalogue->buyers[i].cell = noted(build, standing_buyer_cell(standing, catalogue->buyers[i].id));
        cap_cells(build, catalogue->buyers[i].caps, catalogue->buyers[i].caps_count);
    }
    for (uint32_t i = 0; i < catalogue->contracts_count && !build->no_memory; i++)
        contract_cells(build, &catalogue->contracts[i]);
    rehearsal_cells(build);
}

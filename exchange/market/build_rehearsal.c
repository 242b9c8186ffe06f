/* The built-in contracts are read from a document like any other, so that whatever a contract is by default, these are
 * too. Their endpoints are under a name that never resolves (RFC 6761): even a slip could not send a test lead
 * anywhere. */
#include "exchange/market/build.h"
#include "exchange/market/rehearsal.h"

#define ID_ROOM 96u
#define ID_DIGITS "123"
_Static_assert(sizeof ID_DIGITS - 1 == REHEARSAL_BUYERS, "a digit for each");

#define ENDPOINTS                                                                                                      \
    "\"price\":\"live\",\"ping_url\":\"https://test.invalid/ping\",\"post_url\":\"https://test.invalid/post\""

static struct bytes make_id(struct build *build, struct bytes campaign, uint32_t number)
{
    char text[ID_ROOM];
    struct sink sink = sink_over(text, sizeof text);
    sink_text(&sink, "test:");
    sink_bytes(&sink, campaign);
    if (campaign.len) sink_char(&sink, ':');
    sink_char(&sink, ID_DIGITS[number]);
    return build_copy(build, sink_written(&sink));
}

static void enter(struct build *build, struct table *ids, struct bytes id, uint32_t index)
{
    if (!id.at || table_put(ids, id, index) != FAULT_NONE) build->no_memory = true;
}

static void make_buyer(struct build *build, uint32_t number)
{
    struct catalogue *catalogue = build->catalogue;
    struct buyer *buyer = &catalogue->buyers[catalogue->buyers_count + number];
    *buyer = (struct buyer){.index = catalogue->buyers_count + number, .cell = STANDING_NONE, .zone = zone_utc()};
    buyer->id = buyer->group = buyer->public_name = make_id(build, BYTES_NONE, number);
    enter(build, &catalogue->buyer_ids, buyer->id, buyer->index);
}

static const struct node *make_document(struct build *build, const struct campaign *campaign)
{
    char text[ID_ROOM + sizeof ENDPOINTS + 32];
    struct sink sink = sink_over(text, sizeof text);
    struct document_error error;
    sink_text(&sink, "{\"campaign\":\"");
    sink_bytes(&sink, campaign->id);
    sink_text(&sink, "\"," ENDPOINTS "}");
    struct bytes kept = build_copy(build, sink_written(&sink));
    const struct node *document = kept.at ? document_read_json(build->arena, kept, &DOCUMENT_LIMITS, &error) : NULL;
    if (!document) build->no_memory = true;
    return document;
}

void build_rehearsals(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    if (!catalogue->buyers || !catalogue->contracts) return;
    for (uint32_t i = 0; i < REHEARSAL_BUYERS; i++) make_buyer(build, i);
    for (uint32_t c = 0; c < catalogue->campaigns_count; c++) {
        const struct campaign *campaign = &catalogue->campaigns[c];
        const struct node *document = make_document(build, campaign);
        for (uint32_t i = 0; document && i < REHEARSAL_BUYERS; i++) {
            uint32_t index = catalogue->contracts_count + c * REHEARSAL_BUYERS + i;
            struct contract *contract = &catalogue->contracts[index];
            *contract = (struct contract){.index = index, .buyer = catalogue->buyers_count + i};
            contract->id = make_id(build, campaign->id, i);
            enter(build, &catalogue->contract_ids, contract->id, index);
            build_contract(build, document, contract);
        }
    }
}

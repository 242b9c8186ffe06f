/* Facts are those the trace keeps (exchange/market/replay.h); what private fields decided is kept as one bit a
 * contract, so that it can be told that they did, and not what stood in them. */
#include "exchange/api/refusals.h"

#include "exchange/market/replay.h"

#define TEXT_MAX 512

static bool has_entry(const struct trace_auction *auction, struct bytes contract)
{
    for (uint32_t i = 0; i < auction->contracts_count; i++)
        if (bytes_same(auction->contracts[i].contract, contract)) return true;
    return false;
}

static void write_reason(struct json *json, const struct contract *contract, enum reason reason,
                         const struct facts *facts, bool by_private)
{
    char text[TEXT_MAX];
    struct sink sink = sink_over(text, sizeof text);
    if (by_private && contract->filter && filter_is_private(contract->filter))
        filter_explain_private(contract->filter, facts->campaign, facts, &sink);
    else if (by_private)
        sink_text(&sink, "none of its prices is for this lead; they look at private fields too");
    else if (reason == REASON_FILTERED && contract->filter)
        filter_explain(contract->filter, facts->campaign, facts, &sink);
    if (sink.len == 0)
        sink_text(&sink, reason == REASON_FILTERED ? "none of its prices is for this lead" : reason_text(reason));
    json_key(json, "reason");
    json_open_map(json);
    json_key(json, "code");
    json_text(json, bytes_of(reason_code(reason)));
    json_key(json, "text");
    json_text(json, sink_written(&sink));
    json_close_map(json);
}

static void write_one(struct json *json, const struct catalogue *catalogue, const struct contract *contract,
                      enum reason reason, const struct facts *facts, bool by_private)
{
    static const char *const absent[] = {"bid", "effective_price", "ms"};
    json_open_map(json);
    json_key(json, "contract");
    json_text(json, contract->id);
    json_key(json, "buyer");
    json_text(json, catalogue->buyers[contract->buyer].id);
    json_key(json, "state");
    json_text(json, BYTES("skipped"));
    write_reason(json, contract, reason, facts, by_private);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        json_key(json, absent[i]);
        json_null(json);
    }
    json_key(json, "tier");
    json_u64(json, contract->tier);
    json_key(json, "rank");
    json_null(json);
    json_key(json, "posts");
    json_open_list(json);
    json_close_list(json);
    json_close_map(json);
}

/* Why not, though its filter let the lead. */
static enum reason beside_filter(const struct catalogue *catalogue, const struct contract *contract,
                                 const struct facts *facts)
{
    const struct affiliate *affiliate = catalogue_affiliate(catalogue, facts->affiliate);
    bool is_out = match_excludes(affiliate, &catalogue->buyers[contract->buyer], facts);
    return is_out ? REASON_EXCLUDED : REASON_NONE;
}

void refusals_write(struct json *json, const struct trace_auction *auction, const struct catalogue *catalogue,
                    struct arena *arena, uint32_t counts[REASON_COUNT])
{
    struct lead_form form;
    uint32_t told = 0, bit = 0;
    const struct campaign *campaign = catalogue_campaign(catalogue, auction->campaign);
    if (!campaign || !replay_was_matched(auction) || !replay_facts(auction, campaign, arena, &form)) return;
    for (uint32_t i = 0; i < campaign->contracts_count; i++) {
        const struct contract *contract = &catalogue->contracts[campaign->contracts[i]];
        bool by_private = contract->is_hidden && auction->hidden.len > 0;
        bool is_let = by_private && match_hidden_let(auction->hidden, bit);
        bit += contract->is_hidden;
        enum reason reason = match_static(catalogue, contract, &form.facts);
        if (reason == REASON_FILTERED && is_let) reason = beside_filter(catalogue, contract, &form.facts);
        if (reason == REASON_NONE || has_entry(auction, contract->id)) continue;
        if (told++ < REFUSALS_MAX)
            write_one(json, catalogue, contract, reason, &form.facts, by_private && reason == REASON_FILTERED);
        else
            counts[reason]++;
    }
}

/* A lead that goes to a new auction: a lead of its own, out of what the book keeps of the earlier one. The person, the
 * consent and what the affiliate asked are the same; those who had it get it no more. Nobody waits for its answer: its
 * affiliate is told by notice. */
#include "exchange/auction/parts.h"

#include "protocol/codec/document.h"

bool onward_is(const struct auction *auction)
{
    return !ident_is_none(&auction->request.origin);
}

static void take_sub_ids(struct auction *auction, struct bytes sub_ids)
{
    struct ping_request *ping = &auction->request.ping;
    struct document_error error;
    const struct node *list = sub_ids.len ? document_read_json(&auction->arena, sub_ids, &DOCUMENT_LIMITS, &error)
                                          : NULL;
    if (!list) return;
    NODE_EACH(one, list)
    if (ping->sub_ids_count < SUB_IDS_MAX) ping->sub_ids[ping->sub_ids_count++] = one->text;
}

/* What fails here is told to nobody, and tried again until the lead is too old. */
enum step onward_admit(struct auction *auction)
{
    struct auction_request *request = &auction->request;
    struct document_error error;
    const struct lead_record *record = auction->record = entries_copy_record(auction, request->record);
    const struct node *document = document_read_json(&auction->arena, request->content, &DOCUMENT_LIMITS, &error);
    const struct node *lead = document ? node_find(document, "lead") : NULL;
    if (!auction->host->is_writable(auction->world)) return story_refuse(auction, 503, REASON_LEDGER_DOWN, NULL);
    if (!record || !lead || !auction->affiliate) return story_refuse(auction, 503, REASON_BUSY, NULL);
    auction->campaign = catalogue_campaign(auction->catalogue, record->campaign);
    if (!auction->campaign) return story_refuse(auction, 422, REASON_CAMPAIGN_UNKNOWN, NULL);
    request->ping = (struct ping_request){.campaign = record->campaign,
                                          .source = record->source,
                                          .channel = record->channel,
                                          .ref = record->ref,
                                          .click_id = record->click_id,
                                          .lead = lead,
                                          .consent = node_find(document, "consent"),
                                          .min_price_micros = record->offer.floor_micros,
                                          .min_leg_price_micros = record->offer.leg_floor_micros,
                                          .sold_elsewhere = record->offer.sold_elsewhere};
    take_sub_ids(auction, record->sub_ids);
    return admission_begin(auction, lead);
}

static bool is_of(const struct auction *auction, struct bytes contract, struct bytes group)
{
    const struct contract *found = catalogue_contract(auction->catalogue, contract);
    return found && bytes_same(auction->catalogue->buyers[found->buyer].group, group);
}

/* Its owner has had it, or may have seen it. */
static bool had_it(const struct auction *auction, struct bytes group)
{
    const struct lead_record *record = auction->record;
    for (uint32_t i = 0; i < record->offer.candidates_count && i < 64; i++)
        if (record->tried >> i & 1 && is_of(auction, record->offer.candidates[i].contract, group)) return true;
    for (unsigned i = 0; i < record->slots_count; i++)
        if (record->slots[i].is_used && is_of(auction, record->slots[i].sale.contract, group)) return true;
    return false;
}

void onward_match(struct auction *auction)
{
    struct match *match = &auction->match;
    for (uint32_t i = 0; onward_is(auction) && i < match->entries_count; i++) {
        struct match_entry *entry = &match->entries[i];
        if (!had_it(auction, auction->catalogue->buyers[entry->contract->buyer].group)) continue;
        if (entry->reason == REASON_NONE)
            match->askable--;
        else
            match->counts[entry->reason]--;
        entry->view.barred = entry->reason = REASON_EXCLUDED;
        match->counts[REASON_EXCLUDED]++;
    }
}

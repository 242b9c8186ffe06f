/* The person a lead is about: who it is, what the book remembers, who may not have it. The rules are market's
 * (duplicates.h); here they meet the story. */
#include "exchange/auction/parts.h"

#include "exchange/market/seller.h"
#include "protocol/message/consent.h"

/* What is stored of a person: the start of a keyed hash. */
void people_key(struct auction *auction, const struct person_hash *hash, struct person_key *key)
{
    struct digest digest = hash->plain;
    auction->host->keyed(auction->world, &digest);
    key->kind = hash->kind;
    memcpy(key->at, digest.at, PERSON_KEY_LEN);
}

static void inherit_hash(struct auction *auction, enum person_kind kind, const struct offer_hash *hash)
{
    struct person_keys *keys = &auction->keys;
    if (!hash->is_given || keys->count == PERSON_KEYS_MAX) return;
    for (uint32_t i = 0; i < keys->count; i++)
        if (keys->list[i].kind == kind) return;
    struct person_key *key = &keys->list[keys->count++];
    key->kind = (uint8_t)kind;
    memcpy(key->at, hash->at, sizeof key->at);
}

/* A refinement is about the person of the ping it refines. */
static void inherit(struct auction *auction)
{
    _Static_assert(sizeof auction->offer.past.phone.at == PERSON_KEY_LEN, "both are the start of the same keyed hash");
    inherit_hash(auction, PERSON_PHONE, &auction->offer.past.phone);
    inherit_hash(auction, PERSON_EMAIL, &auction->offer.past.email);
}

static const struct revoked *revoked_of(const struct auction *auction)
{
    return standing_revoked(auction->host->standing(auction->world));
}

/* Who a lead is about matters where a rule asks, and everywhere once somebody was revoked. */
static bool asks(const struct auction *auction)
{
    const struct campaign *campaign = auction->campaign;
    return campaign->recalls || campaign->asks_people || campaign->gives_hashes ||
           !revoked_is_empty(revoked_of(auction));
}

/* What the ping told stands in its offer, for filters that are asked again. */
static bool read_sub_ids(struct auction *auction)
{
    struct document_error error;
    struct bytes sub_ids = auction->offer.sub_ids;
    struct facts *facts = &auction->form.facts;
    bool is_missing = facts->sub_ids_count == 0 && sub_ids.len && auction->campaign->lists_count;
    if (!is_missing || auction->request.kind == AUCTION_PING) return true;
    const struct node *list = document_read_json(&auction->arena, sub_ids, &DOCUMENT_LIMITS, &error);
    struct bytes *texts = list ? arena_take(&auction->arena, (list->count + 1) * sizeof *texts) : NULL;
    if (!texts) return false;
    NODE_EACH(one, list) texts[facts->sub_ids_count++] = one->text;
    facts->sub_ids = texts;
    return true;
}

static bool read_lists(struct auction *auction)
{
    if (!auction->campaign->lists_count || !auction->keys.count) return true;
    uint64_t *bits = arena_zero(&auction->arena, LISTS_MAX / 64, sizeof *bits);
    if (!bits) return false;
    auction->host->look_up(auction->world, auction->catalogue, auction->campaign, &auction->person, &auction->keys,
                           bits);
    auction->on_lists = auction->form.facts.on_lists = bits;
    return read_sub_ids(auction);
}

/* A test is about nobody. */
bool people_read(struct auction *auction, const struct node *lead)
{
    bool is_ping = auction->request.kind == AUCTION_PING;
    bool remembers = auction->campaign->sold_keep_ms || auction->campaign->refused_keep_ms;
    if (auction->rehearsal || (!asks(auction) && (is_ping || !remembers))) return true;
    const struct ping_hashes *told = auction->request.kind == AUCTION_POST ? NULL : &auction->request.ping.hashes;
    if (!person_read(auction->campaign, lead, told, &auction->arena, &auction->person)) return false;
    auction->keys.count = auction->person.count;
    for (uint32_t i = 0; i < auction->person.count; i++)
        people_key(auction, &auction->person.list[i], &auction->keys.list[i]);
    if (is_ping) inherit(auction);
    return read_lists(auction);
}

/* The keyed hash of the whole lead, in that campaign. A key of the affiliate's holds no zero, so the two never meet. */
void people_name_lead(struct auction *auction)
{
    static const char mark[] = "\0same lead";
    struct bytes parts[] = {auction->affiliate->id,
                            {mark, sizeof mark},
                            auction->campaign->id,
                            {(const char *)auction->form.document.at, DIGEST_LEN}};
    digest_of(&auction->request.key, parts, 4);
    auction->request.has_key = auction->key_is_brief = true;
}

bool people_may_be_known(const struct auction *auction)
{
    if (auction->looks_like_test) return false; /* it ends as one, and keeps no real lead out */
    return auction->campaign->recalls && auction->keys.count > 0;
}

/* One claim for each key the campaign's rule goes by, or one for all of them. */
static void add_claims(struct auction *auction)
{
    const struct duplicates *rule = &auction->campaign->duplicates;
    const struct person_keys *keys = &auction->keys;
    struct auction_recall *recall = &auction->recall;
    struct bytes parts[2 + PERSON_KEYS_MAX] = {auction->campaign->id, {"\0person", 8}};
    unsigned kinds = 0, count = 2;
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct person_key *key = &keys->list[i];
        if (!(rule->by >> key->kind & 1) || (rule->match_all && kinds >> key->kind & 1)) continue;
        kinds |= 1u << key->kind;
        parts[count] = (struct bytes){(const char *)key->at, PERSON_KEY_LEN};
        if (rule->match_all)
            count++;
        else
            digest_of(&recall->claims[recall->claims_count++], parts, 3);
    }
    if (rule->match_all && kinds == rule->by) digest_of(&recall->claims[recall->claims_count++], parts, count);
}

void people_recall(struct auction *auction)
{
    auction->recall = (struct auction_recall){.keys = auction->keys};
    if (auction->request.kind != AUCTION_PING && auction->campaign->duplicates.window_ms) add_claims(auction);
    auction->recall_asked = true;
    auction->host->recall(auction->world, auction, &auction->recall);
}

void people_copy(struct auction *auction, const struct auction_recalled *recalled)
{
    if (recalled->outcome != RECALL_TOLD) auction->recall.claims_count = 0;
    if (!recalled->count) return;
    struct encounter *list = arena_zero(&auction->arena, recalled->count, sizeof *list);
    for (uint32_t i = 0; list && i < recalled->count; i++) {
        list[i] = recalled->list[i];
        list[i].campaign = arena_copy(&auction->arena, list[i].campaign);
        list[i].contract = arena_copy(&auction->arena, list[i].contract);
        if (!list[i].campaign.at || !list[i].contract.at) auction->recalled = RECALL_BUSY;
    }
    if (!list) auction->recalled = RECALL_BUSY;
    auction->encounters = list;
    auction->encounters_count = list ? recalled->count : 0;
}

void people_forget(struct auction *auction)
{
    if (auction->recall.claims_count) auction->host->forget(auction->world, &auction->recall);
    auction->recall.claims_count = 0;
}

static struct duplicates_question question_of(const struct auction *auction)
{
    return (struct duplicates_question){
        .catalogue = auction->catalogue,
        .campaign = auction->campaign,
        .lead_id = auction->request.kind == AUCTION_PING ? NULL : &auction->lead_id,
        .origin = auction->request.origin,
        .list = auction->encounters,
        .count = auction->encounters_count,
        .wall_ms = auction->host->wall_ms(auction->world),
    };
}

enum reason people_reason(const struct auction *auction)
{
    if (!auction->encounters_count) return REASON_NONE;
    struct duplicates_question question = question_of(auction);
    return duplicates_seen(&question) ? REASON_DUPLICATE : REASON_NONE;
}

enum reason people_suppressed(const struct auction *auction)
{
    if (!auction->keys.count) return REASON_NONE;
    if (revoked_has(revoked_of(auction), &auction->keys)) return REASON_SUPPRESSED;
    return suppress_lead(auction->catalogue, &auction->form.facts);
}

/* Of one contract, whatever its filter says. */
static enum reason bars(const struct auction *auction, const struct contract *contract)
{
    enum reason reason = suppress_contract(auction->catalogue, contract, &auction->person, &auction->form.facts);
    if (reason != REASON_NONE || !auction->encounters_count) return reason;
    struct duplicates_question question = question_of(auction);
    return duplicates_met(&question, contract) ? REASON_DUPLICATE : REASON_NONE;
}

/* Nobody is sold to whom the person did not agree to hear from. */
static bool is_unnamed(const struct auction *auction, const struct contract *contract)
{
    return contract->is_named && !consent_names(auction->consent, contract->seller->name);
}

/* A filter that asks about lists may have been asked before it was known who it is. */
enum reason people_bars(const struct auction *auction, const struct contract *contract)
{
    if (is_unnamed(auction, contract)) return REASON_CONSENT_MISSING;
    if (!auction->keys.count) return REASON_NONE;
    enum reason reason = people_suppressed(auction);
    if (reason == REASON_NONE) reason = bars(auction, contract);
    if (reason != REASON_NONE || !contract->asks_list) return reason;
    bool suits = !contract->filter || filter_matches(contract->filter, &auction->form.facts);
    return suits ? REASON_NONE : REASON_FILTERED;
}

void people_match(struct auction *auction)
{
    struct match *match = &auction->match;
    bool is_whole = admission_is_whole(auction), knows = auction->keys.count > 0;
    for (uint32_t i = 0; i < match->entries_count && (knows || is_whole); i++) {
        struct match_entry *entry = &match->entries[i];
        enum reason reason = knows ? bars(auction, entry->contract) : REASON_NONE;
        if (is_whole && is_unnamed(auction, entry->contract)) reason = REASON_CONSENT_MISSING;
        if (reason == REASON_NONE) continue;
        if (entry->reason == REASON_NONE)
            match->askable--;
        else
            match->counts[entry->reason]--;
        entry->view.barred = reason;
        entry->reason = reason;
        match->counts[reason]++;
    }
}

const struct book_seen *people_seen(struct auction *auction, const struct book_step *step, struct book_seen *seen)
{
    const struct campaign *campaign = auction->campaign;
    bool remembers = step->intents_count && campaign && (campaign->sold_keep_ms || campaign->refused_keep_ms);
    bool ends_key = step->opening && auction->key_is_brief;
    *seen = (struct book_seen){.key_keep_ms = ends_key ? AUCTION_SAME_MS : 0};
    if (remembers) {
        seen->keys = auction->keys;
        seen->sold_keep_ms = campaign->sold_keep_ms;
        seen->refused_keep_ms = campaign->refused_keep_ms;
    }
    return seen->keys.count || ends_key ? seen : NULL;
}

const struct duplicates_guard *people_guard(struct auction *auction, const struct book_step *step)
{
    struct duplicates_guard *guard = &auction->guard;
    if (!people_may_be_known(auction)) return NULL;
    *guard = (struct duplicates_guard){auction->catalogue, auction->campaign,      {NULL}, 0,
                                       auction->keys,      auction->request.origin};
    for (unsigned i = 0; i < step->intents_count; i++)
        guard->contracts[guard->contracts_count++] = catalogue_contract(auction->catalogue, step->intents[i].contract);
    return guard;
}

/* Matching is done by the index, as it was; contracts whose filters look at private fields are let or not by the bits
 * the trace keeps of them, for their values are nowhere. A contract the trace does not tell of is taken as available:
 * under the recorded catalogue there are such ones only beyond the trace's limits, and then they were not asked. */
#include "exchange/market/replay.h"

#include "exchange/market/suppress.h"

#include <stdlib.h>

#include "exchange/market/acceptance.h"
#include "exchange/market/excluded.h"

/* The trace's contracts by their place in the catalogue. */
struct told {
    uint32_t contract, place;
};

struct run {
    const struct trace_auction *trace;
    struct arena *arena;
    struct replay *replay;
    bool is_same; /* the catalogue it was decided under */
    struct told *told;
    uint32_t told_count;
};

static enum reason refuse(const struct run *run);
static bool match_again(struct run *run);
static bool rank_again(struct run *run);

/* sub_ids is a list of texts, which were copied out of one like it. */
static bool read_sub_ids(const struct trace_auction *trace, struct arena *arena, struct facts *facts)
{
    struct document_error error;
    if (!trace->sub_ids.len) return true;
    const struct node *list = document_read_json(arena, trace->sub_ids, &DOCUMENT_LIMITS, &error);
    if (!list || list->kind != NODE_LIST) return false;
    struct bytes *texts = arena_zero(arena, list->count, sizeof *texts);
    if (!texts) return false;
    NODE_EACH(one, list) texts[facts->sub_ids_count++] = one->text;
    facts->sub_ids = texts;
    return true;
}

bool replay_facts(const struct trace_auction *trace, const struct campaign *campaign, struct arena *arena,
                  struct lead_form *form)
{
    struct document_error error;
    struct complaints complaints = {.count = 0};
    bool out_of_memory = false;
    const struct node *consent = NULL;
    const struct node *lead = document_read_json(arena, trace->public_json, &DOCUMENT_LIMITS, &error);
    if (!lead) return false;
    if (trace->consent.len) consent = document_read_json(arena, trace->consent, &DOCUMENT_LIMITS, &error);
    if (trace->consent.len && !consent) return false;
    if (!campaign_read_lead(campaign, LEAD_PING, lead, consent, arena, form, &complaints, &out_of_memory)) return false;
    form->facts.affiliate = trace->affiliate;
    form->facts.source = trace->source;
    form->facts.area_code = trace->area_code;
    if (!suppress_unpack(trace->on_lists, arena, &form->facts)) return false;
    if (!excluded_unpack(trace->excluded, arena, &form->facts.excluded)) return false;
    form->facts.today = campaign_day(trace->opened_ms);
    return read_sub_ids(trace, arena, &form->facts);
}

enum replay_outcome replay_run(const struct trace_auction *trace, const struct catalogue *catalogue,
                               struct arena *arena, struct replay *replay)
{
    struct run run = {trace, arena, replay, digest_same(&trace->catalogue, &catalogue->version), NULL, 0};
    *replay = (struct replay){.catalogue = catalogue};
    if (!trace_is_auction(trace->kind) || trace->is_test) return REPLAY_NO_AUCTION;
    if (!trace->is_whole) return REPLAY_TOO_OLD;
    replay->campaign = catalogue_campaign(catalogue, trace->campaign);
    replay->affiliate = catalogue_affiliate(catalogue, trace->affiliate);
    if (!replay->campaign || !replay->affiliate) return REPLAY_STRANGE;
    replay->source = catalogue_source_of(replay->affiliate, trace->source);
    if (!replay_facts(trace, replay->campaign, arena, &replay->form)) return REPLAY_STRANGE;
    bool is_fresh = trace->kind !=
                    TRACE_REAUCTION; /* else the floor is its first auction's, and what was promised there */
    replay->floor_micros = is_fresh ? price_floor(replay->affiliate, replay->source, trace->asked_micros)
                                    : trace->floor_micros;
    replay->arm = rank_arm(replay->campaign, trace->seed);
    replay->refused = refuse(&run);
    if (replay->refused != REASON_NONE) return REPLAY_DECIDED;
    if (!match_again(&run)) return REPLAY_NO_MEMORY;
    replay->is_ranked = trace->ranked_ms != 0 || (!run.is_same && replay->match.askable > 0);
    if (replay->is_ranked && !rank_again(&run)) return REPLAY_NO_MEMORY;
    return REPLAY_DECIDED;
}

/* What ends an auction before anybody is looked at. What stores and the world know (the person was not for sale, a cap
 * of the affiliate's was full, it left) is taken as it was: a trace tells nothing of the person. */
static enum reason refuse(const struct run *run)
{
    const struct replay *replay = run->replay;
    const struct trace_auction *trace = run->trace;
    bool was_matched = replay_was_matched(trace);
    bool is_ours = was_matched || trace->reason == REASON_PAUSED || trace->reason == REASON_CONSENT_MISSING;
    if (!is_ours) return trace->reason;
    if (decide_paused(replay->campaign, replay->affiliate, replay->source)) return REASON_PAUSED;
    if (campaign_is_test(&replay->form.facts)) return REASON_TEST_LEAD;
    bool needs_consent = trace->kind != TRACE_PING || replay->campaign->quality.consent_at_ping;
    if (needs_consent && !campaign_had_consent(replay->campaign, replay->form.facts.consent))
        return REASON_CONSENT_MISSING;
    bool lacked_other = !was_matched && trace->reason == REASON_CONSENT_MISSING; /* a part that no trace keeps */
    return lacked_other ? REASON_CONSENT_MISSING : REASON_NONE;
}

bool replay_was_matched(const struct trace_auction *trace)
{
    for (uint32_t i = 0; i < trace->steps_count; i++)
        if (trace->steps[i].letter == 'p') return true;
    return bytes_is(trace->closed_cause, "nobody_asked");
}

/* Matching
 * ----------------------------------------------------------------------------------------------------------------- */

static int order_told(const void *left, const void *right)
{
    const struct told *a = left, *b = right;
    return a->contract < b->contract ? -1 : a->contract > b->contract;
}

static bool list_told(struct run *run)
{
    const struct trace_auction *trace = run->trace;
    run->told = arena_take(run->arena, (trace->contracts_count + 1) * sizeof *run->told);
    if (!run->told) return false;
    for (uint32_t i = 0; i < trace->contracts_count; i++) {
        const struct contract *contract = catalogue_contract(run->replay->catalogue, trace->contracts[i].contract);
        if (contract) run->told[run->told_count++] = (struct told){contract->index, i};
    }
    qsort(run->told, run->told_count, sizeof *run->told, order_told);
    return true;
}

static uint32_t find_told(const struct run *run, uint32_t contract)
{
    struct told wanted = {contract, 0};
    const struct told *found = bsearch(&wanted, run->told, run->told_count, sizeof wanted, order_told);
    return found ? found->place : REPLAY_NONE;
}

/* Whether private fields suited it. The bits are of the recorded catalogue; under another one whoever was let then is
 * let now, and nobody else. */
static bool is_hidden_let(const struct run *run, const struct contract *contract, uint32_t bit)
{
    if (!run->is_same) return find_told(run, contract->index) != REPLAY_NONE;
    return match_hidden_let(run->trace->hidden, bit);
}

/* Those that the public facts let, and those that private ones did, in the campaign's order. */
static uint32_t *suiting(struct run *run)
{
    struct replay *replay = run->replay;
    const struct campaign *campaign = replay->campaign;
    const struct facts *facts = &replay->form.facts;
    struct match *match = &replay->match;
    const uint32_t *let = match_suiting(replay->catalogue, facts, run->arena, match);
    uint32_t *all = let ? arena_take(run->arena, (match->entries_count + campaign->hidden_count + 1) * sizeof *all)
                        : NULL;
    if (!all) return NULL;
    uint32_t count = 0, from = 0, bit = 0;
    if (campaign->hidden_count == 0) {
        memcpy(all, let, match->entries_count * sizeof *all);
        return all;
    }
    for (uint32_t i = 0; i < campaign->contracts_count; i++) {
        const struct contract *contract = &replay->catalogue->contracts[campaign->contracts[i]];
        bool is_let = from < match->entries_count && let[from] == contract->index;
        from += is_let;
        bool is_unlet = !is_let && contract->is_hidden && is_hidden_let(run, contract, bit);
        if (is_unlet && match_static(replay->catalogue, contract, facts) == REASON_FILTERED) { /* by public facts */
            is_let = !match_excludes(replay->affiliate, &replay->catalogue->buyers[contract->buyer], facts);
            match->counts[REASON_FILTERED]--;
            match->counts[REASON_EXCLUDED] += !is_let;
        }
        bit += contract->is_hidden;
        if (is_let) all[count++] = contract->index;
    }
    match->entries_count = count;
    return all;
}

/* What a contract that the trace does not tell of is taken for. */
static const struct availability_view unseen = {
    .cap_full = -1, .seats_free = INT64_MAX, .accepted_ppm = ACCEPTANCE_ONE};

static void read_view(const struct run *run, struct match_entry *entry, const struct trace_contract *told)
{
    entry->standing_price_micros = match_standing_price(entry->contract, &run->replay->form.facts);
    const struct buyer *buyer = &run->replay->catalogue->buyers[entry->contract->buyer];
    if (!told || !availability_unpack(told->view, &entry->view)) entry->view = unseen;
    if (entry->view.cap_full >= (int32_t)(entry->contract->caps_count + buyer->caps_count)) entry->view.cap_full = -1;
    entry->view.stake_micros = purse_stake(entry->contract, entry->standing_price_micros);
    entry->reason = availability_reason(entry->contract, buyer, &entry->view, run->trace->opened_ms);
}

static bool match_again(struct run *run)
{
    struct replay *replay = run->replay;
    struct match *match = &replay->match;
    if (!list_told(run)) return false;
    const uint32_t *let = suiting(run);
    match->entries = arena_zero(run->arena, match->entries_count, sizeof *match->entries);
    replay->entries = arena_zero(run->arena, match->entries_count, sizeof *replay->entries);
    if (!let || !match->entries || !replay->entries) return false;
    for (uint32_t i = 0; i < match->entries_count; i++) {
        struct match_entry *entry = &match->entries[i];
        struct replay_entry *again = &replay->entries[i];
        uint32_t place = find_told(run, let[i]);
        const struct trace_contract *told = place == REPLAY_NONE ? NULL : &run->trace->contracts[place];
        *again = (struct replay_entry){.told = place, .bid = REPLAY_NONE};
        entry->contract = &replay->catalogue->contracts[let[i]];
        read_view(run, entry, told);
        again->reason = entry->reason;
        if (told && told->has_bid && entry->contract->is_hidden && told->state == TRACE_STANDING)
            entry->standing_price_micros = told->price_micros;
        if (run->is_same && !told) continue; /* only counted: it was not asked */
        match->counts[entry->reason]++;
    }
    for (uint32_t i = 0; run->is_same && i < REASON_COUNT; i++)
        if (i != REASON_FILTERED && i != REASON_EXCLUDED) match->counts[i] += run->trace->counts[i];
    match->askable = match->counts[REASON_NONE];
    match->counts[REASON_NONE] = 0;
    if (match->askable == 0) replay->reason = match_commonest(match->counts);
    return true;
}

/* Ranking
 * ------------------------------------------------------------------------------------------------------------------ */

/* What it said, or would say: a standing price is the catalogue's to tell; a live one only its buyer's. */
static bool bid_again(const struct run *run, uint32_t i, struct rank_bid *bid)
{
    const struct match_entry *entry = &run->replay->match.entries[i];
    struct replay_entry *again = &run->replay->entries[i];
    const struct trace_contract *told = again->told == REPLAY_NONE ? NULL : &run->trace->contracts[again->told];
    *bid = (struct rank_bid){.entry = entry, .available = true};
    if (entry->reason != REASON_NONE) return false;
    if (!entry->contract->is_live) {
        bid->price_micros = entry->standing_price_micros;
        if (run->is_same && told && !told->has_bid) again->reason = told->reason;
        if (run->is_same) return told && told->has_bid;
        return bid->price_micros > 0;
    }
    if (told && told->has_bid && told->state == TRACE_PINGED) {
        bid->price_micros = told->price_micros;
        bid->available = told->available;
        bid->bid_id = told->bid_id;
        bid->valid_us = told->valid_us;
        bid->ms = told->answer_us / 1000;
        return true;
    }
    /* With the same catalogue, whoever could be asked and was not is known: the call itself was held back. */
    again->is_unknown = !told || (told->state != TRACE_PINGED && !run->is_same);
    again->reason = again->is_unknown ? REASON_NO_BID : told->reason;
    return false;
}

/* Its bid could not be promised: its caps, money, seats or open offers were taken by then. */
static bool was_held_out(const struct trace_contract *told)
{
    return !told->has_bid && told->state != TRACE_SKIPPED &&
           (told->reason == REASON_CAPPED || told->reason == REASON_NO_FUNDS || told->reason == REASON_NO_SEAT ||
            told->reason == REASON_THROTTLED);
}

/* Nobody bid: nobody of those who were asked, or else, nobody could be asked at all. */
static enum reason nearest(const struct run *run)
{
    const struct replay *replay = run->replay;
    uint32_t counts[REASON_COUNT];
    memcpy(counts, replay->match.counts, sizeof counts);
    for (uint32_t i = 0; i < replay->match.entries_count; i++) {
        const struct replay_entry *again = &replay->entries[i];
        const struct trace_contract *told = again->told == REPLAY_NONE ? NULL : &run->trace->contracts[again->told];
        if (replay->match.entries[i].reason != REASON_NONE) continue;
        if (again->is_unknown || !told) return REASON_NO_BID;
        if (told->state != TRACE_SKIPPED && !was_held_out(told)) return REASON_NO_BID;
        counts[told->reason]++;
    }
    return match_commonest(counts);
}

static void conclude(struct run *run)
{
    struct replay *replay = run->replay;
    if (replay->order_count == 0) {
        replay->reason = replay->bids_count ? rank_nearest(replay->bids, replay->bids_count) : nearest(run);
        return;
    }
    const struct rank_bid *best = &replay->bids[replay->order[0]];
    replay->expires_ms = best->valid_until_ms;
    for (uint32_t i = 0; i < replay->planned; i++) {
        const struct rank_bid *leg = &replay->bids[replay->order[i]];
        replay->price_micros += leg->payout.payout_micros;
        if (leg->valid_until_ms < replay->expires_ms) replay->expires_ms = leg->valid_until_ms;
    }
}

/* The legs it named, as the trace has them; else its price is its one leg. */
static uint32_t legs_again(const struct run *run, const struct decision *decision, uint32_t i,
                           const struct rank_bid *said, struct rank_bid *out)
{
    const struct replay_entry *again = &run->replay->entries[i];
    const struct trace_contract *told = again->told == REPLAY_NONE ? NULL : &run->trace->contracts[again->told];
    struct bid_leg legs[DECIDE_LEGS_MAX];
    uint32_t count = 0;
    bool of_trace = told && (said->entry->contract->is_live || run->is_same);
    for (uint32_t k = 0; of_trace && k < told->legs_count && count < DECIDE_LEGS_MAX; k++)
        legs[count++] = (struct bid_leg){told->legs[k].price_micros, told->legs[k].max_sold};
    return decide_legs(decision, said, legs, count, out);
}

/* Of several legs the one that stands first speaks for the contract. */
static void pick_best(const struct replay *replay, struct replay_entry *again, uint32_t from, uint32_t to)
{
    if (from < to) again->bid = from;
    for (uint32_t i = from; i < to; i++) {
        uint32_t rank = replay->bids[i].rank, best = replay->bids[again->bid].rank;
        if (rank && (best == 0 || rank < best)) again->bid = i;
    }
}

static bool rank_again(struct run *run)
{
    struct replay *replay = run->replay;
    const struct trace_auction *trace = run->trace;
    uint32_t count = replay->match.entries_count;
    size_t room = trace->max_sales > 1 ? (size_t)count * DECIDE_LEGS_MAX + 1 : (size_t)count + 2;
    uint32_t *from = arena_take(run->arena, (count + 1) * sizeof *from);
    replay->bids = arena_take(run->arena, room * sizeof *replay->bids);
    replay->order = arena_take(run->arena, room * sizeof *replay->order);
    if (!from || !replay->bids || !replay->order) return false;
    struct decision *decision = &replay->decision;
    *decision = (struct decision){.catalogue = replay->catalogue,
                                  .campaign = replay->campaign,
                                  .affiliate = replay->affiliate,
                                  .source = replay->source,
                                  .floor_micros = replay->floor_micros,
                                  .leg_floor_micros = trace->leg_floor_micros,
                                  .max_sales = trace->max_sales ? trace->max_sales : 1,
                                  .sold_elsewhere = trace->sold_elsewhere,
                                  .seed = trace->seed,
                                  .arm = replay->arm,
                                  .is_offer = trace->kind == TRACE_PING,
                                  .opened_ms = trace->opened_ms,
                                  .ranked_ms = trace->ranked_ms ? trace->ranked_ms : trace->opened_ms};
    for (uint32_t i = 0; i < count; i++) {
        struct rank_bid said;
        from[i] = replay->bids_count;
        if (bid_again(run, i, &said))
            replay->bids_count += legs_again(run, decision, i, &said, &replay->bids[replay->bids_count]);
        replay->unknown_count += replay->entries[i].is_unknown;
    }
    from[count] = replay->bids_count;
    replay->order_count = decide_run(decision, replay->bids, replay->bids_count, replay->order, &replay->planned);
    for (uint32_t i = 0; i < count; i++) {
        struct replay_entry *again = &replay->entries[i];
        pick_best(replay, again, from[i], from[i + 1]);
        if (again->bid != REPLAY_NONE) again->reason = replay->bids[again->bid].reason;
    }
    conclude(run);
    return true;
}

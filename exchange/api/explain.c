/* A ping's auction and its post are two traces; they are told as one story: contracts from the first, posts and sale
 * from the second. */
#include "exchange/api/explain.h"

#include "exchange/api/caps.h"
#include "exchange/api/refusals.h"
#include "exchange/api/spending.h"
#include "exchange/base/zonefile.h"
#include "exchange/market/acceptance.h"
#include "exchange/market/match.h"
#include "protocol/codec/json.h"

#define ID_TEXT(ident, buffer) ((struct bytes){ident_text(ident, buffer), IDENT_TEXT})

struct story {
    struct reader *reader;
    struct arena *arena;
    struct trace_auction *auction; /* where the bids are; NULL: only the lead's part is kept */
    struct trace_auction *posts;   /* where the posts are; NULL: none */
    struct lead_record *lead;      /* NULL: no lead */
    struct catalogue *catalogue;   /* of the auction; NULL: not kept any more */
};

static const struct {
    char letter;
    const char *name;
} step_names[] = {
#define X(NAME, verb, letter, successors) {letter, #verb},
#include "exchange/auction/steps.tbl.h"
#undef X
};

static const char *step_name(char letter)
{
    for (size_t i = 0; i < sizeof step_names / sizeof *step_names; i++)
        if (step_names[i].letter == letter) return step_names[i].name;
    return "?";
}

static bool read_zone(void *arena, struct bytes name, struct bytes *file)
{
    return zonefile_read(name, arena, file) == FAULT_NONE;
}

static enum fault read_trace(struct story *story, const struct ident *id, struct trace_auction **trace)
{
    struct bytes record;
    enum fault fault = reader_trace(story->reader, id, story->arena, &record);
    if (fault) return fault;
    *trace = arena_take(story->arena, sizeof **trace);
    if (!*trace) return FAULT_MEMORY;
    return trace_read(record, story->arena, *trace) ? FAULT_NONE : FAULT_CORRUPT;
}

static enum fault read_lead(struct story *story, const struct ident *id, bool of_ping)
{
    struct lead_record *lead = arena_take(story->arena, sizeof *lead);
    if (!lead) return FAULT_MEMORY;
    enum fault fault = of_ping ? reader_lead_of_ping(story->reader, id, story->arena, lead)
                               : reader_lead(story->reader, id, story->arena, lead);
    if (!fault) story->lead = lead;
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault gather(struct story *story, const struct ident *id)
{
    struct trace_auction *first = NULL;
    enum fault fault = read_trace(story, id, &first);
    if (fault && fault != FAULT_NOT_FOUND) return fault;
    fault = read_lead(story, id, first && first->kind == TRACE_PING);
    if (fault) return fault;
    if (!first && !story->lead) return FAULT_NOT_FOUND;
    if (first && trace_is_auction(first->kind)) story->auction = first;
    if (first && first->kind != TRACE_PING) story->posts = first;
    if (!story->posts && story->lead) fault = read_trace(story, &story->lead->lead_id, &story->posts);
    if (fault && fault != FAULT_NOT_FOUND) return fault;
    if (!story->auction) {
        const struct ident *ping = story->lead ? &story->lead->ping_id : &story->posts->ping_id;
        fault = read_trace(story, ping, &story->auction);
        if (fault == FAULT_NONE && !trace_is_auction(story->auction->kind)) story->auction = NULL;
        if (fault == FAULT_NOT_FOUND) story->auction = NULL;
        if (fault && fault != FAULT_NOT_FOUND) return fault;
    }
    struct bytes packed;
    if (story->auction &&
        reader_catalogue(story->reader, &story->auction->catalogue, story->arena, &packed) == FAULT_NONE)
        story->catalogue = catalogue_unpack(packed, read_zone, story->arena);
    return FAULT_NONE;
}

/* Words
 * ------------------------------------------------------------------------------------------------------------------ */

static void write_reason(struct json *json, enum reason reason, struct bytes text, struct bytes code)
{
    json_key(json, "reason");
    if (reason == REASON_NONE) {
        json_null(json);
        return;
    }
    json_open_map(json);
    json_key(json, "code");
    json_text(json, bytes_of(reason_code(reason)));
    json_key(json, "text");
    json_text(json, text.len ? text : bytes_of(reason_text(reason)));
    if (code.len) {
        json_key(json, "buyer_code");
        json_text(json, code);
    }
    json_close_map(json);
}

static void write_ms(struct json *json, const char *key, int64_t us)
{
    json_key(json, key);
    if (us < 0)
        json_null(json);
    else
        json_i64(json, us / 1000);
}

static void write_post(struct json *json, const struct trace_post *post)
{
    static const char *const outcomes[] = {
        [TRACE_POST_OPEN] = "open",       [TRACE_POST_ACCEPTED] = "accepted", [TRACE_POST_REJECTED] = "rejected",
        [TRACE_POST_UNKNOWN] = "unknown", [TRACE_POST_FAILED] = "failed",     [TRACE_POST_SKIPPED] = "skipped",
        [TRACE_POST_VOIDED] = "voided"};
    char text[IDENT_TEXT + 1];
    json_open_map(json);
    json_key(json, "post_id");
    if (ident_is_none(&post->post_id))
        json_null(json);
    else
        json_text(json, ID_TEXT(&post->post_id, text));
    json_key(json, "outcome");
    json_text(json, bytes_of(outcomes[post->outcome]));
    write_reason(json, post->reason, post->text, post->code);
    json_key(json, "price");
    json_money(json, post->price_micros);
    json_key(json, "payout");
    json_money(json, post->payout_micros);
    write_ms(json, "ms", post->took_us);
    json_close_map(json);
}

static void write_posts(struct json *json, const struct story *story, struct bytes contract)
{
    json_key(json, "posts");
    json_open_list(json);
    for (uint32_t i = 0; story->posts && i < story->posts->posts_count; i++)
        if (bytes_same(story->posts->posts[i].contract, contract)) write_post(json, &story->posts->posts[i]);
    json_close_list(json);
}

static void write_bid(struct json *json, const struct trace_contract *contract)
{
    json_key(json, "bid");
    if (!contract->has_bid) {
        json_null(json);
        json_key(json, "effective_price");
        json_null(json);
        return;
    }
    json_open_map(json);
    json_key(json, "price");
    json_money(json, contract->price_micros);
    json_key(json, "available");
    json_bool(json, contract->available);
    write_ms(json, "ms", contract->answer_us < 0 ? 0 : contract->answer_us);
    json_key(json, "payout");
    json_money(json, contract->payout_micros);
    json_key(json, "pays");
    json_money(json, contract->pays_micros);
    json_close_map(json);
    json_key(json, "effective_price");
    json_money(json, contract->effective_micros);
}

static void write_share(struct json *json, const char *key, uint32_t ppm)
{
    char text[16];
    struct sink sink = sink_over(text, sizeof text);
    json_key(json, key);
    sink_format(&sink, "%u.%06u", ppm / ACCEPTANCE_ONE, ppm % ACCEPTANCE_ONE);
    json_raw(json, sink_written(&sink));
}

/* What its place was worked out of beside its bid. */
static void write_inputs(struct json *json, const struct trace_contract *contract)
{
    struct availability_view view;
    json_key(json, "inputs");
    if (!availability_unpack(contract->view, &view)) { /* recorded by an older exchange */
        json_null(json);
        return;
    }
    json_open_map(json);
    write_ms(json, "response_ms", view.response_us);
    json_key(json, "turn");
    json_u64(json, view.turn);
    json_key(json, "sold_today");
    json_u64(json, view.sold_today);
    write_share(json, "accepted", view.accepted_ppm);
    write_share(json, "returned", view.returned_ppm);
    json_close_map(json);
}

static void write_contract(struct json *json, const struct story *story, const struct trace_contract *contract)
{
    static const char *const states[] = {
        [TRACE_SKIPPED] = "skipped", [TRACE_PINGED] = "pinged", [TRACE_STANDING] = "standing"};
    json_open_map(json);
    json_key(json, "contract");
    json_text(json, contract->contract);
    json_key(json, "buyer");
    json_text(json, contract->buyer);
    json_key(json, "state");
    json_text(json, bytes_of(states[contract->state]));
    char of_cap[CAPS_SENTENCE_MAX], of_money[SPENDING_SENTENCE_MAX];
    struct bytes text = contract->text;
    if (!text.len) text = caps_sentence(story->catalogue, contract, of_cap);
    if (!text.len) text = spending_sentence(story->catalogue, contract, of_money);
    write_reason(json, contract->reason, text, contract->code);
    write_bid(json, contract);
    write_ms(json, "ms", contract->answer_us);
    json_key(json, "tier");
    json_u64(json, contract->tier);
    json_key(json, "rank");
    if (contract->rank)
        json_u64(json, contract->rank);
    else
        json_null(json);
    if (contract->shadow_rank) {
        json_key(json, "shadow_rank");
        json_u64(json, contract->shadow_rank);
    }
    write_inputs(json, contract);
    write_posts(json, story, contract->contract);
    json_close_map(json);
}

static void write_contracts(struct json *json, const struct story *story)
{
    const struct trace_auction *auction = story->auction;
    uint32_t counts[REASON_COUNT] = {0}, untold = 0;
    json_key(json, "contracts");
    json_open_list(json);
    for (uint32_t i = 0; auction && i < auction->contracts_count; i++)
        write_contract(json, story, &auction->contracts[i]);
    if (auction && story->catalogue) refusals_write(json, auction, story->catalogue, story->arena, counts);
    for (int reason = 0; auction && reason < REASON_COUNT; reason++)
        if (reason != REASON_FILTERED && reason != REASON_EXCLUDED) counts[reason] = auction->counts[reason];
    json_close_list(json);
    json_key(json, "counts");
    json_open_map(json);
    for (int reason = 1; auction && reason < REASON_COUNT; reason++) {
        if (!counts[reason]) continue;
        untold += counts[reason];
        json_key(json, reason_code((enum reason)reason));
        json_u64(json, counts[reason]);
    }
    json_close_map(json);
    json_key(json, "not_listed");
    json_u64(json, untold);
}

/* Money and steps
 * ------------------------------------------------------------------------------------------------------------ */

static void write_sale(struct json *json, const struct lead_slot *slot, unsigned number)
{
    char text[IDENT_TEXT + 1];
    const struct book_sale *sale = &slot->sale;
    json_open_map(json);
    json_key(json, "sale_id");
    json_text(json, ID_TEXT(&sale->sale_id, text));
    json_key(json, "slot");
    json_i64(json, number);
    json_key(json, "max_sold");
    json_i64(json, slot->max_sold);
    json_key(json, "buyer");
    json_text(json, sale->buyer);
    json_key(json, "contract");
    json_text(json, sale->contract);
    json_key(json, "price");
    json_money(json, sale->price_micros);
    json_key(json, "payout");
    json_money(json, sale->payout_micros);
    json_key(json, "margin");
    json_money(json, sale->margin_micros);
    json_key(json, "margin_rule");
    json_text(json, bytes_of(margin_source_name((enum margin_source)sale->margin_rule)));
    json_key(json, "buyer_lead_id");
    json_text(json, slot->buyer_lead_id);
    json_close_map(json);
}

static void write_sales(struct json *json, const struct story *story)
{
    json_key(json, "sales");
    json_open_list(json);
    for (unsigned i = 0; story->lead && i < story->lead->slots_count; i++) {
        const struct lead_slot *slot = &story->lead->slots[i];
        if (slot->is_used && slot->state == POST_ACCEPTED) write_sale(json, slot, i + 1);
    }
    json_close_list(json);
}

static void write_steps(struct json *json, const char *key, const struct trace_auction *auction)
{
    json_key(json, key);
    json_open_list(json);
    for (uint32_t i = 0; auction && i < auction->steps_count; i++) {
        json_open_map(json);
        json_key(json, "step");
        json_text(json, bytes_of(step_name(auction->steps[i].letter)));
        json_key(json, "at_us");
        json_i64(json, auction->steps[i].at_us);
        json_close_map(json);
    }
    json_close_list(json);
}

static void write_id(struct json *json, const char *key, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    json_key(json, key);
    if (ident_is_none(id))
        json_null(json);
    else
        json_text(json, ID_TEXT(id, text));
}

static void write_head(struct json *json, const struct story *story)
{
    const struct trace_auction *told = story->auction ? story->auction : story->posts;
    const struct lead_record *lead = story->lead;
    write_id(json, "ping_id", lead ? &lead->ping_id : &told->ping_id);
    write_id(json, "lead_id", lead ? &lead->lead_id : told ? &told->lead_id : &IDENT_NONE);
    json_key(json, "kind");
    json_text(json, told && told->kind == TRACE_REAUCTION  ? BYTES("reauction")
                    : told && told->kind == TRACE_ONE_CALL ? BYTES("one_call")
                    : lead && lead->is_one_call            ? BYTES("one_call")
                                                           : BYTES("ping"));
    json_key(json, "test");
    json_bool(json, lead ? lead->offer.rehearsal != 0 : told->is_test);
    json_key(json, "campaign");
    json_text(json, lead ? lead->campaign : told->campaign);
    json_key(json, "affiliate");
    json_text(json, lead ? lead->affiliate : told->affiliate);
    json_key(json, "source");
    json_text(json, lead ? lead->source : told->source);
    json_key(json, "at");
    json_wall(json, told ? told->opened_ms : lead->created_ms);
    json_key(json, "status");
    json_text(json, lead ? bytes_of(lead_state_name(lead->state)) : told->status);
    enum reason reason = lead ? lead->reason : told->reason;
    const struct trace_auction *last = lead ? story->posts : told;
    write_reason(json, reason, last && last->reason == reason ? last->reason_text : BYTES_NONE, BYTES_NONE);
}

static void write_auction(struct json *json, const struct story *story)
{
    const struct trace_auction *told = story->auction ? story->auction : story->posts;
    if (!told) return;
    char version[2 * DIGEST_LEN];
    struct sink hex = sink_over(version, sizeof version);
    sink_hex(&hex, (struct bytes){(const char *)told->catalogue.at, DIGEST_LEN});
    json_key(json, "catalogue_version");
    json_text(json, sink_written(&hex));
    json_key(json, "seed");
    json_u64(json, told->seed);
    json_key(json, "arm");
    if (told->arm)
        json_text(json, bytes_of(ranking_arm_name((enum ranking_arm)told->arm)));
    else
        json_null(json);
    json_key(json, "floor");
    json_money(json, told->floor_micros);
    json_key(json, "promise");
    json_money(json,
               story->posts && story->posts != story->auction ? story->posts->promise_micros : told->price_micros);
    json_key(json, "public");
    if (told->public_json.len)
        json_raw(json, told->public_json);
    else
        json_null(json);
    json_key(json, "closed");
    json_open_map(json);
    json_key(json, "cause");
    json_text(json, told->closed_cause);
    json_key(json, "saved_ms");
    json_i64(json, told->saved_us / 1000);
    json_close_map(json);
}

enum fault explain_write(struct reader *reader, const struct ident *id, struct arena *arena, struct sink *out)
{
    struct story story = {.reader = reader, .arena = arena};
    enum fault fault = gather(&story, id);
    if (!fault) {
        struct json json = json_into(out);
        json_open_map(&json);
        write_head(&json, &story);
        write_auction(&json, &story);
        write_contracts(&json, &story);
        write_sales(&json, &story);
        write_steps(&json, "steps", story.auction);
        if (story.posts != story.auction) write_steps(&json, "post_steps", story.posts);
        json_close_map(&json);
    }
    if (story.catalogue) catalogue_drop(&story.catalogue);
    return fault;
}

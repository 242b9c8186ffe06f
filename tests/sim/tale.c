#include "tests/sim/tale.h"

#include "exchange/market/excluded.h"
#include "exchange/market/match.h"
#include "exchange/market/suppress.h"
#include "protocol/base/money.h"

static void finish(struct sink *sink)
{
    sink->at[sink->len] = '\0';
}

static struct sink start(char tale[TALE_MAX])
{
    return sink_over(tale, TALE_MAX - 1);
}

static void say_answer(struct sink *sink, enum answer_status status, int64_t price_micros, enum reason reason,
                       const char *buyer)
{
    static const char *const words[] = {
        [ANSWER_PROBLEM] = "refused", [ANSWER_ACCEPTED] = "accepted", [ANSWER_REJECTED] = "rejected",
        [ANSWER_SOLD] = "sold",       [ANSWER_PENDING] = "pending",   [ANSWER_UNSOLD] = "unsold"};
    sink_text(sink, status == ANSWER_UNSOLD && reason == REASON_DUPLICATE ? "duplicate" : words[status]);
    if (status == ANSWER_ACCEPTED || status == ANSWER_SOLD) {
        sink_char(sink, ' ');
        money_write(sink, price_micros);
    }
    if (status == ANSWER_SOLD) {
        sink_char(sink, ' ');
        sink_text(sink, buyer);
    }
    if (reason == REASON_NONE) return;
    sink_char(sink, ' ');
    sink_text(sink, reason_code(reason));
}

static void say_word(struct sink *sink, const char *name, const char *word)
{
    if (!*word) return;
    sink_text(sink, name);
    sink_text(sink, word);
}

void tale_of_request(const struct world_request *request, char tale[TALE_MAX])
{
    struct sink sink = start(tale);
    if (!request->answered) {
        sink_text(&sink, request->died ? "lost" : request->gone ? "gone" : "open");
    } else if (request->status == ANSWER_PROBLEM) {
        sink_i64(&sink, request->http);
        sink_char(&sink, ' ');
        sink_text(&sink, reason_code(request->reason));
        if (request->field[0]) sink_char(&sink, ' ');
        sink_text(&sink, request->field);
    } else {
        say_answer(&sink, request->status, request->price_micros, request->reason, request->buyer);
        if (request->is_test) sink_text(&sink, " test");
        if (request->is_reauction) sink_text(&sink, " reauction");
        say_word(&sink, " bids ", request->bids);
        say_word(&sink, " sellers ", request->sellers);
        say_word(&sink, " to ", request->redirect);
    }
    finish(&sink);
}

void tale_of_lead(const struct world *world, const struct model_lead *lead, char tale[TALE_MAX])
{
    struct auction_answer answer;
    struct sink sink = start(tale);
    char buyer[72];
    auction_answer_of_record(&lead->record, &answer);
    struct sink name = sink_over(buyer, sizeof buyer - 1);
    world_buyers(&name, &answer);
    finish(&name);
    say_answer(&sink, answer.status, answer.price_micros, answer.reason, buyer);
    if (answer.is_test) sink_text(&sink, " test");
    if (!ident_is_none(&answer.reauction_id)) sink_text(&sink, " reauction");
    if (answer.status == ANSWER_UNSOLD) answer.redirect_url = world->catalogue->campaigns[0].exit_url;
    if (answer.redirect_url.len) sink_text(&sink, " to ");
    sink_bytes(&sink, answer.redirect_url);
    finish(&sink);
}

/* A contract of one auction
 * -------------------------------------------------------------------------------------------- */

static void say_reason(struct sink *sink, enum reason reason)
{
    if (reason == REASON_NONE) return;
    sink_char(sink, ':');
    sink_text(sink, reason_code(reason));
}

static void say_entry(struct sink *sink, const struct trace_contract *contract)
{
    static const char *const states[] = {
        [TRACE_SKIPPED] = "skipped", [TRACE_PINGED] = "pinged", [TRACE_STANDING] = "standing"};
    sink_text(sink, states[contract->state]);
    say_reason(sink, contract->reason);
    if (!contract->has_bid) return;
    sink_text(sink, " bid ");
    money_write(sink, contract->price_micros);
    if (contract->rank) sink_format(sink, " #%u", contract->rank);
    if (contract->rank && contract->pays_micros != contract->price_micros) {
        sink_text(sink, " pays ");
        money_write(sink, contract->pays_micros);
    }
    if (contract->shadow_rank) sink_format(sink, " shadow #%u", contract->shadow_rank);
}

static void say_posts(struct sink *sink, const struct trace_auction *posts, struct bytes contract)
{
    static const char *const outcomes[] = {
        [TRACE_POST_OPEN] = "open",       [TRACE_POST_ACCEPTED] = "accepted", [TRACE_POST_REJECTED] = "rejected",
        [TRACE_POST_UNKNOWN] = "unknown", [TRACE_POST_FAILED] = "failed",     [TRACE_POST_SKIPPED] = "skipped",
        [TRACE_POST_VOIDED] = "voided"};
    for (uint32_t i = 0; i < posts->posts_count; i++) {
        const struct trace_post *post = &posts->posts[i];
        if (!bytes_same(post->contract, contract)) continue;
        sink_text(sink, " post ");
        sink_text(sink, outcomes[post->outcome]);
        if (post->outcome == TRACE_POST_SKIPPED || post->outcome == TRACE_POST_FAILED) say_reason(sink, post->reason);
    }
}

/* Static refusals have no entry: they follow from catalogue and lead. */
static void say_static(struct sink *sink, const struct world *world, const struct trace_auction *auction,
                       struct bytes id, struct arena *arena)
{
    struct document_error error;
    struct complaints complaints = {.count = 0};
    struct lead_form form;
    bool out_of_memory = false;
    const struct contract *contract = catalogue_contract(world->catalogue, id);
    const struct node *lead = document_read_json(arena, auction->public_json, &DOCUMENT_LIMITS, &error);
    if (!contract || !lead) return;
    const struct campaign *campaign = &world->catalogue->campaigns[contract->campaign];
    if (!campaign_read_lead(campaign, LEAD_PING, lead, NULL, arena, &form, &complaints, &out_of_memory)) return;
    form.facts.affiliate = auction->affiliate;
    form.facts.source = auction->source;
    form.facts.today = campaign_day(auction->opened_ms);
    if (!suppress_unpack(auction->on_lists, arena, &form.facts)) return;
    if (!excluded_unpack(auction->excluded, arena, &form.facts.excluded)) return;
    sink_text(sink, "skipped");
    say_reason(sink, match_static(world->catalogue, contract, &form.facts));
}

static bool read_trace(const struct world *world, const struct ident *id, struct arena *arena,
                       struct trace_auction *trace)
{
    const struct world_trace *found = ident_is_none(id) ? NULL : world_trace_of(world, id);
    return found && trace_read(found->record, arena, trace);
}

void tale_of_contract(const struct world *world, const struct ident *id, struct bytes contract, char tale[TALE_MAX])
{
    struct sink sink = start(tale);
    struct arena arena;
    static struct trace_auction auction, posts;
    arena_init(&arena, 65536, 4u << 20);
    struct model_lead *lead = model_lead(&world->model, id);
    if (!lead) lead = model_lead_of_ping(&world->model, id);
    bool has_auction = read_trace(world, lead ? &lead->record.ping_id : id, &arena, &auction);
    bool has_posts = lead && read_trace(world, &lead->record.lead_id, &arena, &posts);
    bool found = false;
    for (uint32_t i = 0; has_auction && i < auction.contracts_count && !found; i++) {
        found = bytes_same(auction.contracts[i].contract, contract);
        if (found) say_entry(&sink, &auction.contracts[i]);
    }
    if (has_auction && !found) say_static(&sink, world, &auction, contract, &arena);
    if (has_posts) say_posts(&sink, &posts, contract);
    if (!sink.len) sink_text(&sink, "untold");
    arena_free(&arena);
    finish(&sink);
}

void tale_of_auction(const struct world *world, const struct ident *id, char tale[TALE_MAX])
{
    struct sink sink = start(tale);
    struct arena arena;
    static struct trace_auction auction;
    arena_init(&arena, 65536, 4u << 20);
    const struct model_lead *lead = model_lead(&world->model, id);
    if (read_trace(world, lead ? &lead->record.ping_id : id, &arena, &auction)) {
        sink_bytes(&sink, auction.closed_cause);
        if (auction.arm) sink_char(&sink, ' ');
        sink_text(&sink, ranking_arm_name((enum ranking_arm)auction.arm));
    }
    if (!sink.len) sink_text(&sink, "untold");
    arena_free(&arena);
    finish(&sink);
}

static bool word_fits(struct bytes wanted, struct bytes found)
{
    if (bytes_is(wanted, "*")) return true;
    do {
        struct bytes one, rest = bytes_split(wanted, '|', &one);
        if (bytes_same(one, found)) return true;
        wanted = rest;
    } while (wanted.len);
    return false;
}

bool tale_fits(struct bytes wanted, struct bytes found)
{
    while (wanted.len && found.len) {
        struct bytes a, b;
        wanted = bytes_split(wanted, ' ', &a);
        found = bytes_split(found, ' ', &b);
        if (!word_fits(a, b)) return false;
    }
    return !wanted.len && !found.len;
}

/* `outcry whatif --catalogue FILE FROM TO`: the recorded auctions of that time decided again under another catalogue.
 *
 * Two walks over the record: the first learns who said what to which post, the second decides. What nobody can know is
 * drawn, by the auction's own seed, from what is known of the same contract or affiliate, so that a second run says the
 * same; and it is counted, so that whoever reads it knows what the figures rest on. */
#include "exchange/command/whatif.h"

#include <stdlib.h>

#include "exchange/command/command.h"
#include "exchange/command/options.h"
#include "exchange/market/fallback.h"
#include "exchange/market/order.h"
#include "exchange/market/replay.h"
#include "protocol/base/money.h"

#define LATER_MS INT64_C(3600000) /* posts may follow their ping so much later */
#define SALT_TAKEN UINT64_C(0x74616b656e)
#define SALT_ACCEPTED UINT64_C(0x6163636570746564)

enum { CONFIG, CATALOGUE, JSON };

static const struct option_row rows[] = {
    [CONFIG] = {"config", "FILE", "settings; else $OUTCRY_CONFIG, else ./outcry.yaml"},
    [CATALOGUE] = {"catalogue", "FILE", "the other catalogue, a file or a folder"},
    [JSON] = {"json", NULL, "print one JSON object"},
};
static const struct options options = {
    .command = "whatif",
    .usage = "--catalogue FILE FROM TO",
    .prose = "Decides the recorded auctions of that time under another catalogue, and tells offers, leads sold,\n"
             "revenue, payout, margin and buyers beside the recorded ones, and what that rests on.\n"
             "FROM and TO are times as for `outcry replay`.",
    .rows = rows,
    .rows_count = sizeof rows / sizeof *rows,
    .arguments_min = 2,
    .arguments_max = 2,
};

static int run(struct settings *settings, const struct options_given *given, struct config_report *report);
static void on_past(void *arg, const struct trace_auction *trace, struct arena *arena);
static void on_offer(void *arg, const struct trace_auction *trace, struct arena *arena);
static void on_auction(void *arg, const struct trace_auction *trace, struct arena *arena);

int command_whatif(int argc, char **argv)
{
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    if (!given.values[CATALOGUE]) {
        fprintf(stderr, "outcry whatif: --catalogue FILE says which other catalogue\n");
        return COMMAND_USAGE;
    }
    struct settings *settings = calloc(1, sizeof *settings);
    struct config_report report;
    config_report_open(&report);
    bool good = settings && crypto_start() == FAULT_NONE &&
                settings_read(config_path(given.values[CONFIG]), settings, &report);
    if (!good) config_report_print(&report, stderr);
    status = good ? run(settings, &given, &report) : COMMAND_USAGE;
    config_report_close(&report);
    crypto_stop();
    free(settings);
    return status;
}

static struct catalogue *read_other(struct settings *settings, const char *path, struct config_report *report)
{
    struct sink sink = sink_over(settings->catalogue, sizeof settings->catalogue - 1);
    sink_text(&sink, path);
    settings->catalogue[sink.len] = '\0';
    struct catalogue *other = sink.cut ? NULL : config_catalogue(settings, NULL, report);
    if (!other) config_report_print(report, stderr); /* its warnings are `check`'s to tell */
    return other;
}

static enum fault reckon(struct whatif *whatif)
{
    struct recorded_span longer = whatif->span;
    uint64_t unreadable;
    longer.to_ms = longer.to_ms < INT64_MAX - LATER_MS ? longer.to_ms + LATER_MS : longer.to_ms;
    enum fault fault = recorded_each(whatif->recorded, &longer, on_past, whatif, &unreadable);
    if (!fault) fault = recorded_each(whatif->recorded, &whatif->span, on_offer, whatif, &unreadable);
    if (!fault) fault = recorded_each(whatif->recorded, &whatif->span, on_auction, whatif, &whatif->unreadable);
    if (!fault) fault = whatif->fault;
    return !fault && (whatif->no_memory || whatif->past.no_memory) ? FAULT_MEMORY : fault;
}

static int run(struct settings *settings, const struct options_given *given, struct config_report *report)
{
    struct whatif *whatif = calloc(1, sizeof *whatif);
    int status = COMMAND_USAGE;
    if (!whatif || !recorded_read_span(options.command, given->arguments, &whatif->span)) {
        free(whatif);
        return COMMAND_USAGE;
    }
    past_open(&whatif->past);
    const char *slash = strrchr(given->values[CATALOGUE], '/');
    whatif->name = slash && slash[1] ? slash + 1 : given->values[CATALOGUE];
    whatif->other = read_other(settings, given->values[CATALOGUE], report);
    enum fault fault = whatif->other ? recorded_open(settings, &whatif->recorded) : FAULT_NONE;
    if (whatif->other && !fault) fault = reckon(whatif);
    if (fault) {
        fprintf(stderr, "outcry whatif: %s: %s\n", settings->ledger_path, fault_text(fault));
    } else if (whatif->other) {
        (given->values[JSON] ? whatif_print_json : whatif_print)(whatif, stdout);
        status = COMMAND_DONE;
    }
    recorded_close(&whatif->recorded);
    catalogue_drop(&whatif->other);
    past_close(&whatif->past);
    for (uint32_t i = 0; i < whatif->buyers_count; i++) free((char *)(uintptr_t)whatif->buyers[i].id.at);
    table_free(&whatif->buyer_places);
    free(whatif->buyers);
    free(whatif);
    return status;
}

/* The first walk
 * --------------------------------------------------------------------------------------------------------- */

static void on_past(void *arg, const struct trace_auction *trace, struct arena *arena)
{
    struct whatif *whatif = arg;
    (void)arena;
    past_note_posts(&whatif->past, trace);
}

static void on_offer(void *arg, const struct trace_auction *trace, struct arena *arena)
{
    struct whatif *whatif = arg;
    (void)arena;
    past_note_offer(&whatif->past, trace);
}

/* Sums
 * -------------------------------------------------------------------------------------------------------------------
 */

static struct whatif_buyer *buyer_of(struct whatif *whatif, struct bytes id)
{
    uint32_t place = table_find(&whatif->buyer_places, id);
    if (place != TABLE_NONE) return &whatif->buyers[place];
    if (whatif->buyers_count == whatif->buyers_room) {
        uint32_t room = whatif->buyers_room ? whatif->buyers_room * 2 : 32;
        struct whatif_buyer *grown = realloc(whatif->buyers, room * sizeof *grown);
        if (!grown) return NULL;
        whatif->buyers = grown;
        whatif->buyers_room = room;
    }
    char *copy = malloc(id.len + 1);
    if (!copy) return NULL;
    memcpy(copy, id.at, id.len);
    struct whatif_buyer *buyer = &whatif->buyers[whatif->buyers_count];
    *buyer = (struct whatif_buyer){.id = {copy, id.len}};
    if (table_put(&whatif->buyer_places, buyer->id, whatif->buyers_count) != FAULT_NONE) {
        free(copy);
        return NULL;
    }
    whatif->buyers_count++;
    return buyer;
}

static bool add_sums(struct whatif_sums *sums, int64_t price_micros, int64_t payout_micros)
{
    sums->leads++;
    return money_add(sums->revenue_micros, price_micros, &sums->revenue_micros) &&
           money_add(sums->payout_micros, payout_micros, &sums->payout_micros) &&
           money_sub(sums->revenue_micros, sums->payout_micros, &sums->margin_micros);
}

static void add_sale(struct whatif *whatif, bool is_was, struct bytes id, int64_t price_micros, int64_t payout_micros)
{
    struct whatif_buyer *buyer = buyer_of(whatif, id);
    bool fits = buyer && add_sums(is_was ? &whatif->was : &whatif->is, price_micros, payout_micros) &&
                add_sums(is_was ? &buyer->was : &buyer->is, price_micros, payout_micros);
    if (!fits) whatif->no_memory = true;
}

/* A lead counts once, however many bought it. */
static void add_sales(struct whatif *whatif, const struct lead_record *lead)
{
    uint32_t sold = 0;
    for (unsigned i = 0; i < lead->slots_count; i++) {
        const struct lead_slot *slot = &lead->slots[i];
        if (!slot->is_used || slot->state != POST_ACCEPTED) continue;
        add_sale(whatif, true, slot->sale.buyer, slot->sale.price_micros, slot->sale.payout_micros);
        if (sold++) whatif->was.leads--;
    }
}

/* As it was
 * -------------------------------------------------------------------------------------------------------------- */

/* The book's word, doubts resolved since then included. NULL: it was not posted. */
static const struct lead_record *lead_of(struct whatif *whatif, const struct trace_auction *trace, struct arena *arena)
{
    struct lead_record *lead = arena_take(arena, sizeof *lead);
    if (!lead) {
        whatif->no_memory = true;
        return NULL;
    }
    struct reader *reader = recorded_reader(whatif->recorded);
    enum fault fault = trace->kind != TRACE_PING ? reader_lead(reader, &trace->lead_id, arena, lead)
                                                 : reader_lead_of_ping(reader, &trace->ping_id, arena, lead);
    if (fault && fault != FAULT_NOT_FOUND) whatif->fault = fault;
    bool is_its_own = !fault &&
                      ident_same(&lead->ping_id, &trace->ping_id); /* else of an auction that took its place */
    return is_its_own ? lead : NULL;
}

/* As it would be
 * --------------------------------------------------------------------------------------------------------- */

/* One place of the lead: its part of the promise, and how many posts it has had. */
struct place {
    int64_t promise_micros;
    uint32_t posts;
    bool is_held; /* sold or in doubt */
};

struct selling {
    struct whatif *whatif;
    const struct trace_auction *trace;
    const struct replay *replay;
    const struct lead_record *lead; /* as the book has it; NULL: it was not posted */
    struct rank_bid *bids;          /* replay's candidates, best first */
    bool *tried;                    /* one for each */
    struct place places[OFFER_SALES_MAX];
    struct bytes reached[TRACE_POSTS_MAX];
    uint32_t reached_count, sold;
};

static bool is_drawn(uint64_t seed, uint64_t salt, uint64_t key, uint32_t ppm)
{
    return order_draw(seed ^ salt, key) % MONEY_PPM < ppm;
}

/* Whether the affiliate posts to the offer it is made here: it took the one it was made then, or it never saw one. */
static bool is_taken(struct whatif *whatif, const struct trace_auction *trace)
{
    if (past_was_refused(&whatif->past, &trace->ping_id)) return false;
    if (trace->kind != TRACE_PING || past_was_posted(&whatif->past, &trace->ping_id)) return true;
    if (bytes_is(trace->status, "accepted")) return false;
    whatif->drawn_offers++;
    return is_drawn(trace->seed, SALT_TAKEN, 0, past_takes_ppm(&whatif->past, trace->affiliate));
}

static bool has_bought(const struct lead_record *lead, const struct contract *contract)
{
    for (unsigned i = 0; lead && i < lead->slots_count; i++) {
        const struct lead_slot *slot = &lead->slots[i];
        if (slot->is_used && slot->state == POST_ACCEPTED && bytes_same(slot->sale.contract, contract->id)) return true;
    }
    return false;
}

static enum past_verdict verdict_of(const struct selling *selling, const struct contract *contract)
{
    struct whatif *whatif = selling->whatif;
    const struct trace_auction *trace = selling->trace;
    const struct lead_record *lead = selling->lead;
    if (has_bought(lead, contract)) return PAST_ACCEPTED;
    enum past_verdict verdict = past_verdict_of(&whatif->past, &trace->ping_id, contract->id);
    bool is_over = lead && (lead->state == LEAD_SOLD || lead->state == LEAD_UNSOLD);
    if (verdict == PAST_DOUBT && is_over) return PAST_REJECTED; /* resolved since then, and sold to another or nobody */
    if (verdict != PAST_NEVER) return verdict;
    bool accepts = is_drawn(trace->seed, SALT_ACCEPTED, contract->draw_key,
                            past_accepts_ppm(&whatif->past, contract->id));
    whatif->drawn_sales += accepts;
    whatif->drawn_refusals += !accepts;
    return accepts ? PAST_ACCEPTED : PAST_REJECTED;
}

static bool is_reached(const struct selling *selling, struct bytes group)
{
    for (uint32_t i = 0; i < selling->reached_count; i++)
        if (bytes_same(selling->reached[i], group)) return true;
    return false;
}

/* At fallback a second price rises to what the promise needs; then margin is given up, where the campaign does that. */
static bool terms_of(const struct selling *selling, const struct rank_bid *bid, int64_t promise_micros,
                     int64_t *price_micros, struct payout *payout)
{
    const struct replay *replay = selling->replay;
    struct price_parties parties = {replay->catalogue, replay->campaign, replay->affiliate, replay->source,
                                    bid->entry->contract};
    *price_micros = bid->pays_micros;
    *payout = bid->payout;
    if (payout->payout_micros < promise_micros && bid->price_micros > bid->pays_micros) {
        int64_t least = price_least(&parties, promise_micros, bid->price_micros);
        if (least < 0) least = bid->price_micros;
        least = price_readable(replay->catalogue, least, bid->price_micros);
        if (least > *price_micros) *price_micros = least;
        *payout = price_payout(&parties, *price_micros);
    }
    return price_under_promise(replay->campaign, *payout, *price_micros, promise_micros, payout);
}

static struct bytes group_of(const struct selling *selling, uint32_t at)
{
    const struct catalogue *catalogue = selling->replay->catalogue;
    return catalogue->buyers[selling->bids[at].entry->contract->buyer].group;
}

static bool may_be_posted(const struct selling *selling, const struct place *place, uint32_t at)
{
    return !selling->tried[at] && place->posts < selling->replay->catalogue->house.max_posts &&
           !is_reached(selling, group_of(selling, at));
}

/* A contract has one turn, whichever of its legs it is. */
static void note_turn(struct selling *selling, uint32_t at)
{
    for (uint32_t i = 0; i < selling->replay->order_count; i++)
        if (selling->bids[i].entry == selling->bids[at].entry) selling->tried[i] = true;
}

/* Its turn for that place, which it may take. */
static void post(struct selling *selling, struct place *place, uint32_t at)
{
    const struct rank_bid *bid = &selling->bids[at];
    struct payout payout;
    int64_t price_micros;
    if (!may_be_posted(selling, place, at)) return;
    note_turn(selling, at);
    if (!terms_of(selling, bid, place->promise_micros, &price_micros, &payout)) return;
    enum past_verdict verdict = verdict_of(selling, bid->entry->contract);
    if (verdict == PAST_MISSED) return;
    place->posts++;
    if (selling->reached_count < TRACE_POSTS_MAX) selling->reached[selling->reached_count++] = group_of(selling, at);
    place->is_held = verdict == PAST_ACCEPTED || verdict == PAST_DOUBT;
    selling->whatif->doubts += verdict == PAST_DOUBT;
    if (verdict != PAST_ACCEPTED) return;
    struct bytes buyer = selling->replay->catalogue->buyers[bid->entry->contract->buyer].id;
    add_sale(selling->whatif, false, buyer, price_micros, payout.payout_micros);
    if (selling->sold++) selling->whatif->is.leads--; /* a lead counts once, however many bought it */
}

/* The places that are planned are posted at once; who is refused hands on to whoever stands next in the order and may
 * stand beside the others. A lead that may be sold to several and is planned for one is planned anew. True: somebody
 * has it. */
static bool sell_planned(struct selling *selling, const uint32_t *plan, uint32_t size)
{
    const struct decision *decision = &selling->replay->decision;
    bool hands_on = decision->max_sales == 1 || size > 1, is_held = false;
    for (uint32_t i = 0; i < size; i++) {
        selling->places[i].is_held = false;
        post(selling, &selling->places[i], plan[i]);
    }
    for (uint32_t i = 0; i < size; i++) {
        struct place *place = &selling->places[i];
        for (uint32_t at = 0; hands_on && at < selling->replay->order_count && !place->is_held; at++)
            if (selling->bids[at].max_sold >= size + decision->sold_elsewhere) post(selling, place, at);
        is_held |= place->is_held;
    }
    return is_held;
}

/* The best set of those who have not had their turn, as the exchange works it out; 0: there is none. */
static uint32_t plan_anew(struct selling *selling, uint32_t plan[OFFER_SALES_MAX])
{
    const struct replay *replay = selling->replay;
    struct fallback fallback = {&replay->decision, selling->trace->kind == TRACE_PING ? replay->price_micros : 0};
    struct rank_bid left[LEGS_MAX];
    uint32_t places[LEGS_MAX], count = 0;
    int64_t promises[OFFER_SALES_MAX];
    for (uint32_t i = 0; i < replay->order_count && count < LEGS_MAX; i++) {
        if (!may_be_posted(selling, &selling->places[0], i)) continue;
        places[count] = i;
        left[count++] = selling->bids[i];
    }
    uint32_t size = fallback_plan(&fallback, left, count, plan, promises);
    for (uint32_t i = 0; i < size; i++) {
        selling->bids[places[plan[i]]] = left[plan[i]];
        plan[i] = places[plan[i]];
        selling->places[i].promise_micros = promises[i];
    }
    return size;
}

static void sell(struct selling *selling, struct arena *arena)
{
    const struct replay *replay = selling->replay;
    uint32_t plan[OFFER_SALES_MAX], size = replay->planned;
    selling->bids = arena_take(arena, replay->order_count * sizeof *selling->bids);
    selling->tried = arena_zero(arena, replay->order_count, sizeof *selling->tried);
    if (!selling->bids || !selling->tried) {
        selling->whatif->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < replay->order_count; i++) selling->bids[i] = replay->bids[replay->order[i]];
    for (uint32_t i = 0; i < size; i++) {
        plan[i] = i;
        selling->places[i].promise_micros = selling->trace->kind == TRACE_PING ? selling->bids[i].payout.payout_micros
                                                                               : 0;
    }
    while (size > 0 && !sell_planned(selling, plan, size))
        size = replay->decision.max_sales > 1 ? plan_anew(selling, plan) : 0;
}

static void on_auction(void *arg, const struct trace_auction *trace, struct arena *arena)
{
    struct whatif *whatif = arg;
    struct replay replay;
    if (!trace_is_auction(trace->kind) || trace->is_test) return;
    whatif->too_old += !trace->is_whole;
    if (!trace->is_whole) return; /* on neither side: the two stand beside each other */
    whatif->auctions++;
    whatif->pings += trace->kind == TRACE_PING;
    whatif->whole_leads += trace->kind != TRACE_PING;
    const struct lead_record *lead = lead_of(whatif, trace, arena);
    whatif->was.offers += trace->kind == TRACE_PING && bytes_is(trace->status, "accepted");
    if (lead) add_sales(whatif, lead);

    enum replay_outcome outcome = replay_run(trace, whatif->other, arena, &replay);
    whatif->strange += outcome == REPLAY_STRANGE;
    whatif->no_memory |= outcome == REPLAY_NO_MEMORY;
    if (outcome != REPLAY_DECIDED || replay.refused != REASON_NONE) return;
    whatif->bids += replay.bids_count;
    whatif->unknown_auctions += replay.unknown_count > 0;
    whatif->unknown_contracts += replay.unknown_count;
    if (replay.order_count == 0) return;
    whatif->is.offers += trace->kind == TRACE_PING;
    struct selling selling = {.whatif = whatif, .trace = trace, .replay = &replay, .lead = lead};
    if (is_taken(whatif, trace)) sell(&selling, arena);
}

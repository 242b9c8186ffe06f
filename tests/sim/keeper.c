/* One transaction for all of a world, given up when the next begins: nothing is ever committed, so a step costs what
 * its rows cost. The sums and the comparisons are slow and obvious on purpose. */
#include "tests/sim/keeper.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange/ledger/account.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/events.h"
#include "exchange/ledger/rows.h"
#include "exchange/ledger/stakes.h"
#include "exchange/record/aftersale.h"
#include "exchange/record/period.h"
#include "protocol/base/check.h"

#define MAP_BYTES (UINT64_C(256) << 20)
#define STEP_ROOM (256u << 10)
#define EVENTS_READ_MAX 4096u

struct keeper {
    struct store *store;
    struct MDB_txn *txn; /* NULL: no world is kept */
    struct world *world;
    struct arena arena;
    char *room;
    struct rows_totals totals;
    uint64_t seq;
};

struct keeper *keeper_open(const char *folder)
{
    char path[160];
    struct keeper *keeper = calloc(1, sizeof *keeper);
    snprintf(path, sizeof path, "%s/book", folder);
    if (!keeper || store_open(path, journal_tables, BOOK_TABLES_COUNT, MAP_BYTES, STORE_SCRATCH, &keeper->store)) {
        free(keeper);
        return NULL;
    }
    arena_init(&keeper->arena, 65536, 64u << 20);
    keeper->room = malloc(STEP_ROOM);
    check(keeper->room != NULL);
    return keeper;
}

void keeper_end(struct keeper *keeper)
{
    if (keeper->txn) store_abort(&keeper->txn);
    keeper->txn = NULL;
    keeper->world = NULL;
}

void keeper_close(struct keeper **closed)
{
    struct keeper *keeper = *closed;
    *closed = NULL;
    if (!keeper) return;
    keeper_end(keeper);
    store_close(&keeper->store);
    arena_free(&keeper->arena);
    free(keeper->room);
    free(keeper);
}

static bool happens(struct keeper *keeper, enum sabotage sabotage)
{
    return keeper->world->sabotage == sabotage && queue_draw(&keeper->world->queue, 20) == 0;
}

/* Entries ---------------------------------------------------------------------------------------------------------- */

static void add(void *arg, struct bytes account, int64_t micros)
{
    (void)account;
    *(int64_t *)arg += micros;
}

static void check_sum(struct keeper *keeper, const char *after)
{
    int64_t sum = 0;
    check(account_each(keeper->store, keeper->txn, add, &sum) == FAULT_NONE);
    if (sum) world_wrong(keeper->world, "the book's accounts sum to %lld after %s", (long long)sum, after);
}

static struct entry begin_entry(struct keeper *keeper, enum entry_kind kind, int64_t wall_ms, struct bytes body)
{
    return (struct entry){.seq = ++keeper->seq,
                          .kind = kind,
                          .wall_ms = wall_ms,
                          .mono_us = wall_ms * 1000,
                          .period = period_of(wall_ms),
                          .body = body};
}

static enum fault put(struct keeper *keeper, enum entry_kind kind, int64_t wall_ms, struct bytes body, const char **why)
{
    struct rows_refusal refusal = {.text = ""};
    const struct entry entry = begin_entry(keeper, kind, wall_ms, body);
    enum fault fault = rows_apply(keeper->store, keeper->txn, &entry, &keeper->arena, &keeper->totals, &refusal);
    *why = refusal.text;
    check_sum(keeper, "an entry");
    arena_reset(&keeper->arena);
    return fault;
}

static void write(struct keeper *keeper, enum entry_kind kind, int64_t wall_ms, struct bytes body, const char *what)
{
    const char *why;
    enum fault fault = put(keeper, kind, wall_ms, body, &why);
    if (fault) world_wrong(keeper->world, "the book takes no %s: %s %s", what, fault_text(fault), why);
}

static void on_names(void *arg, struct bytes names)
{
    struct keeper *keeper = arg;
    if (disclosures_know_names(keeper->store, keeper->txn, disclosure_names_id(names))) return;
    write(keeper, ENTRY_FIELD_NAMES, world_wall_ms(keeper->world), names, "names");
}

static void on_step(void *arg, const struct book_step *step)
{
    struct keeper *keeper = arg;
    struct sink sink = sink_over(keeper->room, STEP_ROOM);
    if (happens(keeper, SABOTAGE_ROWS)) return;
    check(book_write_step(&sink, step, BYTES_NONE));
    write(keeper, ENTRY_STEP, step->wall_ms, sink_written(&sink), "step");
}

/* One movement of money beside the steps', as an entry of its own. FAULT_INPUT: it is refused, and nothing moved. */
static enum fault book_movement(struct keeper *keeper, int64_t wall_ms,
                                enum fault (*add_it)(struct account_book *book, const void *what), const void *what)
{
    struct rows_refusal told = {.text = ""};
    const struct entry entry = begin_entry(keeper, ENTRY_CLEAR, wall_ms, BYTES_NONE);
    const struct rows_work work = {keeper->store, keeper->txn, &entry, &keeper->arena, &keeper->totals, &told};
    struct account_book book;
    check(account_begin(&book, &work, 1) == FAULT_NONE);
    enum fault fault = add_it(&book, what);
    if (fault == FAULT_NONE) fault = account_write(&book);
    if (fault != FAULT_NONE && fault != FAULT_INPUT) world_wrong(keeper->world, "the book: %s", fault_text(fault));
    check_sum(keeper, "a movement");
    arena_reset(&keeper->arena);
    return fault;
}

static enum fault add_payment(struct account_book *book, const void *what)
{
    return account_add_adjustment(book, what);
}

static void on_pay(void *arg, struct bytes buyer, int64_t micros)
{
    struct keeper *keeper = arg;
    char name[ACCOUNT_NAME_MAX], ref[32];
    struct sink account = sink_over(name, sizeof name);
    int64_t wall_ms = world_wall_ms(keeper->world);
    snprintf(ref, sizeof ref, "pay-%llu", (unsigned long long)keeper->seq);
    sink_text(&account, "buyer:");
    sink_bytes(&account, buyer);
    struct book_adjustment payment = {.kind = MOVE_PAYMENT,
                                      .account = sink_written(&account),
                                      .amount_micros = micros,
                                      .effective_ms = wall_ms,
                                      .effective_period = period_of(wall_ms),
                                      .ref = bytes_of(ref)};
    if (book_movement(keeper, wall_ms, add_payment, &payment)) world_wrong(keeper->world, "the book takes no payment");
}

void keeper_begin(struct keeper *keeper, struct world *world)
{
    keeper_end(keeper);
    keeper->world = world;
    keeper->totals = (struct rows_totals){0};
    keeper->seq = 0;
    check(store_begin(keeper->store, true, &keeper->txn) == FAULT_NONE);
    world->model.witness = (struct model_witness){
        .arg = keeper, .on_names = on_names, .on_step = on_step, .on_pay = on_pay};
}

/* At rest ---------------------------------------------------------------------------------------------------------- */

static void check_leads(struct keeper *keeper)
{
    const struct model *model = &keeper->world->model;
    for (uint32_t i = 0; i < model->leads_count; i++) {
        const struct model_lead *lead = &model->leads[i];
        struct lead_record row;
        enum fault fault = rows_lead(keeper->store, keeper->txn, &lead->record.lead_id, &keeper->arena, &row);
        if (fault || row.state != lead->record.state || lead_slots_in(&row, LEAD_SLOTS(POST_ACCEPTED)) != lead->sales)
            world_wrong(keeper->world, "a lead is %s, by the book %s", lead_state_name(lead->record.state),
                        fault ? fault_text(fault) : lead_state_name(row.state));
        arena_reset(&keeper->arena);
    }
}

static void check_posts(struct keeper *keeper)
{
    const struct model *model = &keeper->world->model;
    for (uint32_t i = 0; i < model->posts_count; i++) {
        struct post_record row;
        const struct model_post *post = &model->posts[i];
        enum fault fault = rows_post(keeper->store, keeper->txn, &post->post_id, &keeper->arena, &row);
        if (fault || row.state != post->state)
            world_wrong(keeper->world, "a post is %s, by the book %s", post_state_name(post->state),
                        fault ? fault_text(fault) : post_state_name(row.state));
        arena_reset(&keeper->arena);
    }
}

static void check_caps(struct keeper *keeper)
{
    const struct model *model = &keeper->world->model;
    for (uint32_t i = 0; i < model->caps_count; i++) {
        const struct book_cap_key *cap = &model->caps[i].key;
        char key[20];
        struct bytes value;
        memcpy(key, cap->id, 16);
        store_key_u32(key + 16, cap->window);
        enum fault fault = store_get(keeper->store, keeper->txn, BOOK_CAPS, (struct bytes){key, 20}, &value);
        uint64_t used = fault ? 0 : store_read_value_u64(value.at);
        if (used != cap->amount)
            world_wrong(keeper->world, "a cap counts %u, the ledger's row %llu", cap->amount, (unsigned long long)used);
    }
}

static void check_account(void *arg, struct bytes account, int64_t micros)
{
    struct keeper *keeper = arg;
    const struct model *model = &keeper->world->model;
    uint32_t at = table_find(&model->account_names, account);
    int64_t wanted = at == TABLE_NONE ? 0 : model->accounts[at].micros;
    if (micros != wanted)
        world_wrong(keeper->world, "account %.*s has %lld, by the model %lld", (int)account.len, account.at,
                    (long long)micros, (long long)wanted);
}

struct held {
    struct bytes account;
    int64_t micros;
};

static void find_held(void *arg, struct bytes account, int64_t micros)
{
    struct held *held = arg;
    if (bytes_same(account, held->account)) held->micros = micros;
}

/* What posts without a final verdict hold, added up anew. */
static void check_holds(struct keeper *keeper)
{
    const struct world *world = keeper->world;
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < world->catalogue->buyers_count; i++) {
        char name[ACCOUNT_NAME_MAX];
        struct bytes id = world->catalogue->buyers[i].id;
        struct sink account = sink_over(name, sizeof name);
        int64_t sum = 0;
        sink_text(&account, "buyer:");
        sink_bytes(&account, id);
        for (uint32_t k = 0; k < model->posts_count; k++) {
            const struct model_post *post = &model->posts[k];
            bool is_held = (post->state == POST_OPEN || post->state == POST_UNKNOWN) &&
                           !model->leads[post->lead].record.offer.rehearsal;
            if (is_held && bytes_same(post->intent.buyer, id)) sum += post->intent.price_micros;
        }
        struct held held = {.account = sink_written(&account)};
        check(stakes_each(keeper->store, keeper->txn, find_held, &held) == FAULT_NONE);
        if (held.micros != sum)
            world_wrong(keeper->world, "of %s %lld are held, by the model %lld", name, (long long)held.micros,
                        (long long)sum);
    }
}

/* Who was answered as not final hears once how it ended, and nothing after that; nobody else hears of a lead's end. */
static void check_events(struct keeper *keeper, struct bytes affiliate)
{
    const struct model *model = &keeper->world->model;
    struct hearer hearer = {.kind = NOTICE_TO_AFFILIATE, .id = affiliate};
    struct event_row *rows = calloc(EVENTS_READ_MAX, sizeof *rows);
    uint8_t *finals = calloc(model->leads_count + 1, 1);
    uint32_t count = 0;
    check(rows && finals);
    check(events_after(keeper->store, keeper->txn, &hearer, 0, &keeper->arena, rows, EVENTS_READ_MAX, &count) ==
          FAULT_NONE);
    for (uint32_t i = 0; i < count; i++) {
        const struct model_lead *lead = model_lead(model, &rows[i].event.lead_id);
        if (happens(keeper, SABOTAGE_EVENT)) continue;
        if (!lead || !lead->was_pending) {
            world_wrong(keeper->world, "an affiliate hears of a lead whose answer was final");
            continue;
        }
        if (finals[lead - model->leads]) world_wrong(keeper->world, "an affiliate hears of a lead after its end");
        if (rows[i].event.is_final && rows[i].event.state != lead->record.state)
            world_wrong(keeper->world, "an affiliate hears another end than came");
        finals[lead - model->leads] += rows[i].event.is_final;
    }
    for (uint32_t i = 0; i < model->leads_count; i++) {
        const struct model_lead *lead = &model->leads[i];
        if (!bytes_same(lead->record.affiliate, affiliate)) continue;
        if (finals[i] != (lead->was_pending && lead->is_settled))
            world_wrong(keeper->world, "an affiliate was told pending, and heard %u ends of it", finals[i]);
    }
    arena_reset(&keeper->arena);
    free(rows);
    free(finals);
}

/* Who was shown a lead, by the book: the buyers of its posts, and for each copy whoever bought it. */
struct shown {
    struct keeper *keeper;
    const struct model_lead *lead;
    unsigned posts, copies;
};

static void count_shown(void *arg, const struct disclosure *disclosure)
{
    struct shown *shown = arg;
    const struct model *model = &shown->keeper->world->model;
    const struct model_post *post = model_post(model, &disclosure->id);
    bool is_post = disclosure->kind == DISCLOSURE_POST && post && &model->leads[post->lead] == shown->lead;
    if (!is_post && disclosure->kind != DISCLOSURE_COPY)
        world_wrong(shown->keeper->world, "a lead was shown to somebody by a %s",
                    disclosure_kind_name(disclosure->kind));
    shown->posts += is_post;
    shown->copies += disclosure->kind == DISCLOSURE_COPY;
}

static void check_shown(struct keeper *keeper)
{
    struct world *world = keeper->world;
    const struct model *model = &world->model;
    for (uint32_t i = 0; i < model->leads_count; i++) {
        struct shown shown = {.keeper = keeper, .lead = &model->leads[i]};
        unsigned posts = 0, copies = 0;
        check(disclosures_each(keeper->store, keeper->txn, &shown.lead->record.lead_id, count_shown, &shown) ==
              FAULT_NONE);
        for (uint32_t k = 0; k < model->posts_count; k++) {
            if (model->posts[k].lead != i) continue;
            posts++;
            if (model->posts[k].state == POST_ACCEPTED) copies += model->posts[k].intent.copies_count;
        }
        if (posts != shown.posts || copies != shown.copies)
            world_wrong(world, "a lead was shown by %u posts and %u copies, by the book %u and %u", posts, copies,
                        shown.posts, shown.copies);
        world->counts.copies += copies;
    }
}

static void check_totals(struct keeper *keeper)
{
    struct model_totals totals;
    const struct rows_totals *rows = &keeper->totals;
    model_totals(&keeper->world->model, &totals);
    if (rows->leads != totals.leads || rows->sold != totals.sold || rows->unsold != totals.unsold ||
        rows->pending != totals.pending || rows->doubts != totals.doubts || rows->posts_open != 0 ||
        rows->revenue_micros != totals.revenue_micros || rows->payout_micros != totals.payout_micros)
        world_wrong(keeper->world, "the totals: %llu leads, %llu sold, %llu doubts, by the model %u, %u, %u",
                    (unsigned long long)rows->leads, (unsigned long long)rows->sold, (unsigned long long)rows->doubts,
                    totals.leads, totals.sold, totals.doubts);
}

/* Afterwards ------------------------------------------------------------------------------------------------------- */

static int64_t balance_of(struct keeper *keeper, const char *kind, struct bytes id, const char *part)
{
    char text[ACCOUNT_NAME_MAX];
    struct sink name = sink_over(text, sizeof text);
    int64_t micros;
    sink_text(&name, kind);
    sink_bytes(&name, id);
    sink_text(&name, part);
    enum fault fault = account_balance(keeper->store, keeper->txn, sink_written(&name), &micros);
    check(fault == FAULT_NONE || fault == FAULT_NOT_FOUND);
    return micros;
}

static int64_t affiliate_has(struct keeper *keeper, struct bytes affiliate)
{
    return balance_of(keeper, "affiliate:", affiliate, ":uncleared") +
           balance_of(keeper, "affiliate:", affiliate, ":cleared");
}

static enum fault add_clear(struct account_book *book, const void *what)
{
    return account_add_clear(book, what);
}

/* What is left of a sale, kept by subtraction. */
struct remains {
    struct book_sale sale;
    const struct lead_record *lead;
    int64_t price_micros;
    bool house_paid;
};

static void judge(struct keeper *keeper, const struct book_return *asked, enum return_status status)
{
    char room[256];
    const char *why;
    struct sink sink = sink_over(room, sizeof room);
    struct book_judgement judgement = {
        .return_id = asked->return_id, .status = status, .judge = RETURN_BY_OPERATOR, .note = BYTES("heard")};
    check(aftersale_write_judgement(&sink, &judgement));
    write(keeper, ENTRY_JUDGEMENT, asked->asked_ms, sink_written(&sink), "judgement");
    if (put(keeper, ENTRY_JUDGEMENT, asked->asked_ms, sink_written(&sink), &why) != FAULT_INPUT)
        world_wrong(keeper->world, "a return is judged a second time");
}

/* Approved at once, or asked for and judged. FAULT_INPUT: it is refused. */
static enum fault ask_back(struct keeper *keeper, const struct book_return *asked, bool *is_denied)
{
    char room[2048];
    const char *why;
    struct sink sink = sink_over(room, sizeof room);
    check(aftersale_write_return(&sink, asked));
    enum fault fault = put(keeper, ENTRY_RETURN, asked->asked_ms, sink_written(&sink), &why);
    *is_denied = false;
    if (fault || asked->status == RETURN_APPROVED) return fault;
    *is_denied = queue_draw(&keeper->world->queue, 3) == 0;
    judge(keeper, asked, *is_denied ? RETURN_DENIED : RETURN_APPROVED);
    return FAULT_NONE;
}

/* A part of it, the rest, or, which is to be refused, a micro-unit more than the rest. */
static struct book_return draw_return(struct keeper *keeper, const struct remains *left)
{
    struct world *world = keeper->world;
    int64_t wall_ms = world_wall_ms(world), all = left->price_micros;
    const int64_t amounts[] = {all + 1, all, 1 + (int64_t)queue_draw(&world->queue, (uint64_t)all)};
    bool is_asked = queue_draw(&world->queue, 2) == 0;
    return (struct book_return){.return_id = ident_make(&world->workers[0].ids, wall_ms),
                                .post_id = left->sale.post_id,
                                .lead_id = left->lead->lead_id,
                                .sale_id = left->sale.sale_id,
                                .buyer = left->sale.buyer,
                                .affiliate = left->lead->affiliate,
                                .contract = left->sale.contract,
                                .campaign = left->lead->campaign,
                                .reason_code = BYTES("no_answer"),
                                .status = is_asked ? RETURN_REQUESTED : RETURN_APPROVED,
                                .judge = is_asked ? RETURN_BY_NOBODY : RETURN_BY_CONTRACT,
                                .amount_micros = amounts[queue_draw(&world->queue, 3)],
                                .by_house = queue_draw(&world->queue, 4) == 0,
                                .asked_ms = wall_ms,
                                .judged_ms = is_asked ? 0 : wall_ms};
}

static void take_back(struct keeper *keeper, struct remains *left)
{
    struct book_return asked = draw_return(keeper, left);
    struct bytes affiliate = left->lead->affiliate;
    int64_t buyer_had = balance_of(keeper, "buyer:", left->sale.buyer, ""), had = affiliate_has(keeper, affiliate);
    bool is_more = asked.amount_micros > left->price_micros, is_denied;
    enum fault fault = ask_back(keeper, &asked, &is_denied);
    int64_t came = balance_of(keeper, "buyer:", left->sale.buyer, "") - buyer_had;
    int64_t went = had - affiliate_has(keeper, affiliate), part = is_more || is_denied ? 0 : asked.amount_micros;
    if (happens(keeper, SABOTAGE_RETURN)) came--;
    if ((fault == FAULT_INPUT) != is_more)
        world_wrong(keeper->world, "a return of %s than is left was %s", is_more ? "more" : "no more",
                    fault ? "refused" : "taken");
    if (came != part)
        world_wrong(keeper->world, "a return of %lld gave the buyer %lld", (long long)part, (long long)came);
    if (went < 0 || went > left->sale.payout_micros || ((asked.by_house || part == 0) && went))
        world_wrong(keeper->world, "a return took %lld from the affiliate", (long long)went);
    left->price_micros -= part;
    left->sale.payout_micros -= went;
    left->house_paid |= part && asked.by_house;
    if (left->price_micros == 0 && !left->house_paid && left->sale.payout_micros)
        world_wrong(keeper->world, "a sale was returned, and %lld of its payout was not",
                    (long long)left->sale.payout_micros);
}

/* Some sales come back, in parts and in any order with the clearing of what they pay. */
static void return_some(struct keeper *keeper)
{
    struct world *world = keeper->world;
    for (uint32_t i = 0; i < world->model.leads_count; i++) {
        const struct lead_record *record = &world->model.leads[i].record;
        for (unsigned k = 0; k < record->slots_count; k++) {
            const struct lead_slot *slot = &record->slots[k];
            bool is_sale = slot->is_used && slot->state == POST_ACCEPTED && !record->offer.rehearsal;
            if (!is_sale || slot->sale.price_micros == 0 || queue_draw(&world->queue, 3)) continue;
            struct remains left = {.sale = slot->sale, .lead = record, .price_micros = slot->sale.price_micros};
            for (unsigned turn = 0; turn < 6 && left.price_micros > 0; turn++) {
                take_back(keeper, &left);
                if (queue_draw(&world->queue, 4) == 0)
                    (void)book_movement(keeper, world_wall_ms(world), add_clear, &left.sale.sale_id);
                world->counts.returns++;
            }
        }
    }
}

void keeper_check(struct keeper *keeper)
{
    if (!keeper->txn) return;
    struct world *world = keeper->world;
    check_leads(keeper);
    check_posts(keeper);
    check_caps(keeper);
    check_holds(keeper);
    check_shown(keeper);
    check_totals(keeper);
    check(account_each(keeper->store, keeper->txn, check_account, keeper) == FAULT_NONE);
    for (uint32_t i = 0; i < world->catalogue->affiliates_count; i++)
        check_events(keeper, world->catalogue->affiliates[i].id);
    return_some(keeper);
    world->counts.kept_steps += keeper->seq;
}

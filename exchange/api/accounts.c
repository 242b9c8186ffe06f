/* What operators book by hand, and periods they close. The ledger thread looks it up and says no; this tells it. */
#include "exchange/api/accounts.h"

#include <stdlib.h>

#include "exchange/api/visit.h"
#include "protocol/base/money.h"

#define ARENA_BYTES 4096u
#define BODY_ROOM 8192u

struct voucher {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the operator has gone */
    struct visit_manners manners;
    struct arena arena; /* of the booking's texts */
    struct booking booking;
};

bool accounts_is_known(const struct catalogue *catalogue, struct bytes name)
{
    if (bytes_starts(name, BYTES("buyer:")))
        return catalogue_buyer(catalogue, bytes_from(name, sizeof "buyer:" - 1)) != NULL;
    if (!bytes_starts(name, BYTES("affiliate:"))) return false;
    return catalogue_affiliate(catalogue, bytes_from(name, sizeof "affiliate:" - 1)) != NULL;
}

void accounts_on_gone(void *waiter)
{
    ((struct voucher *)waiter)->request = NULL;
}

/* --- the answer --- */

static void write_period(struct json *json, const char *key, uint32_t period)
{
    char text[PERIOD_TEXT];
    struct sink sink = sink_over(text, sizeof text);
    period_write(&sink, period);
    json_key(json, key);
    json_text(json, sink_written(&sink));
}

void accounts_write_booked(const struct booking *booking, uint64_t seq, struct sink *sink)
{
    const struct book_adjustment *adjustment = &booking->adjustment;
    struct json writer = json_into(sink), *json = &writer;
    json_open_map(json);
    json_key(json, "seq");
    json_u64(json, seq);
    if (booking->kind == BOOKING_CLOSE) {
        write_period(json, "closed", booking->period);
        json_close_map(json);
        return;
    }
    json_key(json, "ref");
    json_text(json, adjustment->ref);
    json_key(json, "account");
    json_text(json, adjustment->account);
    json_key(json, "kind");
    json_text(json, bytes_of(move_kind_name(adjustment->kind)));
    json_key(json, "amount");
    json_money(json, adjustment->amount_micros);
    json_key(json, "balance");
    json_money(json, booking->balance_micros);
    json_key(json, "booked_at");
    json_wall(json, booking->booked_ms);
    write_period(json, "period", booking->in_period);
    if (booking->of_period) write_period(json, "of_period", booking->of_period);
    json_close_map(json);
}

static void answer(struct voucher *voucher, enum fault fault, uint64_t seq)
{
    static const struct {
        enum fault fault;
        int status;
        enum reason reason;
    } refusals[] = {{FAULT_NOT_FOUND, 404, REASON_NOT_FOUND},
                    {FAULT_TAKEN, 409, REASON_CONFLICT},
                    {FAULT_INPUT, 422, REASON_INVALID_FIELD}};
    char body[BODY_ROOM];
    struct sink sink = sink_over(body, sizeof body);
    if (fault == FAULT_NONE) {
        accounts_write_booked(&voucher->booking, seq, &sink);
        visit_send(voucher->worker, voucher->request, &voucher->manners, 200, "application/json", NULL,
                   sink_written(&sink));
        return;
    }
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i].fault != fault) continue;
        visit_problem(voucher->worker, voucher->request, &voucher->manners, refusals[i].status, refusals[i].reason,
                      voucher->booking.why, NULL, 0);
        return;
    }
    visit_problem(voucher->worker, voucher->request, &voucher->manners, 503, REASON_LEDGER_DOWN, NULL, NULL, 1);
}

static void release(struct voucher *voucher)
{
    arena_free(&voucher->arena);
    free(voucher);
}

static void on_booked(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct voucher *voucher = arg;
    (void)token;
    if (voucher->request) {
        worker_wait(voucher->request, NULL);
        answer(voucher, fault, seq);
    }
    release(voucher);
}

/* --- what is asked --- */

static struct voucher *begin(struct visit *visit)
{
    struct voucher *voucher = calloc(1, sizeof *voucher);
    if (!voucher) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return NULL;
    }
    *voucher = (struct voucher){
        .kind = WAITER_VOUCHER, .worker = visit->worker, .request = visit->request, .manners = visit->manners};
    arena_init(&voucher->arena, ARENA_BYTES, visit->view->body.len * 100 + ARENA_BYTES);
    return voucher;
}

static void book(struct visit *visit, struct voucher *voucher)
{
    worker_wait(visit->request, voucher);
    enum fault fault = ledger_book(worker_line(visit->worker), &voucher->booking, clock_wall_ms(), on_booked, voucher,
                                   0);
    if (fault == FAULT_NONE) return;
    worker_wait(visit->request, NULL);
    visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_LEDGER_DOWN, NULL, NULL, 1);
    release(voucher);
}

static void read_kind(const struct node *node, struct book_adjustment *adjustment, struct complaints *complaints)
{
    bool is_kind = node && node->kind == NODE_TEXT && move_kind_read(node->text, &adjustment->kind);
    bool is_by_hand = is_kind && adjustment->kind >= MOVE_PAYMENT;
    if (!is_by_hand)
        complain(complaints, BYTES("kind"), "choice", "must be payment, payout, credit, debit, loss or clear");
}

static void read_amount(const struct node *node, struct book_adjustment *adjustment, struct complaints *complaints)
{
    bool is_text = node && (node->kind == NODE_TEXT || node->kind == NODE_NUMBER);
    bool is_money = is_text && money_read(node->text, &adjustment->amount_micros);
    if (!is_money)
        complain(complaints, BYTES("amount"), "type", "must be an amount such as \"12.50\"");
    else if (adjustment->amount_micros <= 0)
        complain(complaints, BYTES("amount"), "range", "must be above 0: the kind says which way it goes");
}

static void read_text(const struct node *node, const char *name, size_t max, struct bytes *text,
                      struct complaints *complaints)
{
    if (!node || node->kind != NODE_TEXT || node->text.len == 0 || node->text.len > max)
        complain(complaints, bytes_of(name), "range",
                 max == MOVE_REF_MAX ? "must be a text of 1 to 128 bytes" : "must be a text of 1 to 500 bytes");
    else
        *text = node->text;
}

static void read_entry(const struct node *document, struct book_adjustment *adjustment, struct complaints *complaints)
{
    static const char *const names[] = {"kind", "amount", "ref", "note", "effective_at"};
    const struct node *at = node_find(document, "effective_at");
    read_kind(node_find(document, "kind"), adjustment, complaints);
    read_amount(node_find(document, "amount"), adjustment, complaints);
    read_text(node_find(document, "ref"), "ref", MOVE_REF_MAX, &adjustment->ref, complaints);
    read_text(node_find(document, "note"), "note", MOVE_NOTE_MAX, &adjustment->note, complaints);
    if (at && (at->kind != NODE_TEXT || !clock_read_wall(at->text, &adjustment->effective_ms)))
        complain(complaints, BYTES("effective_at"), "format", "must be an instant: 2026-10-31T23:59:59Z");
    NODE_EACH(member, document)
    {
        bool is_known = false;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) is_known |= bytes_is(member->key, names[i]);
        if (!is_known) complain(complaints, member->key, "unknown", "unknown field");
    }
}

void operator_book(struct visit *visit)
{
    struct complaints complaints = {.count = 0};
    struct voucher *voucher = begin(visit);
    const struct node *document = voucher ? visit_document(visit, &voucher->arena, false) : NULL;
    if (!voucher) return;
    if (!document) {
        release(voucher);
        return;
    }
    struct book_adjustment *adjustment = &voucher->booking.adjustment;
    read_entry(document, adjustment, &complaints);
    adjustment->account = arena_copy(&voucher->arena, visit->path_id);
    if (complaints.count || !adjustment->account.at) {
        if (complaints.count)
            visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints,
                          0);
        else
            visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        release(voucher);
        return;
    }
    voucher->booking.kind = BOOKING_ADJUSTMENT;
    voucher->booking.is_known = accounts_is_known(worker_catalogue(visit->worker), adjustment->account);
    book(visit, voucher);
}

void operator_close(struct visit *visit)
{
    uint32_t period;
    if (!period_read(visit->path_id, &period)) {
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND,
                      "a period is a month: 2026-10", NULL, 0);
        return;
    }
    struct voucher *voucher = begin(visit);
    if (!voucher) return;
    voucher->booking.kind = BOOKING_CLOSE;
    voucher->booking.period = period;
    book(visit, voucher);
}

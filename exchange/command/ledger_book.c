/* `outcry ledger adjust` and `close`: what an operator books by hand. Where an exchange holds the book it is asked, by
 * its admin listener; where none does the book is opened as a start opens it, and closed again. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/api/accounts.h"
#include "exchange/command/admin_call.h"
#include "exchange/command/command.h"
#include "exchange/command/house.h"
#include "exchange/command/instant.h"
#include "exchange/command/ledger_verbs.h"
#include "exchange/command/table.h"
#include "exchange/ledger/ledger.h"
#include "protocol/base/money.h"
#include "protocol/codec/json.h"

#define ARENA_CHUNK 65536u
#define ARENA_MAX (64u << 20)
#define BODY_ROOM 8192u

struct errand {
    const struct settings *settings;
    const struct options_given *given;
    struct arena arena;
    struct booking booking;
    struct loop *loop;
    enum fault fault;
    uint64_t seq;
};

static int refuse(const char *why)
{
    fprintf(stderr, "outcry ledger: refused: %s\n", why);
    return COMMAND_NO;
}

static const char *period_text(uint32_t period, char text[PERIOD_TEXT + 1])
{
    struct sink sink = sink_over(text, PERIOD_TEXT);
    period_write(&sink, period);
    text[sink.len] = '\0';
    return text;
}

/* --- straight --- */

static void on_booked(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct errand *errand = arg;
    (void)token;
    errand->fault = fault;
    errand->seq = seq;
    loop_stop(errand->loop);
}

/* An account the catalogue has may be booked on before anything else was. */
static void look_up(struct errand *errand)
{
    struct config_report report;
    config_report_open(&report);
    struct catalogue *catalogue = config_catalogue(errand->settings, NULL, &report);
    errand->booking.is_known = catalogue && accounts_is_known(catalogue, errand->booking.adjustment.account);
    if (catalogue) catalogue_drop(&catalogue);
    config_report_close(&report);
}

static void write_straight(struct errand *errand, struct ledger *ledger)
{
    struct ledger_line *line = NULL;
    if (errand->booking.kind == BOOKING_ADJUSTMENT) look_up(errand);
    errand->fault = loop_open(&errand->loop);
    if (errand->fault == FAULT_NONE) errand->fault = ledger_line_open(ledger, errand->loop, &line);
    if (errand->fault == FAULT_NONE) errand->fault = ledger_start(ledger);
    if (errand->fault == FAULT_NONE)
        errand->fault = ledger_book(line, &errand->booking, clock_wall_ms(), on_booked, errand, 0);
    if (errand->fault == FAULT_NONE) loop_run(errand->loop);
    ledger_stop(ledger);
    if (line) ledger_line_close(&line);
    if (errand->loop) loop_close(&errand->loop);
}

/* --- by the exchange --- */

static void write_request(const struct book_adjustment *adjustment, struct sink *sink)
{
    struct json json = json_into(sink);
    json_open_map(&json);
    json_key(&json, "kind");
    json_text(&json, bytes_of(move_kind_name(adjustment->kind)));
    json_key(&json, "amount");
    json_money(&json, adjustment->amount_micros);
    json_key(&json, "ref");
    json_text(&json, adjustment->ref);
    json_key(&json, "note");
    json_text(&json, adjustment->note);
    if (adjustment->effective_ms) {
        json_key(&json, "effective_at");
        json_wall(&json, adjustment->effective_ms);
    }
    json_close_map(&json);
}

static struct bytes text_in(const struct node *map, const char *name)
{
    const struct node *node = node_find(map, name);
    return node && (node->kind == NODE_TEXT || node->kind == NODE_NUMBER) ? node->text : BYTES("?");
}

static void print_reply(const struct errand *errand, const struct node *reply)
{
    if (errand->booking.kind == BOOKING_CLOSE) {
        printf("closed: %.*s and all before it (entry %.*s)\n", TABLE_SHOWN(text_in(reply, "closed")),
               TABLE_SHOWN(text_in(reply, "seq")));
        return;
    }
    printf("booked: %.*s %.*s on %.*s, which has %.*s now; in %.*s (entry %.*s)\n", TABLE_SHOWN(text_in(reply, "kind")),
           TABLE_SHOWN(text_in(reply, "amount")), TABLE_SHOWN(text_in(reply, "account")),
           TABLE_SHOWN(text_in(reply, "balance")), TABLE_SHOWN(text_in(reply, "period")),
           TABLE_SHOWN(text_in(reply, "seq")));
}

static int tell_refused(const struct admin_answer *reply, const struct node *problem)
{
    const struct node *errors = problem ? node_find(problem, "errors") : NULL;
    struct bytes detail = problem && node_find(problem, "detail") ? text_in(problem, "detail") : BYTES_NONE;
    fprintf(stderr, "outcry ledger: %s (%d)",
            reply->status == 401 || reply->status == 403 ? "the exchange wants an operator's key: --key-file"
                                                         : "refused",
            reply->status);
    if (detail.len) fprintf(stderr, ": %.*s", TABLE_SHOWN(detail));
    if (errors && errors->kind == NODE_LIST) NODE_EACH(error, errors)
    fprintf(stderr, "; %.*s %.*s", TABLE_SHOWN(text_in(error, "field")), TABLE_SHOWN(text_in(error, "text")));
    fprintf(stderr, "\n");
    return reply->status >= 500 || reply->status == 401 || reply->status == 403 ? COMMAND_USAGE : COMMAND_NO;
}

/* Whether it was booked is not known once the request is out: its ref makes a second try safe. */
static int tell_silence(enum fault fault)
{
    fprintf(stderr, "outcry ledger: an exchange holds the book, and %s\n",
            fault == FAULT_INPUT ? "its admin listener is neither a unix socket nor on loopback: use its API"
            : fault == FAULT_CONNECT
                ? "its admin listener (listen.admin) cannot be reached"
                : "its admin listener gave no whole answer: the same --ref again is safe, it books once");
    return COMMAND_USAGE;
}

static int ask_exchange(struct errand *errand)
{
    char path[512], body[BODY_ROOM], period[PERIOD_TEXT + 1];
    struct sink to = sink_over(path, sizeof path - 1), request = sink_over(body, sizeof body);
    const struct booking *booking = &errand->booking;
    struct admin_answer *reply = arena_take(&errand->arena, sizeof *reply);
    struct document_error error = {0};
    struct bytes key;
    if (booking->kind == BOOKING_CLOSE) {
        sink_text(&to, "/v1/admin/periods/");
        sink_text(&to, period_text(booking->period, period));
        sink_text(&to, "/close");
    } else {
        sink_text(&to, "/v1/admin/accounts/");
        sink_bytes(&to, booking->adjustment.account);
        sink_text(&to, "/entries");
        write_request(&booking->adjustment, &request);
    }
    if (to.cut || request.cut) return refuse("a text is too long");
    path[to.len] = '\0';
    if (!reply || !admin_read_key(errand->given->values[LEDGER_KEY_FILE], &errand->arena, &key)) {
        fprintf(stderr, "outcry ledger: --key-file holds no operator's key\n");
        return COMMAND_USAGE;
    }
    enum fault fault = admin_call(errand->settings, key, "POST", path, sink_written(&request), reply);
    if (fault != FAULT_NONE) return tell_silence(fault);
    const struct node *document = document_read_json(&errand->arena, reply->body, &DOCUMENT_LIMITS, &error);
    if (reply->status != 200) return tell_refused(reply, document);
    if (errand->given->values[LEDGER_JSON] || !document)
        printf("%.*s\n", TABLE_SHOWN(reply->body));
    else
        print_reply(errand, document);
    return COMMAND_DONE;
}

/* --- both --- */

static void print_booked(const struct errand *errand)
{
    const struct booking *booking = &errand->booking;
    const struct book_adjustment *adjustment = &booking->adjustment;
    char period[PERIOD_TEXT + 1], amount[TABLE_NUMBER_MAX], balance[TABLE_NUMBER_MAX], body[BODY_ROOM];
    struct sink sink = sink_over(body, sizeof body);
    if (errand->given->values[LEDGER_JSON]) {
        accounts_write_booked(booking, errand->seq, &sink);
        printf("%.*s\n", (int)sink.len, sink.at);
    } else if (booking->kind == BOOKING_CLOSE) {
        printf("closed: %s and all before it (entry %llu)\n", period_text(booking->period, period),
               (unsigned long long)errand->seq);
    } else {
        printf("booked: %s %s on %.*s, which has %s now; in %s (entry %llu)\n", move_kind_name(adjustment->kind),
               table_money(adjustment->amount_micros, amount), TABLE_SHOWN(adjustment->account),
               table_money(booking->balance_micros, balance), period_text(booking->in_period, period),
               (unsigned long long)errand->seq);
    }
}

static int run(struct errand *errand)
{
    const struct settings *settings = errand->settings;
    struct ledger_note note;
    struct reader *reader;
    struct ledger *ledger;
    struct ledger_options options = {.path = settings->ledger_path,
                                     .map_bytes = (uint64_t)settings->ledger_map_bytes,
                                     .keys_path = settings->ledger_keys,
                                     .trace_keep_ms = settings->trace_keep_us / 1000,
                                     .trace_max_bytes = (uint64_t)settings->trace_max_bytes,
                                     .lines_max = 1,
                                     .zone = house_zone(settings, &errand->arena)};
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader); /* a new book is not made for this */
    if (fault != FAULT_NONE) return verb_fail(settings, fault);
    reader_close(&reader);
    fault = ledger_open(&options, &ledger, &note);
    if (fault == FAULT_IN_USE) return ask_exchange(errand);
    if (fault != FAULT_NONE) {
        fprintf(stderr, "outcry ledger: %s\n", note.text);
        return COMMAND_USAGE;
    }
    write_straight(errand, ledger);
    ledger_close(&ledger);
    fault = errand->fault;
    if (fault == FAULT_NOT_FOUND || fault == FAULT_TAKEN || fault == FAULT_INPUT) return refuse(errand->booking.why);
    if (fault != FAULT_NONE) return verb_fail(settings, fault);
    print_booked(errand);
    return COMMAND_DONE;
}

static int run_errand(struct errand *errand)
{
    arena_init(&errand->arena, ARENA_CHUNK, ARENA_MAX);
    int status = run(errand);
    arena_free(&errand->arena);
    return status;
}

static int complain_of(const char *text)
{
    fprintf(stderr, "outcry ledger: %s\n", text);
    return COMMAND_USAGE;
}

int verb_adjust(const struct settings *settings, const struct options_given *given)
{
    struct errand errand = {.settings = settings, .given = given, .booking.kind = BOOKING_ADJUSTMENT};
    struct book_adjustment *adjustment = &errand.booking.adjustment;
    const char *ref = given->values[LEDGER_REF], *note = given->values[LEDGER_NOTE];
    const char *effective = given->values[LEDGER_EFFECTIVE];
    if (!move_kind_read(bytes_of(given->arguments[1]), &adjustment->kind) || adjustment->kind < MOVE_PAYMENT)
        return complain_of("the kind is payment, payout, credit, debit, loss or clear");
    if (!money_read(bytes_of(given->arguments[3]), &adjustment->amount_micros))
        return complain_of("the amount is a number such as 12.50");
    if (adjustment->amount_micros <= 0) return refuse("the amount is not above 0: the kind says which way it goes");
    if (!ref || !*ref || strlen(ref) > MOVE_REF_MAX)
        return complain_of(
            "--ref names it, in 1 to 128 bytes: the same one again is refused, so a repeat books nothing");
    if (!note || !*note || strlen(note) > MOVE_NOTE_MAX) return complain_of("--note says why, in 1 to 500 bytes");
    if (effective && !instant_read(effective, clock_wall_ms(), &adjustment->effective_ms))
        return complain_of("--effective is " INSTANT_FORMS);
    adjustment->account = bytes_of(given->arguments[2]);
    adjustment->ref = bytes_of(ref);
    adjustment->note = bytes_of(note);
    return run_errand(&errand);
}

int verb_close(const struct settings *settings, const struct options_given *given)
{
    struct errand errand = {.settings = settings, .given = given, .booking.kind = BOOKING_CLOSE};
    if (!period_read(bytes_of(given->arguments[1]), &errand.booking.period))
        return complain_of("a period is a month such as 2026-10");
    return run_errand(&errand);
}

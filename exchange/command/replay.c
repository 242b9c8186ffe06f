/* `outcry replay FROM TO`: every recorded auction of that time decided again, from what its trace keeps and the
 * catalogue the book keeps. On an untouched record nothing comes out otherwise. Reads beside a live exchange. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/command/command.h"
#include "exchange/command/instant.h"
#include "exchange/command/options.h"
#include "exchange/command/recorded.h"
#include "exchange/command/table.h"
#include "exchange/market/difference.h"
#include "protocol/codec/json.h"

#define LISTED_MAX 50u /* auctions told one by one; the rest is counted (--json tells all) */
#define LINE_ROOM 4096u

enum { CONFIG, JSON };

static const struct option_row rows[] = {
    [CONFIG] = {"config", "FILE", "settings; else $OUTCRY_CONFIG, else ./outcry.yaml"},
    [JSON] = {"json", NULL, "print one JSON object"},
};
static const struct options options = {
    .command = "replay",
    .usage = "FROM TO",
    .prose = "Decides the recorded auctions of that time again (who was asked, ranks, prices, offers) and tells what\n"
             "comes out otherwise. FROM and TO are " INSTANT_FORMS ".\n"
             "Exit status: 0 nothing does, 1 something does, 2 it could not be read.",
    .rows = rows,
    .rows_count = sizeof rows / sizeof *rows,
    .arguments_min = 2,
    .arguments_max = 2,
};

struct recount {
    struct recorded *recorded;
    bool as_json;
    uint64_t auctions, pings, whole_leads, bids;
    uint64_t differing, differences; /* auctions, and all that differs in them */
    uint64_t too_old, strange, no_memory, unreadable;
    struct differences found;
};

static int replay(const struct settings *settings, const struct recorded_span *span, bool as_json);
static void on_trace(void *arg, const struct trace_auction *trace, struct arena *arena);
static void tell_auction(const struct recount *recount, const struct trace_auction *trace);
static void tell_in_json(const struct recount *recount, const struct trace_auction *trace);
static void tell_strange(const struct recount *recount, const struct trace_auction *trace, bool has_catalogue);
static void sum_up(const struct recount *recount, const struct recorded_span *span);
static void sum_up_in_json(const struct recount *recount, const struct recorded_span *span);

int command_replay(int argc, char **argv)
{
    struct options_given given;
    struct recorded_span span;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    if (!recorded_read_span(options.command, given.arguments, &span)) return COMMAND_USAGE;
    struct settings *settings = calloc(1, sizeof *settings);
    struct config_report report;
    config_report_open(&report);
    bool good = settings && crypto_start() == FAULT_NONE &&
                settings_read(config_path(given.values[CONFIG]), settings, &report);
    if (!good) config_report_print(&report, stderr);
    config_report_close(&report);
    status = good ? replay(settings, &span, given.values[JSON] != NULL) : COMMAND_USAGE;
    crypto_stop();
    free(settings);
    return status;
}

static int replay(const struct settings *settings, const struct recorded_span *span, bool as_json)
{
    struct recount *recount = calloc(1, sizeof *recount);
    enum fault fault = recount ? recorded_open(settings, &recount->recorded) : FAULT_MEMORY;
    int status = COMMAND_USAGE;
    if (!fault) {
        recount->as_json = as_json;
        if (as_json) printf("{\"differences\":[");
        fault = recorded_each(recount->recorded, span, on_trace, recount, &recount->unreadable);
    }
    if (!fault) {
        (as_json ? sum_up_in_json : sum_up)(recount, span);
        bool is_same = recount->differing + recount->strange + recount->unreadable == 0;
        status = recount->no_memory ? COMMAND_USAGE : is_same ? COMMAND_DONE : COMMAND_NO;
    } else {
        fprintf(stderr, "outcry replay: %s: %s\n", settings->ledger_path, fault_text(fault));
    }
    if (recount) recorded_close(&recount->recorded);
    free(recount);
    return status;
}

/* An auction
 * ------------------------------------------------------------------------------------------------------------- */

static void on_trace(void *arg, const struct trace_auction *trace, struct arena *arena)
{
    struct recount *recount = arg;
    struct replay again;
    if (!trace_is_auction(trace->kind) || trace->is_test) return;
    recount->auctions++;
    recount->pings += trace->kind == TRACE_PING;
    recount->whole_leads += trace->kind != TRACE_PING;
    const struct catalogue *catalogue = recorded_catalogue(recount->recorded, &trace->catalogue);
    enum replay_outcome outcome = catalogue ? replay_run(trace, catalogue, arena, &again) : REPLAY_STRANGE;
    recount->too_old += outcome == REPLAY_TOO_OLD;
    recount->no_memory += outcome == REPLAY_NO_MEMORY;
    if (outcome == REPLAY_STRANGE && !recount->as_json && recount->differing + recount->strange < LISTED_MAX)
        tell_strange(recount, trace, catalogue != NULL);
    recount->strange += outcome == REPLAY_STRANGE;
    if (outcome != REPLAY_DECIDED) return;
    recount->bids += again.bids_count;
    difference_find(trace, &again, arena, &recount->found);
    if (recount->found.count == 0) return;
    if (recount->as_json)
        tell_in_json(recount, trace);
    else if (recount->differing + recount->strange < LISTED_MAX)
        tell_auction(recount, trace);
    recount->differing++;
    recount->differences += recount->found.count;
}

static void print_head(const struct trace_auction *trace)
{
    char id[IDENT_TEXT + 1], text[32];
    struct sink at = sink_over(text, sizeof text);
    instant_write(&at, trace->opened_ms);
    bool is_ping = trace->kind == TRACE_PING;
    printf("%s %s   %.*s, %.*s, %.*s UTC\n", is_ping ? "ping" : "lead",
           ident_text(is_ping ? &trace->ping_id : &trace->lead_id, id), TABLE_SHOWN(trace->affiliate),
           TABLE_SHOWN(trace->campaign), (int)at.len, at.at);
}

static void tell_auction(const struct recount *recount, const struct trace_auction *trace)
{
    static const struct table_column columns[] = {{"contract", TABLE_LEFT, 12},
                                                  {"what", TABLE_LEFT, 10},
                                                  {"recorded", TABLE_RIGHT, 12},
                                                  {"again", TABLE_RIGHT, 12}};
    struct table_page page;
    print_head(trace);
    table_open(&page, columns, 4, 4);
    for (uint32_t i = 0; i < recount->found.count; i++) {
        const struct difference *difference = &recount->found.list[i];
        struct bytes cells[] = {difference->contract.len ? difference->contract : BYTES("(the auction)"),
                                bytes_of(difference->what), difference->was, difference->is};
        table_row(&page, cells);
    }
    table_print(&page, stdout);
    table_close(&page);
    printf("\n");
}

static void tell_strange(const struct recount *recount, const struct trace_auction *trace, bool has_catalogue)
{
    (void)recount;
    print_head(trace);
    printf("    cannot be decided again: %s\n\n",
           has_catalogue ? "its campaign, affiliate or facts are not those of the catalogue it names"
                         : "the catalogue it names is not in the book");
}

static void tell_in_json(const struct recount *recount, const struct trace_auction *trace)
{
    char line[LINE_ROOM], id[IDENT_TEXT + 1];
    for (uint32_t i = 0; i < recount->found.count; i++) {
        const struct difference *difference = &recount->found.list[i];
        struct sink sink = sink_over(line, sizeof line);
        struct json json = json_into(&sink);
        json_open_map(&json);
        json_key(&json, "ping_id");
        json_text(&json, (struct bytes){ident_text(&trace->ping_id, id), IDENT_TEXT});
        json_key(&json, "at");
        json_wall(&json, trace->opened_ms);
        json_key(&json, "campaign");
        json_text(&json, trace->campaign);
        json_key(&json, "affiliate");
        json_text(&json, trace->affiliate);
        json_key(&json, "contract");
        if (difference->contract.len)
            json_text(&json, difference->contract);
        else
            json_null(&json);
        json_key(&json, "what");
        json_text(&json, bytes_of(difference->what));
        json_key(&json, "recorded");
        json_text(&json, difference->was);
        json_key(&json, "again");
        json_text(&json, difference->is);
        json_close_map(&json);
        printf("%s%.*s", recount->differences + i ? "," : "", (int)sink.len, sink.at);
    }
}

/* All of them
 * ------------------------------------------------------------------------------------------------------------ */

static void print_count(const char *before, uint64_t count, const char *what)
{
    char text[TABLE_NUMBER_MAX];
    printf("%s%s %s%s", before, table_number(count, text), what, table_plural(count));
}

static void sum_up(const struct recount *recount, const struct recorded_span *span)
{
    char text[64];
    struct sink sink = sink_over(text, sizeof text);
    uint64_t told = recount->differing + recount->strange;
    instant_write(&sink, span->from_ms);
    sink_text(&sink, " to ");
    instant_write(&sink, span->to_ms);
    if (told > LISTED_MAX) print_count("and ", told - LISTED_MAX, "more auction");
    if (told > LISTED_MAX) printf("\n\n");
    printf("%.*s UTC\n", (int)sink.len, sink.at);
    print_count("", recount->auctions, "auction");
    print_count(" (", recount->pings, "ping");
    print_count(", ", recount->whole_leads, "whole lead");
    print_count("), ", recount->bids, "bid");
    print_count(", ", recorded_catalogues_count(recount->recorded), "catalogue");
    print_count("\ndecided again: ", recount->differences, "difference");
    if (recount->differing) print_count(" in ", recount->differing, "auction");
    printf("\n");
    if (recount->strange) print_count("", recount->strange, "auction");
    if (recount->strange) printf(" could not be decided again\n");
    if (recount->too_old) print_count("", recount->too_old, "auction");
    if (recount->too_old) printf(" left out: recorded by an earlier exchange, which kept less\n");
    if (recount->unreadable) print_count("", recount->unreadable, "record");
    if (recount->unreadable) printf(" could not be read\n");
    if (recount->no_memory) print_count("", recount->no_memory, "auction");
    if (recount->no_memory) printf(" left out: out of memory\n");
}

static void sum_up_in_json(const struct recount *recount, const struct recorded_span *span)
{
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {{"auctions", recount->auctions},
                   {"pings", recount->pings},
                   {"whole_leads", recount->whole_leads},
                   {"bids", recount->bids},
                   {"catalogues", recorded_catalogues_count(recount->recorded)},
                   {"differing", recount->differing},
                   {"not_decided", recount->strange},
                   {"too_old", recount->too_old},
                   {"unreadable", recount->unreadable}};
    char line[LINE_ROOM];
    struct sink sink = sink_over(line, sizeof line);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "from");
    json_wall(&json, span->from_ms);
    json_key(&json, "to");
    json_wall(&json, span->to_ms);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_key(&json, figures[i].key);
        json_u64(&json, figures[i].value);
    }
    json_close_map(&json);
    printf("],%.*s\n", (int)sink.len - 1, sink.at + 1); /* the same object goes on */
}

/* `outcry explain ID`: the story of a ping or a lead as a table a person can read, or as JSON. Reads the stores
 * directly, beside a live exchange or without one. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "exchange/api/explain.h"
#include "exchange/command/command.h"
#include "exchange/command/options.h"
#include "exchange/config/config.h"
#include "protocol/codec/document.h"

#define STORY_ROOM (16u << 20)
#define ARENA_CHUNK (1u << 16)
#define ARENA_MAX (1u << 30)
#define TRIES 8 /* a story told just now reaches the disk within 250 ms */
#define TRY_MS 50

static void print_story(const struct node *story);

static enum fault read_story(struct settings *settings, const struct ident *id, struct arena *arena, struct sink *out)
{
    struct reader *reader;
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader);
    if (fault) return fault;
    for (int i = 0; i < TRIES; i++) {
        out->len = 0;
        fault = explain_write(reader, id, arena, out);
        if (fault != FAULT_NOT_FOUND) break;
        struct timespec pause = {0, TRY_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    reader_close(&reader);
    return fault;
}

static int tell(struct settings *settings, const char *text, bool as_json)
{
    struct ident id;
    struct arena arena;
    struct document_error error;
    if (!ident_read(bytes_of(text), &id)) {
        fprintf(stderr, "outcry explain: %s is not an id (26 characters, as in ping_id or lead_id)\n", text);
        return COMMAND_USAGE;
    }
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    char *room = malloc(STORY_ROOM);
    struct sink out = sink_over(room, room ? STORY_ROOM : 0);
    enum fault fault = room ? read_story(settings, &id, &arena, &out) : FAULT_MEMORY;
    int status = COMMAND_DONE;
    const struct node *story = NULL;
    if (!fault && !as_json)
        story = document_read_json(&arena, sink_written(&out), &(struct document_limits){16, 4u << 20, 256},
                                   &error);
    if (fault == FAULT_NOT_FOUND) {
        fprintf(stderr, "outcry explain: nothing is kept of %s (a trace is kept for the time `trace.keep` says)\n",
                text);
        status = COMMAND_NO;
    } else if (fault || (!as_json && !story)) {
        fprintf(stderr, "outcry explain: %s: %s\n", settings->ledger_path, fault ? fault_text(fault) : error.text);
        status = COMMAND_USAGE;
    } else if (as_json) {
        printf("%.*s\n", (int)out.len, out.at);
    } else {
        print_story(story);
    }
    free(room);
    arena_free(&arena);
    return status;
}

int command_explain(int argc, char **argv)
{
    static const struct option_row rows[] = {
        {"config", "FILE", "settings; else $OUTCRY_CONFIG, else ./outcry.yaml"},
        {"json", NULL, "the whole story as JSON, as GET /v1/admin/explain gives it"},
    };
    static const struct options options = {.command = "explain",
                                           .usage = "ID",
                                           .prose = "tells who was asked, who was not and why, who got the lead",
                                           .rows = rows,
                                           .rows_count = 2,
                                           .arguments_min = 1,
                                           .arguments_max = 1};
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    struct settings *settings = calloc(1, sizeof *settings);
    struct config_report report;
    config_report_open(&report);
    bool good = settings && crypto_start() == FAULT_NONE &&
                settings_read(config_path(given.values[0]), settings, &report);
    if (!good) config_report_print(&report, stderr);
    config_report_close(&report);
    status = good ? tell(settings, given.arguments[0], given.values[1] != NULL) : COMMAND_USAGE;
    crypto_stop();
    free(settings);
    return status;
}

/* For a person
 * ------------------------------------------------------------------------------------------------------------- */

static struct bytes text_of(const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);
    if (!node || node->kind == NODE_NULL) return BYTES_NONE;
    return node->text;
}

#define SHOW(bytes) (int)(bytes).len, (bytes).len ? (bytes).at : ""

static void print_reason(const struct node *of)
{
    const struct node *reason = node_find(of, "reason");
    struct bytes text = text_of(reason, "text");
    if (text.len) printf("%.*s", SHOW(text));
}

static void print_head(const struct node *story)
{
    struct bytes lead = text_of(story, "lead_id"), source = text_of(story, "source"), status = text_of(story, "status");
    const struct node *reason = node_find(story, "reason"), *facts = node_find(story, "public"),
                      *closed = node_find(story, "closed");
    printf("%-10s %.*s", "ping", SHOW(text_of(story, "ping_id")));
    if (lead.len) printf("   lead %.*s", SHOW(lead));
    printf("\n%-10s %.*s from %.*s", "campaign", SHOW(text_of(story, "campaign")), SHOW(text_of(story, "affiliate")));
    if (source.len) printf(" (source %.*s)", SHOW(source));
    printf(" at %.*s\n", SHOW(text_of(story, "at")));
    if (facts && facts->kind == NODE_MAP) {
        printf("%-10s", "facts");
        NODE_EACH(fact, facts) printf(" %.*s=%.*s", SHOW(fact->key), SHOW(fact->text));
        printf("\n");
    }
    printf("%-10s %.*s", "status", SHOW(status));
    if (reason && reason->kind == NODE_MAP) printf(": %.*s", SHOW(text_of(reason, "text")));
    if (text_of(closed, "cause").len) printf("   (bidding closed: %.*s)", SHOW(text_of(closed, "cause")));
    printf("\n\n");
}

/* What became of a contract, in words: its posts say more than its bid, and its bid more than its state. */
static void print_fate(const struct node *contract)
{
    const struct node *posts = node_find(contract, "posts");
    struct bytes rank = text_of(contract, "rank");
    bool told = false;
    if (posts && posts->kind == NODE_LIST) {
        NODE_EACH(post, posts)
        {
            struct bytes outcome = text_of(post, "outcome"), ms = text_of(post, "ms");
            printf("%s", told ? "; " : "");
            if (bytes_is(outcome, "accepted"))
                printf("SOLD, accepted");
            else if (bytes_is(outcome, "skipped"))
                printf("passed over: ");
            else
                printf("posted, %.*s: ", SHOW(outcome));
            print_reason(post);
            if (ms.len) printf(" (%.*s ms)", SHOW(ms));
            told = true;
        }
    }
    if (told) return;
    if (node_find(contract, "reason") && node_find(contract, "reason")->kind == NODE_MAP)
        print_reason(contract);
    else if (rank.len)
        printf("candidate");
}

static void print_contracts(const struct node *story)
{
    const struct node *contracts = node_find(story, "contracts");
    printf("  %-20s %-9s %10s %7s %10s %5s  %s\n", "contract", "asked", "bid", "ms", "payout", "rank",
           "what became of it");
    if (!contracts) return;
    NODE_EACH(contract, contracts)
    {
        const struct node *bid = node_find(contract, "bid");
        struct bytes state = text_of(contract, "state");
        struct bytes ms = bid && bid->kind == NODE_MAP ? text_of(bid, "ms") : text_of(contract, "ms");
        const char *asked = bytes_is(state, "pinged") ? "pinged" : bytes_is(state, "standing") ? "standing" : "no";
        printf("  %-20.*s %-9s %10.*s %7.*s %10.*s %5.*s  ", SHOW(text_of(contract, "contract")), asked,
               SHOW(text_of(bid, "price")), SHOW(ms), SHOW(text_of(bid, "payout")), SHOW(text_of(contract, "rank")));
        print_fate(contract);
        printf("\n");
    }
}

static void print_sales(const struct node *story)
{
    const struct node *sales = node_find(story, "sales"), *counts = node_find(story, "counts");
    if (counts && counts->count) {
        printf("  not asked, by reason:");
        NODE_EACH(reason, counts) printf(" %.*s %.*s", SHOW(reason->key), SHOW(reason->text));
        printf("\n");
    }
    if (!sales || sales->count == 0) return;
    NODE_EACH(sale, sales)
    printf("\nsold to %.*s: price %.*s, payout %.*s, margin %.*s (rule: %.*s)\n", SHOW(text_of(sale, "buyer")),
           SHOW(text_of(sale, "price")), SHOW(text_of(sale, "payout")), SHOW(text_of(sale, "margin")),
           SHOW(text_of(sale, "margin_rule")));
}

static void print_story(const struct node *story)
{
    print_head(story);
    print_contracts(story);
    print_sales(story);
}

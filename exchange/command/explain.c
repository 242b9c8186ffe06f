/* `outcry explain ID`: the story of a ping or a lead as a table a person can read, or as JSON. Reads the stores
 * directly, beside a live exchange or without one. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "exchange/api/explain.h"
#include "exchange/command/command.h"
#include "exchange/command/options.h"
#include "exchange/command/story.h"
#include "exchange/config/config.h"
#include "protocol/codec/document.h"

#define STORY_ROOM (16u << 20)
#define ARENA_CHUNK (1u << 16)
#define ARENA_MAX (1u << 30)
#define TRIES 8 /* a story told just now reaches the disk within 250 ms */
#define TRY_MS 50

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
        story = document_read_json(&arena, sink_written(&out), &(struct document_limits){16, 4u << 20, 256}, &error);
    if (fault == FAULT_NOT_FOUND) {
        fprintf(stderr, "outcry explain: nothing is kept of %s (a trace is kept for the time `trace.keep` says)\n",
                text);
        status = COMMAND_NO;
    } else if (fault || (!as_json && !story)) {
        fprintf(stderr, "outcry explain: %s: %s\n", settings->ledger_path, fault ? fault_text(fault) : error.text);
        status = COMMAND_USAGE;
    } else if (as_json) {
        printf("%.*s\n", (int)out.len, out.at);
    } else if (!story_print(story, stdout, isatty(STDOUT_FILENO))) {
        fprintf(stderr, "outcry explain: out of memory\n");
        status = COMMAND_USAGE;
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

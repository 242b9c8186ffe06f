#include "exchange/command/privacy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "exchange/api/audit.h"
#include "exchange/command/admin_call.h"
#include "exchange/command/command.h"
#include "exchange/command/operating.h"
#include "exchange/command/table.h"
#include "exchange/ledger/privacy.h"
#include "protocol/codec/document.h"

#define LOOK_MS 50
#define ARENA_BYTES 65536u
#define ARENA_MAX (64u << 20)

static int refuse(const char *text)
{
    fprintf(stderr, "outcry ledger: %s\n", text);
    return COMMAND_USAGE;
}

static void pause_a_while(void)
{
    struct timespec pause = {0, LOOK_MS * 1000000L};
    nanosleep(&pause, NULL);
}

/* --- rotating --- */

static int tell_rotated(const struct privacy_rotation *rotation, bool as_json)
{
    char number[TABLE_NUMBER_MAX];
    bool good = rotation->unreadable == 0 && !rotation->has_failed;
    if (as_json)
        printf("{\"rotated\":%s,\"wrapped\":%llu,\"unreadable\":%llu}\n", good ? "true" : "false",
               (unsigned long long)rotation->wrapped, (unsigned long long)rotation->unreadable);
    else
        printf("%s data key%s wrapped by the new key\n", table_number(rotation->wrapped, number),
               table_plural(rotation->wrapped));
    if (good) return COMMAND_DONE;
    if (rotation->unreadable)
        fprintf(stderr, "outcry ledger: %llu data keys are of no known key; the old key stays in the key file\n",
                (unsigned long long)rotation->unreadable);
    else
        refuse("the old key could not be taken out of the key file; the log says why");
    return COMMAND_NO;
}

struct begun {
    struct loop *loop;
    enum fault fault;
};

static void on_begun(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct begun *begun = arg;
    (void)token;
    (void)seq;
    begun->fault = fault;
    loop_stop(begun->loop);
}

/* One that was broken off is gone on with by the opening itself. */
static int rotate_straight(struct operating *operating, bool as_json)
{
    struct begun begun = {.loop = operating->loop};
    struct privacy_rotation rotation;
    enum fault fault = privacy_rotate(operating->line, clock_wall_ms(), on_begun, &begun, 0);
    if (fault == FAULT_NONE) {
        loop_run(operating->loop);
        fault = begun.fault;
    }
    if (fault == FAULT_SYSTEM) return refuse("the key file cannot be written");
    if (fault != FAULT_NONE && fault != FAULT_IN_USE) return refuse(fault_text(fault));
    for (;;) {
        privacy_rotation(operating->ledger, &rotation);
        if (!rotation.is_running) break;
        pause_a_while();
    }
    return tell_rotated(&rotation, as_json);
}

static bool read_answer(struct bytes body, struct privacy_rotation *rotation)
{
    struct arena arena;
    struct document_error error;
    int64_t wrapped = 0, unreadable = 0;
    arena_init(&arena, ARENA_BYTES, ARENA_MAX);
    const struct node *answer = document_read_json(&arena, body, &DOCUMENT_LIMITS, &error);
    const struct node *running = answer ? node_find(answer, "rotating") : NULL;
    const struct node *failed = answer ? node_find(answer, "failed") : NULL;
    bool good = running && failed && running->kind == NODE_BOOL && failed->kind == NODE_BOOL &&
                node_i64(node_find(answer, "wrapped"), &wrapped) &&
                node_i64(node_find(answer, "unreadable"), &unreadable);
    if (good)
        *rotation = (struct privacy_rotation){running->truth, failed->truth, (uint64_t)wrapped, (uint64_t)unreadable};
    arena_free(&arena);
    return good;
}

static int ask_exchange(const struct settings *settings, struct bytes key, const char *method, const char *path,
                        struct admin_answer *answer, struct privacy_rotation *rotation)
{
    enum fault fault = admin_call(settings, key, method, path, BYTES_NONE, answer);
    if (fault != FAULT_NONE) return refuse(operating_text(fault));
    if (answer->status == 200 && read_answer(answer->body, rotation)) return COMMAND_DONE;
    fprintf(stderr, "outcry ledger: the exchange answered %d: %.*s\n", answer->status, (int)answer->body.len,
            answer->body.at);
    return COMMAND_USAGE;
}

static int rotate_through(const struct settings *settings, const char *key_file, bool as_json)
{
    struct privacy_rotation rotation = {.is_running = true};
    struct bytes key;
    struct arena arena;
    struct admin_answer *answer = calloc(1, sizeof *answer);
    if (!answer) return refuse("out of memory");
    arena_init(&arena, ARENA_BYTES, ARENA_MAX);
    int status = admin_read_key(key_file, &arena, &key) ? COMMAND_DONE : refuse("--key-file holds no operator's key");
    if (status == COMMAND_DONE) status = ask_exchange(settings, key, "POST", "/v1/admin/rotate-key", answer, &rotation);
    while (status == COMMAND_DONE && rotation.is_running) {
        pause_a_while();
        status = ask_exchange(settings, key, "GET", "/v1/admin/rotation", answer, &rotation);
    }
    arena_free(&arena);
    free(answer);
    return status == COMMAND_DONE ? tell_rotated(&rotation, as_json) : status;
}

int privacy_rotate_key(const struct settings *settings, const char *key_file, bool as_json)
{
    struct operating operating;
    struct ledger_note note;
    enum fault fault = operating_open(settings, &operating, &note);
    if (fault == FAULT_IN_USE) return rotate_through(settings, key_file, as_json);
    if (fault != FAULT_NONE) return refuse(note.text);
    int status = rotate_straight(&operating, as_json);
    operating_close(&operating);
    return status;
}

/* --- who was shown a lead --- */

static struct bytes text_of(const struct node *map, const char *name)
{
    const struct node *node = node_find(map, name);
    return node && node->kind == NODE_TEXT ? node->text : BYTES_NONE;
}

static void print_line(const char *title, struct bytes text)
{
    if (text.len) printf("%-10s %.*s\n", title, (int)text.len, text.at);
}

static void print_fields(const struct node *audit)
{
    const struct node *fields = node_find(audit, "fields");
    int64_t others = 0;
    printf("fields    ");
    if (!fields || fields->kind != NODE_LIST) {
        printf(" not told: the lead is of an older version\n");
        return;
    }
    NODE_EACH(name, fields) printf(" %.*s", (int)name->text.len, name->text.at);
    if (node_i64(node_find(audit, "other_fields"), &others) && others > 0)
        printf(" and %lld that the campaign does not name", (long long)others);
    printf("\n");
}

static void print_disclosures(const struct node *audit)
{
    static const struct table_column columns[] = {{"when", TABLE_LEFT, 24},   {"how", TABLE_LEFT, 8},
                                                  {"buyer", TABLE_LEFT, 12},  {"contract", TABLE_LEFT, 16},
                                                  {"outcome", TABLE_LEFT, 8}, {"id", TABLE_LEFT, 26}};
    struct table_page page;
    const struct node *list = node_find(audit, "disclosures");
    table_open(&page, columns, sizeof columns / sizeof *columns, 0);
    NODE_EACH(one, list)
    {
        const struct node *sent = node_find(one, "sent");
        struct bytes outcome = text_of(one, "outcome"), id = text_of(one, "post_id");
        if (sent && !sent->truth) outcome = BYTES("not sent");
        if (outcome.len == 0) outcome = text_of(one, "to");
        struct bytes cells[] = {text_of(one, "at"),
                                text_of(one, "kind"),
                                text_of(one, "buyer"),
                                text_of(one, "contract"),
                                outcome,
                                id.len ? id : text_of(one, "id")};
        table_row(&page, cells);
    }
    table_print(&page, stdout);
    table_close(&page);
    if (list->count == 0) printf("shown to nobody\n");
}

static int print_audit(struct arena *arena, struct bytes text)
{
    struct document_error error;
    const struct document_limits limits = {16, 1u << 20, 256};
    const struct node *audit = document_read_json(arena, text, &limits, &error);
    if (!audit) return refuse(error.text);
    print_line("lead", text_of(audit, "lead_id"));
    print_line("campaign", text_of(audit, "campaign"));
    print_line("affiliate", text_of(audit, "affiliate"));
    print_line("came", text_of(audit, "created_at"));
    print_line("content", text_of(audit, "content"));
    print_line("erased", text_of(audit, "erased_at"));
    print_line("kept until", text_of(audit, "kept_until"));
    print_fields(audit);
    printf("\n");
    print_disclosures(audit);
    return COMMAND_DONE;
}

int privacy_audit(const struct settings *settings, const char *lead_id, bool as_json)
{
    struct ident id;
    struct reader *reader;
    struct arena arena;
    if (!ident_read(bytes_of(lead_id), &id)) return refuse("audit wants an id (26 characters, as in lead_id)");
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader);
    if (fault != FAULT_NONE) return refuse(fault_text(fault));
    char *room = malloc(AUDIT_ROOM);
    struct sink sink = sink_over(room, room ? AUDIT_ROOM : 0);
    arena_init(&arena, ARENA_BYTES, ARENA_MAX);
    fault = room ? audit_write(reader, &id, &arena, &sink) : FAULT_MEMORY;
    reader_close(&reader);
    int status = COMMAND_DONE;
    if (fault == FAULT_NOT_FOUND) {
        refuse("there is no such lead");
        status = COMMAND_NO;
    } else if (fault != FAULT_NONE) {
        status = refuse(fault_text(fault));
    } else if (as_json) {
        printf("%.*s\n", (int)sink.len, sink.at);
    } else {
        status = print_audit(&arena, sink_written(&sink));
    }
    arena_free(&arena);
    free(room);
    return status;
}

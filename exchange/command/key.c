/* `outcry key new|list|revoke`. A key is printed once and kept nowhere; what goes into settings or catalogue is its
 * hash, and by the hash it is listed and revoked. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/api/keys.h"
#include "exchange/command/admin_call.h"
#include "exchange/command/command.h"
#include "exchange/command/options.h"
#include "exchange/command/table.h"
#include "exchange/config/config.h"
#include "exchange/ledger/reader.h"
#include "protocol/codec/json.h"
#include "protocol/crypto/apikey.h"

#define ARENA_BYTES 8192u
#define ARENA_MAX_BYTES (16u << 20)
#define WALL_ROOM 32u
#define LINE_ROOM 2048u

enum { JSON, CONFIG, KEY_FILE };

static const struct option_row rows[] = {
    [JSON] = {"json", NULL, "print JSON"},
    [CONFIG] = {"config", "FILE", "list, revoke: settings; else $OUTCRY_CONFIG, else ./outcry.yaml"},
    [KEY_FILE] = {"key-file", "FILE", "revoke: an operator's key, where the admin listener is no unix socket"},
};
static const struct options options = {
    .command = "key",
    .usage = "new affiliate|affiliate-test|buyer|admin  |  list  |  revoke HASH",
    .prose =
        "new makes a key and prints it, this once, with its hash. The hash goes into the catalogue (keys of an "
        "affiliate\n"
        "or buyer) or the settings (admin_keys); the key goes to who is to use it. list tells who holds a key, by the\n"
        "first digits of its hash, and which are revoked. revoke asks the exchange that runs, by its admin listener,\n"
        "to take the key of that hash (its first 8 digits will do) no more: at once and for good.\n"
        "Exit status: 0 done, 1 the exchange says no (revoke), 2 bad usage or configuration, or it is not reached.",
    .rows = rows,
    .rows_count = sizeof rows / sizeof *rows,
    .arguments_min = 1,
    .arguments_max = 2,
};

struct kind {
    const char *name;
    enum apikey_kind kind;
    const char *place;
};
static const struct kind kinds[] = {
    {"affiliate", APIKEY_AFFILIATE, "the affiliate's keys in the catalogue"},
    {"affiliate-test", APIKEY_AFFILIATE_TEST, "the affiliate's keys in the catalogue"},
    {"buyer", APIKEY_BUYER, "the buyer's keys in the catalogue"},
    {"admin", APIKEY_ADMIN, "admin_keys in the settings"},
};

typedef int verb(const struct options_given *given);
static verb make_one, list_all, revoke_one;
static const struct {
    const char *name;
    int arguments;
    const char *needs;
    verb *run;
} verbs[] = {
    {"new", 2, "needs a kind: affiliate, affiliate-test, buyer or admin", make_one},
    {"list", 1, NULL, list_all},
    {"revoke", 2, "needs the hash of a key, or its first 8 digits", revoke_one},
};

static int say_wrong(const char *what, const char *word)
{
    fprintf(stderr, "outcry key: %s: %s\n", word, what);
    return COMMAND_USAGE;
}

int command_key(int argc, char **argv)
{
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    const char *name = given.arguments[0];
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, name) != 0) continue;
        if (given.arguments_count < verbs[i].arguments) return say_wrong(verbs[i].needs, name);
        if (crypto_start() != FAULT_NONE) return say_wrong("the cryptographic library cannot be used", name);
        status = verbs[i].run(&given);
        crypto_stop();
        return status;
    }
    return say_wrong("no such thing to do; there are: new, list, revoke", name);
}

/* --- new --- */

static const struct kind *find_kind(const char *name)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}

static int make_one(const struct options_given *given)
{
    const struct kind *kind = find_kind(given->arguments[1]);
    if (!kind)
        return say_wrong("no such kind; there are: affiliate, affiliate-test, buyer, admin", given->arguments[1]);
    char text[APIKEY_TEXT_MAX + 1], hash[2 * DIGEST_LEN + 1];
    struct digest digest;
    apikey_make(kind->kind, text);
    apikey_digest(bytes_of(text), &digest);
    struct sink sink = sink_over(hash, sizeof hash);
    sink_hex(&sink, (struct bytes){(const char *)digest.at, DIGEST_LEN});
    sink_char(&sink, 0);
    if (given->values[JSON])
        printf("{\"key\":\"%s\",\"hash\":\"sha256:%s\"}\n", text, hash);
    else
        printf("key:  %s\nhash: sha256:%s\n", text, hash);
    fflush(stdout);
    if (!given->values[JSON]) fprintf(stderr, "The key is shown this once. Its hash goes to %s.\n", kind->place);
    crypto_wipe(text, sizeof text);
    return COMMAND_DONE;
}

/* --- list --- */

/* A key that was revoked, held or not. */
struct revoked_key {
    struct digest hash;
    int64_t wall_ms;
    bool is_held; /* it stands in the files still */
};

struct listing {
    struct keys keys;
    struct revoked_key *revoked;
    uint32_t revoked_count, revoked_room;
    bool no_memory;
};

static void on_revoked(void *arg, const struct digest *key, int64_t wall_ms)
{
    struct listing *listing = arg;
    if (listing->revoked_count == listing->revoked_room) {
        uint32_t room = listing->revoked_room ? listing->revoked_room * 2 : 64;
        struct revoked_key *grown = realloc(listing->revoked, room * sizeof *grown);
        listing->no_memory |= !grown;
        if (!grown) return;
        listing->revoked = grown;
        listing->revoked_room = room;
    }
    listing->revoked[listing->revoked_count++] = (struct revoked_key){*key, wall_ms, false};
}

static enum fault read_revoked(const struct settings *settings, struct listing *listing)
{
    struct reader *reader;
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader);
    if (fault == FAULT_NOT_FOUND) return FAULT_NONE; /* no book yet */
    if (fault != FAULT_NONE) return fault;
    fault = reader_keys_revoked(reader, on_revoked, listing);
    reader_close(&reader);
    return fault;
}

static struct revoked_key *find_revoked(struct listing *listing, const struct digest *hash)
{
    for (uint32_t i = 0; i < listing->revoked_count; i++)
        if (digest_same(&listing->revoked[i].hash, hash)) return &listing->revoked[i];
    return NULL;
}

/* One key as the page and the JSON have it: its kind, its holder, the first digits of its hash, when it was revoked. */
typedef void print_key(void *out, struct bytes kind, struct bytes owner, struct bytes hash, struct bytes revoked);

static void tell(print_key *print, void *out, const char *kind, struct bytes owner, const struct digest *hash,
                 const struct revoked_key *revoked)
{
    char digits[KEYS_SHOWN_DIGITS], wall[WALL_ROOM];
    struct sink shown = sink_over(digits, sizeof digits), when = sink_over(wall, sizeof wall);
    sink_hex(&shown, (struct bytes){(const char *)hash->at, KEYS_SHOWN_DIGITS / 2});
    if (revoked) clock_write_wall(&when, revoked->wall_ms);
    print(out, bytes_of(kind), owner, sink_written(&shown), sink_written(&when));
}

static void tell_all(struct listing *listing, print_key *print, void *out)
{
    for (uint32_t i = 0; i < listing->keys.count; i++) {
        const struct keys_holder *holder = &listing->keys.list[i];
        struct revoked_key *revoked = find_revoked(listing, &holder->hash);
        if (revoked) revoked->is_held = true;
        tell(print, out, holder->kind, holder->owner, &holder->hash, revoked);
    }
    for (uint32_t i = 0; i < listing->revoked_count; i++)
        if (!listing->revoked[i].is_held)
            tell(print, out, "gone", BYTES_NONE, &listing->revoked[i].hash, &listing->revoked[i]);
}

static void print_row(void *page, struct bytes kind, struct bytes owner, struct bytes hash, struct bytes revoked)
{
    table_row(page, (const struct bytes[]){kind, owner, hash, revoked});
}

struct lines {
    bool has_one;
};

static void print_json(void *out, struct bytes kind, struct bytes owner, struct bytes hash, struct bytes revoked)
{
    struct lines *lines = out;
    char line[LINE_ROOM];
    struct sink sink = sink_over(line, sizeof line);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "kind");
    json_text(&json, kind);
    json_key(&json, "owner");
    json_text(&json, owner);
    json_key(&json, "hash");
    json_text(&json, hash);
    json_key(&json, "revoked_at");
    if (revoked.len)
        json_text(&json, revoked);
    else
        json_null(&json);
    json_close_map(&json);
    printf("%s%.*s", lines->has_one ? "," : "", (int)sink.len, sink.at);
    lines->has_one = true;
}

static void print_listing(struct listing *listing, bool as_json)
{
    static const struct table_column columns[] = {
        {"KIND", TABLE_LEFT, 9}, {"HOLDER", TABLE_LEFT, 12}, {"HASH", TABLE_LEFT, 12}, {"REVOKED", TABLE_LEFT, 0}};
    if (as_json) {
        printf("{\"keys\":[");
        tell_all(listing, print_json, &(struct lines){false});
        printf("]}\n");
        return;
    }
    struct table_page page;
    table_open(&page, columns, 4, 0);
    tell_all(listing, print_row, &page);
    table_print(&page, stdout);
    table_close(&page);
}

static int list_all(const struct options_given *given)
{
    struct settings *settings = calloc(1, sizeof *settings);
    struct catalogue *catalogue = NULL;
    struct listing listing = {.revoked = NULL};
    struct config_report report;
    config_report_open(&report);
    bool good = settings && settings_read(config_path(given->values[CONFIG]), settings, &report);
    if (good) catalogue = config_catalogue(settings, NULL, &report);
    if (!catalogue) config_report_print(&report, stderr);
    config_report_close(&report);
    enum fault fault = catalogue ? read_revoked(settings, &listing) : FAULT_INPUT;
    if (fault == FAULT_NONE)
        fault = keys_open(catalogue, settings->admin_keys.at, settings->admin_keys.count, &listing.keys);
    if (fault == FAULT_NONE && listing.no_memory) fault = FAULT_MEMORY;
    if (fault == FAULT_NONE) print_listing(&listing, given->values[JSON] != NULL);
    if (catalogue && fault != FAULT_NONE) (void)say_wrong(fault_text(fault), settings->ledger_path);
    keys_close(&listing.keys);
    free(listing.revoked);
    catalogue_drop(&catalogue);
    free(settings);
    return fault == FAULT_NONE ? COMMAND_DONE : COMMAND_USAGE;
}

/* --- revoke --- */

/* What the exchange says; a problem's sentence is in its detail. */
static int tell_answer(const struct admin_answer *answer, struct arena *arena, bool as_json)
{
    struct document_error error;
    const struct node *document = document_read_json(arena, answer->body, &DOCUMENT_LIMITS, &error);
    const struct node *said = document ? node_find(document, answer->status == 200 ? "hash" : "detail") : NULL;
    struct bytes text = said && said->kind == NODE_TEXT ? said->text : BYTES("no word that is known");
    if (as_json)
        printf("%.*s\n", (int)answer->body.len, answer->body.at);
    else if (answer->status == 200)
        printf("revoked: sha256:%.*s\n", (int)text.len, text.at);
    if (answer->status == 200) return COMMAND_DONE;
    if (!as_json) fprintf(stderr, "outcry key: %d: %.*s\n", answer->status, (int)text.len, text.at);
    return COMMAND_NO;
}

static int ask(const struct settings *settings, const struct options_given *given, struct admin_answer *answer)
{
    char path[256];
    struct bytes hash = bytes_of(given->arguments[1]), key;
    struct arena arena;
    int status = COMMAND_USAGE;
    if (bytes_starts(hash, BYTES("sha256:"))) hash = bytes_from(hash, 7);
    for (size_t i = 0; i < hash.len; i++)
        if (!strchr("0123456789abcdef", hash.at[i])) return say_wrong("is no hash of a key", given->arguments[1]);
    if (hash.len > 2 * DIGEST_LEN) return say_wrong("is too long", given->arguments[1]);
    (void)snprintf(path, sizeof path, "/v1/admin/keys/%.*s/revoke", (int)hash.len, hash.at);
    arena_init(&arena, ARENA_BYTES, ARENA_MAX_BYTES);
    if (!admin_read_key(given->values[KEY_FILE], &arena, &key)) {
        (void)say_wrong("holds no operator's key", given->values[KEY_FILE]);
    } else {
        enum fault fault = admin_call(settings, key, "POST", path, BYTES_NONE, answer);
        if (fault == FAULT_INPUT)
            (void)say_wrong("no unix socket and no loopback address: use POST /v1/admin/keys/HASH/revoke",
                            "listen.admin");
        else if (fault != FAULT_NONE)
            (void)say_wrong(fault_text(fault), settings->listen_admin);
        else
            status = tell_answer(answer, &arena, given->values[JSON] != NULL);
    }
    arena_free(&arena);
    return status;
}

static int revoke_one(const struct options_given *given)
{
    struct settings *settings = calloc(1, sizeof *settings);
    struct admin_answer *answer = calloc(1, sizeof *answer);
    struct config_report report;
    config_report_open(&report);
    bool good = settings && answer && settings_read(config_path(given->values[CONFIG]), settings, &report);
    if (!good) config_report_print(&report, stderr);
    config_report_close(&report);
    int status = good ? ask(settings, given, answer) : COMMAND_USAGE;
    free(answer);
    free(settings);
    return status;
}

/* `outcry erase`: a person's private data is destroyed, and the person is not sold any more. Through the exchange that
 * holds the book, or straight. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/command/admin_call.h"
#include "exchange/command/command.h"
#include "exchange/command/operating.h"
#include "exchange/command/options.h"
#include "exchange/command/table.h"
#include "exchange/ledger/privacy.h"
#include "exchange/market/person.h"
#include "protocol/codec/json.h"
#include "protocol/crypto/mac.h"

#define BODY_MAX 2048u
#define ARENA_BYTES 16384u
#define ARENA_MAX (4u << 20)

enum { CONFIG, PHONE, EMAIL, LEAD, KEY_FILE, JSON };

static const struct option_row rows[] = {
    [CONFIG] = {"config", "FILE", "settings; else $OUTCRY_CONFIG, else ./outcry.yaml"},
    [PHONE] = {"phone", "PHONE", "every lead with this phone"},
    [EMAIL] = {"email", "ADDRESS", "every lead with this e-mail"},
    [LEAD] = {"lead", "ID", "this lead, and every other of the same phones and e-mails"},
    [KEY_FILE] = {"key-file", "FILE", "an operator's key, where the admin listener is no unix socket"},
    [JSON] = {"json", NULL, "print JSON"},
};
static const struct options options = {
    .command = "erase",
    .usage = "",
    .prose =
        "destroys the private data of every lead of a person, for good; the person is not sold any more, affiliates\n"
        "and buyers are told (lead.erased). Money, states and ids stay. Beside a live exchange it goes through its\n"
        "admin listener.\n"
        "Exit status: 0 done, 1 there is no such lead, 2 it could not be done.",
    .rows = rows,
    .rows_count = sizeof rows / sizeof *rows,
};

static int erase(const struct settings *settings, const struct options_given *given);

int command_erase(int argc, char **argv)
{
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    if (!given.values[PHONE] && !given.values[EMAIL] && !given.values[LEAD]) {
        fprintf(stderr, "outcry erase: whom? --phone, --email or --lead\n");
        return COMMAND_USAGE;
    }
    struct settings *settings = calloc(1, sizeof *settings);
    struct config_report report;
    config_report_open(&report);
    bool good = settings && crypto_start() == FAULT_NONE &&
                settings_read(config_path(given.values[CONFIG]), settings, &report);
    if (!good) config_report_print(&report, stderr);
    config_report_close(&report);
    status = good ? erase(settings, &given) : COMMAND_USAGE;
    crypto_stop();
    free(settings);
    return status;
}

static int refuse(const char *text)
{
    fprintf(stderr, "outcry erase: %s\n", text);
    return COMMAND_USAGE;
}

static void print(const struct privacy_erasure *erasure)
{
    char text[IDENT_TEXT + 1], number[TABLE_NUMBER_MAX];
    printf("%s lead%s erased", table_number(erasure->erased, number), table_plural(erasure->erased));
    if (erasure->waiting) printf(", %s more when their stories end", table_number(erasure->waiting, number));
    printf("\n");
    for (uint32_t i = 0; i < erasure->told; i++) printf("  %s\n", ident_text(&erasure->leads[i], text));
    if (erasure->told < erasure->erased + erasure->waiting)
        printf("  and %s more\n", table_number(erasure->erased + erasure->waiting - erasure->told, number));
}

static void print_json(const struct privacy_erasure *erasure)
{
    char text[IDENT_TEXT + 1];
    printf("{\"status\":\"erased\",\"erased\":%u,\"waiting\":%u,\"leads\":[", erasure->erased, erasure->waiting);
    for (uint32_t i = 0; i < erasure->told; i++) printf("%s\"%s\"", i ? "," : "", ident_text(&erasure->leads[i], text));
    printf("]}\n");
}

/* --- whom --- */

/* NULL, or what is wrong. */
static const char *read_values(const struct options_given *given, struct arena *arena, struct person *person,
                               struct ident *lead_id)
{
    static const char *const wrong[] = {"--phone is not a phone", "--email is not an e-mail address"};
    person->count = 0;
    *lead_id = IDENT_NONE;
    for (enum person_kind kind = PERSON_PHONE; kind < PERSON_KINDS; kind++) {
        const char *text = given->values[kind == PERSON_PHONE ? PHONE : EMAIL];
        struct person_hash *hash = &person->list[person->count];
        if (!text) continue;
        if ((strchr(text, '@') != NULL) != (kind == PERSON_EMAIL)) return wrong[kind];
        if (!person_hash_of(bytes_of(text), arena, &hash->plain)) return wrong[kind];
        hash->kind = (uint8_t)kind;
        person->count++;
    }
    bool is_fine = !given->values[LEAD] || ident_read(bytes_of(given->values[LEAD]), lead_id);
    return is_fine ? NULL : "--lead is not an id (26 characters, as in lead_id)";
}

/* The key of a hash is the exchange's own: the one that duplicates are known by. */
static bool key_all(const struct ledger *ledger, const struct person *person, struct person_keys *keys)
{
    struct digest root, digest;
    if (ledger_derive(ledger, "same lead", &root) != FAULT_NONE) return false;
    struct mac *mac = mac_open((struct bytes){(const char *)root.at, DIGEST_LEN});
    for (uint32_t i = 0; mac && i < person->count; i++) {
        struct bytes part = {(const char *)person->list[i].plain.at, DIGEST_LEN};
        mac_of(mac, &digest, &part, 1);
        keys->list[keys->count].kind = person->list[i].kind;
        memcpy(keys->list[keys->count++].at, digest.at, PERSON_KEY_LEN);
    }
    bool good = mac != NULL;
    if (mac) mac_close(&mac);
    crypto_wipe(&root, sizeof root);
    return good;
}

/* --- how --- */

struct outcome {
    struct loop *loop;
    struct privacy_erasure erasure;
};

static void on_erased(void *arg, const struct privacy_erasure *erasure)
{
    struct outcome *outcome = arg;
    outcome->erasure = *erasure;
    loop_stop(outcome->loop);
}

static int erase_straight(struct operating *operating, const struct person *person, const struct ident *lead_id,
                          bool as_json)
{
    struct privacy_erasure asked = {.lead_id = *lead_id};
    struct outcome outcome = {.loop = operating->loop};
    if (!key_all(operating->ledger, person, &asked.keys)) return refuse("out of memory");
    enum fault fault = privacy_erase(operating->line, &asked, clock_wall_ms(), on_erased, &outcome);
    if (fault == FAULT_NONE) {
        loop_run(operating->loop);
        fault = outcome.erasure.fault;
    }
    if (fault == FAULT_NOT_FOUND) {
        refuse("there is no such lead");
        return COMMAND_NO;
    }
    if (fault != FAULT_NONE) return refuse(fault_text(fault));
    (as_json ? print_json : print)(&outcome.erasure);
    return COMMAND_DONE;
}

static bool read_answer(struct bytes body, struct privacy_erasure *erasure)
{
    struct arena arena;
    struct document_error error;
    int64_t erased = 0, waiting = 0;
    arena_init(&arena, ARENA_BYTES, ARENA_MAX);
    const struct node *answer = document_read_json(&arena, body, &DOCUMENT_LIMITS, &error);
    const struct node *leads = answer ? node_find(answer, "leads") : NULL;
    bool good = leads && leads->kind == NODE_LIST && node_i64(node_find(answer, "erased"), &erased) &&
                node_i64(node_find(answer, "waiting"), &waiting);
    *erasure = (struct privacy_erasure){.erased = (uint32_t)erased, .waiting = (uint32_t)waiting};
    if (good) NODE_EACH(lead, leads)
    if (erasure->told < PRIVACY_LEADS_TOLD_MAX && ident_read(lead->text, &erasure->leads[erasure->told]))
        erasure->told++;
    arena_free(&arena);
    return good;
}

static int tell_reply(const struct admin_answer *reply, bool as_json)
{
    struct privacy_erasure erasure;
    if (reply->status == 404) {
        refuse("there is no such lead");
        return COMMAND_NO;
    }
    if (reply->status != 200 || !read_answer(reply->body, &erasure)) {
        fprintf(stderr, "outcry erase: the exchange answered %d: %.*s\n", reply->status, (int)reply->body.len,
                reply->body.at);
        return COMMAND_USAGE;
    }
    (as_json ? print_json : print)(&erasure);
    return COMMAND_DONE;
}

static int erase_through(const struct settings *settings, const struct options_given *given)
{
    static const struct {
        unsigned option;
        const char *key;
    } members[] = {{PHONE, "phone"}, {EMAIL, "email"}, {LEAD, "lead_id"}};
    char body[BODY_MAX];
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    struct bytes key;
    struct arena arena;
    struct admin_answer *reply = calloc(1, sizeof *reply);
    if (!reply) return refuse("out of memory");
    arena_init(&arena, ARENA_BYTES, ARENA_MAX);
    json_open_map(&json);
    for (unsigned i = 0; i < sizeof members / sizeof *members; i++) {
        if (!given->values[members[i].option]) continue;
        json_key(&json, members[i].key);
        json_text(&json, bytes_of(given->values[members[i].option]));
    }
    json_close_map(&json);
    bool has_key = admin_read_key(given->values[KEY_FILE], &arena, &key), is_cut = sink.cut;
    enum fault fault = FAULT_NONE;
    if (has_key && !is_cut) fault = admin_call(settings, key, "POST", "/v1/admin/erase", sink_written(&sink), reply);
    crypto_wipe(body, sizeof body);
    arena_free(&arena);
    int status = !has_key              ? refuse("--key-file holds no operator's key")
                 : is_cut              ? refuse("that is too long")
                 : fault != FAULT_NONE ? refuse(operating_text(fault))
                                       : tell_reply(reply, given->values[JSON] != NULL);
    free(reply);
    return status;
}

static int erase(const struct settings *settings, const struct options_given *given)
{
    struct arena arena;
    struct person person;
    struct ident lead_id;
    struct operating operating;
    struct ledger_note note;
    arena_init(&arena, ARENA_BYTES, ARENA_MAX);
    const char *wrong = read_values(given, &arena, &person, &lead_id);
    arena_free(&arena);
    if (wrong) return refuse(wrong);
    enum fault fault = operating_open(settings, &operating, &note);
    if (fault == FAULT_IN_USE) return erase_through(settings, given);
    if (fault != FAULT_NONE) return refuse(note.text);
    int status = erase_straight(&operating, &person, &lead_id, given->values[JSON] != NULL);
    operating_close(&operating);
    crypto_wipe(&person, sizeof person);
    return status;
}

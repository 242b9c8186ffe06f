/* `outcry ledger`: its verbs; stat and verify, the book as figures and read through whole. Reads the stores directly,
 * beside a live exchange or without one. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/command/command.h"
#include "exchange/command/ledger_verbs.h"
#include "exchange/command/privacy.h"
#include "exchange/ledger/report.h"
#include "exchange/market/scalar.h"
#include "protocol/base/money.h"
#include "protocol/codec/json.h"

#define ACCOUNTS_ROOM (8u << 20)
#define TEXT_ROOM 64u
#define DOUBTS_SHOWN 50u /* the rest is counted; the operator's API pages through all */
#define ARENA_CHUNK (1u << 16)
#define ARENA_MAX (1u << 24)

static const struct option_row rows[] = {
    [LEDGER_CONFIG] = {"config", "FILE", "settings; else $OUTCRY_CONFIG, else ./outcry.yaml"},
    [LEDGER_FROM] = {"from", "TIME", "export: from this instant on: RFC 3339, or relative as -1h, -7d"},
    [LEDGER_TO] = {"to", "TIME", "export: before this instant"},
    [LEDGER_FORMAT] = {"format", "csv|ndjson|msgpack", "export: csv unless said otherwise"},
    [LEDGER_WHAT] = {"what", "sales|moves", "export: sales as they stand, or every movement of money; else sales"},
    [LEDGER_AFFILIATE] = {"affiliate", "ID", "export: of this affiliate only"},
    [LEDGER_BUYER] = {"buyer", "ID", "export: of this buyer only"},
    [LEDGER_CAMPAIGN] = {"campaign", "ID", "export: of this campaign only"},
    [LEDGER_PERIOD] = {"period", "MONTH", "statement: 2026-11; else the month that runs"},
    [LEDGER_REF] = {"ref", "TEXT", "adjust: your own name for it; the same one again is refused"},
    [LEDGER_NOTE] = {"note", "TEXT", "adjust: why; it stands in the statement"},
    [LEDGER_EFFECTIVE] = {"effective", "TIME", "adjust: when it takes effect, if earlier than now"},
    [LEDGER_KEY_FILE] =
        {"key-file", "FILE",
         "adjust, close, rotate-key: an operator's key, where an exchange runs whose admin listener is no unix socket"},
    [LEDGER_JSON] = {"json", NULL, "all but export and backup: print JSON"},
};
static const struct options options = {
    .command = "ledger",
    .usage =
        "stat | accounts | statement ACCOUNT | export | adjust KIND ACCOUNT AMOUNT | close MONTH | backup FOLDER | "
        "verify | audit LEAD | rotate-key",
    .prose =
        "stat tells what is in the book, accounts all balances, statement what moved on one (buyer:ID, affiliate:ID,\n"
        "house:margin …); export writes sales or movements; adjust books payment, payout, credit, debit, loss or "
        "clear\n"
        "on buyer:ID or affiliate:ID; close freezes a month and those before it; backup makes a verified copy; verify\n"
        "reads the book through: chain, sums, rows, caps; audit tells who was shown a lead's private data; rotate-key\n"
        "wraps every lead's data key by a new key.\n"
        "Exit status: 0 done, 1 refused, or the book is not good (verify), 2 it could not be done.",
    .rows = rows,
    .rows_count = sizeof rows / sizeof *rows,
    .arguments_min = 1,
    .arguments_max = 4,
};

static int stat_book(const struct settings *settings, const struct options_given *given);
static int verify_book(const struct settings *settings, const struct options_given *given);
static int audit_lead(const struct settings *settings, const struct options_given *given);
static int rotate_key(const struct settings *settings, const struct options_given *given);

static const struct {
    const char *name;
    int arguments; /* behind the name */
    int (*run)(const struct settings *settings, const struct options_given *given);
} verbs[] = {{"stat", 0, stat_book},       {"accounts", 0, verb_accounts}, {"statement", 1, verb_statement},
             {"export", 0, verb_export},   {"adjust", 3, verb_adjust},     {"close", 1, verb_close},
             {"backup", 1, verb_backup},   {"verify", 0, verify_book},     {"audit", 1, audit_lead},
             {"rotate-key", 0, rotate_key}};
#define VERBS (sizeof verbs / sizeof *verbs)

static int run_verb(const struct settings *settings, const struct options_given *given)
{
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, given->arguments[0]) != 0) continue;
        if (given->arguments_count - 1 == verbs[i].arguments) return verbs[i].run(settings, given);
        fprintf(stderr, "outcry ledger: %s takes %d words behind it; outcry ledger --help\n", verbs[i].name,
                verbs[i].arguments);
        return COMMAND_USAGE;
    }
    fprintf(stderr, "outcry ledger: no %s; there are", given->arguments[0]);
    for (size_t i = 0; i < VERBS; i++) fprintf(stderr, "%s %s", i ? "," : "", verbs[i].name);
    fprintf(stderr, "\n");
    return COMMAND_USAGE;
}

int command_ledger(int argc, char **argv)
{
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    struct settings *settings = calloc(1, sizeof *settings);
    struct config_report report;
    config_report_open(&report);
    bool good = settings && crypto_start() == FAULT_NONE &&
                settings_read(config_path(given.values[LEDGER_CONFIG]), settings, &report);
    if (!good) config_report_print(&report, stderr);
    config_report_close(&report);
    status = good ? run_verb(settings, &given) : COMMAND_USAGE;
    crypto_stop();
    free(settings);
    return status;
}

int verb_fail(const struct settings *settings, enum fault fault)
{
    fprintf(stderr, "outcry ledger: %s: %s\n", settings->ledger_path, fault_text(fault));
    return COMMAND_USAGE;
}

/* Stat
 * ---------------------------------------------------------------------------------------------------------------------
 */

struct accounts {
    bool as_json;
    struct json *json;
    int64_t sum_micros;
};

static const char *money_text(int64_t micros, char *text)
{
    struct sink sink = sink_over(text, TEXT_ROOM - 1);
    money_write(&sink, micros);
    text[sink.len] = '\0';
    return text;
}

static void on_account(void *arg, struct bytes account, int64_t micros)
{
    struct accounts *accounts = arg;
    char text[TEXT_ROOM];
    if (!money_add(accounts->sum_micros, micros, &accounts->sum_micros)) accounts->sum_micros = INT64_MAX;
    if (accounts->as_json) {
        json_key_bytes(accounts->json, account);
        json_money(accounts->json, micros);
    } else {
        printf("  %-40.*s %14s\n", (int)account.len, account.at, money_text(micros, text));
    }
}

static void on_hold(void *arg, struct bytes account, int64_t micros)
{
    struct accounts *holds = arg;
    if (holds->sum_micros == 0) printf("\nheld of buyers by posts under way and in doubt, beside what they owe\n");
    on_account(arg, account, micros);
}

static void write_totals(struct json *json, const struct reader_totals *totals)
{
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {{"entries", totals->entries}, {"leads", totals->leads},     {"sold", totals->sold},
                   {"unsold", totals->unsold},   {"pending", totals->pending}, {"posts", totals->posts},
                   {"doubts", totals->doubts},   {"tests", totals->tests},     {"seq", totals->seq}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_key(json, figures[i].key);
        json_u64(json, figures[i].value);
    }
    json_key(json, "revenue");
    json_money(json, totals->revenue_micros);
    json_key(json, "payout");
    json_money(json, totals->payout_micros);
    json_key(json, "margin");
    json_money(json, totals->margin_micros);
    char chain[2 * DIGEST_LEN];
    struct sink hex = sink_over(chain, sizeof chain);
    sink_hex(&hex, (struct bytes){(const char *)totals->chain.at, DIGEST_LEN});
    json_key(json, "chain");
    json_text(json, sink_written(&hex));
}

/* Posts in doubt and the stores' sizes: what an operator looks at after the money. */
struct standing_facts {
    struct arena arena;
    struct post_record *doubts;
    uint32_t doubts_count;
    struct reader_sizes sizes;
};

static enum fault read_facts(struct reader *reader, struct standing_facts *facts)
{
    reader_sizes(reader, &facts->sizes);
    arena_init(&facts->arena, ARENA_CHUNK, ARENA_MAX);
    facts->doubts_count = 0;
    facts->doubts = arena_take(&facts->arena, DOUBTS_SHOWN * sizeof *facts->doubts);
    if (!facts->doubts) return FAULT_MEMORY;
    return reader_doubts(reader, NULL, &facts->arena, facts->doubts, DOUBTS_SHOWN, &facts->doubts_count);
}

static void write_facts(struct json *json, const struct standing_facts *facts)
{
    json_key(json, "posts_in_doubt");
    json_open_list(json);
    for (uint32_t i = 0; i < facts->doubts_count; i++) {
        const struct post_record *post = &facts->doubts[i];
        char id[IDENT_TEXT + 1];
        json_open_map(json);
        json_key(json, "post_id");
        json_text(json, bytes_of(ident_text(&post->post_id, id)));
        json_key(json, "lead_id");
        json_text(json, bytes_of(ident_text(&post->lead_id, id)));
        json_key(json, "contract");
        json_text(json, post->intent.contract);
        json_key(json, "price");
        json_money(json, post->intent.price_micros);
        json_key(json, "opened_at");
        json_wall(json, post->opened_ms);
        json_close_map(json);
    }
    json_close_list(json);
    json_key(json, "book_bytes_used");
    json_u64(json, facts->sizes.book_bytes_used);
    json_key(json, "book_bytes_max");
    json_u64(json, facts->sizes.book_bytes_max);
    json_key(json, "trace_bytes");
    json_u64(json, facts->sizes.trace_bytes);
}

static void print_facts(const struct standing_facts *facts, uint64_t doubts)
{
    char text[TEXT_ROOM];
    if (facts->doubts_count) printf("\nin doubt (what they reserved is kept until it is known what became of them, or their doubt ends)\n");
    for (uint32_t i = 0; i < facts->doubts_count; i++) {
        const struct post_record *post = &facts->doubts[i];
        char id[IDENT_TEXT + 1], at[TEXT_ROOM];
        struct sink sink = sink_over(at, sizeof at - 1);
        clock_write_wall(&sink, post->opened_ms);
        at[sink.len] = '\0';
        printf("  %s  %s  %-30.*s %10s\n", ident_text(&post->post_id, id), at, (int)post->intent.contract.len,
               post->intent.contract.at, money_text(post->intent.price_micros, text));
    }
    if (doubts > facts->doubts_count) printf("  and %llu more\n", (unsigned long long)(doubts - facts->doubts_count));
    printf("\nbook      %.1f MiB of %.0f MiB (leads are refused at 85 %%)\ntrace     %.1f MiB\n",
           (double)facts->sizes.book_bytes_used / (1 << 20), (double)facts->sizes.book_bytes_max / (1 << 20),
           (double)facts->sizes.trace_bytes / (1 << 20));
}

static int stat_json(struct reader *reader, const struct reader_totals *totals)
{
    char *room = malloc(ACCOUNTS_ROOM);
    struct sink sink = sink_over(room, room ? ACCOUNTS_ROOM : 0);
    struct json json = json_into(&sink);
    struct accounts accounts = {.as_json = true, .json = &json};
    json_open_map(&json);
    write_totals(&json, totals);
    json_key(&json, "accounts");
    json_open_map(&json);
    enum fault fault = reader_accounts(reader, on_account, &accounts);
    json_close_map(&json);
    json_key(&json, "accounts_sum");
    json_money(&json, accounts.sum_micros);
    json_key(&json, "holds");
    json_open_map(&json);
    if (!fault) fault = reader_holds(reader, on_account, &accounts);
    json_close_map(&json);
    struct standing_facts facts = {.doubts_count = 0};
    if (!fault) fault = read_facts(reader, &facts);
    if (!fault) write_facts(&json, &facts);
    arena_free(&facts.arena);
    json_close_map(&json);
    if (!fault && !sink.cut) printf("%.*s\n", (int)sink.len, sink.at);
    free(room);
    return fault || sink.cut ? COMMAND_USAGE : COMMAND_DONE;
}

static int stat_table(struct reader *reader, const struct reader_totals *totals)
{
    char text[TEXT_ROOM];
    struct accounts accounts = {.as_json = false};
    printf("leads     %llu: %llu sold, %llu unsold, %llu pending\n", (unsigned long long)totals->leads,
           (unsigned long long)totals->sold, (unsigned long long)totals->unsold, (unsigned long long)totals->pending);
    if (totals->tests) printf("tests     %llu beside them\n", (unsigned long long)totals->tests);
    printf("posts     %llu, of which %llu in doubt\n", (unsigned long long)totals->posts,
           (unsigned long long)totals->doubts);
    printf("revenue   %14s   what buyers owe\n", money_text(totals->revenue_micros, text));
    printf("payout    %14s   what affiliates are owed\n", money_text(totals->payout_micros, text));
    printf("margin    %14s   what the house keeps\n\n", money_text(totals->margin_micros, text));
    printf("accounts (a buyer's is negative: it owes)\n");
    struct standing_facts facts = {.doubts_count = 0};
    enum fault fault = reader_accounts(reader, on_account, &accounts);
    printf("  %-40s %14s\n", "sum of all, always 0", money_text(accounts.sum_micros, text));
    struct accounts holds = {.as_json = false};
    if (!fault) fault = reader_holds(reader, on_hold, &holds);
    if (!fault) fault = read_facts(reader, &facts);
    if (!fault) print_facts(&facts, totals->doubts);
    arena_free(&facts.arena);
    printf("\n%llu entries in the book, hash-chained\n", (unsigned long long)totals->entries);
    return fault ? COMMAND_USAGE : COMMAND_DONE;
}

static int stat_book(const struct settings *settings, const struct options_given *given)
{
    struct reader *reader;
    struct reader_totals totals;
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader);
    if (fault) return verb_fail(settings, fault);
    fault = reader_totals(reader, &totals);
    int status = fault                        ? verb_fail(settings, fault)
                 : given->values[LEDGER_JSON] ? stat_json(reader, &totals)
                                              : stat_table(reader, &totals);
    reader_close(&reader);
    return status;
}

/* Private data (privacy.h)
 * ---------------------------------------------------------------------------------------------------------- */

static int audit_lead(const struct settings *settings, const struct options_given *given)
{
    return privacy_audit(settings, given->arguments[1], given->values[LEDGER_JSON] != NULL);
}

static int rotate_key(const struct settings *settings, const struct options_given *given)
{
    return privacy_rotate_key(settings, given->values[LEDGER_KEY_FILE], given->values[LEDGER_JSON] != NULL);
}

/* Verify
 * -------------------------------------------------------------------------------------------------------------------
 */

static int verify_book(const struct settings *settings, const struct options_given *given)
{
    struct report_verdict verdict = {0};
    enum fault fault = report_verify(settings->ledger_path, &verdict, NULL, NULL);
    if (fault) return verb_fail(settings, fault);
    if (verdict.older) {
        fprintf(stderr,
                "outcry ledger: this book is of version %llu, written by an older exchange: the first `outcry serve` "
                "of this "
                "version brings it up to date; verify it after that, or with the older program\n",
                (unsigned long long)verdict.older);
        return COMMAND_USAGE;
    }
    if (given->values[LEDGER_JSON]) {
        char text[1024];
        struct sink sink = sink_over(text, sizeof text);
        struct json json = json_into(&sink);
        json_open_map(&json);
        json_key(&json, "good");
        json_bool(&json, verdict.good);
        json_key(&json, "entries");
        json_u64(&json, verdict.entries);
        json_key(&json, "bad_seq");
        json_u64(&json, verdict.bad_seq);
        json_key(&json, "text");
        json_text(&json, bytes_of(verdict.text));
        json_close_map(&json);
        printf("%.*s\n", (int)sink.len, sink.at);
    } else if (verdict.good) {
        printf("good: %llu entries, chain whole, all sums 0, rows and caps as the entries say\n",
               (unsigned long long)verdict.entries);
    } else {
        printf("NOT good: %s\n", verdict.text);
    }
    return verdict.good ? COMMAND_DONE : COMMAND_NO;
}

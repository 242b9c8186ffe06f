/* report: a whole book verifies; one changed byte, row or balance anywhere does not, and the entry at fault is named.
 * What is exported reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>

#include "exchange/ledger/rows.h"
#include "protocol/codec/document.h"
#include "tests/unit/exchange/ledger/desk.h"

static struct arena arena;

static void append_switch(struct desk *desk, struct bytes contract, bool paused)
{
    assert_int_equal(ledger_switch(desk->line, contract, paused, DESK_WALL, desk_on_durable, desk, 4711), FAULT_NONE);
    loop_run(desk->loop);
    assert_int_equal(desk->fault, FAULT_NONE);
}

/* Two entries each: sold (1, 2), unsold (3, 4), in doubt (5, 6), sold (7, 8); a switch (9), a catalogue (10). */
static void write_book(struct desk *desk)
{
    struct lead_ids ids;
    struct bytes packed = BYTES("a catalogue");
    struct digest version;
    digest_of(&version, &packed, 1);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, "k-1", POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_REJECTED), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    append_switch(desk, BYTES("north/auto"), true);
    assert_int_equal(ledger_catalogue(desk->line, &version, packed, desk_on_durable, desk, 4711), FAULT_NONE);
    loop_run(desk->loop);
    assert_int_equal(desk->seq, 10);
    desk_close(desk);
}

static int begin(void **state)
{
    struct desk *desk = malloc(sizeof *desk);
    assert_non_null(desk);
    desk_folder(desk);
    arena_init(&arena, 65536, 64 << 20);
    write_book(desk);
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;
    if (desk->ledger) desk_close(desk);
    desk_remove(desk);
    arena_free(&arena);
    free(desk);
    return 0;
}

/* --- corruption: the store opened behind the ledger's back --- */

struct surgery {
    struct store *store;
    struct MDB_txn *txn;
};

static void open_up(const struct desk *desk, struct surgery *surgery)
{
    char folder[100];
    snprintf(folder, sizeof folder, "%s/book", desk->path);
    assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, DESK_MAP, STORE_WRITE, &surgery->store),
                     FAULT_NONE);
    assert_int_equal(store_begin(surgery->store, true, &surgery->txn), FAULT_NONE);
}

static void sew_up(struct surgery *surgery)
{
    assert_int_equal(store_commit(&surgery->txn), FAULT_NONE);
    store_close(&surgery->store);
}

/* A table's first row that starts with `prefix`, as it stands. */
static void first_row(struct surgery *surgery, unsigned table, struct bytes prefix, char *key, size_t *key_len,
                      char *value, size_t *value_len)
{
    struct store_cursor cursor;
    assert_int_equal(store_cursor_open(surgery->store, surgery->txn, table, &cursor), FAULT_NONE);
    assert_int_equal(store_seek(&cursor, prefix), FAULT_NONE);
    memcpy(key, cursor.key.at, *key_len = cursor.key.len);
    memcpy(value, cursor.value.at, *value_len = cursor.value.len);
    store_cursor_close(&cursor);
}

/* Changes one byte of a row's value, or takes the row out (at == SIZE_MAX). */
static void cut(const struct desk *desk, unsigned table, struct bytes prefix, size_t at)
{
    struct surgery surgery;
    char key[600], value[4096];
    size_t key_len, value_len;
    open_up(desk, &surgery);
    first_row(&surgery, table, prefix, key, &key_len, value, &value_len);
    struct bytes row = {key, key_len};
    if (at == SIZE_MAX) {
        assert_int_equal(store_drop(surgery.store, surgery.txn, table, row), FAULT_NONE);
    } else {
        assert_true(at < value_len);
        value[at] = (char)(value[at] ^ 0x10);
        assert_int_equal(store_put(surgery.store, surgery.txn, table, row, (struct bytes){value, value_len}),
                         FAULT_NONE);
    }
    sew_up(&surgery);
}

static void put_row(const struct desk *desk, unsigned table, struct bytes key, struct bytes value)
{
    struct surgery surgery;
    open_up(desk, &surgery);
    assert_int_equal(store_put(surgery.store, surgery.txn, table, key, value), FAULT_NONE);
    sew_up(&surgery);
}

static struct report_verdict verify(const struct desk *desk)
{
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    return verdict;
}

static void assert_good(const struct desk *desk)
{
    struct report_verdict verdict = verify(desk);
    if (!verdict.good) fail_msg("%s", verdict.text);
}

static void assert_bad(const struct desk *desk, uint64_t seq, const char *text)
{
    struct report_verdict verdict = verify(desk);
    assert_false(verdict.good);
    if (!strstr(verdict.text, text)) fail_msg("\"%s\" is not in \"%s\"", text, verdict.text);
    if (verdict.bad_seq != seq) fail_msg("entry %llu: %s", (unsigned long long)verdict.bad_seq, verdict.text);
}

static uint64_t progressed;
static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    (void)arg;
    assert_int_equal(all, 10);
    progressed = done;
}

static void test_a_whole_book(void **state)
{
    struct desk *desk = *state;
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, on_progress, NULL), FAULT_NONE);
    assert_true(verdict.good);
    assert_int_equal(verdict.entries, 10);
    assert_int_equal(progressed, 10);
    assert_int_equal(report_verify("/tmp/outcry-no-such-folder", &verdict, NULL, NULL), FAULT_NOT_FOUND);
}

/* Any byte of any entry: that entry is named. */
static void test_a_flipped_byte(void **state)
{
    struct desk *desk = *state;
    static const size_t places[] = {0, 1, 2, 9, 10, 17, 18, 40, 49, 50, 52, 70, 95};
    for (uint64_t seq = 1; seq <= 10; seq++) {
        char key[8];
        store_key_u64(key, seq);
        size_t body = seq == 9 || seq == 10 ? 60 : 100;
        for (size_t i = 0; i < sizeof places / sizeof *places && places[i] < body; i++) {
            cut(desk, BOOK_JOURNAL, (struct bytes){key, 8}, places[i]);
            struct report_verdict verdict = verify(desk);
            if (verdict.good || verdict.bad_seq != seq)
                fail_msg("entry %llu, byte %zu: %s", (unsigned long long)seq, places[i], verdict.text);
            cut(desk, BOOK_JOURNAL, (struct bytes){key, 8}, places[i]); /* and back */
        }
    }
    assert_good(desk);
}

/* Each derived row: its value changed, or the row gone. The entry that last had to do with the first row of the table.
 */
static void test_changed_and_missing_rows(void **state)
{
    static const struct {
        unsigned table;
        const char *prefix;
        size_t at;
        uint64_t seq;
        const char *text;
    } rows[] = {
        {BOOK_LEADS, "", 20, 2, "leads"},
        {BOOK_LEADS, "", SIZE_MAX, 2, "missing"},
        {BOOK_OFFERS, "", 20, 2, "offers"},
        {BOOK_OFFERS, "", SIZE_MAX, 2, "missing"},
        {BOOK_POSTS, "", 60, 2, "posts"},
        {BOOK_POSTS, "", SIZE_MAX, 2, "missing"},
        {BOOK_DOUBTS, "", 0, 6, "doubts"},
        {BOOK_DOUBTS, "", SIZE_MAX, 6, "missing"},
        {BOOK_PINGS, "", 3, 1, "pings"},
        {BOOK_PINGS, "", SIZE_MAX, 1, "missing"},
        {BOOK_KEYS, "", 3, 1, "keys"},
        {BOOK_KEYS, "", SIZE_MAX, 1, "missing"},
        {BOOK_CAPS, "", 0, 7, "caps"},
        {BOOK_CAPS, "", SIZE_MAX, 7, "missing"},
        {BOOK_ACCOUNTS, "buyer:", 0, 8, "buyer:north"},
        {BOOK_ACCOUNTS, "house", SIZE_MAX, 8, "house:margin"},
        {BOOK_HOLDS, "", 0, 7, "buyer:north of holds"},
        {BOOK_HOLDS, "", SIZE_MAX, 7, "missing"},
        {BOOK_SWITCHES, "", 2, 9, "north/auto"},
        {BOOK_SWITCHES, "", SIZE_MAX, 9, "missing"},
        {BOOK_CONTENT, "", 60, 1, "content was changed"},
        {BOOK_CONTENT, "", SIZE_MAX, 1, "content is missing"},
        {BOOK_DATA_KEYS, "", SIZE_MAX, 1, "data key is missing"},
        {BOOK_DISCLOSURES, "", SIZE_MAX, 2, "missing"},
        {BOOK_CATALOGUES, "", 1, 10, "catalogue"},
        {BOOK_CATALOGUES, "", SIZE_MAX, 10, "catalogue"},
        {BOOK_ACCOUNT_NAMES, "", 3, 8, "account_names"},
        {BOOK_ACCOUNT_NAMES, "", SIZE_MAX, 8, "missing"},
        {BOOK_ACCOUNT_LINES, "", 0, 2, "account_lines"},
        {BOOK_ACCOUNT_LINES, "", SIZE_MAX, 2, "missing"},
        {BOOK_MOVES, "", 4, 2, "moves"},
        {BOOK_MOVES, "", SIZE_MAX, 2, "missing"},
        {BOOK_SALES, "", 40, 2, "sales"},
        {BOOK_SALES, "", SIZE_MAX, 2, "missing"},
        {BOOK_TOTALS, "", 0, 10, "totals"},
        {BOOK_TOTALS, "", SIZE_MAX, 10, "totals"},
        {BOOK_JOURNAL, "", SIZE_MAX, 1, "missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk *desk = *state;
        cut(desk, rows[i].table, bytes_of(rows[i].prefix), rows[i].at);
        assert_bad(desk, rows[i].seq, rows[i].text);
        end(state);
        begin(state);
    }
    assert_good(*state);
}

static void test_surplus_rows(void **state)
{
    static const unsigned tables[] = {
        BOOK_LEADS,     BOOK_POSTS,         BOOK_DOUBTS,        BOOK_PINGS,      BOOK_KEYS,         BOOK_CAPS,
        BOOK_SWITCHES,  BOOK_ACCOUNTS,      BOOK_CONTENT,       BOOK_CATALOGUES, BOOK_SALES,        BOOK_MOVES,
        BOOK_REFS,      BOOK_ACCOUNT_NAMES, BOOK_ACCOUNT_LINES, BOOK_DUE,        BOOK_KEYS_REVOKED, BOOK_HOLDS,
        BOOK_DATA_KEYS, BOOK_PEOPLE,        BOOK_DISCLOSURES,   BOOK_FIELD_SETS, BOOK_OFFERS,       BOOK_REVOKED};
    static char zeros[8];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct desk *desk = *state;
        put_row(desk, tables[i], BYTES("~~~ nobody's row ~~~"), (struct bytes){zeros, sizeof zeros});
        assert_bad(desk, 10, "no entry made it");
        end(state);
        begin(state);
    }
}

/* Two balances changed so that the sum still is 0, and one so that it is not. */
static void test_changed_balances(void **state)
{
    struct desk *desk = *state;
    char value[8];
    store_value_u64(value, (uint64_t)(2 * DESK_PAYOUT + 1));
    put_row(desk, BOOK_ACCOUNTS, BYTES("affiliate:acme:uncleared"), (struct bytes){value, sizeof value});
    assert_bad(desk, 8, "affiliate:acme:uncleared");
    assert_int_equal(desk_open(desk), FAULT_CORRUPT); /* the start looks at the sum */
    assert_non_null(strstr(desk->note.text, "sum to 0"));
    store_value_u64(value, (uint64_t)(2 * (DESK_PRICE - DESK_PAYOUT) - 1));
    put_row(desk, BOOK_ACCOUNTS, BYTES("house:margin"), (struct bytes){value, sizeof value});
    assert_bad(desk, 8, "affiliate:acme:uncleared");
}

static void test_a_damaged_tail_stops_the_start(void **state)
{
    struct desk *desk = *state;
    char key[8];
    store_key_u64(key, 8);
    cut(desk, BOOK_JOURNAL, (struct bytes){key, 8}, 70);
    assert_int_equal(desk_open(desk), FAULT_CORRUPT);
    assert_non_null(strstr(desk->note.text, "entry 8"));
    cut(desk, BOOK_JOURNAL, (struct bytes){key, 8}, 70);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    desk_close(desk);
    store_key_u64(key, 10); /* the last entry taken out */
    cut(desk, BOOK_JOURNAL, (struct bytes){key, 8}, SIZE_MAX);
    assert_int_equal(desk_open(desk), FAULT_CORRUPT);
    assert_non_null(strstr(desk->note.text, "ends at entry 9"));
    assert_bad(desk, 9, "head");
}

static void test_newer_versions(void **state)
{
    struct desk *desk = *state;
    struct report_verdict verdict;
    struct reader *reader;
    char value[8];
    store_value_u64(value, BOOK_VERSION + 1);
    put_row(desk, BOOK_META, BYTES("version"), (struct bytes){value, sizeof value});
    assert_int_equal(desk_open(desk), FAULT_VERSION);
    assert_non_null(strstr(desk->note.text, "writes version 3"));
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_VERSION);
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_VERSION);
}

/* Another process verifies again and again while this one writes. */
static void test_beside_a_live_exchange(void **state)
{
    struct desk *desk = *state;
    int go[2];
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char one;
        if (read(go[0], &one, 1) != 1) _exit(9);
        for (int i = 0; i < 8; i++) {
            struct report_verdict verdict;
            enum fault fault = report_verify(desk->path, &verdict, NULL, NULL);
            if (fault != FAULT_NONE || !verdict.good) {
                fprintf(stderr, "%s %s\n", fault_text(fault), verdict.text);
                _exit(1);
            }
        }
        _exit(0);
    }
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(write(go[1], "x", 1), 1);
    int status = 0;
    unsigned leads = 0;
    for (; waitpid(child, &status, WNOHANG) == 0; leads++) {
        static const enum post_state states[] = {POST_ACCEPTED, POST_REJECTED, POST_UNKNOWN};
        struct lead_ids ids;
        assert_int_equal(desk_lead(desk, &ids, NULL, states[leads % 3]), FAULT_NONE);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(go[0]);
    close(go[1]);
    desk_close(desk);
    assert_good(desk);
}

/* --- export --- */

static size_t export_text(const struct desk *desk, enum report_format format, int64_t from_ms, int64_t to_ms,
                          char *text, size_t cap)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    const struct report_wish wish = {.format = format, .from_ms = from_ms, .to_ms = to_ms};
    assert_int_equal(report_export(desk->path, &wish, file), FAULT_NONE);
    rewind(file);
    size_t len = fread(text, 1, cap - 1, file);
    text[len] = 0;
    fclose(file);
    return len;
}

/* A lead whose texts are what spreadsheets and parsers stumble over. */
static void sell_awkwardly(struct desk *desk, struct ident *sale_id)
{
    struct tale tale;
    struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)};
    assert_int_equal(desk_open(desk), FAULT_NONE);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_open(&tale, NULL);
    tale.opening.source = BYTES("=1+1");
    tale.opening.ref = BYTES("a \"b\", c\r\nd");
    tale.opening.click_id = BYTES("\tx");
    tale.opening.sub_ids = BYTES("[\"s,1\"]");
    tale_intend(&tale, &ids.post, 0);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_sell(&tale, desk, &ids.post, 0);
    tale.verdict.buyer_lead_id = BYTES("-5");
    *sale_id = tale.sale.sale_id;
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    desk_close(desk);
}

static void test_csv(void **state)
{
    struct desk *desk = *state;
    static char text[16384];
    struct ident sale_id;
    char id[IDENT_TEXT + 1];
    sell_awkwardly(desk, &sale_id);
    export_text(desk, REPORT_CSV, 0, INT64_MAX, text, sizeof text);
    const char *head = "seq,at,sale_id,lead_id,ping_id,affiliate,campaign,source,channel,ref,click_id,sub_ids,contract,"
                       "buyer,buyer_lead_id,price,payout,margin,margin_rule,by_operator,test,state,returned,returned_"
                       "payout,added,added_payout,uncleared,clears_at,period\r\n2,2026-09-21T";
    assert_memory_equal(text, head, strlen(head));
    assert_non_null(strstr(
        text, ",acme,auto,web-1,,r-17,,[],north/"
              "auto,north,L-1,20.00,17.00,3.00,campaign,false,false,sold,0.00,0.00,0.00,0.00,17.00,,2026-09\r\n"));
    const char *awkward = strstr(text, ident_text(&sale_id, id));
    assert_non_null(awkward);
    assert_non_null(strstr(awkward,
                           ",acme,auto,'=1+1,,\"a \"\"b\"\", c\r\nd\",'\tx,\"[\"\"s,1\"\"]\",north/auto,north,'-5,"
                           "20.00,17.00,3.00,campaign,false,false,sold,0.00,0.00,0.00,0.00,17.00,,2026-09\r\n"));
}

static void test_ndjson(void **state)
{
    struct desk *desk = *state;
    static char text[16384];
    struct ident sale_id;
    unsigned lines = 0;
    sell_awkwardly(desk, &sale_id);
    size_t len = export_text(desk, REPORT_NDJSON, 0, INT64_MAX, text, sizeof text);
    struct bytes rest = {text, len}, line;
    const struct node *node = NULL;
    while (rest.len) {
        struct document_error error;
        rest = bytes_split(rest, '\n', &line);
        node = document_read_json(&arena, line, &DOCUMENT_LIMITS, &error);
        assert_non_null(node);
        lines++;
    }
    assert_int_equal(lines, 3);
    assert_true(bytes_is(node_find(node, "source")->text, "=1+1"));
    assert_true(bytes_is(node_find(node, "ref")->text, "a \"b\", c\r\nd"));
    assert_int_equal(node_find(node, "sub_ids")->kind, NODE_LIST);
    assert_true(bytes_is(node_find(node, "price")->text, "20.00"));
    assert_int_equal(node_find(node, "by_operator")->kind, NODE_BOOL);
}

static unsigned lines_between(const struct desk *desk, int64_t from_ms, int64_t to_ms)
{
    static char text[16384];
    unsigned lines = 0;
    size_t len = export_text(desk, REPORT_NDJSON, from_ms, to_ms, text, sizeof text);
    for (size_t i = 0; i < len; i++) lines += text[i] == '\n';
    return lines;
}

/* The sales stand at wall + 1 and wall + 7. */
static void test_span(void **state)
{
    struct desk *desk = *state;
    assert_int_equal(lines_between(desk, DESK_WALL, DESK_WALL + 8), 2);
    assert_int_equal(lines_between(desk, DESK_WALL + 1, DESK_WALL + 7), 1);
    assert_int_equal(lines_between(desk, DESK_WALL + 2, DESK_WALL + 7), 0);
    assert_int_equal(lines_between(desk, DESK_WALL + 2, DESK_WALL + 8), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(test_a_whole_book),
        TEST(test_a_flipped_byte),
        TEST(test_changed_and_missing_rows),
        TEST(test_surplus_rows),
        TEST(test_changed_balances),
        TEST(test_a_damaged_tail_stops_the_start),
        TEST(test_newer_versions),
        TEST(test_beside_a_live_exchange),
        TEST(test_csv),
        TEST(test_ndjson),
        TEST(test_span),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}

/* commands: the table, options, check and key, by what they print and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exchange/base/file.h"
#include "exchange/command/command.h"
#include "exchange/command/commands.h"
#include "protocol/codec/document.h"
#include "protocol/crypto/apikey.h"

static char folder[32];
static struct arena arena;
static const char *said, *complained; /* standard output and standard error of the last run */

static int open_folder(void **state)
{
    (void)state;
    arena_init(&arena, 65536, 1 << 22);
    memcpy(folder, "/tmp/outcry-cmds-XXXXXX", 24);
    return mkdtemp(folder) ? 0 : -1;
}

static int close_folder(void **state)
{
    (void)state;
    arena_free(&arena);
    unsetenv("OUTCRY_CONFIG");
    char line[64];
    (void)snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

static char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *content)
{
    FILE *file = fopen(path_of(name), "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int divert(int descriptor, FILE *stream, const char *name)
{
    fflush(stream);
    int kept = dup(descriptor);
    FILE *file = fopen(path_of(name), "we");
    assert_non_null(file);
    assert_int_equal(dup2(fileno(file), descriptor), descriptor);
    assert_int_equal(fclose(file), 0);
    return kept;
}

static const char *give_back(int descriptor, FILE *stream, int kept, const char *name)
{
    struct bytes content = BYTES_NONE;
    fflush(stream);
    (void)dup2(kept, descriptor);
    close(kept);
    assert_int_equal(file_read(path_of(name), 1 << 20, &arena, &content), FAULT_NONE);
    return content.at;
}

/* Words after "outcry", up to a NULL. */
static int run(const char *first, ...)
{
    char *argv[16] = {(char *)"outcry"};
    int argc = 1;
    va_list words;
    va_start(words, first);
    for (const char *word = first; word; word = va_arg(words, const char *)) argv[argc++] = (char *)word;
    va_end(words);
    int out = divert(1, stdout, "out"), err = divert(2, stderr, "err");
    int status = commands_run(argc, argv);
    said = give_back(1, stdout, out, "out");
    complained = give_back(2, stderr, err, "err");
    return status;
}

static void tells_what_there_is(void **state)
{
    (void)state;
    assert_int_equal(run("help", NULL), COMMAND_DONE);
    assert_non_null(strstr(said, "  check "));
    const char *serve = strstr(said, "  serve ");
    assert_non_null(serve);
    assert_null(strstr(serve + 1, "  serve "));
    assert_int_equal(run("--help", NULL), COMMAND_DONE);
    assert_non_null(strstr(said, "usage: outcry COMMAND"));
    assert_int_equal(run(NULL, NULL), COMMAND_USAGE);
    assert_non_null(strstr(complained, "usage: outcry COMMAND"));
    assert_int_equal(run("chekc", NULL), COMMAND_USAGE);
    assert_string_equal(complained, "outcry: no command chekc (did you mean check?); outcry help lists them\n");
    assert_int_equal(run("zzz", NULL), COMMAND_USAGE);
    assert_string_equal(complained, "outcry: no command zzz; outcry help lists them\n");
}

static void refuses_wrong_options(void **state)
{
    (void)state;
    assert_int_equal(run("check", "--confg", "x", NULL), COMMAND_USAGE);
    assert_string_equal(complained, "outcry check: --confg is no option of it, or does not take a value (did you mean "
                                    "--config?)\n");
    assert_int_equal(run("check", "--config", NULL), COMMAND_USAGE);
    assert_string_equal(complained, "outcry check: --config needs a value\n");
    assert_int_equal(run("check", "more", NULL), COMMAND_USAGE);
    assert_non_null(strstr(complained, "usage: outcry check"));
    assert_int_equal(run("check", "--help", NULL), COMMAND_DONE);
    assert_non_null(strstr(said, "--schema"));
}

static void checks_settings_and_catalogue(void **state)
{
    (void)state;
    write_file("outcry.yaml", "{listen: {admin: \"unix:a\"}, catalogue: market.yaml}");
    write_file("market.yaml", "campaigns: []\n");
    setenv("OUTCRY_CONFIG", path_of("outcry.yaml"), 1);
    assert_int_equal(run("check", NULL), COMMAND_DONE);
    assert_non_null(strstr(said, ": good. Catalogue "));
    assert_string_equal(complained, "");
    write_file("bad.yaml", "{listen: {admin: \"unix:a\"}, catalogue: market.yaml, wokers: 2}");
    write_file("market.yaml", "campains: []\n");
    char bad[128], wanted[512];
    memcpy(bad, path_of("bad.yaml"), sizeof bad);
    assert_int_equal(run("check", "--config", bad, NULL), COMMAND_USAGE);
    (void)snprintf(wanted, sizeof wanted,
                   "%s:1:53: unknown key wokers in settings (did you mean workers?)\n"
                   "%s/market.yaml:1:1: unknown key campains in catalogue (did you mean campaigns?)\n"
                   "2 errors, 0 warnings\n",
                   bad, folder);
    assert_string_equal(said, wanted);
    assert_int_equal(run("check", "--json", "--config", bad, NULL), COMMAND_USAGE);
    struct document_limits limits = DOCUMENT_LIMITS;
    struct document_error error;
    const struct node *root = document_read_json(&arena, bytes_of(said), &limits, &error);
    assert_non_null(root);
    const struct node *findings = node_find(root, "findings");
    assert_int_equal(findings->count, 2);
    int64_t col;
    assert_true(node_i64(node_find(node_first(findings), "col"), &col));
    assert_int_equal(col, 53);
    assert_true(bytes_is(node_find(node_first(findings), "severity")->text, "error"));
    assert_false(node_find(root, "good")->truth);
}

static void prints_the_schema_three_ways(void **state)
{
    (void)state;
    assert_int_equal(run("check", "--schema", NULL), COMMAND_DONE);
    assert_non_null(strstr(said, "offers_max"));
    assert_int_equal(run("check", "--schema", "--markdown", NULL), COMMAND_DONE);
    assert_non_null(strstr(said, "| `offers_max` | integer | `200000` |"));
    assert_int_equal(run("check", "--schema", "--json", NULL), COMMAND_DONE);
    struct document_limits limits = DOCUMENT_LIMITS;
    struct document_error error;
    struct bytes line, rest = bytes_of(said);
    unsigned lines = 0;
    for (; rest.len > 0; lines++) {
        rest = bytes_split(rest, '\n', &line);
        const struct node *row = document_read_json(&arena, line, &limits, &error);
        assert_non_null(row);
        assert_non_null(node_find(row, "key"));
    }
    assert_true(lines > 200);
}

static void makes_keys(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum apikey_kind kind;
    } kinds[] = {{"affiliate", APIKEY_AFFILIATE},
                 {"affiliate-test", APIKEY_AFFILIATE_TEST},
                 {"buyer", APIKEY_BUYER},
                 {"admin", APIKEY_ADMIN}};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(run("key", "new", kinds[i].name, NULL), COMMAND_DONE);
        struct bytes key, hash, rest = bytes_of(said);
        rest = bytes_split(rest, '\n', &key);
        rest = bytes_split(rest, '\n', &hash);
        assert_int_equal(rest.len, 0);
        assert_true(bytes_starts(key, BYTES("key:  ")) && bytes_starts(hash, BYTES("hash: sha256:")));
        key = bytes_from(key, 6);
        enum apikey_kind kind;
        struct digest digest, right;
        assert_int_equal(crypto_start(), FAULT_NONE);
        assert_true(apikey_read(key, &kind));
        assert_int_equal(kind, kinds[i].kind);
        assert_true(bytes_unhex(bytes_from(hash, 13), digest.at, DIGEST_LEN));
        apikey_digest(key, &right);
        assert_true(digest_same(&digest, &right));
        crypto_stop();
    }
    assert_int_equal(run("key", "new", "king", NULL), COMMAND_USAGE);
    assert_int_equal(run("key", "new", NULL), COMMAND_USAGE);
    assert_int_equal(run("key", "lend", NULL), COMMAND_USAGE);
    assert_string_equal(complained, "outcry key: lend: no such thing to do; there are: new, list, revoke\n");
    assert_int_equal(run("key", NULL), COMMAND_USAGE);
}

#define HASH_A "aaaaaaaaaaaa1111111111111111111111111111111111111111111111111111"
#define HASH_B "bbbbbbbbbbbb1111111111111111111111111111111111111111111111111111"

/* Without a book, and without an exchange that runs; with them it is tested over sockets. */
static void lists_keys(void **state)
{
    (void)state;
    write_file("outcry.yaml", "listen: {public: 127.0.0.1:1, admin: 'unix:nobody'}\nadmin_keys: ['sha256:" HASH_B
                              "']\nledger: {path: none}\ncatalogue: market.yaml\n");
    write_file("market.yaml", "campaigns: [{id: auto, fields: {state: {type: us_state}}}]\naffiliates: [{id: best, "
                              "campaigns: [auto], keys: ['sha256:" HASH_A "']}]\nbuyers: []\n");
    setenv("OUTCRY_CONFIG", path_of("outcry.yaml"), 1);
    assert_int_equal(run("key", "list", NULL), COMMAND_DONE);
    assert_non_null(strstr(said, "affiliate  best          aaaaaaaaaaaa"));
    assert_non_null(strstr(said, "admin                    bbbbbbbbbbbb"));
    assert_int_equal(run("key", "list", "--json", NULL), COMMAND_DONE);
    assert_string_equal(
        said, "{\"keys\":[{\"kind\":\"affiliate\",\"owner\":\"best\",\"hash\":\"aaaaaaaaaaaa\",\"revoked_at\":null},"
              "{\"kind\":\"admin\",\"owner\":\"\",\"hash\":\"bbbbbbbbbbbb\",\"revoked_at\":null}]}\n");
    assert_int_equal(run("key", "revoke", NULL), COMMAND_USAGE);
    assert_int_equal(run("key", "revoke", "king", NULL), COMMAND_USAGE);
    assert_string_equal(complained, "outcry key: king: is no hash of a key\n");
    assert_int_equal(run("key", "revoke", "sha256:" HASH_A "0", NULL), COMMAND_USAGE);
    assert_int_equal(run("key", "revoke", "sha256:" HASH_A, NULL), COMMAND_USAGE);
    assert_non_null(strstr(complained, "connection failed"));
    unlink(path_of("market.yaml"));
    assert_int_equal(run("key", "list", NULL), COMMAND_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_what_there_is, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(refuses_wrong_options, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(checks_settings_and_catalogue, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(prints_the_schema_three_ways, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(makes_keys, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(lists_keys, open_folder, close_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

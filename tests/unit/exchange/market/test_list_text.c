/* A list's text, cut anywhere, is read as a whole one is; and both as a slow and obvious reading says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/list_text.h"

#define ENTRIES_MAX 4096u
#define PHONE_HASH "6b3a55e0261b0304143f805a24924d0c1c44524821305f31d9277843b8a10f4e"

struct outcome {
    uint64_t entries[ENTRIES_MAX];
    unsigned count, full_at;
    bool good;
    struct list_text_error error;
};

static enum fault on_entry(void *arg, uint64_t entry)
{
    struct outcome *outcome = arg;
    if (outcome->full_at && outcome->count == outcome->full_at) return FAULT_FULL;
    assert_true(outcome->count < ENTRIES_MAX);
    outcome->entries[outcome->count++] = entry;
    return FAULT_NONE;
}

/* Pieces of the first `first` bytes, then `step` each. */
static void read_cut(struct bytes text, size_t first, size_t step, struct outcome *outcome)
{
    struct list_text reading;
    outcome->count = 0;
    outcome->error = (struct list_text_error){0};
    list_text_open(&reading, &(struct list_text_rules){.on_entry = on_entry, .entry_arg = outcome});
    outcome->good = list_text_piece(&reading, bytes_first(text, first), &outcome->error);
    for (size_t at = first; at < text.len && outcome->good; at += step)
        outcome->good = list_text_piece(&reading, bytes_first(bytes_from(text, at), step), &outcome->error);
    if (outcome->good) outcome->good = list_text_end(&reading, &outcome->error);
    list_text_close(&reading);
}

/* Line by line over the whole, with no bound on anything but what a line may be in the end. */
static void read_obviously(struct bytes text, struct outcome *outcome)
{
    struct arena arena;
    outcome->count = 0;
    outcome->good = true;
    outcome->error = (struct list_text_error){0};
    arena_init(&arena, 4096, 1 << 20);
    if (bytes_starts(text, BYTES("\xef\xbb\xbf"))) text = bytes_from(text, 3);
    for (uint64_t number = 1; text.len && outcome->good; number++) {
        struct bytes line;
        struct digest digest;
        text = bytes_split(text, '\n', &line);
        line = bytes_first(line, bytes_find(line, '#'));
        while (line.len && strchr(" \t", line.at[0]) && line.at[0]) line = bytes_from(line, 1);
        while (line.len && line.at[line.len - 1] && strchr(" \t\r", line.at[line.len - 1])) line.len--;
        if (line.len == 0) continue;
        outcome->good = line.len <= LIST_TEXT_LINE_MAX && person_hash_of(line, &arena, &digest);
        if (outcome->good)
            (void)on_entry(outcome, list_entry(&digest));
        else
            outcome->error.line = number;
        arena_reset(&arena);
    }
    arena_free(&arena);
}

static void expect_same(struct bytes text, size_t first, size_t step, const struct outcome *wanted)
{
    static struct outcome got;
    read_cut(text, first, step, &got);
    if (got.good != wanted->good || got.error.line != wanted->error.line || got.count != wanted->count ||
        memcmp(got.entries, wanted->entries, got.count * sizeof *got.entries) != 0)
        fail_msg("cut at %zu, then every %zu: %u entries, %d, line %llu; wanted %u, %d, line %llu; of: %.*s", first,
                 step, got.count, got.good, (unsigned long long)got.error.line, wanted->count, wanted->good,
                 (unsigned long long)wanted->error.line, (int)text.len, text.at);
}

static void cut_everywhere(struct bytes text)
{
    static struct outcome wanted;
    read_obviously(text, &wanted);
    for (size_t first = 0; first <= text.len; first++) expect_same(text, first, text.len + 1, &wanted);
    for (size_t step = 1; step < 20; step++) expect_same(text, 0, step, &wanted);
}

static void cut_at_every_byte(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "+14155550100\n(415) 555-0101\r\n\n  a@example.com \t\n# all\nB@Example.com # one\n" PHONE_HASH "\n",
        "+14155550100",
        "+14155550100\nAnn\n+14155550101\n",
        "a@example.com\n\n#\n \t\r\nnobody",
        "\xef\xbb\xbf+14155550100\na@example.com\n",
        "\xef\xbb\xbf",
        "\xef\xbb",
        "\xef\xbb+14155550100\n",
        " \xef\xbb\xbf+14155550100\n",
        "\xef\xbb\xbf \xef\xbb\xbf+14155550100\n",
        "\xef\xbb\xbf\n\xef\xbb\xbf\n",
        "#\xef\xbb\xbf\n\r+14155550100\n",
        " # a # b\n+14155550100 # \n # +1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) cut_everywhere(bytes_of(texts[i]));
}

static size_t repeat(char *at, char one, size_t count)
{
    memset(at, one, count);
    return count;
}

/* Blanks and comments may be as long as they like; what counts of a line may not. */
static void long_lines(void **state)
{
    static char text[20000];
    static struct outcome wanted;
    (void)state;
    for (unsigned kind = 0; kind < 9; kind++) {
        size_t len = 0;
        len += repeat(text + len, kind == 8 ? '\r' : ' ', kind == 0 || kind == 8 ? 3000 : 0);
        len += repeat(text + len, 'a', kind == 5 ? 1013 : kind == 6 ? 1012 : 4);
        memcpy(text + len, "@example.com", 12);
        len += 12;
        len += repeat(text + len, kind == 2 ? '\r' : ' ', kind == 1 || kind == 2 || kind == 4 ? 3000 : 0);
        len += repeat(text + len, kind == 3 || kind == 4 ? '#' : '\t', kind == 3 || kind == 4 ? 3000 : 1);
        len += repeat(text + len, kind == 7 ? ' ' : '\t', 2000);
        if (kind == 7) len += repeat(text + len, 'x', 1);
        memcpy(text + len, "\nb@example.com\n", 15);
        len += 15;
        read_obviously((struct bytes){text, len}, &wanted);
        for (size_t first = 0; first < len; first += first % 997 == 13 ? 1 : 83)
            expect_same((struct bytes){text, len}, first, 511, &wanted);
        expect_same((struct bytes){text, len}, len, 1, &wanted);
        expect_same((struct bytes){text, len}, 0, 1, &wanted);
    }
}

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *seed >> 33;
}

static void random_texts(void **state)
{
    static const char *const words[] = {
        "+14155550100", "4155550101", "a@example.com", PHONE_HASH,     " ",    "\t",  "\r", "\n",  "\n", "\n",
        "\r\n",         "#",          "# x",           "\xef\xbb\xbf", "\xef", "Ann", "@",  "\n\n"};
    static const unsigned words_count = sizeof words / sizeof *words;
    static struct outcome wanted;
    uint64_t seed = 11;
    unsigned good = 0;
    (void)state;
    for (unsigned turn = 0; turn < 20000; turn++) {
        char text[2048];
        struct sink sink = sink_over(text, sizeof text);
        for (uint64_t left = next(&seed) % 20; left > 0; left--) {
            sink_text(&sink, words[next(&seed) % (turn % 2 ? words_count : 13)]);
            if (turn % 3) sink_char(&sink, '\n');
        }
        assert_false(sink.cut);
        read_obviously(sink_written(&sink), &wanted);
        good += wanted.good && wanted.count > 1;
        expect_same(sink_written(&sink), next(&seed) % (sink.len + 1), 1 + next(&seed) % 70, &wanted);
    }
    assert_true(good > 1000 && good < 19000);
}

static void what_takes_no_more_ends_it(void **state)
{
    static struct outcome outcome = {.full_at = 2};
    struct bytes text = BYTES("+14155550100\n+14155550101\n+14155550102\n+14155550103\n");
    (void)state;
    for (size_t step = 1; step < 60; step++) {
        read_cut(text, 0, step, &outcome);
        assert_false(outcome.good);
        assert_int_equal(outcome.count, 2);
        assert_int_equal(outcome.error.line, 0);
        assert_string_equal(outcome.error.text, "has too many entries");
    }
}

static int start(void **state)
{
    (void)state;
    return crypto_start() == FAULT_NONE ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    crypto_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(random_texts),
        cmocka_unit_test(what_takes_no_more_ends_it),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

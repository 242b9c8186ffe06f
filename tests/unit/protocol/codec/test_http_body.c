/* http.h, bodies: tables of the chunked grammar, lengths and limits, and decoding in place in every way a message can
 * be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec/http.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

struct decoding {
    enum http_progress progress;
    enum http_error error; /* HTTP_FINE unless HTTP_BAD */
    char content[8192];
    size_t content_len;
    size_t used;
    bool may_close;
};

/* As the server does it: [ content | raw ] in one buffer, `step` more bytes each time, what is not taken stays where it
 * is. The buffer is as long as what has arrived, so that a sanitizer sees a byte touched past it. */
static void decode(struct bytes raw, enum http_framing framing, uint64_t length, uint64_t body_max, size_t step,
                   struct decoding *decoding)
{
    struct http_head head = {.framing = framing, .content_length = length};
    struct http_body body;
    char *buffer = malloc(raw.len + 1);
    size_t there = 0;
    assert_non_null(buffer);
    *decoding = (struct decoding){.error = HTTP_FINE};
    http_body_start(&body, &head, body_max);
    do {
        size_t more = step < raw.len - there ? step : raw.len - there;
        size_t taken, given;
        memcpy(buffer + there, raw.at + there, more);
        there += more;
        decoding->progress = http_body_read(&body, buffer + decoding->used, there - decoding->used,
                                            buffer + decoding->content_len, &taken, &given, &decoding->error);
        assert_true(taken <= there - decoding->used && given <= taken);
        decoding->used += taken;
        decoding->content_len += given;
        assert_int_equal(body.content, decoding->content_len);
        assert_true(body.content <= body_max);
        /* What was not taken is untouched: it is the next message's. */
        assert_memory_equal(buffer + decoding->used, raw.at + decoding->used, there - decoding->used);
    } while (decoding->progress == HTTP_MORE && there < raw.len);
    decoding->may_close = http_body_closed(&body);
    assert_true(decoding->content_len <= sizeof decoding->content);
    memcpy(decoding->content, buffer, decoding->content_len);
    free(buffer);
}

static void assert_same_decoding(const struct decoding *a, const struct decoding *b)
{
    assert_int_equal(a->progress, b->progress);
    assert_int_equal(a->error, b->error);
    assert_int_equal(a->content_len, b->content_len);
    assert_memory_equal(a->content, b->content, a->content_len);
    assert_int_equal(a->used, b->used);
    assert_int_equal(a->may_close, b->may_close);
}

static const struct decoding *decode_all_ways(struct bytes raw, enum http_framing framing, uint64_t length,
                                              uint64_t body_max)
{
    static struct decoding whole, slow;
    decode(raw, framing, length, body_max, raw.len + 1, &whole);
    for (size_t step = 1; step <= raw.len && step < 40; step++) {
        decode(raw, framing, length, body_max, step, &slow);
        assert_same_decoding(&whole, &slow);
    }
    return &whole;
}

/* ---- chunked ---- */

struct chunked_case {
    const char *raw; /* followed by "NEXT" */
    const char *content;
    enum http_error error;
};

static const struct chunked_case chunked[] = {
    {"0\r\n\r\n", "", HTTP_FINE},
    {"00000000\r\n\r\n", "", HTTP_FINE},
    {"3\r\nabc\r\n0\r\n\r\n", "abc", HTTP_FINE},
    {"00000003\r\nabc\r\n0\r\n\r\n", "abc", HTTP_FINE},
    {"3\r\nabc\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n", "abcdef", HTTP_FINE},
    {"1\r\n\r\r\n2\r\n\r\n\r\n0\r\n\r\n", "\r\r\n", HTTP_FINE},
    {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", HTTP_FINE},
    {"1F\r\n0123456789012345678901234567890\r\n0\r\n\r\n", "0123456789012345678901234567890", HTTP_FINE},
    {"1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n", "0123456789012345678901234567890", HTTP_FINE},
    {"3;a\r\nabc\r\n0;b\r\n\r\n", "abc", HTTP_FINE},
    {"3;a=b;c=\"d\";e\r\nabc\r\n0\r\n\r\n", "abc", HTTP_FINE},
    {"3;a=\"\"\r\nabc\r\n0\r\n\r\n", "abc", HTTP_FINE},
    {"3;a=\"; =,\t:\xc3\xa9\";f0=0f\r\nabc\r\n0\r\n\r\n", "abc", HTTP_FINE},
    {"3\r\nabc\r\n0\r\na: b\r\n\r\n", "abc", HTTP_FINE},
    {"0\r\nContent-Lengt: 3\r\nContent-Lengths: 3\r\nContent-Transfer: 3\r\nxTransfer-Encoding: 3\r\n\r\n", "",
     HTTP_FINE},
    {"0\r\nfirst:1\r\n!: \t\"caf\xc3\xa9\" \\;=:\r\nlast:\r\n\r\n", "", HTTP_FINE},

    {"\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"\r\n0\r\n\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"g\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"-0\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"+3\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {" 3\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"0x3\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"3 \r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"3\t;a\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"3 ;a\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"3.0\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"000000003\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"3\nabc", "", HTTP_ERROR_CHUNK_SIZE},
    {"\n", "", HTTP_ERROR_CHUNK_SIZE},
    {";a\r\n", "", HTTP_ERROR_CHUNK_SIZE},
    {"3\rabc", "", HTTP_ERROR_LINE_END},
    {"3\r\r\nabc", "", HTTP_ERROR_LINE_END},
    {"3;a\rb\r\n", "", HTTP_ERROR_LINE_END},

    {"3;\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;;a\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3; a\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a b\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;=b\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=;b\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=b=c\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=b\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=\"b\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=\"b\n\"\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=\"\\b\"\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=\"\x01\"\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=\"b\"c\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=\"b\"\n", "", HTTP_ERROR_CHUNK_EXTENSION},
    {"3;a=b\"c\"\r\n", "", HTTP_ERROR_CHUNK_EXTENSION},

    {"3\r\nabcd\r\n", "abc", HTTP_ERROR_CHUNK_END},
    {"3\r\nabc0\r\n\r\n", "abc", HTTP_ERROR_CHUNK_END},
    {"3\r\nabc\n0\r\n\r\n", "abc", HTTP_ERROR_CHUNK_END},
    {"3\r\nabc\r0\r\n\r\n", "abc", HTTP_ERROR_CHUNK_END},
    {"3\r\nabc\r\r\n", "abc", HTTP_ERROR_CHUNK_END},

    {"0\r\n\n", "", HTTP_ERROR_TRAILER},
    {"0\r\n\rx", "", HTTP_ERROR_TRAILER},
    {"0\r\na\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\n: b\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\na : b\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\n a: b\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\na: b\r\n c\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\na: b\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\na: b\rc\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\na: \x7f\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\nContent-Length: 3\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\na: b\r\ntransfer-ENCODING: chunked\r\n\r\n", "", HTTP_ERROR_TRAILER},
    {"0\r\nGET / HTTP/1.1\r\n\r\n", "", HTTP_ERROR_TRAILER},
};

static void chunks_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(chunked); i++) {
        char text[512];
        int len = snprintf(text, sizeof text, "%sNEXT", chunked[i].raw);
        const struct decoding *decoding = decode_all_ways((struct bytes){text, (size_t)len}, HTTP_CHUNKED, 0, 4096);
        bool is_fine = chunked[i].error == HTTP_FINE;
        if (decoding->error != chunked[i].error || decoding->progress != (is_fine ? HTTP_DONE : HTTP_BAD))
            fail_msg("\"%s\": %d, %s", text, decoding->progress, http_error_text(decoding->error));
        assert_true(bytes_is((struct bytes){decoding->content, decoding->content_len}, chunked[i].content));
        assert_int_equal(decoding->may_close, is_fine);
        if (is_fine) assert_int_equal(decoding->used, (size_t)len - 4);
        if (!is_fine) continue;
        for (size_t cut = 0; cut + 4 < (size_t)len; cut++) {
            decoding = decode_all_ways((struct bytes){text, cut}, HTTP_CHUNKED, 0, 4096);
            assert_int_equal(decoding->progress, HTTP_MORE);
            assert_int_equal(decoding->used, cut);
            assert_false(decoding->may_close);
        }
    }
}

static void a_refused_byte_stays_refused(void **state)
{
    (void)state;
    struct http_head head = {.framing = HTTP_CHUNKED};
    struct http_body body;
    char raw[] = "3\r\nabcX";
    size_t taken, given;
    enum http_error error;
    http_body_start(&body, &head, 100);
    assert_int_equal(http_body_read(&body, raw, 7, raw, &taken, &given, &error), HTTP_BAD);
    assert_int_equal(taken, 6);
    assert_int_equal(given, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(http_body_read(&body, raw + 6, 1, raw + 3, &taken, &given, &error), HTTP_BAD);
        assert_int_equal(error, HTTP_ERROR_CHUNK_END);
        assert_int_equal(taken + given, 0);
    }
}

/* ---- limits ---- */

static struct bytes repeat(const char *before, const char *piece, size_t count, const char *after)
{
    static char text[16384];
    struct sink sink = sink_over(text, sizeof text);
    sink_text(&sink, before);
    for (size_t i = 0; i < count; i++) sink_text(&sink, piece);
    sink_text(&sink, after);
    assert_false(sink.cut);
    return sink_written(&sink);
}

static enum http_error error_of(struct bytes raw, uint64_t body_max)
{
    const struct decoding *decoding = decode_all_ways(raw, HTTP_CHUNKED, 0, body_max);
    assert_int_equal(decoding->progress, decoding->error == HTTP_FINE ? HTTP_DONE : HTTP_BAD);
    return decoding->error;
}

static void extensions_and_trailers_are_capped(void **state)
{
    (void)state;
    /* 256 bytes of extensions, over all chunks: ";" and 255 more, or 64 times four. */
    assert_int_equal(error_of(repeat("1;", "x", 255, "\r\na\r\n0\r\n\r\n"), 100), HTTP_FINE);
    assert_int_equal(error_of(repeat("1;", "x", 256, "\r\na\r\n0\r\n\r\n"), 100), HTTP_ERROR_CHUNK_EXTENSION);
    assert_int_equal(error_of(repeat("", "1;abc\r\na\r\n", 64, "0\r\n\r\n"), 100), HTTP_FINE);
    assert_int_equal(error_of(repeat("", "1;abc\r\na\r\n", 64, "0;x\r\n\r\n"), 100), HTTP_ERROR_CHUNK_EXTENSION);
    /* 4096 bytes of trailers, line ends counted: 2 end them. Extensions before them do not count. */
    assert_int_equal(error_of(repeat("0;abc\r\na:", "x", 4090, "\r\n\r\n"), 100), HTTP_FINE);
    assert_int_equal(error_of(repeat("0\r\na:", "x", 4091, "\r\n\r\n"), 100), HTTP_ERROR_TRAILER);
    assert_int_equal(error_of(repeat("0\r\n", "a:\r\n", 1024, "\r\n"), 100), HTTP_ERROR_TRAILER);
    assert_int_equal(error_of(repeat("0\r\n", "a:\r\n", 1023, "\r\n"), 100), HTTP_FINE);
}

static void the_content_is_capped(void **state)
{
    (void)state;
    assert_int_equal(error_of(BYTES("6\r\nabcdef\r\n0\r\n\r\n"), 6), HTTP_FINE);
    assert_int_equal(error_of(BYTES("6\r\nabcdef\r\n0\r\n\r\n"), 5), HTTP_ERROR_BODY_LONG);
    assert_int_equal(error_of(BYTES("5\r\nabcde\r\n1\r\nf\r\n0\r\n\r\n"), 5), HTTP_ERROR_BODY_LONG);
    assert_int_equal(error_of(BYTES("ffffffff\r\n"), UINT32_MAX - 1u), HTTP_ERROR_BODY_LONG);
    assert_int_equal(error_of(BYTES("0\r\n\r\n"), 0), HTTP_FINE);
    /* Said before a byte of the chunk is read. */
    assert_int_equal(decode_all_ways(BYTES("6\r\nabcdef"), HTTP_CHUNKED, 0, 5)->content_len, 0);

    assert_int_equal(decode_all_ways(BYTES("abcdef"), HTTP_LENGTH, 6, 6)->progress, HTTP_DONE);
    const struct decoding *decoding = decode_all_ways(BYTES(""), HTTP_LENGTH, 7, 6);
    assert_int_equal(decoding->error, HTTP_ERROR_BODY_LONG);
    assert_int_equal(decode_all_ways(BYTES("abcdef"), HTTP_LENGTH, UINT64_MAX, 6)->error, HTTP_ERROR_BODY_LONG);

    decoding = decode_all_ways(BYTES("abcdef"), HTTP_UNTIL_CLOSE, 0, 6);
    assert_int_equal(decoding->progress, HTTP_MORE);
    decoding = decode_all_ways(BYTES("abcdefg"), HTTP_UNTIL_CLOSE, 0, 6);
    assert_int_equal(decoding->error, HTTP_ERROR_BODY_LONG);
    assert_int_equal(decoding->content_len, 6);
}

/* ---- the other framings ---- */

static void a_length_is_counted_off(void **state)
{
    (void)state;
    const struct decoding *decoding = decode_all_ways(BYTES("abcNEXT"), HTTP_LENGTH, 3, 100);
    assert_int_equal(decoding->progress, HTTP_DONE);
    assert_int_equal(decoding->used, 3);
    assert_memory_equal(decoding->content, "abc", 3);
    assert_true(decoding->may_close);
    decoding = decode_all_ways(BYTES("ab"), HTTP_LENGTH, 3, 100);
    assert_int_equal(decoding->progress, HTTP_MORE);
    assert_int_equal(decoding->content_len, 2);
    assert_false(decoding->may_close);
    decoding = decode_all_ways(BYTES("NEXT"), HTTP_LENGTH, 0, 100);
    assert_int_equal(decoding->progress, HTTP_DONE);
    assert_int_equal(decoding->used, 0);
}

static void nothing_is_done_at_once(void **state)
{
    (void)state;
    const struct decoding *decoding = decode_all_ways(BYTES("NEXT"), HTTP_NO_BODY, 0, 100);
    assert_int_equal(decoding->progress, HTTP_DONE);
    assert_int_equal(decoding->used + decoding->content_len, 0);
    assert_true(decoding->may_close);
    assert_int_equal(decode_all_ways(BYTES(""), HTTP_NO_BODY, 0, 0)->progress, HTTP_DONE);
}

static void until_close_never_ends_by_itself(void **state)
{
    (void)state;
    const struct decoding *decoding = decode_all_ways(BYTES("abcdef"), HTTP_UNTIL_CLOSE, 0, 100);
    assert_int_equal(decoding->progress, HTTP_MORE);
    assert_int_equal(decoding->content_len, 6);
    assert_true(decoding->may_close);
}

/* ---- in place ---- */

/* Any split of the content into chunks, with any extension and cut anywhere, gives the content back and leaves the next
 * message alone. */
static void any_chunks_give_the_content_back(void **state)
{
    (void)state;
    uint64_t seed = 20260101;
    for (int round = 0; round < 400; round++) {
        char text[4096], content[600];
        struct sink sink = sink_over(text, sizeof text);
        size_t len = 0;
        for (int chunk = 0; chunk < 12; chunk++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            size_t size = 1 + seed % 40;
            for (size_t i = 0; i < size; i++) content[len + i] = (char)(seed >> (i % 56));
            sink_format(&sink, seed & 0x100000 ? "%zx%s\r\n" : "%08zX%s\r\n", size, seed & 0x200000 ? ";a=\"b\"" : "");
            sink_bytes(&sink, (struct bytes){content + len, size});
            sink_text(&sink, "\r\n");
            len += size;
        }
        sink_text(&sink, seed & 0x400000 ? "0\r\na: b\r\n\r\n" : "000\r\n\r\n");
        size_t end = sink.len;
        sink_text(&sink, "GET /");
        const struct decoding *decoding = decode_all_ways(sink_written(&sink), HTTP_CHUNKED, 0, sizeof content);
        assert_int_equal(decoding->progress, HTTP_DONE);
        assert_int_equal(decoding->used, end);
        assert_int_equal(decoding->content_len, len);
        assert_memory_equal(decoding->content, content, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_by_the_table),
        cmocka_unit_test(a_refused_byte_stays_refused),
        cmocka_unit_test(extensions_and_trailers_are_capped),
        cmocka_unit_test(the_content_is_capped),
        cmocka_unit_test(a_length_is_counted_off),
        cmocka_unit_test(nothing_is_done_at_once),
        cmocka_unit_test(until_close_never_ends_by_itself),
        cmocka_unit_test(any_chunks_give_the_content_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* 31 malformed requests of the kinds that make two parsers in a row see two different messages, each with a second
 * request hidden behind it. All must be refused, none may be read further than its first error, and none may ever give
 * a second message. One well-formed request of each framing stands beside them, so that refusing everything does not
 * pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/http_reading.h"

#define POST "POST /v1/pings HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define HIDDEN "GET /admin HTTP/1.1\r\nHost: h\r\n\r\n"

static const struct verdict_case attacks[] = {
    /* Which length counts? */
    {POST "Content-Length: 3\r\nContent-Length: 33\r\n\r\nabc" HIDDEN, HTTP_ERROR_CONTENT_LENGTH},
    {POST "Content-Length: 3, 33\r\n\r\nabc" HIDDEN, HTTP_ERROR_CONTENT_LENGTH},
    {POST "Content-Length: +3\r\n\r\nabc" HIDDEN, HTTP_ERROR_CONTENT_LENGTH},
    {POST "Content-Length: 0x3\r\n\r\nabc" HIDDEN, HTTP_ERROR_CONTENT_LENGTH},
    {POST "Content-Length: 3 3\r\n\r\nabc" HIDDEN, HTTP_ERROR_CONTENT_LENGTH},
    {POST "Content-Length: 18446744073709551619\r\n\r\nabc" HIDDEN, HTTP_ERROR_CONTENT_LENGTH},
    {POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_BOTH_FRAMINGS},
    /* Is it chunked? */
    {POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CODING},
    {POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CODING},
    {POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CODING},
    {POST "Transfer-Encoding:\x0b"
          "chunked\r\n\r\n0\r\n\r\n" HIDDEN,
     HTTP_ERROR_FIELD_VALUE},
    {"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CODING_IN_1_0},
    /* Whose field is it? */
    {POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_FIELD_NAME},
    {POST "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_FOLDED},
    {POST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_LINE_END},
    {POST "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_LINE_END},
    {POST ": y\r\nContent-Length: 3\r\n\r\nabc" HIDDEN, HTTP_ERROR_FIELD_NAME},
    {POST "X: y\n\r\nabc" HIDDEN, HTTP_ERROR_LINE_END},
    /* Whose request is it? */
    {"GET / HTTP/1.1\r\nHost: h\r\nHost: other\r\n\r\n" HIDDEN, HTTP_ERROR_HOST},
    {"GET / HTTP/1.1\r\n\r\n" HIDDEN, HTTP_ERROR_HOST},
    {"GET / HTTP/1.9\r\nHost: h\r\n\r\n" HIDDEN, HTTP_ERROR_VERSION},
    {"GET /\r\n" HIDDEN, HTTP_ERROR_START_LINE},
    {"GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n" HIDDEN, HTTP_ERROR_TARGET},
    /* Where does the chunk end? */
    {CHUNKED "0x3\r\nabc\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CHUNK_SIZE},
    {CHUNKED "+3\r\nabc\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CHUNK_SIZE},
    {CHUNKED " 3\r\nabc\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CHUNK_SIZE},
    {CHUNKED "100000003\r\nabc\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CHUNK_SIZE},
    {CHUNKED "3\nabc\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CHUNK_SIZE},
    {CHUNKED "3\r\nabcd\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CHUNK_END},
    {CHUNKED "3;x\ny\r\nabc\r\n0\r\n\r\n" HIDDEN, HTTP_ERROR_CHUNK_EXTENSION},
    {CHUNKED "3\r\nabc\r\n0\r\nX y\r\n\r\n" HIDDEN, HTTP_ERROR_TRAILER},
};

static const char *const innocents[] = {
    "GET /v1/pings HTTP/1.1\r\nHost: h\r\n\r\n" HIDDEN,
    POST "Content-Length: 3\r\n\r\nabc" HIDDEN,
    CHUNKED "3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n" HIDDEN,
};

/* The verdict on the first message; *rest is what follows it. */
static enum http_progress read_message(char *message, size_t len, size_t step, struct bytes *rest,
                                       enum http_error *error)
{
    const struct http_growing growing = {.is_request = true, .limits = HTTP_LIMITS, .step = step};
    struct http_head head;
    struct http_body body;
    size_t used, content;
    enum http_progress progress = http_grow_head(&growing, (struct bytes){message, len}, &head, error);
    if (progress != HTTP_DONE) return progress;
    char *raw = message + head.head_len;
    http_body_start(&body, &head, 65536);
    progress = http_grow_body(&growing, &body, raw, len - head.head_len, &used, &content, error);
    *rest = bytes_from((struct bytes){raw, len - head.head_len}, used);
    return progress;
}

static const size_t steps[] = {1, 2, 7, 100000};

static void attacks_are_refused(void **state)
{
    (void)state;
    assert_int_equal(COUNT(attacks), 31);
    for (size_t i = 0; i < COUNT(attacks); i++) {
        for (size_t k = 0; k < COUNT(steps); k++) {
            char message[512];
            struct bytes rest;
            enum http_error error = HTTP_FINE;
            size_t len = strlen(attacks[i].text);
            memcpy(message, attacks[i].text, len);
            enum http_progress progress = read_message(message, len, steps[k], &rest, &error);
            if (progress != HTTP_BAD || error != attacks[i].error)
                fail_msg("%zu by %zu: %d, %s: %s", i, steps[k], progress, http_error_text(error), attacks[i].text);
        }
    }
}

static void innocents_are_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(innocents); i++) {
        for (size_t k = 0; k < COUNT(steps); k++) {
            char message[512];
            struct bytes rest = BYTES_NONE;
            enum http_error error = HTTP_FINE;
            size_t len = strlen(innocents[i]);
            memcpy(message, innocents[i], len);
            assert_int_equal(read_message(message, len, steps[k], &rest, &error), HTTP_DONE);
            /* However much had arrived, it was not touched. */
            assert_true(bytes_starts(BYTES(HIDDEN), bytes_first(rest, sizeof HIDDEN - 1)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(attacks_are_refused), cmocka_unit_test(innocents_are_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

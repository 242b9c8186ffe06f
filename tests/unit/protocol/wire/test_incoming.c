/* The buffer of an arriving message: what it keeps, what it wipes, how large it gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "protocol/wire/incoming.h"

#define BODY_MAX 20000u

static const struct http_limits limits = HTTP_LIMITS;

static void feed(struct incoming *incoming, const char *at, size_t len)
{
    while (len) {
        size_t room;
        char *to = incoming_room(incoming, incoming_max(&limits, BODY_MAX), &room);
        assert_non_null(to);
        if (room > len) room = len;
        memcpy(to, at, room);
        incoming_got(incoming, room);
        at += room;
        len -= room;
    }
}

static bool holds(const struct incoming *incoming, const char *secret)
{
    return memmem(incoming->at, incoming->cap, secret, strlen(secret)) != NULL;
}

static void wiped_when_let_go(void **state)
{
    (void)state;
    struct incoming incoming = {0};
    enum http_error error;
    static const char first[] = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n555-867-5309";
    static const char second[] = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
    feed(&incoming, first, sizeof first - 1);
    feed(&incoming, second, sizeof second - 1);
    assert_int_equal(incoming_request(&incoming, &limits, BODY_MAX, &error), HTTP_DONE);
    assert_true(bytes_is(incoming_content(&incoming), "555-867-5309"));
    assert_true(bytes_is(incoming.head.path, "/a"));
    assert_int_equal(incoming_rest(&incoming), sizeof second - 1);
    incoming_next(&incoming);
    assert_false(holds(&incoming, "867-5309"));
    assert_int_equal(incoming_request(&incoming, &limits, BODY_MAX, &error), HTTP_DONE);
    assert_true(bytes_is(incoming.head.path, "/b"));
    assert_int_equal(incoming_rest(&incoming), 0);
    incoming_clear(&incoming);
    assert_false(holds(&incoming, "GET"));
    assert_int_equal(incoming.cap, INCOMING_FIRST); /* small, so it is kept */
    feed(&incoming, "HTTP/1.1 200 OK\r\n\r\nuntil", 24);
    assert_int_equal(incoming_response(&incoming, false, &limits, BODY_MAX, &error), HTTP_MORE);
    assert_true(incoming_closed(&incoming, &limits, false));
    assert_true(bytes_is(incoming_content(&incoming), "until"));
    incoming_free(&incoming);
    assert_null(incoming.at);
}

/* Chunks of one byte carry five bytes of framing each: more passes through than the buffer may ever hold. */
static void framing_takes_no_room(void **state)
{
    (void)state;
    struct incoming incoming = {0};
    enum http_error error;
    static const char head[] = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    feed(&incoming, head, sizeof head - 1);
    for (unsigned i = 0; i < BODY_MAX; i++) {
        char chunk[] = "1\r\n?\r\n";
        chunk[3] = (char)('a' + i % 26);
        feed(&incoming, chunk, 6);
        assert_int_equal(incoming_request(&incoming, &limits, BODY_MAX, &error), HTTP_MORE);
    }
    feed(&incoming, "0\r\n\r\n", 5);
    assert_int_equal(incoming_request(&incoming, &limits, BODY_MAX, &error), HTTP_DONE);
    struct bytes content = incoming_content(&incoming);
    assert_int_equal(content.len, BODY_MAX);
    for (unsigned i = 0; i < BODY_MAX; i++) assert_int_equal(content.at[i], 'a' + i % 26);
    assert_true(bytes_is(incoming.head.path, "/a")); /* the buffer has moved; the head has followed */
    assert_true(incoming.cap <= incoming_max(&limits, BODY_MAX));
    incoming_clear(&incoming);
    assert_null(incoming.at); /* large, so it is not kept */
}

static void no_room_past_the_bound(void **state)
{
    (void)state;
    struct incoming incoming = {0};
    size_t room;
    assert_non_null(incoming_room(&incoming, 1000, &room));
    assert_int_equal(room, 1000);
    incoming_got(&incoming, 1000);
    assert_null(incoming_room(&incoming, 1000, &room));
    assert_null(incoming_spare(&incoming, &room));
    incoming_free(&incoming);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wiped_when_let_go),
        cmocka_unit_test(framing_takes_no_room),
        cmocka_unit_test(no_room_past_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

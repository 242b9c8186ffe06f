/* http.h, heads: a table for each rule of the grammar. Every message is read whole and byte by byte, and must come out
 * the same; what is accepted must not be accepted before its last byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/http_reading.h"

/* ---- requests ---- */

static void a_request_is_taken_apart(void **state)
{
    (void)state;
    static const char text[] = "POST /v1/pings?a=1&b=/?2 HTTP/1.1\r\nHost: exchange.example:8443\r\n"
                               "Content-Type:application/json\r\nX-Empty:\r\nX-Blank: \t \r\nX-Inner: \t a \t b\t \r\n"
                               "CONTENT-LENGTH: 12\r\nExpect: 100-Continue\r\n\r\n{\"lead\":1234";
    struct reading reading = read_request(BYTES(text));
    const struct http_head *head = &reading.head;
    assert_int_equal(reading.progress, HTTP_DONE);
    assert_true(bytes_is(head->method, "POST"));
    assert_true(bytes_is(head->target, "/v1/pings?a=1&b=/?2"));
    assert_true(bytes_is(head->path, "/v1/pings"));
    assert_true(bytes_is(head->query, "a=1&b=/?2"));
    assert_int_equal(head->minor, 1);
    assert_true(head->keep_alive && head->expects_continue);
    assert_int_equal(head->framing, HTTP_LENGTH);
    assert_int_equal(head->content_length, 12);
    assert_int_equal(head->head_len, sizeof text - 1 - 12);
    assert_int_equal(head->fields_count, 7);
    assert_true(bytes_is(head->fields[0].name, "Host"));
    assert_true(bytes_is(http_field_find(head, "host"), "exchange.example:8443"));
    assert_true(bytes_is(http_field_find(head, "content-type"), "application/json"));
    assert_int_equal(http_field_find(head, "x-empty").len, 0);
    assert_non_null(http_field_find(head, "x-empty").at);
    assert_int_equal(http_field_find(head, "x-blank").len, 0);
    assert_true(bytes_is(http_field_find(head, "X-INNER"), "a \t b"));
    assert_null(http_field_find(head, "x-none").at);

    reading = read_request(BYTES("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /next"));
    assert_true(bytes_is(reading.head.path, "/"));
    assert_int_equal(reading.head.query.len, 0);
    assert_int_equal(reading.head.framing, HTTP_NO_BODY);
    assert_int_equal(reading.head.head_len, 27);
}

static const struct verdict_case request_lines[] = {
    {"GET / HTTP/1.1", HTTP_FINE},
    {"GET / HTTP/1.0", HTTP_FINE},
    {"OPTIONS * HTTP/1.1", HTTP_FINE},
    {"OPTIONS / HTTP/1.1", HTTP_FINE},
    {"FROBNICATE / HTTP/1.1", HTTP_FINE},
    {"get / HTTP/1.1", HTTP_FINE},
    {"! / HTTP/1.1", HTTP_FINE},
    {"GET //x/../%zz?q?{|}\\^`\"<> HTTP/1.1", HTTP_FINE},
    {"", HTTP_ERROR_START_LINE},
    {"\r\nGET / HTTP/1.1", HTTP_ERROR_START_LINE},
    {"\nGET / HTTP/1.1", HTTP_ERROR_START_LINE},
    {" GET / HTTP/1.1", HTTP_ERROR_METHOD},
    {"GET", HTTP_ERROR_METHOD},
    {"GET\t/ HTTP/1.1", HTTP_ERROR_METHOD},
    {"G@T / HTTP/1.1", HTTP_ERROR_METHOD},
    {"GET:/ HTTP/1.1", HTTP_ERROR_METHOD},
    {"G\xc3\x8aT / HTTP/1.1", HTTP_ERROR_METHOD},
    {"GET  / HTTP/1.1", HTTP_ERROR_START_LINE},
    {"GET ", HTTP_ERROR_START_LINE},
    {"GET /", HTTP_ERROR_START_LINE},
    {"GET / ", HTTP_ERROR_VERSION},
    {"GET /  HTTP/1.1", HTTP_ERROR_VERSION},
    {"GET /\tHTTP/1.1", HTTP_ERROR_TARGET},
    {"GET /a b HTTP/1.1", HTTP_ERROR_VERSION},
    {"GET /a\tb HTTP/1.1", HTTP_ERROR_TARGET},
    {"GET /a#b HTTP/1.1", HTTP_ERROR_TARGET},
    {"GET /caf\xc3\xa9 HTTP/1.1", HTTP_ERROR_TARGET},
    {"GET * HTTP/1.1", HTTP_ERROR_TARGET},
    {"OPTIONS *x HTTP/1.1", HTTP_ERROR_TARGET},
    {"options * HTTP/1.1", HTTP_ERROR_TARGET},
    {"GET x HTTP/1.1", HTTP_ERROR_TARGET},
    {"GET ?x HTTP/1.1", HTTP_ERROR_TARGET},
    {"GET http://h/ HTTP/1.1", HTTP_ERROR_TARGET},
    {"CONNECT h:443 HTTP/1.1", HTTP_ERROR_TARGET},
    {"GET / HTTP/1.2", HTTP_ERROR_VERSION},
    {"GET / HTTP/0.9", HTTP_ERROR_VERSION},
    {"GET / HTTP/2.0", HTTP_ERROR_VERSION},
    {"GET / HTTP/2", HTTP_ERROR_VERSION},
    {"GET / HTTP/1", HTTP_ERROR_VERSION},
    {"GET / HTTP/1.", HTTP_ERROR_VERSION},
    {"GET / HTTP/1.10", HTTP_ERROR_VERSION},
    {"GET / HTTP/01.1", HTTP_ERROR_VERSION},
    {"GET / HTTP/1,1", HTTP_ERROR_VERSION},
    {"GET / http/1.1", HTTP_ERROR_VERSION},
    {"GET / HTTPS/1.1", HTTP_ERROR_VERSION},
    {"GET / HTTP/1.1 ", HTTP_ERROR_VERSION},
    {"GET / HTTP/1.1\t", HTTP_ERROR_VERSION},
    {"GET / HTTP/1.1\n", HTTP_ERROR_LINE_END},
    {"GET / HTTP/1.1\r", HTTP_ERROR_LINE_END},
    {"GET / HTTP/1.1\rX: y", HTTP_ERROR_LINE_END},
};

static void request_lines_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(request_lines); i++) {
        struct reading reading = read_request(join("", bytes_of(request_lines[i].text), "\r\nHost: h\r\n\r\n"));
        assert_verdict(&reading, request_lines[i].error, request_lines[i].text);
    }
}

/* Lines after "GET / HTTP/1.1", each with its end. */
static const struct verdict_case field_lines[] = {
    {"", HTTP_FINE},
    {"a:b\r\n", HTTP_FINE},
    {"!#$%&'*+-.^_`|~09azAZ: x\r\n", HTTP_FINE},
    {"a: b: c\r\n", HTTP_FINE},
    {"a: caf\xc3\xa9 \xff\x80\r\n", HTTP_FINE},
    {"a: b\r\na: b\r\n", HTTP_FINE},
    {"a: b\tc\r\n", HTTP_FINE},
    {"a: a long value with a\ttab and then some more of it\r\n", HTTP_FINE},
    {": b\r\n", HTTP_ERROR_FIELD_NAME},
    {":\r\n", HTTP_ERROR_FIELD_NAME},
    {"a\r\n", HTTP_ERROR_FIELD_NAME},
    {"a b: c\r\n", HTTP_ERROR_FIELD_NAME},
    {"a : b\r\n", HTTP_ERROR_FIELD_NAME},
    {"a\t: b\r\n", HTTP_ERROR_FIELD_NAME},
    {"a(b): c\r\n", HTTP_ERROR_FIELD_NAME},
    {"\"a\": b\r\n", HTTP_ERROR_FIELD_NAME},
    {"caf\xc3\xa9: b\r\n", HTTP_ERROR_FIELD_NAME},
    {" a: b\r\n", HTTP_ERROR_FOLDED},
    {"\ta: b\r\n", HTTP_ERROR_FOLDED},
    {"a: b\r\n c\r\n", HTTP_ERROR_FOLDED},
    {"a: b\r\n\tc\r\n", HTTP_ERROR_FOLDED},
    {"a: b\r\n \r\n", HTTP_ERROR_FOLDED},
    {"a: b\n", HTTP_ERROR_LINE_END},
    {"a: b\r\r\n", HTTP_ERROR_LINE_END},
    {"a: b\rc\r\n", HTTP_ERROR_LINE_END},
    {"a: b\r c\r\n", HTTP_ERROR_LINE_END},
    {"a:\n", HTTP_ERROR_LINE_END},
    {"\n", HTTP_ERROR_LINE_END},
    {"\r\r\n", HTTP_ERROR_LINE_END},
    {"\rx\r\n", HTTP_ERROR_LINE_END},
    {"a: b\x01\r\n", HTTP_ERROR_FIELD_VALUE},
    {"a: \x7f\r\n", HTTP_ERROR_FIELD_VALUE},
    {"a: a value of many bytes\vand a bell\r\n", HTTP_ERROR_FIELD_VALUE},
};

static void field_lines_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(field_lines); i++) {
        struct bytes lines = bytes_of(field_lines[i].text);
        struct reading reading = read_request(join("GET / HTTP/1.1\r\nHost: h\r\n", lines, "\r\n"));
        assert_verdict(&reading, field_lines[i].error, field_lines[i].text);
        reading = read_response(join("HTTP/1.1 200 OK\r\n", lines, "\r\n"), false);
        assert_verdict(&reading, field_lines[i].error, field_lines[i].text);
    }
}

static bool is_token(unsigned byte)
{
    if (byte == 0 || byte > 126) return false;
    if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) return true;
    return strchr("!#$%&'*+-.^_`|~", (int)byte) != NULL;
}

/* One odd byte at each of sixteen places of the value: the fast loop takes eight bytes at a time. */
static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char name[] = "X-a-b", target[] = "/path", value[] = "0123456789abcdef";
        bool is_text = (byte >= 0x20 && byte != 0x7f) || byte == '\t';
        bool is_target = byte > 0x20 && byte < 0x7f && byte != '#';
        name[2] = target[2] = (char)byte;
        struct reading reading = read_request(
            join("GET / HTTP/1.1\r\nHost: h\r\n", (struct bytes){name, 5}, ": b\r\n\r\n"));
        /* A colon ends the name before it. */
        assert_int_equal(reading.progress == HTTP_DONE, is_token(byte) || byte == ':');
        reading = read_request(join("GET ", (struct bytes){target, 5}, " HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_int_equal(reading.progress == HTTP_DONE, is_target);
        reading = read_request(join("X", (struct bytes){name + 2, 1}, "Y / HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_int_equal(reading.progress == HTTP_DONE, is_token(byte));
        for (size_t place = 0; place < 16; place++) {
            value[place] = (char)byte;
            struct bytes text = {value, 16};
            reading = read_request(join("GET / HTTP/1.1\r\nHost: h\r\na: ", text, "\r\n\r\n"));
            assert_int_equal(reading.progress == HTTP_DONE, is_text);
            reading = read_response(join("HTTP/1.1 200 ", text, "\r\n\r\n"), false);
            assert_int_equal(reading.progress == HTTP_DONE, is_text);
            value[place] = 'x';
        }
    }
}

static const struct verdict_case hosts[] = {
    {"Host: h\r\n", HTTP_FINE},
    {"hOST:h\r\n", HTTP_FINE},
    {"Host: exchange.example:8443\r\n", HTTP_FINE},
    {"Host: h:\r\n", HTTP_FINE},
    {"Host: 192.0.2.1:65535\r\n", HTTP_FINE},
    {"Host: [2001:db8::1]\r\n", HTTP_FINE},
    {"Host: [::1]:443\r\n", HTTP_FINE},
    {"Host: a_b-c.d~e%20!$&'()*+,;=\r\n", HTTP_FINE},
    {"", HTTP_ERROR_HOST},
    {"X-Host: h\r\n", HTTP_ERROR_HOST},
    {"Host: h\r\nHost: h\r\n", HTTP_ERROR_HOST},
    {"Host: h\r\nhost: i\r\n", HTTP_ERROR_HOST},
    {"Host:\r\n", HTTP_ERROR_HOST},
    {"Host: \t\r\n", HTTP_ERROR_HOST},
    {"Host: :80\r\n", HTTP_ERROR_HOST},
    {"Host: a b\r\n", HTTP_ERROR_HOST},
    {"Host: a/b\r\n", HTTP_ERROR_HOST},
    {"Host: u@h\r\n", HTTP_ERROR_HOST},
    {"Host: http://h\r\n", HTTP_ERROR_HOST},
    {"Host: h:80:80\r\n", HTTP_ERROR_HOST},
    {"Host: h:8o\r\n", HTTP_ERROR_HOST},
    {"Host: h:123456\r\n", HTTP_ERROR_HOST},
    {"Host: caf\xc3\xa9\r\n", HTTP_ERROR_HOST},
    {"Host: []\r\n", HTTP_ERROR_HOST},
    {"Host: [\r\n", HTTP_ERROR_HOST},
    {"Host: [::1\r\n", HTTP_ERROR_HOST},
    {"Host: [::1]x\r\n", HTTP_ERROR_HOST},
    {"Host: [a/b]\r\n", HTTP_ERROR_HOST},
    {"Host: ::1\r\n", HTTP_ERROR_HOST},
};

static void hosts_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hosts); i++) {
        struct bytes lines = bytes_of(hosts[i].text);
        bool is_absent = !strstr(hosts[i].text, "Host") || bytes_starts(lines, BYTES("X-"));
        struct reading reading = read_request(join("GET / HTTP/1.1\r\n", lines, "\r\n"));
        assert_verdict(&reading, hosts[i].error, hosts[i].text);
        reading = read_request(join("GET / HTTP/1.0\r\n", lines, "\r\n"));
        assert_verdict(&reading, is_absent ? HTTP_FINE : hosts[i].error, hosts[i].text);
        reading = read_response(join("HTTP/1.1 200 OK\r\n", lines, "\r\n"), false);
        assert_verdict(&reading, HTTP_FINE, hosts[i].text); /* means nothing there */
    }
}

/* ---- framing ---- */

struct framing_case {
    const char *fields;
    enum http_error error, error_1_0;
    enum http_framing framing; /* of a request */
    uint64_t length;
};

#define REFUSED(name) HTTP_ERROR_##name, HTTP_ERROR_##name, HTTP_NO_BODY, 0
#define REFUSED_BY(name, in_1_0) HTTP_ERROR_##name, HTTP_ERROR_##in_1_0, HTTP_NO_BODY, 0
#define FRAMED(framing, length) HTTP_FINE, HTTP_FINE, framing, length

static const struct framing_case framings[] = {
    {"", FRAMED(HTTP_NO_BODY, 0)},
    {"Content-Length: 0\r\n", FRAMED(HTTP_LENGTH, 0)},
    {"Content-Length: 7\r\n", FRAMED(HTTP_LENGTH, 7)},
    {"Content-Length:007\r\n", FRAMED(HTTP_LENGTH, 7)},
    {"cONTENT-lENGTH: \t7 \r\n", FRAMED(HTTP_LENGTH, 7)},
    {"Content-Length: 7\t\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7 \t \r\n", REFUSED(CONTENT_LENGTH)},
    {"Transfer-Encoding: chunked\t\r\n", REFUSED(CODING)},
    {"Content-Length: 18446744073709551615\r\n", FRAMED(HTTP_LENGTH, UINT64_MAX)},
    {"Content_Length: 7\r\n", FRAMED(HTTP_NO_BODY, 0)},
    {"Content-Lengt\x68s: 7\r\n", FRAMED(HTTP_NO_BODY, 0)},
    {"Content-Length: 18446744073709551616\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length:\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: +7\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: -7\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7.0\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 0x7\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7e1\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7 7\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7, 7\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7,\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: \"7\"\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7\r\nContent-Length: 7\r\n", REFUSED(CONTENT_LENGTH)},
    {"Content-Length: 7\r\nContent-Length: 8\r\n", REFUSED(CONTENT_LENGTH)},
    {"Transfer-Encoding: chunked\r\n", HTTP_FINE, HTTP_ERROR_CODING_IN_1_0, HTTP_CHUNKED, 0},
    {"transfer-encoding:\tCHUNKED \r\n", HTTP_FINE, HTTP_ERROR_CODING_IN_1_0, HTTP_CHUNKED, 0},
    {"Transfer-Encoding:\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: identity\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: gzip\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: gzip, chunked\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: chunked, gzip\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: chunked, chunked\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: chunked,\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: ,chunked\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: xchunked\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: \"chunked\"\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: chunked;q=1\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", REFUSED(CODING)},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", REFUSED(CODING)},
    {"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n", REFUSED(BOTH_FRAMINGS)},
    {"Transfer-Encoding: chunked\r\nContent-Length: 7\r\n", REFUSED(BOTH_FRAMINGS)},
    {"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", REFUSED(BOTH_FRAMINGS)},
};

static void framings_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(framings); i++) {
        const struct framing_case *one = &framings[i];
        struct bytes lines = bytes_of(one->fields);
        struct reading reading = read_request(join("POST / HTTP/1.1\r\nHost: h\r\n", lines, "\r\n"));
        assert_verdict(&reading, one->error, one->fields);
        if (one->error == HTTP_FINE) assert_int_equal(reading.head.framing, one->framing);
        if (one->error == HTTP_FINE) assert_int_equal(reading.head.content_length, one->length);
        reading = read_request(join("POST / HTTP/1.0\r\n", lines, "\r\n"));
        assert_verdict(&reading, one->error_1_0, one->fields);

        /* A response without either lasts until the peer closes. */
        enum http_framing of_response = one->framing == HTTP_NO_BODY ? HTTP_UNTIL_CLOSE : one->framing;
        reading = read_response(join("HTTP/1.1 200 OK\r\n", lines, "\r\n"), false);
        assert_verdict(&reading, one->error, one->fields);
        if (one->error == HTTP_FINE) assert_int_equal(reading.head.framing, of_response);
        if (one->error == HTTP_FINE) assert_int_equal(reading.head.content_length, one->length);
        if (one->error == HTTP_FINE) assert_int_equal(reading.head.keep_alive, of_response != HTTP_UNTIL_CLOSE);
        reading = read_response(join("HTTP/1.0 200 OK\r\n", lines, "\r\n"), false);
        assert_verdict(&reading, one->error_1_0, one->fields);
        /* And none has a body after HEAD; malformed fields are refused all the same. */
        reading = read_response(join("HTTP/1.1 200 OK\r\n", lines, "\r\n"), true);
        assert_verdict(&reading, one->error, one->fields);
        if (one->error == HTTP_FINE) assert_int_equal(reading.head.framing, HTTP_NO_BODY);
        if (one->error == HTTP_FINE) assert_int_equal(reading.head.content_length, 0);
        if (one->error == HTTP_FINE) assert_true(reading.head.keep_alive);
    }
}

static void some_statuses_have_no_body(void **state)
{
    (void)state;
    static const char *const fields[] = {"", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"};
    for (int status = 100; status <= 999; status++) {
        bool is_bare = status < 200 || status == 204 || status == 304;
        for (size_t i = 0; i < COUNT(fields); i++) {
            static const enum http_framing usual[] = {HTTP_UNTIL_CLOSE, HTTP_LENGTH, HTTP_CHUNKED};
            char line[64];
            snprintf(line, sizeof line, "HTTP/1.1 %d x\r\n", status);
            struct reading reading = read_response(join(line, bytes_of(fields[i]), "\r\n"), false);
            assert_verdict(&reading, HTTP_FINE, line);
            assert_int_equal(reading.head.status, status);
            assert_int_equal(reading.head.framing, is_bare ? HTTP_NO_BODY : usual[i]);
            /* Nothing is kept after one that names a body where none may be; a 304 may say how long it would be. */
            assert_int_equal(reading.head.keep_alive, is_bare ? i == 0 || status == 304 : i > 0);
        }
    }
}

static const struct verdict_case status_lines[] = {
    {"HTTP/1.1 200 OK", HTTP_FINE},
    {"HTTP/1.0 200 OK", HTTP_FINE},
    {"HTTP/1.1 200 ", HTTP_FINE},
    {"HTTP/1.1 200", HTTP_FINE},
    {"HTTP/1.1 200 No \t such caf\xc3\xa9", HTTP_FINE},
    {"HTTP/1.1 200  OK", HTTP_FINE},
    {"HTTP/1.1 999 ?", HTTP_FINE},
    {"", HTTP_ERROR_START_LINE},
    {"\r\nHTTP/1.1 200 OK", HTTP_ERROR_START_LINE},
    {" HTTP/1.1 200 OK", HTTP_ERROR_START_LINE},
    {"HT", HTTP_ERROR_START_LINE},
    {"http/1.1 200 OK", HTTP_ERROR_START_LINE},
    {"ICY 200 OK", HTTP_ERROR_START_LINE},
    {"GET / HTTP/1.1", HTTP_ERROR_START_LINE},
    {"HTTP/", HTTP_ERROR_VERSION},
    {"HTTP/1.2 200 OK", HTTP_ERROR_VERSION},
    {"HTTP/0.9 200 OK", HTTP_ERROR_VERSION},
    {"HTTP/2 200 OK", HTTP_ERROR_VERSION},
    {"HTTP/2.0 200 OK", HTTP_ERROR_VERSION},
    {"HTTP/1.10 200 OK", HTTP_ERROR_VERSION},
    {"HTTP/1.1\t200 OK", HTTP_ERROR_VERSION},
    {"HTTP/1.1", HTTP_ERROR_VERSION},
    {"HTTP/1.1  200 OK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 ", HTTP_ERROR_STATUS},
    {"HTTP/1.1 20 OK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 20", HTTP_ERROR_STATUS},
    {"HTTP/1.1 2000 OK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 099 OK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 +20 OK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 2x0 OK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 200\tOK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 200OK", HTTP_ERROR_STATUS},
    {"HTTP/1.1 200 OK\x01", HTTP_ERROR_START_LINE},
    {"HTTP/1.1 200 OK\n", HTTP_ERROR_LINE_END},
    {"HTTP/1.1 200\n", HTTP_ERROR_LINE_END},
    {"HTTP/1.1 200 OK\rX: y", HTTP_ERROR_LINE_END},
    {"HTTP/1.1 200\r\r\n", HTTP_ERROR_LINE_END},
};

static void status_lines_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(status_lines); i++) {
        struct reading reading = read_response(join("", bytes_of(status_lines[i].text), "\r\n\r\n"), false);
        assert_verdict(&reading, status_lines[i].error, status_lines[i].text);
    }
}

/* ---- what else the fields say ---- */

struct connection_case {
    const char *fields;
    bool kept_1_0, kept_1_1;
};

static const struct connection_case connections[] = {
    {"", false, true},
    {"Connection: close\r\n", false, false},
    {"Connection: CLOSE\r\n", false, false},
    {"Connection: keep-alive\r\n", true, true},
    {"Connection: Keep-Alive\r\n", true, true},
    {"Connection: x , close\t, y\r\n", false, false},
    {"Connection: close,\r\n", false, false},
    {"Connection: ,,close\r\n", false, false},
    {"Connection: x, keep-alive\r\n", true, true},
    {"Connection: keep-alive, close\r\n", false, false},
    {"Connection: keep-alive\r\nConnection: close\r\n", false, false},
    {"Connection: close\r\nConnection: keep-alive\r\n", false, false},
    {"Connection: closed\r\n", false, true},
    {"Connection: xclose\r\n", false, true},
    {"Connection: clos\r\n", false, true},
    {"Connection: \"close\"\r\n", false, true},
    {"Connection: x close\r\n", false, true},
    {"Connection:\r\n", false, true},
    {"Keep-Alive: close\r\n", false, true},
};

static void connections_by_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(connections); i++) {
        struct bytes lines = bytes_of(connections[i].fields);
        struct reading reading = read_request(join("GET / HTTP/1.1\r\nHost: h\r\n", lines, "\r\n"));
        assert_int_equal(reading.head.keep_alive, connections[i].kept_1_1);
        reading = read_request(join("GET / HTTP/1.0\r\n", lines, "\r\n"));
        assert_int_equal(reading.head.keep_alive, connections[i].kept_1_0);
        reading = read_response(join("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", lines, "\r\n"), false);
        assert_int_equal(reading.head.keep_alive, connections[i].kept_1_1);
        reading = read_response(join("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n", lines, "\r\n"), false);
        assert_int_equal(reading.head.keep_alive, connections[i].kept_1_0);
    }
}

static void expects_continue_only_from_1_1(void **state)
{
    (void)state;
    const struct bytes asked = BYTES("Expect: 100-continue\r\n"), other = BYTES("Expect: 200-ok\r\n");
    assert_true(read_request(join("GET / HTTP/1.1\r\nHost: h\r\n", asked, "\r\n")).head.expects_continue);
    assert_false(read_request(join("GET / HTTP/1.1\r\nHost: h\r\n", other, "\r\n")).head.expects_continue);
    assert_false(read_request(join("GET / HTTP/1.0\r\nHost: h\r\n", asked, "\r\n")).head.expects_continue);
    assert_false(read_response(join("HTTP/1.1 200 OK\r\n", asked, "\r\n"), false).head.expects_continue);
}

static void lists_are_searched_over_all_fields(void **state)
{
    (void)state;
    struct reading reading = read_request(
        BYTES("GET / HTTP/1.1\r\nHost: h\r\nAccept: a, b;q=1\r\nVary: c\r\naccept:\t D ,,e\r\n\r\n"));
    assert_true(http_field_has(&reading.head, "Accept", "a"));
    assert_true(http_field_has(&reading.head, "ACCEPT", "d"));
    assert_true(http_field_has(&reading.head, "accept", "E"));
    assert_false(http_field_has(&reading.head, "accept", "b"));
    assert_false(http_field_has(&reading.head, "accept", "c"));
    assert_false(http_field_has(&reading.head, "none", "a"));
    assert_true(bytes_is(http_field_find(&reading.head, "accept"), "a, b;q=1"));
}

/* ---- limits ---- */

static struct reading read_limited(struct bytes text, struct http_limits limits)
{
    return read_all_ways(text, (struct http_growing){.is_request = true, .limits = limits});
}

static void the_head_has_a_limit(void **state)
{
    (void)state;
    struct http_limits limits = HTTP_LIMITS;
    const struct bytes text = BYTES("GET /12345 HTTP/1.1\r\nHost: h\r\nX: yyyyyyyyyyyyyy\r\n\r\nGET / HTTP/1.1\r\n");
    size_t head_len = text.len - 16;
    for (limits.head_max = 1; limits.head_max < text.len + 9; limits.head_max++) {
        enum http_error wanted = limits.head_max >= head_len                              ? HTTP_FINE
                                 : limits.head_max < sizeof "GET /12345 HTTP/1.1\r\n" - 1 ? HTTP_ERROR_TARGET_LONG
                                                                                          : HTTP_ERROR_HEAD_LONG;
        struct reading reading = read_limited(text, limits);
        assert_verdict(&reading, wanted, text.at);
    }
    /* An answer that has no target. */
    struct reading reading = read_all_ways(BYTES("HTTP/1.1 200 OK\r\n\r\n"),
                                           (struct http_growing){.limits = {8, 8, 8}});
    assert_verdict(&reading, HTTP_ERROR_HEAD_LONG, "status line");
    /* Not yet over, but not whole. */
    limits.head_max = 10;
    assert_int_equal(read_limited(BYTES("GET /1234"), limits).progress, HTTP_MORE);
    assert_int_equal(read_limited(BYTES_NONE, limits).progress, HTTP_MORE);
    assert_int_equal(read_limited(BYTES("GET /12345"), limits).progress, HTTP_BAD);
}

static void the_target_has_a_limit(void **state)
{
    (void)state;
    struct http_limits limits = HTTP_LIMITS;
    const struct bytes text = BYTES("GET /12345 HTTP/1.1\r\nHost: h\r\n\r\n");
    for (limits.target_max = 1; limits.target_max < 9; limits.target_max++) {
        struct reading reading = read_limited(text, limits);
        assert_verdict(&reading, limits.target_max < 6 ? HTTP_ERROR_TARGET_LONG : HTTP_FINE, text.at);
    }
}

static struct bytes with_fields(unsigned count)
{
    static char text[4096];
    struct sink sink = sink_over(text, sizeof text);
    sink_text(&sink, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (unsigned i = 1; i < count; i++) sink_text(&sink, "a: b\r\n");
    sink_text(&sink, "\r\n");
    return sink_written(&sink);
}

static void the_fields_have_a_limit(void **state)
{
    (void)state;
    struct http_limits limits = HTTP_LIMITS;
    for (limits.fields_max = 1; limits.fields_max < 70; limits.fields_max++) {
        unsigned most = limits.fields_max < HTTP_FIELDS_MAX ? limits.fields_max : HTTP_FIELDS_MAX;
        struct reading reading = read_limited(with_fields(most), limits);
        assert_verdict(&reading, HTTP_FINE, "as many fields as there may be");
        assert_int_equal(reading.head.fields_count, most);
        reading = read_limited(with_fields(most + 1), limits);
        assert_verdict(&reading, HTTP_ERROR_HEAD_LONG, "a field too many");
    }
}

/* ---- words ---- */

static void every_error_has_a_status_and_a_text(void **state)
{
    (void)state;
#define X(name, status, text)                                                                                          \
    assert_int_equal(http_error_status(HTTP_ERROR_##name), status);                                                    \
    assert_string_equal(http_error_text(HTTP_ERROR_##name), text);                                                     \
    assert_string_not_equal(http_status_text(status), "");
    HTTP_ERRORS(X)
#undef X
    assert_string_equal(http_status_text(200), "OK");
    assert_string_equal(http_status_text(100), "Continue");
    assert_string_equal(http_status_text(511), "Network Authentication Required");
    assert_string_equal(http_status_text(299), "");
    assert_string_equal(http_status_text(99), "");
    assert_string_equal(http_status_text(512), "");
    assert_string_equal(http_status_text(-1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(request_lines_by_the_table),
        cmocka_unit_test(field_lines_by_the_table),
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(hosts_by_the_table),
        cmocka_unit_test(framings_by_the_table),
        cmocka_unit_test(some_statuses_have_no_body),
        cmocka_unit_test(status_lines_by_the_table),
        cmocka_unit_test(connections_by_the_table),
        cmocka_unit_test(expects_continue_only_from_1_1),
        cmocka_unit_test(lists_are_searched_over_all_fields),
        cmocka_unit_test(the_head_has_a_limit),
        cmocka_unit_test(the_target_has_a_limit),
        cmocka_unit_test(the_fields_have_a_limit),
        cmocka_unit_test(every_error_has_a_status_and_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

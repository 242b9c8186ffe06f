/* http.h against the fixtures of llhttp 9.4.2: 166 requests and 85 responses with the events or the error llhttp gives.
 *
 * Compared are the verdict, the number of whole messages and the length of each body, whole and byte by byte. Nearly
 * every request there lacks a Host, which alone would make us refuse it and prove nothing: to an HTTP/1.1 request
 * refused for its Host one is added after the start line, and it is read again. Where we still differ, the case stands
 * in `differences` with the reason; one that is not listed fails the test, and so does a listed one that no longer
 * differs.
 *
 * Types named lenient show what llhttp takes with its safety off: there, refusing needs no entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/protocol/codec/http_growing.h"

#define MESSAGES_MAX 32
#define MESSAGE_MAX 65536
#define BODY_MAX 1048576

struct difference {
    const char *file;
    const char *title;
    enum http_error ours; /* HTTP_FINE: we go on where llhttp stops, or frame it otherwise */
    const char *reason;
};

static const struct difference differences[] = {
    /* clang-format off */
    {"request/connection.md", "CRLF between requests, implicit `keep-alive`", HTTP_ERROR_START_LINE, "empty line before a request"},
    {"request/content-length.md", "Content-Length reset when no body is received", HTTP_FINE, "llhttp was told to expect no body; ours waits for it"},
    {"request/content-length.md", "Tabs in `Content-Length` (surrounding)", HTTP_ERROR_CONTENT_LENGTH, "TAB behind it"},
    {"request/invalid.md", "HTTP protocol and ANNOUNCE method", HTTP_FINE, "any token is a method: whether it is known is the server's matter"},
    {"request/invalid.md", "Invalid method", HTTP_FINE, "any token is a method: whether it is known is the server's matter"},
    {"request/method.md", "CONNECT request", HTTP_ERROR_TARGET, "authority-form"},
    {"request/method.md", "CONNECT request with CAPS", HTTP_ERROR_TARGET, "authority-form"},
    {"request/method.md", "CONNECT with body", HTTP_ERROR_TARGET, "authority-form"},
    {"request/method.md", "M-SEARCH request", HTTP_ERROR_TARGET, "\"*\" with a method other than OPTIONS"},
    {"request/method.md", "SOURCE request with ICE", HTTP_ERROR_VERSION, "another protocol"},
    {"request/method.md", "OPTIONS request with RTSP", HTTP_ERROR_VERSION, "another protocol"},
    {"request/method.md", "ANNOUNCE request with RTSP", HTTP_ERROR_VERSION, "another protocol"},
    {"request/pipelining.md", "Should parse multiple events", HTTP_ERROR_START_LINE, "empty line before a request"},
    {"request/sample.md", "Prefix newline", HTTP_ERROR_START_LINE, "empty line before a request"},
    {"request/sample.md", "No HTTP version", HTTP_ERROR_START_LINE, "HTTP/0.9"},
    {"request/sample.md", "Request starting with CRLF", HTTP_ERROR_START_LINE, "empty line before a request"},
    {"request/transfer-encoding.md", "POST with `chunked` as last transfer-encoding", HTTP_ERROR_TARGET, "fragment (and a coding before chunked)"},
    {"request/transfer-encoding.md", "POST with `chunked` as last transfer-encoding (multiple headers)", HTTP_ERROR_TARGET, "fragment (and a coding before chunked)"},
    {"request/transfer-encoding.md", "Chunk extensions quoting", HTTP_ERROR_CHUNK_EXTENSION, "backslash in an extension"},
    {"request/uri.md", "Host terminated by a query string", HTTP_ERROR_TARGET, "absolute-form"},
    {"request/uri.md", "`host:port` terminated by a query string", HTTP_ERROR_TARGET, "absolute-form"},
    {"request/uri.md", "`host:port` terminated by a space", HTTP_ERROR_TARGET, "absolute-form"},
    {"request/uri.md", "Fragment in URI", HTTP_ERROR_TARGET, "fragment"},
    {"request/uri.md", "Underscore in hostname", HTTP_ERROR_TARGET, "authority-form"},
    {"request/uri.md", "`host:port` and basic auth", HTTP_ERROR_TARGET, "absolute-form"},
    {"response/connection.md", "HTTP 304 with Content-Length", HTTP_ERROR_START_LINE, "empty line before a response"},
    {"response/connection.md", "HTTP 100 first, then 400", HTTP_ERROR_START_LINE, "empty line before a response"},
    {"response/content-length.md", "Tabs in `Content-Length` (surrounding)", HTTP_ERROR_CONTENT_LENGTH, "TAB behind it"},
    {"response/pipelining.md", "Should parse multiple events", HTTP_ERROR_START_LINE, "empty line before a response"},
    {"response/sample.md", "RTSP response", HTTP_ERROR_START_LINE, "another protocol"},
    {"response/sample.md", "ICE response", HTTP_ERROR_START_LINE, "another protocol"},
    {"response/sample.md", "HTTP version 0.9", HTTP_ERROR_VERSION, "HTTP/0.9"},
    {"response/sample.md", "Response starting with CRLF", HTTP_ERROR_START_LINE, "empty line before a response"},
    {"response/transfer-encoding.md", "`chunked` before other transfer-encoding", HTTP_ERROR_CODING, "codings other than chunked"},
    {"response/transfer-encoding.md", "multiple transfer-encoding where chunked is not the last one", HTTP_ERROR_CODING, "codings other than chunked"},
    {"response/transfer-encoding.md", "`chunkedchunked` transfer-encoding does not enable chunked enconding", HTTP_ERROR_CODING, "codings other than chunked"},
    /* clang-format on */
};

#define DIFFERENCES (sizeof differences / sizeof differences[0])

/* ---- what a reader made of the bytes ---- */

struct outcome {
    unsigned whole; /* messages read to their end */
    uint64_t bodies[MESSAGES_MAX];
    uint64_t open_body; /* of the message that is not whole yet */
    bool stopped;       /* by its own wish: not kept alive, or upgraded */
    bool refused;
    enum http_error error;
    unsigned hosts_added;
};

struct message {
    char at[MESSAGE_MAX];
    size_t len;
};

struct fixture {
    const char *file;
    char title[256];
    bool is_request;
    bool is_lenient;
    bool is_finished; /* the peer closes after the last byte */
    bool skips_body;
    struct message message;
    struct outcome expected;
    bool stops_for_its_own; /* llhttp paused, or saw data after Connection: close */
};

/* ---- ours ---- */

static void add_host(struct message *message, size_t at)
{
    static const char line[] = "Host: h\r\n";
    const char *end = memchr(message->at + at, '\n', message->len - at);
    assert_non_null(end);
    size_t where = (size_t)(end - message->at) + 1;
    assert_true(message->len + sizeof line - 1 <= sizeof message->at);
    memmove(message->at + where + sizeof line - 1, message->at + where, message->len - where);
    memcpy(message->at + where, line, sizeof line - 1);
    message->len += sizeof line - 1;
}

static enum http_progress read_one(const struct fixture *fixture, struct message *message, size_t *at, size_t step,
                                   struct outcome *outcome)
{
    const struct http_growing growing = {fixture->is_request, fixture->skips_body, HTTP_LIMITS, step};
    struct http_head head;
    struct http_body body;
    size_t used, content;
    struct bytes input = {message->at + *at, message->len - *at};
    enum http_progress progress = http_grow_head(&growing, input, &head, &outcome->error);
    if (progress == HTTP_BAD && outcome->error == HTTP_ERROR_HOST) {
        add_host(message, *at);
        outcome->hosts_added++;
        input.len = message->len - *at;
        progress = http_grow_head(&growing, input, &head, &outcome->error);
    }
    if (progress != HTTP_DONE) return progress;
    *at += head.head_len;
    http_body_start(&body, &head, BODY_MAX);
    progress = http_grow_body(&growing, &body, message->at + *at, message->len - *at, &used, &content, &outcome->error);
    *at += used;
    if (progress == HTTP_MORE && fixture->is_finished && http_body_closed(&body)) progress = HTTP_DONE;
    if (progress == HTTP_MORE) outcome->open_body = body.content;
    if (progress != HTTP_DONE) return progress;
    assert_true(outcome->whole < MESSAGES_MAX);
    outcome->bodies[outcome->whole++] = body.content;
    outcome->stopped = !head.keep_alive || (!fixture->is_request && head.status == 101);
    return HTTP_DONE;
}

/* Ours judges a line at its end; where llhttp refuses one in the middle, that end (and the head's) is put there. */
static void read_ours(const struct fixture *fixture, size_t step, struct outcome *outcome)
{
    static struct message message;
    size_t at = 0;
    enum http_progress progress = HTTP_DONE;
    memcpy(&message, &fixture->message, sizeof message);
    memset(outcome, 0, sizeof *outcome);
    while (progress == HTTP_DONE && !outcome->stopped && at < message.len)
        progress = read_one(fixture, &message, &at, step, outcome);
    if (progress == HTTP_MORE && (fixture->expected.refused || fixture->is_lenient)) {
        memcpy(message.at + message.len, "\r\n\r\n", 4);
        message.len += 4;
        progress = read_one(fixture, &message, &at, step, outcome);
    }
    /* The peer closed in the middle of a message. */
    if (progress == HTTP_MORE && fixture->is_finished) progress = HTTP_BAD;
    outcome->refused = progress == HTTP_BAD;
    if (!outcome->refused) outcome->error = HTTP_FINE;
}

/* ---- comparing ---- */

static bool bodies_agree(const struct outcome *a, const struct outcome *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (a->bodies[i] != b->bodies[i]) return false;
    return true;
}

static bool agrees(const struct fixture *fixture, const struct outcome *ours)
{
    const struct outcome *theirs = &fixture->expected;
    unsigned both = ours->whole < theirs->whole ? ours->whole : theirs->whole;
    if (!bodies_agree(ours, theirs, both)) return false;
    if (fixture->is_lenient && ours->refused) return ours->whole <= theirs->whole;
    if (fixture->stops_for_its_own) return ours->whole >= theirs->whole;
    if (ours->refused != theirs->refused) return false;
    if (ours->refused) return ours->whole <= theirs->whole;
    if (ours->stopped) return ours->whole <= theirs->whole;
    return ours->whole == theirs->whole && ours->open_body == theirs->open_body;
}

static const struct difference *find_difference(const struct fixture *fixture)
{
    for (size_t i = 0; i < DIFFERENCES; i++)
        if (strcmp(differences[i].file, fixture->file) == 0 && strcmp(differences[i].title, fixture->title) == 0)
            return &differences[i];
    return NULL;
}

struct tally {
    unsigned cases, requests, agreed, hosts_added, complaints;
    bool met[DIFFERENCES];
};

static void complain(struct tally *tally, const struct fixture *fixture, const struct outcome *ours, const char *what)
{
    print_error("%s: %s: %s\n  ours: %u whole, %s%s; theirs: %u whole, %s\n", fixture->file, fixture->title, what,
                ours->whole, ours->refused ? "refused: " : "fine", ours->refused ? http_error_text(ours->error) : "",
                fixture->expected.whole, fixture->expected.refused ? "refused" : "fine");
    tally->complaints++;
}

static void judge(struct tally *tally, const struct fixture *fixture)
{
    struct outcome ours, slow;
    read_ours(fixture, MESSAGE_MAX, &ours);
    read_ours(fixture, 1, &slow);
    tally->cases++;
    tally->requests += fixture->is_request;
    tally->hosts_added += ours.hosts_added;
    if (memcmp(&ours, &slow, sizeof ours) != 0) complain(tally, fixture, &slow, "differs from itself byte by byte");
    const struct difference *listed = find_difference(fixture);
    if (listed) tally->met[listed - differences] = true;
    if (agrees(fixture, &ours)) {
        tally->agreed++;
        if (listed) complain(tally, fixture, &ours, "listed, but does not differ");
        return;
    }
    if (!listed)
        complain(tally, fixture, &ours, "differs, and is not listed");
    else if (listed->ours != ours.error)
        complain(tally, fixture, &ours, "differs otherwise than listed");
}

/* ---- reading the fixtures ---- */

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static size_t unescape(const char *at, char *out)
{
    static const char letters[] = "rntf", meant[] = "\r\n\t\f";
    const char *letter = at[1] ? strchr(letters, at[1]) : NULL;
    uint8_t raw;
    if (letter) {
        *out = meant[letter - letters];
        return 2;
    }
    if (at[1] == 'x' && bytes_unhex((struct bytes){at + 2, 2}, &raw, 1)) {
        *out = (char)raw;
        return 4;
    }
    size_t digits = 0;
    unsigned value = 0;
    while (digits < 3 && is_octal(at[1 + digits])) value = value * 8 + (unsigned)(at[1 + digits++] - '0');
    *out = digits > 0 ? (char)value : '\\';
    return 1 + digits;
}

/* Drops the last newline, joins lines that end in a backslash, makes line ends CRLF, then reads the escapes. */
static void read_message(struct bytes block, struct message *message)
{
    message->len = 0;
    if (block.len > 0 && block.at[block.len - 1] == '\n') block.len--;
    for (size_t i = 0; i < block.len;) {
        assert_true(message->len + 8 < sizeof message->at);
        if (block.at[i] == '\\' && i + 1 < block.len && block.at[i + 1] == '\n') {
            i += 2;
        } else if (block.at[i] == '\\') {
            i += unescape(block.at + i, &message->at[message->len++]);
        } else {
            if (block.at[i] == '\n') message->at[message->len++] = '\r';
            message->at[message->len++] = block.at[i++];
        }
    }
}

static uint64_t number_after(struct bytes line, const char *word)
{
    const char *at = memmem(line.at, line.len, word, strlen(word));
    return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

static bool holds(struct bytes line, const char *word)
{
    return memmem(line.at, line.len, word, strlen(word)) != NULL;
}

#define CODE_CLOSED_CONNECTION 5
#define CODE_PAUSED_FIRST 21
#define CODE_PAUSED_LAST 23

/* What the end of the connection means then: 0 nothing, 1 the end of a body, 2 a message cut. */
static void read_finish(uint64_t finish, struct outcome *expected)
{
    expected->refused = finish == 2;
    if (finish == 1) expected->bodies[expected->whole++] = expected->open_body;
}

static void read_log(struct bytes block, struct fixture *fixture)
{
    struct outcome *expected = &fixture->expected;
    memset(expected, 0, sizeof *expected);
    fixture->stops_for_its_own = false;
    while (block.len > 0) {
        struct bytes line;
        block = bytes_split(block, '\n', &line);
        if (holds(line, "span[body]=")) expected->open_body += number_after(line, "len=");
        if (holds(line, "message complete")) {
            assert_true(expected->whole < MESSAGES_MAX);
            expected->bodies[expected->whole++] = expected->open_body;
            expected->open_body = 0;
        }
        if (holds(line, "finish=")) read_finish(number_after(line, "finish="), expected);
        if (!holds(line, "error code=")) continue;
        uint64_t code = number_after(line, "error code=");
        bool own = code == CODE_CLOSED_CONNECTION || (code >= CODE_PAUSED_FIRST && code <= CODE_PAUSED_LAST);
        fixture->stops_for_its_own |= own;
        expected->refused |= !own;
    }
}

static void read_meta(struct bytes line, struct fixture *fixture)
{
    fixture->is_request = holds(line, "\"request");
    fixture->is_lenient = holds(line, "lenient");
    fixture->is_finished = holds(line, "-finish");
    fixture->skips_body = holds(line, "skipBody");
}

static void read_title(struct bytes line, struct fixture *fixture)
{
    while (line.len > 0 && (*line.at == '#' || *line.at == ' ')) line = bytes_from(line, 1);
    struct sink sink = sink_over(fixture->title, sizeof fixture->title - 1);
    sink_bytes(&sink, line);
    assert_false(sink.cut);
    fixture->title[sink.len] = '\0';
}

static struct bytes take_fenced(struct bytes *text)
{
    const char *end = memmem(text->at, text->len, "\n```", 4);
    assert_non_null(end);
    struct bytes block = {text->at, (size_t)(end - text->at) + 1};
    *text = bytes_from(*text, block.len + 4);
    return block;
}

static void judge_file(struct tally *tally, const char *file, struct bytes text)
{
    static struct fixture fixture;
    fixture.file = file;
    while (text.len > 0) {
        struct bytes line;
        text = bytes_split(text, '\n', &line);
        if (bytes_starts(line, BYTES("#"))) read_title(line, &fixture);
        if (bytes_starts(line, BYTES("<!-- meta="))) read_meta(line, &fixture);
        if (bytes_is(line, "```http")) read_message(take_fenced(&text), &fixture.message);
        if (!bytes_is(line, "```log")) continue;
        read_log(take_fenced(&text), &fixture);
        judge(tally, &fixture);
    }
}

static const char *const files[] = {
    "request/connection.md",
    "request/content-length.md",
    "request/finish.md",
    "request/invalid.md",
    "request/lenient-header-value-relaxed.md",
    "request/lenient-headers.md",
    "request/lenient-version.md",
    "request/method.md",
    "request/pausing.md",
    "request/pipelining.md",
    "request/sample.md",
    "request/transfer-encoding.md",
    "request/uri.md",
    "response/connection.md",
    "response/content-length.md",
    "response/finish.md",
    "response/invalid.md",
    "response/lenient-version.md",
    "response/pausing.md",
    "response/pipelining.md",
    "response/sample.md",
    "response/transfer-encoding.md",
};

static void all_fixtures(void **state)
{
    (void)state;
    static char text[MESSAGE_MAX * 2];
    struct tally tally = {0};
    if (access(OUTCRY_SUITES_DIR "/llhttp", R_OK) != 0) {
        print_message("skipped: no %s/llhttp\n", OUTCRY_SUITES_DIR);
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/llhttp/%s", OUTCRY_SUITES_DIR, files[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t len = fread(text, 1, sizeof text, file);
        fclose(file);
        assert_true(len < sizeof text);
        judge_file(&tally, files[i], (struct bytes){text, len});
    }
    for (size_t i = 0; i < DIFFERENCES; i++) {
        if (tally.met[i]) continue;
        print_error("listed, but no such case: %s: %s\n", differences[i].file, differences[i].title);
        tally.complaints++;
    }
    print_message("%u cases, %u agree, %u Host lines added\n", tally.cases, tally.agreed, tally.hosts_added);
    assert_int_equal(tally.complaints, 0);
    assert_int_equal(tally.cases, 251);
    assert_int_equal(tally.requests, 166);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_fixtures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

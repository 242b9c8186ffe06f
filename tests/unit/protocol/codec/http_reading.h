/* What the tests of HTTP heads share: a head read in several ways at once, and tables of verdicts. Include after
 * cmocka.h. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/protocol/codec/http_growing.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

struct reading {
    enum http_progress progress;
    enum http_error error; /* HTTP_FINE unless HTTP_BAD */
    struct http_head head;
};

static inline struct reading read_by(struct bytes input, struct http_growing growing)
{
    struct reading reading = {.error = HTTP_FINE};
    reading.progress = http_grow_head(&growing, input, &reading.head, &reading.error);
    return reading;
}

static inline void assert_same_head(const struct http_head *a, const struct http_head *b)
{
    assert_true(bytes_same(a->method, b->method) && bytes_same(a->target, b->target));
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->minor, b->minor);
    assert_int_equal(a->keep_alive, b->keep_alive);
    assert_int_equal(a->expects_continue, b->expects_continue);
    assert_int_equal(a->framing, b->framing);
    assert_int_equal(a->content_length, b->content_length);
    assert_int_equal(a->head_len, b->head_len);
    assert_int_equal(a->fields_count, b->fields_count);
}

/* The input is copied to a block of its own size, so that a sanitizer sees a byte read past it. */
static inline struct reading read_all_ways(struct bytes text, struct http_growing growing)
{
    static char *kept; /* what the last reading points into */
    free(kept);
    kept = malloc(text.len + (text.len == 0));
    assert_non_null(kept);
    if (text.len > 0) memcpy(kept, text.at, text.len);
    struct bytes input = {kept, text.len};
    growing.step = text.len + 1;
    struct reading whole = read_by(input, growing);
    for (growing.step = 1; growing.step <= 3; growing.step++) {
        struct reading slow = read_by(input, growing);
        assert_int_equal(slow.progress, whole.progress);
        assert_int_equal(slow.error, whole.error);
        if (whole.progress == HTTP_DONE) assert_same_head(&slow.head, &whole.head);
    }
    if (whole.progress == HTTP_DONE) {
        struct reading cut = read_by(bytes_first(input, whole.head.head_len - 1), growing);
        assert_int_equal(cut.progress, HTTP_MORE);
    }
    if (text.len == 0) free(kept), kept = NULL;
    return whole;
}

static inline struct reading read_request(struct bytes text)
{
    return read_all_ways(text, (struct http_growing){.is_request = true, .limits = HTTP_LIMITS});
}

static inline struct reading read_response(struct bytes text, bool to_head)
{
    return read_all_ways(text, (struct http_growing){.to_head = to_head, .limits = HTTP_LIMITS});
}

/* `before`, `text`, `after` in a row, in memory that lasts until the next call. */
static inline struct bytes join(const char *before, struct bytes text, const char *after)
{
    static char joined[70000];
    struct sink sink = sink_over(joined, sizeof joined);
    sink_text(&sink, before);
    sink_bytes(&sink, text);
    sink_text(&sink, after);
    assert_false(sink.cut);
    return sink_written(&sink);
}

static inline void assert_verdict(const struct reading *reading, enum http_error wanted, const char *text)
{
    bool right = reading->error == wanted && (reading->progress == HTTP_DONE) == (wanted == HTTP_FINE);
    if (!right)
        fail_msg("\"%s\": %s, not %s (progress %d)", text, http_error_text(reading->error), http_error_text(wanted),
                 reading->progress);
}

struct verdict_case {
    const char *text;
    enum http_error error;
};

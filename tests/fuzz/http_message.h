/* What must hold of any bytes read as HTTP: cut anywhere they read the same; what a head points to lies inside it;
 * content never exceeds its input or its limit; and what comes after a message is not touched. It aborts (check) where
 * not. */
#pragma once

#include <stdlib.h>

#include "protocol/base/check.h"
#include "tests/unit/protocol/codec/http_growing.h"

#define FUZZ_BODY_MAX 1000u
#define FUZZ_LIMITS ((struct http_limits){.head_max = 600, .target_max = 60, .fields_max = 12})

struct fuzz_reading {
    enum http_progress progress;
    enum http_error error;
    bool has_head;
    struct http_head head;
    size_t used;        /* raw bytes of the body */
    size_t content_len; /* at the front of the body */
    bool may_close;
    char *at; /* the bytes after reading, of the input's size */
};

static inline void fuzz_check_inside(struct bytes part, const char *at, size_t len)
{
    check(part.len == 0 || (part.at >= at && part.at + part.len <= at + len));
}

static inline void fuzz_check_head(const struct http_growing *growing, const struct fuzz_reading *reading, size_t size)
{
    const struct http_head *head = &reading->head;
    const char *at = reading->at;
    check(head->head_len <= size && head->head_len <= growing->limits.head_max);
    check(head->fields_count <= growing->limits.fields_max && (head->minor == 0 || head->minor == 1));
    for (unsigned i = 0; i < head->fields_count; i++) {
        check(head->fields[i].name.len > 0);
        fuzz_check_inside(head->fields[i].name, at, head->head_len);
        fuzz_check_inside(head->fields[i].value, at, head->head_len);
        check(!memchr(head->fields[i].value.at, '\n', head->fields[i].value.len));
    }
    if (growing->is_request) {
        fuzz_check_inside(head->target, at, head->head_len);
        fuzz_check_inside(head->path, at, head->head_len);
        fuzz_check_inside(head->query, at, head->head_len);
        check(head->method.len > 0 && head->target.len <= growing->limits.target_max);
        check(head->framing != HTTP_UNTIL_CLOSE);
        check(head->minor == 0 || http_field_find(head, "host").len > 0);
    } else {
        check(head->status >= 100 && head->status <= 999);
        check(head->framing != HTTP_UNTIL_CLOSE || !head->keep_alive);
    }
    check(head->framing != HTTP_CHUNKED || (head->minor == 1 && !http_field_find(head, "content-length").at));
}

static inline void fuzz_read(const struct http_growing *growing, const uint8_t *data, size_t size,
                             struct fuzz_reading *reading)
{
    struct http_body body;
    *reading = (struct fuzz_reading){.error = HTTP_FINE, .at = malloc(size + 1)};
    check(reading->at != NULL);
    if (size > 0) memcpy(reading->at, data, size);
    struct bytes input = {reading->at, size};
    reading->progress = http_grow_head(growing, input, &reading->head, &reading->error);
    check((reading->progress == HTTP_BAD) == (reading->error != HTTP_FINE));
    if (reading->progress != HTTP_DONE) return;
    reading->has_head = true;
    fuzz_check_head(growing, reading, size);
    size_t head_len = reading->head.head_len, raw_len = size - head_len;
    http_body_start(&body, &reading->head, FUZZ_BODY_MAX);
    reading->progress = http_grow_body(growing, &body, reading->at + head_len, raw_len, &reading->used,
                                       &reading->content_len, &reading->error);
    reading->may_close = http_body_closed(&body);
    check((reading->progress == HTTP_BAD) == (reading->error != HTTP_FINE));
    check(reading->used <= raw_len && reading->content_len <= reading->used);
    check(reading->content_len == body.content && body.content <= FUZZ_BODY_MAX);
    check(reading->progress != HTTP_DONE || reading->may_close);
    check(memcmp(reading->at, data, head_len) == 0);
    const size_t end = head_len + reading->used;
    check(end == size || memcmp(reading->at + end, data + end, size - end) == 0);
}

static inline void fuzz_check_same(const struct fuzz_reading *a, const struct fuzz_reading *b)
{
    check(a->progress == b->progress && a->error == b->error && a->has_head == b->has_head);
    if (!a->has_head) return;
    check(a->head.head_len == b->head.head_len && a->head.fields_count == b->head.fields_count);
    check(a->head.status == b->head.status && a->head.framing == b->head.framing);
    check(a->head.keep_alive == b->head.keep_alive && a->head.content_length == b->head.content_length);
    check(a->used == b->used && a->content_len == b->content_len && a->may_close == b->may_close);
    check(memcmp(a->at + a->head.head_len, b->at + b->head.head_len, a->content_len) == 0);
}

/* Whole, byte by byte, and in pieces whose size comes with the input. */
static inline void fuzz_http(bool is_request, bool to_head, const uint8_t *data, size_t size)
{
    struct http_growing growing = {is_request, to_head, FUZZ_LIMITS, size + 1};
    struct fuzz_reading whole, slow;
    const size_t steps[] = {1, 2 + (size > 0 ? data[size - 1] % 61u : 0)};
    fuzz_read(&growing, data, size, &whole);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        growing.step = steps[i];
        fuzz_read(&growing, data, size, &slow);
        fuzz_check_same(&whole, &slow);
        free(slow.at);
    }
    free(whole.at);
}

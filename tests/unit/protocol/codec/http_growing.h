/* Reads a message as a connection would, a few bytes more at a time. What comes out must not depend on how many. */
#pragma once

#include "protocol/codec/http.h"

struct http_growing {
    bool is_request;
    bool to_head; /* responses: the request was HEAD */
    struct http_limits limits;
    size_t step; /* bytes that arrive at a time */
};

static inline enum http_progress http_grow_head(const struct http_growing *growing, struct bytes input,
                                                struct http_head *head, enum http_error *error)
{
    size_t from = 0;
    for (;;) {
        size_t there = growing->step < input.len - from ? from + growing->step : input.len;
        struct bytes seen = bytes_first(input, there);
        enum http_progress progress = growing->is_request ? http_read_request(seen, from, &growing->limits, head, error)
                                                          : http_read_response(seen, from, growing->to_head,
                                                                               &growing->limits, head, error);
        if (progress != HTTP_MORE || there == input.len) return progress;
        from = there;
    }
}

/* Decodes in place: the content ends up in raw[0..*content). */
static inline enum http_progress http_grow_body(const struct http_growing *growing, struct http_body *body, char *raw,
                                                size_t raw_len, size_t *used, size_t *content, enum http_error *error)
{
    size_t there = 0;
    enum http_progress progress;
    *used = *content = 0;
    do {
        size_t taken, given;
        there = growing->step < raw_len - there ? there + growing->step : raw_len;
        progress = http_body_read(body, raw + *used, there - *used, raw + *content, &taken, &given, error);
        *used += taken;
        *content += given;
    } while (progress == HTTP_MORE && there < raw_len);
    return progress;
}

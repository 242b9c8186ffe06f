/* Requests and responses differ only in how the head is read. Content is decoded in place, so a message needs one
 * buffer and no copy; when the buffer has to move while a message arrives, the head is read again once at the end. */
#include "protocol/wire/incoming.h"

#include <stdlib.h>

#include "protocol/base/check.h"

#define ROOM_MIN 512u           /* less free than this: grow rather than read in crumbs */
#define FRAMING_BYTES_MAX 4096u /* chunk sizes, extensions and trailers that may stand unread beside a full body */

enum side { REQUEST, RESPONSE, RESPONSE_TO_HEAD };

static enum http_progress advance(struct incoming *incoming, enum side side, const struct http_limits *limits,
                                  size_t body_max, enum http_error *error);
static enum http_progress take_head(struct incoming *incoming, enum side side, const struct http_limits *limits,
                                    size_t body_max, enum http_error *error);
static enum http_progress read_head(struct incoming *incoming, enum side side, size_t len,
                                    const struct http_limits *limits, enum http_error *error);
static void settle(struct incoming *incoming, enum side side, const struct http_limits *limits);

size_t incoming_max(const struct http_limits *limits, size_t body_max)
{
    return limits->head_max + body_max + FRAMING_BYTES_MAX;
}

char *incoming_room(struct incoming *incoming, size_t total_max, size_t *room)
{
    size_t content_end = incoming->has_head ? incoming->head.head_len + incoming->content_len : 0;
    if (incoming->cap - incoming->len < ROOM_MIN && incoming->has_head && incoming->raw > content_end) {
        /* Chunk framing left a gap: close it before growing. */
        memmove(incoming->at + content_end, incoming->at + incoming->raw, incoming->len - incoming->raw);
        size_t gap = incoming->raw - content_end;
        incoming->len -= gap;
        incoming->raw = content_end;
        explicit_bzero(incoming->at + incoming->len, gap);
    }
    if (incoming->cap - incoming->len < ROOM_MIN && incoming->cap < total_max) {
        size_t cap = incoming->cap ? incoming->cap * 2 : INCOMING_FIRST;
        if (cap > total_max) cap = total_max;
        char *at = malloc(cap);
        if (!at) return NULL;
        if (incoming->len) memcpy(at, incoming->at, incoming->len);
        if (incoming->at) explicit_bzero(incoming->at, incoming->len);
        free(incoming->at);
        incoming->at = at;
        incoming->cap = cap;
        incoming->moved = true;
    }
    *room = incoming->cap - incoming->len;
    return *room ? incoming->at + incoming->len : NULL;
}

enum http_progress incoming_request(struct incoming *incoming, const struct http_limits *limits, size_t body_max,
                                    enum http_error *error)
{
    return advance(incoming, REQUEST, limits, body_max, error);
}

enum http_progress incoming_response(struct incoming *incoming, bool to_head, const struct http_limits *limits,
                                     size_t body_max, enum http_error *error)
{
    return advance(incoming, to_head ? RESPONSE_TO_HEAD : RESPONSE, limits, body_max, error);
}

enum http_progress incoming_head(struct incoming *incoming, const struct http_limits *limits, size_t body_max,
                                 enum http_error *error)
{
    return take_head(incoming, REQUEST, limits, body_max, error);
}

void incoming_allow(struct incoming *incoming, uint64_t body_max)
{
    incoming->body.body_max = body_max;
}

static enum http_progress take_head(struct incoming *incoming, enum side side, const struct http_limits *limits,
                                    size_t body_max, enum http_error *error)
{
    if (incoming->has_head) return HTTP_DONE;
    if (incoming->len == 0) return HTTP_MORE;
    enum http_progress progress = read_head(incoming, side, incoming->len, limits, error);
    incoming->seen = incoming->len;
    if (progress != HTTP_DONE) return progress;
    incoming->has_head = true;
    incoming->moved = false;
    incoming->raw = incoming->head.head_len;
    incoming->content_len = 0;
    http_body_start(&incoming->body, &incoming->head, body_max);
    return HTTP_DONE;
}

static enum http_progress advance(struct incoming *incoming, enum side side, const struct http_limits *limits,
                                  size_t body_max, enum http_error *error)
{
    enum http_progress progress = take_head(incoming, side, limits, body_max, error);
    if (progress != HTTP_DONE) return progress;
    size_t taken = 0, given = 0;
    char *content_at = incoming->at + incoming->head.head_len + incoming->content_len;
    progress = http_body_read(&incoming->body, incoming->at + incoming->raw, incoming->len - incoming->raw, content_at,
                              &taken, &given, error);
    incoming->raw += taken;
    incoming->content_len += given;
    if (progress == HTTP_DONE) settle(incoming, side, limits);
    return progress;
}

static enum http_progress read_head(struct incoming *incoming, enum side side, size_t len,
                                    const struct http_limits *limits, enum http_error *error)
{
    struct bytes input = {incoming->at, len};
    if (side == REQUEST) return http_read_request(input, incoming->seen, limits, &incoming->head, error);
    return http_read_response(input, incoming->seen, side == RESPONSE_TO_HEAD, limits, &incoming->head, error);
}

/* The message is whole: its head must point into the buffer as it is now. */
static void settle(struct incoming *incoming, enum side side, const struct http_limits *limits)
{
    if (!incoming->moved) return;
    enum http_error error;
    incoming->seen = 0;
    enum http_progress again = read_head(incoming, side, incoming->head.head_len, limits, &error);
    check(again == HTTP_DONE, "a head read well once must read well again");
    incoming->moved = false;
}

bool incoming_closed(struct incoming *incoming, const struct http_limits *limits, bool to_head)
{
    if (!incoming->has_head || incoming->head.framing != HTTP_UNTIL_CLOSE || !http_body_closed(&incoming->body))
        return false;
    settle(incoming, to_head ? RESPONSE_TO_HEAD : RESPONSE, limits);
    return true;
}

/* [ head | content | gap | rest ]  ->  [ head | rest ] */
void incoming_drop(struct incoming *incoming)
{
    size_t head_len = incoming->head.head_len, rest = incoming->len - incoming->raw, old_len = incoming->len;
    check(incoming->has_head);
    if (rest) memmove(incoming->at + head_len, incoming->at + incoming->raw, rest);
    incoming->len = head_len + rest;
    explicit_bzero(incoming->at + incoming->len, old_len - incoming->len);
    incoming->raw = head_len;
    incoming->content_len = 0;
}

void incoming_settle(struct incoming *incoming, const struct http_limits *limits)
{
    if (incoming->has_head) settle(incoming, REQUEST, limits);
}

struct bytes incoming_content(const struct incoming *incoming)
{
    if (!incoming->has_head) return BYTES_NONE;
    return (struct bytes){incoming->at + incoming->head.head_len, incoming->content_len};
}

size_t incoming_rest(const struct incoming *incoming)
{
    return incoming->has_head ? incoming->len - incoming->raw : incoming->len;
}

/* Ready for a head: the buffer holds `len` bytes of it. */
static void start_over(struct incoming *incoming, size_t len)
{
    incoming->len = len;
    incoming->has_head = false;
    incoming->seen = 0;
    incoming->raw = 0;
    incoming->content_len = 0;
}

void incoming_next(struct incoming *incoming)
{
    size_t rest = incoming_rest(incoming), old_len = incoming->len;
    if (rest && rest != old_len) memmove(incoming->at, incoming->at + (old_len - rest), rest);
    if (old_len > rest) explicit_bzero(incoming->at + rest, old_len - rest);
    start_over(incoming, rest);
}

void incoming_clear(struct incoming *incoming)
{
    if (incoming->at) explicit_bzero(incoming->at, incoming->len);
    start_over(incoming, 0);
    if (incoming->cap <= INCOMING_KEPT) return;
    free(incoming->at);
    incoming->at = NULL;
    incoming->cap = 0;
}

void incoming_free(struct incoming *incoming)
{
    if (incoming->at) explicit_bzero(incoming->at, incoming->len);
    free(incoming->at);
    *incoming = (struct incoming){0};
}

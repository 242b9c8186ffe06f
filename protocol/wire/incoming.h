/* incoming: one HTTP message as it arrives, and what follows it. For server.c and client.c.
 *
 *   [ head | content ......... | raw, not looked at yet | free ]
 *          ^ head_len          ^ content_len later      ^ len
 *
 * The buffer starts small, grows with what truly arrives (never with what is promised) up to limits, and is kept
 * between messages unless it grew large. What was used is wiped when the message is let go, since leads pass through
 * here. One thread; the holder owns the struct. */
#pragma once

#include "protocol/base/fault.h"
#include "protocol/codec/http.h"

#define INCOMING_FIRST 4096u /* bytes of a new buffer */
#define INCOMING_KEPT 16384u /* a larger buffer is not kept */

struct incoming {
    char *at;
    size_t len;
    size_t cap;
    size_t seen;        /* of a head that is not whole yet: bytes the grammar has looked at */
    size_t raw;         /* where the raw part starts, once the head is whole */
    size_t content_len; /* decoded so far, from head_len on */
    bool has_head;
    bool moved; /* the buffer moved since the head was read: its pointers are stale */
    struct http_head head;
    struct http_body body;
};

/* Where to read to: at least one byte, at most *room; NULL when it would pass total_max or memory
 * is out. */
char *incoming_room(struct incoming *incoming, size_t total_max, size_t *room);
/* The same without ever moving the buffer: for bytes that follow a message somebody is still reading. */
static inline char *incoming_spare(const struct incoming *incoming, size_t *room)
{
    *room = incoming->cap - incoming->len;
    return *room ? incoming->at + incoming->len : NULL;
}
static inline void incoming_got(struct incoming *incoming, size_t got)
{
    incoming->len += got;
}
/* As incoming_request, but no further than to the end of the head: HTTP_DONE as soon as that is whole. Before the
 * content is read incoming_allow may say how much there may be of it. */
enum http_progress incoming_head(struct incoming *incoming, const struct http_limits *limits, size_t body_max,
                                 enum http_error *error);
void incoming_allow(struct incoming *incoming, uint64_t body_max);
/* Looks at what has arrived. HTTP_DONE: head and content are whole. HTTP_BAD: *error says why. */
enum http_progress incoming_request(struct incoming *incoming, const struct http_limits *limits, size_t body_max,
                                    enum http_error *error);
enum http_progress incoming_response(struct incoming *incoming, bool to_head, const struct http_limits *limits,
                                     size_t body_max, enum http_error *error);
/* The peer closed: true if the message is whole by that (a response without a length). */
bool incoming_closed(struct incoming *incoming, const struct http_limits *limits, bool to_head);
/* Of a message that is not whole yet: lets go of the content so far, which is wiped; the head can be looked at again.
 */
void incoming_drop(struct incoming *incoming);
/* Of a message that is not whole yet: the head can be looked at again, though the buffer may have moved. */
void incoming_settle(struct incoming *incoming, const struct http_limits *limits);
/* The content; valid until the next call that takes a non-const incoming. */
struct bytes incoming_content(const struct incoming *incoming);
/* Bytes after the message. */
size_t incoming_rest(const struct incoming *incoming);
/* Drops the message, keeps the rest as the beginning of the next. */
void incoming_next(struct incoming *incoming);
/* Drops all. */
void incoming_clear(struct incoming *incoming);
void incoming_free(struct incoming *incoming);
/* What a message of these limits needs at most. */
size_t incoming_max(const struct http_limits *limits, size_t body_max);

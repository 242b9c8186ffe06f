/* http: the HTTP/1.1 grammar, both sides, without I/O (RFC 9110, RFC 9112), strict.
 *
 * A head is read in one pass over contiguous bytes; everything in the result points into them. CRLF only; no obs-fold,
 * no empty field name, no white space before the colon, no byte below 0x20 but TAB and no DEL in values; Host exactly
 * once in requests; Content-Length digits only and at most once; both framings are an error; the one transfer coding is
 * exactly "chunked", and not on HTTP/1.0; version 1.0 or 1.1. After an error the connection is to be closed. No state
 * but struct http_body; any thread. */
#pragma once

#include "protocol/base/bytes.h"

#define HTTP_FIELDS_MAX 64

struct http_limits {
    size_t head_max;   /* start line and fields, the empty line included */
    size_t target_max; /* of the request target */
    unsigned fields_max;
};

#define HTTP_LIMITS ((struct http_limits){.head_max = 16384, .target_max = 2048, .fields_max = HTTP_FIELDS_MAX})

enum http_progress { HTTP_MORE, HTTP_DONE, HTTP_BAD };

/* Why a message was refused, and the status a server answers with. */
#define HTTP_ERRORS(X)                                                                                                 \
    X(START_LINE, 400, "malformed start line")                                                                         \
    X(METHOD, 400, "malformed method")                                                                                 \
    X(TARGET, 400, "malformed request target")                                                                         \
    X(TARGET_LONG, 414, "request target too long")                                                                     \
    X(VERSION, 400, "unsupported HTTP version")                                                                        \
    X(STATUS, 400, "malformed status code")                                                                            \
    X(LINE_END, 400, "line not ended by CRLF")                                                                         \
    X(FIELD_NAME, 400, "malformed field name")                                                                         \
    X(FIELD_VALUE, 400, "malformed field value")                                                                       \
    X(FOLDED, 400, "folded field line")                                                                                \
    X(HEAD_LONG, 431, "head too long or too many fields")                                                              \
    X(HOST, 400, "Host missing, doubled or malformed")                                                                 \
    X(CONTENT_LENGTH, 400, "malformed or doubled Content-Length")                                                      \
    X(BOTH_FRAMINGS, 400, "Content-Length and Transfer-Encoding together")                                             \
    X(CODING, 501, "transfer coding other than chunked")                                                               \
    X(CODING_IN_1_0, 400, "Transfer-Encoding in HTTP/1.0")                                                             \
    X(CHUNK_SIZE, 400, "malformed chunk size")                                                                         \
    X(CHUNK_END, 400, "chunk not ended by CRLF")                                                                       \
    X(CHUNK_EXTENSION, 400, "chunk extensions too long")                                                               \
    X(TRAILER, 400, "malformed or too long trailer")                                                                   \
    X(BODY_LONG, 413, "body too long")                                                                                 \
    X(LATE, 408, "not whole in time") /* the server's word: the grammar knows no time */

enum http_error {
    HTTP_FINE,
#define X(name, status, text) HTTP_ERROR_##name,
    HTTP_ERRORS(X)
#undef X
};

int http_error_status(enum http_error error);
const char *http_error_text(enum http_error error);

struct http_field {
    struct bytes name;
    struct bytes value; /* without white space around it */
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

struct http_head {
    struct bytes method; /* requests */
    struct bytes target; /* requests: as it stands */
    struct bytes path;   /* requests: target up to '?' (not percent-decoded) */
    struct bytes query;  /* requests: after '?', may be empty */
    int status;          /* responses: 100..999 */
    int minor;           /* HTTP/1.minor */
    bool keep_alive;     /* by version and Connection */
    bool expects_continue;
    enum http_framing framing;
    uint64_t content_length; /* HTTP_LENGTH */
    size_t head_len;         /* bytes up to and with the empty line */
    unsigned fields_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* HTTP_MORE: not whole yet (and within the limits so far). HTTP_BAD: *error says why. `from` is how many leading bytes
 * earlier calls already saw and answered with HTTP_MORE (0 at first): a growing head is read again only when a line has
 * come to its end. The verdict does not depend on how the bytes are cut; it may come before the head is whole. A
 * request head may not be preceded by empty lines. The method is any token (whether it is known is the server's
 * matter), the target is origin-form, or "*" with OPTIONS: absolute-form and authority-form (CONNECT), which are for
 * proxies, and a '#' are refused. Host is one non-empty uri-host with an optional port; HTTP/1.0 may leave it out.
 * Codings of the content (Content-Encoding) are the caller's matter. */
enum http_progress http_read_request(struct bytes input, size_t from, const struct http_limits *limits,
                                     struct http_head *head, enum http_error *error);
/* The space before an empty reason phrase may be missing. 1xx, 204 and 304 have no body (after a 204 that names one all
 * the same the connection is not kept); without a length others last until the peer closes, and are not kept alive.
 * `to_head`: the request was HEAD, so no body follows whatever the fields say. 1xx heads are returned like others (the
 * caller skips them; 101 included). */
enum http_progress http_read_response(struct bytes input, size_t from, bool to_head, const struct http_limits *limits,
                                      struct http_head *head, enum http_error *error);
/* The value of the first field of that name (any case), or .at NULL. */
struct bytes http_field_find(const struct http_head *head, const char *name);
/* True if any field of that name holds `token` in its comma-separated list (any case). */
bool http_field_has(const struct http_head *head, const char *name, const char *token);

/* The body's framing, decoded in place: content bytes move to the front of the buffer over chunk sizes and trailers.
 *
 *   [ content ready | raw, not yet looked at ]   →  http_body_read  →  [ content ready ....... | rest: next message ]
 */
struct http_body {
    enum http_framing framing;
    uint64_t left;    /* of the length or the current chunk */
    uint64_t content; /* content bytes so far */
    uint64_t body_max;
    unsigned state;    /* of the chunked grammar */
    unsigned digits;   /* of the chunk size being read */
    unsigned extra;    /* extension, then trailer bytes so far, capped */
    unsigned matched;  /* which framing names the trailer name may be */
    unsigned name_len; /* of the trailer name so far */
};

void http_body_start(struct http_body *body, const struct http_head *head, uint64_t body_max);
/* Reads raw[0..raw_len): moves content to content_at (which is at or before raw; both in one buffer), *taken = raw
 * bytes used up, *given = content bytes written (both also when HTTP_BAD). HTTP_DONE when the message is whole: at
 * once, without any raw bytes, when there is no content. A declared length over body_max is refused before its first
 * byte. Chunk sizes have 1 to 8 digits; chunk extensions (256 bytes a message) and trailers (4 KiB) are checked and
 * dropped; a Content-Length or Transfer-Encoding among the trailers is refused. */
enum http_progress http_body_read(struct http_body *body, char *raw, size_t raw_len, char *content_at, size_t *taken,
                                  size_t *given, enum http_error *error);
/* The peer closed: true if that ends the body properly (HTTP_UNTIL_CLOSE, or nothing was due). */
bool http_body_closed(const struct http_body *body);

/* The standard phrase of a status, or "". */
const char *http_status_text(int status);

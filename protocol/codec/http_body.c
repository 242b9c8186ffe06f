/* The body's framing (RFC 9112 sections 6 and 7).
 *
 * What stands between the chunks is read by a small automaton, byte by byte: a table of state and byte class, where no
 * entry means refused. So the grammar is seen at a glance, and a message cut anywhere is read like a whole one. Content
 * is moved, never looked at. */
#include "protocol/codec/http.h"

/* Nobody needs either; both are only a way to keep us busy. */
#define EXTENSIONS_MAX 256u /* bytes of all chunk extensions of a message */
#define TRAILERS_MAX 4096u  /* bytes of all trailer lines of a message */
#define SIZE_DIGITS_MAX 8u

enum class {
    CONTROL, /* below 0x20 but TAB, CR and LF; and DEL */
    CR,
    LF,
    HEX,
    TCHAR, /* token bytes that are no hexadecimal digit */
    SEMICOLON,
    EQUALS,
    QUOTE,
    BACKSLASH,
    COLON,
    BLANK, /* space and TAB */
    OTHER, /* visible, and no token byte; and 0x80 to 0xff */
    CLASSES
};

static const uint8_t classes[256] = {
    ['\t'] = BLANK,          ['\n'] = LF,           ['\r'] = CR,
    [' '] = BLANK,           ['!'] = TCHAR,         ['"'] = QUOTE,
    ['#' ... '\''] = TCHAR,  ['(' ... ')'] = OTHER, ['*' ... '+'] = TCHAR,
    [','] = OTHER,           ['-' ... '.'] = TCHAR, ['/'] = OTHER,
    ['0' ... '9'] = HEX,     [':'] = COLON,         [';'] = SEMICOLON,
    ['<'] = OTHER,           ['='] = EQUALS,        ['>' ... '@'] = OTHER,
    ['A' ... 'F'] = HEX,     ['G' ... 'Z'] = TCHAR, ['['] = OTHER,
    ['\\'] = BACKSLASH,      [']'] = OTHER,         ['^' ... '`'] = TCHAR,
    ['a' ... 'f'] = HEX,     ['g' ... 'z'] = TCHAR, ['{'] = OTHER,
    ['|'] = TCHAR,           ['}'] = OTHER,         ['~'] = TCHAR,
    [0x80 ... 0xff] = OTHER,
};

enum state {
    REFUSED, /* no such entry */
    SIZE_FIRST,
    SIZE_MORE,
    EXTENSION, /* after ';' */
    EXTENSION_NAME,
    EXTENSION_EQUALS,
    EXTENSION_VALUE,
    EXTENSION_QUOTED,
    EXTENSION_UNQUOTED, /* after the closing quote */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* at the start of a line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    WHOLE,
    STATES
};

/* A backslash is refused in extensions: what it escapes is where parsers of quoted strings differ.
 * SIZE_LF goes on to DATA or, after the chunk of size 0, to TRAILER: end_size decides. */
static const uint8_t moves[STATES][CLASSES] = {
    [SIZE_FIRST] = {[HEX] = SIZE_MORE},
    [SIZE_MORE] = {[HEX] = SIZE_MORE, [SEMICOLON] = EXTENSION, [CR] = SIZE_LF},
    [EXTENSION] = {[HEX] = EXTENSION_NAME, [TCHAR] = EXTENSION_NAME},
    [EXTENSION_NAME] = {[HEX] = EXTENSION_NAME,
                        [TCHAR] = EXTENSION_NAME,
                        [EQUALS] = EXTENSION_EQUALS,
                        [SEMICOLON] = EXTENSION,
                        [CR] = SIZE_LF},
    [EXTENSION_EQUALS] = {[HEX] = EXTENSION_VALUE, [TCHAR] = EXTENSION_VALUE, [QUOTE] = EXTENSION_QUOTED},
    [EXTENSION_VALUE] = {[HEX] = EXTENSION_VALUE, [TCHAR] = EXTENSION_VALUE, [SEMICOLON] = EXTENSION, [CR] = SIZE_LF},
    [EXTENSION_QUOTED] = {[HEX] = EXTENSION_QUOTED,
                          [TCHAR] = EXTENSION_QUOTED,
                          [SEMICOLON] = EXTENSION_QUOTED,
                          [EQUALS] = EXTENSION_QUOTED,
                          [QUOTE] = EXTENSION_UNQUOTED,
                          [COLON] = EXTENSION_QUOTED,
                          [BLANK] = EXTENSION_QUOTED,
                          [OTHER] = EXTENSION_QUOTED},
    [EXTENSION_UNQUOTED] = {[SEMICOLON] = EXTENSION, [CR] = SIZE_LF},
    [SIZE_LF] = {[LF] = DATA},
    [DATA_CR] = {[CR] = DATA_LF},
    [DATA_LF] = {[LF] = SIZE_FIRST},
    [TRAILER] = {[HEX] = TRAILER_NAME, [TCHAR] = TRAILER_NAME, [CR] = LAST_LF},
    [TRAILER_NAME] = {[HEX] = TRAILER_NAME, [TCHAR] = TRAILER_NAME, [COLON] = TRAILER_VALUE},
    [TRAILER_VALUE] = {[HEX] = TRAILER_VALUE,
                       [TCHAR] = TRAILER_VALUE,
                       [SEMICOLON] = TRAILER_VALUE,
                       [EQUALS] = TRAILER_VALUE,
                       [QUOTE] = TRAILER_VALUE,
                       [BACKSLASH] = TRAILER_VALUE,
                       [COLON] = TRAILER_VALUE,
                       [BLANK] = TRAILER_VALUE,
                       [OTHER] = TRAILER_VALUE,
                       [CR] = TRAILER_LF},
    [TRAILER_LF] = {[LF] = TRAILER},
    [LAST_LF] = {[LF] = WHOLE},
};

/* What a byte without an entry is called. */
static const uint8_t refusals[STATES] = {
    [SIZE_FIRST] = HTTP_ERROR_CHUNK_SIZE,
    [SIZE_MORE] = HTTP_ERROR_CHUNK_SIZE,
    [EXTENSION] = HTTP_ERROR_CHUNK_EXTENSION,
    [EXTENSION_NAME] = HTTP_ERROR_CHUNK_EXTENSION,
    [EXTENSION_EQUALS] = HTTP_ERROR_CHUNK_EXTENSION,
    [EXTENSION_VALUE] = HTTP_ERROR_CHUNK_EXTENSION,
    [EXTENSION_QUOTED] = HTTP_ERROR_CHUNK_EXTENSION,
    [EXTENSION_UNQUOTED] = HTTP_ERROR_CHUNK_EXTENSION,
    [SIZE_LF] = HTTP_ERROR_LINE_END,
    [DATA_CR] = HTTP_ERROR_CHUNK_END,
    [DATA_LF] = HTTP_ERROR_CHUNK_END,
    [TRAILER] = HTTP_ERROR_TRAILER,
    [TRAILER_NAME] = HTTP_ERROR_TRAILER,
    [TRAILER_VALUE] = HTTP_ERROR_TRAILER,
    [TRAILER_LF] = HTTP_ERROR_TRAILER,
    [LAST_LF] = HTTP_ERROR_TRAILER,
};

typedef enum http_progress body_reader(struct http_body *body, char *raw, size_t raw_len, char *content_at,
                                       size_t *taken, size_t *given, enum http_error *error);
static body_reader read_nothing, read_length, read_chunked, read_until_close;

static body_reader *const readers[] = {
    [HTTP_NO_BODY] = read_nothing,
    [HTTP_LENGTH] = read_length,
    [HTTP_CHUNKED] = read_chunked,
    [HTTP_UNTIL_CLOSE] = read_until_close,
};

void http_body_start(struct http_body *body, const struct http_head *head, uint64_t body_max)
{
    *body = (struct http_body){
        .framing = head->framing,
        .left = head->framing == HTTP_LENGTH ? head->content_length : 0,
        .body_max = body_max,
        .state = SIZE_FIRST,
    };
}

enum http_progress http_body_read(struct http_body *body, char *raw, size_t raw_len, char *content_at, size_t *taken,
                                  size_t *given, enum http_error *error)
{
    *taken = 0;
    *given = 0;
    return readers[body->framing](body, raw, raw_len, content_at, taken, given, error);
}

bool http_body_closed(const struct http_body *body)
{
    switch (body->framing) {
    case HTTP_LENGTH:
        return body->left == 0;
    case HTTP_CHUNKED:
        return body->state == WHOLE;
    default:
        return true;
    }
}

static enum http_progress read_nothing(struct http_body *body, char *raw, size_t raw_len, char *content_at,
                                       size_t *taken, size_t *given, enum http_error *error)
{
    (void)body, (void)raw, (void)raw_len, (void)content_at, (void)taken, (void)given, (void)error;
    return HTTP_DONE;
}

static void move_content(struct http_body *body, char *raw, size_t len, char *content_at, size_t *taken, size_t *given);

static enum http_progress read_length(struct http_body *body, char *raw, size_t raw_len, char *content_at,
                                      size_t *taken, size_t *given, enum http_error *error)
{
    if (body->left > body->body_max - body->content) {
        *error = HTTP_ERROR_BODY_LONG;
        return HTTP_BAD;
    }
    size_t len = body->left < raw_len ? (size_t)body->left : raw_len;
    body->left -= len;
    move_content(body, raw, len, content_at, taken, given);
    return body->left == 0 ? HTTP_DONE : HTTP_MORE;
}

static enum http_progress read_until_close(struct http_body *body, char *raw, size_t raw_len, char *content_at,
                                           size_t *taken, size_t *given, enum http_error *error)
{
    uint64_t room = body->body_max - body->content;
    move_content(body, raw, raw_len < room ? raw_len : (size_t)room, content_at, taken, given);
    if (raw_len <= room) return HTTP_MORE;
    *error = HTTP_ERROR_BODY_LONG;
    return HTTP_BAD;
}

static enum http_error step(struct http_body *body, char byte);

static enum http_progress read_chunked(struct http_body *body, char *raw, size_t raw_len, char *content_at,
                                       size_t *taken, size_t *given, enum http_error *error)
{
    while (body->state != WHOLE && *taken < raw_len) {
        size_t rest = raw_len - *taken;
        if (body->state == DATA) {
            size_t len = body->left < rest ? (size_t)body->left : rest;
            body->left -= len;
            move_content(body, raw, len, content_at, taken, given);
            if (body->left == 0) body->state = DATA_CR;
            continue;
        }
        enum http_error found = step(body, raw[*taken]);
        if (found != HTTP_FINE) {
            *error = found;
            return HTTP_BAD;
        }
        ++*taken;
    }
    return body->state == WHOLE ? HTTP_DONE : HTTP_MORE;
}

static void move_content(struct http_body *body, char *raw, size_t len, char *content_at, size_t *taken, size_t *given)
{
    if (len > 0 && raw + *taken != content_at + *given) memmove(content_at + *given, raw + *taken, len);
    *taken += len;
    *given += len;
    body->content += len;
}

static unsigned hex_value(char digit)
{
    return digit <= '9' ? (unsigned)(digit - '0') : ((unsigned)digit | 0x20u) - 'a' + 10u;
}
static enum http_error end_size(struct http_body *body);
static void match_name(struct http_body *body, char byte, bool is_first);
static bool is_framing_name(const struct http_body *body);

/* One byte outside the content. On an error nothing has changed but counts, so the same byte is refused again. */
static enum http_error step(struct http_body *body, char byte)
{
    unsigned state = body->state;
    unsigned next = moves[state][classes[(uint8_t)byte]];
    if (next == REFUSED) return (enum http_error)refusals[state];
    if (next == SIZE_MORE) {
        if (state == SIZE_FIRST) body->digits = 0;
        if (body->digits == SIZE_DIGITS_MAX) return HTTP_ERROR_CHUNK_SIZE;
        body->digits++;
        body->left = body->left << 4 | hex_value(byte);
    }
    if (next >= EXTENSION && next <= EXTENSION_UNQUOTED && ++body->extra > EXTENSIONS_MAX)
        return HTTP_ERROR_CHUNK_EXTENSION;
    if (next >= TRAILER && ++body->extra > TRAILERS_MAX) return HTTP_ERROR_TRAILER;
    if (next == TRAILER_NAME) match_name(body, byte, state == TRAILER);
    if (state == TRAILER_NAME && next == TRAILER_VALUE && is_framing_name(body)) return HTTP_ERROR_TRAILER;
    if (state == SIZE_LF) return end_size(body);
    body->state = next;
    return HTTP_FINE;
}

/* The size line is whole. `left` is 0 again by the time the next one starts. */
static enum http_error end_size(struct http_body *body)
{
    if (body->left > body->body_max - body->content) return HTTP_ERROR_BODY_LONG;
    body->state = body->left > 0 ? DATA : TRAILER;
    if (body->state == TRAILER) body->extra = 0;
    return HTTP_FINE;
}

/* A length or coding that comes after the content has been framed would be believed by a parser that merges trailers
 * into the head (RFC 9110 section 6.5.1 forbids sending one). Names come in pieces: `matched` says which of these may
 * still be it. */
static const struct bytes framing_names[] = {
    {"content-length", 14},
    {"transfer-encoding", 17},
};

#define FRAMING_NAMES (sizeof framing_names / sizeof framing_names[0])

static void match_name(struct http_body *body, char byte, bool is_first)
{
    if (is_first) {
        body->matched = (1u << FRAMING_NAMES) - 1;
        body->name_len = 0;
    }
    for (unsigned i = 0; i < FRAMING_NAMES; i++) {
        struct bytes name = framing_names[i];
        if (body->name_len >= name.len || (byte | 0x20) != name.at[body->name_len]) body->matched &= ~(1u << i);
    }
    body->name_len++;
}

static bool is_framing_name(const struct http_body *body)
{
    for (unsigned i = 0; i < FRAMING_NAMES; i++)
        if ((body->matched >> i & 1u) && framing_names[i].len == body->name_len) return true;
    return false;
}

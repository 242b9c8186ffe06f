/* The head grammar (RFC 9112 sections 2 to 6). The body's is in http_body.c.
 *
 * A head that arrives whole, which is nearly every head, is read in one pass: table-driven loops over the bytes, and
 * the five fields that decide framing are found by the length of their name, no two of which are alike. A head that
 * arrives in pieces is read again only when a line has come to its end, and a verdict is given only on whole lines, so
 * that the answer never depends on how the bytes were cut.
 *
 * Where the RFC lets a recipient be lenient, this is not: every leniency is a place where two parsers in a row may see
 * two different messages. */
#include "protocol/codec/http.h"

enum { TOKEN = 1, TEXT = 2, TARGET = 4, HOST = 8 };

/* RFC 9110 section 5.6.2 (token), section 5.5 (field content, obs-text included), RFC 3986 (reg-name). A target holds
 * any visible ASCII but '#', which never goes on the wire. */
static const uint8_t classes[256] = {
    ['\t'] = TEXT,
    [' '] = TEXT,
    ['!'] = TOKEN | TEXT | TARGET | HOST,
    ['"'] = TEXT | TARGET,
    ['#'] = TOKEN | TEXT,
    ['$' ... '\''] = TOKEN | TEXT | TARGET | HOST,
    ['(' ... ')'] = TEXT | TARGET | HOST,
    ['*' ... '+'] = TOKEN | TEXT | TARGET | HOST,
    [','] = TEXT | TARGET | HOST,
    ['-' ... '.'] = TOKEN | TEXT | TARGET | HOST,
    ['/'] = TEXT | TARGET,
    ['0' ... '9'] = TOKEN | TEXT | TARGET | HOST,
    [':'] = TEXT | TARGET,
    [';'] = TEXT | TARGET | HOST,
    ['<'] = TEXT | TARGET,
    ['='] = TEXT | TARGET | HOST,
    ['>' ... '@'] = TEXT | TARGET,
    ['A' ... 'Z'] = TOKEN | TEXT | TARGET | HOST,
    ['[' ... ']'] = TEXT | TARGET,
    ['^'] = TOKEN | TEXT | TARGET,
    ['_'] = TOKEN | TEXT | TARGET | HOST,
    ['`'] = TOKEN | TEXT | TARGET,
    ['a' ... 'z'] = TOKEN | TEXT | TARGET | HOST,
    ['{'] = TEXT | TARGET,
    ['|'] = TOKEN | TEXT | TARGET,
    ['}'] = TEXT | TARGET,
    ['~'] = TOKEN | TEXT | TARGET | HOST,
    [0x80 ... 0xff] = TEXT,
};

struct reader {
    const char *at;
    const char *end;
    const char *line; /* where the line being read starts */
    const struct http_limits *limits;
    struct http_head *head;
    bool is_request;
    bool has_host;
    bool has_length;
    bool has_coding;
    bool closes;
    bool keeps;
};

typedef enum http_error start_line_reader(struct reader *reader);

/* Inside, one more outcome: the bytes ran out in the middle of a line. */
#define RAN_OUT ((enum http_error)(-1))

static enum http_progress read_head(struct reader *reader, struct bytes input, size_t from,
                                    start_line_reader *start_line, enum http_error *error);
static start_line_reader read_request_line, read_status_line;
static void frame_response(struct http_head *head, bool to_head);

enum http_progress http_read_request(struct bytes input, size_t from, const struct http_limits *limits,
                                     struct http_head *head, enum http_error *error)
{
    struct reader reader = {.limits = limits, .head = head, .is_request = true};
    return read_head(&reader, input, from, read_request_line, error);
}

enum http_progress http_read_response(struct bytes input, size_t from, bool to_head, const struct http_limits *limits,
                                      struct http_head *head, enum http_error *error)
{
    struct reader reader = {.limits = limits, .head = head};
    enum http_progress progress = read_head(&reader, input, from, read_status_line, error);
    if (progress == HTTP_DONE) frame_response(head, to_head);
    return progress;
}

struct bytes http_field_find(const struct http_head *head, const char *name)
{
    struct bytes wanted = bytes_of(name);
    for (unsigned i = 0; i < head->fields_count; i++)
        if (bytes_same_folded(head->fields[i].name, wanted)) return head->fields[i].value;
    return BYTES_NONE;
}

static bool list_has(struct bytes list, struct bytes token);

bool http_field_has(const struct http_head *head, const char *name, const char *token)
{
    struct bytes wanted = bytes_of(name);
    for (unsigned i = 0; i < head->fields_count; i++) {
        const struct http_field *field = &head->fields[i];
        if (bytes_same_folded(field->name, wanted) && list_has(field->value, bytes_of(token))) return true;
    }
    return false;
}

/* ---- the head as a whole ---- */

static enum http_error read_fields(struct reader *reader);
static enum http_error settle_framing(struct reader *reader);

/* The end of a line seen for the first time is the only news worth reading for. */
static bool has_new_line(struct bytes seen, size_t from)
{
    return from == 0 || bytes_find(bytes_from(seen, from), '\n') < seen.len - from;
}

static enum http_progress read_head(struct reader *reader, struct bytes input, size_t from,
                                    start_line_reader *start_line, enum http_error *error)
{
    const struct http_limits *limits = reader->limits;
    struct bytes seen = bytes_first(input, limits->head_max);
    enum http_error found = RAN_OUT;
    if (from < seen.len && has_new_line(seen, from)) {
        reader->at = reader->line = seen.at;
        reader->end = seen.at + seen.len;
        reader->head->fields_count = 0;
        reader->head->expects_continue = false;
        reader->head->content_length = 0;
        found = start_line(reader);
        if (found == HTTP_FINE) found = read_fields(reader);
        if (found == HTTP_FINE) found = settle_framing(reader);
        /* Not before its line is whole: a head read byte by byte gets the same verdict. */
        if (found != HTTP_FINE && !memchr(reader->line, '\n', (size_t)(reader->end - reader->line))) found = RAN_OUT;
    }
    if (found == RAN_OUT && input.len < limits->head_max) return HTTP_MORE;
    *error = found == RAN_OUT ? HTTP_ERROR_HEAD_LONG : found;
    if (found == RAN_OUT && reader->is_request && bytes_find(seen, '\n') == seen.len) *error = HTTP_ERROR_TARGET_LONG;
    if (found != HTTP_FINE) return HTTP_BAD;
    reader->head->head_len = (size_t)(reader->at - seen.at);
    return HTTP_DONE;
}

/* What the fields said about length and connection, once all are known (RFC 9112 sections 6.1 to 6.3, 9.3). */
static enum http_error settle_framing(struct reader *reader)
{
    struct http_head *head = reader->head;
    if (reader->has_length && reader->has_coding) return HTTP_ERROR_BOTH_FRAMINGS;
    if (reader->has_coding && head->minor == 0) return HTTP_ERROR_CODING_IN_1_0;
    if (reader->is_request && head->minor == 1 && !reader->has_host) return HTTP_ERROR_HOST;
    head->framing = reader->has_coding ? HTTP_CHUNKED : reader->has_length ? HTTP_LENGTH : HTTP_NO_BODY;
    head->keep_alive = !reader->closes && (head->minor == 1 || reader->keeps);
    if (head->minor == 0) head->expects_continue = false; /* RFC 9110 section 10.1.1 */
    return HTTP_FINE;
}

/* RFC 9112 section 6.3, rules 1, 2 and 8. */
static void frame_response(struct http_head *head, bool to_head)
{
    bool names_body = head->framing == HTTP_CHUNKED || head->content_length > 0;
    if (to_head || head->status < 200 || head->status == 204 || head->status == 304) {
        /* No sender may name a body there (RFC 9112 section 6.1, RFC 9110 section 8.6); one that does may send it too.
         */
        if (names_body && !to_head && head->status != 304) head->keep_alive = false;
        head->framing = HTTP_NO_BODY;
        head->content_length = 0;
    } else if (head->framing == HTTP_NO_BODY) {
        head->framing = HTTP_UNTIL_CLOSE;
        head->keep_alive = false;
    }
}

/* ---- start lines ---- */

static enum http_error split_target(struct reader *reader);
static enum http_error read_line_end(struct reader *reader, enum http_error otherwise);

static const char *skip(const char *at, const char *end, uint8_t class)
{
    while (at < end && (classes[(uint8_t)*at] & class)) at++;
    return at;
}

static struct bytes between(const char *from, const char *to)
{
    return (struct bytes){from, (size_t)(to - from)};
}

/* "HTTP/1.0" or "HTTP/1.1". Fewer bytes are none: if they are the beginning of one, their line has no end yet and is
 * not judged. */
static bool read_version(struct reader *reader)
{
    if (reader->end - reader->at < 8) return false;
    if (memcmp(reader->at, "HTTP/1.", 7) != 0 || (reader->at[7] != '0' && reader->at[7] != '1')) return false;
    reader->head->minor = reader->at[7] - '0';
    reader->at += 8;
    return true;
}

/* method SP request-target SP HTTP-version CRLF, one space each (RFC 9112 section 3). */
static enum http_error read_request_line(struct reader *reader)
{
    struct http_head *head = reader->head;
    const char *start = reader->at;
    reader->at = skip(start, reader->end, TOKEN);
    head->method = between(start, reader->at);
    if (reader->at == reader->end) return RAN_OUT;
    if (head->method.len == 0 && (*start == '\r' || *start == '\n')) return HTTP_ERROR_START_LINE;
    if (head->method.len == 0 || *reader->at != ' ') return HTTP_ERROR_METHOD;

    start = ++reader->at;
    reader->at = skip(start, reader->end, TARGET);
    head->target = between(start, reader->at);
    if (reader->at == reader->end) return RAN_OUT;
    if (head->target.len == 0) return HTTP_ERROR_START_LINE;
    if (head->target.len > reader->limits->target_max) return HTTP_ERROR_TARGET_LONG;
    /* A line without a version is HTTP/0.9. */
    if (*reader->at == '\r' || *reader->at == '\n') return HTTP_ERROR_START_LINE;
    if (*reader->at != ' ') return HTTP_ERROR_TARGET;
    enum http_error error = split_target(reader);
    if (error != HTTP_FINE) return error;

    reader->at++;
    if (!read_version(reader)) return HTTP_ERROR_VERSION;
    return read_line_end(reader, HTTP_ERROR_VERSION);
}

/* Origin-form, or "*" with OPTIONS. Absolute-form and authority-form are for proxies and refused (RFC 9112
 * section 3.2). */
static enum http_error split_target(struct reader *reader)
{
    struct http_head *head = reader->head;
    bool is_whole_server = bytes_same(head->target, BYTES("*")) && bytes_same(head->method, BYTES("OPTIONS"));
    if (head->target.at[0] != '/' && !is_whole_server) return HTTP_ERROR_TARGET;
    head->query = bytes_split(head->target, '?', &head->path);
    return HTTP_FINE;
}

static bool starts_like(const struct reader *reader, struct bytes text);
static const char *skip_text(const char *at, const char *end);

/* HTTP-version SP 3DIGIT [ SP [ reason-phrase ] ] CRLF (RFC 9112 section 4). The grammar wants the second space even
 * before an empty phrase; enough servers leave it out, and nothing can be read two ways without it. */
static enum http_error read_status_line(struct reader *reader)
{
    if (!starts_like(reader, BYTES("HTTP/"))) return HTTP_ERROR_START_LINE;
    if (!read_version(reader)) return HTTP_ERROR_VERSION;
    if (reader->at == reader->end) return RAN_OUT;
    if (*reader->at++ != ' ') return HTTP_ERROR_VERSION;
    int status = 0;
    for (int i = 0; i < 3; i++, reader->at++) {
        if (reader->at == reader->end) return RAN_OUT;
        if (*reader->at < '0' || *reader->at > '9') return HTTP_ERROR_STATUS;
        status = status * 10 + (*reader->at - '0');
    }
    if (reader->at == reader->end) return RAN_OUT;
    if (status < 100) return HTTP_ERROR_STATUS;
    reader->head->status = status;
    if (*reader->at != ' ') return read_line_end(reader, HTTP_ERROR_STATUS);
    reader->at = skip_text(reader->at, reader->end);
    return read_line_end(reader, HTTP_ERROR_START_LINE);
}

/* False when the bytes there are, maybe fewer than the text's, already differ. */
static bool starts_like(const struct reader *reader, struct bytes text)
{
    struct bytes there = between(reader->at, reader->end);
    return bytes_starts(there, bytes_first(text, there.len));
}

/* CRLF and nothing else; `otherwise` if the line simply goes on. */
static enum http_error read_line_end(struct reader *reader, enum http_error otherwise)
{
    if (reader->at == reader->end) return RAN_OUT;
    if (reader->at[0] == '\n') return HTTP_ERROR_LINE_END;
    if (reader->at[0] != '\r') return otherwise;
    if (reader->end - reader->at < 2) return RAN_OUT;
    if (reader->at[1] != '\n') return HTTP_ERROR_LINE_END;
    reader->at += 2;
    return HTTP_FINE;
}

/* ---- fields ---- */

static enum http_error read_field(struct reader *reader, struct http_field *field);
static enum http_error take_field(struct reader *reader, const struct http_field *field);

static enum http_error read_fields(struct reader *reader)
{
    struct http_head *head = reader->head;
    unsigned fields_max = reader->limits->fields_max < HTTP_FIELDS_MAX ? reader->limits->fields_max : HTTP_FIELDS_MAX;
    for (;;) {
        reader->line = reader->at;
        if (reader->at == reader->end) return RAN_OUT;
        if (*reader->at == '\r') return read_line_end(reader, HTTP_ERROR_LINE_END);
        if (head->fields_count == fields_max) return HTTP_ERROR_HEAD_LONG;
        struct http_field *field = &head->fields[head->fields_count];
        enum http_error error = read_field(reader, field);
        if (error == HTTP_FINE) error = take_field(reader, field);
        if (error != HTTP_FINE) return error;
        head->fields_count++;
    }
}

static struct bytes trimmed(const char *from, const char *to);

/* field-name ":" OWS field-value OWS CRLF (RFC 9112 section 5). */
static enum http_error read_field(struct reader *reader, struct http_field *field)
{
    const char *start = reader->at;
    if (*start == ' ' || *start == '\t') return HTTP_ERROR_FOLDED;
    if (*start == '\n') return HTTP_ERROR_LINE_END;
    reader->at = skip(start, reader->end, TOKEN);
    field->name = between(start, reader->at);
    if (reader->at == reader->end) return RAN_OUT;
    if (field->name.len == 0 || *reader->at != ':') return HTTP_ERROR_FIELD_NAME;
    start = ++reader->at;
    reader->at = skip_text(start, reader->end);
    field->value = trimmed(start, reader->at);
    return read_line_end(reader, HTTP_ERROR_FIELD_VALUE);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct bytes trimmed(const char *from, const char *to)
{
    while (from < to && is_space(*from)) from++;
    while (to > from && is_space(to[-1])) to--;
    return between(from, to);
}

/* Past all bytes a field value may hold. Eight at a time while none of them is below 0x20 or DEL; a TAB leaves the fast
 * loop for good, which is rare and only slower. */
static const char *skip_text(const char *at, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t del = word ^ (ones * 0x7f);
        uint64_t low = (word - ones * 0x20) & ~word;
        if (((low | ((del - ones) & ~del)) & (ones * 0x80)) != 0) break;
        at += 8;
    }
    return skip(at, end, TEXT);
}

/* ---- the fields that decide something ---- */

typedef enum http_error field_taker(struct reader *reader, struct bytes value);
static field_taker take_host, take_expect, take_connection, take_content_length, take_transfer_encoding;

struct known_field {
    const char *name; /* lower case, as long as its index */
    field_taker *take;
};

#define KNOWN_FIELD_LONGEST 17

static const struct known_field known_fields[KNOWN_FIELD_LONGEST + 1] = {
    [4] = {"host", take_host},
    [6] = {"expect", take_expect},
    [10] = {"connection", take_connection},
    [14] = {"content-length", take_content_length},
    [17] = {"transfer-encoding", take_transfer_encoding},
};

static enum http_error take_field(struct reader *reader, const struct http_field *field)
{
    if (field->name.len > KNOWN_FIELD_LONGEST) return HTTP_FINE;
    const struct known_field *known = &known_fields[field->name.len];
    if (!known->name) return HTTP_FINE;
    /* Setting bit 0x20 folds letters; no other token byte becomes a letter or '-' by it. */
    for (size_t i = 0; i < field->name.len; i++)
        if ((field->name.at[i] | 0x20) != known->name[i]) return HTTP_FINE;
    return known->take(reader, field->value);
}

static bool is_host(struct bytes value);

static enum http_error take_host(struct reader *reader, struct bytes value)
{
    if (!reader->is_request) return HTTP_FINE;
    if (reader->has_host || !is_host(value)) return HTTP_ERROR_HOST;
    reader->has_host = true;
    return HTTP_FINE;
}

static enum http_error take_expect(struct reader *reader, struct bytes value)
{
    if (bytes_same_folded(value, BYTES("100-continue"))) reader->head->expects_continue = reader->is_request;
    return HTTP_FINE;
}

static enum http_error take_connection(struct reader *reader, struct bytes value)
{
    if (list_has(value, BYTES("close"))) reader->closes = true;
    if (list_has(value, BYTES("keep-alive"))) reader->keeps = true;
    return HTTP_FINE;
}

static bool is_followed_by_tab(struct bytes value);

/* Once, digits only: also the list of equal values RFC 9112 section 6.3 lets pass is refused. */
static enum http_error take_content_length(struct reader *reader, struct bytes value)
{
    if (reader->has_length || is_followed_by_tab(value)) return HTTP_ERROR_CONTENT_LENGTH;
    if (!bytes_u64(value, &reader->head->content_length)) return HTTP_ERROR_CONTENT_LENGTH;
    reader->has_length = true;
    return HTTP_FINE;
}

static enum http_error take_transfer_encoding(struct reader *reader, struct bytes value)
{
    if (reader->has_coding || is_followed_by_tab(value)) return HTTP_ERROR_CODING;
    if (!bytes_same_folded(value, BYTES("chunked"))) return HTTP_ERROR_CODING;
    reader->has_coding = true;
    return HTTP_FINE;
}

/* ---- leaves ---- */

/* A TAB between value and CRLF is white space by the grammar, but part of the value to parsers in wide use (llhttp 8.1
 * takes "chunked TAB" for an unknown coding): two framings of one message, so no framing field may end in one. */
static bool is_followed_by_tab(struct bytes value)
{
    for (const char *at = value.at + value.len; *at != '\r'; at++)
        if (*at == '\t') return true;
    return false;
}

/* uri-host [ ":" port ], not empty (RFC 9110 sections 4.2.1 and 7.2). The inside of an IP literal is not taken apart.
 */
static bool is_host(struct bytes value)
{
    const char *at = value.at, *end = value.at + value.len;
    bool is_literal = value.len > 0 && *at == '[';
    if (is_literal) {
        while (++at < end && *at != ']')
            if (!(classes[(uint8_t)*at] & HOST) && *at != ':') return false;
        if (at == end || at == value.at + 1) return false;
        at++;
    } else {
        at = skip(at, end, HOST);
        if (at == value.at) return false;
    }
    if (at == end) return true;
    if (*at != ':' || end - at > 6) return false;
    while (++at < end)
        if (*at < '0' || *at > '9') return false;
    return true;
}

static bool list_has(struct bytes list, struct bytes token)
{
    while (list.len > 0) {
        struct bytes one;
        list = bytes_split(list, ',', &one);
        if (bytes_same_folded(trimmed(one.at, one.at + one.len), token)) return true;
    }
    return false;
}

/* The words and numbers of HTTP: errors from their list, status phrases from RFC 9110 section 15 and RFC 6585. */
#include "protocol/codec/http.h"

struct error_entry {
    int status;
    const char *text;
};

static const struct error_entry errors[] = {[HTTP_FINE] = {200, "no error"},
#define X(name, status, text) [HTTP_ERROR_##name] = {status, text},
                                            HTTP_ERRORS(X)
#undef X
};

int http_error_status(enum http_error error)
{
    return errors[error].status;
}
const char *http_error_text(enum http_error error)
{
    return errors[error].text;
}

#define STATUS_FIRST 100
#define STATUS_LAST 511

static const char *const phrases[STATUS_LAST - STATUS_FIRST + 1] = {
#define PHRASE(status, text) [status - STATUS_FIRST] = text
    PHRASE(100, "Continue"),
    PHRASE(101, "Switching Protocols"),
    PHRASE(102, "Processing"),
    PHRASE(103, "Early Hints"),
    PHRASE(200, "OK"),
    PHRASE(201, "Created"),
    PHRASE(202, "Accepted"),
    PHRASE(203, "Non-Authoritative Information"),
    PHRASE(204, "No Content"),
    PHRASE(205, "Reset Content"),
    PHRASE(206, "Partial Content"),
    PHRASE(300, "Multiple Choices"),
    PHRASE(301, "Moved Permanently"),
    PHRASE(302, "Found"),
    PHRASE(303, "See Other"),
    PHRASE(304, "Not Modified"),
    PHRASE(307, "Temporary Redirect"),
    PHRASE(308, "Permanent Redirect"),
    PHRASE(400, "Bad Request"),
    PHRASE(401, "Unauthorized"),
    PHRASE(402, "Payment Required"),
    PHRASE(403, "Forbidden"),
    PHRASE(404, "Not Found"),
    PHRASE(405, "Method Not Allowed"),
    PHRASE(406, "Not Acceptable"),
    PHRASE(407, "Proxy Authentication Required"),
    PHRASE(408, "Request Timeout"),
    PHRASE(409, "Conflict"),
    PHRASE(410, "Gone"),
    PHRASE(411, "Length Required"),
    PHRASE(412, "Precondition Failed"),
    PHRASE(413, "Content Too Large"),
    PHRASE(414, "URI Too Long"),
    PHRASE(415, "Unsupported Media Type"),
    PHRASE(416, "Range Not Satisfiable"),
    PHRASE(417, "Expectation Failed"),
    PHRASE(421, "Misdirected Request"),
    PHRASE(422, "Unprocessable Content"),
    PHRASE(425, "Too Early"),
    PHRASE(426, "Upgrade Required"),
    PHRASE(428, "Precondition Required"),
    PHRASE(429, "Too Many Requests"),
    PHRASE(431, "Request Header Fields Too Large"),
    PHRASE(500, "Internal Server Error"),
    PHRASE(501, "Not Implemented"),
    PHRASE(502, "Bad Gateway"),
    PHRASE(503, "Service Unavailable"),
    PHRASE(504, "Gateway Timeout"),
    PHRASE(505, "HTTP Version Not Supported"),
    PHRASE(507, "Insufficient Storage"),
    PHRASE(511, "Network Authentication Required"),
#undef PHRASE
};

const char *http_status_text(int status)
{
    if (status < STATUS_FIRST || status > STATUS_LAST) return "";
    const char *text = phrases[status - STATUS_FIRST];
    return text ? text : "";
}

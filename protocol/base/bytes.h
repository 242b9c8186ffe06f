/* bytes: a borrowed run of bytes, and a bounded writer into memory of the caller's.
 *
 * struct bytes owns nothing and is not NUL-terminated; it is valid as long as what it was taken from. struct sink never
 * allocates and never writes past its end: what does not fit is dropped and `cut` is set, to be looked at once at the
 * end. Any thread; no state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const char *at;
    size_t len;
};

#define BYTES(literal) ((struct bytes){(literal), sizeof(literal) - 1})
#define BYTES_NONE ((struct bytes){NULL, 0})

static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, text ? strlen(text) : 0};
}

static inline bool bytes_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || (a.at[0] == b.at[0] && memcmp(a.at, b.at, a.len) == 0));
}

static inline bool bytes_is(struct bytes a, const char *text)
{
    return bytes_same(a, bytes_of(text));
}

static inline bool bytes_starts(struct bytes a, struct bytes with)
{
    return a.len >= with.len && (with.len == 0 || memcmp(a.at, with.at, with.len) == 0);
}

/* The part from `from` on (empty when past the end), and the first `len` bytes of it. */
static inline struct bytes bytes_from(struct bytes a, size_t from)
{
    return from >= a.len ? (struct bytes){a.at + a.len, 0} : (struct bytes){a.at + from, a.len - from};
}

static inline struct bytes bytes_first(struct bytes a, size_t len)
{
    return (struct bytes){a.at, len < a.len ? len : a.len};
}

/* Position of the first `wanted`, or a.len. */
static inline size_t bytes_find(struct bytes a, char wanted)
{
    const char *hit = a.len ? memchr(a.at, wanted, a.len) : NULL;
    return hit ? (size_t)(hit - a.at) : a.len;
}

/* ASCII only: true if both are the same but for the case of letters. */
bool bytes_same_folded(struct bytes a, struct bytes b);
/* memcmp order, shorter first among equal beginnings. */
int bytes_compare(struct bytes a, struct bytes b);
/* Splits at the first `at`: *head is what stands before it, the return value what follows (empty if there is none). */
struct bytes bytes_split(struct bytes all, char at, struct bytes *head);
/* All decimal digits, at least one, no overflow: true and *value. */
bool bytes_u64(struct bytes digits, uint64_t *value);
/* An optional '-' before the digits. */
bool bytes_i64(struct bytes digits, int64_t *value);
/* Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF. */
bool bytes_is_utf8(struct bytes text);
/* Length of the one such sequence that `text` starts with, 1 to 4; 0 if there is none. */
size_t bytes_utf8_step(struct bytes text);

struct sink {
    char *at;
    size_t len;
    size_t cap;
    bool cut; /* something did not fit: the content is not to be used */
};

static inline struct sink sink_over(char *at, size_t cap)
{
    return (struct sink){at, 0, cap, false};
}
static inline struct bytes sink_written(const struct sink *sink)
{
    return (struct bytes){sink->at, sink->len};
}

static inline void sink_bytes(struct sink *sink, struct bytes bytes)
{
    if (bytes.len > sink->cap - sink->len) {
        sink->cut = true;
        return;
    }
    if (bytes.len) memcpy(sink->at + sink->len, bytes.at, bytes.len);
    sink->len += bytes.len;
}

static inline void sink_char(struct sink *sink, char one)
{
    if (sink->len == sink->cap)
        sink->cut = true;
    else
        sink->at[sink->len++] = one;
}

static inline void sink_text(struct sink *sink, const char *text)
{
    sink_bytes(sink, bytes_of(text));
}
void sink_u64(struct sink *sink, uint64_t value);
void sink_i64(struct sink *sink, int64_t value);
/* At least `width` digits, zeros in front. */
void sink_digits(struct sink *sink, uint64_t value, unsigned width);
/* Lower-case hexadecimal. */
void sink_hex(struct sink *sink, struct bytes raw);
/* printf-style; not for hot paths. */
void sink_format(struct sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hexadecimal digits of either case -> raw bytes; false unless exactly 2 * cap digits. */
bool bytes_unhex(struct bytes hex, uint8_t *raw, size_t cap);

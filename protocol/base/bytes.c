/* Numbers are written by hand: the printf family costs more than the whole of a bid's parsing. */
#include "protocol/base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

static char fold(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

bool bytes_same_folded(struct bytes a, struct bytes b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (fold(a.at[i]) != fold(b.at[i])) return false;
    return true;
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.at, b.at, shared) : 0;
    if (order != 0) return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

struct bytes bytes_split(struct bytes all, char at, struct bytes *head)
{
    size_t where = bytes_find(all, at);
    *head = bytes_first(all, where);
    return bytes_from(all, where + 1);
}

bool bytes_u64(struct bytes digits, uint64_t *value)
{
    uint64_t sum = 0;
    if (digits.len == 0) return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9') return false;
        if (__builtin_mul_overflow(sum, 10u, &sum)) return false;
        if (__builtin_add_overflow(sum, (uint64_t)(digits.at[i] - '0'), &sum)) return false;
    }
    *value = sum;
    return true;
}

bool bytes_i64(struct bytes digits, int64_t *value)
{
    bool negative = digits.len > 0 && digits.at[0] == '-';
    uint64_t sum;
    if (!bytes_u64(bytes_from(digits, negative ? 1 : 0), &sum)) return false;
    if (sum > (uint64_t)INT64_MAX + (negative ? 1u : 0u)) return false;
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* Length of the sequence that starts with this byte, 0 if none may; the second byte's range tells overlong forms,
 * surrogates and values above U+10FFFF apart (RFC 3629 section 4). */
static size_t utf8_length(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first == 0xE0) *low = 0xA0;
    if (first == 0xED) *high = 0x9F;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first == 0xF0) *low = 0x90;
    if (first == 0xF4) *high = 0x8F;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

size_t bytes_utf8_step(struct bytes text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    unsigned char low, high;
    if (text.len == 0) return 0;
    size_t length = utf8_length(at[0], &low, &high);
    if (length > text.len) return 0;
    if (length > 1 && (at[1] < low || at[1] > high)) return 0;
    for (size_t i = 2; i < length; i++)
        if (at[i] < 0x80 || at[i] > 0xBF) return 0;
    return length;
}

bool bytes_is_utf8(struct bytes text)
{
    while (text.len > 0) {
        uint64_t word;
        if (text.len >= sizeof word) {
            memcpy(&word, text.at, sizeof word);
            if (!(word & UINT64_C(0x8080808080808080))) { /* eight of ASCII */
                text = bytes_from(text, sizeof word);
                continue;
            }
        }
        size_t length = bytes_utf8_step(text);
        if (length == 0) return false;
        text = bytes_from(text, length);
    }
    return true;
}

void sink_digits(struct sink *sink, uint64_t value, unsigned width)
{
    char reversed[24];
    unsigned count = 0;
    do {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (count < width && count < sizeof reversed) reversed[count++] = '0';
    if (count > sink->cap - sink->len) {
        sink->cut = true;
        return;
    }
    while (count) sink->at[sink->len++] = reversed[--count];
}

void sink_u64(struct sink *sink, uint64_t value) { sink_digits(sink, value, 1); }

void sink_i64(struct sink *sink, int64_t value)
{
    if (value < 0) sink_char(sink, '-');
    sink_digits(sink, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

void sink_hex(struct sink *sink, struct bytes raw)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char one = (unsigned char)raw.at[i];
        sink_char(sink, digits[one >> 4]);
        sink_char(sink, digits[one & 15]);
    }
}

void sink_format(struct sink *sink, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int wanted = vsnprintf(sink->at + sink->len, sink->cap - sink->len, format, list);
    va_end(list);
    /* vsnprintf also needs room for its NUL; a text that fits but for that one byte counts as cut. */
    if (wanted < 0 || (size_t)wanted >= sink->cap - sink->len)
        sink->cut = true;
    else
        sink->len += (size_t)wanted;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool bytes_unhex(struct bytes hex, uint8_t *raw, size_t cap)
{
    if (hex.len != cap * 2) return false;
    for (size_t i = 0; i < cap; i++) {
        int high = nibble(hex.at[2 * i]), low = nibble(hex.at[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        raw[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

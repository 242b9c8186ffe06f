/* Only floats that MessagePack brings or takes pass through here; printf and strtod are exact in both directions, and
 * nothing else in the exchange needs a float's digits. The program never calls setlocale, so the point is a point. */
#include "protocol/codec/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPONENT_CAP INT64_C(1000000000000)
#define U64_DIGITS 20
#define F64_DIGITS 17
#define F64_TEXT 40 /* sign, 17 digits, point, 'e', exponent of 13 digits and sign, NUL */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t read_exponent(const char *at, const char *end)
{
    bool negative = at < end && *at == '-';
    int64_t sum = 0;
    if (at < end && !is_digit(*at)) at++;
    for (; at < end; at++)
        if (sum < EXPONENT_CAP) sum = sum * 10 + (*at - '0');
    return negative ? -sum : sum;
}

void number_read(struct bytes text, struct number *number)
{
    const char *at = text.at, *end = text.at + text.len;
    int64_t digits_since = 0, fraction = 0; /* digits after the last one that is not 0; digits after the point */
    bool point = false;
    *number = (struct number){0};
    if (at < end && *at == '-') {
        number->negative = true;
        at++;
    }
    for (; at < end && (is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        fraction += point;
        if (*at == '0') {
            digits_since++;
            continue;
        }
        if (!number->first) {
            number->first = at;
            digits_since = 0;
        }
        number->count += (size_t)digits_since + 1;
        digits_since = 0;
    }
    if (!number->first) {
        *number = (struct number){0};
        return;
    }
    number->exponent = digits_since - fraction;
    if (at < end) number->exponent += read_exponent(at + 1, end);
}

/* The significant digits without the point. */
static void copy_digits(const struct number *number, char *out)
{
    const char *at = number->first;
    for (size_t left = number->count; left > 0; at++) {
        if (*at == '.') continue;
        *out++ = *at;
        left--;
    }
}

bool number_whole(const struct number *number, uint64_t *size)
{
    char digits[U64_DIGITS];
    *size = 0;
    if (number->count == 0) return true;
    if (number->exponent < 0 || number->exponent > U64_DIGITS) return false;
    size_t zeros = (size_t)number->exponent;
    if (number->count > sizeof digits - zeros) return false;
    copy_digits(number, digits);
    memset(digits + number->count, '0', zeros);
    return bytes_u64((struct bytes){digits, number->count + zeros}, size);
}

bool number_same(const struct number *a, const struct number *b)
{
    if (a->count != b->count || a->exponent != b->exponent || a->negative != b->negative) return false;
    const char *x = a->first, *y = b->first;
    for (size_t left = a->count; left > 0; left--, x++, y++) {
        x += *x == '.';
        y += *y == '.';
        if (*x != *y) return false;
    }
    return true;
}

void number_write(struct sink *sink, const struct number *number)
{
    if (number->count == 0) {
        sink_char(sink, '0');
        return;
    }
    if (number->negative) sink_char(sink, '-');
    const char *at = number->first;
    for (size_t left = number->count; left > 0; at++) {
        if (*at == '.') continue;
        sink_char(sink, *at);
        left--;
    }
    sink_char(sink, 'e');
    sink_i64(sink, number->exponent);
}

static bool write_whole(struct sink *sink, double value)
{
    if (!(fabs(value) < 0x1p64)) return false;
    uint64_t size = (uint64_t)fabs(value);
    if ((double)size != fabs(value)) return false;
    if (value < 0) sink_char(sink, '-');
    sink_u64(sink, size);
    return true;
}

void number_write_f64(struct sink *sink, double value)
{
    char text[F64_TEXT];
    if (write_whole(sink, value)) return;
    /* Every decimal of up to 15 digits survives a normal double, so %.15g is the shortest one if it reads back at all.
     */
    int precision = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    for (; precision <= F64_DIGITS; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value) break;
    }
    sink_text(sink, text);
}

void number_write_f32(struct sink *sink, float value)
{
    char text[F64_TEXT];
    if (write_whole(sink, (double)value)) return;
    int precision = fabsf(value) < FLT_MIN ? 1 : FLT_DIG;
    for (; precision <= FLT_DECIMAL_DIG; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    sink_text(sink, text);
}

bool number_f64(const struct number *number, double *value)
{
    char text[F64_TEXT], shortest[F64_TEXT];
    struct number back;
    if (number->count > F64_DIGITS) return false;
    struct sink sink = sink_over(text, sizeof text - 1), again = sink_over(shortest, sizeof shortest);
    number_write(&sink, number);
    text[sink.len] = '\0';
    *value = strtod(text, NULL);
    if (isinf(*value)) return false;
    number_write_f64(&again, *value);
    number_read(sink_written(&again), &back);
    return number_same(number, &back);
}

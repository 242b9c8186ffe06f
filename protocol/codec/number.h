/* number: what the digits of a JSON number mean, without a float; for this room only.
 *
 *   -0.01250e3  →  negative, significant digits 125 (count 3), exponent -1: -125 × 10^-1
 *
 * Equal values read alike whatever their spelling. No state; any thread. */
#pragma once

#include "protocol/base/bytes.h"

struct number {
    const char *first; /* the first significant digit, in the text that was read; a point may stand among them */
    size_t count;      /* significant digits: no zeros in front or at the end; 0 when the value is zero */
    int64_t exponent;  /* the value is those digits times ten to this; 0 when the value is zero */
    bool negative;     /* false when the value is zero */
};

/* `text` must be a JSON number (a node's digits). Exponents are capped far outside of anything that fits a type. */
void number_read(struct bytes text, struct number *number);
/* A whole number up to UINT64_MAX in size: true, and its size without the sign. */
bool number_whole(const struct number *number, uint64_t *size);
bool number_same(const struct number *a, const struct number *b);
/* One spelling for each value: -125e-1, 0, 7e0. */
void number_write(struct sink *sink, const struct number *number);
#define NUMBER_F32_TEXT 22 /* -18446742974197923840 and a byte in reserve */
#define NUMBER_F64_TEXT 25 /* -2.2250738585072014e-308 and a byte in reserve */

/* A whole number below 2^64 in size: its digits, all of them. Any other: the fewest digits that read back as the same
 * double. JSON form; it must be finite. */
void number_write_f64(struct sink *sink, double value);
/* As above, for a value that was sent with single precision: 0.1f is 0.1, not 0.10000000149011612. */
void number_write_f32(struct sink *sink, float value);
/* True if the value is what number_write_f64 of the nearest double says; then *value is that double. */
bool number_f64(const struct number *number, double *value);

/* money: int64 micro-units of the exchange's one currency (market.md section 2).
 *
 * Text is decimal ("12.50"), read digit by digit; no floating point anywhere. Sums are checked: a function that can overflow
 * says so by its bool. Rates are parts per million (15 % = 150000). */
#pragma once

#include "protocol/base/bytes.h"

#define MONEY_UNIT INT64_C(1000000)
#define MONEY_PPM INT64_C(1000000)

/* Any JSON number form: optional '-', digits, fraction, exponent. More than six digits after the point must be zeros.
 * false: not a number, finer than a micro-unit, or out of range. */
bool money_read(struct bytes text, int64_t *micros);
/* At least two digits after the point, at most six: 12.50, 0.125, -3.00. */
void money_write(struct sink *sink, int64_t micros);
bool money_add(int64_t a, int64_t b, int64_t *sum) __attribute__((warn_unused_result));
bool money_sub(int64_t a, int64_t b, int64_t *difference) __attribute__((warn_unused_result));
/* amount * ppm / 1,000,000, toward minus infinity; exact in 128 bits. false on overflow. */
bool money_share(int64_t amount, int64_t ppm, int64_t *share) __attribute__((warn_unused_result));
/* The largest multiple of `step` (> 0) that is not above `amount`. */
int64_t money_floor(int64_t amount, int64_t step);
/* "15" or "12.5" per cent -> 150000, 125000. Same forms as money_read, at most four digits after the point. */
bool money_read_percent(struct bytes text, int64_t *ppm);

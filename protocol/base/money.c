/* The reader walks the digits once and keeps a power of ten beside the sum, so 1.25e1, 12.5 and 125e-1 are one amount. */
#include "protocol/base/money.h"

#define MICRO_DIGITS 6
#define EXPONENT_MAX 64

struct decimal {
    uint64_t digits;
    int scale; /* value = digits * 10^scale */
    bool negative;
};

static bool is_digit(struct bytes text, size_t at) { return at < text.len && text.at[at] >= '0' && text.at[at] <= '9'; }

/* Takes one digit; trailing zeros of a fraction are kept out of the sum so that 1.0000000000 does not overflow. */
static bool take_digit(struct decimal *value, char digit, bool fraction, int *zeros)
{
    if (fraction && digit == '0') {
        (*zeros)++;
        return *zeros < 1000;
    }
    for (int i = 0; i <= *zeros; i++)
        if (__builtin_mul_overflow(value->digits, 10u, &value->digits)) return false;
    if (fraction) value->scale -= *zeros + 1;
    *zeros = 0;
    return !__builtin_add_overflow(value->digits, (uint64_t)(digit - '0'), &value->digits);
}

static bool read_exponent(struct bytes text, size_t *at, int *exponent)
{
    bool negative = false;
    int sum = 0;
    if (*at < text.len && (text.at[*at] == '+' || text.at[*at] == '-')) negative = text.at[(*at)++] == '-';
    if (!is_digit(text, *at)) return false;
    for (; is_digit(text, *at); (*at)++)
        if (sum <= EXPONENT_MAX) sum = sum * 10 + (text.at[*at] - '0');
    *exponent = negative ? -sum : sum;
    return true;
}

static bool read_decimal(struct bytes text, struct decimal *value)
{
    size_t at = 0;
    int zeros = 0, exponent = 0;
    *value = (struct decimal){0};
    if (at < text.len && text.at[at] == '-') {
        value->negative = true;
        at++;
    }
    if (!is_digit(text, at)) return false;
    if (text.at[at] == '0' && is_digit(text, at + 1)) return false; /* RFC 8259 section 6: no leading zeros */
    for (; is_digit(text, at); at++)
        if (!take_digit(value, text.at[at], false, &zeros)) return false;
    if (at < text.len && text.at[at] == '.') {
        if (!is_digit(text, ++at)) return false;
        for (; is_digit(text, at); at++)
            if (!take_digit(value, text.at[at], true, &zeros)) return false;
    }
    if (at < text.len && (text.at[at] == 'e' || text.at[at] == 'E')) {
        at++;
        if (!read_exponent(text, &at, &exponent)) return false;
    }
    value->scale += exponent;
    return at == text.len;
}

/* digits * 10^scale, exactly, as a whole number of 10^-places. */
static bool fixed(struct decimal value, int places, int64_t *out)
{
    uint64_t sum = value.digits;
    if (sum == 0) {
        *out = 0;
        return true;
    }
    for (int scale = value.scale + places; scale > 0; scale--)
        if (__builtin_mul_overflow(sum, 10u, &sum)) return false;
    for (int scale = value.scale + places; scale < 0; scale++) {
        if (sum % 10 != 0) return false;
        sum /= 10;
    }
    if (sum > (uint64_t)INT64_MAX + value.negative) return false;
    *out = value.negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

bool money_read(struct bytes text, int64_t *micros)
{
    struct decimal value;
    return read_decimal(text, &value) && fixed(value, MICRO_DIGITS, micros);
}

bool money_read_percent(struct bytes text, int64_t *ppm)
{
    struct decimal value;
    return read_decimal(text, &value) && fixed(value, 4, ppm);
}

void money_write(struct sink *sink, int64_t micros)
{
    uint64_t size = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
    uint64_t fraction = size % (uint64_t)MONEY_UNIT;
    unsigned width = MICRO_DIGITS;
    if (micros < 0) sink_char(sink, '-');
    sink_u64(sink, size / (uint64_t)MONEY_UNIT);
    sink_char(sink, '.');
    for (; width > 2 && fraction % 10 == 0; width--) fraction /= 10;
    sink_digits(sink, fraction, width);
}

bool money_add(int64_t a, int64_t b, int64_t *sum) { return !__builtin_add_overflow(a, b, sum); }
bool money_sub(int64_t a, int64_t b, int64_t *difference) { return !__builtin_sub_overflow(a, b, difference); }

bool money_share(int64_t amount, int64_t ppm, int64_t *share)
{
    __int128 product = (__int128)amount * ppm;
    __int128 quotient = product / MONEY_PPM;
    if (product % MONEY_PPM < 0) quotient--;
    if (quotient > INT64_MAX || quotient < INT64_MIN) return false;
    *share = (int64_t)quotient;
    return true;
}

int64_t money_floor(int64_t amount, int64_t step)
{
    int64_t rest = amount % step;
    if (rest < 0) rest += step;
    return amount < INT64_MIN + rest ? amount : amount - rest;
}

/* ident: 128-bit ids that sort by time of making (UUIDv7 layout, RFC 9562 section 5.7), shown as 26 characters of Crockford's
 * base 32. Layout, big-endian: 48-bit wall ms | version 7 (4) | 12-bit counter high | variant (2) | 14-bit counter low |
 * 16-bit maker | 32-bit random. A maker belongs to one thread; two makers of one process must have different numbers. */
#pragma once

#include "protocol/base/bytes.h"

#define IDENT_TEXT 26u

struct ident {
    uint8_t at[16];
};

struct ident_maker {
    int64_t last_ms;
    uint32_t counter;
    uint16_t number;
    uint64_t state; /* xorshift for the random part, seeded from the system unless a seed was given */
};

#define IDENT_NONE ((struct ident){{0}})

/* seed 0: from the system's random source; else the random parts follow from it (tests, simulation). */
void ident_maker_init(struct ident_maker *maker, uint16_t number, uint64_t seed);
/* Strictly increasing per maker, also when the clock goes back. */
struct ident ident_make(struct ident_maker *maker, int64_t wall_ms);
void ident_write(struct sink *sink, const struct ident *ident);
/* Exactly 26 characters of the alphabet, either case; I, L and O are not read as digits. */
bool ident_read(struct bytes text, struct ident *ident);
int64_t ident_wall_ms(const struct ident *ident);

static inline bool ident_same(const struct ident *a, const struct ident *b) { return memcmp(a->at, b->at, 16) == 0; }
static inline bool ident_is_none(const struct ident *ident) { return ident_same(ident, &IDENT_NONE); }
static inline struct bytes ident_bytes(const struct ident *ident)
{
    return (struct bytes){(const char *)ident->at, sizeof ident->at};
}

/* For messages to people only: NUL-terminated, in the caller's buffer of IDENT_TEXT + 1. */
const char *ident_text(const struct ident *ident, char *buffer);

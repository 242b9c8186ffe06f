#include "protocol/base/ident.h"

#include <sys/random.h>

#include "protocol/base/check.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

void ident_maker_init(struct ident_maker *maker, uint16_t number, uint64_t seed)
{
    *maker = (struct ident_maker){.number = number, .state = seed * UINT64_C(0x9E3779B97F4A7C15) + number + 1};
    if (seed == 0) check(getrandom(&maker->state, sizeof maker->state, 0) == (ssize_t)sizeof maker->state);
    if (maker->state == 0) maker->state = 1;
}

/* 26 counter bits follow the time; they start at a random place below half their range each millisecond, and an overflow
 * borrows the next millisecond. */
struct ident ident_make(struct ident_maker *maker, int64_t wall_ms)
{
    uint64_t random = next_random(&maker->state);
    if (wall_ms > maker->last_ms) {
        maker->last_ms = wall_ms;
        maker->counter = (uint32_t)(random >> 40) & 0xFFFFFFu;
    } else if (++maker->counter == 1u << 26) {
        maker->last_ms++;
        maker->counter = 0;
    }
    uint64_t ms = (uint64_t)maker->last_ms;
    struct ident ident;
    for (int i = 0; i < 6; i++) ident.at[i] = (uint8_t)(ms >> (40 - 8 * i));
    ident.at[6] = (uint8_t)(0x70u | maker->counter >> 22);
    ident.at[7] = (uint8_t)(maker->counter >> 14);
    ident.at[8] = (uint8_t)(0x80u | (maker->counter >> 8 & 0x3Fu));
    ident.at[9] = (uint8_t)maker->counter;
    ident.at[10] = (uint8_t)(maker->number >> 8);
    ident.at[11] = (uint8_t)maker->number;
    for (int i = 0; i < 4; i++) ident.at[12 + i] = (uint8_t)(random >> (8 * i));
    return ident;
}

/* 128 bits are 25 groups of five and one of three: the first character holds the top three bits. */
void ident_write(struct sink *sink, const struct ident *ident)
{
    char text[IDENT_TEXT];
    unsigned __int128 value = 0;
    for (int i = 0; i < 16; i++) value = value << 8 | ident->at[i];
    for (int i = (int)IDENT_TEXT - 1; i >= 0; i--) {
        text[i] = alphabet[(unsigned)value & 31];
        value >>= 5;
    }
    sink_bytes(sink, (struct bytes){text, sizeof text});
}

static int letter(char c)
{
    if (c >= 'a' && c <= 'z') c = (char)(c - ('a' - 'A'));
    const char *hit = c ? strchr(alphabet, c) : NULL;
    return hit ? (int)(hit - alphabet) : -1;
}

bool ident_read(struct bytes text, struct ident *ident)
{
    unsigned __int128 value = 0;
    if (text.len != IDENT_TEXT || letter(text.at[0]) > 7) return false;
    for (size_t i = 0; i < IDENT_TEXT; i++) {
        int digit = letter(text.at[i]);
        if (digit < 0) return false;
        value = value << 5 | (unsigned)digit;
    }
    for (int i = 15; i >= 0; i--) {
        ident->at[i] = (uint8_t)value;
        value >>= 8;
    }
    return true;
}

int64_t ident_wall_ms(const struct ident *ident)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) ms = ms << 8 | ident->at[i];
    return ms;
}

const char *ident_text(const struct ident *ident, char *buffer)
{
    struct sink sink = sink_over(buffer, IDENT_TEXT);
    ident_write(&sink, ident);
    buffer[IDENT_TEXT] = '\0';
    return buffer;
}

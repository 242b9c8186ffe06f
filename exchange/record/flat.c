/* Shortest forms only: a number whose last group is zero has a shorter spelling and is refused, and so is one that
 * passes 64 bits. */
#include "exchange/record/flat.h"

void flat_put_long(struct sink *sink, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) sink_char(sink, (char)(unsigned char)(value | 0x80));
    sink_char(sink, (char)value);
}

static uint64_t refuse(struct flat *flat)
{
    flat->bad = true;
    flat->at = flat->end;
    return 0;
}

uint64_t flat_take(struct flat *flat)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (flat->at == flat->end) return refuse(flat);
        uint64_t group = *flat->at++;
        if (shift == 63 && group > 1) return refuse(flat);
        value |= (group & 0x7f) << shift;
        if (group & 0x80) continue;
        return group == 0 && shift > 0 ? refuse(flat) : value;
    }
    return refuse(flat);
}

int64_t flat_take_signed(struct flat *flat)
{
    uint64_t value = flat_take(flat);
    return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

uint64_t flat_take_upto(struct flat *flat, uint64_t max)
{
    uint64_t value = flat_take(flat);
    return value <= max ? value : refuse(flat);
}

bool flat_take_flag(struct flat *flat)
{
    return flat_take_upto(flat, 1) == 1;
}

struct bytes flat_take_text(struct flat *flat)
{
    uint64_t len = flat_take_upto(flat, (uint64_t)(flat->end - flat->at));
    if (len > (uint64_t)(flat->end - flat->at)) len = refuse(flat);
    struct bytes text = {(const char *)flat->at, (size_t)len};
    flat->at += len;
    return text;
}

void flat_take_raw(struct flat *flat, void *at, size_t len)
{
    if ((size_t)(flat->end - flat->at) < len) {
        refuse(flat);
        memset(at, 0, len);
        return;
    }
    memcpy(at, flat->at, len);
    flat->at += len;
}

void flat_take_id(struct flat *flat, struct ident *ident)
{
    flat_take_raw(flat, ident->at, sizeof ident->at);
}

void flat_take_digest(struct flat *flat, struct digest *digest)
{
    flat_take_raw(flat, digest->at, DIGEST_LEN);
}

uint8_t flat_take_head(struct flat *flat, char kind, uint8_t version_max)
{
    unsigned char head[2];
    flat_take_raw(flat, head, sizeof head);
    if (!flat->bad && head[0] == (unsigned char)kind && head[1] >= 1 && head[1] <= version_max) return head[1];
    refuse(flat);
    return 0;
}

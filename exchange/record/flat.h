/* flat: the alphabet of stored records, and of what other rooms pack into one: numbers, texts, ids, digests, one after
 * the other.
 *
 *   number   base 128, low groups first, the shortest form only (zero is one byte, 2^64-1 ten)
 *   signed   the same of (n << 1) ^ (n >> 63), so small negatives are short too
 *   text     its length as a number, then its bytes
 *   id       16 bytes        digest   32 bytes        flag   one byte, 0 or 1
 *
 * Every value has one spelling: what reads without a fault writes back to the same bytes. Writers go straight to
 * memory; what does not fit sets the sink's `cut`. A reader that has met a fault answers zeros and keeps `bad`; whoever
 * reads looks at it once, at the end. */
#pragma once

#include "protocol/base/ident.h"
#include "protocol/crypto/digest.h"

#define FLAT_NUMBER_MAX 10u /* bytes */

void flat_put_long(struct sink *sink, uint64_t value);

static inline void flat_put(struct sink *sink, uint64_t value)
{
    if (value < 0x80 && sink->len < sink->cap)
        sink->at[sink->len++] = (char)value;
    else
        flat_put_long(sink, value);
}

static inline void flat_put_signed(struct sink *sink, int64_t value)
{
    flat_put(sink, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static inline void flat_put_text(struct sink *sink, struct bytes text)
{
    flat_put(sink, text.len);
    sink_bytes(sink, text);
}

static inline void flat_put_id(struct sink *sink, const struct ident *ident)
{
    sink_bytes(sink, ident_bytes(ident));
}

static inline void flat_put_digest(struct sink *sink, const struct digest *digest)
{
    sink_bytes(sink, (struct bytes){(const char *)digest->at, DIGEST_LEN});
}

struct flat {
    const unsigned char *at, *end;
    bool bad;
};

static inline struct flat flat_over(struct bytes bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    return (struct flat){at, bytes.len ? at + bytes.len : at, false};
}

/* The record ends here, and nothing was wrong with it. */
static inline bool flat_ends(const struct flat *flat)
{
    return !flat->bad && flat->at == flat->end;
}

uint64_t flat_take(struct flat *flat);
int64_t flat_take_signed(struct flat *flat);
/* At most `max`. */
uint64_t flat_take_upto(struct flat *flat, uint64_t max);
bool flat_take_flag(struct flat *flat);
/* Points into the record. */
struct bytes flat_take_text(struct flat *flat);
void flat_take_id(struct flat *flat, struct ident *ident);
void flat_take_digest(struct flat *flat, struct digest *digest);
void flat_take_raw(struct flat *flat, void *at, size_t len);

/* A record starts with its kind (a letter) and its version. */
static inline void flat_put_head(struct sink *sink, char kind, uint8_t version)
{
    sink_char(sink, kind);
    sink_char(sink, (char)version);
}

/* The version, 1 to `version_max`; anything else is bad and 0. */
uint8_t flat_take_head(struct flat *flat, char kind, uint8_t version_max);

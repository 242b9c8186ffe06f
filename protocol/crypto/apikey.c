/* The checksum covers the prefix too, so a buyer's key with an affiliate's prefix pasted on is no key at all. It guards
 * against slips, not against an attacker: the 256 random bits do that.
 *
 *   36 bytes = random (32) | SHA-256("outcry key" prefix random) first 4   →   288 bits in 58 letters, the last two
 * bits zero */
#include "protocol/crypto/apikey.h"

#include "protocol/base/check.h"

#define RANDOM_LEN 32u
#define SUM_LEN 4u
#define RAW_LEN (RANDOM_LEN + SUM_LEN)
#define LETTERS 58u

static const char *const prefixes[APIKEY_KINDS] = {
    [APIKEY_AFFILIATE] = "oc_aff_",
    [APIKEY_AFFILIATE_TEST] = "oc_aff_test_",
    [APIKEY_BUYER] = "oc_buy_",
    [APIKEY_ADMIN] = "oc_adm_",
};
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 section 6, in lower case */

static void sum(enum apikey_kind kind, const uint8_t *raw, uint8_t *at);
static void encode(const uint8_t *raw, struct sink *out);
static bool decode(struct bytes letters, uint8_t *raw);

void apikey_make(enum apikey_kind kind, char text[APIKEY_TEXT_MAX + 1])
{
    uint8_t raw[RAW_LEN];
    crypto_random(raw, RANDOM_LEN);
    sum(kind, raw, raw + RANDOM_LEN);
    struct sink sink = sink_over(text, APIKEY_TEXT_MAX + 1);
    sink_text(&sink, prefixes[kind]);
    encode(raw, &sink);
    sink_char(&sink, 0);
    check(!sink.cut);
    crypto_wipe(raw, sizeof raw);
}

bool apikey_read(struct bytes text, enum apikey_kind *kind)
{
    for (unsigned i = 0; i < APIKEY_KINDS; i++) {
        struct bytes prefix = bytes_of(prefixes[i]);
        uint8_t raw[RAW_LEN], right[SUM_LEN];
        if (text.len != prefix.len + LETTERS || !bytes_starts(text, prefix)) continue;
        if (!decode(bytes_from(text, prefix.len), raw)) return false;
        sum((enum apikey_kind)i, raw, right);
        bool good = crypto_same(right, raw + RANDOM_LEN, SUM_LEN);
        crypto_wipe(raw, sizeof raw);
        if (good) *kind = (enum apikey_kind)i;
        return good;
    }
    return false;
}

void apikey_digest(struct bytes text, struct digest *digest)
{
    digest_of(digest, &text, 1);
}

static void sum(enum apikey_kind kind, const uint8_t *raw, uint8_t *at)
{
    struct bytes parts[] = {BYTES("outcry key"), bytes_of(prefixes[kind]), {(const char *)raw, RANDOM_LEN}};
    struct digest digest;
    digest_of(&digest, parts, 3);
    memcpy(at, digest.at, SUM_LEN);
}

static void encode(const uint8_t *raw, struct sink *out)
{
    unsigned held = 0, bits = 0;
    for (unsigned i = 0; i < RAW_LEN; i++) {
        held = (held << 8 | raw[i]) & 0xfff;
        bits += 8;
        for (; bits >= 5; bits -= 5) sink_char(out, alphabet[held >> (bits - 5) & 31]);
    }
    if (bits > 0) sink_char(out, alphabet[held << (5 - bits) & 31]);
}

static bool decode(struct bytes letters, uint8_t *raw)
{
    unsigned held = 0, bits = 0, filled = 0;
    for (size_t i = 0; i < letters.len; i++) {
        const char *hit = letters.at[i] ? strchr(alphabet, letters.at[i]) : NULL;
        if (!hit) return false;
        held = (held << 5 | (unsigned)(hit - alphabet)) & 0xfff;
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        raw[filled++] = (uint8_t)(held >> bits);
    }
    return filled == RAW_LEN && (held & ((1u << bits) - 1)) == 0;
}

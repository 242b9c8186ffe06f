/* What the other files share: starting, randomness, comparing and wiping, base64. */
#include <errno.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "protocol/base/check.h"
#include "protocol/crypto/digest.h"
#include "protocol/crypto/reserve.h"
#include "protocol/crypto/start.h"

enum fault crypto_start(void)
{
    reserve_start();
    enum fault fault = digest_start();
    if (fault != FAULT_NONE) return fault;
    fault = mac_start();
    if (fault != FAULT_NONE) goto fail;
    fault = seal_start();
    if (fault != FAULT_NONE) goto fail;
    return FAULT_NONE;
fail:
    crypto_stop();
    return fault;
}

void crypto_stop(void)
{
    seal_stop();
    mac_stop();
    digest_stop();
}

/* Straight from the kernel: no state in the process that a fork or a snapshot could repeat. It cannot fail once the
 * machine is up, and to go on with predictable keys or nonces would be worse than to stop. */
void crypto_random(void *at, size_t len)
{
    uint8_t *next = at;
    while (len > 0) {
        ssize_t got = getrandom(next, len, 0);
        if (got < 0 && errno == EINTR) continue;
        check(got > 0, "no random bytes, errno %d", errno);
        next += got;
        len -= (size_t)got;
    }
}

bool crypto_same(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void crypto_wipe(void *at, size_t len)
{
    if (len > 0) OPENSSL_cleanse(at, len);
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void crypto_base64(struct sink *sink, struct bytes raw)
{
    for (size_t i = 0; i < raw.len; i += 3) {
        size_t there = raw.len - i < 3 ? raw.len - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) group = group << 8 | (k < there ? (uint8_t)raw.at[i + k] : 0u);
        for (size_t k = 0; k < 4; k++) sink_char(sink, k > there ? '=' : letters[group >> (18 - 6 * k) & 63]);
    }
}

/* Six bits, or -1. */
static int letter_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One text per content: padding must be there, and the bits it leaves over must be zero (RFC 4648 sections 3.2, 3.5).
 */
bool crypto_unbase64(struct bytes text, uint8_t *raw, size_t cap, size_t *len)
{
    if (text.len % 4 != 0) return false;
    size_t pads = 0;
    while (pads < 2 && pads < text.len && text.at[text.len - 1 - pads] == '=') pads++;
    size_t wanted = text.len / 4 * 3 - pads;
    if (wanted > cap) return false;
    uint32_t group = 0;
    size_t written = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = i < text.len - pads ? letter_value(text.at[i]) : 0;
        if (value < 0) return false;
        group = group << 6 | (uint32_t)value;
        if (i % 4 != 3) continue;
        for (int shift = 16; shift >= 0 && written < wanted; shift -= 8) raw[written++] = (uint8_t)(group >> shift);
        if (i + 1 == text.len && (group & ((1u << 8 * pads) - 1u)) != 0) return false;
        group = 0;
    }
    *len = wanted;
    return true;
}

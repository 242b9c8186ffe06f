/* Signing is on the path of every call to a buyer: the MAC context is kept, and the parts of the message are hashed
 * where they are, never joined. Verifying computes one MAC per secret and then compares, so a header full of candidates
 * costs no more. */
#include "protocol/crypto/signature.h"

#include <stdlib.h>

#include "protocol/base/check.h"

#define SECRET_LEN_MIN 24u
#define SECRET_LEN_MAX 64u
#define BODY_PARTS_MAX 16u
#define TIMESTAMP_DIGITS_MAX 20u

struct signer {
    size_t count;
    struct mac *macs[SIGNATURE_SECRETS_MAX];
};

bool signature_secret(struct bytes text, uint8_t *raw, size_t cap, size_t *len)
{
    const struct bytes prefix = BYTES("whsec_");
    if (!bytes_starts(text, prefix)) return false;
    return crypto_unbase64(bytes_from(text, prefix.len), raw, cap, len) && *len >= SECRET_LEN_MIN &&
           *len <= SECRET_LEN_MAX;
}

struct signer *signer_open(const struct bytes *secrets, size_t count)
{
    uint8_t raw[SECRET_LEN_MAX];
    if (count < 1 || count > SIGNATURE_SECRETS_MAX) return NULL;
    struct signer *signer = calloc(1, sizeof *signer);
    if (!signer) return NULL;
    for (; signer->count < count; signer->count++) {
        size_t len = 0;
        if (!signature_secret(secrets[signer->count], raw, sizeof raw, &len)) goto fail;
        struct mac *mac = mac_open((struct bytes){(const char *)raw, len});
        if (!mac) goto fail;
        signer->macs[signer->count] = mac;
    }
    crypto_wipe(raw, sizeof raw);
    return signer;
fail:
    crypto_wipe(raw, sizeof raw);
    signer_close(&signer);
    return NULL;
}

void signer_close(struct signer **signer)
{
    if (!*signer) return;
    for (size_t i = 0; i < (*signer)->count; i++) mac_close(&(*signer)->macs[i]);
    free(*signer);
    *signer = NULL;
}

/* The MAC over id "." timestamp "." body. */
static void compute(struct mac *mac, struct bytes id, struct bytes timestamp, const struct bytes *parts, size_t count,
                    struct digest *out)
{
    struct bytes all[4 + BODY_PARTS_MAX] = {id, BYTES("."), timestamp, BYTES(".")};
    check(count <= BODY_PARTS_MAX, "%zu parts", count);
    for (size_t i = 0; i < count; i++) all[4 + i] = parts[i];
    mac_of(mac, out, all, 4 + count);
}

void signer_sign(struct signer *signer, struct bytes id, int64_t timestamp_s, const struct bytes *parts, size_t count,
                 struct sink *out)
{
    char digits[TIMESTAMP_DIGITS_MAX];
    struct sink timestamp = sink_over(digits, sizeof digits);
    sink_i64(&timestamp, timestamp_s);
    for (size_t i = 0; i < signer->count; i++) {
        struct digest mac;
        compute(signer->macs[i], id, sink_written(&timestamp), parts, count, &mac);
        sink_text(out, i > 0 ? " v1," : "v1,");
        crypto_base64(out, (struct bytes){(const char *)mac.at, DIGEST_LEN});
    }
}

static bool is_stale(struct bytes timestamp, int64_t now_s);
static bool lists(struct bytes signatures, const struct digest *mac);

enum signature_verdict signer_verify(struct signer *signer, struct bytes id, struct bytes timestamp,
                                     struct bytes signatures, struct bytes body, int64_t now_s)
{
    if (id.len == 0 || timestamp.len == 0 || signatures.len == 0) return SIGNATURE_MISSING;
    if (is_stale(timestamp, now_s)) return SIGNATURE_STALE;
    bool found = false;
    for (size_t i = 0; i < signer->count; i++) {
        struct digest mac;
        compute(signer->macs[i], id, timestamp, &body, 1, &mac);
        found |= lists(signatures, &mac);
        crypto_wipe(&mac, sizeof mac);
    }
    return found ? SIGNATURE_GOOD : SIGNATURE_WRONG;
}

/* Also when it is no number: no instant is near now then. */
static bool is_stale(struct bytes timestamp, int64_t now_s)
{
    uint64_t then;
    if (!bytes_u64(timestamp, &then) || then > INT64_MAX) return true;
    int64_t apart;
    if (__builtin_sub_overflow(now_s, (int64_t)then, &apart)) return true;
    return apart > SIGNATURE_SKEW_S || apart < -SIGNATURE_SKEW_S;
}

/* True if a "v1,…" entry of the space-separated list is that MAC; entries of other versions are passed over. */
static bool lists(struct bytes signatures, const struct digest *mac)
{
    bool found = false;
    while (signatures.len > 0) {
        struct bytes one;
        uint8_t raw[DIGEST_LEN];
        size_t len = 0;
        signatures = bytes_split(signatures, ' ', &one);
        if (!bytes_starts(one, BYTES("v1,"))) continue;
        if (!crypto_unbase64(bytes_from(one, 3), raw, sizeof raw, &len) || len != DIGEST_LEN) continue;
        found |= crypto_same(raw, mac->at, DIGEST_LEN);
    }
    return found;
}

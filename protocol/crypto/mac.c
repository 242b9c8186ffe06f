/* One EVP_MAC_CTX per key: setting a key hashes two blocks, starting again with the same one copies two states. */
#include "protocol/crypto/mac.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "protocol/base/check.h"
#include "protocol/crypto/start.h"

struct mac {
    EVP_MAC_CTX *context; /* holds the key; OpenSSL wipes it when it is freed */
};

static EVP_MAC *hmac;

enum fault mac_start(void)
{
    check(!hmac, "started twice");
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    return hmac ? FAULT_NONE : FAULT_SYSTEM;
}

void mac_stop(void)
{
    EVP_MAC_free(hmac);
    hmac = NULL;
}

struct mac *mac_open(struct bytes key)
{
    check(hmac, "not started");
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                 OSSL_PARAM_construct_end()};
    struct mac *mac = malloc(sizeof *mac);
    if (!mac) return NULL;
    mac->context = EVP_MAC_CTX_new(hmac);
    /* No key at all would mean "the key as before"; an empty one is a key. */
    const void *at = key.len > 0 ? key.at : "";
    if (!mac->context || EVP_MAC_init(mac->context, at, key.len, params) != 1) goto fail;
    return mac;
fail:
    ERR_clear_error();
    mac_close(&mac);
    return NULL;
}

void mac_close(struct mac **mac)
{
    if (!*mac) return;
    EVP_MAC_CTX_free((*mac)->context);
    free(*mac);
    *mac = NULL;
}

void mac_of(struct mac *mac, struct digest *out, const struct bytes *parts, size_t count)
{
    size_t len = 0;
    int good = EVP_MAC_init(mac->context, NULL, 0, NULL);
    check(good == 1, "HMAC not begun");
    for (size_t i = 0; i < count; i++)
        if (parts[i].len > 0) good &= EVP_MAC_update(mac->context, (const unsigned char *)parts[i].at, parts[i].len);
    good &= EVP_MAC_final(mac->context, out->at, &len, sizeof out->at);
    check(good == 1 && len == DIGEST_LEN, "HMAC failed");
}

bool mac_verify(struct mac *mac, struct bytes tag, const struct bytes *parts, size_t count)
{
    if (tag.len != DIGEST_LEN) return false;
    struct digest right;
    mac_of(mac, &right, parts, count);
    bool same = crypto_same(tag.at, right.at, DIGEST_LEN);
    crypto_wipe(&right, sizeof right);
    return same;
}

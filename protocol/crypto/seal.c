/* AES-256-GCM through EVP with the cipher fetched once. A context per call: sealing happens once per lead, and a kept
 * context would keep a key. OpenSSL itself takes any nonce and any tag length; the lengths are therefore checked here.
 */
#include "protocol/crypto/seal.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "protocol/base/check.h"
#include "protocol/crypto/start.h"

#define NONCE_LEN 12u
#define TAG_LEN 16u

static EVP_CIPHER *aes;

enum fault seal_start(void)
{
    check(!aes, "started twice");
    aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    return aes ? FAULT_NONE : FAULT_SYSTEM;
}

void seal_stop(void)
{
    EVP_CIPHER_free(aes);
    aes = NULL;
}

enum fault seal_close(struct bytes key, struct bytes associated, struct bytes plain, uint8_t *out, size_t cap,
                      size_t *len)
{
    if (cap < SEAL_EXTRA || cap - SEAL_EXTRA < plain.len) return FAULT_TOO_LARGE;
    crypto_random(out, NONCE_LEN);
    struct bytes nonce = {(const char *)out, NONCE_LEN};
    uint8_t *ciphertext = out + NONCE_LEN;
    enum fault fault = seal_close_with(key, nonce, associated, plain, ciphertext, ciphertext + plain.len);
    if (fault == FAULT_NONE) *len = plain.len + SEAL_EXTRA;
    return fault;
}

enum fault seal_open(struct bytes key, struct bytes associated, struct bytes sealed, uint8_t *out, size_t cap,
                     size_t *len)
{
    if (sealed.len < SEAL_EXTRA) return FAULT_CORRUPT;
    size_t plain_len = sealed.len - SEAL_EXTRA;
    if (cap < plain_len) return FAULT_TOO_LARGE;
    struct bytes nonce = bytes_first(sealed, NONCE_LEN);
    struct bytes ciphertext = bytes_first(bytes_from(sealed, NONCE_LEN), plain_len);
    struct bytes tag = bytes_from(sealed, NONCE_LEN + plain_len);
    enum fault fault = seal_open_with(key, nonce, associated, ciphertext, tag, out);
    if (fault == FAULT_NONE) *len = plain_len;
    return fault;
}

static enum fault check_lengths(struct bytes key, struct bytes nonce, struct bytes associated, struct bytes content);
static bool feed(EVP_CIPHER_CTX *context, struct bytes associated, struct bytes in, uint8_t *out);

enum fault seal_close_with(struct bytes key, struct bytes nonce, struct bytes associated, struct bytes plain,
                           uint8_t *out, uint8_t tag[16])
{
    check(aes, "not started");
    enum fault fault = check_lengths(key, nonce, associated, plain);
    if (fault != FAULT_NONE) return fault;
    int tail = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!context) goto fail;
    if (EVP_EncryptInit_ex2(context, aes, (const uint8_t *)key.at, (const uint8_t *)nonce.at, NULL) != 1) goto fail;
    if (!feed(context, associated, plain, out)) goto fail;
    if (EVP_EncryptFinal_ex(context, out + plain.len, &tail) != 1) goto fail;
    if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) != 1) goto fail;
    EVP_CIPHER_CTX_free(context);
    return FAULT_NONE;
fail:
    ERR_clear_error();
    EVP_CIPHER_CTX_free(context);
    crypto_wipe(out, plain.len);
    return FAULT_MEMORY;
}

enum fault seal_open_with(struct bytes key, struct bytes nonce, struct bytes associated, struct bytes sealed,
                          struct bytes tag, uint8_t *out)
{
    check(aes, "not started");
    enum fault fault = check_lengths(key, nonce, associated, sealed);
    if (fault == FAULT_NONE && tag.len != TAG_LEN) fault = FAULT_INPUT;
    if (fault != FAULT_NONE) return fault;
    fault = FAULT_MEMORY;
    uint8_t expected[TAG_LEN];
    memcpy(expected, tag.at, TAG_LEN);
    int tail = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!context) goto fail;
    if (EVP_DecryptInit_ex2(context, aes, (const uint8_t *)key.at, (const uint8_t *)nonce.at, NULL) != 1) goto fail;
    if (!feed(context, associated, sealed, out)) goto fail;
    if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, expected) != 1) goto fail;
    fault = FAULT_CORRUPT;
    if (EVP_DecryptFinal_ex(context, out + sealed.len, &tail) != 1) goto fail;
    EVP_CIPHER_CTX_free(context);
    return FAULT_NONE;
fail:
    /* GCM decrypts before it can know: what was not proven true must not be read. */
    ERR_clear_error();
    EVP_CIPHER_CTX_free(context);
    crypto_wipe(out, sealed.len);
    return fault;
}

/* EVP counts in int. */
static enum fault check_lengths(struct bytes key, struct bytes nonce, struct bytes associated, struct bytes content)
{
    if (key.len != SEAL_KEY_LEN || nonce.len != NONCE_LEN) return FAULT_INPUT;
    return associated.len > INT_MAX || content.len > INT_MAX ? FAULT_TOO_LARGE : FAULT_NONE;
}

static bool feed(EVP_CIPHER_CTX *context, struct bytes associated, struct bytes in, uint8_t *out)
{
    int done = 0;
    if (associated.len > 0 &&
        EVP_CipherUpdate(context, NULL, &done, (const uint8_t *)associated.at, (int)associated.len) != 1)
        return false;
    return in.len == 0 || EVP_CipherUpdate(context, out, &done, (const uint8_t *)in.at, (int)in.len) == 1;
}

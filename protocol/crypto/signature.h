/* signature: Standard Webhooks 1.0: v1,base64(HMAC-SHA256(secret, id "." timestamp "." body)).
 *
 * A secret is "whsec_" + base64 of 24..64 bytes. A signer keeps a context per secret and belongs to one thread. */
#pragma once

#include "protocol/crypto/mac.h"

#define SIGNATURE_SKEW_S 300
#define SIGNATURE_SECRETS_MAX 2
#define SIGNATURE_TEXT 47u /* "v1," and 44 base64 characters */

struct signer;

/* Raw key of "whsec_…": 24..64 bytes, else false. */
bool signature_secret(struct bytes text, uint8_t *raw, size_t cap, size_t *len);
/* One or two secrets (while one is being replaced), each as text. NULL: malformed, or out of memory. */
struct signer *signer_open(const struct bytes *secrets, size_t count);
void signer_close(struct signer **signer);
/* Appends the value of webhook-signature: one "v1,…" per secret, a space between them. The body may come in parts
 * (up to 16). The timestamp is Unix time in seconds. */
void signer_sign(struct signer *signer, struct bytes id, int64_t timestamp_s, const struct bytes *parts, size_t count,
                 struct sink *out);

enum signature_verdict { SIGNATURE_GOOD, SIGNATURE_MISSING, SIGNATURE_STALE, SIGNATURE_WRONG };

/* `id`, `timestamp`, `signatures` are the header values (empty: missing). Good if any v1 entry matches any secret and
 * the timestamp is within SIGNATURE_SKEW_S of now_s, both ends included. MISSING: one of the three is empty; STALE:
 * outside, or no number. */
enum signature_verdict signer_verify(struct signer *signer, struct bytes id, struct bytes timestamp,
                                     struct bytes signatures, struct bytes body, int64_t now_s);

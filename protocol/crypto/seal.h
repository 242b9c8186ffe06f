/* seal: AES-256-GCM with a 96-bit random nonce and a 128-bit tag; what private lead data and data keys are kept under.
 *
 * Sealed form: nonce (12) | ciphertext | tag (16). The associated data is not stored, it must be given again. Keys are
 * 32 bytes, nothing else is taken. Any thread (contexts are made per call; this is the ledger's path, not the
 * auction's). */
#pragma once

#include "protocol/crypto/digest.h"

#define SEAL_KEY_LEN 32u
#define SEAL_EXTRA 28u /* nonce and tag */

/* Writes plain.len + SEAL_EXTRA bytes to `out`. The key must be SEAL_KEY_LEN long, else FAULT_INPUT; FAULT_TOO_LARGE:
 * more than `cap` or 2 GiB; FAULT_MEMORY. `plain` and `out` do not overlap. */
enum fault seal_close(struct bytes key, struct bytes associated, struct bytes plain, uint8_t *out, size_t cap,
                      size_t *len) MUST_USE;
/* FAULT_CORRUPT: wrong key, changed bytes or other associated data; where the plain text would be, `out` holds zeros
 * then. */
enum fault seal_open(struct bytes key, struct bytes associated, struct bytes sealed, uint8_t *out, size_t cap,
                     size_t *len) MUST_USE;
/* The same with the nonce (12 bytes) and tag (16 bytes) apart, other lengths are FAULT_INPUT: for known-answer tests.
 * `out` is as long as the content. */
enum fault seal_close_with(struct bytes key, struct bytes nonce, struct bytes associated, struct bytes plain,
                           uint8_t *out, uint8_t tag[16]) MUST_USE;
enum fault seal_open_with(struct bytes key, struct bytes nonce, struct bytes associated, struct bytes sealed,
                          struct bytes tag, uint8_t *out) MUST_USE;

/* keyfile: the key that wraps every lead's data key; a text file of its own, made at the first start (0600). For this
 * room only. The key lives in a page that is locked, kept out of core dumps, and wiped at the end.
 *
 *   outcry-ledger-key 1
 *   id 3f6c0a1b2c3d4e5f
 *   key (64 hexadecimal digits)
 */
#pragma once

#include "exchange/ledger/ledger.h"
#include "protocol/crypto/mac.h"
#include "protocol/crypto/seal.h"

#define KEYFILE_ID 8u

struct keyfile {
    uint8_t id[KEYFILE_ID];
    uint8_t key[SEAL_KEY_LEN];
};

/* FAULT_NOT_FOUND: no such file (and not `make`); FAULT_INPUT: malformed, or others than its owner and group can read
 * it; FAULT_SYSTEM. `note` may be NULL. */
enum fault keyfile_open(const char *path, bool make, struct keyfile **keys, struct ledger_note *note) MUST_USE;
void keyfile_close(struct keyfile **keys);

/* A lead's content, sealed: version 1 | key id (8) | wrapped data key (60) | content sealed with the data key. Both
 * seals are tied to the lead's id and the version. */
#define KEYFILE_SEALED_EXTRA (1u + KEYFILE_ID + SEAL_KEY_LEN + SEAL_EXTRA + SEAL_EXTRA)
/* Appends content.len + KEYFILE_SEALED_EXTRA bytes. FAULT_TOO_LARGE: the sink is too small. Any thread. */
enum fault keyfile_seal(const struct keyfile *keys, const struct ident *lead_id, struct bytes content,
                        struct sink *sealed) MUST_USE;
/* FAULT_CORRUPT: changed, or another key's. The arena then holds private data. */
enum fault keyfile_unseal(const struct keyfile *keys, const struct ident *lead_id, struct bytes sealed,
                          struct arena *arena, struct bytes *content) MUST_USE;
/* A key for another purpose: HMAC of its name under the key. */
enum fault keyfile_derive(const struct keyfile *keys, const char *purpose, struct digest *key) MUST_USE;

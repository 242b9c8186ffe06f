/* keyfile: the keys that wrap every lead's data key, and the root of the keys for other purposes; a text file of its
 * own, made at the first start (0600). For this room only. What it holds in memory lives in a page that is locked, kept
 * out of core dumps, and wiped at the end.
 *
 *   outcry-ledger-key 2
 *   root (64 hexadecimal digits)
 *   derived (64) same lead               kept where a root was replaced: see below
 *   key 3f6c0a1b2c3d4e5f (64)            the newest first; new leads are sealed with it
 *   key 0a1b2c3d4e5f6071 (64)            older: there while any lead's data key is wrapped by it
 *
 * A file of version 1 held one key, which was its own root. Its first rotation writes what was derived from that key
 * beside a new root, so the key itself can go, and nothing derived from it changes. */
#pragma once

#include "exchange/ledger/ledger.h"
#include "protocol/crypto/seal.h"

#define KEYFILE_ID 8u
#define KEYFILE_IN_FILE_MAX 8u /* keys */

struct keyfile;

/* FAULT_NOT_FOUND: no such file (and not `make`); FAULT_INPUT: malformed, or others than its owner and group can read
 * it; FAULT_SYSTEM. `note` may be NULL. */
enum fault keyfile_open(const char *path, bool make, struct keyfile **keys, struct ledger_note *note) MUST_USE;
void keyfile_close(struct keyfile **keys);

/* The id of the key that seals; KEYFILE_ID bytes, good as long as the keys. Any thread. */
struct bytes keyfile_newest(const struct keyfile *keys);
bool keyfile_knows(const struct keyfile *keys, struct bytes id);
/* How many keys the file holds: more than one, and data keys are still to be wrapped anew. The ledger thread's. */
unsigned keyfile_in_file(const struct keyfile *keys);
/* Puts a new key in front, in the file first, then for whoever seals next. FAULT_IN_USE: the last rotation is not over;
 * FAULT_FULL: too many in the life of one process; FAULT_SYSTEM: the file cannot be written, and nothing has changed.
 * The ledger thread's. */
enum fault keyfile_rotate(struct keyfile *keys, struct ledger_note *note) MUST_USE;
/* Leaves only the newest in the file. In memory the others stay until the process ends: a seal made with one may be on
 * its way. The ledger thread's. */
enum fault keyfile_retire(struct keyfile *keys, struct ledger_note *note) MUST_USE;

/* A data key, wrapped: version | key id | sealed key; tied to lead id, version and key id. */
#define KEYFILE_WRAPPED (1u + KEYFILE_ID + SEAL_KEY_LEN + SEAL_EXTRA)
/* A lead's content: version | sealed content; tied to lead id and version. Appends wrapped key and content to `sealed`,
 * content.len + KEYFILE_SEALED_EXTRA bytes. FAULT_TOO_LARGE: the sink is too small. Any thread. */
#define KEYFILE_SEALED_EXTRA (KEYFILE_WRAPPED + 1u + SEAL_EXTRA)
enum fault keyfile_seal(const struct keyfile *keys, const struct ident *lead_id, struct bytes content,
                        struct sink *sealed) MUST_USE;
/* FAULT_CORRUPT: changed, or of a key that is not there. The arena then holds private data. `wrapped` is not looked at
 * for content of version 1, which has its own. Any thread. */
enum fault keyfile_unseal(const struct keyfile *keys, const struct ident *lead_id, struct bytes wrapped,
                          struct bytes content, struct arena *arena, struct bytes *plain) MUST_USE;
/* The same data key, wrapped by the newest key. FAULT_CORRUPT as above. */
enum fault keyfile_rewrap(const struct keyfile *keys, const struct ident *lead_id, struct bytes wrapped,
                          uint8_t fresh[KEYFILE_WRAPPED]) MUST_USE;
bool keyfile_is_newest(const struct keyfile *keys, struct bytes wrapped);

/* Content of version 1 carried its wrapped key: version 1 | key id | wrapped key | sealed content. Once that key is
 * wrapped anew it stands apart like any other, and the content is of version 3: 3 | sealed content, as it was. */
#define KEYFILE_CONTENT_COMBINED 1
#define KEYFILE_CONTENT 2
#define KEYFILE_CONTENT_APART 3
#define KEYFILE_COMBINED_HEAD (1u + KEYFILE_ID + SEAL_KEY_LEN + SEAL_EXTRA)
enum fault keyfile_split(const struct keyfile *keys, const struct ident *lead_id, struct bytes combined,
                         uint8_t fresh[KEYFILE_WRAPPED]) MUST_USE;

/* A key for another purpose, the same whatever is rotated; `purpose` is one of keyfile_purposes. */
extern const char *const keyfile_purposes[];
enum fault keyfile_derive(const struct keyfile *keys, const char *purpose, struct digest *key) MUST_USE;

/* digest: SHA-256, and random bytes. The algorithm is looked up once (crypto_start); contexts are kept per thread of
 * use. */
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/fault.h"

#define DIGEST_LEN 32u

struct digest {
    uint8_t at[DIGEST_LEN];
};

/* Fetches every algorithm of this room once. Before any other call, from one thread. FAULT_SYSTEM: the library lacks
 * one. */
enum fault crypto_start(void) MUST_USE;
/* After every other thread that used this room has ended. */
void crypto_stop(void);

/* SHA-256 of the parts in a row. Aborts only on a bug of ours (not started). */
void digest_of(struct digest *out, const struct bytes *parts, size_t count);
/* The same of parts that come over time, with a context of its own. NULL: memory is out. */
struct digest_run;
struct digest_run *digest_begin(void);
void digest_add(struct digest_run *run, struct bytes part);
/* `out` NULL: it is given up. */
void digest_end(struct digest_run **run, struct digest *out);
static inline bool digest_same(const struct digest *a, const struct digest *b)
{
    return memcmp(a->at, b->at, DIGEST_LEN) == 0;
}
/* From the system's generator; aborts if there is none. */
void crypto_random(void *at, size_t len);
/* Time does not depend on the content. */
bool crypto_same(const void *a, const void *b, size_t len);
/* The memory cannot be read back later. */
void crypto_wipe(void *at, size_t len);
/* Standard base64 with padding (RFC 4648 section 4). */
void crypto_base64(struct sink *sink, struct bytes raw);
/* false: not that base64 (padded, no other bytes, left-over bits zero), or more than `cap` bytes; `raw` may be written
 * to either way. */
bool crypto_unbase64(struct bytes text, uint8_t *raw, size_t cap, size_t *len);

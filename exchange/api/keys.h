/* keys: who holds which key, by the catalogue and the settings, and which of them are revoked. For this room, and for
 * the commands, which print the same. */
#pragma once

#include "exchange/market/catalogue.h"

#define KEYS_SHOWN_DIGITS 12u /* of a hash: enough to tell keys apart, and to name one */
#define KEYS_NAMED_DIGITS 8u  /* the least that names one */

struct keys_holder {
    struct digest hash;
    const char *kind;   /* "affiliate", "buyer", "admin" */
    struct bytes owner; /* id in the catalogue; empty: an operator */
};

struct keys {
    struct keys_holder *list;
    uint32_t count;
};

/* In the order of the files, operators last; names point into the catalogue. FAULT_MEMORY. */
enum fault keys_open(const struct catalogue *catalogue, const struct digest *admin_keys, uint32_t admin_count,
                     struct keys *keys) MUST_USE;
void keys_close(struct keys *keys);
/* The one whose hash begins with these lower-case digits (at least KEYS_NAMED_DIGITS; all of them name a key that
 * nobody holds, too). FAULT_NOT_FOUND; FAULT_TAKEN: several do; FAULT_INPUT: no such digits. */
enum fault keys_find(const struct keys *keys, struct bytes digits, struct digest *hash) MUST_USE;

/* mac: HMAC-SHA256 with a kept context per key, re-initialised without the key each time (a third of the cost of a
 * fresh one). A struct mac belongs to one thread; its key is wiped when it is closed. */
#pragma once

#include "protocol/crypto/digest.h"

struct mac;

/* NULL when out of memory. Any key length. */
struct mac *mac_open(struct bytes key);
void mac_close(struct mac **mac);
/* HMAC over the parts in a row. */
void mac_of(struct mac *mac, struct digest *out, const struct bytes *parts, size_t count);
/* True if `tag` (exactly 32 bytes, else false) is that MAC; constant time. */
bool mac_verify(struct mac *mac, struct bytes tag, const struct bytes *parts, size_t count);

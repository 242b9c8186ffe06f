/* disclosure: a person's hashes as one buyer's pings carry them: HMAC-SHA256(hash_secret, lower-case hexadecimal
 * SHA-256 of the value), in hexadecimal (market.md section 8). A plain hash of a phone number is the phone number: it
 * can be tried out in seconds. One thread, the mac's. */
#pragma once

#include "exchange/market/contract.h"
#include "protocol/crypto/mac.h"
#include "protocol/message/ping.h"

struct disclosure {
    char phone[2 * DIGEST_LEN], email[2 * DIGEST_LEN];
};

/* Into *message, as far as the contract asks and the person gave them; the texts live in *disclosure. False: there is
 * no key (`mac` NULL), and the ping must not go out as if nothing had been asked for. */
bool disclosure_make(struct mac *mac, const struct contract *contract, const struct ping_hashes *person,
                     struct disclosure *disclosure, struct ping_message *message);

/* addresses: where affiliates, buyers and a contract's own hooks are told after the fact. Plain data of the catalogue,
 * written only while it is built. */
#pragma once

#include "exchange/market/endpoint.h"

#define ADDRESSES_MAX 4u /* of each kind, of a contract; the book counts as many */
#define ADDRESS_SECRETS_MAX 2u

/* An affiliate's. */
struct notice_address {
    struct endpoint endpoint;
    struct bytes secrets[ADDRESS_SECRETS_MAX]; /* whsec_…; none in a snapshot that was unpacked */
    uint32_t secrets_count;
};

/* A contract's: whoever is named gets a notice of each sale, or a copy of each lead it bought. Signed with the buyer's
 * secret. */
struct sale_addresses {
    struct endpoint notify[ADDRESSES_MAX], copies[ADDRESSES_MAX];
    uint8_t notify_count, copies_count;
};

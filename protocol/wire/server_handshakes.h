/* server_handshakes: how many TLS handshakes a second are begun, in all and from one address: each costs a signature,
 * so that a few thousand peers who only ever begin could take a whole core. For server.c. One thread. */
#pragma once

#include "protocol/base/bytes.h"

#define SERVER_HANDSHAKE_PLACES 4096u

/* A second's worth may come at once; each is then paid off in its time. */
struct server_handshakes {
    unsigned all_max, address_max; /* a second; 0: no bound */
    int64_t all_us;                /* when all that were begun will be paid off */
    /* The same by address. Addresses share places, by a hash that nobody outside knows: one who shares that of a
     * flooder waits with it, one in 4096 of the others. */
    int64_t address_us[SERVER_HANDSHAKE_PLACES];
};

/* False: not now; nothing is counted. `address`: its bytes (server_peers_key). */
bool server_handshakes_enter(struct server_handshakes *handshakes, struct bytes address, int64_t now_us);

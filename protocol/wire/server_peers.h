/* server_peers: how many connections each address has, for the bound per address. One thread. */
#pragma once

#include "protocol/base/slots.h"
#include "protocol/base/table.h"

struct sockaddr_storage;

#define SERVER_NO_PEER UINT32_MAX

struct server_peers {
    struct slots slots; /* of struct server_peer */
    struct table table; /* address -> slot index */
};

/* What stands for an address: IPv4 whole, of IPv6 the first 64 bits; empty for unix sockets. */
struct bytes server_peers_key(const struct sockaddr_storage *address);
enum fault server_peers_open(struct server_peers *peers, uint32_t max) MUST_USE;
void server_peers_close(struct server_peers *peers);
/* Counts one more connection of the address: false if that would be over the bound (or memory is out). *index is to be
 * given to server_peers_leave; SERVER_NO_PEER for addresses that are not counted (unix sockets). */
bool server_peers_enter(struct server_peers *peers, const struct sockaddr_storage *address, unsigned bound,
                        uint32_t *index);
void server_peers_leave(struct server_peers *peers, uint32_t index);

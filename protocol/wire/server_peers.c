/* IPv4 addresses count one by one, IPv6 by their /64: that is what one customer gets, so single addresses would bound
 * nothing. */
#include "protocol/wire/server_peers.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "protocol/base/check.h"

struct server_peer {
    char key[8];
    size_t key_len;
    unsigned connections;
    uint64_t slot;
};

enum fault server_peers_open(struct server_peers *peers, uint32_t max)
{
    table_init(&peers->table);
    return slots_open(&peers->slots, sizeof(struct server_peer), max);
}

void server_peers_close(struct server_peers *peers)
{
    table_free(&peers->table);
    slots_close(&peers->slots);
}

struct bytes server_peers_key(const struct sockaddr_storage *address)
{
    if (address->ss_family != AF_INET && address->ss_family != AF_INET6) return BYTES_NONE;
    if (address->ss_family == AF_INET)
        return (struct bytes){(const char *)&((const struct sockaddr_in *)address)->sin_addr, 4};
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(v6)) return (struct bytes){(const char *)v6->s6_addr + 12, 4};
    return (struct bytes){(const char *)v6->s6_addr, 8};
}

bool server_peers_enter(struct server_peers *peers, const struct sockaddr_storage *address, unsigned bound,
                        uint32_t *index)
{
    *index = SERVER_NO_PEER;
    struct bytes key = server_peers_key(address);
    if (key.len == 0) return true;
    uint32_t found = table_find(&peers->table, key);
    if (found != TABLE_NONE) {
        struct server_peer *peer = slots_at(&peers->slots, found);
        if (peer->connections >= bound) return false;
        peer->connections++;
        *index = found;
        return true;
    }
    uint64_t slot;
    struct server_peer *peer = bound ? slots_take(&peers->slots, &slot) : NULL;
    if (!peer) return false;
    *peer = (struct server_peer){.key_len = key.len, .connections = 1, .slot = slot};
    memcpy(peer->key, key.at, key.len);
    if (table_put(&peers->table, (struct bytes){peer->key, key.len}, (uint32_t)slot) != FAULT_NONE) {
        slots_give(&peers->slots, slot);
        return false;
    }
    *index = (uint32_t)slot;
    return true;
}

void server_peers_leave(struct server_peers *peers, uint32_t index)
{
    if (index == SERVER_NO_PEER) return;
    struct server_peer *peer = slots_at(&peers->slots, index);
    check(peer && peer->connections > 0, "peer %u", index);
    if (--peer->connections) return;
    table_drop(&peers->table, (struct bytes){peer->key, peer->key_len});
    slots_give(&peers->slots, peer->slot);
}

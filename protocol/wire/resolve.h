/* resolve: names to addresses on a thread of its own, with a cache; loops never wait for DNS.
 *
 * An answer is kept 30 s, then refreshed in the background; while a refresh fails the last good answer goes on serving.
 * With allow_private false a name is refused (FAULT_ADDRESS) if any of its addresses is loopback, private, link-local,
 * CGNAT, multicast, reserved, v4-mapped, NAT64, 6to4 or Teredo; literals likewise. The refusal is rechecked at every
 * look-up. */
#pragma once

#include "protocol/wire/loop.h"

#define RESOLVE_ADDRESSES_MAX 8

struct resolver;
struct resolve_answer {
    enum fault fault; /* NONE, NAME or ADDRESS */
    unsigned count;
    struct {
        unsigned char at[28]; /* a struct sockaddr_in or sockaddr_in6 with the port set */
        unsigned len;
    } addresses[RESOLVE_ADDRESSES_MAX];
};

enum fault resolver_start(bool allow_private, struct resolver **resolver) MUST_USE;
void resolver_stop(struct resolver **resolver);

struct resolve_query;
/* true: *answer is filled from the cache at once. false: on_answer comes later on the loop's thread (loop_wake is not
 * used; the resolver brings its own descriptor per loop), unless resolve_cancel came first. */
bool resolve(struct resolver *resolver, struct loop *loop, const char *host, unsigned port,
             struct resolve_answer *answer, void (*on_answer)(void *arg, const struct resolve_answer *answer),
             void *arg, struct resolve_query **query);
void resolve_cancel(struct resolve_query **query);
/* The rule itself, for tests and catalogue checks: true if the address (struct sockaddr) is public. */
bool resolve_is_public(const void *sockaddr);

/* server_listen: a listening socket from an address in text. For server.c. */
#pragma once

#include "protocol/base/fault.h"
#include "protocol/wire/tls.h"

struct sockaddr_storage;

#define SERVER_ADDRESS_MAX 128

struct server_listen {
    int fd;
    bool is_unix;
    char text[SERVER_ADDRESS_MAX]; /* as in server_options.address, with the real port */
};

/* FAULT_IN_USE, FAULT_INPUT or FAULT_SYSTEM, with a sentence in *note. A socket file that nobody listens on is
 * replaced; a new one may be used by its owner only. */
enum fault server_listen_open(const char *address, bool reuse_port, struct server_listen *listen,
                              struct tls_note *note) MUST_USE;
/* Removes the socket file. */
void server_listen_close(struct server_listen *listen);
/* The peer's address without port, an IPv4 address carried in IPv6 as IPv4. "unix" for a unix socket. */
void server_listen_peer_text(const struct sockaddr_storage *peer, char *text, size_t cap);

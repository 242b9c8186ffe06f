/* tls_tickets: the keys a server seals session tickets with: made here, never stored, a new one every 8 hours, the one
 * before still accepted. So a stolen key opens no more than 16 hours of tickets (RFC 5077 section 5.5). One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/fault.h"

#define TLS_TICKET_KEY_US (INT64_C(8) * 3600 * 1000000)

struct tls_ticket_key {
    unsigned char name[16];
    unsigned char cipher[32];
    unsigned char mac[32];
};

struct tls_tickets;

enum fault tls_tickets_open(struct tls_tickets **tickets) MUST_USE;
/* Wipes the keys. */
void tls_tickets_close(struct tls_tickets **tickets);
/* The key for a new ticket; NULL if the system's random source fails. */
const struct tls_ticket_key *tls_tickets_seal(struct tls_tickets *tickets, int64_t now_us);
/* The key of that name (16 bytes), NULL if it is not known or no longer accepted. *old: the ticket should be replaced.
 */
const struct tls_ticket_key *tls_tickets_find(const struct tls_tickets *tickets, const unsigned char *name,
                                              int64_t now_us, bool *old);

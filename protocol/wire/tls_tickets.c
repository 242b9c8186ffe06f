/* Two keys; they move on when a ticket is sealed and are judged by their age when one is opened, so no timer is needed.
 */
#include "protocol/wire/tls_tickets.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KEYS 2u /* current, previous */

struct kept_key {
    struct tls_ticket_key key;
    int64_t made_us;
    bool made;
};

struct tls_tickets {
    struct kept_key keys[KEYS];
};

enum fault tls_tickets_open(struct tls_tickets **tickets)
{
    *tickets = calloc(1, sizeof **tickets);
    return *tickets ? FAULT_NONE : FAULT_MEMORY;
}

void tls_tickets_close(struct tls_tickets **tickets)
{
    if (*tickets) explicit_bzero(*tickets, sizeof **tickets);
    free(*tickets);
    *tickets = NULL;
}

const struct tls_ticket_key *tls_tickets_seal(struct tls_tickets *tickets, int64_t now_us)
{
    struct kept_key *current = &tickets->keys[0];
    if (current->made && now_us - current->made_us < TLS_TICKET_KEY_US) return &current->key;
    tickets->keys[1] = *current;
    current->made = getrandom(&current->key, sizeof current->key, 0) == (ssize_t)sizeof current->key;
    current->made_us = now_us;
    return current->made ? &current->key : NULL;
}

const struct tls_ticket_key *tls_tickets_find(const struct tls_tickets *tickets, const unsigned char *name,
                                              int64_t now_us, bool *old)
{
    for (unsigned i = 0; i < KEYS; i++) {
        const struct kept_key *kept = &tickets->keys[i];
        int64_t age_us = now_us - kept->made_us;
        if (!kept->made || memcmp(name, kept->key.name, sizeof kept->key.name) != 0) continue;
        *old = age_us >= TLS_TICKET_KEY_US;
        return age_us < 2 * TLS_TICKET_KEY_US ? &kept->key : NULL;
    }
    return NULL;
}

/* A chained hash by the key's address; the shelves of a key stay for the life of the store, since origins do. */
#include "protocol/wire/tls_sessions.h"

#include <stdint.h>
#include <stdlib.h>

#define BUCKETS 256u

struct shelf {
    struct shelf *next;
    const void *key;
    void *kept[TLS_SESSIONS_KEPT]; /* newest first */
};

struct tls_sessions {
    void (*drop)(void *session);
    unsigned keys;
    struct shelf *buckets[BUCKETS];
};

static struct shelf **bucket_of(struct tls_sessions *sessions, const void *key)
{
    uint64_t mixed = (uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15);
    return &sessions->buckets[mixed >> 56];
}

static struct shelf *find(struct tls_sessions *sessions, const void *key)
{
    struct shelf *shelf = *bucket_of(sessions, key);
    while (shelf && shelf->key != key) shelf = shelf->next;
    return shelf;
}

static struct shelf *make(struct tls_sessions *sessions, const void *key)
{
    if (sessions->keys == TLS_SESSIONS_KEYS_MAX) return NULL;
    struct shelf *shelf = calloc(1, sizeof *shelf);
    if (!shelf) return NULL;
    struct shelf **bucket = bucket_of(sessions, key);
    shelf->key = key;
    shelf->next = *bucket;
    *bucket = shelf;
    sessions->keys++;
    return shelf;
}

enum fault tls_sessions_open(void (*drop)(void *session), struct tls_sessions **sessions)
{
    struct tls_sessions *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->drop = drop;
    *sessions = made;
    return FAULT_NONE;
}

void tls_sessions_close(struct tls_sessions **sessions)
{
    struct tls_sessions *gone = *sessions;
    *sessions = NULL;
    if (!gone) return;
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct shelf *shelf = gone->buckets[i], *next; shelf; shelf = next) {
            next = shelf->next;
            for (unsigned k = 0; k < TLS_SESSIONS_KEPT; k++)
                if (shelf->kept[k]) gone->drop(shelf->kept[k]);
            free(shelf);
        }
    }
    free(gone);
}

void tls_sessions_put(struct tls_sessions *sessions, const void *key, void *session)
{
    struct shelf *shelf = find(sessions, key);
    if (!shelf) shelf = make(sessions, key);
    if (!shelf) {
        sessions->drop(session); /* only costs a full handshake later */
        return;
    }
    void *oldest = shelf->kept[TLS_SESSIONS_KEPT - 1];
    if (oldest) sessions->drop(oldest);
    for (unsigned k = TLS_SESSIONS_KEPT - 1; k > 0; k--) shelf->kept[k] = shelf->kept[k - 1];
    shelf->kept[0] = session;
}

void *tls_sessions_take(struct tls_sessions *sessions, const void *key)
{
    struct shelf *shelf = find(sessions, key);
    if (!shelf) return NULL;
    void *newest = shelf->kept[0];
    for (unsigned k = 0; k + 1 < TLS_SESSIONS_KEPT; k++) shelf->kept[k] = shelf->kept[k + 1];
    shelf->kept[TLS_SESSIONS_KEPT - 1] = NULL;
    return newest;
}

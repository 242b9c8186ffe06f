/* doubts: the seats that posts in doubt hold in this process, until they are resolved. After a restart nothing is held:
 * nothing is pushed then either. Any thread; a lock held for a few instructions (doubts and their resolutions only). */
#pragma once

#include <pthread.h>

#include "exchange/record/book.h"
#include "exchange/standing/standing.h"

#define DOUBTS_MAX 65536u

struct doubt {
    struct ident post_id;
    struct seat_hold seat;
};

struct doubts {
    pthread_mutex_t lock;
    struct doubt *list;
    uint32_t count, room;
};

enum fault doubts_open(struct doubts *doubts) MUST_USE;
void doubts_close(struct doubts *doubts);
/* Beyond DOUBTS_MAX the seat is kept for good: never sold twice rather than given back. */
void doubts_put(struct doubts *doubts, const struct ident *post_id, const struct seat_hold *seat);
/* False: nothing is held for it here. */
bool doubts_take(struct doubts *doubts, const struct ident *post_id, struct seat_hold *seat);
/* A doubt has been resolved in the book: what its post held under `keys` is counted for good, or given back, and so is
 * the seat it held here. */
void doubts_settle(struct doubts *doubts, struct standing *standing, const struct ident *post_id, bool accepted,
                   const struct book_cap_key *keys, unsigned keys_count);

/* doubts: the posts in doubt as this process knows them: the seats they hold, until they are resolved, and when their
 * buyers are asked next. After a restart no seat is held: nothing is pushed then either. Any thread; a lock held for a
 * walk through the list (doubts, their resolutions and the asking only). */
#pragma once

#include "exchange/record/step.h"
#include "exchange/standing/seats.h"
#include "protocol/base/fault.h"

#define DOUBTS_MAX 65536u

struct doubts;
struct standing;

struct doubt {
    struct ident post_id;
    struct seat_hold seat;
    int64_t since_ms, next_ms; /* wall: when it began, and when its buyer is asked next */
};

/* NULL: memory is out. */
struct doubts *doubts_open(void);
void doubts_close(struct doubts **doubts);
/* Beyond DOUBTS_MAX the seat is kept for good: never sold twice rather than given back; and nobody is asked. */
void doubts_put(struct standing *standing, const struct doubt *doubt);
/* A doubt has ended in the book: what its post held under `keys` is counted for good, or given back, and so is the seat
 * it held here. */
void doubts_settle(struct standing *standing, const struct ident *post_id, bool accepted,
                   const struct book_cap_key *keys, unsigned keys_count);
/* One whose time to be asked has come, its next time set far off until doubts_ask_at says when it is. False: none. */
bool doubts_due(struct standing *standing, int64_t wall_ms, struct doubt *due);
/* Nothing happens if it has ended meanwhile. */
void doubts_ask_at(struct standing *standing, const struct ident *post_id, int64_t next_ms);

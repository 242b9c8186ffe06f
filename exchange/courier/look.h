/* look: what may be delivered now, found and put into words on the ledger's reader thread, while the courier's own
 * thread does not touch it. For this room only. */
#pragma once

#include "exchange/courier/gates.h"
#include "exchange/ledger/notices.h"
#include "exchange/market/catalogue.h"

#define LETTERS_MAX 64u     /* calls at a time */
#define HEARER_CALLS_MAX 4u /* of one hearer */
#define HELD_MAX 512u       /* letters that are called, or whose outcome is not on disk yet */

struct address {
    const struct endpoint *endpoint;
    const struct bytes *secrets;
    uint32_t secrets_count;
};
/* Where the hearer is told; false: nowhere. */
bool look_address(const struct catalogue *catalogue, const struct hearer *hearer, struct address *address);

/* A letter to deliver, or one that cannot be: then its state says what becomes of it. */
struct letter_found {
    struct delivery delivery; /* its texts are in the arena */
    int64_t at_ms;            /* of the event: its id is made of it */
    struct bytes text;
};

struct look {
    /* Asked. */
    int64_t wall_ms;
    struct catalogue *catalogue;
    uint32_t letters_max;
    struct delivery held[HELD_MAX]; /* not again */
    uint32_t held_count;
    struct hearer closed[GATES_MAX]; /* not now */
    uint32_t closed_count;
    char texts[HELD_MAX + GATES_MAX][HEARER_ID_MAX]; /* of their ids */
    struct notices_walk walk;                        /* goes on from look to look */
    /* Found. */
    struct arena arena;
    struct letter_found letters[LETTERS_MAX];
    uint32_t letters_count;
    bool is_more; /* another look at once would find more */
    enum fault fault;
};

/* Before the next look: what is held, and who is not to be called. */
void look_hold(struct look *look, const struct delivery *held);
void look_close_to(struct look *look, const struct gates *gates, int64_t now_us);
/* On the reader thread. */
void look_run(struct look *look, struct reader *reader);

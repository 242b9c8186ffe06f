/* uploads: lists of people on their way from their owners to the main thread, piece by piece.
 *
 * An upload goes to and fro: the worker that has its connection fills the piece and sends it to main; main reads it and
 * sends it back for the next one, or with the end of it. Whoever has it may touch it, nobody else: at most one letter
 * of an upload is under way at a time, so a mailbox with room for UPLOADS_MAX never is full. Which of them are taken is
 * under a lock; any thread. */
#pragma once

#include <pthread.h>

#include "protocol/wire/server.h"

#define UPLOADS_MAX 8u
#define UPLOADS_OF_OWNER_MAX 2u /* so that one buyer who sends slowly keeps nobody else waiting */

struct upload {
    /* Set when it is taken. */
    unsigned number; /* below UPLOADS_MAX; no other has it now */
    unsigned worker;
    struct bytes name, owner; /* of the list; the buyer's id */
    void *waiter;             /* the worker's, from malloc; NULL: nobody waits any more */
    /* From worker to main. */
    size_t piece_len;
    bool is_last; /* nothing comes after the piece */
    bool is_gone; /* it is given up: its sender has left */
    /* Main's own. */
    void *reading;
    char piece[SERVER_PIECE_MAX];
};

struct uploads {
    pthread_mutex_t lock;
    struct upload *taken[UPLOADS_MAX];
};

void uploads_open(struct uploads *uploads);
/* None may be taken. */
void uploads_close(struct uploads *uploads);
/* NULL: too many are under way, or memory is out. `name` and `owner` are copied. */
struct upload *uploads_take(struct uploads *uploads, struct bytes name, struct bytes owner);
/* Wipes it. */
void uploads_give(struct uploads *uploads, struct upload **upload);
unsigned uploads_count(struct uploads *uploads);

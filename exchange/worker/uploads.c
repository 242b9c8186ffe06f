/* There are few of them, and they last: a lock and a walk over all is less to get wrong than anything cleverer. */
#include "exchange/worker/uploads.h"

#include <stdlib.h>

#include "protocol/base/check.h"
#include "protocol/crypto/digest.h"

void uploads_open(struct uploads *uploads)
{
    *uploads = (struct uploads){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void uploads_close(struct uploads *uploads)
{
    check(uploads_count(uploads) == 0);
    pthread_mutex_destroy(&uploads->lock);
}

/* The number of a free place, or UPLOADS_MAX. */
static unsigned find_place(const struct uploads *uploads, struct bytes owner)
{
    unsigned place = UPLOADS_MAX, owned = 0;
    for (unsigned i = UPLOADS_MAX; i-- > 0;) {
        const struct upload *upload = uploads->taken[i];
        if (!upload) place = i;
        if (upload && bytes_same(upload->owner, owner)) owned++;
    }
    return owned < UPLOADS_OF_OWNER_MAX ? place : UPLOADS_MAX;
}

static struct upload *make(struct bytes name, struct bytes owner)
{
    struct upload *upload = calloc(1, sizeof *upload + name.len + owner.len);
    if (!upload) return NULL;
    char *texts = (char *)(upload + 1);
    memcpy(texts, name.at, name.len);
    memcpy(texts + name.len, owner.at, owner.len);
    upload->name = (struct bytes){texts, name.len};
    upload->owner = (struct bytes){texts + name.len, owner.len};
    return upload;
}

struct upload *uploads_take(struct uploads *uploads, struct bytes name, struct bytes owner)
{
    struct upload *upload = NULL;
    pthread_mutex_lock(&uploads->lock);
    unsigned place = find_place(uploads, owner);
    if (place < UPLOADS_MAX) upload = make(name, owner);
    if (upload) {
        upload->number = place;
        uploads->taken[place] = upload;
    }
    pthread_mutex_unlock(&uploads->lock);
    return upload;
}

void uploads_give(struct uploads *uploads, struct upload **given)
{
    struct upload *upload = *given;
    *given = NULL;
    pthread_mutex_lock(&uploads->lock);
    check(uploads->taken[upload->number] == upload);
    uploads->taken[upload->number] = NULL;
    pthread_mutex_unlock(&uploads->lock);
    crypto_wipe(upload->piece, sizeof upload->piece);
    free(upload);
}

unsigned uploads_count(struct uploads *uploads)
{
    unsigned count = 0;
    pthread_mutex_lock(&uploads->lock);
    for (unsigned i = 0; i < UPLOADS_MAX; i++) count += uploads->taken[i] != NULL;
    pthread_mutex_unlock(&uploads->lock);
    return count;
}

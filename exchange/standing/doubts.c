/* A plain list: doubts are rare, and each is looked for a handful of times in its life. */
#include "exchange/standing/doubts.h"

#include <pthread.h>
#include <stdlib.h>

#include "exchange/standing/standing.h"

struct doubts {
    pthread_mutex_t lock;
    struct doubt *list;
    uint32_t count, room;
    uint32_t at; /* where the next look for one that is due begins: each has its turn */
};

struct doubts *doubts_open(void)
{
    struct doubts *doubts = calloc(1, sizeof *doubts);
    if (!doubts || pthread_mutex_init(&doubts->lock, NULL) == 0) return doubts;
    free(doubts);
    return NULL;
}

void doubts_close(struct doubts **closed)
{
    struct doubts *doubts = *closed;
    *closed = NULL;
    if (!doubts) return;
    pthread_mutex_destroy(&doubts->lock);
    free(doubts->list);
    free(doubts);
}

static bool make_room(struct doubts *doubts)
{
    if (doubts->count < doubts->room) return true;
    uint32_t room = doubts->room ? doubts->room * 2 : 64;
    if (room > DOUBTS_MAX) return false;
    struct doubt *list = realloc(doubts->list, room * sizeof *list);
    if (!list) return false;
    doubts->list = list;
    doubts->room = room;
    return true;
}

void doubts_put(struct standing *standing, const struct doubt *doubt)
{
    struct doubts *doubts = standing_doubts(standing);
    pthread_mutex_lock(&doubts->lock);
    if (make_room(doubts)) doubts->list[doubts->count++] = *doubt;
    pthread_mutex_unlock(&doubts->lock);
}

/* Under the lock. */
static struct doubt *find(struct doubts *doubts, const struct ident *post_id)
{
    for (uint32_t i = 0; i < doubts->count; i++)
        if (ident_same(&doubts->list[i].post_id, post_id)) return &doubts->list[i];
    return NULL;
}

static struct seat_hold take_seat(struct doubts *doubts, const struct ident *post_id)
{
    struct seat_hold seat = SEAT_HOLD_NONE;
    pthread_mutex_lock(&doubts->lock);
    struct doubt *doubt = find(doubts, post_id);
    if (doubt) {
        seat = doubt->seat;
        *doubt = doubts->list[--doubts->count];
    }
    pthread_mutex_unlock(&doubts->lock);
    return seat;
}

void doubts_settle(struct standing *standing, const struct ident *post_id, bool accepted,
                   const struct book_cap_key *keys, unsigned keys_count)
{
    struct cap_key held[BOOK_CAP_KEYS_MAX];
    for (unsigned i = 0; i < keys_count; i++) {
        held[i] = (struct cap_key){
            .window = keys[i].window, .amount = keys[i].amount, .stay = (enum cap_stay)keys[i].stay};
        memcpy(held[i].id.at, keys[i].id, sizeof keys[i].id);
        held[i].cell = standing_cap_cell(standing, &held[i].id);
    }
    struct seat_hold seat = take_seat(standing_doubts(standing), post_id);
    (accepted ? seats_keep : seats_give)(standing, &seat);
    if (accepted)
        caps_count(standing, held, keys_count);
    else
        caps_release(standing, held, keys_count, true);
}

bool doubts_due(struct standing *standing, int64_t wall_ms, struct doubt *due)
{
    struct doubts *doubts = standing_doubts(standing);
    bool found = false;
    pthread_mutex_lock(&doubts->lock);
    for (uint32_t i = 0; i < doubts->count && !found; i++) {
        if (++doubts->at >= doubts->count) doubts->at = 0;
        struct doubt *doubt = &doubts->list[doubts->at];
        if (doubt->next_ms > wall_ms) continue;
        *due = *doubt;
        doubt->next_ms = INT64_MAX;
        found = true;
    }
    pthread_mutex_unlock(&doubts->lock);
    return found;
}

void doubts_ask_at(struct standing *standing, const struct ident *post_id, int64_t next_ms)
{
    struct doubts *doubts = standing_doubts(standing);
    pthread_mutex_lock(&doubts->lock);
    struct doubt *doubt = find(doubts, post_id);
    if (doubt) doubt->next_ms = next_ms;
    pthread_mutex_unlock(&doubts->lock);
}

/* A plain list: doubts are rare, and an operator resolves them one by one. */
#include "exchange/worker/doubts.h"

#include <stdlib.h>

enum fault doubts_open(struct doubts *doubts)
{
    *doubts = (struct doubts){.lock = PTHREAD_MUTEX_INITIALIZER};
    return FAULT_NONE;
}

void doubts_close(struct doubts *doubts)
{
    free(doubts->list);
    doubts->list = NULL;
    doubts->count = doubts->room = 0;
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

void doubts_put(struct doubts *doubts, const struct ident *post_id, const struct seat_hold *seat)
{
    pthread_mutex_lock(&doubts->lock);
    if (make_room(doubts)) doubts->list[doubts->count++] = (struct doubt){*post_id, *seat};
    pthread_mutex_unlock(&doubts->lock);
}

bool doubts_take(struct doubts *doubts, const struct ident *post_id, struct seat_hold *seat)
{
    bool found = false;
    pthread_mutex_lock(&doubts->lock);
    for (uint32_t i = 0; i < doubts->count && !found; i++) {
        if (!ident_same(&doubts->list[i].post_id, post_id)) continue;
        *seat = doubts->list[i].seat;
        doubts->list[i] = doubts->list[--doubts->count];
        found = true;
    }
    pthread_mutex_unlock(&doubts->lock);
    return found;
}

void doubts_settle(struct doubts *doubts, struct standing *standing, const struct ident *post_id, bool accepted,
                   const struct book_cap_key *keys, unsigned keys_count)
{
    struct cap_key held[BOOK_CAP_KEYS_MAX];
    struct seat_hold seat;
    for (unsigned i = 0; i < keys_count; i++) {
        held[i] = (struct cap_key){
            .window = keys[i].window, .amount = keys[i].amount, .stay = (enum cap_stay)keys[i].stay};
        memcpy(held[i].id.at, keys[i].id, sizeof keys[i].id);
        held[i].cell = standing_cap_cell(standing, &held[i].id);
    }
    if (doubts_take(doubts, post_id, &seat)) (accepted ? seats_keep : seats_give)(standing, &seat);
    if (accepted)
        caps_count(standing, held, keys_count);
    else
        caps_release(standing, held, keys_count, true);
}

/* town: everything that runs: the buyers, the listeners they answer at, the answers under way, the pushes to the
 * exchange. main opens it and hands it round; each part is used on the loop's thread only. */
#pragma once

#include "buyers-sim/answers.h"
#include "buyers-sim/listener.h"
#include "buyers-sim/push.h"

struct town {
    struct loop *loop;
    struct scenario *scenario;
    struct buyer *buyers; /* scenario->count */
    struct answers *answers;
    struct pusher *pusher; /* NULL without an exchange */
    struct tls_context *tls;
    struct listener shared; /* .loop NULL: the scenario has none */
    struct listener *own;   /* two per buyer, of pings and of posts; .loop NULL: not its own */
    struct table routes;    /* path -> 3 * buyer + 0 ping, 1 post, 2 status */
    struct arena reading;   /* of the request being read; reset before each */
};

/* The listener a buyer's pings or posts come to. */
static inline struct listener *town_listener(struct town *town, uint32_t index, bool post)
{
    struct listener *own = &town->own[2 * index];
    if (post && own[1].loop) return &own[1];
    return own[0].loop ? &own[0] : &town->shared;
}

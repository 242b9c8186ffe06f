/* push: tells the exchange each buyer's availability and free seats: at the start, when seats change, and often enough
 * that what it was told does not expire. One push per buyer is under way at a time; a failed one is tried again.
 *
 * One thread; the buyers and the scenario are borrowed. */
#pragma once

#include "buyers-sim/buyer.h"
#include "protocol/wire/client.h"

struct pusher;

/* *note tells what is wrong with the exchange's url or certificate. */
enum fault push_open(struct loop *loop, struct scenario *scenario, struct buyer *buyers, struct pusher **pusher,
                     struct tls_note *note) MUST_USE;
void push_close(struct pusher **pusher);
/* The buyer's state may have changed. Nothing for buyers without a key, or when `pusher` is NULL. */
void push_changed(struct pusher *pusher, uint32_t index);

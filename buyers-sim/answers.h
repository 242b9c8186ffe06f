/* answers: what is on its way to the exchange: at once, after a think time, held until released, drop by drop, or
 * never.
 *
 * One thread. A request belongs to it from answers_give on; answers_gone must be told when its peer leaves first. */
#pragma once

#include "buyers-sim/buyer.h"
#include "protocol/wire/server.h"

#define ANSWERS_MAX 65536 /* that wait at the same time */

struct answers;

enum fault answers_open(struct loop *loop, struct answers **answers) MUST_USE;
/* After the servers are closed. */
void answers_close(struct answers **answers);
/* `body` is copied if it has to wait. */
void answers_give(struct answers *answers, struct server_request *request, struct buyer *buyer,
                  const struct outcome *outcome, struct bytes body);
void answers_gone(struct server_request *request);
/* Lets the oldest `count` held answers of the buyer go (0: all). How many went. */
unsigned answers_release(struct answers *answers, struct buyer *buyer, unsigned count);

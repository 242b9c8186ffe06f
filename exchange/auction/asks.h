/* asks: what goes out to buyers and what comes back. For this room's files only. */
#pragma once

#include "exchange/auction/story.h"

void asks_send(struct auction *auction);
void asks_stop(struct auction *auction);
/* What bids are ranked by, at the instant of ranked_ms. */
struct decision asks_decision(const struct auction *auction);
/* A bid's legs into the arena; memory out: the bid counts as none. */
void asks_keep_legs(struct auction *auction, struct asked *asked, const struct bid *bid);
bool asks_rank(struct auction *auction); /* false: memory is out; may be asked again as bids come in */
/* Why nobody wins: what stood nearest to a sale among the bids; or nobody bid; or nobody was even asked. */
enum reason asks_nearest(const struct auction *auction);
void asks_post(struct auction *auction, uint32_t number);
/* True: no verdict came, and the contract says that the same post goes out again, at the slot's retry_at_us. */
bool asks_again(struct auction *auction, struct slot *slot);
/* What the slot's answer makes of it: SLOT_SOLD, _DOUBT or _REFUSED. */
void asks_verdict(struct auction *auction, struct slot *slot);

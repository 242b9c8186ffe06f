/* slots: all the places a lead may be sold in, moved together. For this room's files only. */
#pragma once

#include "exchange/auction/story.h"

/* As many slots as a lead may have, the planned ones open. False: memory is out. */
bool slots_begin(struct auction *auction);
/* The same for a story taken up again: what sold or is in doubt stays, the others are open. */
bool slots_resume(struct auction *auction, const struct lead_record *record);
/* There are more candidates: the one slot that was closed for want of them is open again; several are planned anew. */
void slots_reopen(struct auction *auction);
bool slots_any(const struct auction *auction, unsigned states); /* of SLOT_BITs */
/* Asks for caps and seat of the next candidate of every open slot; a slot without one is closed. */
void slots_fill(struct auction *auction);
/* Slots in that state: what they reserved is given back, and they go to `then`. */
void slots_give_back(struct auction *auction, enum slot_state from, enum slot_state then);
/* The book has their intents. */
void slots_intended(struct auction *auction);
/* The book refused their intents: another lead of this person was first. */
void slots_taken(struct auction *auction);
void slots_post(struct auction *auction);
/* The soonest instant at which a resting post goes out again; CLOCK_NEVER: none rests. */
int64_t slots_rest_until(const struct auction *auction);
/* Open posts become doubts. */
void slots_abandon(struct auction *auction);
void slots_judge(struct auction *auction);
/* Something came of a post that the book does not know, and another post is not to be waited for with it. */
bool slots_have_news(const struct auction *auction);
/* It brought no verdict, and its affiliate does not wait for one: given up with the last entry. */
bool slots_is_void(const struct auction *auction, const struct slot *slot);
/* When the last doubt ends by itself, wall; 0: not known. */
int64_t slots_resolve_ms(const struct auction *auction);
/* The book has their outcome: sales are committed, what was given up is let go. */
void slots_settled(struct auction *auction);
/* The book could not be told their outcome, so it holds them as open: they are doubts. */
void slots_unwritten(struct auction *auction);
/* Doubts keep what they reserved. */
void slots_keep(struct auction *auction);
/* Why no slot was filled. */
enum reason slots_reason(const struct auction *auction);
/* The sale of a slot that is sold or in doubt. False: it is neither. */
bool slots_sale(const struct auction *auction, const struct slot *slot, struct book_sale *sale);

/* onward: the part of the story that is told only of leads that come of another one; for this room only. */
#pragma once

#include "exchange/auction/story.h"

/* It comes of a lead that goes to a new auction. */
bool onward_is(const struct auction *auction);
enum step onward_admit(struct auction *auction);
/* Who had it, or an owner of theirs, is not asked again. */
void onward_match(struct auction *auction);

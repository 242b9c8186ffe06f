/* withhold: what a buyer answers to a post is kept and told, but not the lead's private data said back: no log, book or
 * trace is the place for them. What it says before the post it says without having seen any. For this room only. */
#pragma once

#include "exchange/auction/story.h"
#include "protocol/message/verdict.h"

/* The verdict's texts, copied into the arena. A refusal's words that repeat private data are a sentence of ours
 * instead; a code, an id and a URL that do are left out. */
void withhold_echoes(struct auction *auction, struct verdict *verdict);

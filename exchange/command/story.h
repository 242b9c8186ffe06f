/* story: the JSON of explain_write as a page for a person: who was asked, who was not and why, the bids with their
 * times, who got the lead, and where the money went. One thread; nothing is kept. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "protocol/codec/document.h"

/* `story`: the whole document. Lines of at most 120 columns, as long as ids and names are of usual length. False: out
 * of memory, and nothing is printed. */
bool story_print(const struct node *story, FILE *out, bool in_colour);

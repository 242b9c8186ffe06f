/* told: what a lead's affiliate hears after it was answered, from the lead's own steps. Pure: the same function derives
 * the book's events and holds the simulated world to them.
 *
 * An affiliate that was answered while a post of its lead was in doubt hears of each sale made since, and of the end of
 * the last doubt; the event that ends it all is marked final, and comes once. What was answered at once needs none. */
#pragma once

#include "exchange/record/book.h"
#include "exchange/record/event.h"

/* Before a step is applied to the lead: notes what its affiliate has been told. */
void told_before(struct lead_record *lead);
/* After: what the affiliate hears of the step; false: nothing. The lead remembers that it was told. */
bool told_after(const struct book_step *step, struct lead_record *lead, struct event *event);

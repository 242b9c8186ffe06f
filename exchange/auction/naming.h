/* naming: what the book keeps beside a lead's content, to find it by and to tell what is in it. For this room only. */
#pragma once

#include "exchange/auction/story.h"

/* auction->content_person and ->field_names of the lead. False: memory is out. */
bool naming_content(struct auction *auction, const struct node *lead);

/* tale: what came of a request, a lead, a contract in one auction, as one short line each, the same that a play expects
 * (tests/plays/README.md); and the comparison. tests/wire/play.py writes the same lines out of real answers. */
#pragma once

#include "tests/sim/world.h"

#define TALE_MAX 256

/* "accepted 9.60", "sold 9.60 north", "409 conflict", "open", … */
void tale_of_request(const struct world_request *request, char tale[TALE_MAX]);
/* The same of a lead's row, as GET tells it. */
void tale_of_lead(const struct world *world, const struct model_lead *lead, char tale[TALE_MAX]);
/* Why bidding ended, and the arm of an experiment: "early_close", "all_answered trial". */
void tale_of_auction(const struct world *world, const struct ident *id, char tale[TALE_MAX]);
/* "pinged bid 12.00 #1 post accepted" of that contract in the auction that `id` (a ping's or a lead's) belongs to. */
void tale_of_contract(const struct world *world, const struct ident *id, struct bytes contract, char tale[TALE_MAX]);
/* Word by word; "a|b" is either, "*" is any one word. */
bool tale_fits(struct bytes wanted, struct bytes found);

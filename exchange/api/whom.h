/* whom: a person as a request names one: {"phone", "email", "lead_id"}, at least one of them. For this room's files. */
#pragma once

#include "exchange/api/visit.h"
#include "exchange/market/person.h"

/* Fills person (plain hashes: they live as long as the request) and *lead_id, IDENT_NONE where none is named. False:
 * complaints were made. */
bool whom_read(const struct node *document, struct arena *arena, struct person *person, struct ident *lead_id,
               struct complaints *complaints);
/* What is kept of them: keyed hashes, added to `keys`. */
void whom_key(struct worker *worker, const struct person *person, struct person_keys *keys);

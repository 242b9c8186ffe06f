/* suppress: lists of people who are not to be sold (market.md section 8). Which lists a lead's person is on is found
 * out before (facts->on_lists); the rules over it are pure. */
#pragma once

#include "exchange/market/person.h"
#include "exchange/standing/list.h"
#include "protocol/message/reason.h"

/* True if the person is on that list of the catalogue. */
bool suppress_is_on(const struct facts *facts, uint32_t list);
/* Of exchange and campaign: SUPPRESSED or NONE. */
enum reason suppress_lead(const struct catalogue *catalogue, const struct facts *facts);
/* Of that contract and its buyer: SUPPRESSED, EXCLUDED (a person its buyer excludes), NONE. */
enum reason suppress_contract(const struct catalogue *catalogue, const struct contract *contract,
                              const struct person *person, const struct facts *facts);
/* on_lists into a trace, and back. Empty: on none. False: nothing that was packed here, or memory is out. */
struct bytes suppress_pack(const struct facts *facts);
bool suppress_unpack(struct bytes packed, struct arena *arena, struct facts *facts);
/* Sets the bits of the lists the person is on, among those the campaign asks about. `shelf` NULL: there are none. A
 * list that is not on the shelf holds nobody. */
void suppress_look_up(const struct shelf *shelf, const struct catalogue *catalogue, const struct campaign *campaign,
                      const struct person *person, const struct person_keys *keys, uint64_t *on_lists);

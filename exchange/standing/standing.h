/* standing: what changes between auctions, process-wide, outside the snapshot (architecture.md). Cells are found or
 * made by stable id when a catalogue is built (under a lock), and reached by index from then on; cells are never moved
 * or removed, so an index from any snapshot stays good.
 *
 * Hot words are atomics, each contract's and buyer's on cache lines of its own. Any thread, but for open and close. The
 * rules that read these words are pure functions in market; here they are only kept. Each noun has its own header, all
 * of them included here; offers and claims stand apart. */
#pragma once

#include "exchange/standing/arms.h"
#include "exchange/standing/caps.h"
#include "exchange/standing/circuits.h"
#include "exchange/standing/doubts.h"
#include "exchange/standing/funds.h"
#include "exchange/standing/learned.h"
#include "exchange/standing/rates.h"
#include "exchange/standing/revoked.h"
#include "exchange/standing/seats.h"
#include "exchange/standing/switches.h"
#include "exchange/standing/turns.h"
#include "protocol/base/clock.h"
#include "protocol/base/fault.h"
#include "protocol/base/ident.h"
#include "protocol/crypto/digest.h"

enum fault standing_open(struct standing **standing) MUST_USE;
/* After every other thread has let go of it. */
void standing_close(struct standing **standing);

/* Cells by stable id; STANDING_NONE only when memory is out. Not for hot paths. */
uint32_t standing_contract_cell(struct standing *standing, struct bytes contract_id);
uint32_t standing_buyer_cell(struct standing *standing, struct bytes buyer_id);
uint32_t standing_origin_cell(struct standing *standing, struct bytes origin); /* "https://host:port" */
uint32_t standing_affiliate_cell(struct standing *standing, struct bytes affiliate_id);
/* A campaign and what it compares: other rules begin at nothing. */
uint32_t standing_experiment_cell(struct standing *standing, struct bytes experiment);
uint32_t standing_cap_cell(struct standing *standing, const struct cap_id *id);
/* The people who are not to be sold any more. */
struct revoked *standing_revoked(struct standing *standing);
struct doubts *standing_doubts(struct standing *standing);
/* API keys that are not taken any more, whatever the catalogue says. */
enum fault standing_revoke_key(struct standing *standing, const struct digest *key) MUST_USE;
bool standing_is_key_revoked(const struct standing *standing, const struct digest *key);

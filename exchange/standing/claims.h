/* claims: keys that are being worked on right now (idempotency keys), process-wide, bounded. The later ones wait or are
 * told so; done ones are in the book. Any thread; striped locks held for a few instructions (posts only, never a ping's
 * path). */
#pragma once

#include "protocol/base/fault.h"
#include "protocol/crypto/digest.h"

struct claims;

/* Memory is touched as claims are made, not at once. */
enum fault claims_open(uint32_t claims_max, struct claims **claims) MUST_USE;
void claims_close(struct claims **claims);

enum claim_result { CLAIM_TAKEN, CLAIM_HELD, CLAIM_FULL };

/* TAKEN: the caller holds it now. HELD: someone else does. FULL: claims_max others are held. */
enum claim_result claims_take(struct claims *claims, const struct digest *key);
/* By whoever took it, once (checked). */
void claims_drop(struct claims *claims, const struct digest *key);

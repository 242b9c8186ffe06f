/* build_addresses: who is told after the fact, and where; what else of a catalogue is an address or a secret. Part of
 * build.h, for the same files. */
#pragma once

#include "exchange/market/build.h"

void build_affiliate_notices(struct build *build, const struct node *node, struct affiliate *affiliate);
void build_buyer_notices(struct build *build, const struct node *node, struct buyer *buyer);
void build_sale_addresses(struct build *build, const struct node *node, struct contract *contract);
/* One whsec_… more; what is none is told. */
void build_secret(struct build *build, const struct node *node, const char *name, struct bytes *secrets,
                  uint32_t *count);

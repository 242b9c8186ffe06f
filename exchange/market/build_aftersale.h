/* build_aftersale: what catalogues say of the time after a sale; for the files that build one only. */
#pragma once

#include "exchange/market/build.h"
#include "exchange/market/sale_terms.h"

/* Of a contract. */
void build_sale_terms(struct build *build, const struct node *node, struct contract *contract);
/* `redistribute` of a campaign. */
void build_onward(struct build *build, const struct node *node, struct campaign *campaign);
/* `returns` of an affiliate. */
void build_return_share(struct build *build, const struct node *node, struct return_share *share);

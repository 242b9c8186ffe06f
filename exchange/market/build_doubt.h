/* build_doubt: what a contract says about posts without a verdict. For this room's builders. */
#pragma once

#include "exchange/market/build.h"

/* on_unknown, idempotent, price_at_post; doubt and status_url. */
void build_verdicts(struct build *build, const struct node *node, struct contract *contract);

/* build_contract.c: made when first needed; NULL: memory is out. */
struct contract_asides *build_asides(struct build *build, struct contract *contract);
/* An address of that contract's buyer; left empty where it is wrong. */
void build_endpoint(struct build *build, const struct node *node, bool is_post, struct endpoint *endpoint);

/* redirect: where a buyer's verdict may send the person next (market.md section 8, api.md "Post"). Pure. */
#pragma once

#include "exchange/market/contract.h"

/* True if the URL is https, its host is among the buyer's redirect_hosts, and it has nothing in front of the host. */
bool redirect_is_allowed(const struct buyer *buyer, struct bytes url);
/* The host of an https URL, as it is written there; empty: not such a URL, or one that readers may disagree about. */
struct bytes redirect_host(struct bytes url);

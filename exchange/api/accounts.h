/* accounts: which accounts there are by the catalogue, whatever was booked on them. */
#pragma once

#include "exchange/market/catalogue.h"

/* "buyer:X" or "affiliate:X" of this catalogue. */
bool accounts_is_known(const struct catalogue *catalogue, struct bytes name);

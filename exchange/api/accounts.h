/* accounts: which accounts there are by the catalogue, whatever was booked on them; and what is told of a booking. */
#pragma once

#include "exchange/ledger/booking.h"
#include "exchange/market/catalogue.h"

/* "buyer:X" or "affiliate:X" of this catalogue. */
bool accounts_is_known(const struct catalogue *catalogue, struct bytes name);
/* What was booked, as JSON; the longest is 8 KiB. */
void accounts_write_booked(const struct booking *booking, uint64_t seq, struct sink *sink);

/* house: the time zone whose months are the periods of the accounts, for whoever opens the book to write. */
#pragma once

#include "exchange/config/config.h"
#include "exchange/market/zone.h"

/* In the arena. NULL: its file cannot be read (it could when the settings were). */
const struct zone *house_zone(const struct settings *settings, struct arena *arena);

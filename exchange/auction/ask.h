/* ask: one call to a buyer, as the story words it. */
#pragma once

#include "exchange/market/rehearsal.h"
#include "protocol/base/ident.h"
#include "protocol/message/ping.h"

enum auction_ask_kind { ASK_PING, ASK_POST };

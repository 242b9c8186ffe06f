/* api: the wire contract of api.md: routes for affiliates, buyers and operators, over workers. The room's one door for
 * main. */
#pragma once

#include "exchange/worker/worker.h"

/* What workers call. */
extern const struct worker_front api_front;

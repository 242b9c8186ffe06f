/* stats: what the buyers counted, as JSON. */
#pragma once

#include "buyers-sim/town.h"

/* GET /stats, GET /stats?buyer=NAME */
void stats_answer(struct town *town, struct server_request *request);
/* GET /last?buyer=NAME: the last ping and post as they came (with `record`). */
void stats_answer_last(struct town *town, struct server_request *request);
/* The buyer of that name, or scenario->count. */
uint32_t stats_find_buyer(const struct town *town, struct bytes name);

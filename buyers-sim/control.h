/* control: POST /control, by which a play moves its buyers while they run. */
#pragma once

#include "buyers-sim/town.h"

/* {"buyer": "north", "release": true | 2, "set": {keys of a buyer}} -> {"released": n}; 422 {"error": "…"} on a
 * mistake, and nothing is changed then. */
void control_answer(struct town *town, struct server_request *request);

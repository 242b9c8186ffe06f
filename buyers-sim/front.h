/* front: the addresses and paths of a town: /NAME/ping, /NAME/post and /NAME/status of every buyer, /stats, /control
 * and /last at each address. One thread. */
#pragma once

#include "buyers-sim/town.h"

/* Opens every listener and builds the routes. The note says which address or name is wrong. */
enum fault front_open(struct town *town, struct tls_note *note) MUST_USE;
void front_close(struct town *town);

/* ladder: when a delivery that failed is tried again (api.md, "Notice"): after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and
 * 10 h; then it is given up. Pure. */
#pragma once

#include <stdint.h>

#define LADDER_TRIES 8u /* the first one among them */

/* Milliseconds to wait after the `tries`-th try; -1: it was the last. */
int64_t ladder_wait_ms(uint32_t tries);

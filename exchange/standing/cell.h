/* cell: what the headers of this room have in common. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/fault.h"

#define STANDING_NONE UINT32_MAX /* no cell */

struct standing;

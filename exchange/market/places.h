/* places: the state and the time zone of a zip or an area code, as the operator's tables tell them; part of the
 * snapshot, where a rule asks during a ping. Pure. */
#pragma once

#include "exchange/market/geo.h"
#include "exchange/market/zone.h"

struct place {
    uint8_t state; /* field_state_code */
    uint16_t zone; /* number in places.zones */
};

struct places {
    const uint32_t *zips; /* ascending */
    const struct place *of_zips;
    uint32_t zips_count;
    const uint32_t *areas; /* likewise */
    const struct place *of_areas;
    uint32_t areas_count;
    const struct zone *const *zones; /* all that the tables name, each once */
    uint32_t zones_count;
};

/* NULL: unknown; `places` may be NULL. */
const struct place *places_zip(const struct places *places, uint32_t zip);
const struct place *places_area(const struct places *places, uint32_t code);

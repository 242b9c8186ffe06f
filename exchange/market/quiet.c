/* The safe side everywhere: several places, several states: each of them must be open. */
#include "exchange/market/quiet.h"

#define DAY_S INT64_C(86400)
#define HALF_HOUR_S 1800

static bool is_open(const struct zone *zone, uint64_t hours, int64_t wall_s)
{
    int64_t of_day = (wall_s + zone_offset_s(zone, wall_s)) % DAY_S;
    return hours >> ((of_day < 0 ? of_day + DAY_S : of_day) / HALF_HOUR_S) & 1;
}

static const struct fact *fact_of(const struct facts *facts, uint32_t field)
{
    return field != FIELD_NONE && facts->fields[field].is_set ? &facts->fields[field] : NULL;
}

/* Nobody knows where: open wherever it may be. */
static bool is_open_everywhere(const struct quiet *quiet, uint64_t hours, int64_t wall_s)
{
    const struct places *places = quiet->places;
    for (uint32_t i = 0; i < places->zones_count; i++)
        if (!is_open(places->zones[i], hours, wall_s)) return false;
    return true;
}

bool quiet_is_now(const struct quiet *quiet, const struct facts *facts, int64_t wall_ms)
{
    if (!quiet) return false;
    int64_t wall_s = wall_ms / 1000;
    const struct fact *zip = quiet->from == QUIET_PHONE ? NULL : fact_of(facts, quiet->zip_field);
    const struct fact *state = fact_of(facts, quiet->state_field);
    uint32_t code = quiet->from == QUIET_ZIP ? 0 : facts->area_code;
    uint64_t of_lead = state ? quiet->hours[state->number] : ~UINT64_C(0);
    const struct place *found[2] = {zip ? places_zip(quiet->places, (uint32_t)zip->number) : NULL,
                                    code ? places_area(quiet->places, code) : NULL};
    bool unknown = (!zip && !code) || (zip && !found[0]) || (code && !found[1]);
    if (unknown && !is_open_everywhere(quiet, state ? of_lead : quiet->everywhere, wall_s)) return true;
    for (unsigned i = 0; i < 2; i++) {
        if (!found[i]) continue;
        uint64_t hours = quiet->hours[found[i]->state] & of_lead;
        if (!is_open(quiet->places->zones[found[i]->zone], hours, wall_s)) return true;
    }
    return false;
}

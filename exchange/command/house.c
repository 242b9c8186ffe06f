/* A copy of its own: a catalogue's goes with the catalogue at a reload, the ledger stays. */
#include "exchange/command/house.h"

#include "exchange/base/zonefile.h"

const struct zone *house_zone(const struct settings *settings, struct arena *arena)
{
    struct bytes file;
    if (zonefile_read(bytes_of(settings->time_zone), arena, &file) != FAULT_NONE) return NULL;
    return zone_parse(arena, file);
}

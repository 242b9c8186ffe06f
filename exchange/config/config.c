/* The room's front: the rest is in settings.c and catalogue_file.c. */
#include "exchange/config/config.h"

#include <stdlib.h>

#include "exchange/base/zonefile.h"
#include "exchange/config/catalogue_file.h"

struct catalogue *config_catalogue(const struct settings *settings, struct standing *standing,
                                   struct config_report *report)
{
    return catalogue_file_build(settings, standing, report);
}

const char *config_path(const char *given)
{
    const char *named = getenv("OUTCRY_CONFIG");
    if (given) return given;
    return named && *named ? named : "outcry.yaml";
}

bool config_read_zone(void *arena_arg, struct bytes name, struct bytes *file)
{
    return zonefile_read(name, arena_arg, file) == FAULT_NONE;
}

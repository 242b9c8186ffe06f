/* config: the files an operator writes (config.md): YAML -> settings, catalogue. The schema table (schema.h) decides
 * keys, types and defaults; a file is read whole, checked whole, and taken or refused whole.
 *
 * Called by one thread at a time (start, reload, check); what it returns is owned by the caller. */
#pragma once

#include "exchange/config/lists.h"
#include "exchange/config/report.h"
#include "exchange/config/settings.h"

/* The catalogue the settings name, read, checked and built. `standing` NULL: no cells are made (check, explain). NULL:
 * the report tells why; warnings may be in it also on success. The snapshot has one reference, the caller's. */
struct catalogue *config_catalogue(const struct settings *settings, struct standing *standing,
                                   struct config_report *report);
/* Where the settings file is: `given` unless NULL, else $OUTCRY_CONFIG, else "outcry.yaml". */
const char *config_path(const char *given);
/* catalogue_source.read_zone over the system's zone files (exchange/base/zonefile): `arena_arg` is a struct arena that
 * holds the file's bytes. Also for catalogue_unpack. */
bool config_read_zone(void *arena_arg, struct bytes name, struct bytes *file);

/* catalogue_file: the catalogue's file or folder -> one checked document -> the snapshot (exchange/market/catalogue.h).
 */
#pragma once

#include "exchange/config/settings.h"

/* See config_catalogue. */
struct catalogue *catalogue_file_build(const struct settings *settings, struct standing *standing,
                                       struct config_report *report);

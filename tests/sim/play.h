/* play: a scenario file (tests/plays/README.md) run in the simulated world. */
#pragma once

#include "tests/sim/world.h"

#define PLAY_FOLDER_MAX 256

/* Prints what differs. True: nothing does. `folder` is for the play's files; `defaults` a path. */
bool play_run(const char *path, const char *defaults, const char *folder);

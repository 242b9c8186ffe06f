/* file: a whole small file, read at once (settings, catalogue, secrets, zones). Blocking: start, reload and commands
 * only, never a loop's thread. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/base/fault.h"

/* The content of a regular file, in the arena, a NUL behind it. FAULT_NOT_FOUND, FAULT_TOO_LARGE (over bytes_max),
 * FAULT_MEMORY, FAULT_INPUT (not a regular file), else FAULT_SYSTEM; errno tells more for NOT_FOUND and SYSTEM. */
enum fault file_read(const char *path, size_t bytes_max, struct arena *arena, struct bytes *content) MUST_USE;

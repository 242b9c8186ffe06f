/* process: how much CPU another process has used (Linux, /proc/PID/stat, in clock ticks of 10 ms as a rule). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* User and system time of all its threads, microseconds; false: no such process. */
bool process_cpu_us(long pid, int64_t *cpu_us);
/* Bytes resident; false: no such process. */
bool process_resident(long pid, int64_t *resident_bytes);

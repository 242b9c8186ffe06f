/* The command's name stands in brackets and may hold anything, brackets included: fields are counted from the last one
 * (proc(5)). */
#include "bench/process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool process_cpu_us(long pid, int64_t *cpu_us)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return false;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *after = strrchr(text, ')');
    unsigned long user, kernel;
    /* after the name: state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime */
    if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
        return false;
    *cpu_us = (int64_t)(user + kernel) * (1000000 / sysconf(_SC_CLK_TCK));
    return true;
}

bool process_resident(long pid, int64_t *resident_bytes)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/statm", pid);
    FILE *file = fopen(path, "r");
    if (!file) return false;
    long pages = 0;
    bool read = fscanf(file, "%*d %ld", &pages) == 1;
    fclose(file);
    *resident_bytes = (int64_t)pages * sysconf(_SC_PAGESIZE);
    return read;
}

/* report: what a run came to, as a line a second, as a table and as JSON. */
#pragma once

#include <stdio.h>

#include "bench/sender.h"

struct report_process {
    long pid; /* 0: none was asked for */
    bool gone;
    int64_t before_us, after_us; /* its CPU at both ends of what is counted */
    int64_t resident_bytes;      /* at the end */
};

struct report {
    const struct sender *sender;
    const char *url;
    struct report_process process;
    int64_t own_cpu_us; /* of the bench, in the same span */
    struct client_counts client;
};

/* The heading, then one line per call. */
void report_heading(FILE *out);
void report_second(FILE *out, struct sender *sender, int64_t elapsed_us);
void report_table(FILE *out, const struct report *report);
void report_json(FILE *out, const struct report *report);

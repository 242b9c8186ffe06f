/* given: files in a folder of their own for tests of exchange/config, and the findings as one text. */
#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/config/report.h"

static char given_folder[64];

static inline int given_open(void **state)
{
    (void)state;
    memcpy(given_folder, "/tmp/outcry-config-XXXXXX", 26);
    return mkdtemp(given_folder) ? 0 : -1;
}

static inline int given_close(void **state)
{
    (void)state;
    char line[128];
    (void)snprintf(line, sizeof line, "rm -rf %s", given_folder);
    return system(line);
}

/* The path of `name` in the folder. */
static inline const char *given_path(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, 256, "%s/%s", given_folder, name);
    return path;
}

static inline void given_file(const char *name, const char *content)
{
    FILE *file = fopen(given_path(name), "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* All findings, a line each, without the folder. */
static inline const char *given_findings(const struct config_report *report)
{
    static char all[1 << 20];
    struct sink sink = sink_over(all, sizeof all - 1);
    size_t folder = strlen(given_folder) + 1;
    for (uint32_t i = 0; i < report->count; i++) {
        char line[4096];
        struct sink one = sink_over(line, sizeof line);
        config_report_write(report, i, &one);
        struct bytes text = sink_written(&one);
        bool inside = folder > 1 && bytes_starts(text, bytes_of(given_folder));
        sink_bytes(&sink, inside ? bytes_from(text, folder) : text);
        sink_char(&sink, '\n');
    }
    all[sink.len] = 0;
    return all;
}

/* zone against Python's zoneinfo over the same files: the second before and the second of every change from 1970 to
 * 2040, days between them, and far instants where only the footer's rule speaks. Then hours and days against a walk
 * that only asks for offsets. Skipped where there is no python3 or no zone files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "exchange/market/zone.h"
#include "protocol/base/clock.h"

#define FOLDER "/usr/share/zoneinfo/"
#define FILE_MAX 16384

static const char *const ZONES[] = {
    "America/New_York", "America/Los_Angeles", "America/Phoenix",   "America/Anchorage", "Pacific/Honolulu",
    "America/St_Johns", "America/Sao_Paulo",   "America/Havana",    "Europe/London",     "Europe/Dublin",
    "Europe/Berlin",    "Africa/Casablanca",   "Asia/Kathmandu",    "Asia/Kolkata",      "Australia/Lord_Howe",
    "Pacific/Auckland", "Pacific/Apia",        "Pacific/Kwajalein", "America/Nuuk",      "Asia/Tehran",
};

static const char SCRIPT[] = "import sys, random\n"
                             "from datetime import datetime, timezone\n"
                             "from zoneinfo import ZoneInfo\n"
                             "random.seed(7)\n"
                             "for name in sys.argv[1:]:\n"
                             "    zone = ZoneInfo.from_file(open('" FOLDER "' + name, 'rb'))\n"
                             "    def off(t): return int(datetime.fromtimestamp(t, zone).utcoffset().total_seconds())\n"
                             "    print('zone', name)\n"
                             "    t, end = 0, 2240611200\n"
                             "    while t < end:\n"
                             "        step = t + 86400\n"
                             "        if off(step) != off(t):\n"
                             "            a, b = t, step\n"
                             "            while b - a > 1:\n"
                             "                m = (a + b) // 2\n"
                             "                a, b = (m, b) if off(m) == off(t) else (a, m)\n"
                             "            print(a, off(a)); print(b, off(b))\n"
                             "        t = step\n"
                             "    for i in range(300):\n"
                             "        t = random.randrange(0, 8000000000)\n"
                             "        print(t, off(t))\n";

static struct arena arena;

static const struct zone *zone_of(const char *name)
{
    char path[128], content[FILE_MAX];
    snprintf(path, sizeof path, FOLDER "%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    size_t len = fread(content, 1, sizeof content, file);
    fclose(file);
    const struct zone *zone = zone_parse(&arena, (struct bytes){content, len});
    if (!zone) fail_msg("%s is refused", name);
    return zone;
}

static void agrees_with_python(void **state)
{
    char script[] = "/tmp/outcry-zones-XXXXXX", command[2048], line[128];
    const struct zone *zone = NULL;
    unsigned compared = 0;
    (void)state;
    if (access(FOLDER "America/New_York", R_OK) != 0) skip();
    int descriptor = mkstemp(script);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, SCRIPT, sizeof SCRIPT - 1), sizeof SCRIPT - 1);
    close(descriptor);
    struct sink sink = sink_over(command, sizeof command);
    sink_format(&sink, "python3 %s", script);
    for (size_t i = 0; i < sizeof ZONES / sizeof *ZONES; i++) {
        char path[128];
        snprintf(path, sizeof path, FOLDER "%s", ZONES[i]);
        if (access(path, R_OK) == 0) sink_format(&sink, " %s", ZONES[i]);
    }
    sink_text(&sink, " 2>/dev/null");
    sink_char(&sink, '\0');
    FILE *python = popen(command, "r");
    assert_non_null(python);
    while (fgets(line, sizeof line, python)) {
        char name[100];
        long long at;
        int offset;
        if (sscanf(line, "zone %99s", name) == 1) {
            zone = zone_of(name);
        } else if (zone && sscanf(line, "%lld %d", &at, &offset) == 2) {
            compared++;
            if (zone_offset_s(zone, at) != offset)
                fail_msg("%s at %lld: %d, python says %d", name, at, (int)zone_offset_s(zone, at), offset);
        }
    }
    int status = pclose(python);
    unlink(script);
    if (compared == 0 && status != 0) {
        print_message("no python3 with zoneinfo here: not compared\n");
        skip();
    }
    assert_int_equal(status, 0);
    assert_true(compared > 5000);
}

/* Offsets change on whole quarters of an hour in these years, and so do local hours. */
static void hours_and_days_by_walking(void **state)
{
    static const char *const YEARS[][2] = {{"America/New_York", "2026"},  {"America/Havana", "2012"},
                                           {"America/Sao_Paulo", "2017"}, {"Australia/Lord_Howe", "2026"},
                                           {"Africa/Casablanca", "2026"}, {"Pacific/Apia", "2011"},
                                           {"America/St_Johns", "2010"},  {"Asia/Kathmandu", "1985"}};
    (void)state;
    if (access(FOLDER "America/New_York", R_OK) != 0) skip();
    for (size_t i = 0; i < sizeof YEARS / sizeof *YEARS; i++) {
        const struct zone *zone = zone_of(YEARS[i][0]);
        if (!zone) continue;
        int64_t start = clock_days_from_date(strtol(YEARS[i][1], NULL, 10), 1, 1) * 86400;
        int64_t hour = 0, day_began[3] = {0}, dates[3] = {INT64_MIN, INT64_MIN, INT64_MIN};
        int32_t before = 0;
        for (int64_t at = start - 3 * 86400; at < start + 366 * 86400; at += 60) {
            int32_t offset = zone_offset_s(zone, at);
            int64_t local = at + offset, date = local / 86400;
            if (local % 3600 == 0 || offset != before) hour = at;
            before = offset;
            unsigned known = 0;
            while (known < 3 && dates[known] != date) known++;
            if (known == 3) { /* a date not seen of late: it begins here */
                memmove(dates + 1, dates, 2 * sizeof *dates);
                memmove(day_began + 1, day_began, 2 * sizeof *day_began);
                dates[0] = date;
                day_began[0] = at;
                known = 0;
            }
            if (at < start) continue;
            if (zone_hour_start(zone, at) != hour || zone_day_start(zone, at) != day_began[known])
                fail_msg("%s at %lld: hour began %lld, day %lld; walking says %lld, %lld", YEARS[i][0], (long long)at,
                         (long long)zone_hour_start(zone, at), (long long)zone_day_start(zone, at), (long long)hour,
                         (long long)day_began[known]);
        }
    }
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 16, 1 << 26);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_python),
        cmocka_unit_test(hours_and_days_by_walking),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

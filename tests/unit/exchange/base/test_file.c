/* file and zonefile: what is read, what is refused, and that no name leaves the folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/base/file.h"
#include "exchange/base/zonefile.h"

static char folder[32];
static struct arena arena;

static int open_folder(void **state)
{
    (void)state;
    arena_init(&arena, 1024, 1 << 20);
    memcpy(folder, "/tmp/outcry-file-XXXXXX", 24);
    return mkdtemp(folder) ? 0 : -1;
}

static int close_folder(void **state)
{
    (void)state;
    arena_free(&arena);
    unsetenv("TZDIR");
    char line[64];
    (void)snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *content)
{
    FILE *file = fopen(path_of(name), "we");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void reads_whole_files_only(void **state)
{
    (void)state;
    struct bytes content;
    write_file("a", "hello");
    write_file("empty", "");
    assert_int_equal(file_read(path_of("a"), 5, &arena, &content), FAULT_NONE);
    assert_true(bytes_is(content, "hello"));
    assert_int_equal(content.at[5], 0);
    assert_int_equal(file_read(path_of("empty"), 5, &arena, &content), FAULT_NONE);
    assert_int_equal(content.len, 0);
    assert_int_equal(file_read(path_of("a"), 4, &arena, &content), FAULT_TOO_LARGE);
    assert_int_equal(file_read(path_of("none"), 5, &arena, &content), FAULT_NOT_FOUND);
    assert_int_equal(file_read(folder, 5, &arena, &content), FAULT_INPUT);
    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
    assert_int_equal(file_read(path_of("pipe"), 5, &arena, &content), FAULT_INPUT); /* and does not wait for a writer */
}

static void zone_names_stay_in_their_folder(void **state)
{
    (void)state;
    assert_true(zonefile_is_name(BYTES("America/Argentina/Buenos_Aires")));
    assert_true(zonefile_is_name(BYTES("Etc/GMT+5")));
    assert_true(zonefile_is_name(BYTES("UTC")));
    static const char *const bad[] = {"",   "/etc/passwd", "../passwd", "a/../b", "a//b",
                                      "a/", ".",           "a/.b",      "a b",    "a\\b"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(zonefile_is_name(bytes_of(bad[i])));
    assert_false(zonefile_is_name((struct bytes){"UTC\0x", 5}));
    char longer[ZONEFILE_NAME_MAX + 1];
    memset(longer, 'a', sizeof longer);
    assert_true(zonefile_is_name((struct bytes){longer, ZONEFILE_NAME_MAX}));
    assert_false(zonefile_is_name((struct bytes){longer, ZONEFILE_NAME_MAX + 1}));
}

static void zones_come_from_where_the_system_says(void **state)
{
    (void)state;
    struct bytes file;
    assert_int_equal(mkdir(path_of("Area"), 0700), 0);
    write_file("Area/City", "TZif2 and more");
    write_file("Area/Not", "TZOO");
    setenv("TZDIR", folder, 1);
    assert_int_equal(zonefile_read(BYTES("Area/City"), &arena, &file), FAULT_NONE);
    assert_true(bytes_is(file, "TZif2 and more"));
    assert_int_equal(zonefile_read(BYTES("Area/Not"), &arena, &file), FAULT_INPUT);
    assert_int_equal(zonefile_read(BYTES("Area"), &arena, &file), FAULT_INPUT);
    assert_int_equal(zonefile_read(BYTES("Area/Town"), &arena, &file), FAULT_NOT_FOUND);
    assert_int_equal(zonefile_read(BYTES("../Area/City"), &arena, &file), FAULT_INPUT);
    unsetenv("TZDIR");
    if (access("/usr/share/zoneinfo/America/New_York", R_OK) == 0)
        assert_int_equal(zonefile_read(BYTES("America/New_York"), &arena, &file), FAULT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_whole_files_only, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(zone_names_stay_in_their_folder, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(zones_come_from_where_the_system_says, open_folder, close_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

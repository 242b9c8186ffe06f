/* lists: contents of files and of what owners put, and which of them is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "exchange/config/config.h"
#include "exchange/config/list_file.h"
#include "exchange/market/person.h"
#include "tests/unit/exchange/config/given.h"

static struct settings settings;
static struct config_report report;
static struct people_list sources[2];
static struct catalogue catalogue = {.lists = sources, .lists_count = 2};

static int open_lists(void **state)
{
    if (given_open(state) != 0 || crypto_start() != FAULT_NONE) return -1;
    settings = (struct settings){0};
    (void)snprintf(settings.file, sizeof settings.file, "%s", given_path("outcry.yaml"));
    (void)snprintf(settings.ledger_path, sizeof settings.ledger_path, "%s", given_folder);
    sources[0] = (struct people_list){BYTES("customers"), BYTES("customers.txt"), 0, true};
    sources[1] = (struct people_list){BYTES("dnc.txt"), BYTES("dnc.txt"), LIST_NO_OWNER, false};
    given_file("customers.txt", "+14155550100\n+14155550101\n");
    given_file("dnc.txt", "a@example.com\n");
    return 0;
}

static int close_lists(void **state)
{
    crypto_stop();
    return given_close(state);
}

static struct shelf *read_all(const struct shelf *before)
{
    config_report_open(&report);
    struct shelf *shelf = lists_read(&settings, &catalogue, before, NULL, &report);
    if (!shelf != (report.errors > 0)) fail_msg("%s", given_findings(&report));
    return shelf;
}

static uint64_t count_of(const struct shelf *shelf, const char *name)
{
    const struct list *list = shelf_find(shelf, bytes_of(name), NULL);
    assert_non_null(list);
    return list_count(list);
}

static void what_is_the_same_is_not_read_again(void **state)
{
    (void)state;
    struct shelf *first = read_all(NULL);
    assert_int_equal(count_of(first, "customers"), 2);
    assert_int_equal(count_of(first, "dnc.txt"), 1);
    config_report_close(&report);
    given_file("dnc.txt", "a@example.com\nb@example.com\n");
    struct shelf *second = read_all(first);
    assert_ptr_equal(shelf_find(first, BYTES("customers"), NULL), shelf_find(second, BYTES("customers"), NULL));
    assert_int_equal(count_of(second, "dnc.txt"), 2);
    config_report_close(&report);
    shelf_drop(&first);
    shelf_drop(&second);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    given_file("customers.txt", "# ours\n+14155550100\nAnn\n");
    unlink(given_path("dnc.txt"));
    assert_null(read_all(NULL));
    assert_string_equal(given_findings(&report), "customers.txt:3:1: is no phone, no e-mail and no SHA-256\n"
                                                 "dnc.txt: cannot be read: No such file or directory\n");
    config_report_close(&report);
}

/* Puts that many entries, all of them twice, as their owner. */
static enum fault put(unsigned entries, int64_t wall_ms, struct list **list)
{
    struct list_file *file;
    struct list_origin origin;
    assert_int_equal(list_file_begin(settings.ledger_path, BYTES("customers"), 3, &file), FAULT_NONE);
    for (unsigned i = 0; i < 2 * entries; i++)
        assert_int_equal(list_file_add(file, (i % entries + 1) * UINT64_C(0x0102030405060708)), FAULT_NONE);
    return list_file_finish(&file, wall_ms, list, &origin);
}

static void put_well(unsigned entries, int64_t wall_ms)
{
    struct list *list;
    assert_int_equal(put(entries, wall_ms, &list), FAULT_NONE);
    assert_int_equal(list_count(list), entries);
    assert_true(list_is_keyed(list));
    list_drop(&list);
}

static void the_later_of_file_and_owner_counts(void **state)
{
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    (void)state;
    put_well(5, now_ms + 60000);
    struct shelf *shelf = read_all(NULL);
    struct list *own = shelf_find(shelf, BYTES("customers"), NULL);
    assert_int_equal(list_count(own), 5);
    assert_true(list_is_keyed(own));
    assert_true(list_has(own, UINT64_C(0x0102030405060708)));
    config_report_close(&report);
    shelf_drop(&shelf);
    put_well(5, now_ms - 3600000);
    shelf = read_all(NULL);
    assert_int_equal(count_of(shelf, "customers"), 2);
    config_report_close(&report);
    shelf_drop(&shelf);
    sources[0].file = BYTES_NONE; /* without a file it is the owner's, however old */
    shelf = read_all(NULL);
    assert_int_equal(count_of(shelf, "customers"), 5);
    config_report_close(&report);
    shelf_drop(&shelf);
}

static void a_damaged_one_stops_the_start(void **state)
{
    (void)state;
    sources[0].file = BYTES_NONE;
    struct shelf *shelf = read_all(NULL);
    assert_int_equal(count_of(shelf, "customers"), 0); /* nobody put it yet */
    config_report_close(&report);
    shelf_drop(&shelf);
    put_well(5, 1);
    FILE *file = fopen(given_path("lists/customers.list"), "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, -3, SEEK_END), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_null(read_all(NULL));
    assert_non_null(strstr(given_findings(&report), "is damaged"));
    config_report_close(&report);
}

/* What cannot take the place of the old one leaves nothing behind. */
static void what_cannot_be_kept_is_taken_away(void **state)
{
    struct list *list;
    (void)state;
    put_well(5, 1);
    assert_int_equal(unlink(given_path("lists/customers.list")), 0);
    assert_int_equal(mkdir(given_path("lists/customers.list"), 0700), 0);
    assert_int_equal(put(5, 2, &list), FAULT_DISK);
    assert_null(list);
    assert_int_not_equal(access(given_path("lists/customers.3.new"), F_OK), 0);
}

/* Neither does what is given up; and what a kill left is taken away at the next start. */
static void half_a_list_does_not_stay(void **state)
{
    struct list_file *file;
    (void)state;
    put_well(5, 1);
    assert_int_equal(list_file_begin(settings.ledger_path, BYTES("customers"), 1, &file), FAULT_NONE);
    for (unsigned i = 0; i < 100000; i++) assert_int_equal(list_file_add(file, i + 1), FAULT_NONE);
    assert_int_equal(access(given_path("lists/customers.1.new"), F_OK), 0);
    list_file_drop(&file);
    assert_int_not_equal(access(given_path("lists/customers.1.new"), F_OK), 0);
    given_file("lists/customers.2.new", "half");
    list_file_sweep(settings.ledger_path);
    assert_int_not_equal(access(given_path("lists/customers.2.new"), F_OK), 0);
    assert_int_equal(access(given_path("lists/customers.list"), F_OK), 0);
}

/* Two at a time do not touch each other; the one that is finished last stays. */
static void two_at_a_time(void **state)
{
    struct list_file *files[2];
    struct list *list;
    struct list_origin origin;
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(list_file_begin(settings.ledger_path, BYTES("customers"), i, &files[i]), FAULT_NONE);
    for (unsigned i = 0; i < 20000; i++) assert_int_equal(list_file_add(files[i % 4 == 3], i + 1), FAULT_NONE);
    assert_int_equal(list_file_finish(&files[1], 5, &list, &origin), FAULT_NONE);
    assert_int_equal(list_count(list), 5000);
    list_drop(&list);
    assert_int_equal(list_file_finish(&files[0], 6, &list, &origin), FAULT_NONE);
    assert_int_equal(list_count(list), 15000);
    sources[0].file = BYTES_NONE;
    struct shelf *shelf = read_all(NULL);
    struct list *own = shelf_find(shelf, BYTES("customers"), NULL);
    assert_int_equal(list_count(own), 15000);
    for (unsigned i = 0; i < 20000; i++) assert_int_equal(list_has(own, i + 1), i % 4 != 3);
    struct list_origin read;
    assert_non_null(shelf_find(shelf, BYTES("customers"), &read));
    assert_memory_equal(&read, &origin, sizeof read); /* so it would not be read again */
    config_report_close(&report);
    shelf_drop(&shelf);
    list_drop(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_lists, close_lists)
        TEST(what_is_the_same_is_not_read_again),
        TEST(what_is_wrong_is_told_with_its_line),
        TEST(the_later_of_file_and_owner_counts),
        TEST(a_damaged_one_stops_the_start),
        TEST(what_cannot_be_kept_is_taken_away),
        TEST(half_a_list_does_not_stay),
        TEST(two_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

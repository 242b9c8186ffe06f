/* lists: contents of files and of what owners put, and which of them is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "exchange/config/config.h"
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

static struct list *put_of(unsigned entries)
{
    struct list_maker *maker;
    struct list *list;
    assert_int_equal(list_begin(&maker), FAULT_NONE);
    for (unsigned i = 1; i <= entries; i++)
        assert_int_equal(list_add(maker, i * UINT64_C(0x0102030405060708)), FAULT_NONE);
    assert_int_equal(list_finish(&maker, true, &list), FAULT_NONE);
    return list;
}

static void the_later_of_file_and_owner_counts(void **state)
{
    struct list *list = put_of(5);
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    (void)state;
    assert_int_equal(lists_save(&settings, BYTES("customers"), list, now_ms + 60000), FAULT_NONE);
    struct shelf *shelf = read_all(NULL);
    struct list *put = shelf_find(shelf, BYTES("customers"), NULL);
    assert_int_equal(list_count(put), 5);
    assert_true(list_is_keyed(put));
    assert_true(list_has(put, UINT64_C(0x0102030405060708)));
    config_report_close(&report);
    shelf_drop(&shelf);
    assert_int_equal(lists_save(&settings, BYTES("customers"), list, now_ms - 3600000), FAULT_NONE);
    shelf = read_all(NULL);
    assert_int_equal(count_of(shelf, "customers"), 2);
    config_report_close(&report);
    shelf_drop(&shelf);
    sources[0].file = BYTES_NONE; /* without a file it is the owner's, however old */
    shelf = read_all(NULL);
    assert_int_equal(count_of(shelf, "customers"), 5);
    config_report_close(&report);
    shelf_drop(&shelf);
    list_drop(&list);
}

static void a_damaged_one_stops_the_start(void **state)
{
    struct list *list = put_of(5);
    (void)state;
    sources[0].file = BYTES_NONE;
    struct shelf *shelf = read_all(NULL);
    assert_int_equal(count_of(shelf, "customers"), 0); /* nobody put it yet */
    config_report_close(&report);
    shelf_drop(&shelf);
    assert_int_equal(lists_save(&settings, BYTES("customers"), list, 1), FAULT_NONE);
    FILE *file = fopen(given_path("lists/customers.list"), "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, -3, SEEK_END), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_null(read_all(NULL));
    assert_non_null(strstr(given_findings(&report), "is damaged"));
    config_report_close(&report);
    list_drop(&list);
}

/* What cannot take the place of the old one leaves nothing behind. */
static void what_cannot_be_kept_is_taken_away(void **state)
{
    struct list *list = put_of(5);
    (void)state;
    assert_int_equal(lists_save(&settings, BYTES("customers"), list, 1), FAULT_NONE);
    assert_int_equal(unlink(given_path("lists/customers.list")), 0);
    assert_int_equal(mkdir(given_path("lists/customers.list"), 0700), 0);
    assert_int_equal(lists_save(&settings, BYTES("customers"), list, 2), FAULT_DISK);
    assert_int_not_equal(access(given_path("lists/customers.new"), F_OK), 0);
    list_drop(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_lists, close_lists)
        TEST(what_is_the_same_is_not_read_again), TEST(what_is_wrong_is_told_with_its_line),
        TEST(the_later_of_file_and_owner_counts), TEST(a_damaged_one_stops_the_start),
        TEST(what_cannot_be_kept_is_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

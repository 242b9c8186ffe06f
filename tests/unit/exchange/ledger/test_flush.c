/* A flush that fails: fdatasync is this file's, and fails when told to. An I/O error latches: not one byte is written
 * after it. A full disk does not, and the trace never stops the trade. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "tests/unit/exchange/ledger/desk.h"

/* Which store's flushes fail, and how. */
static _Atomic int fails_with;
static const char *_Atomic fails_in = "/book/";
static _Atomic unsigned book_flushes;

int fdatasync(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = 0;
    if (strstr(path, "/book/")) atomic_fetch_add(&book_flushes, 1);
    int code = atomic_load(&fails_with);
    if (code && strstr(path, atomic_load(&fails_in))) {
        errno = code;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static int begin(void **state)
{
    struct desk *desk = malloc(sizeof *desk);
    assert_non_null(desk);
    desk_folder(desk);
    atomic_store(&fails_with, 0);
    atomic_store(&fails_in, "/book/");
    *state = desk;
    return 0;
}

static int end(void **state)
{
    struct desk *desk = *state;
    atomic_store(&fails_with, 0);
    if (desk->ledger) desk_close(desk);
    desk_remove(desk);
    free(desk);
    return 0;
}

static void assert_sold(const struct desk *desk, uint64_t sold, uint64_t pending)
{
    struct report_verdict verdict;
    struct reader *reader;
    struct reader_totals totals;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    if (!verdict.good) fail_msg("%s", verdict.text);
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_totals(reader, &totals), FAULT_NONE);
    reader_close(&reader);
    assert_int_equal(totals.sold, sold);
    assert_int_equal(totals.pending, pending);
}

static void test_an_io_error_latches(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids, other;
    const char *text = NULL;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(desk_open_lead(desk, &ids, NULL), FAULT_NONE);
    unsigned before = atomic_load(&book_flushes);
    assert_true(before > 0); /* this file's fdatasync is the one that is called */
    atomic_store(&fails_with, EIO);
    assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_DISK);
    assert_int_equal(desk->seq, 0);
    atomic_store(&fails_with, 0);
    assert_int_equal(atomic_load(&book_flushes), before + 1);
    assert_int_equal(ledger_state(desk->ledger, &text), REASON_LEDGER_DOWN);
    assert_non_null(strstr(text, "outcry ledger verify"));
    assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_DISK); /* though the disk is well again */
    assert_int_equal(desk_open_lead(desk, &other, NULL), FAULT_DISK);
    assert_int_equal(desk_resolve(desk, &ids.post, true), FAULT_DISK);
    assert_int_equal(atomic_load(&book_flushes), before + 1);
    desk_close(desk);
    assert_int_equal(atomic_load(&book_flushes), before + 1);
    assert_int_equal(desk_open(desk), FAULT_NONE); /* the open post is in doubt now */
    assert_int_equal(ledger_state(desk->ledger, &text), REASON_NONE);
    desk_close(desk);
    assert_sold(desk, 1, 1);
}

static void test_a_full_disk_does_not(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_open_lead(desk, &ids, NULL), FAULT_NONE);
    atomic_store(&fails_with, ENOSPC);
    assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_DISK_FULL);
    assert_int_equal(ledger_state(desk->ledger, NULL), REASON_LEDGER_DOWN);
    atomic_store(&fails_with, 0);
    assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_NONE); /* what is under way may still be settled */
    while (ledger_state(desk->ledger, NULL) != REASON_NONE) usleep(10000);  /* the ledger finds out by itself */
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    desk_close(desk);
    assert_sold(desk, 2, 0);
}

static void test_the_trace_stops_nothing(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    atomic_store(&fails_in, "/trace/");
    atomic_store(&fails_with, EIO);
    struct ident ping = desk_id(desk);
    assert_true(ledger_trace(desk->line, &ping, NULL, BYTES("a record"), BYTES_NONE, 0));
    while (ledger_traces_dropped(desk->ledger) == 0) usleep(10000);
    assert_int_equal(ledger_traces_dropped(desk->ledger), 1);
    assert_int_equal(ledger_state(desk->ledger, NULL), REASON_NONE);
    assert_int_equal(desk_lead(desk, &ids, NULL, POST_ACCEPTED), FAULT_NONE);
    atomic_store(&fails_with, 0);
    assert_true(ledger_trace(desk->line, &ping, NULL, BYTES("a record"), BYTES_NONE, 0));
    desk_close(desk);
    struct reader *reader;
    struct arena arena;
    struct bytes record;
    arena_init(&arena, 4096, 1 << 20);
    assert_int_equal(reader_open(desk->path, NULL, &reader), FAULT_NONE);
    assert_int_equal(reader_trace(reader, &ping, &arena, &record), FAULT_NONE); /* written once it could be */
    reader_close(&reader);
    arena_free(&arena);
}

/* The flush of a start's doubts fails: the start does. */
static void test_a_start_that_cannot_write(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(desk_open_lead(desk, &ids, NULL), FAULT_NONE);
    desk_close(desk);
    atomic_store(&fails_with, EIO);
    assert_int_equal(desk_open(desk), FAULT_DISK);
    assert_non_null(strstr(desk->note.text, "in doubt"));
    atomic_store(&fails_with, 0);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    desk_close(desk);
    assert_sold(desk, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(test_an_io_error_latches),
        TEST(test_a_full_disk_does_not),
        TEST(test_the_trace_stops_nothing),
        TEST(test_a_start_that_cannot_write),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}

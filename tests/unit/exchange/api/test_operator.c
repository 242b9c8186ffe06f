/* What operators ask, over the whole exchange in one process. */
#include "tests/unit/exchange/api/house.h"

static int open_one(void **state)
{
    return open_house(state, 1, 100000, api_front.on_request);
}

/* A main thread that took the wish and is waiting for the workers itself: it will never answer. */
static bool take_wish(void *arg, unsigned worker, void *waiter)
{
    (void)worker;
    atomic_store((_Atomic(void *) *)arg, waiter);
    return true;
}

/* Hangs, and is ended by ctest, where the drain waits for the answer. */
static void a_drain_does_not_wait_for_a_reload(void **state)
{
    struct house *house = *state;
    static _Atomic(void *) waiter; /* lives on: the api keeps it for an answer that never comes */
    const char *request = "POST /v1/admin/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    house->hall.ask_reload = take_wish;
    house->hall.ask_reload_arg = &waiter;
    int fd = dial(worker_admin_address(house->workers[0]));
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    while (!atomic_load(&waiter)) usleep(1000);
    worker_drain(house->workers[0], 10000);
    worker_join(house->workers[0]);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_drain_does_not_wait_for_a_reload, open_one, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The whole exchange in one process over loopback sockets: worker, api, ledger, and a buyer's server on a loop of its
 * own. What is asked here is what only shows when all rooms meet: a sale end to end, and that a warm ping allocates
 * nothing on the worker's thread. */
#include "tests/unit/exchange/api/house.h"

#define CAP 25u    /* a day, of each of the two contracts */
#define CALLERS 6u /* affiliates on threads of their own */

/* Counting allocations of one thread ------------------------------------------------------------------------------ */

static _Thread_local bool counted_thread;
static _Atomic bool counting;
static _Atomic unsigned allocations;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static void note_allocation(void)
{
    if (counted_thread && atomic_load(&counting)) atomic_fetch_add(&allocations, 1);
}

void *malloc(size_t size)
{
    note_allocation();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    note_allocation();
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    note_allocation();
    return __libc_realloc(old, size);
}
#else
#define COUNTS_ALLOCATIONS 0
#endif

static void on_counted_request(struct worker *worker, struct server_request *request, bool is_admin)
{
    counted_thread = true;
    api_front.on_request(worker, request, is_admin);
}

static int open_one(void **state)
{
    return open_house(state, 1, 100000, on_counted_request);
}
static int open_two(void **state)
{
    return open_house(state, 2, CAP, on_counted_request);
}

static void test_a_lead_is_sold_by_ping_and_post(void **state)
{
    struct house *house = *state;
    char answer[8192], post[512], ping_id[27] = "";
    assert_int_equal(ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"ca\"},\"ref\":\"r-1\"}",
                         answer, sizeof answer),
                     200);
    assert_non_null(strstr(answer, "\"status\":\"accepted\""));
    assert_non_null(strstr(answer, "\"price\":\"10.00\"")); /* 12.50 less 20 % */
    assert_non_null(strstr(answer, "\"ref\":\"r-1\""));
    memcpy(ping_id, strstr(answer, "\"ping_id\":\"") + 11, 26);
    snprintf(post, sizeof post, "{\"ping_id\":\"%s\",\"lead\":{\"state\":\"CA\",\"phone\":\"(415) 555-2671\"}}",
             ping_id);
    assert_int_equal(ask(house, "/v1/posts", post, answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "\"status\":\"sold\""));
    assert_non_null(strstr(answer, "\"buyer\":\"north\""));
    assert_int_equal(atomic_load(&house->buyer.posts), 1);
    char again[8192];
    assert_int_equal(ask(house, "/v1/posts", post, again, sizeof again), 200);
    assert_non_null(strstr(again, "\"status\":\"sold\""));
    assert_int_equal(atomic_load(&house->buyer.posts), 1); /* the first answer again, no second post */
}

static void test_one_call_sells(void **state)
{
    struct house *house = *state;
    char answer[8192];
    const char *lead = "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\",\"phone\":\"4155552672\"}}";
    assert_int_equal(ask(house, "/v1/leads", lead, answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "\"status\":\"sold\""));
    assert_non_null(strstr(answer, "\"price\":\"10.00\""));
}

static void test_refusals_have_reasons(void **state)
{
    struct house *house = *state;
    char answer[8192];
    assert_int_equal(ask(house, "/v1/pings", "{\"campaign\":\"boats\",\"lead\":{}}", answer, sizeof answer), 422);
    assert_non_null(strstr(answer, "campaign_unknown"));
    assert_int_equal(ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{}}", answer, sizeof answer), 422);
    assert_non_null(strstr(answer, "lead.state"));
    assert_int_equal(ask(house, "/v1/pings", "{\"campaign\":\"auto\",", answer, sizeof answer), 400);
    assert_int_equal(ask(house, "/v1/nothing", "{}", answer, sizeof answer), 404);
    house->key[20] ^= 1;
    assert_int_equal(ask(house, "/v1/pings", "{}", answer, sizeof answer), 401);
    house->key[20] ^= 1;
}

static void test_a_warm_ping_allocates_nothing(void **state)
{
    struct house *house = *state;
    char answer[8192];
    const char *ping = "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"},\"source\":\"fb\",\"channel\":\"social\"}";
    if (!COUNTS_ALLOCATIONS) skip();
    for (int i = 0; i < 300; i++) assert_int_equal(ask(house, "/v1/pings", ping, answer, sizeof answer), 200);
    atomic_store(&allocations, 0);
    atomic_store(&counting, true);
    for (int i = 0; i < 1000; i++) assert_int_equal(ask(house, "/v1/pings", ping, answer, sizeof answer), 200);
    atomic_store(&counting, false);
    assert_int_equal(atomic_load(&allocations), 0);
}

/* Several workers
 * ------------------------------------------------------------------------------------------------------- */

struct caller {
    struct house *house;
    pthread_t thread;
    const char *path, *body; /* body NULL: a fresh lead each time */
    unsigned times, number, sold, capped, conflicts, others;
};

static void *call(void *arg)
{
    struct caller *caller = arg;
    char answer[8192], lead[256];
    int fd = dial(worker_address(caller->house->workers[0], 0));
    for (unsigned i = 0; i < caller->times; i++) {
        snprintf(lead, sizeof lead, "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\",\"phone\":\"415555%04u\"}}",
                 2000 + caller->number * 100 + i);
        int status = ask_on(caller->house, fd, caller->path, caller->body ? caller->body : lead, answer, sizeof answer);
        if (status == 409)
            caller->conflicts++;
        else if (strstr(answer, "\"status\":\"sold\""))
            caller->sold++;
        else if (strstr(answer, "\"code\":\"capped\""))
            caller->capped++;
        else
            caller->others++;
    }
    close(fd);
    return NULL;
}

static struct caller call_all(struct house *house, const char *path, const char *body, unsigned times)
{
    struct caller callers[CALLERS], sum = {0};
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.house = house, .path = path, .body = body, .times = times, .number = i};
        pthread_create(&callers[i].thread, NULL, call, &callers[i]);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        sum.sold += callers[i].sold;
        sum.capped += callers[i].capped;
        sum.conflicts += callers[i].conflicts;
        sum.others += callers[i].others;
    }
    return sum;
}

static void test_caps_are_exact_over_workers(void **state)
{
    struct house *house = *state;
    struct caller sum = call_all(house, "/v1/leads", NULL, 20);
    assert_int_equal(sum.sold, 2 * CAP);
    assert_int_equal(sum.sold + sum.capped, CALLERS * 20);
    assert_int_equal(atomic_load(&house->buyer.posts), 2 * CAP);
}

/* Many copies of one post at once, over both workers: one sale; the others hear that it runs, or the same answer. */
static void test_one_offer_is_sold_once(void **state)
{
    struct house *house = *state;
    char answer[8192], post[512];
    assert_int_equal(
        ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}", answer, sizeof answer), 200);
    snprintf(post, sizeof post, "{\"ping_id\":\"%.26s\",\"lead\":{\"state\":\"CA\",\"phone\":\"4155552671\"}}",
             strstr(answer, "\"ping_id\":\"") + 11);
    struct caller sum = call_all(house, "/v1/posts", post, 8);
    assert_int_equal(sum.others + sum.capped, 0);
    assert_true(sum.sold > 0);
    assert_int_equal(sum.sold + sum.conflicts, CALLERS * 8);
    assert_int_equal(atomic_load(&house->buyer.posts), 1);
}

/* Another exchange may not share our port, though workers of one do. */
static void test_a_port_in_use_is_told(void **state)
{
    struct house *house = *state;
    struct worker *other;
    struct tls_note note;
    struct worker_options options = {.hall = &house->hall,
                                     .front = &house->front,
                                     .listen = {worker_address(house->workers[0], 0)},
                                     .listen_count = 1};
    assert_int_equal(worker_open(&options, &other, &note), FAULT_IN_USE);
    assert_non_null(strstr(note.text, "in use"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lead_is_sold_by_ping_and_post, open_one, close_house),
        cmocka_unit_test_setup_teardown(test_one_call_sells, open_one, close_house),
        cmocka_unit_test_setup_teardown(test_refusals_have_reasons, open_one, close_house),
        cmocka_unit_test_setup_teardown(test_a_warm_ping_allocates_nothing, open_one, close_house),
        cmocka_unit_test_setup_teardown(test_a_port_in_use_is_told, open_one, close_house),
        cmocka_unit_test_setup_teardown(test_caps_are_exact_over_workers, open_two, close_house),
        cmocka_unit_test_setup_teardown(test_one_offer_is_sold_once, open_two, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

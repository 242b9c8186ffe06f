/* The resolver with the C library's look-up and clock replaced: names answer what the test says, and half a minute
 * passes when the test says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#include "protocol/wire/resolve.h"
#include "raw.h"

#define SECOND INT64_C(1000000)

/* The monotonic clock stands still unless a test moves it. */
static _Atomic int64_t clock_us = 1000 * SECOND;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_MONOTONIC) return (int)syscall(SYS_clock_gettime, clock, now);
    int64_t us = atomic_load(&clock_us);
    *now = (struct timespec){.tv_sec = us / SECOND, .tv_nsec = us % SECOND * 1000};
    return 0;
}

/* --- names --- */

static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *zone[12]; /* what "buyer.test" has; none: the look-up fails */
static _Atomic unsigned lookups;
static _Atomic unsigned hanging;
static sem_t hang; /* "hang.test" waits here */

static void set_zone(const char *first, const char *second)
{
    pthread_mutex_lock(&zone_lock);
    memset(zone, 0, sizeof zone);
    zone[0] = first;
    zone[1] = second;
    pthread_mutex_unlock(&zone_lock);
}

static struct addrinfo *make(const char *text)
{
    struct addrinfo *one = calloc(1, sizeof *one + sizeof(struct sockaddr_in6));
    struct sockaddr_in *v4 = (struct sockaddr_in *)(one + 1);
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(one + 1);
    one->ai_addr = (struct sockaddr *)v4;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        one->ai_family = v4->sin_family = AF_INET;
        one->ai_addrlen = sizeof *v4;
    } else {
        check(inet_pton(AF_INET6, text, &v6->sin6_addr) == 1);
        one->ai_family = v6->sin6_family = AF_INET6;
        one->ai_addrlen = sizeof *v6;
    }
    return one;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    (void)service;
    (void)hints;
    *list = NULL;
    if (strcmp(name, "hang.test") == 0) {
        atomic_store(&hanging, 1);
        sem_wait(&hang);
        atomic_store(&hanging, 0);
        return EAI_AGAIN;
    }
    pthread_mutex_lock(&zone_lock);
    for (unsigned i = 12; i-- > 0;) {
        if (!zone[i]) continue;
        struct addrinfo *one = make(zone[i]);
        one->ai_next = *list;
        *list = one;
    }
    pthread_mutex_unlock(&zone_lock);
    atomic_fetch_add(&lookups, 1);
    return *list ? 0 : EAI_AGAIN;
}

void freeaddrinfo(struct addrinfo *list)
{
    for (struct addrinfo *next; list; list = next) {
        next = list->ai_next;
        free(list);
    }
}

/* --- asking --- */

struct asker {
    struct loop *loop;
    struct resolver *resolver;
    struct resolve_answer answer;
    unsigned answers;
    struct resolve_query *query;
    struct resolve_query **cancel; /* of another asker, in the callback */
};

static void on_answer(void *arg, const struct resolve_answer *answer)
{
    struct asker *asker = arg;
    asker->query = NULL;
    asker->answers++;
    asker->answer = *answer;
    if (asker->cancel) resolve_cancel(asker->cancel);
    loop_stop(asker->loop);
}

/* True if the answer was there at once. */
static bool ask(struct asker *asker, const char *host)
{
    bool at_once = resolve(asker->resolver, asker->loop, host, 8443, &asker->answer, on_answer, asker, &asker->query);
    if (!at_once) loop_run(asker->loop);
    return at_once;
}

static const char *text_of(const struct resolve_answer *answer, unsigned i)
{
    static char text[INET6_ADDRSTRLEN];
    struct sockaddr_storage address = {0};
    memcpy(&address, answer->addresses[i].at, answer->addresses[i].len);
    bool v4 = address.ss_family == AF_INET;
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address;
    assert_int_equal(ntohs(v4 ? in->sin_port : in6->sin6_port), 8443);
    assert_int_equal(answer->addresses[i].len, v4 ? sizeof *in : sizeof *in6);
    return inet_ntop(address.ss_family, v4 ? (const void *)&in->sin_addr : (const void *)&in6->sin6_addr, text,
                     sizeof text);
}

static struct asker open_asker(bool allow_private)
{
    struct asker asker = {0};
    check(loop_open(&asker.loop) == FAULT_NONE && resolver_start(allow_private, &asker.resolver) == FAULT_NONE);
    return asker;
}

static void close_asker(struct asker *asker)
{
    loop_close(&asker->loop); /* no watch of the resolver's is left */
    resolver_stop(&asker->resolver);
}

static void pass(int64_t us)
{
    atomic_fetch_add(&clock_us, us);
}

/* Waits for a refresh in the background that is under way. */
static void await_lookups(unsigned wanted)
{
    for (unsigned i = 0; atomic_load(&lookups) < wanted; i++) {
        check(i < 30000, "no look-up for 30 s");
        usleep(1000);
    }
}

/* Asks until the refreshed answer is the one served: the thread may still be putting it away. */
static void ask_until(struct asker *asker, enum fault fault, const char *address)
{
    for (unsigned i = 0; i < 30000; i++) {
        assert_true(ask(asker, "buyer.test"));
        if (asker->answer.fault == fault && (!address || strcmp(text_of(&asker->answer, 0), address) == 0)) return;
        usleep(1000);
    }
    fail_msg("the refreshed answer never came");
}

/* --- tests --- */

static void literals_need_no_lookup(void **state)
{
    (void)state;
    struct asker asker = open_asker(false);
    unsigned before = lookups;
    assert_true(ask(&asker, "8.8.8.8"));
    assert_int_equal(asker.answer.fault, FAULT_NONE);
    assert_int_equal(asker.answer.count, 1);
    assert_string_equal(text_of(&asker.answer, 0), "8.8.8.8");
    assert_true(ask(&asker, "2600::1"));
    assert_string_equal(text_of(&asker.answer, 0), "2600::1");
    assert_true(ask(&asker, "127.0.0.1"));
    assert_int_equal(asker.answer.fault, FAULT_ADDRESS);
    assert_int_equal(asker.answer.count, 0);
    assert_true(ask(&asker, "::ffff:8.8.8.8"));
    assert_int_equal(asker.answer.fault, FAULT_ADDRESS);
    close_asker(&asker);
    asker = open_asker(true);
    assert_true(ask(&asker, "127.0.0.1"));
    assert_int_equal(asker.answer.fault, FAULT_NONE);
    assert_int_equal(lookups, before);
    close_asker(&asker);
}

static void answers_are_kept_and_refreshed_in_the_background(void **state)
{
    (void)state;
    struct asker asker = open_asker(false);
    set_zone("8.8.8.8", "2600::1");
    unsigned before = lookups;
    assert_false(ask(&asker, "buyer.test"));
    assert_int_equal(asker.answers, 1);
    assert_int_equal(asker.answer.count, 2);
    assert_string_equal(text_of(&asker.answer, 0), "8.8.8.8");
    assert_string_equal(text_of(&asker.answer, 1), "2600::1");
    set_zone("9.9.9.9", NULL);
    pass(29 * SECOND);
    assert_true(ask(&asker, "buyer.test"));
    assert_string_equal(text_of(&asker.answer, 0), "8.8.8.8");
    usleep(20000); /* a refresh that should not be would show by now */
    assert_int_equal(lookups, before + 1);
    pass(2 * SECOND);
    assert_true(ask(&asker, "buyer.test")); /* nobody waits for the refresh */
    await_lookups(before + 2);
    ask_until(&asker, FAULT_NONE, "9.9.9.9");
    assert_int_equal(asker.answer.count, 1);
    close_asker(&asker);
}

static void the_last_good_answer_outlives_failures_for_an_hour(void **state)
{
    (void)state;
    struct asker asker = open_asker(false);
    set_zone("8.8.8.8", NULL);
    ask(&asker, "buyer.test");
    set_zone(NULL, NULL);
    for (unsigned minutes = 0; minutes < 55; minutes += 5) {
        unsigned before = lookups;
        pass(300 * SECOND);
        assert_true(ask(&asker, "buyer.test"));
        await_lookups(before + 1);
        ask_until(&asker, FAULT_NONE, "8.8.8.8");
    }
    pass(600 * SECOND);
    ask_until(&asker, FAULT_NAME, NULL);
    set_zone("9.9.9.9", NULL);
    pass(2 * SECOND);
    ask(&asker, "buyer.test");
    ask_until(&asker, FAULT_NONE, "9.9.9.9");
    close_asker(&asker);
}

static void a_name_that_fails_is_left_alone_for_a_second(void **state)
{
    (void)state;
    struct asker asker = open_asker(false);
    set_zone(NULL, NULL);
    unsigned before = lookups;
    assert_false(ask(&asker, "buyer.test"));
    assert_int_equal(asker.answer.fault, FAULT_NAME);
    assert_true(ask(&asker, "buyer.test"));
    assert_int_equal(asker.answer.fault, FAULT_NAME);
    assert_int_equal(lookups, before + 1);
    pass(SECOND);
    set_zone("8.8.8.8", NULL);
    assert_false(ask(&asker, "buyer.test"));
    assert_int_equal(asker.answer.fault, FAULT_NONE);
    assert_true(ask(&asker, ""));
    assert_int_equal(asker.answer.fault, FAULT_NAME);
    close_asker(&asker);
}

static void rebinding_to_a_private_address_is_refused(void **state)
{
    (void)state;
    struct asker asker = open_asker(false);
    set_zone("8.8.8.8", NULL);
    ask(&asker, "buyer.test");
    assert_int_equal(asker.answer.fault, FAULT_NONE);
    set_zone("8.8.8.8", "10.0.0.1"); /* one among public ones is enough */
    unsigned before = lookups;
    pass(31 * SECOND);
    ask(&asker, "buyer.test");
    await_lookups(before + 1);
    ask_until(&asker, FAULT_ADDRESS, NULL);
    assert_int_equal(asker.answer.count, 0);
    set_zone("8.8.8.8", NULL);
    pass(31 * SECOND);
    ask(&asker, "buyer.test");
    ask_until(&asker, FAULT_NONE, "8.8.8.8");
    close_asker(&asker);

    asker = open_asker(true);
    set_zone("10.0.0.1", NULL);
    ask(&asker, "buyer.test");
    assert_int_equal(asker.answer.fault, FAULT_NONE);
    close_asker(&asker);
}

/* A private address beyond those that are kept counts too. */
static void all_addresses_are_judged(void **state)
{
    (void)state;
    for (unsigned private_one = 0; private_one < 2; private_one++) {
        struct asker asker = open_asker(false);
        pthread_mutex_lock(&zone_lock);
        for (unsigned i = 0; i < 12; i++) zone[i] = "8.8.8.8";
        if (private_one) zone[11] = "192.168.0.1";
        pthread_mutex_unlock(&zone_lock);
        ask(&asker, "buyer.test");
        assert_int_equal(asker.answer.fault, private_one ? FAULT_ADDRESS : FAULT_NONE);
        assert_int_equal(asker.answer.count, private_one ? 0 : RESOLVE_ADDRESSES_MAX);
        close_asker(&asker);
    }
}

static void cancelled_queries_are_silent(void **state)
{
    (void)state;
    struct asker asker = open_asker(false);
    set_zone("8.8.8.8", NULL);
    struct asker first = asker, second = asker, third = asker;
    /* The first to be told cancels the other, which is done by then or still waits. */
    first.cancel = &second.query;
    second.cancel = &first.query;
    assert_false(resolve(asker.resolver, asker.loop, "hang.test", 1, &first.answer, on_answer, &first, &first.query));
    assert_false(
        resolve(asker.resolver, asker.loop, "hang.test", 2, &second.answer, on_answer, &second, &second.query));
    sem_post(&hang);
    loop_run(asker.loop);
    assert_int_equal(first.answers + second.answers, 1);
    assert_null(first.query);
    assert_null(second.query);
    assert_false(resolve(asker.resolver, asker.loop, "other.test", 3, &third.answer, on_answer, &third, &third.query));
    resolve_cancel(&third.query);
    assert_null(third.query);
    close_asker(&asker);
    assert_int_equal(third.answers, 0);
}

static void a_stop_does_not_wait_for_a_lookup_that_hangs(void **state)
{
    (void)state;
    struct asker asker = open_asker(false);
    assert_false(resolve(asker.resolver, asker.loop, "hang.test", 1, &asker.answer, on_answer, &asker, &asker.query));
    while (!atomic_load(&hanging)) usleep(1000);
    resolve_cancel(&asker.query);
    close_asker(&asker);
    assert_int_equal(atomic_load(&hanging), 1);
    sem_post(&hang);
    while (atomic_load(&hanging)) usleep(1000);
    usleep(20000); /* lets the thread free what is its own, for the leak checker's sake only */
}

#define THREADS 4
#define NAMES 300

static void *ask_many(void *arg)
{
    struct asker asker = {.resolver = arg};
    check(loop_open(&asker.loop) == FAULT_NONE);
    for (unsigned i = 0; i < NAMES; i++) {
        char host[32];
        snprintf(host, sizeof host, "n%u.test", i % 50);
        ask(&asker, host);
        check(asker.answer.fault == FAULT_NONE && asker.answer.count == 1);
        if (i % 60 == 0) pass(31 * SECOND);
    }
    loop_close(&asker.loop);
    return NULL;
}

static void many_loops_share_one_resolver(void **state)
{
    (void)state;
    struct resolver *resolver;
    pthread_t threads[THREADS];
    set_zone("8.8.8.8", NULL);
    assert_int_equal(resolver_start(false, &resolver), FAULT_NONE);
    for (unsigned i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_many, resolver), 0);
    for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    resolver_stop(&resolver);
}

static void the_rule(void **state)
{
    (void)state;
    static const char *const public[] = {
        "1.1.1.1",         "8.8.8.8",         "9.255.255.255", "11.0.0.0",     "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",       "169.253.0.1",   "169.255.0.1",  "172.15.255.255", "172.32.0.0",
        "192.0.1.1",       "192.88.98.1",     "192.167.1.1",   "192.169.0.0",  "198.17.255.255", "198.20.0.0",
        "203.0.112.1",     "223.255.255.255", "2001:200::1",   "2001:4860::1", "2001:db9::1",    "2003::1",
        "2600::",          "3fff:1000::1",
    };
    static const char *const private[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:1::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2001:db8:ffff::1",
        "2002::1",
        "2002:808:808::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    };
    for (size_t i = 0; i < sizeof public / sizeof public[0]; i++) {
        struct addrinfo *one = make(public[i]);
        if (!resolve_is_public(one->ai_addr)) fail_msg("%s", public[i]);
        free(one);
    }
    for (size_t i = 0; i < sizeof private / sizeof private[0]; i++) {
        struct addrinfo *one = make(private[i]);
        if (resolve_is_public(one->ai_addr)) fail_msg("%s", private[i]);
        free(one);
    }
    assert_false(resolve_is_public(&(struct sockaddr){.sa_family = AF_UNIX}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_need_no_lookup),
        cmocka_unit_test(answers_are_kept_and_refreshed_in_the_background),
        cmocka_unit_test(the_last_good_answer_outlives_failures_for_an_hour),
        cmocka_unit_test(a_name_that_fails_is_left_alone_for_a_second),
        cmocka_unit_test(rebinding_to_a_private_address_is_refused),
        cmocka_unit_test(all_addresses_are_judged),
        cmocka_unit_test(cancelled_queries_are_silent),
        cmocka_unit_test(a_stop_does_not_wait_for_a_lookup_that_hangs),
        cmocka_unit_test(many_loops_share_one_resolver),
        cmocka_unit_test(the_rule),
    };
    sem_init(&hang, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

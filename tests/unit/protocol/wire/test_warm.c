/* A warm client and a warm server in one process: a thousand calls, and not one of them allocates. The C library's
 * allocator is wrapped and counted, so libevent and everything else in the process is counted too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "protocol/wire/client.h"
#include "protocol/wire/server.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS 0 /* the sanitizer brings its own allocator */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS 0
#endif
#endif
#ifndef COUNTS
#define COUNTS 1
#endif

static unsigned long allocations;

#if COUNTS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_realloc(at, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_memalign(alignment, size);
}
#endif

#define IN_FLIGHT 10u
#define WARM_CALLS 200u
#define CALLS 1000u

struct world {
    struct loop *loop;
    struct server *server;
    struct client *client;
    struct client_origin *origin;
    unsigned sent, answered, wanted;
};

static const char HEAD[] =
    "POST /bid HTTP/1.1\r\nHost: buyer\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n";
static const char BODY[] = "{\"ping\":123}";

static void on_request(void *arg, struct server_request *request)
{
    (void)arg;
    assert_true(bytes_is(server_view(request)->body, BODY));
    struct server_answer answer = {
        .status = 200, .content_type = "application/json", .body = BYTES("{\"price\":1.25}")};
    server_answer(request, &answer);
}

static void on_done(void *arg, uint64_t call, const struct client_result *result);

static void send_one(struct world *world)
{
    struct client_call call = {
        .origin = world->origin,
        .parts = {{(void *)(uintptr_t)HEAD, sizeof HEAD - 1}, {(void *)(uintptr_t)BODY, sizeof BODY - 1}},
        .parts_count = 2,
        .deadline_us = loop_now_us(world->loop) + 20000000,
        .on_done = on_done,
        .arg = world,
    };
    enum fault fault;
    world->sent++;
    assert_int_not_equal(client_send(world->client, &call, &fault), 0);
}

static void on_done(void *arg, uint64_t call, const struct client_result *result)
{
    struct world *world = arg;
    assert_int_not_equal(call, 0);
    assert_int_equal(result->end, CLIENT_ANSWERED);
    assert_int_equal(result->head->status, 200);
    assert_true(bytes_is(result->body, "{\"price\":1.25}"));
    world->answered++;
    if (world->sent < world->wanted) send_one(world);
    if (world->answered == world->wanted) loop_stop(world->loop);
}

static void run(struct world *world, unsigned calls)
{
    world->sent = world->answered = 0;
    world->wanted = calls;
    for (unsigned i = 0; i < IN_FLIGHT; i++) send_one(world);
    loop_run(world->loop);
    assert_int_equal(world->answered, calls);
}

static void warm_calls_allocate_nothing(void **state)
{
    (void)state;
    struct world world = {0};
    struct resolver *resolver;
    struct tls_note note;
    assert_int_equal(loop_open(&world.loop), FAULT_NONE);
    assert_int_equal(resolver_start(true, &resolver), FAULT_NONE);
    struct server_options options = {
        .address = "127.0.0.1:0",
        .limits = server_limits_default,
        .handler = {.on_request = on_request, .arg = &world},
    };
    assert_int_equal(server_open(world.loop, &options, &world.server, &note), FAULT_NONE);
    struct client_options client_options = client_options_default;
    client_options.resolver = resolver;
    assert_int_equal(client_open(world.loop, &client_options, &world.client), FAULT_NONE);
    unsigned port = (unsigned)strtoul(strrchr(server_address(world.server), ':') + 1, NULL, 10);
    world.origin = client_origin(world.client, "http", "127.0.0.1", port);

    run(&world, WARM_CALLS);
    unsigned long before = allocations;
    run(&world, CALLS);
    if (COUNTS) assert_true(before > 0); /* the counter counts */
    assert_int_equal(allocations - before, 0);

    struct client_counts counts;
    client_counts(world.client, &counts);
    assert_int_equal(counts.calls, WARM_CALLS + CALLS);
    assert_int_equal(counts.dials, IN_FLIGHT);
    assert_int_equal(counts.reused, counts.calls - IN_FLIGHT);
    assert_int_equal(server_requests(world.server), 0);
    assert_int_equal(server_connections(world.server), IN_FLIGHT);
    client_close(&world.client);
    server_close(&world.server);
    loop_close(&world.loop);
    resolver_stop(&resolver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(warm_calls_allocate_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

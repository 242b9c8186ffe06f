/* Once an arena is warm, reading and writing a bid or a ping takes no memory from the allocator: malloc and its kin are
 * replaced here by ones that count. Sanitizers bring an allocator of their own, so the test is skipped under them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/reading.h"

#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define OWN_ALLOCATOR 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || !defined __GLIBC__
#define OWN_ALLOCATOR 1
#endif

static unsigned long calls;

#ifndef OWN_ALLOCATOR
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
    calls++;
    return __libc_realloc(at, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    calls++;
    return __libc_memalign(alignment, size);
}
#endif

static const char bid[] = "{\"status\":\"bid\",\"price\":\"12.50\",\"bid_id\":\"b-\\u0031\",\"available\":true}";
static const char ping[] = "{\"campaign\":\"auto-insurance\",\"source\":\"web\",\"sub_id\":\"s-4471\",\"timeout_ms\":"
                           "150,\"min_price\":\"2.00\","
                           "\"lead\":{\"state\":\"CA\",\"zip\":\"90210\",\"age\":42,\"insured\":true,\"carrier\":"
                           "\"none\",\"vehicles\":[{\"year\":2018,"
                           "\"make\":\"Toyota\"},{\"year\":2012.5,\"make\":\"Ford\"}],\"f1\":1,\"f2\":2,\"f3\":3,"
                           "\"f4\":4,\"f5\":5,\"f6\":6,\"f7\":7,\"f8\":8,"
                           "\"f9\":9,\"g1\":1,\"g2\":2,\"g3\":3,\"g4\":4,\"g5\":5,\"g6\":6,\"g7\":7,\"g8\":8,\"g9\":9},"
                           "\"consent\":{\"at\":\"2026-11-22T15:04:05Z\"}}";
static const char form[] = "campaign=auto&lead.state=CA&lead.zip=90210&sub_id=s%2D1&lead.age=42&min_price=2.00";

static void round_trip(struct arena *arena, reader *read, struct bytes input)
{
    char text[2048], packed[2048], again[2048];
    struct document_error error;
    struct sink sink = sink_over(text, sizeof text), out = sink_over(packed, sizeof packed);
    struct sink canonical = sink_over(again, sizeof again);
    struct json json = json_into(&sink);
    const struct node *node = read(arena, input, &DOCUMENT_LIMITS, &error);
    assert_non_null(node);
    json_node(&json, node);
    assert_true(pack_write(&out, node) && pack_write_canonical(&canonical, node) && !sink.cut);
    assert_non_null(document_read_pack(arena, sink_written(&out), &DOCUMENT_LIMITS, &error));
    arena_reset(arena);
}

static void a_warm_arena_allocates_nothing(void **state)
{
    (void)state;
#ifdef OWN_ALLOCATOR
    print_message("skipped: the sanitizer has an allocator of its own\n");
    skip();
#endif
    struct arena arena;
    unsigned long before = calls;
    arena_init(&arena, 32768, 1 << 20);
    round_trip(&arena, document_read_json, bytes_of(ping));
    assert_true(calls > before); /* the counting works */
    before = calls;
    for (int i = 0; i < 100; i++) {
        round_trip(&arena, document_read_json, bytes_of(bid));
        round_trip(&arena, document_read_json, bytes_of(ping));
        round_trip(&arena, document_read_form, bytes_of(form));
    }
    assert_int_equal(calls, before);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_warm_arena_allocates_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

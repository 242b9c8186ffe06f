/* arena: alignment, the bound, what a reset keeps and wipes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/base/arena.h"

static void gives_aligned_pieces_apart(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 256, 1 << 20);
    char *last = NULL;
    for (size_t bytes = 1; bytes < 400; bytes += 7) {
        char *piece = arena_take(&arena, bytes);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        memset(piece, 0xAA, bytes);
        assert_true(piece != last);
        last = piece;
    }
    assert_non_null(arena_take(&arena, 0));
    arena_free(&arena);
}

static void stops_at_its_bound(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 128, 1024);
    size_t taken = 0;
    while (arena_take(&arena, 100)) taken++;
    assert_in_range(taken, 1, 1024 / 112);
    assert_true(arena.total <= 1024);
    assert_null(arena_take(&arena, 1025));
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_null(arena_take(&arena, SIZE_MAX - 15));
    assert_null(arena_zero(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_copy(&arena, (struct bytes){"", SIZE_MAX}).at);
    arena_free(&arena);
    arena_init(&arena, 4096, 100); /* a chunk larger than the bound is not made */
    assert_null(arena_take(&arena, 1));
    arena_free(&arena);
}

static void clears_what_is_asked_to_be_clear(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024, 4096);
    memset(arena_take(&arena, 512), 0xFF, 512);
    arena.used = 0; /* the same bytes again, unwiped */
    const char *zero = arena_zero(&arena, 10, 10);
    for (int i = 0; i < 100; i++) assert_int_equal(zero[i], 0);
    arena_free(&arena);
}

static void copies_end_in_nul(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024, 4096);
    memset(arena_take(&arena, 512), 0xFF, 512);
    arena.used = 0; /* the same bytes again, unwiped */
    struct bytes copy = arena_copy(&arena, BYTES("abc")), empty = arena_copy(&arena, BYTES_NONE);
    assert_string_equal(copy.at, "abc");
    assert_non_null(empty.at);
    assert_string_equal(empty.at, "");
    arena_free(&arena);
}

static void wipes_and_keeps_its_first_chunk(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 256, 1 << 20);
    char *first = arena_take(&arena, 200);
    memset(first, 'p', 200);
    for (int i = 0; i < 10; i++) assert_non_null(memset(arena_take(&arena, 200), 'p', 200));
    assert_true(arena.total > 256);
    arena_reset(&arena);
    assert_int_equal(arena.total, 256);
    for (int i = 0; i < 200; i++) assert_int_equal(first[i], 0);
    assert_ptr_equal(arena_take(&arena, 64), first); /* the same memory again */
    memset(first, 'q', 64);
    arena_reset(&arena);
    for (int i = 0; i < 64; i++) assert_int_equal(first[i], 0);
    arena_free(&arena);
}

static void may_be_used_after_free(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 256, 1024);
    arena_reset(&arena);
    arena_free(&arena);
    assert_non_null(arena_take(&arena, 10));
    arena_free(&arena);
    assert_int_equal(arena.total, 0);
    assert_non_null(arena_take(&arena, 10));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_pieces_apart),       cmocka_unit_test(stops_at_its_bound),
        cmocka_unit_test(clears_what_is_asked_to_be_clear), cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(wipes_and_keeps_its_first_chunk),  cmocka_unit_test(may_be_used_after_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

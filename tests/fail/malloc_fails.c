/* Preloaded: the OUTCRY_FAIL_AT-th allocation of the process fails, as does no other; how many there were is written to
 * OUTCRY_FAIL_COUNT at the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The allocator's own, under the names glibc keeps for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static _Atomic long made;
static _Atomic long fails_at = -1;

static int fails(void)
{
    long number = atomic_fetch_add(&made, 1) + 1, at = atomic_load(&fails_at);
    if (at < 0) {
        const char *word = getenv("OUTCRY_FAIL_AT");
        at = word ? atol(word) : 0;
        atomic_store(&fails_at, at);
    }
    if (number != at) return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("OUTCRY_FAIL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&made));
    fclose(file);
}

/* A digest and an HMAC each allocate one context per message inside libcrypto; with blocks of the same size waiting on
 * the same thread, a warm call allocates nothing. Blocks are malloc's own: a block may be freed on another thread, or
 * after the reserve has gone.
 *
 *   kept[size class] → block → block → NULL       at most KEPT_MAX in each, given back to malloc when the thread ends
 */
#include "protocol/crypto/reserve.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CLASS_BYTES 16u
#define CLASSES 40u /* up to 640 bytes: contexts of hashes and MACs */
#define KEPT_MAX 16u

struct block {
    struct block *next;
};

struct kept {
    struct block *first;
    unsigned count;
};

struct reserve {
    struct kept kept[CLASSES];
};

static pthread_key_t reserve_key;

static void drop(void *arg)
{
    struct reserve *reserve = arg;
    for (unsigned i = 0; i < CLASSES; i++)
        for (struct block *block = reserve->kept[i].first, *next; block; block = next) {
            next = block->next;
            free(block);
        }
    free(reserve);
}

static struct kept *kept_of(size_t usable)
{
    size_t class = usable / CLASS_BYTES;
    if (class >= CLASSES) return NULL;
    struct reserve *reserve = pthread_getspecific(reserve_key);
    if (!reserve) {
        reserve = calloc(1, sizeof *reserve);
        if (!reserve || pthread_setspecific(reserve_key, reserve) != 0) {
            free(reserve);
            return NULL;
        }
    }
    return &reserve->kept[class];
}

/* What malloc makes of a request on 64-bit glibc: eight bytes of its own, whole sixteens. A wrong guess only misses the
 * reserve. */
static size_t usable_of(size_t size)
{
    return size < 24 ? 24 : ((size + 8 + 15) & ~(size_t)15) - 8;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    struct kept *kept = size <= CLASSES * CLASS_BYTES ? kept_of(usable_of(size)) : NULL;
    if (!kept || !kept->first) return malloc(size);
    struct block *block = kept->first;
    kept->first = block->next;
    kept->count--;
    return block;
}

static void give(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    if (!block) return;
    size_t usable = malloc_usable_size(block);
    /* Only blocks of glibc's shape: elsewhere (clang's sanitizers, another malloc) one of the class could be shorter.
     */
    struct kept *kept = usable % CLASS_BYTES == 8 ? kept_of(usable) : NULL;
    if (!kept || kept->count == KEPT_MAX) {
        free(block);
        return;
    }
    ((struct block *)block)->next = kept->first;
    kept->first = block;
    kept->count++;
}

static void *take_again(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(block, size);
}

static void start(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (pthread_key_create(&reserve_key, drop) == 0) CRYPTO_set_mem_functions(take, take_again, give);
#else
    (void)drop, (void)take, (void)give, (void)take_again, (void)reserve_key; /* sanitizers see every block */
#endif
}

void reserve_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
}

#include "bench/micro/list.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/list_text.h"
#include "protocol/base/check.h"
#include "protocol/base/clock.h"

#define LOOKS 2000000u
#define LINE_BYTES (2 * DIGEST_LEN + 1)

/* Phones of all area codes from 201 on, some of which are no phones in the world, in an order that is none. */
static void write_phone(struct sink *out, uint64_t number)
{
    uint64_t mixed = number * 2654435761u % 7800000000u;
    sink_text(out, "+1");
    sink_u64(out, 200 + mixed / 10000000 % 780);
    sink_u64(out, 2 + mixed % 8);
    sink_digits(out, mixed / 8 % 1000000, 6);
}

static struct list *read_text(const char *what, struct bytes text)
{
    struct list_maker *maker;
    struct list *list;
    struct list_text_error error;
    int64_t from_us = clock_now_us();
    check(list_begin(&maker) == FAULT_NONE);
    check(list_text_read(text, NULL, NULL, maker, &error), "line %llu %s", (unsigned long long)error.line, error.text);
    check(list_finish(&maker, false, &list) == FAULT_NONE);
    int64_t spent_us = clock_now_us() - from_us;
    printf("list  %7llu entries of %s read in %lld ms\n", (unsigned long long)list_count(list), what,
           (long long)(spent_us / 1000));
    return list;
}

static bool is_phone(struct bytes text, struct digest *digest)
{
    static struct arena arena;
    if (!arena.total_max) arena_init(&arena, 4096, 65536);
    bool good = person_hash_of(text, &arena, digest);
    arena_reset(&arena);
    return good;
}

static void look_up(const struct list *list, bool known)
{
    struct digest *asked = malloc(LOOKS * sizeof *asked);
    uint64_t found = 0, number = 0;
    check(asked);
    for (unsigned i = 0; i < LOOKS; number++) {
        char phone[32];
        struct sink sink = sink_over(phone, sizeof phone);
        write_phone(&sink, known ? number : number + 4000000000u);
        i += is_phone(sink_written(&sink), &asked[i]);
    }
    int64_t from_us = clock_now_us();
    for (unsigned i = 0; i < LOOKS; i++) found += list_has(list, list_entry(&asked[i]));
    int64_t spent_us = clock_now_us() - from_us;
    printf("list  looking up %s people: %lld ns each, %llu of %u found\n", known ? "known" : "unknown",
           (long long)(spent_us * 1000 / LOOKS), (unsigned long long)found, LOOKS);
    free(asked);
}

void list_measure(unsigned entries)
{
    size_t room = (size_t)entries * LINE_BYTES;
    char *text = malloc(room), *hashes = malloc(room);
    check(text && hashes);
    struct sink out = sink_over(text, room), hex = sink_over(hashes, room);
    uint64_t number = 0;
    for (unsigned i = 0; i < entries; number++) {
        char phone[32];
        struct digest digest;
        struct sink sink = sink_over(phone, sizeof phone);
        write_phone(&sink, number);
        if (!is_phone(sink_written(&sink), &digest)) continue;
        sink_bytes(&out, sink_written(&sink));
        sink_char(&out, '\n');
        sink_hex(&hex, (struct bytes){(const char *)digest.at, DIGEST_LEN});
        sink_char(&hex, '\n');
        i++;
    }
    struct list *list = read_text("phones", sink_written(&out));
    list_drop(&list);
    list = read_text("hashes", sink_written(&hex));
    free(text);
    free(hashes);
    look_up(list, true);
    look_up(list, false);
    list_drop(&list);
}

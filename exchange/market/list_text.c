#include "exchange/market/list_text.h"

#define ARENA_BYTES 4096u
#define LINE_MAX_BYTES 1024u

static struct bytes trimmed(struct bytes line)
{
    line = bytes_first(line, bytes_find(line, '#'));
    while (line.len && (line.at[0] == ' ' || line.at[0] == '\t')) line = bytes_from(line, 1);
    while (line.len && strchr(" \t\r", line.at[line.len - 1])) line.len--;
    return line;
}

static bool fail(struct list_text_error *error, uint64_t line, const char *text)
{
    *error = (struct list_text_error){line, text};
    return false;
}

bool list_text_read(struct bytes text, void (*keyed)(void *arg, struct digest *digest), void *arg,
                    struct list_maker *maker, struct list_text_error *error)
{
    struct arena arena;
    bool good = true;
    arena_init(&arena, ARENA_BYTES, 16 * ARENA_BYTES);
    if (bytes_starts(text, BYTES("\xef\xbb\xbf"))) text = bytes_from(text, 3);
    for (uint64_t number = 1; text.len && good; number++) {
        struct bytes line;
        struct digest digest;
        text = bytes_split(text, '\n', &line);
        line = trimmed(line);
        if (line.len == 0) continue;
        if (line.len > LINE_MAX_BYTES || !person_hash_of(line, &arena, &digest)) {
            good = fail(error, number, "is no phone, no e-mail and no SHA-256");
            break;
        }
        if (keyed) keyed(arg, &digest);
        enum fault fault = list_add(maker, list_entry(&digest));
        if (fault != FAULT_NONE) good = fail(error, 0, fault == FAULT_FULL ? "has too many entries" : "out of memory");
        arena_reset(&arena);
    }
    arena_free(&arena);
    return good;
}

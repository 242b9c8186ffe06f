/* What the parts of a build share. The config room has held the document against its schema already; these readers
 * still take nothing for granted, because a packed catalogue comes from a disk. */
#include "exchange/market/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exchange/market/scalar.h"

#define ID_MAX 64

static void tell(struct build *build, const struct node *where, bool is_error, const char *format, va_list values)
{
    char text[BUILD_TEXT_MAX];
    vsnprintf(text, sizeof text, format, values);
    build->errors += is_error;
    if (build->source->on_finding) build->source->on_finding(build->source->on_finding_arg, where, is_error, text);
}

void build_error(struct build *build, const struct node *where, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    tell(build, where, true, format, values);
    va_end(values);
}

void build_warning(struct build *build, const struct node *where, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    tell(build, where, false, format, values);
    va_end(values);
}

void *build_zero(struct build *build, size_t count, size_t size)
{
    void *taken = arena_zero(build->arena, count, size);
    if (!taken) build->no_memory = true;
    return taken;
}

struct bytes build_copy(struct build *build, struct bytes text)
{
    struct bytes copy = arena_copy(build->arena, text);
    if (!copy.at) build->no_memory = true;
    return copy;
}

const void *pool_find(const struct pool *pool, struct bytes key)
{
    uint32_t place = table_find(&pool->places, key);
    return place == TABLE_NONE ? NULL : pool->items[place];
}

void pool_put(struct build *build, struct pool *pool, struct bytes key, const void *item)
{
    if (pool->count == pool->room) {
        uint32_t room = pool->room ? pool->room * 2 : 16;
        const void **items = realloc(pool->items, room * sizeof *items);
        if (!items) {
            build->no_memory = true;
            return;
        }
        pool->items = items;
        pool->room = room;
    }
    pool->items[pool->count] = item;
    if (table_put(&pool->places, key, pool->count) == FAULT_NONE)
        pool->count++;
    else
        build->no_memory = true;
}

void build_duration(struct build *build, const struct node *map, const char *name, int64_t *us)
{
    const struct node *node = node_find(map, name);
    int64_t value = 0;
    if (!node) return;
    if (!scalar_duration(node, &value) || value == 0)
        build_error(build, node, "%s needs a duration such as 250ms, 3s, 5m", name);
    else
        *us = value;
}

void build_money(struct build *build, const struct node *map, const char *name, int64_t *micros)
{
    const struct node *node = node_find(map, name);
    int64_t value = 0;
    if (!node) return;
    if (!scalar_money(node, &value) || value < 0)
        build_error(build, node, "%s needs an amount such as \"12.50\"", name);
    else if (value > BUILD_MONEY_MAX)
        build_error(build, node, "%s is too large", name);
    else
        *micros = value;
}

void build_count(struct build *build, const struct node *map, const char *name, uint32_t min, uint32_t *count)
{
    const struct node *node = node_find(map, name);
    int64_t value = 0;
    if (!node) return;
    if (!scalar_i64(node, &value) || value < min || value >= UINT32_MAX)
        build_error(build, node, "%s needs a whole number, at least %u", name, min);
    else
        *count = (uint32_t)value;
}

void build_bool(struct build *build, const struct node *map, const char *name, bool *truth)
{
    const struct node *node = node_find(map, name);
    if (node && !scalar_bool(node, truth)) build_error(build, node, "%s is true or false", name);
}

void build_word(struct build *build, const struct node *map, const char *name, const char *const *words, unsigned count,
                unsigned *number)
{
    const struct node *node = node_find(map, name);
    struct bytes text;
    if (!node) return;
    for (unsigned i = 0; i < count && scalar_text(node, &text); i++) {
        if (!bytes_is(text, words[i])) continue;
        *number = i;
        return;
    }
    build_error(build, node, "%s has no such value", name);
}

void build_text(struct build *build, const struct node *map, const char *name, struct bytes *text)
{
    const struct node *node = node_find(map, name);
    struct bytes read;
    if (!node) return;
    if (!scalar_text(node, &read) || read.len == 0)
        build_error(build, node, "%s needs a text", name);
    else
        *text = build_copy(build, read);
}

const struct node *build_list(struct build *build, const struct node *map, const char *name, uint32_t *count)
{
    const struct node *node = node_find(map, name);
    *count = 0;
    if (!node || node->kind == NODE_NULL) return NULL;
    if (node->kind != NODE_LIST) {
        build_error(build, node, "%s must be a list", name);
        return NULL;
    }
    *count = node->count;
    return node;
}

static int by_text(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

void build_names(struct build *build, const struct node *map, const char *name, struct names *names)
{
    uint32_t count;
    const struct node *list = build_list(build, map, name, &count);
    struct bytes *at = build_zero(build, count, sizeof *at);
    *names = (struct names){at, 0};
    if (!list || !at) return;
    NODE_EACH(child, list)
    {
        struct bytes text;
        if (!scalar_text(child, &text) || text.len == 0)
            build_error(build, child, "%s holds names", name);
        else
            at[names->count++] = build_copy(build, text);
    }
    qsort(at, names->count, sizeof *at, by_text);
}

static bool is_id(struct bytes text)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(LETTERS, text.at[i], sizeof LETTERS - 1)) return false;
    return text.len > 0 && text.len <= ID_MAX;
}

void build_id(struct build *build, const struct node *map, const char *noun, struct table *ids, uint32_t index,
              struct bytes *id)
{
    const struct node *node = node_find(map, "id");
    struct bytes text;
    *id = BYTES("");
    if (!scalar_text(node, &text) || !is_id(text)) {
        build_error(build, node ? node : map, "every %s needs an id of letters, digits, - _ and . (at most %d)", noun,
                    ID_MAX);
        return;
    }
    if (table_find(ids, text) != TABLE_NONE) {
        build_error(build, node, "there is another %s %.*s", noun, BUILD_SHOWN(text));
        return;
    }
    struct bytes copy = build_copy(build, text);
    if (!copy.at) return;
    *id = copy;
    if (table_put(ids, copy, index) != FAULT_NONE) build->no_memory = true;
}

/* A scenario is written by hand, so what matters is that a slip is named exactly; the path is kept as text because it
 * is short and only ever read by a person. */
#include "buyers-sim/reading.h"

#include <stdarg.h>
#include <stdio.h>

#include "protocol/base/money.h"

#define COUNT_MAX INT64_C(1000000000)
#define MS_MAX INT64_C(86400000)

struct reading reading_of(struct arena *arena, const char *file)
{
    return (struct reading){.arena = arena, .file = file};
}

bool reading_fail(struct reading *reading, const char *format, ...)
{
    char text[READING_NOTE_MAX / 2];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    snprintf(reading->note, sizeof reading->note, "%s: %.*s%s%.200s", reading->file, (int)reading->path_len,
             reading->path, reading->path_len ? ": " : "", text);
    return false;
}

static void lengthen(struct reading *reading, int len)
{
    size_t room = sizeof reading->path - reading->path_len;
    if (len > 0) reading->path_len += (size_t)len < room ? (size_t)len : room - 1; /* a path that is too long is cut */
}

static void enter_item(struct reading *reading, unsigned index)
{
    lengthen(reading,
             snprintf(reading->path + reading->path_len, sizeof reading->path - reading->path_len, "[%u]", index));
}

static void enter_member(struct reading *reading, struct bytes name)
{
    lengthen(reading, snprintf(reading->path + reading->path_len, sizeof reading->path - reading->path_len, "%s%.*s",
                               reading->path_len ? "." : "", (int)name.len, name.at));
}

bool reading_item(struct reading *reading, const struct node *child, unsigned index, reading_reader *read, void *at)
{
    size_t before = reading->path_len;
    enter_item(reading, index);
    if (!read(reading, child, at)) return false;
    reading->path_len = before;
    return true;
}

static bool read_member(struct reading *reading, const struct node *child, reading_reader *read, void *at)
{
    size_t before = reading->path_len;
    enter_member(reading, child->key);
    if (!read(reading, child, at)) return false;
    reading->path_len = before;
    return true;
}

bool reading_member(struct reading *reading, const struct node *map, const char *name, reading_reader *read, void *at)
{
    const struct node *child = node_find(map, name);
    return !child || read_member(reading, child, read, at);
}

static bool unknown_key(struct reading *reading, const struct node *child)
{
    enter_member(reading, child->key);
    return reading_fail(reading, "unknown key");
}

bool reading_map(struct reading *reading, const struct node *node, const struct reading_key *keys, size_t count,
                 void *into)
{
    if (node->kind != NODE_MAP) return reading_fail(reading, "an object is needed");
    NODE_EACH(child, node)
    {
        size_t index = 0;
        while (index < count && !bytes_is(child->key, keys[index].name)) index++;
        if (index == count) return unknown_key(reading, child);
        if (!read_member(reading, child, keys[index].read, (char *)into + keys[index].offset)) return false;
    }
    return true;
}

bool reading_text(struct reading *reading, const struct node *node, void *at)
{
    if (node->kind != NODE_TEXT) return reading_fail(reading, "a text is needed");
    if (memchr(node->text.at ? node->text.at : "", 0, node->text.len))
        return reading_fail(reading, "a NUL cannot stand here");
    struct bytes copy = arena_copy(reading->arena, node->text);
    if (!copy.at) return reading_fail(reading, "the scenario takes too much memory");
    *(struct bytes *)at = copy;
    return true;
}

bool reading_money(struct reading *reading, const struct node *node, void *at)
{
    if (!node_money(node, at) || *(int64_t *)at < 0)
        return reading_fail(reading, "a price such as \"12.50\" is needed");
    return true;
}

bool reading_share(struct reading *reading, const struct node *node, void *at)
{
    int64_t ppm;
    if (node->kind != NODE_NUMBER || !node_money(node, &ppm) || ppm < 0 || ppm > MONEY_PPM)
        return reading_fail(reading, "a share from 0 to 1 is needed");
    *(int64_t *)at = ppm;
    return true;
}

bool reading_ms(struct reading *reading, const struct node *node, void *at)
{
    int64_t micro_ms;
    if (node->kind != NODE_NUMBER || !node_money(node, &micro_ms) || micro_ms < 0 || micro_ms > MS_MAX * MONEY_UNIT)
        return reading_fail(reading, "milliseconds are needed");
    *(int64_t *)at = micro_ms / 1000;
    return true;
}

bool reading_count(struct reading *reading, const struct node *node, void *at)
{
    int64_t value;
    if (!node_i64(node, &value) || value < 0 || value > COUNT_MAX)
        return reading_fail(reading, "a whole number, 0 or more, is needed");
    *(int64_t *)at = value;
    return true;
}

bool reading_switch(struct reading *reading, const struct node *node, void *at)
{
    if (node->kind != NODE_BOOL) return reading_fail(reading, "true or false is needed");
    *(int *)at = node->truth;
    return true;
}

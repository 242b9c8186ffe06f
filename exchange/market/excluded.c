/* They are few (a ping names so many at most), so they are put in order as they come; what is kept of them is what was
 * matched by, so that the two cannot say different things. */
#include "exchange/market/excluded.h"

#include "protocol/codec/document.h"
#include "protocol/codec/json.h"

#define ESCAPED_MAX 6u /* bytes that one may become in JSON */

/* Where it belongs; true if it stands there already. */
static bool find(const struct bytes *at, uint32_t count, struct bytes text, uint32_t *place)
{
    *place = 0;
    while (*place < count && bytes_compare(at[*place], text) < 0) (*place)++;
    return *place < count && bytes_same(at[*place], text);
}

bool excluded_sort(const struct bytes *texts, uint32_t count, struct arena *arena, struct names *names)
{
    *names = (struct names){0};
    if (count == 0) return true;
    struct bytes *at = arena_zero(arena, count, sizeof *at);
    if (!at) return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place;
        if (find(at, names->count, texts[i], &place)) continue;
        for (uint32_t k = names->count++; k > place; k--) at[k] = at[k - 1];
        at[place] = texts[i];
    }
    names->at = at;
    return true;
}

bool excluded_pack(const struct names *names, struct arena *arena, struct bytes *list)
{
    size_t room = 2;
    *list = BYTES_NONE;
    if (names->count == 0) return true;
    for (uint32_t i = 0; i < names->count; i++) room += ESCAPED_MAX * names->at[i].len + 3;
    struct sink sink = sink_over(arena_take(arena, room), room);
    if (!sink.at) return false;
    struct json json = json_into(&sink);
    json_open_list(&json);
    for (uint32_t i = 0; i < names->count; i++) json_text(&json, names->at[i]);
    json_close_list(&json);
    *list = sink_written(&sink);
    return true;
}

bool excluded_unpack(struct bytes list, struct arena *arena, struct names *names)
{
    struct document_error error;
    *names = (struct names){0};
    if (!list.len) return true;
    const struct node *nodes = document_read_json(arena, list, &DOCUMENT_LIMITS, &error);
    if (!nodes || nodes->kind != NODE_LIST) return false;
    struct bytes *texts = arena_zero(arena, nodes->count, sizeof *texts);
    uint32_t count = 0;
    if (!texts) return false;
    NODE_EACH(one, nodes) texts[count++] = one->text;
    return excluded_sort(texts, count, arena, names);
}

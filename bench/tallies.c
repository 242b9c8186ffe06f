/* Reading each answer costs a microsecond or two of the sender, which is on another core than what it measures, and a
 * benchmark that did not look at its answers would praise a server that refuses fast. */
#include "bench/tallies.h"

#include "protocol/codec/document.h"

void tallies_init(struct tallies *tallies)
{
    *tallies = (struct tallies){.count = 0};
    arena_init(&tallies->arena, 16384, 4 << 20);
}

void tallies_free(struct tallies *tallies)
{
    arena_free(&tallies->arena);
}

void tallies_add(struct tallies *tallies, struct bytes name)
{
    for (unsigned i = 0; i < tallies->count; i++) {
        if (!bytes_is(name, tallies->list[i].name)) continue;
        tallies->list[i].count++;
        return;
    }
    if (tallies->count == TALLIES_MAX || name.len >= TALLY_NAME_MAX) {
        if (!bytes_is(name, "other")) tallies_add(tallies, BYTES("other"));
        return;
    }
    if (tallies->count == TALLIES_MAX - 1) name = BYTES("other");
    struct tally *tally = &tallies->list[tallies->count++];
    memcpy(tally->name, name.at, name.len);
    tally->name[name.len] = '\0';
    tally->count = 1;
}

static struct bytes text_of(const struct node *node)
{
    return node && node->kind == NODE_TEXT ? node->text : BYTES_NONE;
}

void tallies_add_answer(struct tallies *tallies, int status, struct bytes body)
{
    struct document_limits limits = DOCUMENT_LIMITS;
    struct document_error error;
    arena_reset(&tallies->arena);
    const struct node *document = document_read_json(&tallies->arena, body, &limits, &error);
    char name[TALLY_NAME_MAX];
    struct sink sink = sink_over(name, sizeof name);
    struct bytes word = status == 200 ? text_of(node_find(document, "status")) : BYTES_NONE;
    if (word.len) {
        sink_bytes(&sink, word);
    } else {
        sink_text(&sink, "http_");
        sink_i64(&sink, status);
    }
    struct bytes code = text_of(node_find(word.len ? node_find(document, "reason") : document, "code"));
    if (code.len) {
        sink_char(&sink, ':');
        sink_bytes(&sink, code);
    }
    tallies_add(tallies, sink.cut ? BYTES("other") : sink_written(&sink));
}

// rooms: exchange_record
/* Damaged records: the first byte picks the reader. Whatever is read writes back to the very same bytes (every value
 * has one spelling). A record of an older version, and one that holds an offer that may be, comes back in today's
 * spelling, which then does. Memory stays within its bound. */
#include <stdlib.h>

#include "exchange/record/book.h"
#include "exchange/record/move.h"
#include "exchange/record/sale.h"
#include "exchange/record/trace.h"
#include "protocol/base/check.h"

#define ROOM 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool offer_again(struct bytes bytes, struct arena *arena, struct sink *sink)
{
    (void)arena;
    struct offer offer;
    if (!offer_read(bytes, &offer)) return false;
    check(offer_write(sink, &offer));
    return true;
}

static bool step_again(struct bytes bytes, struct arena *arena, struct sink *sink)
{
    struct book_step step;
    if (!book_read_step(bytes, arena, &step)) return false;
    check(book_write_step(sink, &step, step.opening ? step.opening->content : BYTES_NONE));
    return true;
}

static bool lead_again(struct bytes bytes, struct arena *arena, struct sink *sink)
{
    struct lead_record lead;
    if (!book_read_lead(bytes, arena, &lead)) return false;
    check(book_write_lead(sink, &lead));
    return true;
}

static bool post_again(struct bytes bytes, struct arena *arena, struct sink *sink)
{
    struct post_record post;
    if (!book_read_post(bytes, arena, &post)) return false;
    check(book_write_post(sink, &post));
    return true;
}

static bool trace_again(struct bytes bytes, struct arena *arena, struct sink *sink)
{
    struct trace_auction *trace = arena_take(arena, sizeof *trace);
    enum trace_kind kind;
    if (!trace || !trace_read(bytes, arena, trace)) return false;
    check(trace_peek(bytes, &kind) && kind == trace->kind);
    check(trace_write(sink, trace));
    return true;
}

static bool sale_again(struct bytes bytes, struct arena *arena, struct sink *sink)
{
    (void)arena;
    struct sale_record sale;
    if (!sale_read(bytes, &sale)) return false;
    check(sale_write(sink, &sale));
    return true;
}

static bool move_again(struct bytes bytes, struct arena *arena, struct sink *sink)
{
    (void)arena;
    struct move_record move;
    if (!move_read(bytes, &move)) return false;
    check(move_write(sink, &move));
    return true;
}

static bool (*const readers[])(struct bytes, struct arena *, struct sink *) = {
    offer_again, step_again, lead_again, post_again, trace_again, sale_again, move_again};
static const bool holds_offer[] = {false, true, true, false, false, false, false}; /* of a version of its own */

/* True if it is of the version that is written today: a record's first two bytes are its kind and version. */
static bool is_todays(unsigned reader, struct bytes bytes, struct bytes written)
{
    return !holds_offer[reader] && bytes_same(bytes_first(bytes, 2), bytes_first(written, 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > ROOM) return 0;
    struct bytes bytes = {(const char *)data + 1, size - 1};
    unsigned reader = data[0] % (unsigned)(sizeof readers / sizeof *readers);
    struct arena arena;
    arena_init(&arena, 4096, 100 * size + 65536);
    char *memory = malloc(2 * ROOM);
    check(memory != NULL);
    struct sink sink = sink_over(memory, ROOM), again = sink_over(memory + ROOM, ROOM);
    bool is_read = readers[reader](bytes, &arena, &sink);
    struct bytes written = sink_written(&sink);
    arena_free(&arena);
    if (is_read) {
        check(!is_todays(reader, bytes, written) || bytes_same(written, bytes));
        arena_init(&arena, 4096, 100 * written.len + 65536);
        check(readers[reader](written, &arena, &again) && bytes_same(sink_written(&again), written));
        arena_free(&arena);
    }
    free(memory);
    return 0;
}

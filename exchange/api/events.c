/* Feeds: what an affiliate or a buyer was told after the fact, for those who read rather than listen, and for those who
 * were away. `next` is always there to be given back as `after`, so a reader keeps one word between two calls. */
#include "exchange/api/visit.h"
#include "exchange/courier/letter.h"

#define PAGE 100u
#define PAGE_MAX 1000u
#define FEED_ROOM (PAGE_MAX * 1024u + 4 * LETTER_ROOM)

/* Where there is no room for one more the page ends: `next` says where to go on. */
static enum fault write_rows(struct inquiry *inquiry, struct reader *reader, const struct hearer *hearer,
                             const struct event_row *rows, uint32_t count, struct json *json, struct ident *last)
{
    enum fault fault = FAULT_NONE;
    for (uint32_t i = 0; i < count && fault == FAULT_NONE; i++) {
        struct arena scratch;
        if (inquiry->out.cap - inquiry->out.len < 2 * LETTER_ROOM) break;
        arena_init(&scratch, LETTER_ROOM, LETTER_MEMORY_MAX);
        fault = letter_write(reader, inquiry->catalogue, hearer, &rows[i], &scratch, json);
        arena_free(&scratch);
        event_id(hearer, rows[i].number, rows[i].event.at_ms, last);
    }
    return fault;
}

static void look_events(struct inquiry *inquiry, struct reader *reader)
{
    struct hearer hearer = {.kind = inquiry->affiliate ? NOTICE_TO_AFFILIATE : NOTICE_TO_BUYER, .id = inquiry->owner};
    struct event_row *rows = arena_take(&inquiry->arena, inquiry->limit * sizeof *rows);
    struct json json = json_into(&inquiry->out);
    struct ident last = inquiry->id;
    char text[IDENT_TEXT + 1];
    uint32_t count = 0;
    enum fault fault = rows ? notices_after(reader, &hearer, event_number(&inquiry->id), &inquiry->arena, rows,
                                            inquiry->limit, &count)
                            : FAULT_MEMORY;
    json_open_map(&json);
    json_key(&json, "events");
    json_open_list(&json);
    if (!fault) fault = write_rows(inquiry, reader, &hearer, rows, count, &json, &last);
    json_close_list(&json);
    json_key(&json, "next");
    if (ident_is_none(&last))
        json_null(&json);
    else
        json_text(&json, bytes_of(ident_text(&last, text)));
    json_close_map(&json);
    if (!fault) return;
    inquiry->status = 503;
    inquiry->reason = REASON_LEDGER_DOWN;
}

static void read_feed(struct visit *visit)
{
    struct ident after;
    unsigned limit;
    if (visit_page(visit, "must be an event's id, or next as the page before gave it", PAGE, PAGE_MAX, &after, &limit))
        visit_inquire_page(visit, &after, limit, look_events, false, FEED_ROOM);
}

void affiliate_events(struct visit *visit)
{
    read_feed(visit);
}

void buyer_events(struct visit *visit)
{
    read_feed(visit);
}

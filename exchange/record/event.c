/* The id is made of what the row's key says, so it need not be kept; its start is the hour, so ids of one hearer sort
 * as its events do. */
#include "exchange/record/event.h"

#include "exchange/record/flat.h"

#define EVENT_VERSION 1

enum { IS_TEST = 1, IS_FINAL = 2, FLAGS_ALL = 3 };

bool event_write(struct sink *sink, const struct event *event)
{
    flat_put_head(sink, 'N', EVENT_VERSION);
    flat_put(sink, event->notice);
    flat_put(sink, (event->is_test ? IS_TEST : 0u) | (event->is_final ? IS_FINAL : 0u));
    flat_put_signed(sink, event->at_ms);
    flat_put_id(sink, &event->lead_id);
    flat_put_id(sink, &event->post_id);
    flat_put_id(sink, &event->about);
    flat_put(sink, event->state);
    flat_put(sink, event->reason);
    flat_put_signed(sink, event->amount_micros);
    flat_put_text(sink, event->contract);
    return !sink->cut;
}

bool event_read(struct bytes bytes, struct event *event)
{
    struct flat flat = flat_over(bytes);
    *event = (struct event){0};
    flat_take_head(&flat, 'N', EVENT_VERSION);
    event->notice = (enum notice)flat_take_upto(&flat, NOTICE_COUNT - 1);
    unsigned flags = (unsigned)flat_take_upto(&flat, FLAGS_ALL);
    event->is_test = flags & IS_TEST;
    event->is_final = flags & IS_FINAL;
    event->at_ms = flat_take_signed(&flat);
    flat_take_id(&flat, &event->lead_id);
    flat_take_id(&flat, &event->post_id);
    flat_take_id(&flat, &event->about);
    event->state = (enum lead_state)flat_take_upto(&flat, LEAD_STATE_COUNT - 1);
    event->reason = (enum reason)flat_take_upto(&flat, REASON_COUNT - 1);
    event->amount_micros = flat_take_signed(&flat);
    event->contract = flat_take_text(&flat);
    return flat_ends(&flat);
}

void event_id(const struct hearer *hearer, uint64_t number, int64_t at_ms, struct ident *id)
{
    char head[2] = {(char)hearer->kind, (char)hearer->address};
    struct digest digest;
    digest_of(&digest, (struct bytes[]){{head, sizeof head}, hearer->id}, 2);
    for (unsigned i = 0; i < 6; i++) {
        id->at[i] = (uint8_t)((uint64_t)at_ms >> (40 - 8 * i));
        id->at[10 + i] = (uint8_t)(number >> (40 - 8 * i));
    }
    memcpy(id->at + 6, digest.at, 4);
}

uint64_t event_number(const struct ident *id)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 6; i++) number = number << 8 | id->at[10 + i];
    return number;
}

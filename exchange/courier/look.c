/* Each hearer has its turn: a walk takes a few rows of one after the other, and the next look goes on behind them, so
 * one with much to hear does not keep others waiting. */
#include "exchange/courier/look.h"

#include "exchange/courier/letter.h"

#define EACH 16u /* rows of one hearer that are looked at: those held are among them */
#define ROWS_MAX 256u
#define COPY_ROOM_MAX (8u << 20)

bool look_address(const struct catalogue *catalogue, const struct hearer *hearer, struct address *address)
{
    const struct buyer *buyer = NULL;
    *address = (struct address){0};
    if (hearer->kind == NOTICE_TO_AFFILIATE) {
        const struct affiliate *affiliate = catalogue_affiliate(catalogue, hearer->id);
        if (!affiliate || !affiliate->notices) return false;
        *address = (struct address){&affiliate->notices->endpoint, affiliate->notices->secrets,
                                    affiliate->notices->secrets_count};
    } else if (hearer->kind == NOTICE_TO_BUYER) {
        buyer = catalogue_buyer(catalogue, hearer->id);
        if (buyer) address->endpoint = buyer->notices;
    } else {
        const struct contract *contract = catalogue_contract(catalogue, hearer->id);
        const struct sale_addresses *sales = contract && contract->asides ? &contract->asides->sales : NULL;
        bool is_copy = hearer->kind == NOTICE_TO_COPY;
        if (!sales || hearer->address >= (is_copy ? sales->copies_count : sales->notify_count)) return false;
        address->endpoint = is_copy ? &sales->copies[hearer->address] : &sales->notify[hearer->address];
        buyer = &catalogue->buyers[contract->buyer];
    }
    if (buyer) {
        address->secrets = buyer->secrets;
        address->secrets_count = buyer->secrets_count;
    }
    return address->endpoint != NULL && address->secrets_count > 0;
}

/* The text of the n-th id, copied: the courier goes on while the look is out. */
static void keep_text(struct look *look, uint32_t n, struct hearer *hearer)
{
    memcpy(look->texts[n], hearer->id.at, hearer->id.len);
    hearer->id.at = look->texts[n];
}

void look_hold(struct look *look, const struct delivery *held)
{
    look->held[look->held_count] = *held;
    keep_text(look, look->held_count, &look->held[look->held_count].hearer);
    look->held_count++;
}

void look_close_to(struct look *look, const struct gates *gates, int64_t now_us)
{
    look->closed_count = gates_closed(gates, now_us, look->closed);
    for (uint32_t i = 0; i < look->closed_count; i++) keep_text(look, HELD_MAX + i, &look->closed[i]);
}

static bool is_held(const struct look *look, const struct delivery *row)
{
    for (uint32_t i = 0; i < look->held_count; i++)
        if (look->held[i].number == row->number && hearer_same(&look->held[i].hearer, &row->hearer)) return true;
    return false;
}

static bool is_closed(const struct look *look, const struct hearer *hearer)
{
    for (uint32_t i = 0; i < look->closed_count; i++)
        if (hearer_same(&look->closed[i], hearer)) return true;
    return false;
}

/* Calls of that hearer that are out or about to be. */
static uint32_t calls_of(const struct look *look, const struct hearer *hearer)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < look->held_count; i++)
        count += look->held[i].state == DELIVERY_WAITING && hearer_same(&look->held[i].hearer, hearer);
    for (uint32_t i = 0; i < look->letters_count; i++)
        count += look->letters[i].text.len > 0 && hearer_same(&look->letters[i].delivery.hearer, hearer);
    return count;
}

/* A copy is as long as its lead: more room until it fits. */
static enum fault write(struct look *look, struct reader *reader, const struct event_row *row,
                        struct letter_found *found)
{
    enum fault fault = FAULT_TOO_LARGE;
    for (size_t room = LETTER_ROOM; fault == FAULT_TOO_LARGE && room <= COPY_ROOM_MAX; room *= 4) {
        struct sink sink = sink_over(arena_take(&look->arena, room), room);
        struct json json = json_into(&sink);
        if (!sink.at) return FAULT_MEMORY;
        fault = letter_write(reader, look->catalogue, &found->delivery.hearer, row, &look->arena, &json);
        found->text = sink_written(&sink);
    }
    return fault;
}

/* What it was about may be gone: erased, or forgotten. Nobody will ever be told, so it ends here. */
static enum fault find_letter(struct look *look, struct reader *reader, struct letter_found *found)
{
    struct address address;
    struct event_row row = {.number = found->delivery.number};
    enum fault fault = notices_one(reader, &found->delivery.hearer, row.number, &look->arena, &row.event);
    if (!look_address(look->catalogue, &found->delivery.hearer, &address)) {
        found->delivery.state = DELIVERY_NO_ADDRESS;
        return FAULT_NONE;
    }
    found->at_ms = row.event.at_ms;
    if (fault == FAULT_NONE) fault = write(look, reader, &row, found);
    if (fault == FAULT_MEMORY || fault == FAULT_NONE) return fault;
    found->text = BYTES_NONE;
    found->delivery.state = DELIVERY_GIVEN_UP;
    found->delivery.reason = fault == FAULT_TOO_LARGE ? REASON_TOO_LARGE : REASON_NOT_FOUND;
    return FAULT_NONE;
}

void look_run(struct look *look, struct reader *reader)
{
    uint32_t count = 0;
    look->letters_count = 0;
    look->is_more = false;
    struct delivery *rows = arena_zero(&look->arena, ROWS_MAX, sizeof *rows);
    look->fault = rows ? notices_due(reader, look->wall_ms, EACH, &look->walk, &look->arena, rows, ROWS_MAX, &count)
                       : FAULT_MEMORY;
    for (uint32_t i = 0; i < count && look->fault == FAULT_NONE; i++) {
        const struct hearer *hearer = &rows[i].hearer;
        if (is_held(look, &rows[i]) || is_closed(look, hearer)) continue;
        if (calls_of(look, hearer) >= HEARER_CALLS_MAX) continue;
        if (look->letters_count == look->letters_max) {
            look->is_more = true;
            break;
        }
        struct letter_found *found = &look->letters[look->letters_count];
        *found = (struct letter_found){.delivery = rows[i]};
        look->fault = find_letter(look, reader, found);
        look->letters_count += look->fault == FAULT_NONE;
    }
    if (look->walk.len) look->is_more = true;
}

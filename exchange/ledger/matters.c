/* A matter becomes an entry only when nothing speaks against it; a refusal is an answer and leaves no trace. What is
 * another buyer's is not found, never forbidden. */
#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/engine.h"

#define BODY_ROOM 4096u

/* The matter at hand. */
struct desk {
    struct ledger *ledger;
    struct MDB_txn *txn;
    struct matter *matter;
    int64_t wall_ms;
};

static enum fault dispose(const struct desk *desk);

static enum fault (*const kinds[MATTER_KINDS])(const struct desk *desk) = {[MATTER_DISPOSITION] = dispose};

enum fault matters_write(struct ledger *ledger, struct MDB_txn *txn, struct matter *matter, int64_t wall_ms)
{
    struct desk desk = {ledger, txn, matter, wall_ms};
    matter->field = matter->text = NULL;
    matter->is_again = matter->is_first = false;
    return kinds[matter->kind](&desk);
}

static enum fault refuse(struct matter *matter, const char *field, const char *text)
{
    matter->field = field;
    matter->text = text;
    return FAULT_INPUT;
}

/* --- which sale --- */

/* Of one owner a lead is sold to once at most. */
static enum fault find_in_lead(const struct desk *desk, const struct ident *lead_id, struct ident *post_id)
{
    struct lead_record lead;
    enum fault fault = rows_lead(desk->ledger->book, desk->txn, lead_id, &desk->ledger->arena, &lead);
    if (fault != FAULT_NONE) return fault;
    for (unsigned i = 0; i < lead.slots_count; i++) {
        const struct lead_slot *slot = &lead.slots[i];
        if (!slot->is_used || slot->state != POST_ACCEPTED || !bytes_same(slot->sale.buyer, desk->matter->buyer))
            continue;
        *post_id = slot->post_id;
        return FAULT_NONE;
    }
    return FAULT_NOT_FOUND;
}

static enum fault find_post(const struct desk *desk, const struct disposition_request *said, struct ident *post_id)
{
    if (said->by == DISPOSITION_BY_LEAD) return find_in_lead(desk, &said->id, post_id);
    if (said->by == DISPOSITION_BY_BUYER_LEAD)
        return aftersales_find_buyers(desk->ledger->book, desk->txn, desk->matter->buyer, said->buyer_lead_id, post_id);
    *post_id = said->id;
    return FAULT_NONE;
}

static enum fault find_sale(const struct desk *desk, const struct ident *post_id, struct aftersales_sale **found)
{
    *found = arena_zero(&desk->ledger->arena, 1, sizeof **found);
    if (!*found) return FAULT_MEMORY;
    enum fault fault = aftersales_find(desk->ledger->book, desk->txn, post_id, &desk->ledger->arena, *found);
    if (fault != FAULT_NONE) return fault;
    if (!bytes_same((*found)->post.intent.buyer, desk->matter->buyer)) return FAULT_NOT_FOUND;
    return (*found)->slot ? FAULT_NONE : refuse(desk->matter, NULL, "this lead was not sold to you");
}

static void tell_sale(struct matter *matter, const struct post_record *post)
{
    struct bytes contract = bytes_first(post->intent.contract, MATTER_NAME_MAX);
    matter->post_id = post->post_id;
    matter->lead_id = post->lead_id;
    memcpy(matter->contract, contract.at, contract.len);
    matter->contract_len = contract.len;
}

/* --- dispositions --- */

static bool is_same(const struct disposition_request *said, const struct book_disposition *told,
                    const struct ident *post_id)
{
    return ident_same(post_id, &told->post_id) && said->stage == told->stage &&
           said->value_micros == told->value_micros;
}

/* The same event id again: the first answer. */
static enum fault tell_again(const struct desk *desk, const struct book_disposition *told)
{
    struct matter *matter = desk->matter;
    struct post_record post;
    struct ident post_id = IDENT_NONE;
    enum fault fault = find_post(desk, matter->disposition, &post_id);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    if (!is_same(matter->disposition, told, &post_id))
        return refuse(matter, NULL, "this event_id was used with another disposition");
    matter->is_again = true;
    matter->stage = told->stage;
    matter->earned = told->earned;
    fault = rows_post(desk->ledger->book, desk->txn, &told->post_id, &desk->ledger->arena, &post);
    if (fault == FAULT_NONE) tell_sale(matter, &post);
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

static enum fault check_instant(const struct desk *desk, const struct post_record *post, int64_t at_ms)
{
    if (at_ms > desk->wall_ms + MATTER_FUTURE_MS) return refuse(desk->matter, "at", "is in the future");
    if (at_ms < post->opened_ms - MATTER_FUTURE_MS) return refuse(desk->matter, "at", "is before the lead was posted");
    return FAULT_NONE;
}

static enum fault write_disposition(const struct desk *desk, const struct book_disposition *told)
{
    struct sink sink = sink_over(arena_take(&desk->ledger->arena, BODY_ROOM), BODY_ROOM);
    if (!sink.at) return FAULT_MEMORY;
    if (!aftersale_write_disposition(&sink, told)) return FAULT_TOO_LARGE;
    return writer_entry(desk->ledger, desk->txn, ENTRY_DISPOSITION, desk->wall_ms, sink_written(&sink), &told->post_id);
}

static enum fault dispose(const struct desk *desk)
{
    struct matter *matter = desk->matter;
    const struct disposition_request *said = matter->disposition;
    struct book_disposition told;
    struct aftersales_sale *found = NULL;
    struct ident post_id;
    enum fault fault = aftersales_told(desk->ledger->book, desk->txn, matter->buyer, said->event_id, &told);
    if (fault == FAULT_NONE) return tell_again(desk, &told);
    if (fault == FAULT_NOT_FOUND) fault = find_post(desk, said, &post_id);
    if (fault == FAULT_NONE) fault = find_sale(desk, &post_id, &found);
    if (fault != FAULT_NONE) return fault;
    told = (struct book_disposition){.post_id = post_id,
                                     .buyer = matter->buyer,
                                     .event_id = said->event_id,
                                     .stage = said->stage,
                                     .label = said->label,
                                     .agent = said->agent,
                                     .at_ms = said->at_ms ? said->at_ms : desk->wall_ms,
                                     .value_micros = said->value_micros};
    fault = check_instant(desk, &found->post, told.at_ms);
    if (fault == FAULT_NONE) fault = write_disposition(desk, &told);
    if (fault != FAULT_NONE) return fault;
    tell_sale(matter, &found->post);
    matter->is_first = found->record.dispositions == 0 && !found->post.is_test;
    matter->stage = told.stage;
    matter->earned = told.earned;
    return FAULT_NONE;
}

/* A lead is answered when its story ends; so one whose story is over while a post of it is in doubt has been answered
 * as not final. When a resolution lets the story go on, the row of the lead keeps that until it ends again. Where
 * a start ends a story the affiliate may have had such an answer, or none: it hears in either case. */
#include "exchange/record/told.h"

void told_before(struct lead_record *lead)
{
    if (lead->told || !lead->is_over || !lead_slots_in(lead, LEAD_SLOTS(POST_UNKNOWN))) return;
    lead->told = lead->state == LEAD_SOLD ? LEAD_TOLD_SOLD : LEAD_TOLD_PENDING;
}

static int64_t pays_now(const struct lead_record *lead)
{
    int64_t micros = 0; /* at most eight prices of at most a million: no overflow */
    for (unsigned i = 0; i < lead->slots_count; i++)
        if (lead->slots[i].is_used && lead->slots[i].state == POST_ACCEPTED)
            micros += lead->slots[i].sale.payout_micros;
    return micros;
}

static bool has_voided(const struct book_step *step)
{
    for (unsigned i = 0; i < step->verdicts_count; i++)
        if (step->verdicts[i].reason == REASON_VOIDED) return true;
    return false;
}

bool told_after(const struct book_step *step, struct lead_record *lead, struct event *event)
{
    if (step->final && step->final->is_late && !lead->told) lead->told = LEAD_TOLD_PENDING;
    bool is_final = lead->is_over && !lead_slots_in(lead, LEAD_SLOTS(POST_OPEN) | LEAD_SLOTS(POST_UNKNOWN));
    if (!lead->told || (!step->sales_count && !is_final)) return false;
    *event = (struct event){.notice = step->sales_count  ? NOTICE_LEAD_SOLD
                                      : has_voided(step) ? NOTICE_LEAD_VOIDED
                                                         : NOTICE_LEAD_RESOLVED,
                            .is_test = lead->offer.rehearsal != 0,
                            .is_final = is_final,
                            .at_ms = step->wall_ms,
                            .lead_id = lead->lead_id,
                            .post_id = step->sales_count ? step->sales[0].sale_id : IDENT_NONE,
                            .state = lead->state,
                            .reason = lead->reason,
                            .amount_micros = pays_now(lead)};
    lead->told = is_final ? LEAD_TOLD_NOTHING : step->sales_count ? LEAD_TOLD_SOLD : lead->told;
    return true;
}

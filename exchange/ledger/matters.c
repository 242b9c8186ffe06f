/* A matter becomes an entry only when nothing speaks against it; a refusal is an answer and leaves no trace. What is
 * another buyer's is not found, never forbidden. */
#include "exchange/ledger/account.h"
#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/content.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/reversals.h"
#include "exchange/market/price.h"
#include "protocol/base/money.h"

#define BODY_ROOM 4096u

/* The matter at hand. */
struct desk {
    struct ledger *ledger;
    struct MDB_txn *txn;
    struct matter *matter;
    int64_t wall_ms;
};

static enum fault dispose(const struct desk *desk), give_back(const struct desk *desk), judge(const struct desk *desk);

static enum fault (*const kinds[MATTER_KINDS])(const struct desk *desk) = {
    [MATTER_DISPOSITION] = dispose, [MATTER_RETURN] = give_back, [MATTER_JUDGEMENT] = judge};

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

/* What the stage is paid: of a sale that stands, and once. Margins are those of the present catalogue. */
static enum fault earn(const struct desk *desk, const struct aftersales_sale *found, struct book_disposition *told)
{
    const struct book_after *terms = &found->record.terms;
    int64_t price_micros = found->post.intent.price_micros;
    bool is_paid = found->record.paid >> terms->pays_at & 1;
    if (!stage_reaches(told->stage, terms->pays_at) || is_paid) return FAULT_NONE;
    if (found->post.is_test || found->post.state != POST_ACCEPTED) return FAULT_NONE;
    if (terms->pays_ppm && told->value_micros < 0)
        return refuse(desk->matter, "value", "is required: at this stage a share of it is billed");
    if (terms->pays_ppm && !money_share(told->value_micros, terms->pays_ppm, &price_micros))
        return refuse(desk->matter, "value", "is too large");
    if (price_micros <= 0) return FAULT_NONE;
    const struct catalogue *catalogue = desk->matter->catalogue;
    const struct affiliate *affiliate = catalogue_affiliate(catalogue, found->lead.affiliate);
    struct price_parties parties = {.catalogue = catalogue,
                                    .campaign = catalogue_campaign(catalogue, found->lead.campaign),
                                    .affiliate = affiliate,
                                    .source = affiliate ? catalogue_source_of(affiliate, found->lead.source) : NULL,
                                    .contract = catalogue_contract(catalogue, found->post.intent.contract)};
    struct payout payout = price_at_stage(&parties, price_micros);
    told->earned = (struct aftersale_money){price_micros, payout.payout_micros, payout.margin_micros,
                                            (uint8_t)payout.rule};
    return FAULT_NONE;
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
    if (fault == FAULT_NONE) fault = earn(desk, found, &told);
    if (fault == FAULT_NONE) fault = write_disposition(desk, &told);
    if (fault != FAULT_NONE) return fault;
    tell_sale(matter, &found->post);
    matter->is_first = found->record.dispositions == 0 && !found->post.is_test;
    matter->stage = told.stage;
    matter->earned = told.earned;
    return FAULT_NONE;
}

/* --- returns --- */

static enum fault question(const struct desk *desk, const struct aftersales_sale *found, struct return_question *asks,
                           struct return_month *affiliates)
{
    struct store *store = desk->ledger->book;
    const struct return_request *said = desk->matter->asked;
    const struct contract *contract = catalogue_contract(desk->matter->catalogue, found->post.intent.contract);
    const struct sale_terms *terms = contract ? contract_after(contract) : NULL;
    struct sale_record sale;
    enum fault fault = account_sale(store, desk->txn, &found->slot->sale.sale_id, &desk->ledger->arena, &sale);
    if (fault == FAULT_NOT_FOUND) return refuse(desk->matter, NULL, "a test is not returned");
    if (fault != FAULT_NONE) return fault;
    *asks = (struct return_question){.terms = terms && terms->takes_back ? &terms->returns : NULL,
                                     .sold_ms = sale.booked_ms,
                                     .wall_ms = desk->wall_ms,
                                     .reason_code = said->reason_code,
                                     .has_amount = said->has_amount,
                                     .amount_micros = said->amount_micros,
                                     .left_micros = sale.sold.price_micros + sale.added.price_micros -
                                                    sale.returned.price_micros - found->record.pending_micros,
                                     .is_counted = found->record.returns > 0 || !found->record.terms.counts};
    fault = aftersales_month(store, desk->txn, AFTERSALES_CONTRACT, sale.contract, sale.period, &asks->month);
    if (fault != FAULT_NONE) return fault;
    return aftersales_month(store, desk->txn, AFTERSALES_AFFILIATE, sale.affiliate, sale.period, affiliates);
}

/* The affiliate as the present catalogue has it; one that has gone bears nothing. */
static bool is_by_house(const struct desk *desk, const struct aftersales_sale *found,
                        const struct return_question *asks, const struct return_month *affiliates)
{
    const struct affiliate *affiliate = catalogue_affiliate(desk->matter->catalogue, found->lead.affiliate);
    return !affiliate ||
           returns_by_house(&affiliate->returns, asks->sold_ms, asks->wall_ms, asks->is_counted, affiliates);
}

static enum fault write_return(const struct desk *desk, const struct book_return *asked)
{
    struct sink sink = sink_over(arena_take(&desk->ledger->arena, BODY_ROOM), BODY_ROOM);
    if (!sink.at) return FAULT_MEMORY;
    if (!aftersale_write_return(&sink, asked)) return FAULT_TOO_LARGE;
    enum fault fault = writer_entry(desk->ledger, desk->txn, ENTRY_RETURN, desk->wall_ms, sink_written(&sink),
                                    &asked->return_id);
    if (fault != FAULT_NONE || !asked->has_evidence) return fault;
    return content_put(desk->ledger->book, desk->txn, desk->ledger->keys, &desk->ledger->indexed, &asked->return_id,
                       desk->matter->sealed, &(struct person_keys){0});
}

static void tell_return(struct matter *matter, const struct book_return *asked)
{
    matter->status = asked->status;
    matter->return_id = asked->return_id;
    matter->post_id = asked->post_id;
    matter->lead_id = asked->lead_id;
    matter->sale_id = asked->sale_id;
    matter->amount_micros = asked->amount_micros;
    matter->asked_ms = asked->asked_ms;
    matter->accept_at_ms = asked->accept_at_ms;
}

static enum fault give_back(const struct desk *desk)
{
    struct matter *matter = desk->matter;
    const struct return_request *said = matter->asked;
    struct aftersales_sale *found = NULL;
    struct return_question asks;
    struct return_month affiliates;
    enum fault fault = find_sale(desk, &said->post_id, &found);
    if (fault == FAULT_NONE && found->post.state == POST_RETURNED)
        return refuse(matter, NULL, "this sale was returned already");
    if (fault == FAULT_NONE) fault = question(desk, found, &asks, &affiliates);
    if (fault != FAULT_NONE) return fault;
    const char *field, *text = returns_refusal(&asks, &field);
    if (text) return refuse(matter, field, text);
    struct book_return asked = {.return_id = matter->return_id,
                                .post_id = said->post_id,
                                .lead_id = found->lead.lead_id,
                                .sale_id = found->slot->sale.sale_id,
                                .buyer = matter->buyer,
                                .affiliate = found->lead.affiliate,
                                .contract = found->post.intent.contract,
                                .campaign = found->lead.campaign,
                                .reason_code = said->reason_code,
                                .has_evidence = matter->sealed.len > 0 && found->lead.erasure != LEAD_ERASED,
                                .status = asks.terms->is_reviewed ? RETURN_REQUESTED : RETURN_APPROVED,
                                .judge = asks.terms->is_reviewed ? RETURN_BY_NOBODY : RETURN_BY_CONTRACT,
                                .amount_micros = said->has_amount ? said->amount_micros : asks.left_micros,
                                .by_house = is_by_house(desk, found, &asks, &affiliates),
                                .asked_ms = desk->wall_ms};
    if (asks.terms->is_reviewed && asks.terms->accept_after_ms)
        asked.accept_at_ms = desk->wall_ms + asks.terms->accept_after_ms;
    if (!asks.terms->is_reviewed) asked.judged_ms = desk->wall_ms;
    const struct campaign *campaign = catalogue_campaign(matter->catalogue, found->lead.campaign);
    if (campaign && campaign->onward.returned)
        asked.onward_until_ms = found->lead.created_ms + campaign->onward.max_age_ms;
    struct bytes sealed = bytes_from(matter->sealed, KEYFILE_WRAPPED); /* its key changes, it does not */
    if (asked.has_evidence) digest_of(&asked.evidence, &sealed, 1);
    fault = write_return(desk, &asked);
    if (fault == FAULT_NONE) tell_return(matter, &asked);
    return fault;
}

static enum fault judge(const struct desk *desk)
{
    struct matter *matter = desk->matter;
    struct book_return asked;
    char body[BODY_ROOM];
    struct sink sink = sink_over(body, sizeof body);
    struct book_judgement judgement = {.return_id = matter->return_id,
                                       .status = matter->decision->approves ? RETURN_APPROVED : RETURN_DENIED,
                                       .judge = RETURN_BY_OPERATOR,
                                       .note = matter->decision->note};
    enum fault fault = reversals_one(desk->ledger->book, desk->txn, &matter->return_id, &desk->ledger->arena, &asked);
    if (fault != FAULT_NONE) return fault;
    if (asked.status != RETURN_REQUESTED) return refuse(matter, NULL, "this return is decided already");
    if (!aftersale_write_judgement(&sink, &judgement)) return FAULT_TOO_LARGE;
    fault = writer_entry(desk->ledger, desk->txn, ENTRY_JUDGEMENT, desk->wall_ms, sink_written(&sink),
                         &matter->return_id);
    asked.status = judgement.status;
    if (fault == FAULT_NONE) tell_return(matter, &asked);
    return fault;
}

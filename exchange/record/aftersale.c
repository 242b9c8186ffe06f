#include "exchange/record/aftersale.h"

#include "exchange/record/pieces.h"

#define DISPOSITION_VERSION 1
#define RETURN_VERSION 1
#define JUDGEMENT_VERSION 1
#define RECORD_VERSION 1

static const char *const statuses[RETURN_STATUS_COUNT] = {"requested", "approved", "denied"};
static const char *const judges[RETURN_JUDGES] = {"", "contract", "time", "operator"};

const char *return_status_name(enum return_status status)
{
    return statuses[status];
}

const char *return_judge_name(enum return_judge judge)
{
    return judges[judge];
}

static void put_money(struct sink *sink, const struct aftersale_money *money)
{
    flat_put_signed(sink, money->price_micros);
    flat_put_signed(sink, money->payout_micros);
    flat_put_signed(sink, money->margin_micros);
    flat_put(sink, money->margin_rule);
}

static void take_money(struct flat *flat, struct aftersale_money *money)
{
    money->price_micros = flat_take_signed(flat);
    money->payout_micros = flat_take_signed(flat);
    money->margin_micros = flat_take_signed(flat);
    money->margin_rule = (uint8_t)flat_take_upto(flat, UINT8_MAX);
}

bool aftersale_write_disposition(struct sink *sink, const struct book_disposition *disposition)
{
    flat_put_head(sink, 'D', DISPOSITION_VERSION);
    flat_put_id(sink, &disposition->post_id);
    flat_put_text(sink, disposition->buyer);
    flat_put_text(sink, disposition->event_id);
    flat_put(sink, disposition->stage);
    flat_put_text(sink, disposition->label);
    flat_put_text(sink, disposition->agent);
    flat_put_signed(sink, disposition->at_ms);
    flat_put_signed(sink, disposition->value_micros);
    put_money(sink, &disposition->earned);
    return !sink->cut;
}

bool aftersale_read_disposition(struct bytes bytes, struct book_disposition *disposition)
{
    struct flat flat = flat_over(bytes);
    *disposition = (struct book_disposition){.stage = STAGE_NONE};
    flat_take_head(&flat, 'D', DISPOSITION_VERSION);
    flat_take_id(&flat, &disposition->post_id);
    disposition->buyer = flat_take_text(&flat);
    disposition->event_id = flat_take_text(&flat);
    disposition->stage = (enum sale_stage)flat_take_upto(&flat, STAGE_COUNT - 1);
    disposition->label = flat_take_text(&flat);
    disposition->agent = flat_take_text(&flat);
    disposition->at_ms = flat_take_signed(&flat);
    disposition->value_micros = flat_take_signed(&flat);
    take_money(&flat, &disposition->earned);
    return flat_ends(&flat) && disposition->stage != STAGE_NONE;
}

bool aftersale_write_return(struct sink *sink, const struct book_return *asked)
{
    flat_put_head(sink, 'T', RETURN_VERSION);
    flat_put_id(sink, &asked->return_id);
    flat_put_id(sink, &asked->post_id);
    flat_put_id(sink, &asked->lead_id);
    flat_put_id(sink, &asked->sale_id);
    flat_put_text(sink, asked->buyer);
    flat_put_text(sink, asked->affiliate);
    flat_put_text(sink, asked->contract);
    flat_put_text(sink, asked->campaign);
    flat_put_text(sink, asked->reason_code);
    flat_put(sink, asked->has_evidence);
    if (asked->has_evidence) flat_put_digest(sink, &asked->evidence);
    flat_put(sink, asked->status);
    flat_put(sink, asked->judge);
    flat_put_text(sink, asked->note);
    flat_put_signed(sink, asked->amount_micros);
    flat_put(sink, asked->by_house);
    flat_put_signed(sink, asked->asked_ms);
    flat_put_signed(sink, asked->judged_ms);
    flat_put_signed(sink, asked->accept_at_ms);
    flat_put_signed(sink, asked->onward_until_ms);
    return !sink->cut;
}

bool aftersale_read_return(struct bytes bytes, struct book_return *asked)
{
    struct flat flat = flat_over(bytes);
    *asked = (struct book_return){.has_evidence = false};
    flat_take_head(&flat, 'T', RETURN_VERSION);
    flat_take_id(&flat, &asked->return_id);
    flat_take_id(&flat, &asked->post_id);
    flat_take_id(&flat, &asked->lead_id);
    flat_take_id(&flat, &asked->sale_id);
    asked->buyer = flat_take_text(&flat);
    asked->affiliate = flat_take_text(&flat);
    asked->contract = flat_take_text(&flat);
    asked->campaign = flat_take_text(&flat);
    asked->reason_code = flat_take_text(&flat);
    asked->has_evidence = flat_take_flag(&flat);
    if (asked->has_evidence) flat_take_digest(&flat, &asked->evidence);
    asked->status = (enum return_status)flat_take_upto(&flat, RETURN_STATUS_COUNT - 1);
    asked->judge = (enum return_judge)flat_take_upto(&flat, RETURN_JUDGES - 1);
    asked->note = flat_take_text(&flat);
    asked->amount_micros = flat_take_signed(&flat);
    asked->by_house = flat_take_flag(&flat);
    asked->asked_ms = flat_take_signed(&flat);
    asked->judged_ms = flat_take_signed(&flat);
    asked->accept_at_ms = flat_take_signed(&flat);
    asked->onward_until_ms = flat_take_signed(&flat);
    return flat_ends(&flat);
}

bool aftersale_write_judgement(struct sink *sink, const struct book_judgement *judgement)
{
    flat_put_head(sink, 'J', JUDGEMENT_VERSION);
    flat_put_id(sink, &judgement->return_id);
    flat_put(sink, judgement->status);
    flat_put(sink, judgement->judge);
    flat_put_text(sink, judgement->note);
    return !sink->cut;
}

bool aftersale_read_judgement(struct bytes bytes, struct book_judgement *judgement)
{
    struct flat flat = flat_over(bytes);
    *judgement = (struct book_judgement){.status = RETURN_REQUESTED};
    flat_take_head(&flat, 'J', JUDGEMENT_VERSION);
    flat_take_id(&flat, &judgement->return_id);
    judgement->status = (enum return_status)flat_take_upto(&flat, RETURN_STATUS_COUNT - 1);
    judgement->judge = (enum return_judge)flat_take_upto(&flat, RETURN_JUDGES - 1);
    judgement->note = flat_take_text(&flat);
    return flat_ends(&flat) && judgement->status != RETURN_REQUESTED;
}

bool aftersale_write_record(struct sink *sink, const struct aftersale_record *record)
{
    flat_put_head(sink, 'A', RECORD_VERSION);
    flat_put_id(sink, &record->post_id);
    flat_put_id(sink, &record->lead_id);
    flat_put(sink, record->has_terms);
    if (record->has_terms) pieces_put_after(sink, &record->terms);
    flat_put(sink, record->dispositions);
    flat_put(sink, record->latest);
    flat_put(sink, record->highest);
    flat_put_signed(sink, record->latest_ms);
    flat_put_signed(sink, record->contacted_ms);
    flat_put(sink, record->paid);
    flat_put(sink, record->returns);
    flat_put_signed(sink, record->pending_micros);
    flat_put(sink, record->is_uncontacted);
    flat_put(sink, record->is_bad);
    flat_put_signed(sink, record->contact_by_ms);
    return !sink->cut;
}

bool aftersale_read_record(struct bytes bytes, struct aftersale_record *record)
{
    struct flat flat = flat_over(bytes);
    *record = (struct aftersale_record){.dispositions = 0};
    flat_take_head(&flat, 'A', RECORD_VERSION);
    flat_take_id(&flat, &record->post_id);
    flat_take_id(&flat, &record->lead_id);
    record->has_terms = flat_take_flag(&flat);
    if (record->has_terms) pieces_take_after(&flat, &record->terms);
    record->dispositions = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    record->latest = (enum sale_stage)flat_take_upto(&flat, STAGE_COUNT - 1);
    record->highest = (enum sale_stage)flat_take_upto(&flat, STAGE_COUNT - 1);
    record->latest_ms = flat_take_signed(&flat);
    record->contacted_ms = flat_take_signed(&flat);
    record->paid = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    record->returns = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    record->pending_micros = flat_take_signed(&flat);
    record->is_uncontacted = flat_take_flag(&flat);
    record->is_bad = flat_take_flag(&flat);
    record->contact_by_ms = flat_take_signed(&flat);
    return flat_ends(&flat);
}

/* One figure says it all: what is held for posts under way and in doubt is taken off already. */
#include "exchange/api/spending.h"

#include "exchange/market/catalogue.h"
#include "protocol/base/money.h"

void spending_write(struct json *json, const struct buyer *buyer, const struct availability_view *view)
{
    int64_t left_micros = availability_money(buyer, view);
    json_key(json, "money");
    if (left_micros == FUNDS_ANY) {
        json_null(json);
        return;
    }
    json_open_map(json);
    json_key(json, "left");
    json_money(json, left_micros);
    if (view->stake_micros > 1) { /* else whatever it bids */
        json_key(json, "needed");
        json_money(json, view->stake_micros);
    }
    if (buyer->purse.credit_micros) {
        json_key(json, "credit_limit");
        json_money(json, buyer->purse.credit_micros);
    } else {
        json_key(json, "prepaid");
        json_bool(json, true);
    }
    json_close_map(json);
}

struct bytes spending_sentence(const struct catalogue *catalogue, const struct trace_contract *told,
                               char text[SPENDING_SENTENCE_MAX])
{
    struct availability_view view;
    struct sink sink = sink_over(text, SPENDING_SENTENCE_MAX);
    const struct contract *contract = catalogue ? catalogue_contract(catalogue, told->contract) : NULL;
    if (told->reason != REASON_NO_FUNDS || !contract || !availability_unpack(told->view, &view)) return BYTES_NONE;
    int64_t left_micros = availability_money(&catalogue->buyers[contract->buyer], &view);
    bool is_held_out = told->state != TRACE_SKIPPED && !told->has_bid; /* there was less when it was to be promised */
    if (left_micros == FUNDS_ANY || is_held_out) return BYTES_NONE;
    sink_text(&sink, "its buyer had ");
    money_write(&sink, left_micros);
    sink_text(&sink, " left to spend");
    return sink_written(&sink);
}

/* The JSON of an answer, as api.md gives it; and how an auction's answer reaches its request. */
#include "exchange/api/visit.h"
#include "exchange/market/seller.h"

static void write_reason(struct json *json, const struct auction_answer *answer)
{
    json_key(json, "reason");
    json_open_map(json);
    json_key(json, "code");
    json_text(json, bytes_of(reason_code(answer->reason)));
    json_key(json, "text");
    json_text(json, bytes_of(answer->text));
    json_close_map(json);
}

static void write_ident(struct json *json, const char *key, const struct ident *ident)
{
    char text[IDENT_TEXT + 1];
    json_key(json, key);
    json_text(json, (struct bytes){ident_text(ident, text), IDENT_TEXT});
}

static struct bytes leg_id(uint32_t leg, char *text, size_t room)
{
    struct sink sink = sink_over(text, room);
    sink_u64(&sink, leg);
    return sink_written(&sink);
}

/* What the affiliate gave comes back. */
static void write_echo(struct json *json, const struct auction_answer *answer)
{
    if (answer->ref.len) {
        json_key(json, "ref");
        json_text(json, answer->ref);
    }
    if (answer->click_id.len) {
        json_key(json, "click_id");
        json_text(json, answer->click_id);
    }
    if (answer->sub_ids.len) {
        json_key(json, "sub_id");
        json_raw(json, answer->sub_ids);
    }
}

/* The posted lead went through an auction of its own: what the ping was promised is not owed. */
static void write_reauction(struct json *json, const struct auction_answer *answer)
{
    enum reason because = answer->because == OFFER_OF_EXPIRY ? REASON_PING_EXPIRED : REASON_PING_MISMATCH;
    json_key(json, "reauction");
    json_open_map(json);
    write_ident(json, "ping_id", &answer->reauction_id);
    json_key(json, "because");
    json_text(json, bytes_of(reason_code(because)));
    json_key(json, "text");
    json_text(json, because == REASON_PING_EXPIRED ? BYTES("the offer had expired: a new auction, from its price on")
                                                   : BYTES("the lead differs from its ping: a new auction; the price "
                                                           "offered for the ping is not owed"));
    json_close_map(json);
}

static void write_end(struct json *json, const struct auction_answer *answer)
{
    write_echo(json, answer);
    json_key(json, "elapsed_ms");
    json_i64(json, answer->elapsed_us / 1000);
    json_key(json, "test");
    json_bool(json, answer->is_test);
    json_close_map(json);
}

_Static_assert(OFFER_CANDIDATES_MAX *(2 * (SELLER_NAME_MAX + 2 * SELLER_URL_MAX + SELLER_TEXT_MAX) + 320) + 65536 <=
                   ANSWER_ROOM_MAX,
               "no seller holds what takes more than two bytes in JSON");

static void write_part(struct json *json, const char *key, struct bytes text)
{
    if (!text.len) return;
    json_key(json, key);
    json_text(json, text);
}

/* An offer holds none of it: it is looked up when it is told. */
static void write_seller(struct json *json, const struct auction_answer *answer, struct bytes id)
{
    const struct contract *contract = catalogue_contract(answer->catalogue, id);
    if (!contract || !contract->seller) return;
    json_key(json, "seller");
    json_open_map(json);
    write_part(json, "name", contract->seller->name);
    write_part(json, "url", contract->seller->url);
    write_part(json, "logo_url", contract->seller->logo_url);
    write_part(json, "consent_text", contract->seller->consent_text);
    write_part(json, "consent_sha256", contract->seller->consent_sha256);
    json_close_map(json);
}

static void write_legs(struct json *json, const struct auction_answer *answer)
{
    const struct offer *offer = answer->offer;
    uint32_t count = !offer ? 0 : answer->all_legs ? offer->candidates_count : offer->planned;
    json_key(json, "legs");
    json_open_list(json);
    for (uint32_t i = 0; i < count; i++) {
        char number[8];
        const struct offer_candidate *leg = &offer->candidates[i];
        json_open_map(json);
        json_key(json, "leg_id");
        json_text(json, leg_id(leg->leg, number, sizeof number));
        json_key(json, "price");
        json_money(json, leg->payout_micros);
        json_key(json, "max_sold");
        json_i64(json, leg->max_sold);
        json_key(json, "selected");
        json_bool(json, i < offer->planned);
        write_seller(json, answer, leg->contract);
        json_close_map(json);
    }
    json_close_list(json);
}

static void write_offer(struct json *json, const struct auction_answer *answer)
{
    json_key(json, "price");
    json_money(json, answer->price_micros);
    json_key(json, "currency");
    json_text(json, answer->catalogue->house.currency);
    json_key(json, "expires_at");
    json_wall(json, answer->expires_ms);
    json_key(json, "expires_in_ms");
    json_i64(json, answer->expires_in_ms);
    if (answer->offer && answer->offer->is_superseded) {
        json_key(json, "superseded");
        json_bool(json, true);
    }
    write_legs(json, answer);
}

/* How much of a buyer an affiliate sees is its own `reveal`. */
static void write_buyer(struct json *json, const struct auction_answer *answer, struct bytes id)
{
    enum reveal_buyers reveal = answer->affiliate ? answer->affiliate->reveal : REVEAL_NONE;
    const struct buyer *buyer = catalogue_buyer(answer->catalogue, id);
    if (reveal == REVEAL_NONE || id.len == 0) return;
    json_key(json, "buyer");
    if (reveal == REVEAL_NAME && buyer && buyer->public_name.len)
        json_text(json, buyer->public_name);
    else if (reveal == REVEAL_NAME)
        json_null(json);
    else
        json_text(json, id);
}

static void write_bids(struct json *json, const struct auction_answer *answer)
{
    json_key(json, "bids");
    json_open_list(json);
    for (uint32_t i = 0; i < answer->bids_count; i++) {
        json_open_map(json);
        write_buyer(json, answer, answer->bids[i].buyer);
        json_key(json, "price");
        json_money(json, answer->bids[i].price_micros);
        json_close_map(json);
    }
    json_close_list(json);
}

static void write_redirect(struct json *json, struct bytes url)
{
    if (!url.len) return;
    json_key(json, "redirect_url");
    json_text(json, url);
}

static void write_sale(struct json *json, const struct auction_answer *answer, const struct answer_sale *sale)
{
    char number[8];
    json_open_map(json);
    write_ident(json, "sale_id", &sale->sale_id);
    json_key(json, "leg_id");
    json_text(json, leg_id(sale->leg, number, sizeof number));
    write_buyer(json, answer, sale->buyer);
    json_key(json, "price");
    json_money(json, sale->price_micros);
    json_key(json, "status");
    json_text(json, sale->is_open ? BYTES("pending") : sale->is_returned ? BYTES("returned") : BYTES("sold"));
    write_redirect(json, sale->redirect_url);
    if (sale->stage != STAGE_NONE) {
        json_key(json, "stage");
        json_text(json, bytes_of(stage_name(sale->stage)));
        json_key(json, "stage_at");
        json_wall(json, sale->stage_ms);
    }
    json_close_map(json);
}

static void write_sales(struct json *json, const struct auction_answer *answer)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < answer->sales_count; i++) open += answer->sales[i].is_open;
    json_key(json, "final");
    json_bool(json, answer->status != ANSWER_PENDING && open == 0);
    if (open && answer->resolves_ms) {
        json_key(json, "resolves_by");
        json_wall(json, answer->resolves_ms);
    }
    json_key(json, "price");
    json_money(json, answer->status == ANSWER_SOLD ? answer->price_micros : 0);
    json_key(json, "planned");
    json_i64(json, answer->planned);
    json_key(json, "filled");
    json_i64(json, answer->sales_count - open);
    json_key(json, "sales");
    json_open_list(json);
    for (uint32_t i = 0; i < answer->sales_count; i++) write_sale(json, answer, &answer->sales[i]);
    json_close_list(json);
    write_redirect(json, answer->redirect_url);
}

void answer_write(struct sink *sink, const struct auction_answer *answer, bool is_ping)
{
    static const char *const words[] = {
        [ANSWER_PROBLEM] = "refused",  [ANSWER_ACCEPTED] = "accepted", [ANSWER_REJECTED] = "rejected",
        [ANSWER_SOLD] = "sold",        [ANSWER_PENDING] = "pending",   [ANSWER_UNSOLD] = "unsold",
        [ANSWER_RETURNED] = "returned"};
    struct json json = json_into(sink);
    json_open_map(&json);
    if (!ident_is_none(&answer->lead_id)) write_ident(&json, "lead_id", &answer->lead_id);
    write_ident(&json, "ping_id", &answer->ping_id);
    if (!ident_is_none(&answer->reauction_id)) write_reauction(&json, answer);
    json_key(&json, "status");
    json_text(&json, answer->status == ANSWER_UNSOLD && answer->reason == REASON_DUPLICATE
                         ? BYTES("duplicate")
                         : bytes_of(words[answer->status]));
    if (answer->status == ANSWER_ACCEPTED) write_offer(&json, answer);
    if (is_ping && answer->affiliate && answer->affiliate->reveal_bids != REVEAL_NO_BIDS) write_bids(&json, answer);
    if (!is_ping) write_sales(&json, answer);
    if (answer->reason != REASON_NONE) write_reason(&json, answer);
    write_end(&json, answer);
}

void answer_on_auction(struct worker *worker, struct server_request *request, void *context,
                       const struct auction_answer *answer)
{
    const struct visit_manners *manners = context;
    char body[ANSWER_ROOM_MAX];
    struct sink sink = sink_over(body, sizeof body);
    if (answer->status == ANSWER_PROBLEM) {
        visit_problem(worker, request, manners, answer->http, answer->reason, answer->text, answer->complaints,
                      answer->retry_after_s);
        return;
    }
    answer_write(&sink, answer, answer->status == ANSWER_ACCEPTED || answer->status == ANSWER_REJECTED);
    if (sink.cut)
        visit_problem(worker, request, manners, 500, REASON_TOO_LARGE, "the answer does not fit", NULL, 0);
    else
        visit_send(worker, request, manners, 200, "application/json", NULL, sink_written(&sink));
}

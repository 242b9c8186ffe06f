/* The HTTP status sorts first, by table; only a 2xx is understood by its body. What decides over money is strict
 * (status and price: anything doubtful is unknown, never a sale); what only informs is dropped when it is unfit. */
#include "protocol/message/verdict.h"

#include "protocol/base/money.h"
#include "protocol/message/reply.h"
#include "protocol/message/wording.h"

static void read_words(struct arena *arena, struct bytes body, bool is_pack, struct verdict *verdict);
static void read_reply(struct arena *arena, struct bytes body, bool is_pack, struct verdict *verdict);
static void doubt(struct verdict *verdict, enum verdict_doubt why);

/* The first row that holds the status counts. */
static const struct {
    int from, to;
    enum verdict_class class;
    enum verdict_doubt doubt;
    bool unhealthy;
} rows[] = {
    {300, 399, VERDICT_UNKNOWN, DOUBT_REDIRECT, true}, {401, 401, VERDICT_REJECTED, DOUBT_NONE, true},
    {403, 405, VERDICT_REJECTED, DOUBT_NONE, true},    {408, 409, VERDICT_UNKNOWN, DOUBT_HTTP_5XX, true},
    {425, 425, VERDICT_UNKNOWN, DOUBT_HTTP_5XX, true}, {400, 499, VERDICT_REJECTED, DOUBT_NONE, false},
    {500, 599, VERDICT_UNKNOWN, DOUBT_HTTP_5XX, true},
};

void verdict_read(struct arena *arena, int status, struct bytes body, bool is_pack, struct verdict *verdict)
{
    *verdict = (struct verdict){.price_micros = -1};
    if (status >= 200 && status <= 299) {
        read_reply(arena, body, is_pack, verdict);
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (status < rows[i].from || status > rows[i].to) continue;
        verdict->class = rows[i].class;
        verdict->doubt = rows[i].doubt;
        verdict->unhealthy = rows[i].unhealthy;
        if (verdict->class == VERDICT_REJECTED) read_words(arena, body, is_pack, verdict);
        return;
    }
    doubt(verdict, DOUBT_BAD_RESPONSE);
}

const char *verdict_doubt_text(enum verdict_doubt why)
{
    static const char *const texts[] = {"", "timeout", "reset", "http_5xx", "redirect", "bad_response"};
    return (unsigned)why < sizeof texts / sizeof *texts ? texts[why] : "?";
}

static void doubt(struct verdict *verdict, enum verdict_doubt why)
{
    *verdict = (struct verdict){.class = VERDICT_UNKNOWN, .doubt = why, .price_micros = -1, .unhealthy = true};
}

/* False: the price or the id has no meaning. An id that no log could hold is left out; the sale stands without it. */
static bool read_sale(const struct node *reply, struct verdict *verdict)
{
    const struct node *price = node_find(reply, "price"), *id = node_find(reply, "buyer_lead_id");
    const struct node *url = node_find(reply, "redirect_url");
    if (price && (!node_money(price, &verdict->price_micros) || verdict->price_micros < 0)) return false;
    if (id && id->kind != NODE_TEXT && id->kind != NODE_NUMBER) return false;
    if (id && id->text.len <= VERDICT_LEAD_ID_MAX && wording_is_plain(id->text)) verdict->buyer_lead_id = id->text;
    if (url && url->kind == NODE_TEXT && url->text.len <= VERDICT_URL_MAX && wording_is_plain(url->text))
        verdict->redirect_url = url->text;
    return true;
}

static void read_reply(struct arena *arena, struct bytes body, bool is_pack, struct verdict *verdict)
{
    const struct node *reply = reply_read(arena, body, is_pack), *status = node_find(reply, "status");
    bool accepted = status && status->kind == NODE_TEXT && bytes_is(status->text, "accepted");
    bool rejected = status && status->kind == NODE_TEXT && bytes_is(status->text, "rejected");
    if ((!accepted && !rejected) || (accepted && !read_sale(reply, verdict))) {
        doubt(verdict, DOUBT_BAD_RESPONSE);
    } else if (rejected) {
        verdict->class = VERDICT_REJECTED;
        wording_refusal(arena, reply, VERDICT_TEXT_MAX, &verdict->code, &verdict->text);
    } else if (verdict->price_micros == 0) {
        *verdict = (struct verdict){.class = VERDICT_REJECTED, .price_micros = -1};
        verdict->code = BYTES("price");
        verdict->text = BYTES("accepted at a price of 0");
    }
}

/* A refusal by status alone may still say why. */
static void read_words(struct arena *arena, struct bytes body, bool is_pack, struct verdict *verdict)
{
    const struct node *reply = reply_read(arena, body, is_pack);
    if (reply) wording_refusal(arena, reply, VERDICT_TEXT_MAX, &verdict->code, &verdict->text);
}

/* What is different when a lead is a test: who is asked (exchange/market/rehearsal.h), and that nothing is taken for
 * it. All else is the very story of any other lead, which is what makes a test worth something. */
#include "exchange/auction/parts.h"

/* A word too many or a wrong word: the request is refused as a wrong field is. */
static bool refuse(struct auction *auction, enum step *refused, struct bytes field, const char *code, const char *text)
{
    complain(&auction->complaints, field, code, text);
    *refused = story_refuse(auction, 422, REASON_INVALID_FIELD, NULL);
    return false;
}

static bool read_outcome(struct auction *auction, const struct node *lead, enum rehearsal *rehearsal,
                         enum step *refused)
{
    const struct node *named = node_find(lead, REHEARSAL_FIELD);
    if (!named || named->kind == NODE_NULL) return true;
    *rehearsal = named->kind == NODE_TEXT ? rehearsal_find(named->text) : REHEARSAL_NONE;
    if (*rehearsal != REHEARSAL_NONE) return true;
    return refuse(auction, refused, BYTES("lead." REHEARSAL_FIELD), "choice",
                  "must be one of sold, no_bid, low_bid, rejected_then_sold, unsold, timeout, pending, duplicate");
}

bool rehearse_ping(struct auction *auction, enum step *refused)
{
    const struct auction_request *request = &auction->request;
    if (request->test_key && request->ping.has_test && !request->ping.test)
        return refuse(auction, refused, BYTES("test"), "choice", "this key sends tests only");
    if (!request->test_key && !request->ping.test) return true;
    auction->rehearsal = REHEARSAL_PLAIN;
    return read_outcome(auction, request->ping.lead, &auction->rehearsal, refused);
}

bool rehearse_follow(struct auction *auction, enum rehearsal pinged, enum step *refused)
{
    const struct auction_request *request = &auction->request;
    bool is_post = request->kind == AUCTION_POST, is_test = pinged != REHEARSAL_NONE;
    bool is_said = is_post ? request->post.has_test : request->ping.has_test;
    bool said = is_post ? request->post.test : request->ping.test;
    if (request->test_key && is_said && !said)
        return refuse(auction, refused, BYTES("test"), "choice", "this key sends tests only");
    if (request->test_key && !is_test)
        return refuse(auction, refused, BYTES("ping_id"), "choice",
                      "this ping was no test, and this key sends tests only");
    if (is_said && said != is_test)
        return refuse(auction, refused, BYTES("test"), "choice",
                      is_test ? "this ping was a test" : "this ping was no test");
    auction->rehearsal = pinged;
    if (!is_test) return true;
    if (!read_outcome(auction, is_post ? request->post.lead : request->ping.lead, &auction->rehearsal, refused))
        return false;
    if (!is_post || !rehearsal_is_of_ping(auction->rehearsal)) return true;
    return refuse(auction, refused, BYTES("lead." REHEARSAL_FIELD), "choice", "a post cannot come to that: a ping can");
}

bool auction_is_test(const struct auction *auction)
{
    return auction->rehearsal != REHEARSAL_NONE;
}

bool rehearse_cast(struct auction *auction)
{
    return rehearsal_cast(auction->catalogue, auction->campaign, auction->rehearsal, &auction->arena, &auction->match);
}

bool rehearse_may_post(const struct auction *auction, const struct contract *contract)
{
    return !auction->rehearsal || contract_takes_tests(contract) ||
           rehearsal_is_inside(auction->catalogue, contract, auction->rehearsal);
}

void rehearse_reserve(struct slot *slot)
{
    slot->reservation = (struct reservation){.seat = SEAT_HOLD_NONE};
    slot->state = SLOT_RESERVED;
    slot->reserved = false; /* nothing is to be given back */
}

void rehearse_ask(const struct auction *auction, const struct contract *contract, struct auction_ask *ask)
{
    ask->rehearsal = auction->rehearsal;
    if (ask->kind == ASK_POST) {
        ask->attempt = auction->slots[ask->place].posts_sent;
    } else if (rehearsal_is_built_in(auction->catalogue, contract)) {
        struct price_parties parties = {auction->catalogue, auction->campaign, auction->affiliate,
                                        catalogue_source_of(auction->affiliate, auction->form.facts.source), contract};
        ask->price_micros = rehearsal_price(&parties, auction->rehearsal, auction->floor_micros);
    }
}

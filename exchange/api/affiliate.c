/* What affiliates ask: pings, posts, whole leads, and how one of theirs stands now. */
#include "exchange/api/visit.h"

#define KEY_MAX 200u
#define LEAD_ROOM 65536u

/* A held auction with the request's document in its arena; NULL: answered already. */
static struct held *begin(struct visit *visit, const struct node **document)
{
    struct hall *hall = worker_hall(visit->worker);
    if (atomic_load_explicit(&hall->draining, memory_order_relaxed)) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_SHUTTING_DOWN, NULL, NULL, 2);
        return NULL;
    }
    struct held *held = worker_hold(visit->worker, visit->request);
    if (!held) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return NULL;
    }
    struct arena *arena = auction_arena(held_auction(held));
    struct visit_manners *manners = arena_take(arena, sizeof *manners);
    if (manners) {
        *manners = visit->manners;
        held_set_context(held, manners);
        *document = visit_document(visit, arena, true);
        if (*document) return held;
    } else {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    }
    held_release_answered(held);
    return NULL;
}

static void refuse(struct visit *visit, struct held *held, const struct complaints *complaints)
{
    visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, complaints, 0);
    held_release_answered(held);
}

static struct auction_request request_of(const struct visit *visit, enum auction_kind kind)
{
    return (struct auction_request){.kind = kind,
                                    .affiliate = visit->affiliate,
                                    .test_key = visit->test_key,
                                    .started_us = visit->view->first_byte_us,
                                    .bytes = visit->view->body.len};
}

/* Tests are counted when they are over: of a post only its ping tells. */
static void count(struct visit *visit, enum tally_name name, bool is_test)
{
    if (!visit->test_key && !is_test) tally_add(worker_own_tally(visit->worker), name, 1);
}

void affiliate_ping(struct visit *visit)
{
    struct complaints complaints = {.count = 0};
    struct auction_request request = request_of(visit, AUCTION_PING);
    const struct node *document = NULL;
    struct held *held = begin(visit, &document);
    if (!held) return;
    bool good = ping_read_request(document, &request.ping, &complaints);
    count(visit, TALLY_PINGS, request.ping.test);
    if (good)
        held_open(held, &request);
    else
        refuse(visit, held, &complaints);
}

/* True: no key, or a usable one; its digest covers the affiliate, so keys of two affiliates never meet. */
static bool read_key(struct visit *visit, struct auction_request *request, struct complaints *complaints)
{
    struct bytes key = http_field_find(visit->view->head, "idempotency-key");
    if (!key.at) return true;
    if (key.len == 0 || key.len > KEY_MAX) {
        complain(complaints, BYTES("Idempotency-Key"), "range", "must be 1 to 200 characters");
        return false;
    }
    struct bytes parts[] = {visit->affiliate->id, {"", 1}, key};
    digest_of(&request->key, parts, 3);
    request->has_key = true;
    return true;
}

void affiliate_post(struct visit *visit)
{
    struct complaints complaints = {.count = 0};
    struct auction_request request = request_of(visit, AUCTION_POST);
    const struct node *document = NULL;
    struct held *held = begin(visit, &document);
    if (!held) return;
    bool good = read_key(visit, &request, &complaints) && post_read_request(document, &request.post, &complaints);
    count(visit, TALLY_POSTS, request.post.test);
    if (good)
        held_open(held, &request);
    else
        refuse(visit, held, &complaints);
}

void affiliate_lead(struct visit *visit)
{
    struct complaints complaints = {.count = 0};
    struct auction_request request = request_of(visit, AUCTION_ONE_CALL);
    const struct node *document = NULL;
    struct held *held = begin(visit, &document);
    if (!held) return;
    bool good = read_key(visit, &request, &complaints) && ping_read_request(document, &request.ping, &complaints);
    count(visit, TALLY_LEADS, request.ping.test);
    if (good)
        held_open(held, &request);
    else
        refuse(visit, held, &complaints);
}

static void not_found(struct inquiry *inquiry, enum fault fault)
{
    inquiry->status = fault == FAULT_NOT_FOUND ? 404 : 503;
    inquiry->reason = fault == FAULT_NOT_FOUND ? REASON_NOT_FOUND : REASON_LEDGER_DOWN;
}

static void write_stamps(struct sink *sink, int64_t created_ms, int64_t updated_ms)
{
    sink->len--; /* the answer's closing brace */
    sink_text(sink, ",\"created_at\":\"");
    clock_write_wall(sink, created_ms);
    sink_text(sink, "\",\"updated_at\":\"");
    clock_write_wall(sink, updated_ms);
    sink_text(sink, "\"}");
}

static void write_onward(struct sink *sink, const char *key, const struct ident *lead_id)
{
    if (ident_is_none(lead_id)) return;
    sink->len--; /* likewise */
    sink_text(sink, ",\"");
    sink_text(sink, key);
    sink_text(sink, "\":\"");
    ident_write(sink, lead_id);
    sink_text(sink, "\"}");
}

/* What its sales pay by now: stages since, less what was given back. A test's pay what they said. */
static enum fault look_money(struct inquiry *inquiry, struct reader *reader, struct auction_answer *answer)
{
    enum fault fault = FAULT_NONE;
    for (uint32_t i = 0; i < answer->sales_count && !fault; i++) {
        struct answer_sale *told = &answer->sales[i];
        struct sale_record sale;
        if (told->is_open || answer->is_test) continue;
        fault = reader_sale(reader, &told->sale_id, &inquiry->arena, &sale);
        if (fault) break;
        int64_t pays_micros = sale.sold.payout_micros + sale.added.payout_micros - sale.returned.payout_micros +
                              sale.lost_micros;
        if (!told->is_returned) answer->price_micros += pays_micros - told->price_micros;
        if (!told->is_returned) told->price_micros = pays_micros;
    }
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

/* What the buyers say became of it, where the affiliate may see that. */
static enum fault look_stages(struct inquiry *inquiry, struct reader *reader, struct auction_answer *answer)
{
    enum fault fault = look_money(inquiry, reader, answer);
    for (uint32_t i = 0; inquiry->affiliate->reveal_stages && i < answer->sales_count && !fault; i++) {
        struct aftersale_record record = {.latest = STAGE_NONE};
        fault = reader_aftersale(reader, &answer->sales[i].post_id, &record);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE;
        answer->sales[i].stage = record.latest;
        answer->sales[i].stage_ms = record.latest_ms;
    }
    return fault;
}

/* Someone else's lead is not found, never forbidden. */
static void look_lead(struct inquiry *inquiry, struct reader *reader)
{
    struct lead_record record;
    enum fault fault = reader_lead(reader, &inquiry->id, &inquiry->arena, &record);
    if (!fault && !bytes_same(record.affiliate, inquiry->owner)) fault = FAULT_NOT_FOUND;
    if (fault) {
        not_found(inquiry, fault);
        return;
    }
    struct auction_answer answer;
    auction_answer_of_record(&record, &answer);
    answer.catalogue = inquiry->catalogue;
    answer.affiliate = inquiry->affiliate;
    answer.elapsed_us = (record.updated_ms - record.created_ms) * 1000;
    const struct campaign *campaign = catalogue_campaign(inquiry->catalogue, record.campaign);
    if (answer.status == ANSWER_UNSOLD && campaign) answer.redirect_url = campaign->exit_url;
    if (answer.status == ANSWER_UNSOLD && record.text.len) answer.text = arena_copy(&inquiry->arena, record.text).at;
    if (!answer.text) answer.text = "";
    struct ident became, came_of;
    fault = look_stages(inquiry, reader, &answer);
    if (!fault) fault = reader_onward(reader, &inquiry->id, &became, &came_of);
    if (fault) {
        not_found(inquiry, fault);
        return;
    }
    answer_write(&inquiry->out, &answer, false);
    write_onward(&inquiry->out, "redistributed_as", &became);
    write_onward(&inquiry->out, "redistributed_from", &came_of);
    write_stamps(&inquiry->out, record.created_ms, record.updated_ms);
}

static void reveal_bids(struct inquiry *inquiry, const struct trace_auction *trace, struct auction_answer *answer)
{
    if (inquiry->affiliate->reveal_bids == REVEAL_NO_BIDS) return;
    struct answer_bid *bids = arena_take(&inquiry->arena, (trace->contracts_count + 1) * sizeof *bids);
    if (!bids) return;
    for (uint32_t i = 0; i < trace->contracts_count; i++) {
        const struct trace_contract *contract = &trace->contracts[i];
        if (contract->has_bid && contract->payout_micros > 0 && auction_reveals(contract->reason))
            bids[answer->bids_count++] = (struct answer_bid){contract->buyer, contract->payout_micros};
    }
    answer->bids = bids;
    auction_order_bids(inquiry->affiliate, bids, &answer->bids_count);
}

/* The legs of a ping; NULL: they are not known any more. */
static const struct offer *read_offer(struct inquiry *inquiry, struct reader *reader)
{
    struct offer *offer = arena_take(&inquiry->arena, sizeof *offer);
    return offer && !reader_offer(reader, &inquiry->id, &inquiry->arena, offer) ? offer : NULL;
}

static void look_ping(struct inquiry *inquiry, struct reader *reader)
{
    struct bytes bytes;
    struct trace_auction *trace = arena_take(&inquiry->arena, sizeof *trace);
    enum fault fault = trace ? reader_trace(reader, &inquiry->id, &inquiry->arena, &bytes) : FAULT_MEMORY;
    if (!fault && !trace_read(bytes, &inquiry->arena, trace)) fault = FAULT_CORRUPT;
    if (!fault && (trace->kind != TRACE_PING || !bytes_same(trace->affiliate, inquiry->owner))) fault = FAULT_NOT_FOUND;
    if (fault) {
        not_found(inquiry, fault);
        return;
    }
    struct auction_answer answer = {.catalogue = inquiry->catalogue,
                                    .affiliate = inquiry->affiliate,
                                    .ping_id = trace->ping_id,
                                    .ref = trace->ref,
                                    .is_test = trace->is_test,
                                    .click_id = trace->click_id,
                                    .sub_ids = trace->sub_ids,
                                    .elapsed_us = trace->elapsed_us,
                                    .reason = trace->reason,
                                    .text = arena_copy(&inquiry->arena, trace->reason_text).at};
    answer.status = bytes_is(trace->status, "accepted") ? ANSWER_ACCEPTED : ANSWER_REJECTED;
    if (answer.status == ANSWER_ACCEPTED) {
        answer.price_micros = trace->price_micros;
        answer.expires_ms = trace->expires_ms;
        answer.expires_in_ms = trace->expires_ms > clock_wall_ms() ? trace->expires_ms - clock_wall_ms() : 0;
        answer.offer = read_offer(inquiry, reader);
    }
    reveal_bids(inquiry, trace, &answer);
    answer_write(&inquiry->out, &answer, true);
}

static bool read_id(struct visit *visit, struct ident *id)
{
    if (ident_read(visit->path_id, id)) return true;
    visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "no such id", NULL, 0);
    return false;
}

void affiliate_get_lead(struct visit *visit)
{
    struct ident id;
    if (read_id(visit, &id)) visit_inquire(visit, &id, look_lead, false, LEAD_ROOM);
}

void affiliate_get_ping(struct visit *visit)
{
    struct ident id;
    if (read_id(visit, &id)) visit_inquire(visit, &id, look_ping, true, ANSWER_ROOM_MAX);
}

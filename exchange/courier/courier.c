/* One turn after the other:
 *
 *   look (reader thread) -> calls -> answers -> outcomes -> an entry of the book -> look …
 *
 * A letter is held from the look that found it until its outcome is on disk, so that no look finds it twice. Outcomes
 * gather while the last entry is being written; none waits for another. Once a second there is a look in any case: for
 * what is new, and for what is due again. */
#include "exchange/courier/courier.h"

#include <stdlib.h>

#include "exchange/base/log.h"
#include "exchange/buyers/health.h"
#include "exchange/buyers/line.h"
#include "exchange/courier/ladder.h"
#include "exchange/courier/look.h"
#include "protocol/base/check.h"
#include "protocol/base/slots.h"

#define LOOK_US INT64_C(1000000)
#define HEAD_ROOM 4096u
#define ARENA_BYTES 65536u
#define ARENA_MAX_BYTES (256u << 20)
#define IDLE_MAX 4u /* kept connections to an address */

enum held_state { HELD_CALLED, HELD_SETTLED, HELD_WRITTEN };

struct held {
    struct courier *courier;
    uint64_t id, call;
    enum held_state state;
    struct delivery delivery; /* its id is text */
    char text[HEARER_ID_MAX];
    char *request; /* head, fields and body; from malloc */
    size_t request_len;
};

struct courier {
    struct courier_options options;
    struct client *client;
    struct loop_timer *timer;
    struct slots held; /* struct held */
    uint32_t calls, settled;
    struct gates gates;
    struct look *look;
    bool is_looking, is_writing;
};

static void on_time(void *arg);
static void look_around(struct courier *courier);
static void call_out(struct courier *courier, const struct letter_found *found);
static void settle(struct held *held, enum delivery_state state, enum reason reason, unsigned status);
static void write_outcomes(struct courier *courier);

/* --- opening and closing --- */

enum fault courier_open(const struct courier_options *options, struct courier **opened)
{
    struct courier *courier = calloc(1, sizeof *courier);
    if (!courier) return FAULT_MEMORY;
    courier->options = *options;
    courier->look = calloc(1, sizeof *courier->look);
    struct client_options client = client_options_default;
    client.resolver = options->resolver;
    client.tls = options->tls;
    client.calls_max = 2 * LETTERS_MAX; /* those that were given up count for a while */
    client.idle_max = IDLE_MAX;
    enum fault fault = courier->look ? slots_open(&courier->held, sizeof(struct held), HELD_MAX) : FAULT_MEMORY;
    if (courier->look) arena_init(&courier->look->arena, ARENA_BYTES, ARENA_MAX_BYTES);
    if (!fault) fault = client_open(options->loop, &client, &courier->client);
    if (!fault) fault = loop_timer_open(options->loop, on_time, courier, &courier->timer);
    if (fault) {
        courier_close(&courier);
        return fault;
    }
    loop_timer_at(courier->timer, loop_now_us(options->loop));
    *opened = courier;
    return FAULT_NONE;
}

static void free_request(struct held *held)
{
    if (held->request) crypto_wipe(held->request, held->request_len);
    free(held->request);
    held->request = NULL;
}

void courier_close(struct courier **closed)
{
    struct courier *courier = *closed;
    *closed = NULL;
    if (!courier) return;
    if (courier->client) client_close(&courier->client);
    if (courier->timer) loop_timer_close(&courier->timer);
    for (uint32_t i = 0; i < courier->held.made; i++)
        if (slots_live(&courier->held, i)) free_request(slots_at(&courier->held, i));
    if (courier->held.object_bytes) slots_close(&courier->held);
    if (courier->look) {
        if (courier->look->catalogue) catalogue_drop(&courier->look->catalogue);
        arena_free(&courier->look->arena);
    }
    free(courier->look);
    free(courier);
}

void courier_swap_tls(struct courier *courier, struct tls_context *tls)
{
    client_swap_tls(courier->client, tls);
}

void courier_reloaded(struct courier *courier)
{
    gates_reloaded(&courier->gates);
}

/* --- looking --- */

static void on_time(void *arg)
{
    struct courier *courier = arg;
    loop_timer_at(courier->timer, loop_now_us(courier->options.loop) + LOOK_US);
    write_outcomes(courier); /* those that the book did not take */
    look_around(courier);
}

static void on_look(void *context, struct reader *reader)
{
    struct courier *courier = context;
    look_run(courier->look, reader);
}

static void on_looked(void *context)
{
    struct courier *courier = context;
    struct look *look = courier->look;
    courier->is_looking = false;
    for (uint32_t i = 0; i < look->letters_count; i++) call_out(courier, &look->letters[i]);
    bool is_more = look->is_more && look->fault == FAULT_NONE;
    if (look->fault != FAULT_NONE) log_line(LOG_WARN, "notices.look_failed", "why", fault_text(look->fault), NULL);
    catalogue_drop(&look->catalogue);
    arena_reset(&look->arena); /* wiped: copies were in it */
    write_outcomes(courier);
    if (is_more) look_around(courier);
}

static void look_around(struct courier *courier)
{
    struct look *look = courier->look;
    uint32_t room = HELD_MAX - courier->held.used;
    if (courier->is_looking || courier->calls >= LETTERS_MAX || room == 0) return;
    look->wall_ms = clock_wall_ms();
    look->catalogue = courier->options.catalogue(courier->options.arg);
    look->letters_max = LETTERS_MAX - courier->calls;
    if (look->letters_max > room) look->letters_max = room;
    look->held_count = 0;
    for (uint32_t i = 0; i < courier->held.made; i++) {
        const struct held *held = slots_at(&courier->held, i);
        if (slots_live(&courier->held, i)) look_hold(look, &held->delivery);
    }
    look_close_to(look, &courier->gates, loop_now_us(courier->options.loop));
    courier->is_looking = ledger_ask(courier->options.line, on_look, on_looked, courier, 0, false) == FAULT_NONE;
    if (!courier->is_looking) catalogue_drop(&look->catalogue); /* too much is asked at once: in a second again */
}

/* --- a call --- */

/* Head and fields stand before the body in one piece of memory, which is wiped as a whole. */
static bool write_request(struct held *held, const struct address *address, const struct letter_found *found)
{
    char id[IDENT_TEXT + 1];
    struct ident event;
    struct signer *signer = signer_open(address->secrets, address->secrets_count);
    held->request_len = HEAD_ROOM + LINE_FIELDS_ROOM + found->text.len;
    held->request = malloc(held->request_len);
    struct sink sink = sink_over(held->request, held->request ? held->request_len : 0);
    event_id(&held->delivery.hearer, held->delivery.number, found->at_ms, &event);
    line_write_head(&sink, address->endpoint);
    if (signer) line_write_fields(&sink, signer, bytes_of(ident_text(&event, id)), &found->text, 1);
    sink_bytes(&sink, found->text);
    bool fine = signer && held->request && !sink.cut;
    if (signer) signer_close(&signer);
    held->request_len = fine ? sink.len : held->request_len;
    return fine;
}

static void on_done(void *arg, uint64_t call, const struct client_result *result)
{
    struct held *held = arg;
    struct courier *courier = held->courier;
    unsigned status = result->end == CLIENT_ANSWERED ? (unsigned)result->head->status : 0;
    bool is_received = status >= 200 && status < 300;
    int64_t now_us = loop_now_us(courier->options.loop);
    check(call == held->call);
    courier->calls--;
    gates_after(&courier->gates, &held->delivery.hearer, is_received, now_us);
    if (status == 410) gates_gone(&courier->gates, &held->delivery.hearer);
    held->delivery.tries++;
    enum reason reason = is_received ? REASON_NONE : status != 0 ? REASON_BAD_RESPONSE : health_reason(result->fault);
    settle(held, is_received ? DELIVERY_RECEIVED : DELIVERY_WAITING, reason, status);
    write_outcomes(courier);
    look_around(courier);
}

static bool send(struct held *held, const struct address *address, const struct letter_found *found)
{
    struct courier *courier = held->courier;
    enum fault fault;
    if (!write_request(held, address, found)) return false;
    const struct endpoint *endpoint = address->endpoint;
    struct client_call call = {.origin = client_origin(courier->client, endpoint->is_https ? "https" : "http",
                                                       endpoint->host.at, endpoint->port),
                               .parts = {{held->request, held->request_len}},
                               .parts_count = 1,
                               .deadline_us = loop_now_us(courier->options.loop) + COURIER_CALL_US,
                               .retry_stale = true, /* its id tells a receiver that it has it */
                               .on_done = on_done,
                               .arg = held};
    if (call.origin) held->call = client_send(courier->client, &call, &fault);
    return held->call != 0;
}

static void let_go(struct held *held)
{
    free_request(held);
    slots_give(&held->courier->held, held->id);
}

/* What cannot be sent for want of memory is found again by a later look. */
static void call_out(struct courier *courier, const struct letter_found *found)
{
    struct address address;
    uint64_t id;
    const struct catalogue *catalogue = courier->look->catalogue;
    const struct hearer *hearer = &found->delivery.hearer;
    bool is_letter = found->text.len > 0;
    if (is_letter && !gates_pass(&courier->gates, hearer, loop_now_us(courier->options.loop))) return;
    struct held *held = slots_take(&courier->held, &id);
    if (!held) return;
    *held = (struct held){.courier = courier, .id = id, .delivery = found->delivery};
    memcpy(held->text, hearer->id.at, hearer->id.len);
    held->delivery.hearer.id.at = held->text;
    if (!is_letter) {
        settle(held, found->delivery.state, found->delivery.reason, 0);
        return;
    }
    if (!look_address(catalogue, hearer, &address) || !send(held, &address, found)) {
        let_go(held);
        return;
    }
    courier->calls++;
    tally_add(courier->options.tally, TALLY_NOTICES_SENT, 1);
}

/* --- outcomes --- */

static void tell_given_up(const struct held *held)
{
    char id[HEARER_ID_MAX + 1], lead[IDENT_TEXT + 1];
    const struct hearer *hearer = &held->delivery.hearer;
    memcpy(id, held->text, hearer->id.len);
    id[hearer->id.len] = '\0';
    log_line(LOG_WARN, "notices.given_up",
             hearer->kind == NOTICE_TO_AFFILIATE ? "affiliate"
             : hearer->kind == NOTICE_TO_BUYER   ? "buyer"
                                                 : "contract",
             id, "lead_id", ident_text(&held->delivery.lead_id, lead), "why", reason_code(held->delivery.reason), NULL);
}

/* What came of it, to be written; a try that failed and was the last is given up. */
static void settle(struct held *held, enum delivery_state state, enum reason reason, unsigned status)
{
    struct courier *courier = held->courier;
    struct delivery *delivery = &held->delivery;
    int64_t wait_ms = state == DELIVERY_WAITING ? ladder_wait_ms(delivery->tries) : 0;
    free_request(held);
    held->state = HELD_SETTLED;
    held->call = 0;
    courier->settled++;
    delivery->state = wait_ms < 0 ? DELIVERY_GIVEN_UP : state;
    delivery->due_ms = wait_ms > 0 ? clock_wall_ms() + wait_ms : 0;
    delivery->reason = reason;
    delivery->status = (uint16_t)status;
    if (delivery->state == DELIVERY_RECEIVED) tally_add(courier->options.tally, TALLY_NOTICES_RECEIVED, 1);
    if (delivery->state != DELIVERY_GIVEN_UP) return;
    tally_add(courier->options.tally, TALLY_NOTICES_GIVEN_UP, 1);
    tell_given_up(held);
}

/* Written: they are let go, and what waited behind them is due. Not written: they are kept for the next try. */
static void on_durable(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct courier *courier = arg;
    (void)token;
    (void)seq;
    courier->is_writing = false;
    for (uint32_t i = 0; i < courier->held.made; i++) {
        struct held *held = slots_at(&courier->held, i);
        if (!slots_live(&courier->held, i) || held->state != HELD_WRITTEN) continue;
        if (fault == FAULT_NONE) {
            let_go(held);
            continue;
        }
        held->state = HELD_SETTLED;
        courier->settled++;
    }
    if (fault != FAULT_NONE) return;
    write_outcomes(courier);
    look_around(courier);
}

static void write_outcomes(struct courier *courier)
{
    struct delivery list[DELIVERIES_MAX];
    struct held *taken[DELIVERIES_MAX];
    uint32_t count = 0;
    if (courier->is_writing || courier->settled == 0) return;
    for (uint32_t i = 0; i < courier->held.made && count < DELIVERIES_MAX; i++) {
        struct held *held = slots_at(&courier->held, i);
        if (!slots_live(&courier->held, i) || held->state != HELD_SETTLED) continue;
        list[count] = held->delivery;
        taken[count++] = held;
    }
    if (ledger_deliver(courier->options.line, list, count, clock_wall_ms(), on_durable, courier, 0) != FAULT_NONE)
        return;
    courier->is_writing = true;
    courier->settled -= count;
    for (uint32_t i = 0; i < count; i++) taken[i]->state = HELD_WRITTEN;
}

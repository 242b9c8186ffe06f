/* A ledger in a folder of its own, with one line on a loop, used step by step: each call waits for its answer. And the
 * steps of leads, made of plain words. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exchange/base/log.h"
#include "exchange/ledger/ledger.h"
#include "exchange/ledger/report.h"
#include "protocol/base/check.h"

#define DESK_MAP (UINT64_C(64) << 20)
#define DESK_WALL INT64_C(1790000000000)
#define DESK_PRICE INT64_C(20000000)
#define DESK_PAYOUT INT64_C(17000000)

struct desk {
    char path[64], keys[80];
    struct ledger *ledger;
    struct loop *loop;
    struct ledger_line *line;
    struct ledger_note note;
    struct ident_maker maker;
    int64_t wall_ms;
    /* The latest answer. */
    enum fault fault;
    uint64_t seq;
    struct ledger_resolution resolution;
};

static inline void desk_folder(struct desk *desk)
{
    *desk = (struct desk){.wall_ms = DESK_WALL};
    snprintf(desk->path, sizeof desk->path, "/tmp/outcry-ledger-XXXXXX");
    check(mkdtemp(desk->path) != NULL);
    snprintf(desk->keys, sizeof desk->keys, "%s/keys", desk->path);
    ident_maker_init(&desk->maker, 1, 7);
}

static inline int desk_remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void desk_remove(const struct desk *desk)
{
    nftw(desk->path, desk_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct ledger_options desk_options(const struct desk *desk)
{
    return (struct ledger_options){.path = desk->path,
                                   .map_bytes = DESK_MAP,
                                   .keys_path = desk->keys,
                                   .trace_keep_ms = INT64_C(7) * 86400000,
                                   .trace_max_bytes = UINT64_C(64) << 20,
                                   .lines_max = 4};
}

/* Opens and starts; desk->note on failure. */
static inline enum fault desk_open_with(struct desk *desk, const struct ledger_options *options)
{
    enum fault fault = ledger_open(options, &desk->ledger, &desk->note);
    if (fault != FAULT_NONE) return fault;
    check(loop_open(&desk->loop) == FAULT_NONE);
    check(ledger_line_open(desk->ledger, desk->loop, &desk->line) == FAULT_NONE);
    check(ledger_start(desk->ledger) == FAULT_NONE);
    return FAULT_NONE;
}

static inline enum fault desk_open(struct desk *desk)
{
    struct ledger_options options = desk_options(desk);
    return desk_open_with(desk, &options);
}

static inline void desk_close(struct desk *desk)
{
    ledger_line_close(&desk->line);
    ledger_close(&desk->ledger);
    loop_close(&desk->loop);
}

static inline void desk_on_durable(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct desk *desk = arg;
    check(token == 4711);
    desk->fault = fault;
    desk->seq = seq;
    loop_stop(desk->loop);
}

static inline void desk_on_resolved(void *arg, const struct ledger_resolution *resolution)
{
    struct desk *desk = arg;
    desk->resolution = *resolution;
    desk->fault = resolution->fault;
    loop_stop(desk->loop);
}

static inline enum fault desk_append(struct desk *desk, const struct book_step *step)
{
    enum fault fault = ledger_append(desk->line, step, NULL, desk_on_durable, desk, 4711);
    if (fault != FAULT_NONE) return fault;
    loop_run(desk->loop);
    return desk->fault;
}

static inline enum fault desk_say(struct desk *desk, struct ledger_verdict verdict)
{
    verdict.wall_ms = desk->wall_ms;
    enum fault fault = ledger_resolve(desk->line, &verdict, desk_on_resolved, desk);
    check(fault == FAULT_NONE);
    loop_run(desk->loop);
    return desk->fault;
}

static inline enum fault desk_resolve(struct desk *desk, const struct ident *post_id, bool accepted)
{
    return desk_say(desk,
                    (struct ledger_verdict){.post_id = *post_id, .accepted = accepted, .by = VERDICT_BY_OPERATOR});
}

/* Runs `job` on the reader thread and waits. */
static inline void desk_stop_loop(void *context)
{
    struct desk *desk = *(struct desk **)context;
    loop_stop(desk->loop);
}

/* `context` starts with a struct desk *. */
static inline void desk_ask(struct desk *desk, void (*job)(void *context, struct reader *reader), void *context,
                            uint64_t after_seq, bool fresh_trace)
{
    check(ledger_ask(desk->line, job, desk_stop_loop, context, after_seq, fresh_trace) == FAULT_NONE);
    loop_run(desk->loop);
}

/* --- steps --- */

struct tale {
    struct book_step step;
    struct book_opening opening;
    struct book_verdict verdict;
    struct book_intent intent;
    struct book_sale sale;
    struct book_final final;
};

static inline struct ident desk_id(struct desk *desk)
{
    return ident_make(&desk->maker, desk->wall_ms);
}

static inline void tale_begin(struct tale *tale, struct desk *desk, const struct ident *lead_id,
                              const struct ident *ping_id)
{
    *tale = (struct tale){.step.lead_id = *lead_id, .step.ping_id = *ping_id, .step.wall_ms = desk->wall_ms++};
}

static inline void tale_open(struct tale *tale, const char *key)
{
    tale->opening = (struct book_opening){
        .affiliate = BYTES("acme"),
        .campaign = BYTES("auto"),
        .source = BYTES("web-1"),
        .ref = BYTES("r-17"),
        .content = BYTES("{\"lead\":{\"phone\":\"+12025550143\"},\"consent\":{\"tcpa\":true}}"),
        .offer = {.ping_id = tale->step.ping_id,
                  .pinged_ms = DESK_WALL,
                  .expires_ms = DESK_WALL + 300000,
                  .promise_micros = DESK_PAYOUT,
                  .affiliate = BYTES("acme"),
                  .campaign = BYTES("auto"),
                  .candidates_count = 2,
                  .candidates = {{.contract = BYTES("north/auto"), .price_micros = DESK_PRICE},
                                 {.contract = BYTES("south/auto"), .price_micros = DESK_PRICE - 1000000}}}};
    if (key) {
        struct bytes part = bytes_of(key);
        tale->opening.has_key = true;
        digest_of(&tale->opening.key, &part, 1);
    }
    tale->step.opening = &tale->opening;
}

/* Candidate 0 is north's contract, 1 south's; each has a cap of its own, and the affiliate one of both. */
static inline void tale_intend(struct tale *tale, const struct ident *post_id, uint8_t candidate)
{
    tale->intent = (struct book_intent){.post_id = *post_id,
                                        .contract = candidate ? BYTES("south/auto") : BYTES("north/auto"),
                                        .buyer = candidate ? BYTES("south") : BYTES("north"),
                                        .bid_id = BYTES("b-1"),
                                        .price_micros = DESK_PRICE,
                                        .payout_micros = DESK_PAYOUT,
                                        .margin_rule = 1,
                                        .candidate = candidate,
                                        .planned = 1,
                                        .max_sold = 1,
                                        .keys_count = 2,
                                        .keys = {{.id = {(uint8_t)(1 + candidate)}, .window = 29833333, .amount = 1},
                                                 {.id = {9}, .window = 29833320, .amount = 1}}};
    tale->step.intents = &tale->intent;
    tale->step.intents_count = 1;
}

static inline void tale_judge(struct tale *tale, const struct ident *post_id, enum post_state state)
{
    tale->verdict = (struct book_verdict){.post_id = *post_id,
                                          .state = state,
                                          .reason = state == POST_ACCEPTED  ? REASON_NONE
                                                    : state == POST_UNKNOWN ? REASON_UNKNOWN
                                                                            : REASON_REJECTED,
                                          .text = BYTES("as the buyer said"),
                                          .buyer_lead_id = state == POST_ACCEPTED ? BYTES("L-1") : BYTES_NONE,
                                          .named_price_micros = -1};
    tale->step.verdicts = &tale->verdict;
    tale->step.verdicts_count = 1;
}

static inline void tale_end(struct tale *tale, enum lead_state state)
{
    tale->final = (struct book_final){.state = state,
                                      .reason = state == LEAD_UNSOLD ? REASON_REJECTED : REASON_NONE,
                                      .goes_on = state == LEAD_POSTING};
    tale->step.final = &tale->final;
}

static inline void tale_sell(struct tale *tale, struct desk *desk, const struct ident *post_id, uint8_t candidate)
{
    tale_judge(tale, post_id, POST_ACCEPTED);
    tale->sale = (struct book_sale){.sale_id = desk_id(desk),
                                    .post_id = *post_id,
                                    .contract = candidate ? BYTES("south/auto") : BYTES("north/auto"),
                                    .buyer = candidate ? BYTES("south") : BYTES("north"),
                                    .price_micros = DESK_PRICE,
                                    .payout_micros = DESK_PAYOUT,
                                    .margin_micros = DESK_PRICE - DESK_PAYOUT,
                                    .margin_rule = 1};
    tale->step.sales = &tale->sale;
    tale->step.sales_count = 1;
    tale_end(tale, LEAD_SOLD);
}

struct lead_ids {
    struct ident lead, ping, post;
};

/* Opening and first intent. */
static inline enum fault desk_open_lead(struct desk *desk, struct lead_ids *ids, const char *key)
{
    struct tale tale;
    *ids = (struct lead_ids){desk_id(desk), desk_id(desk), desk_id(desk)};
    tale_begin(&tale, desk, &ids->lead, &ids->ping);
    tale_open(&tale, key);
    tale_intend(&tale, &ids->post, 0);
    return desk_append(desk, &tale.step);
}

/* ACCEPTED sells, UNKNOWN leaves it pending, REJECTED or FAILED ends it unsold. */
static inline enum fault desk_end_lead(struct desk *desk, const struct lead_ids *ids, enum post_state state)
{
    struct tale tale;
    tale_begin(&tale, desk, &ids->lead, &ids->ping);
    if (state == POST_ACCEPTED) {
        tale_sell(&tale, desk, &ids->post, 0);
    } else {
        tale_judge(&tale, &ids->post, state);
        tale_end(&tale, state == POST_UNKNOWN ? LEAD_PENDING : LEAD_UNSOLD);
    }
    return desk_append(desk, &tale.step);
}

static inline enum fault desk_lead(struct desk *desk, struct lead_ids *ids, const char *key, enum post_state state)
{
    enum fault fault = desk_open_lead(desk, ids, key);
    return fault == FAULT_NONE ? desk_end_lead(desk, ids, state) : fault;
}

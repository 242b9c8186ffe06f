/* Buyers are asked about posts in doubt: on the first worker, a few at a time. Which posts those are, and when each is
 * to be asked about, standing knows (doubts.h); to whom it went stands in its row, which is read on the reader's thread
 * and may say that all is settled already.
 *
 *   doubts_due -> row (reader thread) -> GET status_url -> resolution (ledger thread) -> the story may go on */
#include <stdlib.h>

#include "exchange/buyers/status.h"
#include "exchange/worker/held.h"

#define ASKING_MAX 16u /* questions under way */
#define ASKING_OF_BUYER_MAX 4u
#define LOOKS_MAX 64u /* rows that one turn may look up */
#define TURN_US INT64_C(250000)
#define LATER_MS 15000 /* put off by half of it to one and a half, where a buyer has enough of them */
#define ROW_ARENA 4096u
#define ROW_ARENA_MAX (1u << 20)

struct question {
    struct asking *asking;
    bool is_taken;
    struct doubt doubt;
    struct arena arena; /* of the row */
    enum fault fault;
    struct post_record post;
    uint32_t buyer; /* while it is asked, in the catalogue it is asked by; UINT32_MAX: nobody is */
    struct status_ask ask;
};

struct asking {
    struct worker *worker;
    struct loop_timer *timer;
    unsigned looked; /* in this turn */
    struct question questions[ASKING_MAX];
};

static void on_turn(void *arg);

enum fault asking_open(struct worker *worker)
{
    struct asking *asking = worker->asking = calloc(1, sizeof *asking);
    if (!asking) return FAULT_MEMORY;
    asking->worker = worker;
    for (unsigned i = 0; i < ASKING_MAX; i++) {
        struct question *question = &asking->questions[i];
        question->asking = asking;
        question->buyer = UINT32_MAX;
        arena_init(&question->arena, ROW_ARENA, ROW_ARENA_MAX);
    }
    enum fault fault = loop_timer_open(worker->loop, on_turn, asking, &asking->timer);
    if (!fault) loop_timer_at(asking->timer, clock_now_us() + TURN_US);
    return fault;
}

void asking_stop(struct worker *worker)
{
    struct asking *asking = worker->asking;
    if (!asking) return;
    for (unsigned i = 0; i < ASKING_MAX; i++) status_cancel(&asking->questions[i].ask);
    if (asking->timer) loop_timer_close(&asking->timer);
}

void asking_close(struct worker *worker)
{
    struct asking *asking = worker->asking;
    worker->asking = NULL;
    for (unsigned i = 0; asking && i < ASKING_MAX; i++) arena_free(&asking->questions[i].arena);
    free(asking);
}

/* --- a question's way --- */

static void look(void *context, struct reader *reader);
static void on_looked(void *context);
static void on_told(void *arg, enum doubt_word word);
static void on_resolved(void *arg, const struct ledger_resolution *resolution);
static void take_next(struct asking *asking);

static void on_turn(void *arg)
{
    struct asking *asking = arg;
    asking->looked = 0;
    loop_timer_at(asking->timer, clock_now_us() + TURN_US);
    take_next(asking);
}

static struct question *free_one(struct asking *asking)
{
    for (unsigned i = 0; i < ASKING_MAX; i++)
        if (!asking->questions[i].is_taken) return &asking->questions[i];
    return NULL;
}

/* Done with, for now: it is asked about again at that instant, if it is in doubt then. */
static void end(struct question *question, int64_t next_ms)
{
    doubts_ask_at(question->asking->worker->hall->standing, &question->doubt.post_id, next_ms);
    question->is_taken = false;
    question->buyer = UINT32_MAX;
    arena_reset(&question->arena);
}

static void ask_later(struct question *question)
{
    end(question, doubt_ask_ms(&question->doubt.post_id, question->doubt.since_ms, clock_wall_ms()));
}

static void take_next(struct asking *asking)
{
    struct worker *worker = asking->worker;
    struct question *question = free_one(asking);
    bool may = !atomic_load(&worker->hall->draining) && ledger_state(worker->hall->ledger, NULL) == REASON_NONE;
    for (; may && question && asking->looked < LOOKS_MAX; question = free_one(asking)) {
        if (!doubts_due(worker->hall->standing, clock_wall_ms(), &question->doubt)) return;
        asking->looked++;
        question->is_taken = true;
        if (ledger_ask(worker->line, look, on_looked, question, 0, false) == FAULT_NONE) continue;
        ask_later(question);
        return;
    }
}

static void look(void *context, struct reader *reader)
{
    struct question *question = context;
    question->fault = reader_post(reader, &question->doubt.post_id, &question->arena, &question->post);
}

static unsigned asked_of(const struct asking *asking, uint32_t buyer)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ASKING_MAX; i++) count += asking->questions[i].buyer == buyer;
    return count;
}

/* By the contract as the present catalogue has it. */
static void on_looked(void *context)
{
    struct question *question = context;
    struct asking *asking = question->asking;
    struct worker *worker = asking->worker;
    bool is_open = !question->fault && question->post.state == POST_UNKNOWN;
    const struct contract *contract = is_open ? catalogue_contract(worker->catalogue, question->post.intent.contract)
                                              : NULL;
    struct ident call_id = worker_make_id(worker);
    question->ask.on_told = on_told;
    question->ask.arg = question;
    if (contract && asked_of(asking, contract->buyer) == ASKING_OF_BUYER_MAX)
        end(question, clock_wall_ms() + LATER_MS / 2 + question->doubt.post_id.at[15] * (LATER_MS / 256));
    else if (contract &&
             status_send(&question->ask, worker->client, worker->lines, contract, &question->doubt.post_id, &call_id))
        question->buyer = contract->buyer;
    else
        ask_later(question);
    take_next(asking);
}

static void on_told(void *arg, enum doubt_word word)
{
    struct question *question = arg;
    struct asking *asking = question->asking;
    int64_t now_ms = clock_wall_ms();
    struct ledger_verdict verdict = {.post_id = question->doubt.post_id,
                                     .accepted = word == DOUBT_ACCEPTED,
                                     .not_seen = word == DOUBT_NOT_SEEN,
                                     .by = VERDICT_BY_STATUS,
                                     .wall_ms = now_ms};
    question->buyer = UINT32_MAX;
    bool is_told = doubt_is_told(word, question->doubt.since_ms, now_ms) &&
                   ledger_resolve(asking->worker->line, &verdict, on_resolved, question) == FAULT_NONE;
    if (!is_told) ask_later(question);
    take_next(asking);
}

/* The doubt may have ended otherwise meanwhile; then standing knows it no more, and nobody is asked again. */
static void on_resolved(void *arg, const struct ledger_resolution *resolution)
{
    struct question *question = arg;
    if (resolution->fault == FAULT_NONE && resolution->resumes)
        worker_resume(question->asking->worker, &resolution->lead_id);
    ask_later(question);
}

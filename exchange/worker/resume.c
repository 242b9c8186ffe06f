/* A story taken up again from the book: its lead's record and content are read on the reader thread, then the auction
 * opens here. */
#include <stdlib.h>

#include "exchange/base/log.h"
#include "exchange/worker/held.h"

#define RESUME_ARENA 65536u
#define RESUME_ARENA_MAX (4u << 20)

struct resumption {
    struct worker *worker;
    struct ident lead_id;
    struct arena arena;
    struct lead_record record;
    struct bytes content;
    enum fault fault;
    bool is_onward; /* what it becomes is opened, not the lead itself */
};

static void look(void *context, struct reader *reader)
{
    struct resumption *resumption = context;
    resumption->fault = reader_lead(reader, &resumption->lead_id, &resumption->arena, &resumption->record);
    if (!resumption->fault)
        resumption->fault = reader_content(reader, &resumption->lead_id, &resumption->arena, &resumption->content);
}

static void complain_of(const struct ident *lead_id, const char *why)
{
    char text[IDENT_TEXT + 1];
    log_line(LOG_ERROR, "lead.not_resumed", "lead_id", ident_text(lead_id, text), "why", why, NULL);
}

/* The auction copies what it keeps of record and content into its own arena while it opens; the content is copied
 * first. */
static void open_story(struct resumption *resumption)
{
    struct worker *worker = resumption->worker;
    struct held *held = worker_hold(worker, NULL);
    struct bytes content = held ? arena_copy(auction_arena(held_auction(held)), resumption->content) : BYTES_NONE;
    if (!content.at) {
        complain_of(&resumption->lead_id, "too many auctions at hand");
        if (held) held_release_answered(held);
        return;
    }
    struct auction_request request = {
        .kind = resumption->is_onward ? AUCTION_ONE_CALL : AUCTION_RESUMED,
        .origin = resumption->is_onward ? resumption->lead_id : IDENT_NONE,
        .affiliate = catalogue_affiliate(worker->catalogue, resumption->record.affiliate),
        .started_us = clock_now_us(),
        .bytes = content.len,
        .record = &resumption->record,
        .content = content,
    };
    held_open(held, &request);
}

static void on_looked(void *context)
{
    struct resumption *resumption = context;
    bool is_erased = resumption->is_onward && resumption->record.erasure == LEAD_ERASED; /* it does not go on then */
    if (resumption->fault && !is_erased)
        complain_of(&resumption->lead_id, fault_text(resumption->fault));
    else if (!resumption->fault)
        open_story(resumption);
    arena_free(&resumption->arena);
    free(resumption);
}

static void resume(struct worker *worker, const struct ident *lead_id, bool is_onward)
{
    struct resumption *resumption = calloc(1, sizeof *resumption);
    if (resumption) {
        resumption->worker = worker;
        resumption->is_onward = is_onward;
        resumption->lead_id = *lead_id;
        arena_init(&resumption->arena, RESUME_ARENA, RESUME_ARENA_MAX);
        if (ledger_ask(worker->line, look, on_looked, resumption, 0, false) == FAULT_NONE) return;
        arena_free(&resumption->arena);
        free(resumption);
    }
    complain_of(lead_id, "the reader's queue is full");
}

void worker_resume(struct worker *worker, const struct ident *lead_id)
{
    resume(worker, lead_id, false);
}

void resume_onward(struct worker *worker, const struct ident *lead_id)
{
    resume(worker, lead_id, true);
}

/* After a start: what the last process was to go on with, a few at a time, so that the reader's queue has room. */
#define TAKEN_UP_AT_ONCE 64u

struct taking_up {
    struct worker *worker;
    struct ident after, ids[TAKEN_UP_AT_ONCE];
    uint32_t count;
    enum fault fault;
};

static void look_going_on(void *context, struct reader *reader)
{
    struct taking_up *taking_up = context;
    taking_up->fault = reader_going_on(reader, taking_up->worker->hall->started_ms, &taking_up->after, taking_up->ids,
                                       TAKEN_UP_AT_ONCE, &taking_up->count);
}

static void on_going_on(void *context)
{
    struct taking_up *taking_up = context;
    struct worker *worker = taking_up->worker;
    if (taking_up->fault) complain_of(&taking_up->after, fault_text(taking_up->fault));
    for (uint32_t i = 0; i < taking_up->count; i++) worker_resume(worker, &taking_up->ids[i]);
    bool has_more = !taking_up->fault && taking_up->count == TAKEN_UP_AT_ONCE;
    if (has_more && ledger_ask(worker->line, look_going_on, on_going_on, taking_up, 0, false) == FAULT_NONE) return;
    if (has_more) complain_of(&taking_up->after, "the reader's queue is full");
    resume_forget(worker);
}

void resume_all(struct worker *worker)
{
    struct taking_up *taking_up = worker->taking_up = calloc(1, sizeof *taking_up);
    if (taking_up) {
        taking_up->worker = worker;
        if (ledger_ask(worker->line, look_going_on, on_going_on, taking_up, 0, false) == FAULT_NONE) return;
        resume_forget(worker);
    }
    complain_of(&IDENT_NONE, "leads of the last run are not looked for");
}

void resume_forget(struct worker *worker)
{
    free(worker->taking_up);
    worker->taking_up = NULL;
}

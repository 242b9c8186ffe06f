/* What is known of a person. First the claims (is someone at this person right now?), then the book, on the reader's
 * thread: whoever gave a claim back before has everything in the book by then, so between the two nobody is missed. */
#include <stdlib.h>

#include "exchange/worker/held.h"

#define RECALL_ARENA 4096u
#define RECALL_ARENA_MAX (4u << 20)

struct recall_job {
    struct worker *worker;
    uint64_t held;
    struct auction_recall recall;
    enum fault fault;
    struct encounter *list;
    uint32_t count;
    struct arena arena;
};

static void tell(struct held *held, enum recall_outcome outcome, const struct encounter *list, uint32_t count)
{
    struct auction_recalled recalled = {outcome, list, count};
    auction_on_recalled(held_auction(held), &recalled);
}

static void look(void *context, struct reader *reader)
{
    struct recall_job *job = context;
    job->fault = reader_encounters(reader, &job->recall.keys, &job->arena, &job->list, &job->count);
}

static void on_looked(void *context)
{
    struct recall_job *job = context;
    struct held *held = slots_find(&job->worker->held, job->held);
    if (!held || job->fault) recall_end(job->worker, &job->recall, job->recall.claims_count);
    if (held && job->fault) tell(held, RECALL_FAILED, NULL, 0);
    if (held && !job->fault) tell(held, RECALL_TOLD, job->list, job->count);
    arena_free(&job->arena);
    free(job);
}

static bool take_claims(struct worker *worker, struct held *held, const struct auction_recall *recall)
{
    for (uint32_t i = 0; i < recall->claims_count; i++) {
        enum claim_result result = claims_take(worker->hall->claims, &recall->claims[i]);
        if (result == CLAIM_TAKEN) continue;
        recall_end(worker, recall, i);
        tell(held, result == CLAIM_HELD ? RECALL_IN_FLIGHT : RECALL_BUSY, NULL, 0);
        return false;
    }
    return true;
}

void recall_start(struct worker *worker, struct held *held, const struct auction_recall *recall)
{
    if (!take_claims(worker, held, recall)) return;
    struct recall_job *job = calloc(1, sizeof *job);
    if (job) {
        *job = (struct recall_job){.worker = worker, .held = held->id, .recall = *recall};
        arena_init(&job->arena, RECALL_ARENA, RECALL_ARENA_MAX);
        if (ledger_ask(worker->line, look, on_looked, job, 0, false) == FAULT_NONE) return;
        arena_free(&job->arena);
        free(job);
    }
    recall_end(worker, recall, recall->claims_count);
    tell(held, RECALL_BUSY, NULL, 0);
}

void recall_end(struct worker *worker, const struct auction_recall *recall, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) claims_drop(worker->hall->claims, &recall->claims[i]);
}

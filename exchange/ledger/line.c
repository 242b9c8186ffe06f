/* A line is a worker's end of the ledger. Its jobs and asks are made when first needed and used again, memory included,
 * so a warm line allocates nothing; how many may be under way is bounded, and its mailbox has room for all of them, so
 * the ledger thread never waits for a worker.
 *
 * A line closed with work under way waits for it: the ledger thread still holds its jobs. */
#include <stdlib.h>

#include "exchange/ledger/engine.h"
#include "protocol/base/check.h"

#define STEP_ROOM 4096u /* for what is not text in a step, and most texts */
#define PART_ROOM 640u  /* of a verdict, intent or sale, beside its texts: an intent's cap keys */
#define REVOCATION_ROOM 256u
#define DELIVERY_ROOM 160u
#define CLOSE_LOOK_US INT64_C(10000)
#define KEPT_ROOM 131072u /* a job that had to grow beyond gives its memory back */

static void on_mail(void *arg);

/* --- opening and closing --- */

static enum fault make_line(struct ledger *ledger, struct ledger_line **line)
{
    struct ledger_line *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->ledger = ledger;
    enum fault fault = lane_open(&made->lane);
    if (fault == FAULT_NONE) fault = mailbox_open(sizeof(struct mail), LINE_JOBS_MAX + LINE_ASKS_MAX, &made->mail);
    if (fault == FAULT_NONE) {
        *line = made;
        return FAULT_NONE;
    }
    lane_close(&made->lane);
    free(made);
    return fault;
}

enum fault ledger_line_open(struct ledger *ledger, struct loop *loop, struct ledger_line **line)
{
    enum fault fault = FAULT_FULL;
    struct ledger_line *found = NULL;
    pthread_mutex_lock(&ledger->lines_mutex);
    for (unsigned i = 0; i < ledger->lines_max && fault == FAULT_FULL; i++) {
        found = atomic_load(&ledger->lines[i]);
        if (found && atomic_load(&found->is_open)) continue;
        fault = found ? FAULT_NONE : make_line(ledger, &found);
        if (fault == FAULT_NONE) fault = mailbox_attend(found->mail, loop, on_mail, found);
        if (found) atomic_store(&ledger->lines[i], found);
        if (fault == FAULT_NONE) atomic_store(&found->is_open, true);
    }
    pthread_mutex_unlock(&ledger->lines_mutex);
    if (fault == FAULT_NONE) *line = found;
    return fault;
}

static void take_back(struct ledger_line *line, const struct mail *mail);

void ledger_line_close(struct ledger_line **line)
{
    struct ledger_line *gone = *line;
    *line = NULL;
    if (!gone) return;
    mailbox_leave(gone->mail);
    for (struct mail mail; gone->jobs_out || gone->asks_out;) {
        bool may_come = atomic_load(&gone->ledger->is_running); /* before looking: after a stop all of it is there */
        if (mailbox_take(gone->mail, &mail)) {
            take_back(gone, &mail);
            continue;
        }
        check(may_come, "a job under way and no ledger thread");
        mailbox_wait(gone->mail, clock_now_us() + CLOSE_LOOK_US);
    }
    atomic_store(&gone->is_open, false);
}

/* --- jobs --- */

static struct job *take_job(struct ledger_line *line, enum job_kind kind, size_t room)
{
    struct job *job = line->jobs_free;
    if (line->jobs_out == LINE_JOBS_MAX) return NULL;
    if (job)
        line->jobs_free = job->next;
    else
        job = calloc(1, sizeof *job);
    if (!job) return NULL;
    if (job->room < room) {
        char *memory = malloc(room);
        if (!memory) {
            job->next = line->jobs_free;
            line->jobs_free = job;
            return NULL;
        }
        free(job->memory);
        job->memory = memory;
        job->room = room;
    }
    *job = (struct job){.kind = kind, .line = line, .memory = job->memory, .room = job->room};
    line->jobs_out++;
    return job;
}

static void give_job(struct ledger_line *line, struct job *job)
{
    if (job->room > KEPT_ROOM) {
        free(job->memory);
        job->memory = NULL;
        job->room = 0;
    }
    job->next = line->jobs_free;
    line->jobs_free = job;
    line->jobs_out--;
}

static enum fault send_job(struct ledger_line *line, struct job *job)
{
    if (!atomic_load_explicit(&line->ledger->stopping, memory_order_relaxed) && mailbox_send(line->ledger->steps, &job))
        return FAULT_NONE;
    give_job(line, job);
    return FAULT_FULL;
}

/* Sealed content, step and names stand in the job's memory one after the other:  | sealed | body | names |  */
static enum fault fill_step(struct job *job, const struct book_step *step)
{
    struct sink sink = sink_over(job->memory, job->room);
    struct digest digest;
    struct bytes mark = BYTES_NONE;
    if (step->opening && step->opening->content.len) {
        enum fault fault = keyfile_seal(job->line->ledger->keys, &step->lead_id, step->opening->content, &sink);
        if (fault != FAULT_NONE) return fault;
        job->sealed = sink_written(&sink);
        struct bytes content = bytes_from(job->sealed, KEYFILE_WRAPPED); /* its key changes, it does not */
        digest_of(&digest, &content, 1);
        mark = (struct bytes){(const char *)digest.at, DIGEST_LEN};
    }
    if (!book_write_step(&sink, step, mark)) return FAULT_TOO_LARGE;
    job->body = bytes_from(sink_written(&sink), job->sealed.len);
    if (!step->opening) return FAULT_NONE;
    size_t before = sink.len;
    sink_bytes(&sink, step->opening->field_names);
    job->names = bytes_from(sink_written(&sink), before);
    job->person = step->opening->person;
    return sink.cut ? FAULT_TOO_LARGE : FAULT_NONE;
}

/* An upper bound of what a step's texts take. */
static size_t step_room(const struct book_step *step)
{
    size_t room = STEP_ROOM;
    for (unsigned i = 0; i < step->verdicts_count; i++) {
        const struct book_verdict *verdict = &step->verdicts[i];
        room += PART_ROOM + verdict->code.len + verdict->text.len + verdict->buyer_lead_id.len;
    }
    for (unsigned i = 0; i < step->intents_count; i++) {
        const struct book_intent *intent = &step->intents[i];
        room += PART_ROOM + intent->contract.len + intent->buyer.len + intent->bid_id.len;
    }
    for (unsigned i = 0; i < step->sales_count; i++)
        room += PART_ROOM + step->sales[i].contract.len + step->sales[i].buyer.len + step->sales[i].redirect_url.len;
    if (step->final) room += step->final->text.len;
    if (!step->opening) return room;
    const struct book_opening *opening = step->opening;
    const struct offer *offer = &opening->offer;
    room += opening->affiliate.len + opening->campaign.len + opening->source.len + opening->channel.len +
            opening->ref.len + opening->click_id.len + opening->sub_ids.len;
    room += offer->affiliate.len + offer->campaign.len + offer->source.len + offer->channel.len + offer->ref.len +
            offer->click_id.len + offer->sub_ids.len + offer->excluded.len + offer->public_json.len;
    for (uint32_t i = 0; i < offer->candidates_count; i++)
        room += offer->candidates[i].contract.len + offer->candidates[i].bid_id.len + 64;
    return room + opening->field_names.len + opening->content.len + KEYFILE_SEALED_EXTRA;
}

enum fault ledger_append(struct ledger_line *line, const struct book_step *step, const struct duplicates_guard *guard,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token)
{
    struct job *job = take_job(line, JOB_STEP, step_room(step));
    if (!job) return FAULT_FULL;
    job->id = step->lead_id;
    job->guard = guard;
    job->wall_ms = step->wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    enum fault fault = fill_step(job, step);
    if (fault == FAULT_NONE) return send_job(line, job);
    give_job(line, job);
    return fault;
}

enum fault ledger_resolve(struct ledger_line *line, const struct ledger_verdict *verdict,
                          void (*on_resolved)(void *arg, const struct ledger_resolution *resolution), void *arg)
{
    struct job *job = take_job(line, JOB_RESOLVE, verdict->buyer.len + 1);
    if (!job) return FAULT_FULL;
    struct sink sink = sink_over(job->memory, job->room);
    sink_bytes(&sink, verdict->buyer);
    job->verdict = *verdict;
    job->verdict.buyer = sink_written(&sink);
    job->id = verdict->post_id;
    job->wall_ms = verdict->wall_ms;
    job->on_resolved = on_resolved;
    job->arg = arg;
    return send_job(line, job);
}

enum fault ledger_switch(struct ledger_line *line, struct bytes contract, bool paused, int64_t wall_ms,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token)
{
    struct job *job = take_job(line, JOB_SWITCH, contract.len + 1);
    if (!job) return FAULT_FULL;
    struct sink sink = sink_over(job->memory, job->room);
    bool written = rows_write_switch(&sink, contract, paused);
    check(written);
    job->body = sink_written(&sink);
    job->wall_ms = wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

enum fault ledger_revoke(struct ledger_line *line, const struct revocation *revocation, int64_t wall_ms,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token)
{
    struct job *job = take_job(line, JOB_REVOCATION, revocation->affiliate.len + REVOCATION_ROOM);
    if (!job) return FAULT_FULL;
    struct sink sink = sink_over(job->memory, job->room);
    bool written = revocation_write(&sink, revocation);
    check(written);
    job->body = sink_written(&sink);
    job->wall_ms = wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

enum fault ledger_revoke_key(struct ledger_line *line, const struct digest *key, int64_t wall_ms,
                             void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                             uint64_t token)
{
    struct job *job = take_job(line, JOB_KEY_REVOKED, DIGEST_LEN);
    if (!job) return FAULT_FULL;
    memcpy(job->memory, key->at, DIGEST_LEN);
    job->body = (struct bytes){job->memory, DIGEST_LEN};
    job->wall_ms = wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

enum fault ledger_deliver(struct ledger_line *line, const struct delivery *list, uint32_t count, int64_t wall_ms,
                          void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                          uint64_t token)
{
    check(count > 0 && count <= DELIVERIES_MAX, "%u deliveries", count);
    struct job *job = take_job(line, JOB_DELIVERIES, DELIVERIES_MAX * DELIVERY_ROOM);
    if (!job) return FAULT_FULL;
    struct sink sink = sink_over(job->memory, job->room);
    bool written = deliveries_write(&sink, list, count);
    check(written);
    job->body = sink_written(&sink);
    job->wall_ms = wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

enum fault ledger_seal(struct ledger_line *line, const struct ident *id, struct bytes text, struct arena *arena,
                       struct bytes *sealed)
{
    size_t room = text.len + KEYFILE_SEALED_EXTRA;
    struct sink sink = sink_over(arena_take(arena, room), room);
    if (!sink.at) return FAULT_MEMORY;
    enum fault fault = keyfile_seal(line->ledger->keys, id, text, &sink);
    *sealed = sink_written(&sink);
    return fault;
}

enum fault ledger_matter(struct ledger_line *line, struct matter *matter, int64_t wall_ms,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token)
{
    struct job *job = take_job(line, JOB_MATTER, 0);
    if (!job) return FAULT_FULL;
    job->matter = matter;
    job->wall_ms = wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

enum fault ledger_book(struct ledger_line *line, struct booking *booking, int64_t wall_ms,
                       void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                       uint64_t token)
{
    struct job *job = take_job(line, JOB_BOOKING, 0);
    if (!job) return FAULT_FULL;
    job->booking = booking;
    job->wall_ms = wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

enum fault ledger_catalogue(struct ledger_line *line, const struct digest *version, struct bytes packed,
                            void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                            uint64_t token)
{
    struct job *job = take_job(line, JOB_CATALOGUE, packed.len + 64);
    if (!job) return FAULT_FULL;
    struct sink sink = sink_over(job->memory, job->room);
    bool written = rows_write_catalogue(&sink, version, packed.len);
    check(written);
    job->body = sink_written(&sink);
    sink_bytes(&sink, packed);
    job->sealed = bytes_from(sink_written(&sink), job->body.len);
    job->wall_ms = clock_wall_ms();
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

/* --- privacy --- */

enum fault privacy_erase(struct ledger_line *line, const struct privacy_erasure *asked, int64_t wall_ms,
                         void (*on_erased)(void *arg, const struct privacy_erasure *erasure), void *arg)
{
    struct job *job = take_job(line, JOB_ERASE, sizeof *asked);
    if (!job) return FAULT_FULL;
    memcpy(job->memory, asked, sizeof *asked);
    job->wall_ms = wall_ms;
    job->on_erased = on_erased;
    job->arg = arg;
    return send_job(line, job);
}

enum fault privacy_rotate(struct ledger_line *line, int64_t wall_ms,
                          void (*on_begun)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                          uint64_t token)
{
    struct job *job = take_job(line, JOB_ROTATE, 0);
    if (!job) return FAULT_FULL;
    job->wall_ms = wall_ms;
    job->on_durable = on_begun;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

void privacy_rotation(const struct ledger *ledger, struct privacy_rotation *rotation)
{
    *rotation = (struct privacy_rotation){.is_running = atomic_load(&ledger->rotating),
                                          .has_failed = atomic_load(&ledger->rotation_failed),
                                          .wrapped = atomic_load(&ledger->rewrapped),
                                          .unreadable = atomic_load(&ledger->unreadable)};
}

enum fault privacy_disclose(struct ledger_line *line, const struct disclosure *disclosure,
                            void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                            uint64_t token)
{
    size_t room = STEP_ROOM + disclosure->contract.len + disclosure->buyer.len + disclosure->to.len;
    struct job *job = take_job(line, JOB_DISCLOSE, room);
    if (!job) return FAULT_FULL;
    struct sink sink = sink_over(job->memory, job->room);
    bool written = disclosure_write(&sink, disclosure);
    check(written);
    job->body = sink_written(&sink);
    job->id = disclosure->lead_id;
    job->wall_ms = disclosure->wall_ms;
    job->on_durable = on_durable;
    job->arg = arg;
    job->token = token;
    return send_job(line, job);
}

/* --- traces and asks --- */

bool ledger_trace(struct ledger_line *line, const struct ident *ping_id, const struct ident *lead_id,
                  struct bytes record, struct bytes offer, int64_t offer_expires_ms)
{
    struct lane_item item = {.ping_id = ping_id ? *ping_id : IDENT_NONE,
                             .lead_id = lead_id ? *lead_id : IDENT_NONE,
                             .record = record,
                             .offer = offer,
                             .offer_expires_ms = offer_expires_ms};
    uint64_t before = lane_depth(line->lane);
    if (!lane_put(line->lane, &item)) {
        atomic_fetch_add_explicit(&line->ledger->traces_dropped, 1, memory_order_relaxed);
        return false;
    }
    if (before <= LANE_BYTES / 2 && lane_depth(line->lane) > LANE_BYTES / 2)
        mailbox_send(line->ledger->steps, &(struct job *){NULL}); /* full: it is awake */
    return true;
}

enum fault ledger_ask(struct ledger_line *line, void (*job)(void *context, struct reader *reader),
                      void (*done)(void *context), void *context, uint64_t after_seq, bool fresh_trace)
{
    struct ledger *ledger = line->ledger;
    struct ask *ask = line->asks_free;
    if (line->asks_out == LINE_ASKS_MAX || atomic_load_explicit(&ledger->stopping, memory_order_relaxed))
        return FAULT_FULL;
    if (ask)
        line->asks_free = ask->next;
    else
        ask = calloc(1, sizeof *ask);
    if (!ask) return FAULT_MEMORY;
    *ask = (struct ask){.line = line, .job = job, .done = done, .context = context, .after_seq = after_seq};
    if (fresh_trace) {
        ask->flush = atomic_fetch_add(&ledger->flush_asked, 1) + 1;
        mailbox_send(ledger->steps, &(struct job *){NULL});
    }
    if (mailbox_send(ledger->asks, &ask)) {
        line->asks_out++;
        return FAULT_NONE;
    }
    ask->next = line->asks_free;
    line->asks_free = ask;
    return FAULT_FULL;
}

/* --- what comes back --- */

static void take_back(struct ledger_line *line, const struct mail *mail)
{
    if (mail->job) {
        give_job(line, mail->job);
        return;
    }
    mail->ask->next = line->asks_free;
    line->asks_free = mail->ask;
    line->asks_out--;
}

/* The job is free again before its callback runs, which may well append the next step. */
static void on_mail(void *arg)
{
    struct ledger_line *line = arg;
    struct mail mail;
    for (unsigned i = 0; i < BATCH_MAX && mailbox_take(line->mail, &mail); i++) {
        if (mail.ask) {
            struct ask ask = *mail.ask;
            take_back(line, &mail);
            ask.done(ask.context);
            continue;
        }
        struct job job = *mail.job;
        struct privacy_erasure erasure;
        if (job.on_erased) erasure = *(struct privacy_erasure *)(void *)job.memory;
        take_back(line, &mail);
        if (job.on_erased) {
            erasure.fault = job.answer.fault;
            job.on_erased(job.arg, &erasure);
        } else if (job.on_resolved)
            job.on_resolved(job.arg, &job.answer);
        else
            job.on_durable(job.arg, job.token, job.answer.fault, job.answer.seq);
    }
}

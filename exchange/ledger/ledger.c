/* Opening, starting, stopping: what belongs to the whole. Lines are in line.c, the ledger thread in writer.c and
 * traces.c, the reader thread in asking.c, a start's checks in restore.c.
 *
 * Two exchanges on one book would both be its only writer; a lock on a file of its own (flock: it ends with the
 * process, however that ends) keeps the second out. LMDB's own lock would let both in, one transaction at a time. */
#include "exchange/ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/ledger/engine.h"
#include "exchange/market/zone.h"
#include "protocol/base/check.h"

#define STEPS_PER_LINE 1024u
#define STEPS_MAX 65536u
#define ASKS_PER_LINE 64u
#define ARENA_BYTES (256u << 10)
#define ARENA_MAX_BYTES (256u << 20)

static enum fault open_all(struct ledger *ledger, const struct ledger_options *options, struct ledger_note *note);

static enum fault tell(struct ledger_note *note, enum fault fault, const char *path, const char *text)
{
    snprintf(note->text, sizeof note->text, "ledger %.250s: %s", path, text);
    return fault;
}

static void start_locks(struct ledger *ledger)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&ledger->lines_mutex, NULL);
    pthread_mutex_init(&ledger->flush_mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&ledger->flushed, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum fault ledger_open(const struct ledger_options *options, struct ledger **ledger, struct ledger_note *note)
{
    check(options->lines_max > 0 && options->lines_max <= LINES_MAX, "%u lines", options->lines_max);
    note->text[0] = '\0';
    struct ledger *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->lock_fd = -1;
    made->lines_max = options->lines_max;
    made->zone = options->zone ? options->zone : zone_utc();
    start_locks(made);
    arena_init(&made->arena, ARENA_BYTES, ARENA_MAX_BYTES);
    enum fault fault = open_all(made, options, note);
    if (fault == FAULT_NONE) {
        *ledger = made;
        return FAULT_NONE;
    }
    if (!note->text[0]) tell(note, fault, options->path, fault_text(fault));
    ledger_close(&made);
    return fault;
}

static enum fault make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? FAULT_NONE : FAULT_SYSTEM;
}

static enum fault take_lock(struct ledger *ledger, const char *path, struct ledger_note *note)
{
    char file[PATH_BYTES];
    snprintf(file, sizeof file, "%s/lock", path);
    ledger->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ledger->lock_fd < 0) return tell(note, FAULT_SYSTEM, file, strerror(errno));
    if (flock(ledger->lock_fd, LOCK_EX | LOCK_NB) == 0) return FAULT_NONE;
    if (errno == EWOULDBLOCK) return tell(note, FAULT_IN_USE, path, "another exchange holds it");
    return tell(note, FAULT_SYSTEM, file, strerror(errno));
}

static enum fault open_mail(struct ledger *ledger)
{
    unsigned steps = ledger->lines_max * STEPS_PER_LINE;
    ledger->lines = calloc(ledger->lines_max, sizeof *ledger->lines);
    if (!ledger->lines) return FAULT_MEMORY;
    enum fault fault = mailbox_open(sizeof(struct job *), steps < STEPS_MAX ? steps : STEPS_MAX, &ledger->steps);
    if (fault != FAULT_NONE) return fault;
    return mailbox_open(sizeof(struct ask *), ledger->lines_max * ASKS_PER_LINE, &ledger->asks);
}

static enum fault open_all(struct ledger *ledger, const struct ledger_options *options, struct ledger_note *note)
{
    char folder[PATH_BYTES], trace[PATH_BYTES];
    if (strlen(options->path) > PATH_BYTES - 64) return tell(note, FAULT_INPUT, options->path, "the path is too long");
    snprintf(folder, sizeof folder, "%s/book", options->path);
    snprintf(trace, sizeof trace, "%s/trace", options->path);
    if (make_folder(options->path) != FAULT_NONE) return tell(note, FAULT_SYSTEM, options->path, strerror(errno));
    enum fault fault = take_lock(ledger, options->path, note);
    if (fault != FAULT_NONE) return fault;
    fault = store_open(folder, journal_tables, BOOK_TABLES_COUNT, options->map_bytes, STORE_WRITE, &ledger->book);
    if (fault != FAULT_NONE) return tell(note, fault, folder, fault_text(fault));
    store_check_readers(ledger->book);
    fault = restore_check(ledger, options->keys_path, note);
    if (fault == FAULT_NONE) fault = restore_doubts(ledger, note);
    if (fault != FAULT_NONE) return fault;
    struct days_options days = {
        .path = trace, .keep_ms = options->trace_keep_ms, .max_bytes = options->trace_max_bytes};
    fault = days_open(&days, &ledger->days);
    if (fault != FAULT_NONE) return tell(note, fault, trace, fault_text(fault));
    days_prune(ledger->days, clock_wall_ms());
    ledger->reader = reader_over(ledger->book, ledger->days, ledger->keys);
    if (!ledger->reader) return FAULT_MEMORY;
    writer_publish(ledger);
    return open_mail(ledger);
}

enum fault ledger_start(struct ledger *ledger)
{
    check(!ledger->is_running, "started twice");
    atomic_store(&ledger->stopping, false);
    ledger->waits_turned_us = clock_now_us();
    if (pthread_create(&ledger->writer_thread, NULL, writer_run, ledger) != 0) return FAULT_SYSTEM;
    if (pthread_create(&ledger->asking_thread, NULL, asking_run, ledger) != 0) {
        atomic_store(&ledger->stopping, true);
        mailbox_send(ledger->steps, &(struct job *){NULL});
        pthread_join(ledger->writer_thread, NULL);
        return FAULT_SYSTEM;
    }
    ledger->is_running = true;
    return FAULT_NONE;
}

void ledger_stop(struct ledger *ledger)
{
    if (!ledger->is_running) return;
    atomic_store(&ledger->stopping, true);
    mailbox_send(ledger->steps, &(struct job *){NULL}); /* full is as good: it is awake */
    mailbox_send(ledger->asks, &(struct ask *){NULL});
    pthread_join(ledger->writer_thread, NULL);
    pthread_join(ledger->asking_thread, NULL);
    ledger->is_running = false;
}

static void free_line(struct ledger_line *line)
{
    for (struct job *job = line->jobs_free, *next; job; job = next) {
        next = job->next;
        free(job->memory);
        free(job);
    }
    for (struct ask *ask = line->asks_free, *next; ask; ask = next) {
        next = ask->next;
        free(ask);
    }
    mailbox_close(&line->mail);
    lane_close(&line->lane);
    free(line);
}

void ledger_close(struct ledger **ledger)
{
    struct ledger *gone = *ledger;
    *ledger = NULL;
    if (!gone) return;
    ledger_stop(gone);
    for (unsigned i = 0; gone->lines && i < gone->lines_max; i++) {
        struct ledger_line *line = atomic_load(&gone->lines[i]);
        check(!line || !atomic_load(&line->is_open), "line %u is still open", i);
        if (line) free_line(line);
    }
    free(gone->lines);
    mailbox_close(&gone->steps);
    mailbox_close(&gone->asks);
    reader_close(&gone->reader);
    counting_close(&gone->counting);
    news_free(&gone->news);
    days_close(&gone->days);
    keyfile_close(&gone->keys);
    store_close(&gone->book);
    if (gone->lock_fd >= 0) close(gone->lock_fd);
    arena_free(&gone->arena);
    pthread_cond_destroy(&gone->flushed);
    pthread_mutex_destroy(&gone->flush_mutex);
    pthread_mutex_destroy(&gone->lines_mutex);
    free(gone);
}

enum reason ledger_state(const struct ledger *ledger, const char **text)
{
    static const char *const texts[ENGINE_STATES] = {
        [ENGINE_OPEN] = NULL,
        [ENGINE_NEARLY_FULL] = "the book's map is 85 % full: set ledger.map_size higher and start again",
        [ENGINE_FULL] = "the disk or the book's map is full: make room, or set ledger.map_size higher and start again",
    };
    int state = atomic_load(&ledger->state);
    if (text) *text = state == ENGINE_DOWN ? ledger->why : texts[state];
    return state == ENGINE_OPEN ? REASON_NONE : REASON_LEDGER_DOWN;
}

uint64_t ledger_traces_dropped(const struct ledger *ledger)
{
    return atomic_load_explicit(&ledger->traces_dropped, memory_order_relaxed);
}

int64_t ledger_commit_p99_us(const struct ledger *ledger)
{
    return atomic_load_explicit(&ledger->wait_p99_us, memory_order_relaxed);
}

void ledger_counts(const struct ledger *ledger, struct ledger_counts *counts)
{
#define LOAD(name) atomic_load_explicit(&ledger->name, memory_order_relaxed)
    *counts = (struct ledger_counts){.lows = LOAD(lows),
                                     .seq = LOAD(seq),
                                     .entries = LOAD(entries),
                                     .commits = LOAD(commits),
                                     .batches_max = LOAD(batches_max),
                                     .traces = LOAD(traces),
                                     .trace_bytes = LOAD(trace_bytes),
                                     .queue_depth = mailbox_depth(ledger->steps),
                                     .doubts = LOAD(doubts),
                                     .posts_open = LOAD(posts_open),
                                     .book_bytes_used = LOAD(used_bytes),
                                     .book_bytes_max = LOAD(max_bytes),
                                     .commit_p50_us = LOAD(wait_p50_us),
                                     .commit_p99_us = LOAD(wait_p99_us)};
#undef LOAD
}

enum fault ledger_derive(const struct ledger *ledger, const char *purpose, struct digest *key)
{
    return keyfile_derive(ledger->keys, purpose, key);
}

/* job: what a line asks of the ledger thread, and what it asks of the reader thread. For this room only.
 *
 * A job belongs to its line, is lent to the ledger thread, and comes back by the line's mailbox; the same with asks. */
#pragma once

#include "exchange/base/mailbox.h"
#include "exchange/ledger/content.h"
#include "exchange/ledger/lane.h"
#include "exchange/ledger/privacy.h"

#define LINE_JOBS_MAX 1024 /* jobs under way, per line */
#define LINE_ASKS_MAX 256

enum job_kind {
    JOB_STEP,
    JOB_RESOLVE,
    JOB_SWITCH,
    JOB_CATALOGUE,
    JOB_REVOCATION,
    JOB_COUNTS,
    JOB_SWEEP,
    JOB_DELIVERIES,
    JOB_MATTER,
    JOB_BOOKING,
    JOB_KEY_REVOKED,
    JOB_ERASE,
    JOB_ROTATE,
    JOB_REWRAP,
    JOB_DISCLOSE,
    JOB_INDEX,
    JOB_KINDS
};

struct job {
    enum job_kind kind;
    struct ledger_line *line;
    struct job *next; /* of the line's free ones */
    char *memory;     /* what body and sealed are in */
    size_t room;
    struct bytes body, sealed; /* a step and its sealed content; a switch; a catalogue's record and the packed one */
    struct ident id;           /* the lead; to resolve: the post */
    const struct duplicates_guard *guard; /* of a step: NULL: none */
    struct matter *matter;                /* the line's */
    struct booking *booking;              /* likewise */
    struct person_keys person;            /* of a step: whom its sealed content is about */
    struct bytes names;                   /* of a step: of its fields, if they are told */
    struct content_walk *walk;            /* of a rewrap: where it stands, moved on */
    bool has_rows;                        /* something was written that no entry tells */
    struct ledger_verdict verdict;        /* to resolve; its buyer in `body` */
    unsigned swept;                       /* of a sweep: rows that were seen to */
    int64_t wall_ms;
    void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq);
    void (*on_resolved)(void *arg, const struct ledger_resolution *resolution);
    void (*on_erased)(void *arg, const struct privacy_erasure *erasure);
    void *arg;
    uint64_t token;
    struct ledger_resolution answer; /* fault and seq of any kind */
};

struct ask {
    struct ledger_line *line;
    struct ask *next;
    void (*job)(void *context, struct reader *reader);
    void (*done)(void *context);
    void *context;
    uint64_t after_seq;
    uint64_t flush; /* the trace commit to wait for; 0: none */
};

/* What comes back to a line: one of the two. */
struct mail {
    struct job *job;
    struct ask *ask;
};

struct ledger_line {
    struct ledger *ledger;
    struct mailbox *mail;
    struct lane *lane; /* stays with the place when the line is closed */
    struct job *jobs_free;
    struct ask *asks_free;
    unsigned jobs_out, asks_out;
    _Atomic bool is_open;
};

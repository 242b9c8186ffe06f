/* held: an auction in its slot, with what joins it to the worker. For this room's files only: worker.c runs the thread,
 * world.c is the host an auction sees, claim.c looks up what a claim needs. */
#pragma once

#include "exchange/base/mailbox.h"
#include "exchange/worker/worker.h"
#include "protocol/base/slots.h"

struct held {
    struct worker *worker;
    uint64_t id;
    struct server_request *request;
    void *context;
    struct lines *lines;    /* of the snapshot it was opened on */
    struct bytes affiliate; /* whose it is; in the snapshot */
    struct loop_timer *timer;
    bool is_made; /* the auction's memory and timer are; they stay over lives */
    _Alignas(16) char auction[];
};

enum mail_kind { MAIL_CATALOGUE, MAIL_SHELF, MAIL_TLS, MAIL_DRAIN, MAIL_RELOADED };

struct mail {
    enum mail_kind kind;
    struct tls_context *server_tls, *client_tls;
    int64_t limit_us;
    void *waiter;
    char *text;
    bool good;
};

struct worker {
    struct hall *hall;
    const struct worker_front *front;
    unsigned number;
    pthread_t thread;
    bool is_running;
    struct loop *loop;
    struct mailbox *mailbox;
    struct server *servers[WORKER_LISTEN_MAX + 1]; /* the admin listener last */
    unsigned servers_count;
    bool has_admin;
    struct client *client;
    struct desk *desk;
    struct ledger_line *line;
    struct catalogue *catalogue;
    struct shelf *shelf; /* NULL: no lists */
    struct lines *lines;
    struct slots held;
    struct ident_maker ids;
    struct mac *seed_mac, *document_mac;
    struct tally tally;
    char *trace_buffer;
    bool drained; /* every story was told that the time is over */
    int64_t drain_by_us;
    struct loop_timer *drain_timer;
    struct taking_up *taking_up; /* resume.c: while it looks */
    struct onward *onward;       /* the first worker's */
    struct asking *asking;       /* asking.c: of the first worker; else NULL */
    _Atomic unsigned in_flight;
};

/* world.c */
extern const struct auction_host world_host;
void world_on_reply(void *arg, const struct call_reply *reply);
struct held *world_held(struct auction *auction);

/* resume.c */
/* On the first worker's thread, when it begins to live: the leads that the last process was to go on with. */
void resume_all(struct worker *worker);
/* When it has stopped: a look whose answer nobody took any more. */
void resume_forget(struct worker *worker);

/* Opens the story of what that lead becomes. */
void resume_onward(struct worker *worker, const struct ident *lead_id);

/* onward.c */
/* On the first worker: leads that are to go to a new auction. _stop before its loop is closed, _forget when nothing can
 * come back to it any more. */
enum fault onward_start(struct worker *worker) MUST_USE;
void onward_stop(struct worker *worker);
void onward_forget(struct worker *worker);

/* asking.c */
/* Before the worker's thread lives. */
enum fault asking_open(struct worker *worker) MUST_USE;
/* Before its client and its loop are closed; and after its line is. */
void asking_stop(struct worker *worker);
void asking_close(struct worker *worker);

/* claim.c */
void claim_start(struct worker *worker, struct held *held, const struct auction_claim *claim);
/* Ends a claim of a ping whose offer had expired. */
void claim_drop_expired(struct hall *hall, const struct ident *ping_id);

/* recall.c */
void recall_start(struct worker *worker, struct held *held, const struct auction_recall *recall);
/* Gives back the first `count` claims. */
void recall_end(struct worker *worker, const struct auction_recall *recall, uint32_t count);

/* visit: one request on its way through the api, and the ways to answer it. For this room's files.
 *
 * A visit lives on the stack of its handler. What must outlive it (the answer waits for an auction, the ledger, a
 * reload) is a waiter or an auction's context. One thread, the worker's. */
#pragma once

#include "exchange/api/api.h"
#include "exchange/api/handlers.h"
#include "exchange/api/waiter.h"
#include "protocol/codec/json.h"
#include "protocol/codec/pack.h"

#define VISIT_REQUEST_ID_MAX 64

enum visit_audience { VISIT_OPEN, VISIT_AFFILIATE, VISIT_BUYER, VISIT_OPERATOR };

/* What an answer needs to know of its request. */
struct visit_manners {
    bool pack;          /* the client accepts application/msgpack rather than JSON */
    bool asks_password; /* without a key: a browser is to ask for one */
    unsigned request_id_len;
    char request_id[VISIT_REQUEST_ID_MAX];
};

struct visit {
    struct worker *worker;
    struct server_request *request;
    const struct server_view *view;
    struct visit_manners manners;
    const struct affiliate *affiliate;
    bool test_key; /* the affiliate's key is for tests only */
    const struct buyer *buyer;
    struct bytes path_id; /* what stands in place of {id} */
};

/* Sends `body` (JSON) as it is or as MessagePack. `fields`: extra header lines, or NULL. */
void visit_send(struct worker *worker, struct server_request *request, const struct visit_manners *manners, int status,
                const char *type, const char *fields, struct bytes body);
static inline void visit_send_json(struct visit *visit, int status, struct bytes body)
{
    visit_send(visit->worker, visit->request, &visit->manners, status, "application/json", NULL, body);
}
/* RFC 9457: {"type","title","status","code","detail","errors"}; counted under its reason. */
void visit_problem(struct worker *worker, struct server_request *request, const struct visit_manners *manners,
                   int status, enum reason reason, const char *detail, const struct complaints *complaints,
                   unsigned retry_after_s);
/* The body as a document (JSON, MessagePack or, where `form`, a form) in `arena`, its bytes copied there first. NULL:
 * the problem has been answered. */
const struct node *visit_document(struct visit *visit, struct arena *arena, bool form);
/* Likewise a list (JSON or MessagePack). */
const struct node *visit_list(struct visit *visit, struct arena *arena);
const struct node *visit_either(struct visit *visit, struct arena *arena);
/* The value of `name` in the query, percent-decoding not applied; empty when absent. */
struct bytes visit_query(const struct visit *visit, const char *name);

/* `after` (an id; else IDENT_NONE) and `limit` of the query. False: the problem has been answered; `text` says what
 * `after` must be. */
bool visit_page(struct visit *visit, const char *text, unsigned usual, unsigned max, struct ident *after,
                unsigned *limit);

/* A browser asks: it takes text/html. */
bool visit_wants_page(const struct visit *visit);

/* What an inquiry about accounts needs to know beside an id. */
struct inquiry_about {
    struct bytes who; /* copied into the inquiry's arena */
    bool is_known;    /* whatever was booked */
    unsigned audience;
    uint32_t period;
    uint64_t after_seq;
    unsigned after_n;
};

/* Work on the ledger's reader thread for a visit: `job` reads and writes JSON to the sink, and says the HTTP status. */
struct inquiry {
    struct arena arena;
    struct ident id;
    struct bytes owner; /* an affiliate's or a buyer's id; empty for operators */
    unsigned limit;     /* of a page */
    struct inquiry_about about;
    const struct affiliate *affiliate; /* of `catalogue`; at most one of the two */
    const struct buyer *buyer;
    struct catalogue *catalogue;
    char *text;
    struct sink out;
    int status;
    enum reason reason; /* with 4xx, 5xx */
    const char *type;   /* of the answer: application/json unless the job says otherwise */
    bool takes_csv;     /* the client asked for text/csv */
    bool is_private;    /* what it wrote is wiped */
    struct worker *worker;
    struct server_request *request; /* NULL once the client has gone */
    struct visit_manners manners;
    void (*job)(struct inquiry *inquiry, struct reader *reader);
};

/* Answers by itself, now or later. */
void visit_inquire(struct visit *visit, const struct ident *id,
                   void (*job)(struct inquiry *inquiry, struct reader *reader), bool fresh_trace, size_t room);
/* With the limit of a page. */
void visit_inquire_page(struct visit *visit, const struct ident *id, unsigned limit,
                        void (*job)(struct inquiry *inquiry, struct reader *reader), bool fresh_trace, size_t room);

void visit_inquire_about(struct visit *visit, const struct inquiry_about *about,
                         void (*job)(struct inquiry *inquiry, struct reader *reader), size_t room);

/* answer.c: the JSON of an auction's answer. Room for 32 legs, each with a seller whose every byte is escaped. */
#define ANSWER_ROOM_MAX 327680u
void answer_write(struct sink *sink, const struct auction_answer *answer, bool is_ping);
void answer_on_auction(struct worker *worker, struct server_request *request, void *context,
                       const struct auction_answer *answer);

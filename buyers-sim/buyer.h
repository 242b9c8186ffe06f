/* buyer: one simulated buyer while the program runs: what it counts, which posts it has seen, its seats, and what it
 * answers. Knows no sockets. One thread; buyer_close frees. */
#pragma once

#include "buyers-sim/scenario.h"
#include "protocol/base/slots.h"
#include "protocol/base/table.h"
#include "protocol/crypto/signature.h"

#define BUYER_ANSWER_MAX 4096
#define BUYER_POSTS_MAX 100000 /* remembered; the oldest is forgotten first */
#define BUYER_POST_ID_MAX 64
#define BUYER_SEATS_MAX 65536
#define BUYER_RECORD_MAX 65536

struct buyer_counts {
    uint64_t pings, bids, no_bids;
    uint64_t posts, duplicates;            /* every request; those whose post_id was known */
    uint64_t accepted, rejected, not_seen; /* of different post_ids */
    uint64_t held;                         /* answers that wait now */
    uint64_t gone;                         /* the peer left before its answer */
    uint64_t bad_signatures, bad_requests;
    uint64_t statuses;        /* questions at the status endpoint */
    uint64_t notices, copies; /* received at the notice endpoint */
    uint64_t pushes, push_failures;
    uint64_t private_seen;         /* a bit per name of the scenario's `private` */
    int64_t money_micros;          /* the posts' prices, accepted */
    size_t ping_bytes, post_bytes; /* of the last request, head and body */
};

struct buyer_post {
    char id[BUYER_POST_ID_MAX];
    size_t id_len;
    enum truth truth;
    struct act act;
    uint64_t lead; /* buyer_lead_id */
};

/* Seats are taken for seat_us each, so they come back in the order they were taken. */
struct buyer_seats {
    int64_t *until_us; /* a ring of BUYER_SEATS_MAX, made when first needed */
    uint32_t first, taken;
};

struct buyer {
    struct buyer_spec *spec;
    const struct scenario *scenario;
    struct signer *signer;
    struct draw ping_draw, post_draw;
    uint32_t ping_turn, post_turn;
    struct buyer_counts counts;
    struct slots posts;
    struct table posts_by_id;
    uint32_t posts_oldest;
    uint64_t leads;
    struct buyer_seats seats;
    struct bytes last_ping, last_post, last_notice; /* with `record`; own memory */
};

/* How one request is answered; the body is in the sink that was given, or `body` where that is not NULL. */
struct outcome {
    enum act_delivery delivery;
    int status;
    const char *content_type; /* NULL: no body */
    const char *fields;       /* whole header lines, or "" */
    struct bytes huge;        /* the body where .at is not NULL: it outlives the answer */
    int64_t think_us;
};

enum fault buyer_open(struct buyer *buyer, const struct scenario *scenario, struct buyer_spec *spec) MUST_USE;
void buyer_close(struct buyer *buyer);

/* True if the signature fits or none is expected. */
bool buyer_hears(struct buyer *buyer, struct bytes id, struct bytes timestamp, struct bytes signatures,
                 struct bytes body, int64_t wall_ms);
/* True if a ping has to be read, rather than only answered. */
bool buyer_wants_ping(const struct buyer *buyer);
/* `ping` and `post` are the documents (ping: NULL where buyer_wants_ping said no). The posts' truth is told by
 * buyer_status; the same post_id has the same answer for ever. */
void buyer_ping(struct buyer *buyer, const struct node *ping, int64_t now_us, struct sink *body,
                struct outcome *outcome);
void buyer_post(struct buyer *buyer, const struct node *post, int64_t now_us, struct sink *body,
                struct outcome *outcome);
/* "accepted", "rejected" or "not_seen". */
const char *buyer_status(struct buyer *buyer, struct bytes post_id);
/* Free seats now, -1 without seats; *next_us: when one more comes free (CLOCK_NEVER: none is waited for). */
int64_t buyer_seats_free(struct buyer *buyer, int64_t now_us, int64_t *next_us);
/* The plan changed: `seats` are all free again. */
void buyer_renew_seats(struct buyer *buyer);

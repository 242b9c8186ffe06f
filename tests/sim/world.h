/* world: the simulated world behind exchange/auction/host.h: several workers that share standing state, offers and
 * claims (the real rooms), a real catalogue out of real files, simulated buyers (town.h), a simulated ledger (model.h),
 * one virtual clock (queue.h). An auction cannot tell it from the real one.
 *
 * Above it stand plays (play.h) and the seeded world (sim_main.c): they ask as affiliates, buyers and operators do, let
 * time pass, and look at what came of it. What can never be true in any world is checked here, all the time; the first
 * thing found wrong is kept in `wrong`. One thread. */
#pragma once

#include "exchange/auction/auction.h"
#include "exchange/config/config.h"
#include "exchange/standing/claims.h"
#include "exchange/standing/holds.h"
#include "exchange/standing/offers.h"
#include "protocol/base/slots.h"
#include "tests/sim/model.h"
#include "tests/sim/queue.h"
#include "tests/sim/swarm.h"
#include "tests/sim/town.h"

#define WORLD_WORKERS_MAX 4u
#define WORLD_AUCTIONS_MAX 4096u
#define WORLD_WRONG_MAX 4000

/* What stands in private fields of leads, and must be found in no ping and no trace. */
#define WORLD_CANARY_TEXT "zcanary"
#define WORLD_CANARY_PHONE "5550142"
/* In the public note of a lead that is a test: no buyer ever hears of it. */
#define WORLD_TEST_NOTE "zztest"

struct world;
struct again;
struct sieve;

struct world_worker {
    struct world *world;
    unsigned number;
    struct ident_maker ids;
};

/* Faults put into the world on purpose, to see that the invariants find them. */
enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_KEEPS,  /* a refused post's room is not given back at times */
    SABOTAGE_LOSES,  /* an entry is acknowledged and not written */
    SABOTAGE_BOOK,   /* the book forgets what is given back */
    SABOTAGE_OFFER,  /* a used offer is open again at times */
    SABOTAGE_TRACE,  /* a trace tells of another bid than was made at times */
    SABOTAGE_GUARD,  /* nobody is a duplicate: claims and the book's guard let everybody through */
    SABOTAGE_SIEVE,  /* a reload is kept from the reference of filters */
    SABOTAGE_PLACE,  /* a refined ping keeps its offer at times */
    SABOTAGE_PLAN,   /* the set of legs that was chosen lacks its last one at times */
    SABOTAGE_PURSE,  /* money of a refused or sold post stays held at times */
    SABOTAGE_DOUBT,  /* what a post in doubt held is given back twice at times, when that ends */
    SABOTAGE_LEAK,   /* a post goes to another buyer at times */
    SABOTAGE_BACK,   /* a lead in doubt is told unsold at times */
    SABOTAGE_LEG,    /* of a sale the affiliate's leg is missing at times */
    SABOTAGE_ROWS,   /* an entry is kept from the exchange's own rows at times */
    SABOTAGE_EVENT,  /* an affiliate's event is not delivered at times */
    SABOTAGE_RETURN, /* of a return the buyer gets a millionth less at times */
    SABOTAGE_COUNT
};

struct world_options {
    uint64_t seed;
    unsigned workers;
    int64_t wall_ms;      /* at the start */
    int64_t commit_us[2]; /* a commit takes between these */
    int64_t way_us[2];    /* so do the bytes to a buyer, and back */
    swarm_set swarm;      /* of the way and the house; none in plays */
    bool rough;           /* events of one instant in any order; claims and reservations answered later at times */
};

/* One request of an affiliate, from its first byte to its answer. */
struct world_request {
    enum auction_kind kind;
    int64_t started_us, answer_by_us; /* 0: not known */
    uint64_t place;                   /* of its auction while it runs */
    bool is_test;
    bool answered, gone, died; /* the exchange crashed under it */
    bool is_reauction;         /* the post's lead went through an auction of its own */
    int http;
    enum answer_status status;
    enum reason reason;
    char text[AUCTION_TEXT_MAX];
    char field[64]; /* the first complaint's */
    char buyer[72];
    char ref[REQUEST_TEXT_MAX];
    char redirect[128], bids[256], sellers[256]; /* as a play tells them */
    struct ident ping_id, lead_id;
    int64_t price_micros, elapsed_us;
    int64_t expires_ms; /* of the offer */
    bool is_sieved;
    uint64_t sieved; /* whom the reference lets it go to (sieve.h) */
};

struct world_trace {
    struct ident ping_id, lead_id;
    enum trace_kind kind;
    struct bytes record, offer; /* malloc */
    int64_t expires_ms, durable_us;
};

struct world_append {
    uint64_t place; /* of the auction that waits */
    bool has_guard;
    struct duplicates_guard guard; /* a copy; its catalogue is the auction's */
    enum fault fault;
    struct bytes step; /* malloc: the record, its content in place of the seal */
};

struct world_counts {
    uint64_t auctions, pings, posts, one_calls, resumed, sold, calls, calls_ended, reserved, committed, released, kept;
    uint64_t shared; /* leads that several bought */
    uint64_t crashes, drains, gone, late, doubts, fallbacks, problems, again, early_closes, early_sets, later_tiers;
    uint64_t refined, reauctions, told_again;
    uint64_t ended, asked_status, told_late; /* doubts that ended by themselves; buyers asked about one; late words */
    uint64_t returns, copies;                /* of parts of sales; of sold leads */
    uint64_t kept_steps;                     /* entries that were written into the exchange's own rows too */
    uint64_t lost, twice, edges, stalls, fulls, looks; /* on the way, in the house; leads looked at again */
    uint64_t purses, payments; /* intents held against their buyer's limit; money that came in */
    uint64_t sets, sets_several,
        sets_skipped; /* of legs, held against the reference; of several legs; too many to try */
};

struct world {
    struct world_options options;
    struct ident traced; /* the ping of the latest trace, until it is answered */
    struct queue queue;
    struct world_worker workers[WORLD_WORKERS_MAX];
    struct settings settings;
    struct catalogue *catalogue;
    struct shelf *shelf;
    struct standing *standing;
    struct offers *offers;
    struct claims *claims;
    struct holds *holds;
    struct town *town;
    struct model model;
    struct digest seed_key;
    struct mac *seed_mac;

    struct slots places; /* auctions */
    struct slots calls;
    struct arena scratch;
    char *trace_buffer;
    struct again *again; /* who decides every traced auction a second time */
    struct sieve *sieve; /* NULL: filters are not held against the reference */

    struct world_append *queued, *committing; /* the ledger's first lane */
    uint32_t queued_count, queued_room, committing_count, committing_room;
    int64_t stalled_us; /* a commit takes far too long until then */
    bool ledger_broken;
    bool ledger_full; /* there is no room; there may be again */

    struct world_request *requests;
    uint32_t requests_count, requests_room;
    struct world_trace *traces;
    uint32_t traces_count, traces_room;
    struct table trace_ids; /* ping id or lead id -> the latest trace */
    struct seat_row *seats; /* held by posts in doubt, in this life of the process */
    uint32_t seats_count, seats_room;
    struct table paused; /* contract ids the operator has paused: durable */

    bool draining, drained;
    uint32_t reloads;
    struct person_keys *revoked; /* durable */
    uint32_t revoked_count;
    uint32_t life; /* grows with each restart */
    enum sabotage sabotage;
    struct world_counts counts;
    char wrong[WORLD_WRONG_MAX];
};

/* `settings` names the catalogue. NULL: `note` says why. Takes over the town (closed with the world). */
struct world *world_open(const struct world_options *options, const char *settings, struct town *town, char *note,
                         size_t note_room);
void world_close(struct world **world);

/* The first broken invariant. */
void world_wrong(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Time. */
bool world_step(struct world *world);             /* one event; false: nothing is left to happen */
void world_pass(struct world *world, int64_t us); /* so much time */
int64_t world_wall_ms(const struct world *world);

/* Affiliates. The body is JSON as it would stand in the request. Returns the request's number. */
struct world_ask {
    enum auction_kind kind; /* PING, POST, ONE_CALL */
    struct bytes affiliate, body, key;
    bool test_key; /* with a key for tests only */
    unsigned worker;
};
uint32_t world_ask(struct world *world, const struct world_ask *ask);
void world_hang_up(struct world *world, uint32_t request);
/* It asks what became of that lead (its place in the model), as GET tells it. */
void world_look(struct world *world, uint32_t lead);

/* Buyers. `contract` empty: all of the buyer's. seats < 0: not named. False: there is none. */
bool world_push(struct world *world, struct bytes buyer, struct bytes contract, bool available, int64_t seats,
                int64_t ttl_s);
/* Lets the held answers of that buyer go; how many. */
unsigned world_release(struct world *world, struct bytes buyer);

/* An affiliate's revocation: a phone or an e-mail, or the person of a lead (`lead_id`, may be NULL). False: nobody. */
bool world_revoke(struct world *world, struct bytes value, const struct ident *lead_id);

/* A buyer replaces its list. False: the text is no list, the old one stands. */
bool world_put_list(struct world *world, struct bytes name, struct bytes text);

/* Money from outside on a buyer's account; durable. False: there is no such buyer. */
bool world_pay(struct world *world, struct bytes buyer, int64_t micros);

/* False: nothing is written now. */
static inline bool world_writes(const struct world *world)
{
    return !world->ledger_broken && !world->ledger_full;
}

/* Operators. */
bool world_pause(struct world *world, struct bytes contract, bool paused);
/* The files again. False: refused, the old ones go on serving. */
bool world_reload(struct world *world, const char *settings, char *note, size_t note_room);
/* Why it is not pinged now; NONE: it is. REASON_COUNT: there is no such contract. */
enum reason world_gate(struct world *world, struct bytes contract);
/* doubts.c. What is said of a post: 200, 404 or 409. */
struct world_said {
    bool resumes; /* the story goes on */
    bool is_late; /* accepted, and not billed */
};
int world_say(struct world *world, const struct ident *post_id, bool accepted, enum verdict_source by,
              struct world_said *said);

/* No new work; after ten seconds open posts become doubts. `drained` once nothing is open. */
void world_drain(struct world *world);
/* Everything that is not durable is gone; the process starts again at once. */
void world_crash(struct world *world);
/* The trace last written of that ping or lead, or NULL. */
const struct world_trace *world_trace_of(const struct world *world, const struct ident *id);
void world_buyers(struct sink *sink, const struct auction_answer *answer);
/* Auctions under way. */
uint32_t world_open_auctions(const struct world *world);

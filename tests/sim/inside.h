/* inside: what the world's own files share: a place for an auction, a call to a buyer, and who does what with them. For
 * tests/sim only. */
#pragma once

#include "tests/sim/world.h"

#define REQUEST_NONE UINT32_MAX
#define STALL_US 400000 /* at most, beyond a commit's usual time */

enum job_kind { JOB_NONE, JOB_KEY, JOB_PING, JOB_OFFER, JOB_LATER, JOB_RECALL };

/* Where an auction lives. Never moves; its memory stays over lives. */
struct place {
    struct world *world;
    struct world_worker *worker;
    uint64_t id;
    uint32_t request; /* REQUEST_NONE: nobody waits */
    char affiliate[72];
    struct catalogue *catalogue; /* of the calls' contracts */
    uint64_t wake_serial;
    bool is_made, appending;
    unsigned calls_out;
    enum job_kind job; /* what it waits for: a look into the book, or an answer given later */
    struct auction_claim claim;
    struct auction_recall recall;
    uint32_t late_slots; /* bits: reservations that are answered later */
    enum reason late_reasons[OFFER_SALES_MAX];
    _Alignas(16) char auction[];
};

struct call {
    struct world *world;
    uint64_t id, place;
    uint32_t number;
    bool is_ping, arrived, held, is_test;
    struct ident post_id;
    struct rehearsal_line said; /* by a built-in test buyer; has_said: it is one's call */
    bool has_said;
    const struct contract *contract;
    struct catalogue *catalogue;
    int buyer;
    int64_t sent_us, deadline_us;
    struct bytes request; /* malloc */
    enum town_end end;
    int status;
    struct bytes body; /* malloc */
};

struct seat_row {
    struct ident post_id;
    struct seat_hold seat;
};

static inline struct auction *place_auction(struct place *place)
{
    return (struct auction *)place->auction;
}
struct place *place_of(struct auction *auction);
/* A place that is ready for a story; NULL: all are taken. */
struct place *place_take(struct world *world, struct world_worker *worker, uint32_t request);

/* host.c */
extern const struct auction_host world_host;
/* calls.c */
enum reason calls_ask(struct place *place, const struct auction_ask *ask, uint64_t *call);
void calls_cancel(struct world *world, uint64_t call);
void calls_forget(struct world *world);
/* claim.c */
void claim_begin(struct place *place, const struct auction_claim *claim);
void claim_end(struct world *world, const struct auction_claim *claim, bool answered);
/* recall.c */
void recall_begin(struct place *place, const struct auction_recall *recall);
void recall_end(struct world *world, const struct auction_recall *recall, uint32_t count);
/* The revoked, after a start. */
void recall_restore(struct world *world);
/* lane.c: the ledger */
enum fault lane_append(struct place *place, const struct book_step *step, const struct duplicates_guard *guard);
void lane_trace(struct world *world, const struct trace_auction *record, const struct offer *offer);
/* The offer of that ping is written anew, told to be superseded. */
void lane_supersede(struct world *world, const struct offer *offer);
/* The trace with that ping's offer, as it was written last; NULL: none. */
const struct world_trace *lane_offer_of(const struct world *world, const struct ident *ping_id);
/* At a crash: what was being committed may have been written. */
void lane_crash(struct world *world, bool committed);
void lane_forget(struct world *world);
/* What was learned of contracts, into standing. */
void lane_publish(struct world *world);
/* What a start reads: caps, switches, offers, and what became of open posts. */
void lane_restore(struct world *world);
/* The seat a post in doubt holds, in this life. */
void seats_row_put(struct world *world, const struct ident *post_id, const struct seat_hold *seat);
bool seats_row_has(const struct world *world, const struct ident *post_id);
bool seats_row_take(struct world *world, const struct ident *post_id, struct seat_hold *seat);
/* forward.c: its affiliate hears that of a lead, whichever way. */
void forward_told(struct world *world, const struct ident *lead_id, enum answer_status status, int64_t price_micros);
/* doubts.c: a post that is in doubt from now on (its number in the model): its buyer is asked, and its end comes. */
void doubts_watch(struct world *world, uint32_t post);
/* After a start: all of them. */
void doubts_watch_all(struct world *world);
/* Opens a story again whose doubt was resolved as a rejection. */
void asking_resume(struct world *world, const struct ident *lead_id);
/* True if no private value of a lead stands in these bytes. */
bool world_is_discreet(struct bytes bytes);

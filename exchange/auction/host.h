/* host: all that an auction may ask of the world. Behind it stand the workers' sockets and ledger, or the simulated
 * world of the tests: the story cannot tell which.
 *
 * `claim`, `reserve`, `append` and `ask` are answered by facts (auction_on_…), in the same turn or later, never more
 * than once and never after `closed`. Nothing given by pointer need live on after the call, except what `struct
 * auction_ask` says. Everything runs on the auction's own thread. */
#pragma once

#include "exchange/auction/ask.h"
#include "exchange/auction/recall.h"
#include "exchange/market/ceilings.h"
#include "exchange/market/decide.h"
#include "exchange/market/suppress.h"
#include "exchange/record/book.h"
#include "exchange/record/trace.h"
#include "exchange/standing/reservation.h"

struct auction;
struct auction_answer;

/* A call to a buyer. Texts live until the call's fact or `cancel`. */
struct auction_ask {
    enum auction_ask_kind kind;
    const struct contract *contract;
    uint32_t place;      /* the auction's own number for it, given back with the fact; of a post: its slot */
    int64_t deadline_us; /* absolute, over everything: name, dial, write, read */
    struct ident ping_id, lead_id, post_id;
    struct bytes channel;
    /* A test's call: to the contract's test endpoints, or answered by the built-in buyer it names (rehearsal.h);
     * nothing of it is told to standing. price_micros is what a built-in buyer bids. */
    enum rehearsal rehearsal;
    unsigned attempt; /* POST: how many went before */
    /* PING */
    int64_t offer_ttl_ms;
    struct bytes tail;                /* ping_write_tail's: the same for all calls */
    int64_t min_bid_micros;           /* 0: not told */
    const struct ping_hashes *person; /* plain: a call makes of them what its contract may have */
    /* POST */
    struct bytes bid_id;
    int64_t price_micros;
    uint8_t max_sold, slot;     /* slot counts from 1 */
    struct bytes consent, lead; /* JSON objects */
    struct bytes affiliate, source;
};

enum claim_outcome {
    CLAIM_FRESH,      /* it is yours: for a post, with the offer */
    CLAIM_AGAIN,      /* a lead exists for this key or ping: the record comes along */
    CLAIM_IN_FLIGHT,  /* someone is at it right now */
    CLAIM_EXPIRED,    /* the offer has expired */
    CLAIM_SUPERSEDED, /* a refinement took the offer's place */
    CLAIM_UNKNOWN,    /* no such ping, or not this affiliate's */
    CLAIM_BUSY,       /* too many claims at hand */
    CLAIM_FAILED,     /* the store could not be asked */
};

struct auction_claim {
    bool has_ping, has_key;
    bool takes_expired; /* the ping is wanted even if its offer has expired, as long as the trace knows it */
    bool is_expired;    /* to end it: that is how it was taken */
    struct ident ping_id;
    struct digest key;    /* SHA-256 of affiliate id, 0, Idempotency-Key */
    int64_t key_since_ms; /* a lead of that key opened before this is none; 0: whenever */
};

struct auction_claimed {
    enum claim_outcome outcome;
    bool by_key;                      /* AGAIN, IN_FLIGHT: it was the key that told */
    bool is_expired;                  /* FRESH: the offer has expired */
    struct bytes offer;               /* FRESH with has_ping: flat; copied by the fact */
    const struct lead_record *record; /* AGAIN: texts are copied by the fact */
};

struct auction_host {
    int64_t (*now_us)(void *world);
    int64_t (*wall_ms)(void *world);
    struct ident (*make_id)(void *world);
    /* The seed of the draw among ties: a keyed hash of the ping id. */
    uint64_t (*seed_of)(void *world, const struct ident *ping_id);
    /* Turns a plain hash of what a person gave into a keyed one, the same over restarts: only keyed ones are kept. */
    void (*keyed)(void *world, struct digest *digest);
    /* What a durable write takes lately (p99), to be kept back from a post's budget. */
    int64_t (*durable_us)(void *world);
    /* The ledger takes writes. */
    bool (*is_writable)(void *world);
    bool (*may_ping)(void *world, const struct affiliate *affiliate); /* takes from its rate */
    /* As it is now: what offers held too long has been let go. */
    struct standing *(*standing)(void *world);

    /* One wake for the whole auction; replaces the one before. CLOCK_NEVER: none. */
    void (*wake_at)(void *world, struct auction *auction, int64_t at_us);
    /* NONE and the call's id, or why no attempt was made (THROTTLED, CIRCUIT_OPEN, BUSY): no fact comes then. */
    enum reason (*ask)(void *world, struct auction *auction, const struct auction_ask *ask, uint64_t *call);
    void (*cancel)(void *world, uint64_t call);
    void (*claim)(void *world, struct auction *auction, const struct auction_claim *claim);
    /* Ends a claim: `answered` for good, else as if it had never been. */
    void (*unclaim)(void *world, const struct auction_claim *claim, bool answered);
    /* Sets the bits of the lists the person is on, among those the campaign asks about. */
    void (*look_up)(void *world, const struct catalogue *catalogue, const struct campaign *campaign,
                    const struct person *person, const struct person_keys *keys, uint64_t *on_lists);
    void (*recall)(void *world, struct auction *auction, const struct auction_recall *recall);
    void (*forget)(void *world, const struct auction_recall *recall);
    /* Takes caps, money and seat for that sale; fills *reservation before its fact, which names the slot again, says
     * NONE. */
    void (*reserve)(void *world, struct auction *auction, uint32_t slot, const struct cap_deal *deal,
                    struct reservation *reservation);
    /* What the offer about to be made holds of that contract until it is used up or expires: a place among its open
     * offers, and with hold_offer caps, money and seat. NONE, or nothing is held: THROTTLED, CAPPED, NO_FUNDS, NO_SEAT.
     */
    enum reason (*hold)(void *world, const struct cap_deal *deal, int64_t expires_ms);
    /* That offer holds caps, money and seat of the contract. */
    bool (*holds)(void *world, const struct ident *ping_id, const struct contract *contract);
    /* The offer was not made after all. */
    void (*unhold)(void *world, const struct ident *ping_id);
    void (*commit)(void *world, const struct reservation *reservation);
    /* reservation->sent says whether the post's bytes may have left. Money of a post that is in the book goes back with
     * the book's next word of it. */
    void (*release)(void *world, const struct reservation *reservation);
    /* Takes a release back: the book still holds that post as open. */
    void (*retake)(void *world, const struct contract *contract, const struct buyer *buyer, struct reservation *held);
    /* The post is in doubt: what it holds stays held, until the doubt is resolved. */
    void (*keep)(void *world, const struct ident *post_id, const struct reservation *reservation);
    /* `guard` (NULL: none) lives until the fact; FAULT_TAKEN: it did not hold, nothing is written. */
    void (*append)(void *world, struct auction *auction, const struct book_step *step,
                   const struct duplicates_guard *guard);
    /* False: no room for another offer. `same` tells the same ping (NULL: nothing does). */
    bool (*offer)(void *world, const struct offer *offer, const struct ident *same);
    /* The offer that stands open for the same ping, flat, in `flat` (OFFER_RECORD_MAX bytes). Empty: none. */
    struct bytes (*standing_offer)(void *world, const struct ident *same, char *flat);
    /* Ends the claim of that offer: another one took its place, over restarts too. */
    void (*supersede)(void *world, const struct offer *offer);
    void (*trace)(void *world, const struct trace_auction *record, const struct offer *offer);
    /* Once, unless the affiliate has gone. */
    void (*answer)(void *world, struct auction *auction, const struct auction_answer *answer);
    /* The last word: the auction's memory may be used again. */
    void (*closed)(void *world, struct auction *auction);
};

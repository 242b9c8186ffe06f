/* slot: one of the places a lead may be sold in, and how far it has come. For this room's files only. */
#pragma once

#include "exchange/auction/auction.h"

/* A slot's way. Facts move it from RESERVING and OUT; all else the story does. */
enum slot_state {
    SLOT_OPEN,      /* wants a candidate */
    SLOT_RESERVING, /* caps and seat of its candidate are asked for */
    SLOT_BARRED,    /* and not to be had */
    SLOT_RESERVED,  /* they are taken */
    SLOT_INTENDED,  /* the intent is on disk */
    SLOT_OUT,       /* the post is with the buyer */
    SLOT_ANSWERED,  /* its verdict is here, or it cannot have left */
    SLOT_REFUSED,   /* no sale: falls back */
    SLOT_SOLD,
    SLOT_DOUBT,
    SLOT_CLOSED /* nobody is left for it */
};
#define SLOT_BIT(state) (1u << (state))
#define SLOTS_HOLD                                                                                                     \
    (SLOT_BIT(SLOT_RESERVING) | SLOT_BIT(SLOT_RESERVED) | SLOT_BIT(SLOT_INTENDED) | SLOT_BIT(SLOT_OUT) |               \
     SLOT_BIT(SLOT_ANSWERED) | SLOT_BIT(SLOT_SOLD) | SLOT_BIT(SLOT_DOUBT))
#define SLOTS_UNDER_WAY (SLOT_BIT(SLOT_INTENDED) | SLOT_BIT(SLOT_OUT) | SLOT_BIT(SLOT_ANSWERED))

#define NO_CANDIDATE UINT32_MAX
#define NO_ATTEMPT UINT32_MAX

/* One of the buyers a lead is sold to, at a time. */
struct slot {
    enum slot_state state;
    uint32_t planned;       /* the candidate it is to be filled with first; NO_CANDIDATE: whoever is next */
    int64_t promise_micros; /* its part of what was promised */
    uint32_t candidate;     /* at hand: from RESERVING on */
    struct payout payout;
    enum reason reserve_reason;
    struct reservation reservation;
    bool reserved; /* and neither given back, committed nor kept */
    uint64_t call;
    bool post_failed;
    enum reason post_reason;
    struct verdict verdict; /* texts in the arena */
    uint32_t retries;       /* of the post at hand */
    int64_t retry_at_us;    /* INTENDED: it rests until then */
    uint32_t attempt;       /* the latest post */
    uint32_t next_attempt;  /* the one whose intent is being written */
    uint32_t posts_sent;
    struct reservation released; /* what the latest post held, with `unwritten` */
    bool was_released;
    bool unwritten; /* the latest post's outcome goes with the next entry */
    struct ident sale_id;
    int64_t resolves_ms;            /* DOUBT: when that ends by itself, wall; 0: not known */
    const struct lead_slot *before; /* RESUMED: what the book has of it, until it is posted for again */
};

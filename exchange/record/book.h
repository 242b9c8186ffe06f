/* book: the bytes of a step (step.h), and the rows the book keeps of leads and posts; struct <->
 * bytes, versioned, little-endian, bounded. Reading is strict: any byte string is either a whole valid record or
 * refused.
 *
 * Everything a reader returns points into the bytes or the arena. No thread of its own, no I/O. */
#pragma once

#include "exchange/record/step.h"

/* Rows, derived from the steps and kept in the same transaction. */

/* One place a lead may be sold in: its latest post, and the sale that came or may come of it. */
struct lead_slot {
    bool is_used; /* it was posted for */
    struct ident post_id;
    enum post_state state;
    uint8_t candidate, max_sold; /* of that post */
    uint32_t posts_sent;         /* posts of this slot whose bytes may have left */
    struct book_sale
        sale; /* ACCEPTED, RETURNED: as made; OPEN, UNKNOWN: what an acceptance would make, under the post's id */
    struct bytes buyer_lead_id;
    int64_t resolves_ms; /* UNKNOWN: when the doubt ends by itself; 0: never */
};

/* What its affiliate has been answered that was not final. */
enum lead_told { LEAD_TOLD_NOTHING, LEAD_TOLD_PENDING, LEAD_TOLD_SOLD, LEAD_TOLD_COUNT };

/* Of its private content. */
enum lead_erasure { LEAD_KEPT, LEAD_ERASURE_WAITS, LEAD_ERASED, LEAD_ERASURES };

struct lead_record {
    struct ident lead_id, ping_id;
    enum lead_state state;
    enum reason reason;
    struct bytes text; /* see book_final */
    int64_t created_ms, updated_ms;
    struct bytes affiliate, campaign, source, channel, ref, click_id, sub_ids;
    struct digest document;
    bool is_one_call;
    int64_t clear_after_ms; /* see book_opening */
    struct offer offer;
    uint64_t tried;  /* bit n: candidate n has been posted to */
    uint8_t planned; /* slots of the latest plan; 0: none was made */
    bool is_over;    /* its story has ended */
    uint8_t told;    /* enum lead_told: while a story goes on after that answer */
    enum lead_erasure erasure;
    int64_t erased_ms; /* ERASED: when */
    uint64_t fields;   /* of its opening */
    int64_t keep_ms;
    uint8_t slots_count;
    struct lead_slot slots[OFFER_SALES_MAX];
};
/* Slots in that state; states as bits. */
#define LEAD_SLOTS(state) (1u << (state))
/* When the last of its doubts ends by itself, as the slots say; 0: none is in doubt, or one has no end. */
int64_t lead_resolves_ms(const struct lead_record *lead);
unsigned lead_slots_in(const struct lead_record *lead, unsigned states);
/* What the slots say: SOLD (any), POSTING (any post is open), PENDING (any is in doubt), RETURNED (any was), else
 * UNSOLD. */
enum lead_state lead_state_of(const struct lead_record *lead);

struct post_record {
    struct ident post_id, lead_id, ping_id;
    bool is_test;
    enum post_state state;
    enum reason reason;
    struct bytes affiliate, campaign;
    struct book_intent intent;
    struct bytes code, text, buyer_lead_id;
    int64_t named_price_micros;
    int64_t opened_ms, settled_ms;
    enum verdict_source by; /* whose word `state` is; not OPEN */
    int64_t resolves_ms;    /* UNKNOWN: when the doubt ends by itself; 0: never */
    int64_t late_ms;        /* when the buyer accepted it after all, too late to be billed; 0: it did not */
};
/* The buyer may still say that it accepted it: the post was given up without its word. */
bool post_may_be_late(const struct post_record *post);

/* `sealed` replaces opening->content in the bytes (empty when there is no opening). */
bool book_write_step(struct sink *sink, const struct book_step *step, struct bytes sealed);
/* Parts live in the arena; opening->content is the sealed form. False: not a valid record of a known version. */
bool book_read_step(struct bytes bytes, struct arena *arena, struct book_step *step);
bool book_write_lead(struct sink *sink, const struct lead_record *lead);
bool book_read_lead(struct bytes bytes, struct arena *arena, struct lead_record *lead);
/* Without the offer, which does not change any more; of a row so written, book_read_lead gives its rehearsal only. */
bool book_write_lead_row(struct sink *sink, const struct lead_record *lead);
/* An offer of any length. */
bool book_write_offer(struct sink *sink, const struct offer *offer);
bool book_read_offer(struct bytes bytes, struct offer *offer);
bool book_write_post(struct sink *sink, const struct post_record *post);
bool book_read_post(struct bytes bytes, struct arena *arena, struct post_record *post);
bool book_write_seen(struct sink *sink, const struct book_seen *seen);
bool book_read_seen(struct bytes bytes, struct book_seen *seen);

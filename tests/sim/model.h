/* model: the simulated book: the rows that exchange/ledger derives from steps, worked out here a second time and on
 * purpose in another way (everything in memory, nothing shared with the ledger's code but the records' bytes), so that
 * it is a witness rather than a copy.
 *
 * What a step contradicts is told as a sentence; the world treats it as a broken invariant. One thread. */
#pragma once

#include "exchange/market/duplicates.h"
#include "exchange/record/book.h"
#include "protocol/base/table.h"

#define MODEL_ENCOUNTERS_MAX 4096u

struct model_post {
    struct ident post_id;
    uint32_t lead;
    enum post_state state;
    enum reason reason;
    struct book_intent intent; /* texts in the model's arena */
    enum verdict_source by;    /* how it was settled */
    int64_t late_ms;           /* accepted after it was given up; 0: not */
    int64_t named_micros;      /* by the verdict; negative: none */
    bool is_later;             /* paid when a stage is reached: sold for nothing */
    struct person_keys keys;   /* whom it was about */
    int64_t opened_ms, settled_ms;
};

struct model_lead {
    struct lead_record record; /* texts in the model's arena */
    struct bytes content;
    uint8_t told; /* to its affiliate: 1 + enum answer_status; see forward.c */
    int64_t told_micros;
    bool goes_on;            /* resolved as rejected: an intent or an end is to come */
    bool is_running;         /* its story is under way */
    bool was_pending;        /* its story ended, at times, with a post in doubt */
    bool is_settled;         /* its story is over and nothing of it is open or in doubt */
    uint32_t sales, intents; /* made so far; see LEAD_SLOTS for what stands */
};

struct model_cap {
    struct book_cap_key key; /* amount: used */
    uint32_t used_max;
};

struct model_learned {
    struct bytes contract;
    uint64_t word;
};

struct model_account {
    struct bytes name;
    int64_t micros;
};

/* Sees each step that was taken, each payment, and the names of a lead's fields before its opening is written; all
 * NULL: nobody does. */
struct model_witness {
    void *arg;
    void (*on_names)(void *arg, struct bytes names);
    void (*on_step)(void *arg, const struct book_step *step);
    void (*on_pay)(void *arg, struct bytes buyer, int64_t micros);
};

struct model {
    struct model_witness witness;
    struct arena arena;
    struct model_lead *leads;
    struct model_post *posts;
    struct model_cap *caps;
    struct model_account *accounts;
    struct model_learned *learned;
    uint32_t leads_count, leads_room, posts_count, posts_room, caps_count, caps_room, accounts_count, accounts_room,
        learned_count, learned_room;
    struct table lead_ids, ping_ids, keys, post_ids, cap_ids, account_names;
    uint64_t seq;
    bool loses_leg;        /* the saboteur's: of the next sale */
    bool forgets_releases; /* the saboteur's: see sim_main.c --sabotage */
};

struct model_totals {
    uint32_t tests, leads, sold, unsold, pending, posting, posts, doubts;
    int64_t revenue_micros, payout_micros, margin_micros;
};

void model_open(struct model *model);
void model_close(struct model *model);

/* One durable step. NULL, or what is wrong with it. */
const char *model_apply(struct model *model, const struct book_step *step);
/* After a crash: every open post is in doubt, its lead pending; a lead that was to go on does while its offer would
 * stand, and is closed unsold after that. Returns how
 * many are in doubt. */
uint32_t model_restart(struct model *model, int64_t wall_ms);
/* How a doubt ends. NULL: it has, and *resumes says whether the story goes on; else why it cannot ("unknown" or
 * "settled"). */
struct model_end {
    struct ident post_id;
    enum post_state state; /* ACCEPTED, REJECTED, VOIDED */
    enum reason reason;
    enum verdict_source by;
};
const char *model_end(struct model *model, const struct model_end *end, int64_t wall_ms, bool *resumes);
/* When the doubt of a post ends by itself; INT64_MAX: it is in none, or that has no end. */
int64_t model_ends_ms(const struct model_post *post);

struct model_lead *model_lead(const struct model *model, const struct ident *lead_id);
struct model_lead *model_lead_of_ping(const struct model *model, const struct ident *ping_id);
struct model_lead *model_lead_of_key(const struct model *model, const struct digest *key);
struct model_post *model_post(const struct model *model, const struct ident *post_id);
/* What is known of a person: every post ever made of it, however long ago. `list` has room for MODEL_ENCOUNTERS_MAX.
 */
uint32_t model_encounters(const struct model *model, const struct person_keys *keys, struct encounter *list);
/* Money from outside. */
void model_pay(struct model *model, struct bytes buyer, int64_t micros);
/* Used in that window. */
uint32_t model_used(const struct model *model, const uint8_t id[16], uint32_t window);
/* Sum over all accounts. */
int64_t model_balance(const struct model *model);
void model_totals(const struct model *model, struct model_totals *totals);

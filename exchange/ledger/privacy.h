/* privacy: what operators ask of the ledger about private data: that a person is erased, that the keys change; and that
 * a disclosure is on disk before it happens. On a line's thread, as all of ledger.h. */
#pragma once

#include "exchange/ledger/ledger.h"
#include "exchange/record/disclosure.h"

#define PRIVACY_LEADS_TOLD_MAX 100u

struct privacy_erasure {
    enum fault fault;
    struct ident lead_id;     /* asked: the person of this lead; none: of `keys` alone */
    struct person_keys keys;  /* asked: by keyed hash; answered: all that are not sold any more */
    uint32_t erased, waiting; /* leads destroyed now; those that are when their story ends */
    uint32_t told;            /* of both, the first of them: */
    struct ident leads[PRIVACY_LEADS_TOLD_MAX];
};

/* Destroys the private content of every lead of the person of `asked`, who is not sold any more. FAULT_NOT_FOUND: there
 * is no such lead, nothing is written. on_erased on the line's thread, when it is durable; the keys are then the
 * caller's to make known to standing. */
enum fault privacy_erase(struct ledger_line *line, const struct privacy_erasure *asked, int64_t wall_ms,
                         void (*on_erased)(void *arg, const struct privacy_erasure *erasure), void *arg) MUST_USE;

/* A new wrapping key, and every data key wrapped by it, a few at a time, over restarts too; then the old one leaves the
 * key file. on_begun, when the new key is in use: FAULT_IN_USE: the last rotation is not over; FAULT_SYSTEM: the key
 * file cannot be written; FAULT_FULL: too many since the start. Else privacy_rotation tells how far it has come. */
enum fault privacy_rotate(struct ledger_line *line, int64_t wall_ms,
                          void (*on_begun)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                          uint64_t token) MUST_USE;
struct privacy_rotation {
    bool is_running, has_failed; /* failed: the old key is still in the file; tried again at the next start */
    uint64_t wrapped;            /* data keys since it was begun, or since the start */
    uint64_t unreadable;         /* that no known key opens: the old keys are kept because of them */
};
/* Any thread. */
void privacy_rotation(const struct ledger *ledger, struct privacy_rotation *rotation);

/* A disclosure that is no post; it may happen once on_durable says FAULT_NONE. FAULT_INPUT: no such lead, or an id that
 * was used for it before. */
enum fault privacy_disclose(struct ledger_line *line, const struct disclosure *disclosure,
                            void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                            uint64_t token) MUST_USE;

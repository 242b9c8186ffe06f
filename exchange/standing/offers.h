/* offers: what was promised and not yet used, process-wide; put by the worker that ran the ping, claimed by any worker
 * with one CAS (open → claimed → answered, or superseded by a refinement). Flat bytes, at most OFFER_BYTES_MAX each, no
 * pointers; bounded by offers_max. Lock-free; any thread, but for put and open and close. Memory is touched as places
 * are first used, and used again when the offer there has been expired for OFFERS_LINGER_US, or sooner when room is
 * short, but never while it is claimed. */
#pragma once

#include "protocol/base/fault.h"
#include "protocol/base/ident.h"

#define OFFER_BYTES_MAX 2048
#define OFFERS_MAX 16777216                /* the most offers_max may be */
#define OFFERS_LINGER_US INT64_C(10000000) /* how long an expired offer is still told from an unknown one */

struct offers;

enum offer_state { OFFER_NONE, OFFER_OPEN, OFFER_CLAIMED, OFFER_ANSWERED, OFFER_EXPIRED, OFFER_SUPERSEDED };

/* FAULT_INPUT: offers_max is 0 or above OFFERS_MAX, or no workers. */
enum fault offers_open(uint32_t offers_max, uint32_t workers, struct offers **offers) MUST_USE;
void offers_close(struct offers **offers);
/* On worker `worker`'s thread (or before it runs). False: no room (nothing was expired either), or too long. An id is
 * put once. `same`: what tells the same ping, for offers_standing; NULL: nothing does. */
bool offers_put(struct offers *offers, uint32_t worker, const struct ident *ping_id, const struct ident *same,
                int64_t expires_us, int64_t now_us, struct bytes flat);
/* What stands for the same ping: the copy of an offer that was put with that `same`, if it is open. False: none. */
bool offers_standing(struct offers *offers, const struct ident *same, int64_t now_us, char *copy, size_t cap,
                     size_t *len);
/* Tries open → claimed; returns the state found: OPEN means it is now the caller's, and the bytes were copied (cap ≥
 * OFFER_BYTES_MAX, checked). EXPIRED, CLAIMED, ANSWERED, SUPERSEDED also copy; NONE does not. */
enum offer_state offers_claim(struct offers *offers, const struct ident *ping_id, int64_t now_us, char *copy,
                              size_t cap, size_t *len);
/* The same without claiming. */
enum offer_state offers_look(struct offers *offers, const struct ident *ping_id, int64_t now_us, char *copy, size_t cap,
                             size_t *len);
/* When the offer of that ping ends, whatever the wall clock says; 0: there is none. */
int64_t offers_end_us(struct offers *offers, const struct ident *ping_id);
/* claimed → open: the post was refused with a 4xx, which never uses an offer up. */
void offers_return(struct offers *offers, const struct ident *ping_id);
/* claimed → answered; the place is used again after the expiry. */
void offers_answered(struct offers *offers, const struct ident *ping_id);
/* claimed → superseded; the place is used again after the expiry. */
void offers_superseded(struct offers *offers, const struct ident *ping_id);
/* Open and not expired. Looks at every place: for statistics, not for every request. */
uint32_t offers_count(struct offers *offers, int64_t now_us);

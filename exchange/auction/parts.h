/* parts: what auction.c leaves to the other files of this room, and what they may ask of it. The story itself stands in
 * auction.c. */
#pragma once

#include "exchange/auction/asks.h"
#include "exchange/auction/onward.h"
#include "exchange/auction/slots.h"
#include "exchange/auction/story.h"

/* auction.c */
/* The request itself fails: nothing is recorded of it, and an offer it claimed stays open. `text` NULL: the reason's
 * own. */
enum step story_refuse(struct auction *auction, int http, enum reason reason, const char *text);
/* The trade says no: a verdict. Of a lead the book is told first. */
enum step story_reject(struct auction *auction, enum reason reason, const char *text);
/* Before the first intent an affiliate that leaves ends the story; after it the story runs to its end. */
bool story_has_left(const struct auction *auction);

/* admission.c */
/* Why its affiliate or source sends nothing now; NULL: it may. */
const char *admission_paused(const struct auction *auction);
/* The affiliate's caps have room for this ping or lead, and have counted it. */
bool admission_has_room(struct auction *auction);
bool admission_may_sell(const struct affiliate *affiliate, const struct campaign *campaign);
void admission_budget(struct auction *auction);
/* The lead against the campaign's schema. False: *refused is where the story goes. */
bool admission_form(struct auction *auction, enum lead_stage stage, const struct node *lead, enum step *refused);
/* The whole lead is here, and goes through an auction of its own. */
static inline bool admission_is_whole(const struct auction *auction)
{
    return auction->request.kind == AUCTION_ONE_CALL || auction->is_reauction;
}
/* What the request claims, and (once it was told) how it holds it. */
struct auction_claim admission_claim(const struct auction *auction);
/* The same ping again: it is told the offer that stands. False: none does. */
bool admission_standing(struct auction *auction);
/* The lead as the request has it, or (a refinement) with what its ping told before. */
enum step admission_begin(struct auction *auction, const struct node *lead);
enum step admission_refine(struct auction *auction);
enum step admission_offer(struct auction *auction);
enum step admission_again(struct auction *auction);
enum step admission_resume(struct auction *auction);
enum step admission_posts(struct auction *auction);

/* rehearse.c: the story of a test lead */
/* What a ping or one-call lead is to come to, into auction->rehearsal. False: *refused is where the story goes. */
bool rehearse_ping(struct auction *auction, enum step *refused);
/* The same of a post or a refinement, which goes on with what its ping was. */
bool rehearse_follow(struct auction *auction, enum rehearsal pinged, enum step *refused);
/* After the match. False: memory is out. */
bool rehearse_cast(struct auction *auction);
/* True also for what is no test. False: a reload took the contract's test endpoints away. */
bool rehearse_may_post(const struct auction *auction, const struct contract *contract);
/* Nothing is taken for a test, and nothing given back. */
void rehearse_reserve(struct slot *slot);
void rehearse_ask(const struct auction *auction, const struct contract *contract, struct auction_ask *ask);

/* closing.c */
/* Who is asked now, and until when: all, or the next tier of a waterfall with its share of the time that is left. */
void closing_begin(struct auction *auction);
/* Waterfall: nothing came of the tiers asked so far, another one is there, and time for it. */
bool closing_goes_on(const struct auction *auction);
/* The same for a whole lead whose posts were all refused. */
bool closing_asks_on(const struct auction *auction);
/* Why no more bids are waited for; NULL: they are. */
const char *closing_cause(struct auction *auction, int64_t now_us);

/* people.c: the person a lead is about. */
/* Who it is, from lead and hashes. False: memory is out. */
bool people_read(struct auction *auction, const struct node *lead);
/* What a lead without an Idempotency-Key is known again by. */
void people_name_lead(struct auction *auction);
/* True if what the book remembers has to be asked first. */
bool people_may_be_known(const struct auction *auction);
void people_recall(struct auction *auction);
void people_copy(struct auction *auction, const struct auction_recalled *recalled);
void people_forget(struct auction *auction);
/* Why the person is for nobody: SUPPRESSED, or NONE. */
enum reason people_suppressed(const struct auction *auction);
/* Why nobody is asked about this person, NONE: no reason. */
enum reason people_reason(const struct auction *auction);
/* Why this contract does not get this person, NONE: no reason. */
enum reason people_bars(const struct auction *auction, const struct contract *contract);
/* Entries of the match that people_bars shuts; of a ping not those whose seller the consent does not name: the
 * affiliate is only now told who they are. */
void people_match(struct auction *auction);
/* The part of an entry by which the person is known again, or NULL; with an intent also the guard. */
const struct book_seen *people_seen(struct auction *auction, const struct book_step *step, struct book_seen *seen);
const struct duplicates_guard *people_guard(struct auction *auction, const struct book_step *step);

void people_key(struct auction *auction, const struct person_hash *hash, struct person_key *key);

/* candidates.c */
/* Lists the ranked bids, or the offer's, as candidates. False: memory is out. */
bool candidates_from_rank(struct auction *auction);
bool candidates_more(struct auction *auction); /* those of a later ranking, behind them */
bool candidates_from_offer(struct auction *auction, uint64_t tried);
/* The next candidate worth a post of that slot: into slot->candidate and ->payout; those passed over become skipped
 * attempts with their reason. False: none is left (or no time, or posts_max: noted as attempts too). */
bool candidates_next(struct auction *auction, struct slot *slot);
/* While nobody holds a lead that may be sold to several: the best set of those not asked yet, its slots open. False:
 * there is none; who was left is noted as passed over. */
bool candidates_plan(struct auction *auction);
/* Asks for the reservation of the candidate at hand, for the payout at hand. */
void candidates_reserve(struct auction *auction, struct slot *slot);
/* Why the lead is not sold: the attempt that came nearest. */
enum reason candidates_reason(const struct auction *auction);
/* The slot's candidate at hand, tried now. */
struct attempt *candidates_note(struct auction *auction, struct slot *slot, bool skipped, enum reason reason);

/* promise.c: whether it may win an offer is not known before the offer is made. */
bool promise_is_bound(const struct contract *contract);
/* Takes what the contracts promised in the offer want held; one that cannot is out with its reason, the others are
 * ranked again, until there is one or none. False: memory is out. */
bool promise_hold(struct auction *auction);

/* entries.c: each fills and appends one step of the book. */
/* The intents of the reserved slots, and what came of earlier posts. */
void entries_intents(struct auction *auction);
/* What came of the posts; and the end (auction->final) once none is under way. */
void entries_outcome(struct auction *auction);
/* The affiliate's sub_ids into the offer, for answer, book and offer. False: what a ping told is more than an offer
 * holds (OFFER_FACTS_MAX). */
bool entries_facts(struct auction *auction);
/* A digest of a person's, keyed, as an offer keeps it. */
void entries_hash(struct auction *auction, const struct digest *digest, struct offer_hash *hash);
/* auction->offer from the ranking: the promise, until when, and who stands behind it. */
void entries_offer(struct auction *auction);
/* consent_json and content from what was read. False: memory is out. */
bool entries_content(struct auction *auction);
/* The same, and form.full_json, from the content of a record (RESUMED). False: unreadable, or memory is out. */
bool entries_open_content(struct auction *auction);
/* A copy whose texts live in the arena; NULL: memory is out. */
struct lead_record *entries_copy_record(struct auction *auction, const struct lead_record *record);

/* telling.c */
/* The one answer, as auction->answer: a problem (4xx, 5xx), a ping's verdict, or what became of a lead. `text` NULL:
 * the reason's own. */
void tell_problem(struct auction *auction, int http, enum reason reason, const char *text);
void tell_offer(struct auction *auction);
void tell_rejected(struct auction *auction, enum reason reason, const char *text);
void tell_lead(struct auction *auction, enum lead_state state);
/* What an unsold lead is answered with, where that is more than its reason's own sentence; else empty. */
const char *tell_sentence(struct auction *auction);
/* The first answer again, out of auction->record. */
void tell_again(struct auction *auction);
/* Fills in what every answer has; and hands it to the host, unless nobody waits. */
void tell_complete(struct auction *auction);
void tell_answer(struct auction *auction);
void tell_trace(struct auction *auction);

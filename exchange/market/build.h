/* build: a catalogue in the making; for catalogue.c and build*.c only. One thread, for one call of catalogue_build.
 *
 * Every error and warning is told and building goes on, so that the operator sees all of them at once; a part that
 * failed holds a harmless value. Running out of memory is not a finding: it is remembered, and nothing is handed out.
 */
#pragma once

#include "exchange/market/campaign.h"

#define BUILD_TEXT_MAX 256                        /* of a finding */
#define BUILD_MONEY_MAX INT64_C(1000000000000000) /* 1e9 of the currency: sums stay far from int64's end */

/* Things kept once, found by their bytes. */
struct pool {
    struct table places;
    const void **items;
    uint32_t count, room;
};

struct build {
    const struct catalogue_source *source;
    struct catalogue *catalogue;
    struct arena *arena; /* the catalogue's */
    bool is_unpack;      /* out of the book: secrets are not there, and findings were told long ago */
    uint32_t errors;
    bool no_memory;
    struct pool zones, hosts, schedules, calendars;
    const uint8_t *zip_states;          /* one for all campaigns, once one needs it */
    const struct node **contract_nodes; /* by contract index; of a bulk one what is asked for later (build_bulk.c) */
    struct arena kept;                  /* of those */
    char *bulk;                         /* the bulk contracts, packed */
    size_t bulk_len, bulk_room;
    uint32_t bulk_count;         /* the last so many contracts */
    const struct places *places; /* NULL: not asked for yet */
};

/* --- findings --- */
void build_error(struct build *build, const struct node *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void build_warning(struct build *build, const struct node *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* For "%.*s": foreign text, cut where a line would become unreadable. */
#define BUILD_SHOWN(bytes) (int)((bytes).len < 64 ? (bytes).len : 64), (bytes).at

/* --- memory of the catalogue --- */
/* NULL also notes that memory is out; cleared. */
void *build_zero(struct build *build, size_t count, size_t size);
struct bytes build_copy(struct build *build, struct bytes text);
/* The item kept under these bytes, or NULL. */
const void *pool_find(const struct pool *pool, struct bytes key);
void pool_put(struct build *build, struct pool *pool, struct bytes key, const void *item);

/* --- members of a map: absent leaves the target at its default, a wrong value is an error --- */
void build_duration(struct build *build, const struct node *map, const char *name, int64_t *us);
void build_money(struct build *build, const struct node *map, const char *name, int64_t *micros);
void build_count(struct build *build, const struct node *map, const char *name, uint32_t min, uint32_t *count);
void build_bool(struct build *build, const struct node *map, const char *name, bool *truth);
/* One of `words`, by its number. */
void build_word(struct build *build, const struct node *map, const char *name, const char *const *words, unsigned count,
                unsigned *number);
/* Copied. */
void build_text(struct build *build, const struct node *map, const char *name, struct bytes *text);
/* `margin: {…}` of that map; build_margin_rules: the rules stand in `node` itself; build_pay: `pay: {…}`, instead. */
void build_margin(struct build *build, const struct node *map, struct margin *margin);
void build_margin_rules(struct build *build, const struct node *node, struct margin *margin);
void build_pay(struct build *build, const struct node *map, struct margin *margin);
/* Copies of a list's texts, sorted. */
void build_names(struct build *build, const struct node *map, const char *name, struct names *names);
/* The list of that name with its count; NULL and 0 when absent. */
const struct node *build_list(struct build *build, const struct node *map, const char *name, uint32_t *count);
/* Reads `id` and enters it in the table; a second one of the same text is an error. */
void build_id(struct build *build, const struct node *map, const char *noun, struct table *ids, uint32_t index,
              struct bytes *id);

/* --- the parts, in this order --- */
void build_campaigns(struct build *build);
/* What a lead of the campaign is worth and may be refused for, beside its fields: consent, test patterns, score, zips
 * that have to be in their state. The fields are there. */
void build_quality(struct build *build, const struct node *node, struct campaign *campaign);
/* ping_hashes and disclose_floor of a contract: what of lead and affiliate its pings tell; its seller and consent. */
void build_disclosure(struct build *build, const struct node *node, struct contract *contract);
void build_seller(struct build *build, const struct node *node, struct contract *contract);
/* Warns of what can never come about: contracts, prices, calendars, margins nobody meets. After build_indexes. */
void build_reach(struct build *build);
/* After the contracts: buyers that keep a hash_secret for nothing. */
void build_disclosed(struct build *build);
/* NULL: told, or memory is out. */
const struct filter *build_filter(struct build *build, const struct campaign *campaign, const struct node *node);
void build_calendars(struct build *build);
void build_affiliates(struct build *build);
void build_buyers(struct build *build);
void build_contracts(struct build *build);
/* Those that come one after the other, behind the others. */
void build_bulk(struct build *build);
/* The contract that stands in this map; its index, buyer and id are set. */
void build_contract(struct build *build, const struct node *node, struct contract *contract);
/* The built-in test buyers and their contracts, behind all others: room for them was left. */
void build_rehearsals(struct build *build);
/* The schedule of that map in the buyer's zone, shared with equal ones; NULL: there is none, or it was told why. */
const struct schedule *build_schedule(struct build *build, const struct node *map, const struct zone *zone);
/* The minute (UTC, since 1970) in which that date of the zone begins, or the one `after` it. */
void build_date(struct build *build, const struct node *map, const char *name, const struct zone *zone, bool after,
                uint32_t *minute);
/* Whose caps: what their ids are made of. */
struct cap_owner {
    const char *kind;          /* "contract", "buyer", "affiliate" */
    struct bytes id, campaign; /* campaign: of an affiliate's; else none */
};
/* The caps of that owner in that zone. */
const struct cap *build_caps(struct build *build, const struct node *node, const struct cap_owner *owner,
                             const struct zone *zone, uint32_t *count);
/* Where its experiment is counted; only with cells. */
uint32_t build_trial_cell(struct build *build, const struct campaign *campaign);
/* Where the contract's campaign goes by policy even: a count without a limit behind its caps. */
void build_count_today(struct build *build, struct contract *contract);
struct cap_id build_cap_id(const struct cap_owner *owner, const struct cap *cap);
/* How many keys of a reservation they take. */
unsigned build_cap_keys(const struct cap *caps, uint32_t count);
/* The zone of that name, kept once; UTC for an empty one. NULL: there is no such zone (not told). */
const struct zone *build_zone(struct build *build, struct bytes name);
/* Out of the tables, made when first asked for; NULL: there are none, or a zone they name is not there (told about
 * `where`). */
const struct places *build_places(struct build *build, const struct node *where);
/* The campaign's quiet_hours, and its public fields of type us_state and us_zip. */
void build_quiet(struct build *build, const struct node *node, struct campaign *campaign);
void build_whereabouts(struct campaign *campaign);
/* Only without errors: which segments are asked for in which campaign, and who counts pings. */
void build_segments(struct build *build);
/* from and until of a contract, dates in the buyer's zone. */
void build_period(struct build *build, const struct node *node, const struct zone *zone, struct contract *contract);
/* How a campaign ranks, its experiment included; what a contract's place in a ranking depends on. */
void build_ranking(struct build *build, const struct node *node, struct campaign *campaign);
void build_place(struct build *build, const struct node *node, struct contract *contract);
/* A waterfall needs tiers. */
void build_check_tiers(struct build *build);
void build_margins(struct build *build);
/* The names of `lists`; filters refer to them. */
void build_lists(struct build *build);
/* `suppress: […]` of that map. */
void build_suppression(struct build *build, const struct node *map, struct suppression *suppression);
/* All of them, owners of lists, people whom buyers exclude; and which lists each campaign asks about. */
void build_suppressions(struct build *build);
/* The rules about the same person again: of campaigns and contracts, all of which are known by now. */
void build_duplicates(struct build *build);
void build_sources(struct build *build, const struct node *node, struct affiliate *affiliate);
/* Names that affiliates and buyers exclude: all of them are known by now. */
void build_exclusions(struct build *build);
/* Only without errors: who has which contracts, and the cells of standing. */
void build_indexes(struct build *build);
void build_cells(struct build *build);

/* catalogue: the compiled catalogue, one immutable snapshot: campaigns, affiliates, buyers, contracts and the
 * exchange's own rules. Built whole from a checked document, or refused whole; read by all threads without a lock.
 *
 * Counted: catalogue_take / catalogue_drop; the last drop frees. An auction keeps the snapshot it was opened with.
 * Every name points into the snapshot's own memory. Contracts, buyers and caps name the cells of their standing state
 * by index; cells outlive snapshots (exchange/standing). */
#pragma once

#include <stdatomic.h>

#include "exchange/market/affiliate.h"
#include "exchange/market/circuit.h"
#include "exchange/market/field.h"
#include "exchange/market/geo.h"
#include "exchange/market/quality.h"
#include "exchange/market/ranking.h"
#include "exchange/market/source.h"
#include "protocol/base/table.h"

struct index;
struct places;
struct quiet;

enum promise_kind { PROMISE_SQUEEZE, PROMISE_KEEP };

/* When a person is the same person again: see duplicates.h. */
struct duplicates {
    unsigned by; /* bits of enum person_kind */
    bool match_all, counts_posted, is_everywhere;
    int64_t window_ms, reject_memory_ms; /* 0: no rule */
    const uint32_t *campaigns;           /* other ones in its scope */
    uint32_t campaigns_count;
};

struct campaign {
    uint32_t index;
    uint8_t max_sales, objective; /* enum objective */
    struct bytes id;
    int64_t timeout_us, post_timeout_us, offer_ttl_us;
    enum promise_kind promise;
    struct onward_terms onward;
    bool reauctions_mismatch; /* on_mismatch; else such a post is unsold */
    int64_t retention_ms;     /* how long private content is kept; 0: until it is erased */
    int64_t reping_window_us; /* 0: every ping is asked about */
    uint32_t max_refines;     /* of one ping */
    int64_t min_margin_micros;
    struct margin margin;
    bool is_waterfall;      /* tiers are asked one after another; else all at once */
    struct ranking ranking; /* of all auctions, or of those an experiment leaves */
    struct ranking trial;   /* the experiment's */
    uint32_t trial_ppm;     /* its share of the auctions; 0: there is no experiment */
    uint32_t trial_cell;    /* in standing's experiments; STANDING_NONE without one */
    struct bytes exit_url;  /* for the people of unsold leads; may be empty */
    bool paused;
    const struct field *fields;
    uint32_t fields_count;
    struct quality quality;
    bool gives_hashes;         /* a contract's pings carry hashes of the person */
    const uint32_t *contracts; /* indexes, in the catalogue's order */
    uint32_t contracts_count;
    const struct table *list_names; /* the catalogue's, for filters in the making */
    struct suppression suppress;
    const uint16_t *lists; /* those its leads are looked up in, ascending */
    uint32_t lists_count;
    bool asks_people; /* a list, or a buyer's exclusions: who it is matters at the ping, too */
    struct duplicates duplicates;
    bool recalls; /* it, or a contract of it, has a rule: what the book remembers of a person is looked up */
    int64_t sold_keep_ms, refused_keep_ms; /* how long others' rules and its own may ask about its leads */
    uint32_t hidden_count;                 /* of them, those with is_hidden */
    const struct index *filters;           /* of their filters; bits in the order of `contracts` */
    const struct quiet *quiet;             /* the consumer's hours; NULL: any */
    unsigned segments;                     /* bit n: a cap that may meet its leads is per `enum cap_per` n */
    uint32_t state_field, zip_field;       /* the public ones of type us_state and us_zip; FIELD_NONE: there is none */
    const struct places *places;           /* where a segment is read off the zip; else NULL */
};

enum principal_kind { PRINCIPAL_AFFILIATE, PRINCIPAL_BUYER };

struct principal {
    enum principal_kind kind;
    uint32_t index;
};

struct catalogue {
    struct digest version; /* SHA-256 of `packed` */
    struct bytes packed; /* house rules and document in MessagePack, without signing secrets: rebuilds this snapshot */
    int64_t loaded_ms;   /* wall; the builder's caller sets it */
    struct house_rules house;
    const struct zone *zone; /* the house's */
    struct campaign *campaigns;
    struct affiliate *affiliates;
    struct buyer *buyers;       /* behind the last: the built-in test buyers (rehearsal.h) */
    struct contract *contracts; /* the same */
    struct people_list *lists;
    struct suppression suppress; /* the exchange's own */
    uint32_t campaigns_count, affiliates_count, buyers_count, contracts_count, lists_count;
    struct table campaign_ids, affiliate_ids, buyer_ids, contract_ids; /* id -> index */
    struct table list_names;
    struct table keys; /* 32 raw bytes of a key's SHA-256 -> index of principals */
    struct principal *principals;
    uint32_t principals_count;
    struct arena memory;
    _Atomic uint32_t references;
};

/* The snapshot with one reference, or NULL: findings told why (all of them, not only the first), or memory is out.
 * Cells are made only when there was no error. */
struct catalogue *catalogue_build(const struct catalogue_source *source);
/* From `packed` of an earlier snapshot (explain, replay): same version, no cells, no secrets. NULL: damaged, or memory
 * is out. */
struct catalogue *catalogue_unpack(struct bytes packed, bool (*read_zone)(void *, struct bytes, struct bytes *),
                                   void *arg);
void catalogue_take(struct catalogue *catalogue);
void catalogue_drop(struct catalogue **catalogue);
/* The caller's count is the last one, and nobody can take another: dropping it frees. */
bool catalogue_is_last(const struct catalogue *catalogue);
/* TABLE_NONE-safe look-ups: NULL when unknown. */
const struct campaign *catalogue_campaign(const struct catalogue *catalogue, struct bytes id);
const struct affiliate *catalogue_affiliate(const struct catalogue *catalogue, struct bytes id);
/* NULL: the affiliate has no rules for it. */
const struct lead_source *catalogue_source_of(const struct affiliate *affiliate, struct bytes source);
const struct buyer *catalogue_buyer(const struct catalogue *catalogue, struct bytes id);
const struct contract *catalogue_contract(const struct catalogue *catalogue, struct bytes id);
/* The SHA-256 of each principal's key, in their order; `keys` has room for principals_count. */
void catalogue_keys(const struct catalogue *catalogue, struct digest *keys);
/* Who holds the key whose whole text hashes to `key`. */
const struct principal *catalogue_principal(const struct catalogue *catalogue, const struct digest *key);

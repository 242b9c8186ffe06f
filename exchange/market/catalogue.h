/* catalogue: the compiled catalogue, one immutable snapshot: campaigns, affiliates, buyers, contracts and the
 * exchange's own rules. Built whole from a checked document, or refused whole; read by all threads without a lock.
 *
 * Counted: catalogue_take / catalogue_drop; the last drop frees. An auction keeps the snapshot it was opened with.
 * Every name points into the snapshot's own memory. Contracts, buyers and caps name the cells of their standing state
 * by index; cells outlive snapshots (exchange/standing). */
#pragma once

#include "exchange/market/filter.h"
#include "exchange/market/schedule.h"
#include "exchange/standing/standing.h"
#include "protocol/base/table.h"
#include "protocol/crypto/digest.h"

enum field_type { FIELD_TEXT, FIELD_INTEGER, FIELD_CHOICE, FIELD_US_STATE, FIELD_US_ZIP, FIELD_US_PHONE, FIELD_EMAIL };
enum field_required { FIELD_OPTIONAL, FIELD_AT_PING, FIELD_AT_POST };

struct field {
    struct bytes name;
    enum field_type type;
    enum field_required required;
    bool is_private;
    int64_t min, max; /* INTEGER: the value; TEXT: bytes (max only) */
    const struct bytes *choices;
    uint32_t choices_count;
};

/* Where a margin was stated; the name goes into the ledger line. Stored: append only. */
enum margin_source { MARGIN_EXCHANGE, MARGIN_CAMPAIGN, MARGIN_AFFILIATE, MARGIN_SOURCE_COUNT };
const char *margin_source_name(enum margin_source source);

struct margin {
    bool is_set;
    int64_t ppm;        /* of the price */
    int64_t min_micros; /* at least this much */
};

enum promise_kind { PROMISE_SQUEEZE, PROMISE_KEEP };
enum cap_window { CAP_HOUR, CAP_DAY };

struct cap {
    enum cap_window window;
    uint32_t limit;   /* leads */
    uint32_t cell;    /* in standing's caps */
    struct cap_id id; /* stable: owner, window, unit, segment */
};

struct endpoint {
    bool is_https;
    struct bytes host; /* NUL-terminated */
    unsigned port;
    struct bytes target; /* path and query */
    struct bytes url;
};

/* The first rule whose filter matches gives the standing price. */
struct price_rule {
    const struct filter *when; /* NULL: always */
    int64_t price_micros;
};

struct contract {
    uint32_t index; /* in catalogue.contracts */
    uint32_t buyer, campaign;
    uint32_t cell;                               /* in standing's contracts */
    uint32_t ping_origin_cell, post_origin_cell; /* in standing's origins; STANDING_NONE without that endpoint */
    struct bytes id;
    struct endpoint ping, post; /* ping.url empty: a standing price without a call */
    int64_t ping_timeout_us, post_timeout_us;
    bool is_live;
    const struct price_rule *prices;
    uint32_t prices_count;
    int64_t min_price_micros, max_price_micros;
    uint32_t tier;
    const struct filter *filter;     /* NULL: everything */
    const struct schedule *schedule; /* NULL: always open */
    const struct cap *caps;
    uint32_t caps_count;
    bool seats_required;
    bool silent_available; /* when_silent */
    int64_t bid_ttl_us;
    bool paused;
};

struct buyer {
    uint32_t index;
    uint32_t cell; /* in standing's buyers */
    struct bytes id, group, public_name;
    const struct zone *zone;
    struct bytes secrets[2]; /* whsec_… */
    uint32_t secrets_count;
    uint32_t max_in_flight;    /* 0: none */
    uint32_t max_pings_per_s;  /* 0: none */
    const uint32_t *contracts; /* indexes */
    uint32_t contracts_count;
};

enum reveal_buyers { REVEAL_ID, REVEAL_NAME, REVEAL_NONE };

struct affiliate {
    uint32_t index;
    uint32_t cell; /* in standing's affiliates: rate */
    struct bytes id;
    const uint32_t *campaigns;
    uint32_t campaigns_count;
    int64_t min_price_micros;
    struct margin margin;
    uint32_t pings_per_s; /* 0: no limit */
    enum reveal_buyers reveal;
    bool paused;
};

struct campaign {
    uint32_t index;
    struct bytes id;
    int64_t timeout_us, post_timeout_us, offer_ttl_us;
    enum promise_kind promise;
    int64_t min_margin_micros;
    struct margin margin;
    const struct field *fields;
    uint32_t fields_count;
    const struct bytes *consent_required; /* "tcpa" */
    uint32_t consent_required_count;
    const uint32_t *contracts; /* indexes, in the catalogue's order */
    uint32_t contracts_count;
};

enum principal_kind { PRINCIPAL_AFFILIATE, PRINCIPAL_BUYER };

struct principal {
    enum principal_kind kind;
    uint32_t index;
};

/* What settings say for every campaign; part of the snapshot so that one auction sees one version of both. */
struct house_rules {
    struct margin margin;
    int64_t payout_step_micros;
    uint32_t max_posts;
    struct bytes currency;
};

struct catalogue {
    struct digest version; /* SHA-256 of `packed` */
    struct bytes
        packed; /* the checked document in canonical MessagePack, with house_rules beside it: rebuilds this snapshot */
    int64_t loaded_ms; /* wall */
    struct house_rules house;
    struct campaign *campaigns;
    struct affiliate *affiliates;
    struct buyer *buyers;
    struct contract *contracts;
    uint32_t campaigns_count, affiliates_count, buyers_count, contracts_count;
    struct table campaign_ids, affiliate_ids, buyer_ids, contract_ids; /* id -> index */
    struct table keys; /* 32 raw bytes of a key's SHA-256 -> keys_of index */
    struct principal *principals;
};

/* A finding, with the node it concerns (for file:line:col). `is_error` false: a warning. */
typedef void catalogue_on_finding(void *arg, const struct node *where, bool is_error, const char *text);

struct catalogue_source {
    const struct node *document; /* map: campaigns, affiliates, buyers (schema already checked: keys and plain types) */
    struct house_rules house;
    struct standing
        *standing; /* cells are found or made here; NULL: no cells (check, explain): all are STANDING_NONE */
    /* The TZif file of an IANA zone, in memory that outlives the build; false: no such zone. */
    bool (*read_zone)(void *arg, struct bytes name, struct bytes *file);
    void *read_zone_arg;
    catalogue_on_finding *on_finding;
    void *on_finding_arg;
};

/* The snapshot with one reference, or NULL: findings told why (all of them, not only the first), or memory is out. */
struct catalogue *catalogue_build(const struct catalogue_source *source);
/* From `packed` of an earlier snapshot (explain, replay). */
struct catalogue *catalogue_unpack(struct bytes packed, bool (*read_zone)(void *, struct bytes, struct bytes *),
                                   void *arg);
void catalogue_take(struct catalogue *catalogue);
void catalogue_drop(struct catalogue **catalogue);
/* TABLE_NONE-safe look-ups: NULL when unknown. */
const struct campaign *catalogue_campaign(const struct catalogue *catalogue, struct bytes id);
const struct affiliate *catalogue_affiliate(const struct catalogue *catalogue, struct bytes id);
const struct buyer *catalogue_buyer(const struct catalogue *catalogue, struct bytes id);
const struct contract *catalogue_contract(const struct catalogue *catalogue, struct bytes id);
/* Who holds the key whose whole text hashes to `key`. */
const struct principal *catalogue_principal(const struct catalogue *catalogue, const struct digest *key);

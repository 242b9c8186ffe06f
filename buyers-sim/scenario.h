/* scenario: a scenario file (docs/simulated-buyers.md), read whole and checked. What stands here never changes while
 * the program runs, but for a buyer's plan, which /control may replace. One thread; everything lies in the scenario's
 * arena. */
#pragma once

#include "buyers-sim/act.h"
#include "buyers-sim/draw.h"

#define SCENARIO_BUYERS_MAX 10000
#define SCENARIO_PRIVATE_MAX 64
#define SCENARIO_SECRETS_MAX 2
#define SCENARIO_CODES_MAX 32
#define SCENARIO_RAW_MAX 2048 /* of legs as JSON, and of any one text that is sent */

struct price_entry {
    struct bytes value;
    int64_t price_micros;
};

struct price {
    struct spread spread;
    struct bytes field; /* by_field: of the lead; empty: by spread */
    struct price_entry *entries;
    uint32_t count;
    int64_t else_micros; /* -1: no bid */
};

/* What the status endpoint says of a post that was heard but not answered properly. */
enum truth { TRUTH_BY_ACT, TRUTH_ACCEPTED, TRUTH_REJECTED, TRUTH_NOT_SEEN };

struct post_plan {
    struct spread think;
    int64_t reject_ppm;
    struct bytes codes[SCENARIO_CODES_MAX]; /* of refusals, drawn */
    uint32_t codes_count;
    struct bytes reason;
    struct script script;
    int64_t price_micros; /* in the verdict; -1: left out */
    struct bytes redirect_url;
    enum truth truth;
};

/* The part of a buyer that may change while it runs. */
struct plan {
    struct price price;
    int priced;
    struct bytes legs; /* JSON; empty: left out */
    struct spread think;
    int64_t no_bid_ppm;
    struct bytes no_bid_code, no_bid_reason;
    int64_t pause_s; /* -1: left out, as the other numbers below */
    struct bytes bid_id;
    int bid_id_counted; /* bid_id true: b-1, b-2, … */
    int available;      /* -1: left out */
    int64_t available_in_us, valid_us;
    struct script script;
    int64_t seats; /* -1: no seats */
    int64_t seat_us;
    int64_t drip_us, drip_bytes;
    struct post_plan post;
};

enum door { DOOR_OPEN, DOOR_REFUSED, DOOR_CLOSES };

struct buyer_spec {
    struct bytes name, path;
    int64_t copies;                   /* "count" */
    struct bytes listen, post_listen; /* empty: the scenario's, the buyer's */
    enum door door, post_door;
    struct bytes secrets[SCENARIO_SECRETS_MAX];
    uint32_t secrets_count;
    struct bytes key, contract; /* of the buyer at the exchange */
    struct plan plan;
};

struct scenario {
    struct arena arena;
    struct bytes folder; /* of the file, which its paths start from */
    struct bytes listen; /* may be empty when every buyer has its own */
    struct bytes certificate, certificate_key;
    struct bytes exchange_url, exchange_ca;
    int64_t availability_ttl_s;
    int64_t seed;
    int64_t huge_bytes;
    struct bytes huge; /* the body of the manner "huge" */
    int record;
    struct bytes private[SCENARIO_PRIVATE_MAX];
    uint32_t private_count;
    struct buyer_spec *buyers;
    uint32_t count;
};

/* `listen`: instead of the scenario's own, or NULL; borrowed. false: *reading's note tells. scenario_free either way.
 */
bool scenario_read(struct scenario *scenario, const char *file, const char *listen, struct reading *reading);
void scenario_free(struct scenario *scenario);
/* Keys of a plan, as in a buyer's object, over those that stand: for /control. */
bool scenario_change(struct reading *reading, const struct node *changes, struct buyer_spec *spec);
/* A path of the scenario, seen from its folder. NULL: out of memory. */
const char *scenario_path(struct scenario *scenario, struct bytes path);

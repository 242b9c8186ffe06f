/* aftersale: what is told of a sale after it was made: the bodies of those entries, and the rows that follow from them.
 * Flat, versioned, strict, as book.h's; texts point into the bytes. */
#pragma once

#include "exchange/record/step.h"
#include "protocol/message/stage.h"

/* The money of a stage: price = payout + margin. */
struct aftersale_money {
    int64_t price_micros, payout_micros, margin_micros;
    uint8_t margin_rule;
};

/* An entry, and the row of its event id. */
struct book_disposition {
    struct ident post_id;
    struct bytes buyer, event_id;
    enum sale_stage stage;
    struct bytes label, agent; /* the buyer's words */
    int64_t at_ms;
    int64_t value_micros;          /* -1: not said */
    struct aftersale_money earned; /* what this stage is paid, by the contract's pay_on; a price of 0: nothing */
};

enum return_status { RETURN_REQUESTED, RETURN_APPROVED, RETURN_DENIED, RETURN_STATUS_COUNT };
const char *return_status_name(enum return_status status); /* "requested", "approved", "denied" */

/* Who said so. */
enum return_judge { RETURN_BY_NOBODY, RETURN_BY_CONTRACT, RETURN_BY_TIME, RETURN_BY_OPERATOR, RETURN_JUDGES };
const char *return_judge_name(enum return_judge judge); /* "", "contract", "time", "operator" */

/* An entry when it is asked for (requested, or approved at once), and its row. */
struct book_return {
    struct ident return_id, post_id, lead_id, sale_id;
    struct bytes buyer, affiliate, contract, campaign;
    struct bytes reason_code;
    bool has_evidence;
    struct digest evidence; /* of the sealed text, which stands outside the chain */
    enum return_status status;
    enum return_judge judge;
    struct bytes note;     /* of who judged */
    int64_t amount_micros; /* of the price */
    bool by_house;         /* the affiliate keeps its payout, the house bears it */
    int64_t asked_ms, judged_ms;
    int64_t accept_at_ms;    /* REQUESTED: approved by itself then; 0: never */
    int64_t onward_until_ms; /* approved whole by then, the lead goes to a new auction; 0: it does not */
};

/* An entry. */
struct book_judgement {
    struct ident return_id;
    enum return_status status; /* APPROVED, DENIED */
    enum return_judge judge;
    struct bytes note;
};

/* The row of a post (by its id) that has such terms, or of whose sale something was told. */
struct aftersale_record {
    struct ident post_id, lead_id;
    bool has_terms;
    struct book_after terms; /* without the id */
    uint32_t dispositions;
    enum sale_stage latest, highest;
    int64_t latest_ms, contacted_ms; /* 0: not yet */
    uint32_t paid;                   /* bits 1 << stage: stages that were paid */
    uint32_t returns;                /* asked for and not denied */
    int64_t pending_micros;          /* of those, what is not judged yet */
    int64_t contact_by_ms;           /* until then the person is to be reached; 0: no more, or never was */
    bool is_uncontacted;             /* nobody was reached in time */
    bool is_bad;                     /* learned as one that comes back */
};

bool aftersale_write_disposition(struct sink *sink, const struct book_disposition *disposition);
bool aftersale_read_disposition(struct bytes bytes, struct book_disposition *disposition);
bool aftersale_write_return(struct sink *sink, const struct book_return *asked);
bool aftersale_read_return(struct bytes bytes, struct book_return *asked);
bool aftersale_write_judgement(struct sink *sink, const struct book_judgement *judgement);
bool aftersale_read_judgement(struct bytes bytes, struct book_judgement *judgement);
bool aftersale_write_record(struct sink *sink, const struct aftersale_record *record);
bool aftersale_read_record(struct bytes bytes, struct aftersale_record *record);

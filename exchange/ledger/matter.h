/* matter: what a buyer or an operator says of a sale after it was made, and what came of saying it. The ledger thread
 * looks it up against the rows, in the order in which everything is written, so that of two the second sees what the
 * first did.
 *
 * Belongs to whoever asks, and is lent to the ledger thread until the answer comes. */
#pragma once

#include "exchange/market/catalogue.h"
#include "exchange/record/aftersale.h"
#include "protocol/message/disposition.h"
#include "protocol/message/return.h"

enum matter_kind { MATTER_DISPOSITION, MATTER_RETURN, MATTER_JUDGEMENT, MATTER_KINDS };

#define MATTER_NAME_MAX 64u     /* of a contract */
#define MATTER_FUTURE_MS 300000 /* a clock may be ahead by so much */

struct matter {
    enum matter_kind kind;
    const struct catalogue *catalogue; /* whose terms hold */
    struct bytes buyer;                /* who says it; what is another's is not found */
    const struct disposition_request *disposition;
    const struct return_request *asked; /* RETURN; its evidence is sealed before this is sent */
    struct ident return_id;             /* RETURN: a new one; JUDGEMENT: which */
    const struct return_decision *decision;
    struct bytes sealed; /* RETURN: the evidence, see ledger_seal; or empty */

    /* The answer. With FAULT_INPUT: why, about which field (NULL: about none: the object's state forbids it). */
    const char *field, *text;
    struct ident post_id, lead_id;
    bool is_again; /* it was told before: nothing was written */
    bool is_first; /* the first disposition of the sale, which was no test: its seat is free */
    char contract[MATTER_NAME_MAX];
    size_t contract_len;
    enum sale_stage stage;
    struct aftersale_money earned;
    enum return_status status;
    struct ident sale_id;
    int64_t amount_micros, asked_ms, accept_at_ms;
};

struct ledger_line;

/* Something private that is told of a sale, sealed under the id it is to be kept by; on the line's thread, in its
 * arena. */
enum fault ledger_seal(struct ledger_line *line, const struct ident *id, struct bytes text, struct arena *arena,
                       struct bytes *sealed) MUST_USE;
/* What a buyer or an operator says of a sale, see matter.h; it lives until on_durable, and is filled by then. */
enum fault ledger_matter(struct ledger_line *line, struct matter *matter, int64_t wall_ms,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token) MUST_USE;

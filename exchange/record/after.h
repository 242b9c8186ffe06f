/* after: what is to hold once a post has become a sale, by its contract's terms as they stood when it was sent. A part
 * of a step (step.h). */
#pragma once

#include "protocol/base/ident.h"
#include "protocol/message/stage.h"

/* With intents: what is to hold if that post becomes a sale, by the contract's terms as they stand. */
struct book_after {
    struct ident post_id;
    uint32_t gives_back;     /* bit n: the intent's key n makes room again when the sale is returned */
    bool counts;             /* returns are bounded by shares of a month's sales: it is one of them */
    enum sale_stage pays_at; /* billed when it is reached, nothing before; NONE: billed at once */
    uint32_t pays_ppm;       /* of what the buyer says it is worth; 0: the intent's price */
    int64_t contact_ms;      /* so long the buyer has to reach the person; 0: for ever */
    int64_t onward_ms; /* not reached by then, the lead goes to a new auction, if it is not older; 0: it does not */
};

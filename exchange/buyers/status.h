/* status: one question to a contract's status endpoint: what became of this post? Signed like a ping; never sent twice
 * by itself. It counts neither against the contract's health nor towards its buyer's max_in_flight: what it is asked
 * for is long over.
 *
 * The memory is the asker's, and lent until on_told or status_cancel. One thread, the client's loop's. */
#pragma once

#include "exchange/buyers/line.h"
#include "exchange/market/doubt.h"

#define STATUS_REQUEST_MAX 4096u
#define STATUS_US INT64_C(5000000) /* it may take so long, name and dial included */

struct status_ask {
    struct client *client;
    uint64_t call;
    struct lines *lines; /* a count of them is held while it is out */
    void (*on_told)(void *arg, enum doubt_word word);
    void *arg;
    char request[STATUS_REQUEST_MAX];
};

/* on_told comes once, later, with DOUBT_UNTOLD for whatever is no answer. False: it cannot be sent now, and on_told
 * does not come; so for a contract without such an endpoint. `call_id` names the question to the buyer. */
bool status_send(struct status_ask *ask, struct client *client, struct lines *lines, const struct contract *contract,
                 const struct ident *post_id, const struct ident *call_id);
/* Silent. */
void status_cancel(struct status_ask *ask);

/* operating: how a command that writes reaches the book: through the admin listener of the exchange that holds it, or
 * straight, when none does. */
#pragma once

#include "exchange/config/config.h"
#include "exchange/ledger/ledger.h"

#define OPERATING_REPLY_MAX 65536u
#define OPERATING_KEY "OUTCRY_ADMIN_KEY" /* of the environment: an operator's key, where the listener asks for one */

/* The book opened for writing, with one line. FAULT_IN_USE: an exchange holds it; FAULT_NOT_FOUND: there is none. */
struct operating {
    struct ledger *ledger;
    struct loop *loop;
    struct ledger_line *line;
};
enum fault operating_open(const struct settings *settings, struct operating *operating,
                          struct ledger_note *note) MUST_USE;
void operating_close(struct operating *operating);

struct operating_reply {
    int status; /* of HTTP */
    struct bytes body;
    char room[OPERATING_REPLY_MAX];
};
/* One request to the admin listener, and its answer; `address` NULL: that of the settings. False: there was none, and
 * note says why. */
bool operating_ask(const struct settings *settings, const char *address, const char *method, const char *path,
                   struct bytes body, struct operating_reply *reply, struct ledger_note *note);

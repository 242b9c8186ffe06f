/* operating: a command that writes to a book which no exchange holds; if one does, it is asked (admin_call.h). */
#pragma once

#include "exchange/config/config.h"
#include "exchange/ledger/ledger.h"

/* The book opened for writing, with one line. FAULT_IN_USE: an exchange holds it; FAULT_NOT_FOUND: there is none. */
struct operating {
    struct ledger *ledger;
    struct loop *loop;
    struct ledger_line *line;
};
enum fault operating_open(const struct settings *settings, struct operating *operating,
                          struct ledger_note *note) MUST_USE;
void operating_close(struct operating *operating);

/* What to say of a call to the exchange that holds it; `fault` of admin_call. */
const char *operating_text(enum fault fault);

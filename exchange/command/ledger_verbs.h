/* ledger_verbs: the verbs of `outcry ledger`, a file for each few of them. */
#pragma once

#include "exchange/command/options.h"
#include "exchange/config/config.h"

enum ledger_option {
    LEDGER_CONFIG,
    LEDGER_FROM,
    LEDGER_TO,
    LEDGER_FORMAT,
    LEDGER_WHAT,
    LEDGER_AFFILIATE,
    LEDGER_BUYER,
    LEDGER_CAMPAIGN,
    LEDGER_PERIOD,
    LEDGER_REF,
    LEDGER_NOTE,
    LEDGER_EFFECTIVE,
    LEDGER_KEY_FILE,
    LEDGER_JSON
};

/* Each: the exit status. Arguments are counted already; arguments[0] is the verb. */
int verb_accounts(const struct settings *settings, const struct options_given *given);
int verb_statement(const struct settings *settings, const struct options_given *given);
int verb_export(const struct settings *settings, const struct options_given *given);
int verb_adjust(const struct settings *settings, const struct options_given *given);
int verb_close(const struct settings *settings, const struct options_given *given);
int verb_backup(const struct settings *settings, const struct options_given *given);

/* Says what is wrong with the book. */
int verb_fail(const struct settings *settings, enum fault fault);

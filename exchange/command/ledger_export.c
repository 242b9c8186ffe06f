/* `outcry ledger export` and `backup`: the book as lines, and as a copy. Beside a live exchange or without one. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/command/command.h"
#include "exchange/command/instant.h"
#include "exchange/command/ledger_verbs.h"
#include "exchange/ledger/report.h"

/* What is not said stays as it was. */
static bool read_time(const char *text, int64_t *wall_ms)
{
    return !text || instant_read(text, clock_wall_ms(), wall_ms);
}

static bool read_word(const char *text, const char *const *words, unsigned count, unsigned *number)
{
    for (unsigned i = 0; text && i < count; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *number = i;
        return true;
    }
    return !text;
}

static struct bytes value_of(const struct options_given *given, enum ledger_option option)
{
    return given->values[option] ? bytes_of(given->values[option]) : BYTES_NONE;
}

static int complain_of(const char *text)
{
    fprintf(stderr, "outcry ledger: %s\n", text);
    return COMMAND_USAGE;
}

int verb_export(const struct settings *settings, const struct options_given *given)
{
    static const char *const formats[] = {"csv", "ndjson", "msgpack"}, *const whats[] = {"sales", "moves"};
    unsigned format = REPORT_CSV, what = REPORT_SALES;
    struct report_wish wish = {.to_ms = INT64_MAX,
                               .affiliate = value_of(given, LEDGER_AFFILIATE),
                               .buyer = value_of(given, LEDGER_BUYER),
                               .campaign = value_of(given, LEDGER_CAMPAIGN)};
    if (!read_word(given->values[LEDGER_FORMAT], formats, 3, &format))
        return complain_of("--format is csv, ndjson or msgpack");
    if (!read_word(given->values[LEDGER_WHAT], whats, 2, &what)) return complain_of("--what is sales or moves");
    if (!read_time(given->values[LEDGER_FROM], &wish.from_ms) || !read_time(given->values[LEDGER_TO], &wish.to_ms))
        return complain_of("--from and --to are " INSTANT_FORMS);
    wish.format = (enum report_format)format;
    wish.what = (enum report_what)what;
    enum fault fault = report_export(settings->ledger_path, &wish, stdout);
    if (fault == FAULT_VERSION)
        return complain_of("the book is of another version: an older one tells its movements once an exchange of this "
                           "version has started on it");
    return fault == FAULT_NONE ? COMMAND_DONE : verb_fail(settings, fault);
}

/* --- backup --- */

static int verify_copy(const char *to)
{
    struct report_verdict verdict = {0};
    enum fault fault = report_verify(to, &verdict, NULL, NULL);
    if (fault != FAULT_NONE) {
        fprintf(stderr, "outcry ledger: the copy in %s cannot be read back (%s): it is not a backup\n", to,
                fault_text(fault));
        return COMMAND_USAGE;
    }
    if (verdict.older)
        return complain_of("the book is of an older version: start an exchange of this version on it first");
    if (!verdict.good) {
        fprintf(stderr, "outcry ledger: the copy in %s does not verify: %s\n", to, verdict.text);
        return COMMAND_NO;
    }
    printf("backup: %s has %llu entries, read back and verified whole; keep the key file beside it, in another place\n",
           to, (unsigned long long)verdict.entries);
    return COMMAND_DONE;
}

int verb_backup(const struct settings *settings, const struct options_given *given)
{
    const char *to = given->arguments[1];
    enum fault fault = report_copy(settings->ledger_path, to);
    if (fault == FAULT_TAKEN) {
        fprintf(stderr, "outcry ledger: %s is there already: a backup goes into a new folder\n", to);
        return COMMAND_USAGE;
    }
    if (fault != FAULT_NONE) {
        fprintf(stderr, "outcry ledger: the copy of %s to %s failed: %s\n", settings->ledger_path, to,
                fault_text(fault));
        return COMMAND_USAGE;
    }
    return verify_copy(to);
}

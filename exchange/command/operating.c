/* A command makes no book: what is not there is not opened. */
#include "exchange/command/operating.h"

#include <stdio.h>

enum fault operating_open(const struct settings *settings, struct operating *operating, struct ledger_note *note)
{
    struct reader *reader;
    struct ledger_options options = {.path = settings->ledger_path,
                                     .map_bytes = (uint64_t)settings->ledger_map_bytes,
                                     .keys_path = settings->ledger_keys,
                                     .trace_keep_ms = settings->trace_keep_us / 1000,
                                     .trace_max_bytes = (uint64_t)settings->trace_max_bytes,
                                     .lines_max = 1};
    *operating = (struct operating){NULL, NULL, NULL};
    note->text[0] = '\0';
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader);
    if (fault == FAULT_NONE) {
        reader_close(&reader);
        fault = ledger_open(&options, &operating->ledger, note);
    }
    if (fault == FAULT_NONE) fault = loop_open(&operating->loop);
    if (fault == FAULT_NONE) fault = ledger_line_open(operating->ledger, operating->loop, &operating->line);
    if (fault == FAULT_NONE) fault = ledger_start(operating->ledger);
    if (fault != FAULT_NONE) operating_close(operating);
    if (fault != FAULT_NONE && !note->text[0])
        snprintf(note->text, sizeof note->text, "%.250s: %s", settings->ledger_path, fault_text(fault));
    return fault;
}

void operating_close(struct operating *operating)
{
    ledger_line_close(&operating->line);
    ledger_close(&operating->ledger);
    loop_close(&operating->loop);
}

const char *operating_text(enum fault fault)
{
    if (fault == FAULT_INPUT)
        return "an exchange holds the book, and its admin listener is no unix socket and no loopback address";
    if (fault == FAULT_CONNECT) return "an exchange holds the book, and its admin listener cannot be reached";
    return fault_text(fault);
}

/* list_text: a list of people as an operator or a buyer writes it: one phone, e-mail, or SHA-256 (64 hexadecimal digits
 * of the phone in E.164 or the e-mail in lower case) a line; # comments, empty lines. Not for a loop's thread: millions
 * of lines take seconds. */
#pragma once

#include "exchange/market/person.h"
#include "exchange/standing/list.h"

struct list_text_error {
    uint64_t line; /* 0: not about a line */
    const char *text;
};

/* `keyed` (with its arg) turns a plain hash into what is kept; NULL: plain hashes are kept. False: *error. */
bool list_text_read(struct bytes text, void (*keyed)(void *arg, struct digest *digest), void *arg,
                    struct list_maker *maker, struct list_text_error *error);

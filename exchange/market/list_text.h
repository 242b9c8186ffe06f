/* list_text: a list of people as an operator or a buyer writes it: one phone, e-mail, or SHA-256 (64 hexadecimal digits
 * of the phone in E.164 or the e-mail in lower case) a line; # comments, empty lines. It is read whole, or in pieces
 * cut anywhere, with the same outcome. Not for a loop's thread: millions of lines take seconds. */
#pragma once

#include "exchange/market/person.h"
#include "exchange/standing/list.h"

#define LIST_TEXT_LINE_MAX 1024u /* bytes of a line without its comment and the blanks around it */

struct list_text_error {
    uint64_t line;    /* 0: not about a line */
    const char *text; /* constant */
};

struct list_text_rules {
    void (*keyed)(void *arg, struct digest *digest); /* turns a plain hash into what is kept; NULL: plain ones are */
    void *keyed_arg;
    enum fault (*on_entry)(void *arg, uint64_t entry); /* a fault ends the reading */
    void *entry_arg;
};

/* A text on its way. The holder owns the struct; one thread at a time. */
struct list_text {
    struct list_text_rules rules;
    struct arena arena;
    uint64_t line;   /* whole ones so far */
    unsigned marked; /* bytes of a byte order mark that the text began with; 3: there was one, or is none */
    size_t kept;     /* of a line that is not whole yet: what of it is looked at */
    bool in_comment, is_long;
    char part[LIST_TEXT_LINE_MAX];
};

void list_text_open(struct list_text *text, const struct list_text_rules *rules);
/* False: *error; nothing more may be read then. */
bool list_text_piece(struct list_text *text, struct bytes piece, struct list_text_error *error);
/* The text is over: its last line may have no end. */
bool list_text_end(struct list_text *text, struct list_text_error *error);
void list_text_close(struct list_text *text);

/* A whole text. `keyed` (with its arg) as in the rules. False: *error. */
bool list_text_read(struct bytes text, void (*keyed)(void *arg, struct digest *digest), void *arg,
                    struct list_maker *maker, struct list_text_error *error);

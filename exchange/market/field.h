/* field: one field of a campaign's schema, and what becomes of a value that is given for it (market.md section 8).
 *
 * Normalisation is the same for leads and for the values filters compare with, so both meet in one form. Pure. */
#pragma once

#include "protocol/codec/document.h"

enum field_type {
    FIELD_TEXT,
    FIELD_INTEGER,
    FIELD_CHOICE,
    FIELD_US_STATE,
    FIELD_US_ZIP,
    FIELD_US_PHONE,
    FIELD_EMAIL,
    FIELD_DATE,
    FIELD_DECIMAL,
    FIELD_BOOLEAN,
    FIELD_URL,
    FIELD_IP
};
#define FIELD_TYPES 12u
enum field_required { FIELD_OPTIONAL, FIELD_AT_PING, FIELD_AT_POST };

#define FIELD_NONE UINT32_MAX /* no field of a campaign has this number */
#define FIELD_NAME_MAX 64
#define FIELD_TEXT_MAX 1000 /* bytes of a TEXT whose schema says no max */
#define FIELD_URL_MAX 2048  /* likewise of a URL */
#define FIELD_CHOICES_MAX 1024u
#define FIELD_STATES                                                                                                   \
    63u /* states, DC, territories, freely associated states, military: codes are below 64, for masks */

struct field {
    struct bytes name;
    enum field_type type;
    enum field_required required;
    bool is_private;
    int64_t min, max; /* of a fact's number: INTEGER, DECIMAL, DATE; of the bytes (max only): TEXT, URL */
    const struct bytes *choices;
    uint32_t choices_count;
};

struct fact {
    bool is_set;
    struct bytes text; /* normalised text (numbers too) */
    int64_t number; /* INTEGER: the value; CHOICE: its index; US_STATE: field_state_code; US_ZIP: its five digits; DATE:
                       YYYYMMDD; DECIMAL: millionths; BOOLEAN: 0 or 1 */
};

enum field_verdict { FIELD_FINE, FIELD_ABSENT, FIELD_WRONG, FIELD_NO_MEMORY };

/* Why a value is wrong: a complaint's code and a constant sentence. */
struct field_fault {
    const char *code, *text;
};

/* Reads one value: state to two capital letters, zip to five digits (ZIP+4 is cut), phone to E.164 by the rules of the
 * North American numbering plan, e-mail to lower case; a date to YYYY-MM-DD
 * (also read from MM/DD/YYYY, as Americans write it); a decimal to its shortest form, a boolean to true or false (also
 * read from yes, no, 1, 0), scheme and host of a URL to lower case, an address to its canonical form; integers and
 * choices are checked. null and an empty text count as ABSENT. The fact's text may point into the node's text (where it
 * was normal already), else into the arena. Numbers are taken for INTEGER, DECIMAL, BOOLEAN, US_ZIP and US_PHONE,
 * digits as text for INTEGER and DECIMAL. WRONG fills *fault. */
enum field_verdict field_read(const struct field *field, const struct node *value, struct arena *arena,
                              struct fact *fact, struct field_fault *fault);
/* True if JSON writes it without quotes: its text is a number's or a truth's. */
bool field_is_bare(enum field_type type);
/* Its facts are told apart by their text, not by their number. */
bool field_is_of_text(enum field_type type);
/* Millionths as a decimal in its shortest form: 12.5, 3, -0.25. */
void field_write_decimal(struct sink *sink, int64_t millionths);
/* "us_state"; the name in settings. */
const char *field_type_name(enum field_type type);
bool field_type_find(struct bytes name, enum field_type *type);
/* "CA" -> its code below FIELD_STATES, alphabetical; -1 for no state. And back. */
int field_state_code(struct bytes text);
struct bytes field_state_name(unsigned code);

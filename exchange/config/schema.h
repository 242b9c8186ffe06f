/* schema: the one table of what settings and catalogue may say. The reader, the checker, `outcry check --schema` and
 * docs/config.md all come from it: one row a key.
 *
 * Rows stand in groups, a group is what one map may hold. Constant data; any thread. */
#pragma once

#include "exchange/config/tree.h"

enum schema_type {
    SCHEMA_TEXT,     /* `range`: bytes */
    SCHEMA_NAME,     /* an id: letters, digits, . _ - ; at most 64 */
    SCHEMA_BOOL,     /* true, false */
    SCHEMA_COUNT,    /* a whole number; may be negative where the range says so */
    SCHEMA_DURATION, /* 250ms 3s 5m 2h 30d 5y */
    SCHEMA_SIZE,     /* 64KiB 2GiB */
    SCHEMA_MONEY,    /* "12.50" */
    SCHEMA_PERCENT,  /* 15, 12.5 */
    SCHEMA_CHOICE,   /* one of `choices` */
    SCHEMA_CURRENCY, /* USD */
    SCHEMA_ADDRESS,  /* 127.0.0.1:8443 */
    SCHEMA_PATH,     /* of a file or folder; relative ones start at the settings file's folder */
    SCHEMA_URL,      /* http or https */
    SCHEMA_ZONE,     /* America/New_York */
    SCHEMA_SECRET,   /* whsec_…, or file:PATH, or env:NAME; with a range: any text of so many bytes */
    SCHEMA_KEYFILE,  /* file:PATH */
    SCHEMA_KEY,      /* sha256:<64 hexadecimal digits> */
    SCHEMA_VALUE,    /* any plain value: what the field says */
    SCHEMA_HOURS,    /* "08:00-20:00", under a name that says the days */
    SCHEMA_DATE,     /* 2026-12-25 */
    SCHEMA_DAY,      /* closed, or hours, under a name that says the date */
    SCHEMA_OPENING,  /* hours alone */
    SCHEMA_MAP,      /* of `group` */
    SCHEMA_PRICE,    /* live, money, or a list of rules */
    SCHEMA_TYPES
};

enum schema_form {
    SCHEMA_ONE,
    SCHEMA_LIST,        /* at least one value, unless MAYBE_EMPTY */
    SCHEMA_ONE_OR_LIST, /* one, or a list of several */
    SCHEMA_NAMED,       /* a map from names of the operator's to values of the type */
};

/* Flags. */
#define SCHEMA_REQUIRED 1u
#define SCHEMA_LATER 2u      /* specified, not built yet: refused */
#define SCHEMA_RELOADABLE 4u /* settings: a reload takes it; the catalogue always is */
#define SCHEMA_NULLABLE 8u   /* null: as if the key were not there */
#define SCHEMA_ITEMS 16u     /* a list whose items stand alone: one that is wrong is left out of later checks */
#define SCHEMA_MAYBE_EMPTY 32u
#define SCHEMA_MAP_LATER 64u /* a map may stand here one day */
#define SCHEMA_OR_MAP 512u   /* a map of `group` may stand in its place */
#define SCHEMA_VITAL 256u    /* need not be there; but a wrong one leaves nothing to look at in what holds it */
#define SCHEMA_INSTEAD 128u  /* LATER rows: what is required may be missing beside it */

struct schema_group;

struct schema_row {
    const char *key;
    enum schema_type type;
    enum schema_form form;
    unsigned flags;
    unsigned items_max;               /* of lists; 0: no bound of its own */
    const char *choices;              /* CHOICE: "a b c"; one with a ? behind it is not built yet */
    const char *only;                 /* the one value that is built, in the words of the file; NULL: all are */
    const char *fallback;             /* the default, as one would write it; NULL: none */
    const char *range;                /* of each value: "1..20", "10ms..60s", "0.."; NULL: what the type holds */
    const struct schema_group *group; /* MAP: what is in it; PRICE: of one rule; CHOICE: a map may stand here */
    const char *prose;                /* one line */
    size_t offset, size;              /* settings: where in struct settings the value goes */
};

struct schema_group {
    const char *name;  /* "contract" */
    const char *title; /* of its part of the reference */
    const char *prose;
    const struct schema_row *rows;
    unsigned rows_count;
    const struct schema_row *any; /* what a key is that has no row: the operator's own; NULL: unknown */
    bool indivisible;             /* what is left without a wrong key would mean something else */
};

extern const struct schema_group schema_settings, schema_catalogue;
/* One line of NDJSON: a contract and the `buyer` it belongs to. */
extern const struct schema_group schema_bulk_contract;
/* price: {exclusive: "40", shared: "12"} */
extern const struct schema_group schema_leg_prices;

/* NULL: no such key. */
const struct schema_row *schema_find(const struct schema_group *group, struct bytes key);
const char *schema_type_name(enum schema_type type);
/* "duration", "list of text", "map of hours": for people. */
void schema_write_type(const struct schema_row *row, struct sink *out);

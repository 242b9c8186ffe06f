/* table: rows of text in aligned columns, for a person. A page is filled first and printed then, so that columns are as
 * wide as what stands in them. One thread. */
#pragma once

#include <stdio.h>

#include "protocol/base/arena.h"

#define TABLE_COLUMNS_MAX 12u
#define TABLE_NUMBER_MAX 32u
#define TABLE_SHOWN(bytes) (int)(bytes).len, (bytes).len ? (bytes).at : ""

enum table_side { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
    const char *title;
    enum table_side side;
    unsigned least; /* columns of characters, at least */
};

struct table_page {
    const struct table_column *columns;
    unsigned columns_count, indent;
    struct arena arena;
    struct table_line *first, *last;
    bool no_memory;
};

/* `columns` must outlive the page. */
void table_open(struct table_page *page, const struct table_column *columns, unsigned columns_count, unsigned indent);
/* One cell a column, copied. */
void table_row(struct table_page *page, const struct bytes *cells);
void table_print(const struct table_page *page, FILE *out);
void table_close(struct table_page *page);

/* "12,345"; `text` has TABLE_NUMBER_MAX bytes. */
const char *table_number(uint64_t number, char *text);
/* What a noun ends with after that number: "" or "s". */
const char *table_plural(uint64_t number);
/* "+1,234", "-3", "0". */
const char *table_change(int64_t number, char *text);
/* "12,345.60", "-0.25". */
const char *table_money(int64_t micros, char *text);
/* "+12.00", "-0.25", "0.00". */
const char *table_money_change(int64_t micros, char *text);

/* Cells are measured in characters, not bytes: names may be anything a catalogue holds. */
#include "exchange/command/table.h"

#include <stdlib.h>

#include "protocol/base/money.h"

#define GAP 2
#define ARENA_CHUNK (1u << 16)
#define ARENA_MAX (1u << 28)

struct table_line {
    struct table_line *next;
    struct bytes cells[TABLE_COLUMNS_MAX];
};

void table_open(struct table_page *page, const struct table_column *columns, unsigned columns_count, unsigned indent)
{
    *page = (struct table_page){.columns = columns, .columns_count = columns_count, .indent = indent};
    arena_init(&page->arena, ARENA_CHUNK, ARENA_MAX);
}

void table_close(struct table_page *page)
{
    arena_free(&page->arena);
}

void table_row(struct table_page *page, const struct bytes *cells)
{
    struct table_line *line = arena_zero(&page->arena, 1, sizeof *line);
    if (!line) {
        page->no_memory = true;
        return;
    }
    for (unsigned i = 0; i < page->columns_count; i++) line->cells[i] = arena_copy(&page->arena, cells[i]);
    if (page->last)
        page->last->next = line;
    else
        page->first = line;
    page->last = line;
}

static unsigned width_of(struct bytes text)
{
    unsigned width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.at[i] & 0xC0) != 0x80; /* not inside a character */
    return width;
}

static void print_line(const struct table_page *page, const unsigned *widths, const struct bytes *cells, FILE *out)
{
    unsigned pending = page->indent; /* spaces: none at a line's end */
    for (unsigned i = 0; i < page->columns_count; i++) {
        unsigned space = widths[i] - width_of(cells[i]);
        bool is_right = page->columns[i].side == TABLE_RIGHT;
        if (is_right) pending += space;
        if (cells[i].len) {
            fprintf(out, "%*s%.*s", (int)pending, "", TABLE_SHOWN(cells[i]));
            pending = 0;
        } else {
            pending += widths[i] - space;
        }
        pending += (is_right ? 0 : space) + GAP;
    }
    fprintf(out, "\n");
}

void table_print(const struct table_page *page, FILE *out)
{
    unsigned widths[TABLE_COLUMNS_MAX];
    struct bytes titles[TABLE_COLUMNS_MAX];
    for (unsigned i = 0; i < page->columns_count; i++) {
        titles[i] = bytes_of(page->columns[i].title);
        widths[i] = page->columns[i].least;
        if (width_of(titles[i]) > widths[i]) widths[i] = width_of(titles[i]);
    }
    for (const struct table_line *line = page->first; line; line = line->next)
        for (unsigned i = 0; i < page->columns_count; i++)
            if (width_of(line->cells[i]) > widths[i]) widths[i] = width_of(line->cells[i]);
    print_line(page, widths, titles, out);
    for (const struct table_line *line = page->first; line; line = line->next)
        print_line(page, widths, line->cells, out);
    if (page->no_memory) fprintf(out, "(out of memory: not all rows are shown)\n");
}

/* Numbers
 * ---------------------------------------------------------------------------------------------------------------- */

/* Commas between the thousands of the digits that `text` starts with. */
static void group_digits(const char *digits, char *text)
{
    size_t whole = strspn(digits, "0123456789"), put = 0;
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) text[put++] = ',';
        text[put++] = digits[i];
    }
    strcpy(text + put, digits + whole);
}

const char *table_number(uint64_t number, char *text)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    group_digits(digits, text);
    return text;
}

const char *table_plural(uint64_t number)
{
    return number == 1 ? "" : "s";
}

const char *table_change(int64_t number, char *text)
{
    text[0] = number < 0 ? '-' : '+';
    table_number(number < 0 ? 0 - (uint64_t)number : (uint64_t)number, text + (number != 0));
    return text;
}

const char *table_money(int64_t micros, char *text)
{
    char digits[TABLE_NUMBER_MAX];
    struct sink sink = sink_over(digits, sizeof digits - 1);
    money_write(&sink, micros);
    digits[sink.len] = '\0';
    text[0] = '-';
    group_digits(digits + (micros < 0), text + (micros < 0));
    return text;
}

const char *table_money_change(int64_t micros, char *text)
{
    text[0] = '+';
    table_money(micros, text + (micros > 0));
    return text;
}

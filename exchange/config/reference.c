/* One walk over the groups, three ways to write a row. */
#include "exchange/config/reference.h"

#include "exchange/config/reference_prose.h"
#include "exchange/config/schema_groups.h"
#include "protocol/codec/json.h"

#define CELL_MAX 1024

struct cell {
    char text[CELL_MAX];
};

typedef void print_group(const struct schema_group *group, FILE *out);

static void print_text_group(const struct schema_group *group, FILE *out);
static void print_markdown_group(const struct schema_group *group, FILE *out);
static void print_json_group(const struct schema_group *group, FILE *out);
static void print_all(print_group *print, FILE *out);
static struct cell type_cell(const struct schema_row *row);
static struct cell values_cell(const struct schema_row *row);
static bool is_reloadable(const struct schema_row *row);
static struct cell shorten(struct cell cell, unsigned width);

void reference_print(enum reference_form form, FILE *out)
{
    static print_group *const printers[] = {print_text_group, print_markdown_group, print_json_group};
    if (form == REFERENCE_MARKDOWN) fputs(REFERENCE_HEAD, out);
    print_all(printers[form], out);
}

static void print_all(print_group *print, FILE *out)
{
    for (unsigned i = 0; i < schema_settings_groups_count; i++) print(schema_settings_groups[i], out);
    for (unsigned i = 0; i < schema_catalogue_groups_count; i++) print(schema_catalogue_groups[i], out);
    for (unsigned i = 0; i < schema_buyer_groups_count; i++) print(schema_buyer_groups[i], out);
}

static void print_text_group(const struct schema_group *group, FILE *out)
{
    fprintf(out, "%s\n  %s\n", group->title, group->prose);
    for (unsigned i = 0; i < group->rows_count; i++) {
        const struct schema_row *row = &group->rows[i];
        bool later = row->flags & SCHEMA_LATER;
        fprintf(out, "  %-18s %-22s %-12s %-28s %s%s%s%s\n", row->key, shorten(type_cell(row), 22).text,
                row->flags & SCHEMA_REQUIRED ? "required"
                : row->fallback              ? row->fallback
                                             : "-",
                shorten(values_cell(row), 28).text, row->prose, row->only ? " (for now only this value)" : "",
                later ? " (not supported yet)" : "", is_reloadable(row) ? " (reloadable)" : "");
    }
    fputc('\n', out);
}

static void print_markdown_group(const struct schema_group *group, FILE *out)
{
    bool is_file = group == &schema_settings || group == &schema_catalogue;
    fprintf(out, "\n%s %s\n\n%s\n\n", is_file ? "##" : "###", group->title, group->prose);
    if (group->rows_count == 0) return;
    fprintf(out, "| key | type | default | values | meaning |\n| --- | --- | --- | --- | --- |\n");
    for (unsigned i = 0; i < group->rows_count; i++) {
        const struct schema_row *row = &group->rows[i];
        const char *tick = row->fallback ? "`" : "";
        fprintf(out, "| `%s` | %s | %s%s%s | %s | %s%s%s%s |\n", row->key, type_cell(row).text, tick,
                row->flags & SCHEMA_REQUIRED ? "*required*"
                : row->fallback              ? row->fallback
                                             : "",
                tick, values_cell(row).text, row->flags & SCHEMA_LATER ? "*not yet*: " : "", row->prose,
                row->only ? "; for now only this value" : "", is_reloadable(row) ? "; reloadable" : "");
    }
}

static void print_json_group(const struct schema_group *group, FILE *out)
{
    for (unsigned i = 0; i < group->rows_count; i++) {
        const struct schema_row *row = &group->rows[i];
        char line[4 * CELL_MAX];
        struct sink sink = sink_over(line, sizeof line);
        struct json json = json_into(&sink);
        json_open_map(&json);
        json_key(&json, "in");
        json_text(&json, bytes_of(group->name));
        json_key(&json, "key");
        json_text(&json, bytes_of(row->key));
        json_key(&json, "type");
        json_text(&json, bytes_of(type_cell(row).text));
        json_key(&json, "required");
        json_bool(&json, row->flags & SCHEMA_REQUIRED);
        json_key(&json, "default");
        if (row->fallback)
            json_text(&json, bytes_of(row->fallback));
        else
            json_null(&json);
        json_key(&json, "values");
        json_text(&json, bytes_of(values_cell(row).text));
        json_key(&json, "reloadable");
        json_bool(&json, row->size == 0 || is_reloadable(row));
        json_key(&json, "supported");
        json_bool(&json, !(row->flags & SCHEMA_LATER));
        json_key(&json, "text");
        json_text(&json, bytes_of(row->prose));
        json_close_map(&json);
        fprintf(out, "%.*s\n", (int)sink.len, sink.at);
    }
}

static struct cell type_cell(const struct schema_row *row)
{
    struct cell cell;
    struct sink sink = sink_over(cell.text, sizeof cell.text - 1);
    schema_write_type(row, &sink);
    cell.text[sink.len] = 0;
    return cell;
}

/* The range, or the words; a list's bound behind it. */
static struct cell values_cell(const struct schema_row *row)
{
    struct cell cell;
    struct sink sink = sink_over(cell.text, sizeof cell.text - 1);
    struct bytes word, rest = bytes_of(row->choices);
    while (rest.len > 0) {
        rest = bytes_split(rest, ' ', &word);
        bool later = word.at[word.len - 1] == '?';
        if (sink.len > 0) sink_text(&sink, ", ");
        sink_bytes(&sink, bytes_first(word, word.len - later));
        if (later) sink_text(&sink, " (not yet)");
    }
    if (row->range && sink.len > 0) sink_text(&sink, ", ");
    if (row->range) sink_text(&sink, row->range);
    if (row->range && row->type == SCHEMA_TEXT) sink_text(&sink, " bytes");
    if (row->only) sink_text(&sink, row->only);
    if (row->items_max && sink.len > 0) sink_text(&sink, "; ");
    if (row->items_max) sink_format(&sink, "at most %u", row->items_max);
    cell.text[sink.len] = 0;
    return cell;
}

static bool is_reloadable(const struct schema_row *row)
{
    return row->size > 0 && row->flags & SCHEMA_RELOADABLE;
}

static struct cell shorten(struct cell cell, unsigned width)
{
    if (strlen(cell.text) > width) memcpy(cell.text + width - 2, "..", 3);
    return cell;
}

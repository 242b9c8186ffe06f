/* One pass over the members: with so few rows a look along the table costs less than any index, and a field's position
 * does not matter. Required fields are looked for afterwards, when everything else is known to be complained about. */
#include "protocol/message/request.h"

#include "protocol/message/wording.h"

#define NAME_MAX_SHOWN 128 /* of an unknown field's name in a complaint */

static const struct request_row *find(const struct request_row *rows, size_t rows_count, struct bytes name)
{
    for (size_t i = 0; i < rows_count; i++)
        if (bytes_is(name, rows[i].name)) return &rows[i];
    return NULL;
}

bool request_read(const struct node *document, const struct request_row *rows, size_t rows_count, void *request,
                  struct complaints *complaints)
{
    if (document->kind != NODE_MAP) {
        complain(complaints, BYTES(""), "type", "the request must be an object");
        return false;
    }
    NODE_EACH(member, document)
    {
        const struct request_row *row = find(rows, rows_count, member->key);
        if (!row)
            complain(complaints, wording_cut(member->key, NAME_MAX_SHOWN), "unknown", "unknown field");
        else if (!row->read)
            complain(complaints, member->key, "not_supported", "not supported yet");
        else
            row->read(member, request, complaints);
    }
    for (size_t i = 0; i < rows_count; i++)
        if (rows[i].is_required && !node_find(document, rows[i].name))
            complain(complaints, bytes_of(rows[i].name), "required", "required");
    return complaints->count == 0;
}

bool request_text(const struct node *value, struct bytes field, size_t max, struct bytes *text,
                  struct complaints *complaints)
{
    if (value->kind != NODE_TEXT)
        complain(complaints, field, "type", "must be text");
    else if (value->text.len > max)
        complain(complaints, field, "too_long", "too long");
    else if (!wording_is_plain(value->text))
        complain(complaints, field, "format", "must not hold control characters");
    else {
        *text = value->text;
        return true;
    }
    return false;
}

bool request_truth(const struct node *value, bool *truth)
{
    if (value->kind == NODE_BOOL)
        *truth = value->truth;
    else if (value->kind == NODE_TEXT && bytes_is(value->text, "true"))
        *truth = true;
    else if (value->kind == NODE_TEXT && bytes_is(value->text, "false"))
        *truth = false;
    else
        return false;
    return true;
}

bool request_whole(const struct node *value, int64_t *whole)
{
    return value->kind == NODE_TEXT ? bytes_i64(value->text, whole) : node_i64(value, whole);
}

void request_ident(const struct node *value, struct ident *ident, struct complaints *complaints)
{
    if (value->kind != NODE_TEXT)
        complain(complaints, value->key, "type", "must be text");
    else if (!ident_read(value->text, ident))
        complain(complaints, value->key, "format", "must be an id of 26 characters");
}

bool request_map(const struct node *value, const struct node **map, struct complaints *complaints)
{
    if (value->kind != NODE_MAP) {
        complain(complaints, value->key, "type", "must be an object");
        return false;
    }
    *map = value;
    return true;
}

/* request: the top-level fields of an affiliate's request, one table row each; for the readers of this room only.
 *
 * Names that have no row are unknown; a row without a reader is specified but not built yet. Forms bring every value as
 * text, so numbers and booleans are taken as text too. No state. */
#pragma once

#include "protocol/base/ident.h"
#include "protocol/codec/document.h"
#include "protocol/message/complaint.h"

struct request_row {
    const char *name;
    void (*read)(const struct node *value, void *request, struct complaints *complaints); /* NULL: not supported yet */
    bool is_required;
};

/* Reads every member of the map `document` by its row. True if no complaint was made. */
bool request_read(const struct node *document, const struct request_row *rows, size_t rows_count, void *request,
                  struct complaints *complaints);
/* A text of at most `max` bytes without control characters; else a complaint about `field`. */
bool request_text(const struct node *value, struct bytes field, size_t max, struct bytes *text,
                  struct complaints *complaints);
/* A boolean, or the text "true" or "false". */
bool request_truth(const struct node *value, bool *truth);
/* A whole number, or its digits as text. */
bool request_whole(const struct node *value, int64_t *whole);
/* The text of an id; else a complaint. */
void request_ident(const struct node *value, struct ident *ident, struct complaints *complaints);
/* A map; else a complaint. */
bool request_map(const struct node *value, const struct node **map, struct complaints *complaints);

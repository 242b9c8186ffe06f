/* filter: a contract's condition on a ping, compiled from its document node; pure. Nodes: is, in, min/max, prefix,
 * matches, exists over campaign fields; age_from; country, state, county, area_code, zip, language, near; affiliate,
 * source, sub_id; consent; all, any, none.
 *
 * A field that is not there fulfils no condition but `exists: false`. A private field is there only in a one-call lead:
 * a filter that looks at one is allowed, and holds for no ping (market.md section 8). */
#pragma once

#include "protocol/codec/document.h"

#define FILTER_DEPTH_MAX 4u /* all/any/none inside each other; also what a packed catalogue has room for */
#define FILTER_ERROR_MAX 200

struct filter;
struct campaign;
struct facts;
struct geo;

/* The text lives for the call. */
typedef void filter_on_error(void *arg, const struct node *where, const char *text);

/* NULL on error (on_error was called with the node at fault: unknown field, value that the field cannot have, empty
 * list, a place without its table, …) or when memory is out (then it was not called). */
const struct filter *filter_build(struct arena *arena, const struct campaign *campaign, const struct geo *geo,
                                  const struct node *node, filter_on_error *on_error, void *arg);
/* Never allocates. */
bool filter_matches(const struct filter *filter, const struct facts *facts);
/* True if it looks at a private field. */
bool filter_is_private(const struct filter *filter);
/* True if it asks whether the person is on a list; and which lists it asks about: their bits are set. */
bool filter_asks_list(const struct filter *filter);
void filter_lists(const struct filter *filter, uint64_t *lists);
/* For explain: the first condition that failed, as a short sentence ("state is not CA, NV"); nothing when it matches.
 * Of the lead only what a buyer may see before it buys is written. */
void filter_explain(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                    struct sink *out);
/* For explain, of a lead in one call whose private fields are not there any more, and whom this filter refused: the
 * public condition that failed, where it is one that has to hold; else which private fields it looks at. */
void filter_explain_private(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                            struct sink *out);

/* filter: a contract's condition on a ping, compiled from its document node; pure. Nodes built now: is, in, min/max,
 * prefix, exists over campaign fields; affiliate, source; all, any, none. */
#pragma once

#include "protocol/codec/document.h"

struct filter;
struct campaign;
struct facts;

typedef void filter_on_error(void *arg, const struct node *where, const char *text);

/* NULL on error (on_error was called with the node at fault: unknown field, private field in a ping filter, value that
 * the field cannot have, empty list, …) or when memory is out. */
const struct filter *filter_build(struct arena *arena, const struct campaign *campaign, const struct node *node,
                                  filter_on_error *on_error, void *arg);
bool filter_matches(const struct filter *filter, const struct facts *facts);
/* For explain: the first condition that failed, as a short sentence ("state is not CA, NV"). */
void filter_explain(const struct filter *filter, const struct campaign *campaign, const struct facts *facts,
                    struct sink *out);

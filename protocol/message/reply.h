/* reply: a buyer's reply as a document, within bounds that no honest reply comes near; for the readers of this room
 * only. One hostile buyer must not be able to use up the arena that an auction's other bids need. */
#pragma once

#include "protocol/codec/document.h"

#define REPLY_NODES_MAX 256u

/* A map, or NULL: malformed, beyond the bounds, or something else than a map. */
static inline const struct node *reply_read(struct arena *arena, struct bytes body, bool is_pack)
{
    static const struct document_limits limits = {.depth_max = 8, .nodes_max = REPLY_NODES_MAX, .keys_max = 64};
    struct document_error error;
    const struct node *reply = is_pack ? document_read_pack(arena, body, &limits, &error)
                                       : document_read_json(arena, body, &limits, &error);
    return reply && reply->kind == NODE_MAP ? reply : NULL;
}

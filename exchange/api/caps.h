/* caps: the caps of a contract and its buyer, told with what is used of them, segment by segment. */
#pragma once

#include "exchange/market/cap.h"
#include "protocol/codec/json.h"

struct caps_scene {
    const struct catalogue *catalogue;
    struct standing *standing;
    int64_t wall_ms;
    bool is_private; /* for a buyer: who sold to it, and from which source, is not its business */
};

/* The member "caps": a list, those of the contract first. */
void caps_write(struct json *json, const struct caps_scene *scene, const struct contract *contract);

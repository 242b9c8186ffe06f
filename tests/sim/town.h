/* town: the simulated buyers of a scenario file (docs/simulated-buyers.md) in the simulated world: the same code that
 * outcry-buyers runs decides what is said; here it is only told when and how the bytes would come. They outlive a crash
 * of the exchange and remember every post.
 *
 * Names buyers-sim's types in town.c only (there is another `struct buyer` in the market). One thread. */
#pragma once

#include "protocol/base/bytes.h"

struct town;

enum town_end {
    TOWN_ANSWERED, /* status and body, after_us later */
    TOWN_HELD,     /* the same, once it is released */
    TOWN_SILENT,   /* never */
    TOWN_REFUSED,  /* nothing was sent: connection refused */
    TOWN_BROKEN,   /* sent, then the connection ended without a whole answer */
    TOWN_NOT_HTTP, /* sent, and what came back is no HTTP */
};

struct town_reply {
    enum town_end end;
    int status;
    struct bytes body; /* good until the next call */
    int64_t after_us;
};

#define TOWN_NOTE_MAX 600

/* NULL: `note` says why. */
struct town *town_open(const char *scenario_file, char note[TOWN_NOTE_MAX]);
void town_close(struct town **town);
/* The buyer of that name, or -1. */
int town_find(const struct town *town, struct bytes name);
/* The request as it came; is_post: at the post endpoint. */
void town_ask(struct town *town, int buyer, bool is_post, struct bytes request, int64_t now_us,
              struct town_reply *reply);
/* As POST /control's `set`, a JSON map. False: `note` says why. */
bool town_change(struct town *town, int buyer, struct bytes changes, char note[TOWN_NOTE_MAX]);
/* "accepted", "rejected", "not_seen": what the buyer knows of a post; of one that is not in town, nothing. */
const char *town_knows(struct town *town, int buyer, struct bytes post_id);
/* A count of /stats by its name; -1: there is no such count. */
int64_t town_count(const struct town *town, int buyer, struct bytes name);

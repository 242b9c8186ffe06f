/* tallies: what came of the requests, counted by a short text ("accepted", "rejected:no_bid", "http_503:busy"). */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/codec/http.h"

#define TALLIES_MAX 64
#define TALLY_NAME_MAX 64

struct tally {
    char name[TALLY_NAME_MAX];
    uint64_t count;
};

struct tallies {
    struct tally list[TALLIES_MAX]; /* the last one takes what found no place: "other" */
    unsigned count;
    struct arena arena; /* of the answer being read */
};

void tallies_init(struct tallies *tallies);
void tallies_free(struct tallies *tallies);
void tallies_add(struct tallies *tallies, struct bytes name);
/* A whole answer, named by its `status` and reason, or by its HTTP status and problem code. */
void tallies_add_answer(struct tallies *tallies, int status, struct bytes body);

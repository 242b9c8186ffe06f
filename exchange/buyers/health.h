/* health: what a call asks of the standing state before it goes out, and tells it when it ends; the classes of failure.
 * The same for real calls and simulated ones: time comes in as an argument. Any thread. */
#pragma once

#include "exchange/market/availability.h"
#include "protocol/message/verdict.h"

/* What a call's end says about the buyer's health. */
enum health { HEALTH_NONE, HEALTH_GOOD, HEALTH_CONTRACT_BAD, HEALTH_ORIGIN_BAD };

/* NONE: it may go out, and is counted in flight until health_end. CIRCUIT_OPEN or THROTTLED: not. The probe of an open
 * circuit is a ping wherever one is sent; a post is one only of an origin, or a contract, that no ping goes to. A limit
 * of pings does not hold a post back. */
enum reason health_admit(struct standing *standing, const struct catalogue *catalogue, const struct contract *contract,
                         bool is_ping, int64_t now_us);
/* Feeds the circuits: per contract for timeouts, 5xx and bad responses; per origin only for connect, TLS and name
 * failures. */
void health_end(struct standing *standing, const struct catalogue *catalogue, const struct contract *contract,
                bool is_ping, enum health health, int64_t now_us);
/* A call without a whole reply. */
enum health health_of_failure(bool not_sent, enum fault fault);
enum reason health_reason(enum fault fault);
enum verdict_doubt health_doubt(enum fault fault);

/* line: what of a call to a contract is the same every time: origin, request head, signer, made once per snapshot and
 * worker, on first use.
 *
 * A set of lines belongs to one catalogue and one worker; whoever has a call out on it holds a count, so a reload swaps
 * sets without waiting. One thread. */
#pragma once

#include "exchange/market/catalogue.h"
#include "protocol/crypto/mac.h"
#include "protocol/crypto/signature.h"
#include "protocol/wire/client.h"

#define LINE_REFERENCE_LEN 18u /* "s-" and 16 hex digits */

struct lines;

struct line {
    struct client_origin *origin;
    struct bytes head; /* request line and constant fields, up to "webhook-id: " */
    struct signer *signer;
};

/* `reference_key`: what source_ref is derived with; the same over restarts. NULL: out of memory. */
struct lines *lines_open(struct client *client, struct catalogue *catalogue, const struct digest *reference_key);
void lines_take(struct lines *lines);
void lines_drop(struct lines **lines);
const struct catalogue *lines_catalogue(const struct lines *lines);

/* The contract's ping or post line; NULL: it has no such endpoint, or memory is out. */
const struct line *lines_ping(struct lines *lines, const struct contract *contract);
const struct line *lines_post(struct lines *lines, const struct contract *contract);
/* NULL: it has no secret, or memory is out. */
struct signer *lines_signer(struct lines *lines, const struct buyer *buyer);
/* The value of Host. */
void line_write_host(struct sink *sink, const struct endpoint *endpoint);
/* Keyed by the buyer's hash_secret; NULL: it has none, or memory is out. */
struct mac *lines_hash_mac(struct lines *lines, const struct buyer *buyer);
/* The same of its test endpoints; NULL also where it has none. */
const struct line *lines_test(struct lines *lines, const struct contract *contract, bool is_post);
/* The request's beginning up to "webhook-id: ", and what follows it up to the body's first byte: that id, the time, the
 * signature (signer NULL: none) and the length. */
void line_write_head(struct sink *sink, const struct endpoint *endpoint);
void line_write_fields(struct sink *sink, struct signer *signer, struct bytes id, const struct bytes *body,
                       size_t count);
#define LINE_FIELDS_ROOM 256u /* bytes of those fields */
/* A stable name of affiliate and source for this buyer, which tells the buyer nothing else. Written to `out`
 * (LINE_REFERENCE_LEN bytes). */
struct bytes lines_reference(struct lines *lines, const struct buyer *buyer, struct bytes affiliate,
                             struct bytes source, char *out);

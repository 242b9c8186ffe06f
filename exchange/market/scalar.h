/* scalar: the plain values of settings and catalogue, read out of document nodes.
 *
 * A YAML value is always text and its type is the schema's to say; an NDJSON line or a packed catalogue may hold real
 * numbers and truths. So every reader here takes both forms of its type and nothing else. Pure; no state. */
#pragma once

#include "protocol/codec/document.h"

/* Every reader: false if the node is NULL, of another kind, malformed or out of range; the target is then untouched.
 * Text and number give their characters (a number's digits: an id may look like one). */
bool scalar_text(const struct node *node, struct bytes *text);
/* true, false. */
bool scalar_bool(const struct node *node, bool *truth);
/* A whole number; as text only plain digits with an optional '-'. */
bool scalar_i64(const struct node *node, int64_t *value);
/* "12.50" or 12.50 -> micro-units; may be negative. */
bool scalar_money(const struct node *node, int64_t *micros);
/* 15, "15", "12.5": per cent -> parts per million (150000, 125000); may be negative. */
bool scalar_percent(const struct node *node, int64_t *ppm);
/* 250ms 3s 5m 2h 30d 5y -> microseconds; digits and one unit, never without it, never negative. */
bool scalar_duration(const struct node *node, int64_t *us);
/* 512 64KiB 4MiB 2GiB 1TiB -> bytes; never negative. */
bool scalar_size(const struct node *node, int64_t *bytes);

/* pack: MessagePack out of document nodes, and the bounded look that comes before msgpack-c may see foreign bytes.
 *
 * msgpack-c reserves memory for whatever count a header claims (a 5-byte message can ask for gigabytes), so pack_scan
 * first proves: declared counts ≤ bytes left, depth, total objects, strict UTF-8, text keys, no ext type, exactly one
 * value. */
#pragma once

#include "protocol/codec/document.h"

/* true if the input is one well-formed value within the limits; else *error tells where and why. */
bool pack_scan(struct bytes input, const struct document_limits *limits, struct document_error *error);
/* Canonical form, the same for equal documents whatever they were read from: map keys in bytes_compare order, shortest
 * encodings; a whole number within int64/uint64 (1e2 and 100.0 count) as an integer, any other number as float64 if
 * that prints back to the same decimal value, else as the text of its digits. False if the sink was cut. */
bool pack_write_canonical(struct sink *sink, const struct node *node);
/* The same without sorting keys: answers to application/msgpack clients. */
bool pack_write(struct sink *sink, const struct node *node);

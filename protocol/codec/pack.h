/* pack: MessagePack out of document nodes, and the bounded look that comes before msgpack-c may see foreign bytes.
 *
 * msgpack-c reserves memory for whatever count a header claims (a 5-byte message can ask for gigabytes), so pack_scan
 * first proves: declared counts ≤ bytes left, depth, total objects, strict UTF-8, text keys, no ext type (timestamps
 * are one), no NaN or infinity, exactly one value. Only names that stand twice are left to document_read_pack.
 *
 * Read by document_read_pack: integers and floats become their shortest digits (a float32 those of single precision),
 * str becomes text. bin becomes the base64 text of its bytes (RFC 4648 section 4, padded), whatever the bytes are: JSON
 * has no bytes, this is how they are written there, and a reader that guessed "text if it happens to be UTF-8" would
 * give one field two meanings. */
#pragma once

#include "protocol/codec/document.h"

/* true if the input is one well-formed value within the limits; else *error tells where and why. */
bool pack_scan(struct bytes input, const struct document_limits *limits, struct document_error *error);
/* Canonical form, the same for equal documents whatever they were read from: map keys in bytes_compare order, shortest
 * encodings; a whole number within int64/uint64 (1e2 and 100.0 count) as an integer, any other number as float64 if
 * that prints back to the same decimal value, else as text: its significant digits, 'e' and the power of ten (125e-1).
 * False if the sink was cut. Depth and keys of a map must be within DOCUMENT_DEPTH_MAX and _KEYS_MAX (checked). */
bool pack_write_canonical(struct sink *sink, const struct node *node);
/* The same without sorting keys, and such a text holds the digits as they were read: answers to application/msgpack. */
bool pack_write(struct sink *sink, const struct node *node);
/* What pack_write writes of a map, without its head. */
bool pack_write_members(struct sink *sink, const struct node *map);

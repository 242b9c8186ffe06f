/* csv: one field of RFC 4180 text. What a spreadsheet would take for a formula gets an apostrophe in front, unless it
 * is a number. */
#pragma once

#include "protocol/base/bytes.h"

void csv_write(struct sink *sink, struct bytes text, bool is_number);

/* booking_rows: the rows of what was booked by hand. For this room only.
 *
 * Entry ADJUSTMENT: move_write_adjustment. Entry CLOSE: a period (4). */
#pragma once

#include "exchange/ledger/rows.h"

enum fault booking_apply_adjustment(const struct rows_work *work) MUST_USE;
enum fault booking_apply_close(const struct rows_work *work) MUST_USE;

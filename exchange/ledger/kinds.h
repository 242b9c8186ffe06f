/* kinds: the rows of those kinds of entries that are told in few words. For rows.c's table only. */
#pragma once

#include "exchange/ledger/rows.h"

enum fault rows_apply_switch(const struct rows_work *work) MUST_USE;
enum fault rows_apply_catalogue(const struct rows_work *work) MUST_USE;
enum fault rows_apply_revocation(const struct rows_work *work) MUST_USE;
enum fault rows_apply_counts(const struct rows_work *work) MUST_USE;

/* statement: a statement in JSON, for whom it is; and the routes that answer with one. */
#pragma once

#include "exchange/api/visit.h"
#include "exchange/ledger/statement.h"

enum statement_audience { STATEMENT_FOR_AFFILIATE, STATEMENT_FOR_BUYER, STATEMENT_FOR_OPERATOR };

/* Into an open map: account (an operator's), period, closed, opening. */
void statement_write_head(struct json *json, const struct statement *statement, enum statement_audience audience);
/* One value. An affiliate is not told the contract, a buyer not where the lead came from. */
void statement_write_line(struct json *json, const struct statement *statement, const struct statement_line *line,
                          enum statement_audience audience);
/* Into the map: totals, closing, and of an affiliate its two accounts. */
void statement_write_end(struct json *json, const struct statement *statement);
/* A line is at most that long, but for its texts. */
#define STATEMENT_LINE_ROOM 1536u

/* waiter: what waits for an answer on behalf of a request and is no auction; known by its first word. For this room's
 * files. One thread, the worker's. */
#pragma once

#include "exchange/api/api.h"

/* A waiter's first word says what kind it is. */
enum waiter_kind {
    WAITER_INQUIRY,
    WAITER_OPERATION,
    WAITER_REVOCATION,
    WAITER_LIST,
    WAITER_DISPOSITIONS,
    WAITER_KEY,
    WAITER_VERDICTS,
    WAITER_VOUCHER,
    WAITER_GIVING,
    WAITER_ERRAND
};
void visit_inquiry_gone(void *waiter);
void revocation_on_gone(void *waiter);
void privacy_on_gone(void *waiter);
void list_on_gone(void *waiter);
void list_on_piece(void *waiter, struct bytes piece, bool is_last);
void list_on_answered(void *waiter, bool good, const char *text);
void disposition_on_gone(void *waiter);
void verdicts_on_gone(void *waiter);
void accounts_on_gone(void *waiter);
void giving_back_on_gone(void *waiter);
void keys_on_gone(void *waiter);
void operator_on_gone(void *waiter);
void operator_on_reloaded(void *waiter, bool good, const char *text);

/* event: one thing that someone is told after the fact, as the book keeps it: by ids only, never a private value. Flat,
 * versioned; texts point into the bytes.
 *
 * Each hearer has its own events, numbered from 1 on without gaps. An event's id tells its number to whoever knows the
 * hearer, and nothing of anybody else's traffic. */
#pragma once

#include "exchange/record/step.h"
#include "protocol/message/notice.h"

/* Who is told. The n-th address of a contract's list is a hearer of its own: each has its own deliveries. */
struct hearer {
    enum notice_hearer kind;
    uint8_t address; /* of NOTICE_TO_ADDRESS and NOTICE_TO_COPY: its place in the contract's list */
    struct bytes id; /* of the affiliate, buyer or contract */
};
#define HEARER_ADDRESSES_MAX BOOK_ADDRESSES_MAX
#define HEARER_ID_MAX 64u /* bytes, as the schema has it */

struct event {
    enum notice notice;
    bool is_test, is_final; /* final: nothing more is to come of the lead's doubts */
    int64_t at_ms;
    struct ident lead_id;  /* none: of no lead */
    struct ident post_id;  /* to buyers and addresses: of which post; the sale's id where there is a sale */
    struct ident about;    /* a return, a disposition, …; none: nothing else */
    enum lead_state state; /* to affiliates: what the lead is now */
    enum reason reason;
    int64_t
        amount_micros; /* to affiliates: what the lead pays now; to buyers: what it costs; balance.low: the balance */
    struct bytes contract; /* to buyers and addresses */
};

/* An event in its hearer's list. */
struct event_row {
    uint64_t number;
    struct event event;
};

bool event_write(struct sink *sink, const struct event *event);
bool event_read(struct bytes bytes, struct event *event);

/* 48-bit wall ms | 32 bits of the hearer | 48-bit number. */
void event_id(const struct hearer *hearer, uint64_t number, int64_t at_ms, struct ident *id);
uint64_t event_number(const struct ident *id);
#define EVENT_NUMBER_MAX ((UINT64_C(1) << 48) - 1)

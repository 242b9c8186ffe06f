/* legs: which buyers together get a lead that may be sold to several (market.md section 5.6). Pure.
 *
 * A leg is one contract's price for the case that at most max_sold buyers get the lead. Legs come in the order of the
 * ranking, best first. For every m up to max_sales the best m legs are those that stand first in that order and may be
 * sold together: one of each group, each with max_sold for them all, their reach at least the floor. Of these sets the
 * one with the lowest tier in front wins, then the one worth most, then the smallest. */
#pragma once

#include "exchange/record/offer.h"

#define LEGS_MAX 64u /* the first so many of an order are looked at */

/* What makes one set of buyers better than another. */
enum objective { OBJECTIVE_PAYOUT, OBJECTIVE_REVENUE, OBJECTIVE_MARGIN, OBJECTIVES };

struct leg {
    uint32_t group; /* equal numbers: one owner */
    uint32_t tier;
    uint8_t max_sold;
    int64_t reach_micros; /* the most it can pay the affiliate: counts towards the floor */
    int64_t worth_micros; /* by the campaign's objective */
};

struct legs_terms {
    uint32_t max_sales; /* up to OFFER_SALES_MAX */
    uint32_t elsewhere; /* buyers the affiliate has sold it to itself: they count towards every leg's max_sold */
    int64_t floor_micros;
};

/* Indexes of the set, ascending; returns how many; 0: there is none. */
uint32_t legs_choose(const struct legs_terms *terms, const struct leg *legs, uint32_t count,
                     uint32_t chosen[OFFER_SALES_MAX]);
/* Some set has this leg in it: it alone need not reach the floor. */
bool legs_fits(const struct legs_terms *terms, const struct leg *legs, uint32_t count, uint32_t leg);

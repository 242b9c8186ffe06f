/* quiet: may the person of a lead be called now? The hours of a campaign, or of a state, in the time zone where the
 * person lives (market.md section 4). Pure.
 *
 * Where: the place of the zip, of the phone's area code, or both; what is not told yet (a ping without a phone) is not
 * asked, because the post is looked at again. Nothing told, or a zip or area code that the tables do not know: then it
 * must be open in every zone of the tables. Which hours: those of the place's state, and of the state the lead says. */
#pragma once

#include "exchange/market/campaign.h"
#include "exchange/market/places.h"

enum quiet_from { QUIET_ZIP, QUIET_PHONE, QUIET_BOTH };

struct quiet {
    enum quiet_from from;
    uint32_t zip_field, state_field; /* FIELD_NONE: there is no such field */
    const struct places *places;
    uint64_t hours[FIELD_STATES]; /* open half hours of a day, by state */
    uint64_t everywhere;          /* open in every state */
};

/* True: nobody may be sold this lead now. `quiet` may be NULL: no such rule. */
bool quiet_is_now(const struct quiet *quiet, const struct facts *facts, int64_t wall_ms);

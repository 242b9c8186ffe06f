/* Wherever bands are written, in a catalogue or in the settings, the same is wrong with them. */
#include "exchange/market/margin.h"

#include <stddef.h>

const char *margin_source_name(enum margin_source source)
{
    static const char *const NAMES[MARGIN_SOURCE_COUNT] = {"exchange", "campaign", "affiliate",
                                                           "source",   "contract", "pair"};
    return source < MARGIN_SOURCE_COUNT ? NAMES[source] : "";
}

const char *margin_bands_error(const struct margin_band *bands, uint32_t count, uint32_t *at)
{
    int64_t before = -1;
    for (*at = 0; *at < count; ++*at) {
        bool is_last = *at + 1 == count, is_open = bands[*at].up_to_micros == INT64_MAX;
        if (is_open && !is_last) return "the bands after one without up_to are never reached";
        if (is_last && !is_open) return "the last band needs no up_to: it takes all prices above";
        if (bands[*at].up_to_micros <= before) return "up_to must rise from band to band";
        before = bands[*at].up_to_micros;
    }
    return NULL;
}

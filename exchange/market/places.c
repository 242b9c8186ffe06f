/* Numbers and places apart: the search walks over numbers only, sixteen to a cache line. */
#include "exchange/market/places.h"

static uint32_t search(const uint32_t *numbers, uint32_t count, uint32_t number)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct place *places_zip(const struct places *places, uint32_t zip)
{
    uint32_t at = places ? search(places->zips, places->zips_count, zip) : 0;
    return places && at < places->zips_count && places->zips[at] == zip ? &places->of_zips[at] : NULL;
}

const struct place *places_area(const struct places *places, uint32_t code)
{
    uint32_t at = places ? search(places->areas, places->areas_count, code) : 0;
    return places && at < places->areas_count && places->areas[at] == code ? &places->of_areas[at] : NULL;
}

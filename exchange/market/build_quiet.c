/* Where people live, and when they may be called: the operator's tables, compiled to what a ping asks, and a campaign's
 * quiet hours over them. The tables are compiled once, and only when something asks. */
#include "exchange/market/build.h"
#include "exchange/market/quiet.h"
#include "exchange/market/scalar.h"

#define ZONES_MAX 1024u /* the world has some 600 */

struct zones {
    struct table names;
    const struct zone **list;
    uint32_t count;
};

static uint16_t zone_number(struct build *build, const struct node *where, struct zones *zones, struct bytes name)
{
    uint32_t number = table_find(&zones->names, name);
    if (number != TABLE_NONE) return (uint16_t)number;
    const struct zone *zone = zones->count < ZONES_MAX ? build_zone(build, name) : NULL;
    if (!zone) {
        build_error(build, where, "the tables of geo name the time zone %.*s, which is not there", BUILD_SHOWN(name));
        zone = zone_utc();
    }
    number = zones->count < ZONES_MAX ? zones->count : ZONES_MAX - 1;
    zones->list[number] = zone;
    if (zones->count < ZONES_MAX) zones->count++;
    if (table_put(&zones->names, name, number) != FAULT_NONE) build->no_memory = true;
    return (uint16_t)number;
}

const struct places *build_places(struct build *build, const struct node *where)
{
    const struct geo *geo = build->source->geo;
    if (build->places || !geo) return build->places;
    struct places *places = build_zero(build, 1, sizeof *places);
    uint32_t *numbers = build_zero(build, geo->zips_count + geo->areas_count, sizeof *numbers);
    struct place *of = build_zero(build, geo->zips_count + geo->areas_count, sizeof *of);
    struct zones zones = {.list = build_zero(build, ZONES_MAX, sizeof *zones.list)};
    if (!places || !numbers || !of || !zones.list) return NULL;
    for (uint32_t i = 0; i < geo->zips_count; i++) {
        numbers[i] = geo->zips[i].zip;
        of[i] = (struct place){(uint8_t)geo->zips[i].state, zone_number(build, where, &zones, geo->zips[i].zone)};
    }
    *places = (struct places){.zips = numbers,
                              .of_zips = of,
                              .zips_count = geo->zips_count,
                              .areas = numbers + geo->zips_count,
                              .of_areas = of + geo->zips_count,
                              .areas_count = geo->areas_count};
    for (uint32_t i = 0; i < geo->areas_count; i++) {
        numbers[geo->zips_count + i] = geo->areas[i].code;
        of[geo->zips_count + i] = (struct place){(uint8_t)geo->areas[i].state,
                                                 zone_number(build, where, &zones, geo->areas[i].zone)};
    }
    places->zones = zones.list;
    places->zones_count = zones.count;
    table_free(&zones.names);
    build->places = places;
    return places;
}

/* --- a campaign's --- */

static uint32_t find_field(const struct campaign *campaign, enum field_type type, bool may_be_private)
{
    for (uint32_t i = 0; i < campaign->fields_count; i++)
        if (campaign->fields[i].type == type && !campaign->fields[i].is_private) return i;
    for (uint32_t i = 0; i < campaign->fields_count && may_be_private; i++)
        if (campaign->fields[i].type == type) return i;
    return FIELD_NONE;
}

void build_whereabouts(struct campaign *campaign)
{
    campaign->state_field = find_field(campaign, FIELD_US_STATE, false);
    campaign->zip_field = find_field(campaign, FIELD_US_ZIP, false);
}

static uint64_t read_hours(struct build *build, const struct node *node)
{
    struct bytes text;
    uint64_t hours = 0;
    const char *error = "hours are a text such as \"08:00-21:00\"";
    if (scalar_text(node, &text)) error = schedule_read_hours(text, &hours);
    if (error) build_error(build, node, "%s", error);
    return hours;
}

static void read_states(struct build *build, const struct node *node, struct quiet *quiet)
{
    const struct node *map = node_find(node, "by_state");
    if (!map) return;
    if (map->kind != NODE_MAP) {
        build_error(build, map, "by_state is a map such as {FL: \"08:00-20:00\"}");
        return;
    }
    NODE_EACH(child, map)
    {
        int code = field_state_code(child->key);
        uint64_t hours = read_hours(build, child);
        if (code < 0)
            build_error(build, child, "%.*s is not a state's two letters", BUILD_SHOWN(child->key));
        else
            quiet->hours[code] = hours;
    }
}

static bool has_area_code(const struct campaign *campaign)
{
    for (uint32_t i = 0; i < campaign->fields_count; i++)
        if (bytes_is(campaign->fields[i].name, "area_code") && !campaign->fields[i].is_private) return true;
    return find_field(campaign, FIELD_US_PHONE, true) != FIELD_NONE;
}

/* What is asked must be a field, and must be in a table. */
static void check_sources(struct build *build, const struct node *node, const struct campaign *campaign,
                          const struct quiet *quiet)
{
    const struct geo *geo = build->source->geo;
    if (quiet->from != QUIET_PHONE && quiet->zip_field == FIELD_NONE)
        build_error(build, node, "quiet_hours by the zip need a field of type us_zip (or say zone_from: phone)");
    if (quiet->from != QUIET_PHONE && (!geo || !geo->zips))
        build_error(build, node, "quiet_hours by the zip need the table of zips (settings: geo: zips)");
    if (quiet->from != QUIET_ZIP && !has_area_code(campaign))
        build_error(build, node, "quiet_hours by the phone need a field of type us_phone (or say zone_from: zip)");
    if (quiet->from != QUIET_ZIP && (!geo || !geo->areas))
        build_error(build, node, "quiet_hours by the phone need the table of area codes (settings: geo: area_codes)");
}

void build_quiet(struct build *build, const struct node *node, struct campaign *campaign)
{
    static const char *const FROM[] = {"zip", "phone", "both"};
    unsigned from = QUIET_BOTH;
    node = node_find(node, "quiet_hours");
    struct quiet *quiet = node ? build_zero(build, 1, sizeof *quiet) : NULL;
    if (!quiet) return;
    const struct node *usual = node_find(node, "default");
    if (!usual) build_error(build, node, "quiet_hours need default: the hours in which people may be called");
    uint64_t hours = usual ? read_hours(build, usual) : 0;
    for (unsigned i = 0; i < FIELD_STATES; i++) quiet->hours[i] = hours;
    read_states(build, node, quiet);
    quiet->everywhere = ~UINT64_C(0);
    for (unsigned i = 0; i < FIELD_STATES; i++) quiet->everywhere &= quiet->hours[i];
    build_word(build, node, "zone_from", FROM, 3, &from);
    quiet->from = (enum quiet_from)from;
    quiet->zip_field = find_field(campaign, FIELD_US_ZIP, true);
    quiet->state_field = find_field(campaign, FIELD_US_STATE, true);
    check_sources(build, node, campaign, quiet);
    quiet->places = build_places(build, node);
    campaign->quiet = quiet;
}

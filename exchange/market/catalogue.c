/* A snapshot is one block with an arena in it: building fills it part by part, refusing drops it whole. The parts are
 * in build_*.c, in the order in which they need each other. */
#include "exchange/market/catalogue.h"

#include <stdlib.h>

#include "exchange/market/build_pack.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define CHUNK_BYTES ((size_t)65536)
#define CATALOGUE_BYTES_MAX ((size_t)16 << 30)

static struct catalogue *build(const struct catalogue_source *source, const struct bytes *packed);

struct catalogue *catalogue_build(const struct catalogue_source *source)
{
    return build(source, NULL);
}

struct catalogue *catalogue_unpack(struct bytes packed, bool (*read_zone)(void *, struct bytes, struct bytes *),
                                   void *arg)
{
    struct arena scratch;
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    struct catalogue *catalogue = NULL;
    limits.nodes_max = UINT32_MAX;
    arena_init(&scratch, CHUNK_BYTES, CATALOGUE_BYTES_MAX);
    const struct node *document = document_read_pack(&scratch, packed, &limits, &error);
    struct catalogue_source source = {.document = document, .read_zone = read_zone, .read_zone_arg = arg};
    struct geo geo = {0};
    const struct node *tables = document && document->kind == NODE_MAP ? node_find(document, "geo") : NULL;
    if (tables) source.geo = &geo;
    if (document && document->kind == NODE_MAP &&
        build_unpack_house(node_find(document, "house"), &scratch, &source.house) &&
        (!tables || build_unpack_geo(tables, &scratch, &geo)))
        catalogue = build(&source, &packed);
    arena_free(&scratch);
    return catalogue;
}

void catalogue_take(struct catalogue *catalogue)
{
    check(atomic_fetch_add_explicit(&catalogue->references, 1, memory_order_relaxed) > 0);
}

bool catalogue_is_last(const struct catalogue *catalogue)
{
    return atomic_load_explicit(&catalogue->references, memory_order_acquire) == 1;
}
void catalogue_drop(struct catalogue **catalogue)
{
    struct catalogue *dropped = *catalogue;
    *catalogue = NULL;
    if (!dropped || atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) > 1) return;
    struct table *tables[] = {&dropped->campaign_ids, &dropped->affiliate_ids, &dropped->buyer_ids,
                              &dropped->contract_ids, &dropped->keys,          &dropped->list_names};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) table_free(tables[i]);
    arena_free(&dropped->memory);
    free(dropped);
}

const struct campaign *catalogue_campaign(const struct catalogue *catalogue, struct bytes id)
{
    uint32_t index = table_find(&catalogue->campaign_ids, id);
    return index == TABLE_NONE ? NULL : &catalogue->campaigns[index];
}

const struct affiliate *catalogue_affiliate(const struct catalogue *catalogue, struct bytes id)
{
    uint32_t index = table_find(&catalogue->affiliate_ids, id);
    return index == TABLE_NONE ? NULL : &catalogue->affiliates[index];
}

const struct lead_source *catalogue_source_of(const struct affiliate *affiliate, struct bytes source)
{
    uint32_t low = 0, high = affiliate->sources_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = bytes_compare(affiliate->sources[middle].id, source);
        if (order == 0) return &affiliate->sources[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct buyer *catalogue_buyer(const struct catalogue *catalogue, struct bytes id)
{
    uint32_t index = table_find(&catalogue->buyer_ids, id);
    return index == TABLE_NONE ? NULL : &catalogue->buyers[index];
}

const struct contract *catalogue_contract(const struct catalogue *catalogue, struct bytes id)
{
    uint32_t index = table_find(&catalogue->contract_ids, id);
    return index == TABLE_NONE ? NULL : &catalogue->contracts[index];
}

const struct principal *catalogue_principal(const struct catalogue *catalogue, const struct digest *key)
{
    uint32_t index = table_find(&catalogue->keys, (struct bytes){(const char *)key->at, DIGEST_LEN});
    return index == TABLE_NONE ? NULL : &catalogue->principals[index];
}

void catalogue_keys(const struct catalogue *catalogue, struct digest *keys)
{
    for (uint32_t i = 0; i < catalogue->keys.places; i++) {
        const struct table_entry *entry = &catalogue->keys.entries[i];
        if (entry->hash) memcpy(keys[entry->value].at, entry->key.at, DIGEST_LEN);
    }
}

static void pool_free(struct pool *pool)
{
    table_free(&pool->places);
    free(pool->items);
}

static void check_house(const struct house_rules *house)
{
    check(house->payout_step_micros > 0 && house->margin.ppm >= 0 && house->margin.ppm <= MONEY_PPM);
    check(house->margin.min_micros >= 0 && house->margin.min_micros <= BUILD_MONEY_MAX);
    check(house->margin.fixed_micros >= 0 && house->margin.fixed_micros <= BUILD_MONEY_MAX);
    check(house->margin.max_micros >= 0 && house->margin.max_micros <= BUILD_MONEY_MAX);
    uint32_t at;
    check(house->margin.bands_count <= MARGIN_BANDS_MAX &&
          !margin_bands_error(house->margin.bands, house->margin.bands_count, &at));
    check(house->circuit.failures >= 1 && house->circuit.failures <= CIRCUIT_HISTORY_MAX);
    check(house->circuit.of >= 1 && house->circuit.of <= CIRCUIT_HISTORY_MAX);
    check(house->circuit.pause_us > 0 && house->circuit.pause_max_us <= CIRCUIT_PAUSE_MAX_US);
}

static bool is_fine(const struct build *build)
{
    return build->errors == 0 && !build->no_memory;
}

/* Those of the settings, or of a packed catalogue, do not live as long as the snapshot. */
static void copy_bands(struct build *build, struct margin *margin)
{
    if (!margin->bands_count) return;
    struct margin_band *bands = build_zero(build, margin->bands_count, sizeof *bands);
    if (bands) memcpy(bands, margin->bands, margin->bands_count * sizeof *bands);
    margin->bands = bands;
    if (!bands) margin->bands_count = 0;
}

static void build_parts(struct build *build, const struct bytes *packed)
{
    struct catalogue *catalogue = build->catalogue;
    catalogue->house = build->source->house;
    catalogue->house.currency = build_copy(build, catalogue->house.currency);
    catalogue->house.time_zone = build_copy(build, catalogue->house.time_zone);
    copy_bands(build, &catalogue->house.margin);
    catalogue->zone = build_zone(build, catalogue->house.time_zone);
    if (!catalogue->zone) {
        catalogue->zone = zone_utc();
        build_error(build, build->source->document, "there is no time zone %.*s (settings: time_zone)",
                    BUILD_SHOWN(catalogue->house.time_zone));
    }
    build_lists(build);
    build_campaigns(build);
    build_calendars(build);
    build_affiliates(build);
    build_buyers(build);
    build_exclusions(build);
    build_contracts(build);
    build_check_tiers(build);
    if (is_fine(build)) build_rehearsals(build);
    build_margins(build);
    build_duplicates(build);
    build_suppressions(build);
    if (is_fine(build)) build_segments(build);
    if (is_fine(build)) build_indexes(build);
    if (is_fine(build)) build_disclosed(build);
    if (is_fine(build)) build_reach(build);
    if (is_fine(build) && packed) {
        catalogue->packed = build_copy(build, *packed);
        if (catalogue->packed.at) digest_of(&catalogue->version, &catalogue->packed, 1);
    } else if (is_fine(build)) {
        build_pack(build);
    }
    if (is_fine(build)) build_cells(build);
}

static struct catalogue *build(const struct catalogue_source *source, const struct bytes *packed)
{
    struct catalogue *catalogue = calloc(1, sizeof *catalogue);
    struct build build = {.source = source, .catalogue = catalogue, .is_unpack = packed != NULL};
    if (!catalogue) return NULL;
    check_house(&source->house);
    arena_init(&catalogue->memory, CHUNK_BYTES, CATALOGUE_BYTES_MAX);
    catalogue->references = 1;
    build.arena = &catalogue->memory;
    arena_init(&build.kept, CHUNK_BYTES, CATALOGUE_BYTES_MAX);
    build_parts(&build, packed);
    pool_free(&build.zones);
    pool_free(&build.hosts);
    pool_free(&build.schedules);
    pool_free(&build.calendars);
    free(build.contract_nodes);
    free(build.bulk);
    arena_free(&build.kept);
    if (!is_fine(&build)) catalogue_drop(&catalogue);
    return catalogue;
}

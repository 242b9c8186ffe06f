/* The packed catalogue is what the book keeps under its hash:
 *
 *   {house: {…}, campaigns: […], margins: […], calendars: {…}, lists: {…}, suppress: […], affiliates: […], buyers: […
 * without contracts, secrets and people], contracts: [{buyer: north, …}, …], geo: {zips: the table, area_codes: the
 * table} where there are such}
 *
 * Contracts stand beside their buyers, which leaves a filter the depth it needs, and signing secrets stay out: the book
 * must not be worth stealing for them. Keys keep the document's order, because the order of a campaign's fields is the
 * order buyers see them in. The heads of maps and lists are written here (a byte and a big-endian count, MessagePack's
 * specification); all values by the codec. */
#include "exchange/market/build_pack.h"

#include <stdlib.h>

#include "exchange/market/scalar.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"
#include "protocol/codec/pack.h"

#define VALUE_EXTRA 20u /* bytes a node may take beside its characters */
#define HOUSE_MAX 1024u

/* Members of the packed house rules that are numbers. */
/* Those from FIXED on are absent in catalogues packed by an earlier exchange, which had none of them. */
enum { PPM, MIN, STEP, POSTS, FAILURES, SHARE, OF, PAUSE, PAUSE_MAX, FIXED, MAX, NUMBERS };
static const char *const NUMBER_NAMES[NUMBERS] = {"margin_ppm",   "margin_min",   "payout_step", "max_posts",
                                                  "failures",     "share_ppm",    "of",          "pause_us",
                                                  "pause_max_us", "margin_fixed", "margin_max"};

static size_t bound_of(const struct build *build);
static void write_map_head(struct sink *sink, uint32_t count);
static void write_house(struct sink *sink, const struct house_rules *house);
static void write_geo(struct sink *sink, const struct geo *geo);
static void write_list(struct sink *sink, const struct build *build, const char *name);
static void write_named(struct sink *sink, const struct build *build, const char *name);
static void write_affiliates(struct sink *sink, const struct build *build);
static void write_buyers(struct sink *sink, const struct build *build);
static void write_contracts(struct sink *sink, const struct build *build);

void build_pack(struct build *build)
{
    size_t bound = bound_of(build);
    bool is_exact = build->bulk_len > bound / 2; /* then little is lost by writing it where it is to stay */
    char *at = is_exact ? arena_take(build->arena, bound) : malloc(bound);
    struct sink sink = sink_over(at, at ? bound : 0);
    struct catalogue *catalogue = build->catalogue;
    if (!at) {
        build->no_memory = true;
        return;
    }
    const struct geo *geo = build->source->geo;
    write_map_head(&sink, geo ? 10 : 9);
    write_house(&sink, &catalogue->house);
    if (geo) write_geo(&sink, geo);
    write_list(&sink, build, "campaigns");
    write_list(&sink, build, "margins");
    write_named(&sink, build, "calendars");
    write_named(&sink, build, "lists");
    write_list(&sink, build, "suppress");
    write_affiliates(&sink, build);
    write_buyers(&sink, build);
    write_contracts(&sink, build);
    check(!sink.cut, "a packed catalogue needs more than %zu bytes", bound);
    catalogue->packed = is_exact ? sink_written(&sink) : build_copy(build, sink_written(&sink));
    if (catalogue->packed.at) digest_of(&catalogue->version, &catalogue->packed, 1);
    if (!is_exact) free(at);
}

static size_t bound_of(const struct build *build)
{
    const struct node *document = build->source->document;
    const struct house_rules *house = &build->catalogue->house;
    size_t bound = HOUSE_MAX + house->currency.len + house->time_zone.len +
                   house->margin.bands_count * (size_t)(3 * VALUE_EXTRA);
    const struct geo *geo = build->source->geo;
    if (geo) bound += geo->zips_text.len + geo->areas_text.len + 4 * VALUE_EXTRA;
    for (uint32_t i = 0; i < document->span; i++) bound += document[i].key.len + document[i].text.len + VALUE_EXTRA;
    bound += build->bulk_len;
    for (uint32_t i = 0; i < build->catalogue->contracts_count - build->bulk_count; i++)
        bound += build->catalogue->buyers[build->catalogue->contracts[i].buyer].id.len + VALUE_EXTRA;
    return bound;
}

/* `small`: the first byte of a head whose count is below 16; `big` that of one with four bytes of count. */
static void write_head(struct sink *sink, uint8_t small, uint8_t big, uint32_t count)
{
    if (count < 16) {
        sink_char(sink, (char)(small | count));
        return;
    }
    sink_char(sink, (char)big);
    for (int shift = 24; shift >= 0; shift -= 8) sink_char(sink, (char)(count >> shift & 0xFF));
}

static void write_map_head(struct sink *sink, uint32_t count)
{
    write_head(sink, 0x80, 0xDF, count);
}

static void write_list_head(struct sink *sink, uint32_t count)
{
    write_head(sink, 0x90, 0xDD, count);
}

static void write_text(struct sink *sink, struct bytes text)
{
    struct node node = {.text = text, .span = 1, .kind = NODE_TEXT};
    pack_write(sink, &node);
}

static void write_number(struct sink *sink, int64_t number)
{
    char digits[24];
    struct sink text = sink_over(digits, sizeof digits);
    sink_i64(&text, number);
    struct node node = {.text = sink_written(&text), .span = 1, .kind = NODE_NUMBER};
    pack_write(sink, &node);
}

static void write_bool(struct sink *sink, bool truth)
{
    struct node node = {.span = 1, .kind = NODE_BOOL, .truth = truth};
    pack_write(sink, &node);
}

static void write_house(struct sink *sink, const struct house_rules *house)
{
    const int64_t numbers[NUMBERS] = {
        [PPM] = house->margin.ppm,
        [MIN] = house->margin.min_micros,
        [STEP] = house->payout_step_micros,
        [POSTS] = house->max_posts,
        [FAILURES] = house->circuit.failures,
        [SHARE] = house->circuit.share_ppm,
        [OF] = house->circuit.of,
        [PAUSE] = house->circuit.pause_us,
        [PAUSE_MAX] = house->circuit.pause_max_us,
        [FIXED] = house->margin.fixed_micros,
        [MAX] = house->margin.max_micros,
    };
    write_text(sink, BYTES("house"));
    write_map_head(sink, NUMBERS + 4 + (house->margin.bands_count > 0));
    for (unsigned i = 0; i < NUMBERS; i++) {
        write_text(sink, bytes_of(NUMBER_NAMES[i]));
        write_number(sink, numbers[i]);
    }
    write_text(sink, BYTES("margin"));
    write_bool(sink, house->margin.is_set);
    write_text(sink, BYTES("allow_private"));
    write_bool(sink, house->allow_private);
    write_text(sink, BYTES("currency"));
    write_text(sink, house->currency);
    write_text(sink, BYTES("time_zone"));
    write_text(sink, house->time_zone);
    if (!house->margin.bands_count) return;
    write_text(sink, BYTES("margin_bands"));
    write_list_head(sink, 3 * house->margin.bands_count);
    for (uint32_t i = 0; i < house->margin.bands_count; i++) {
        write_number(sink, house->margin.bands[i].up_to_micros);
        write_number(sink, house->margin.bands[i].ppm);
        write_number(sink, house->margin.bands[i].fixed_micros);
    }
}

/* As they were read: filters are built of them again. */
static void write_geo(struct sink *sink, const struct geo *geo)
{
    write_text(sink, BYTES("geo"));
    write_map_head(sink, 2);
    write_text(sink, BYTES("zips"));
    write_text(sink, geo->zips_text);
    write_text(sink, BYTES("area_codes"));
    write_text(sink, geo->areas_text);
}

static void write_list(struct sink *sink, const struct build *build, const char *name)
{
    const struct node *list = node_find(build->source->document, name);
    write_text(sink, bytes_of(name));
    if (list && list->kind == NODE_LIST)
        pack_write(sink, list);
    else
        write_list_head(sink, 0);
}

static void write_named(struct sink *sink, const struct build *build, const char *name)
{
    const struct node *map = node_find(build->source->document, name);
    write_text(sink, bytes_of(name));
    if (map && map->kind == NODE_MAP)
        pack_write(sink, map);
    else
        write_map_head(sink, 0);
}

/* `map` without the member of that name. */
static void write_without(struct sink *sink, const struct node *map, const char *name)
{
    write_map_head(sink, map->count - (node_find(map, name) != NULL));
    NODE_EACH(member, map)
    {
        if (bytes_is(member->key, name)) continue;
        write_text(sink, member->key);
        pack_write(sink, member);
    }
}

static void write_affiliates(struct sink *sink, const struct build *build)
{
    const struct node *list = node_find(build->source->document, "affiliates");
    write_text(sink, BYTES("affiliates"));
    write_list_head(sink, build->catalogue->affiliates_count);
    if (build->catalogue->affiliates_count == 0) return;
    NODE_EACH(affiliate, list)
    {
        write_map_head(sink, affiliate->count);
        NODE_EACH(member, affiliate)
        {
            write_text(sink, member->key);
            if (bytes_is(member->key, "notices") && member->kind == NODE_MAP)
                write_without(sink, member, "secret");
            else
                pack_write(sink, member);
        }
    }
}

static bool is_left_out(const struct node *member)
{
    return bytes_is(member->key, "contracts") || bytes_is(member->key, "signing_secret") ||
           bytes_is(member->key, "hash_secret");
}

static bool is_person(const struct node *member)
{
    return bytes_is(member->key, "phones") || bytes_is(member->key, "emails");
}

/* The book keeps keyed hashes of people, and nothing else of them. */
static void write_exclude(struct sink *sink, const struct node *exclude)
{
    uint32_t count = 0;
    NODE_EACH(member, exclude) count += !is_person(member);
    write_map_head(sink, count);
    NODE_EACH(member, exclude)
    {
        if (is_person(member)) continue;
        write_text(sink, member->key);
        pack_write(sink, member);
    }
}

static void write_buyer(struct sink *sink, const struct node *buyer)
{
    uint32_t count = buyer->count;
    NODE_EACH(member, buyer) count -= is_left_out(member);
    write_map_head(sink, count);
    NODE_EACH(member, buyer)
    {
        if (is_left_out(member)) continue;
        write_text(sink, member->key);
        if (bytes_is(member->key, "exclude"))
            write_exclude(sink, member);
        else
            pack_write(sink, member);
    }
}

static void write_buyers(struct sink *sink, const struct build *build)
{
    const struct node *list = node_find(build->source->document, "buyers");
    write_text(sink, BYTES("buyers"));
    write_list_head(sink, build->catalogue->buyers_count);
    if (build->catalogue->buyers_count == 0) return;
    NODE_EACH(buyer, list) write_buyer(sink, buyer);
}

static void write_contracts(struct sink *sink, const struct build *build)
{
    const struct catalogue *catalogue = build->catalogue;
    write_text(sink, BYTES("contracts"));
    write_list_head(sink, catalogue->contracts_count);
    for (uint32_t i = 0; i < catalogue->contracts_count - build->bulk_count; i++) {
        const struct node *contract = build->contract_nodes[i];
        bool is_bulk = node_find(contract, "buyer") != NULL;
        build_pack_contract(sink, contract, is_bulk ? NULL : &catalogue->buyers[catalogue->contracts[i].buyer]);
    }
    sink_bytes(sink, (struct bytes){build->bulk, build->bulk_len});
}

void build_pack_contract(struct sink *sink, const struct node *contract, const struct buyer *buyer)
{
    write_map_head(sink, contract->count + (buyer != NULL));
    if (buyer) {
        write_text(sink, BYTES("buyer"));
        write_text(sink, buyer->id);
    }
    pack_write_members(sink, contract);
}

bool build_unpack_geo(const struct node *node, struct arena *arena, struct geo *geo)
{
    struct geo_error error;
    struct bytes text;
    if (scalar_text(node_find(node, "zips"), &text) && text.len && !geo_read_zips(geo, text, arena, &error))
        return false;
    return !scalar_text(node_find(node, "area_codes"), &text) || !text.len || geo_read_areas(geo, text, arena, &error);
}

/* Absent where there are none, and in catalogues packed by an earlier exchange. */
static bool unpack_bands(const struct node *list, struct arena *arena, struct margin *margin)
{
    if (!list) return true;
    uint32_t numbers = list->kind == NODE_LIST ? list->count : 0, at = 0;
    if (numbers == 0 || numbers % 3 || numbers / 3 > MARGIN_BANDS_MAX) return false;
    struct margin_band *bands = arena_zero(arena, numbers / 3, sizeof *bands);
    if (!bands) return false;
    NODE_EACH(number, list)
    {
        struct margin_band *band = &bands[at / 3];
        int64_t *const to[] = {&band->up_to_micros, &band->ppm, &band->fixed_micros};
        if (!scalar_i64(number, to[at % 3]) || *to[at % 3] < 0) return false;
        if (at++ % 3 == 2 && (band->ppm > MONEY_PPM || band->fixed_micros > BUILD_MONEY_MAX)) return false;
    }
    margin->bands = bands;
    margin->bands_count = numbers / 3;
    return margin_bands_error(bands, numbers / 3, &at) == NULL;
}

bool build_unpack_house(const struct node *node, struct arena *arena, struct house_rules *house)
{
    int64_t numbers[NUMBERS];
    *house = (struct house_rules){0};
    for (unsigned i = 0; i < NUMBERS; i++) {
        const struct node *number = node_find(node, NUMBER_NAMES[i]);
        numbers[i] = 0;
        if (i >= FIXED && !number) continue;
        if (!scalar_i64(number, &numbers[i]) || numbers[i] < 0) return false;
    }
    bool fine = scalar_bool(node_find(node, "margin"), &house->margin.is_set) &&
                scalar_bool(node_find(node, "allow_private"), &house->allow_private) &&
                scalar_text(node_find(node, "currency"), &house->currency) && numbers[PPM] <= MONEY_PPM &&
                numbers[MIN] <= BUILD_MONEY_MAX && numbers[FIXED] <= BUILD_MONEY_MAX &&
                numbers[MAX] <= BUILD_MONEY_MAX && numbers[STEP] > 0 && numbers[POSTS] <= UINT32_MAX &&
                numbers[FAILURES] <= CIRCUIT_HISTORY_MAX && numbers[SHARE] <= MONEY_PPM &&
                numbers[OF] <= CIRCUIT_HISTORY_MAX && numbers[FAILURES] > 0 && numbers[OF] > 0 && numbers[PAUSE] > 0 &&
                numbers[PAUSE_MAX] <= CIRCUIT_PAUSE_MAX_US;
    if (!scalar_text(node_find(node, "time_zone"), &house->time_zone)) house->time_zone = BYTES_NONE; /* likewise */
    house->margin.ppm = numbers[PPM];
    house->margin.min_micros = numbers[MIN];
    house->margin.fixed_micros = numbers[FIXED];
    house->margin.max_micros = numbers[MAX];
    fine = fine && unpack_bands(node_find(node, "margin_bands"), arena, &house->margin);
    house->payout_step_micros = numbers[STEP];
    house->max_posts = (uint32_t)numbers[POSTS];
    house->circuit = (struct circuit_rules){.failures = (uint32_t)numbers[FAILURES],
                                            .share_ppm = (uint32_t)numbers[SHARE],
                                            .of = (uint32_t)numbers[OF],
                                            .pause_us = numbers[PAUSE],
                                            .pause_max_us = numbers[PAUSE_MAX]};
    return fine;
}

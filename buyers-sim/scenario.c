/* Tables of keys from top to leaf; what a table cannot say (which keys go together) is checked after its object was
 * read, so that a mistake is told with the path of the object it is in. */
#include "buyers-sim/scenario.h"

#include <errno.h>
#include <stdio.h>

#include "protocol/codec/json.h"

#define FILE_BYTES_MAX (16 << 20)
#define ARENA_BYTES_MAX (256u << 20)
#define COPIES_NAME_MAX 96

static bool read_texts(struct reading *reading, const struct node *node, struct bytes *list, uint32_t max,
                       uint32_t *count)
{
    if (node->kind != NODE_LIST || node->count > max)
        return reading_fail(reading, "a list of at most %u texts is needed", max);
    *count = 0;
    NODE_EACH(child, node)
    {
        if (!reading_item(reading, child, *count, reading_text, &list[*count])) return false;
        ++*count;
    }
    return true;
}

static bool read_sent_text(struct reading *reading, const struct node *node, void *at)
{
    if (!reading_text(reading, node, at)) return false;
    return ((struct bytes *)at)->len <= SCENARIO_RAW_MAX / 8 || reading_fail(reading, "the text is too long");
}

static bool read_seconds(struct reading *reading, const struct node *node, void *at)
{
    return reading_count(reading, node, at);
}

static bool read_entries(struct reading *reading, const struct node *node, void *at)
{
    struct price *price = at;
    if (node->kind != NODE_MAP) return reading_fail(reading, "an object of prices is needed");
    price->entries = arena_zero(reading->arena, node->count, sizeof *price->entries);
    if (!price->entries) return reading_fail(reading, "the scenario takes too much memory");
    price->count = 0;
    NODE_EACH(child, node)
    {
        struct price_entry *entry = &price->entries[price->count];
        entry->value = arena_copy(reading->arena, child->key);
        if (!entry->value.at) return reading_fail(reading, "the scenario takes too much memory");
        if (!reading_member(reading, node, entry->value.at, reading_money, &entry->price_micros)) return false;
        price->count++;
    }
    return true;
}

static bool read_by_field(struct reading *reading, const struct node *node, void *at)
{
    static const struct reading_key keys[] = {
        {"field", offsetof(struct price, field), reading_text},
        {"prices", 0, read_entries},
        {"else", offsetof(struct price, else_micros), reading_money},
    };
    struct price *price = at;
    price->else_micros = -1;
    if (!reading_map(reading, node, keys, 3, price)) return false;
    return (price->field.len && price->entries) || reading_fail(reading, "field and prices are needed");
}

static bool read_price(struct reading *reading, const struct node *node, void *at)
{
    struct plan *plan = at;
    plan->price = (struct price){.else_micros = -1};
    plan->priced = 1;
    if (node->kind == NODE_MAP && node->count == 1 && node_find(node, "by_field"))
        return reading_member(reading, node, "by_field", read_by_field, &plan->price);
    return spread_read(reading, node, reading_money, &plan->price.spread);
}

static bool read_think(struct reading *reading, const struct node *node, void *at)
{
    return spread_read(reading, node, reading_ms, at);
}

static bool read_legs(struct reading *reading, const struct node *node, void *at)
{
    struct bytes *legs = at;
    if (node->kind != NODE_LIST) return reading_fail(reading, "a list is needed");
    char text[SCENARIO_RAW_MAX];
    struct sink sink = sink_over(text, sizeof text);
    struct json json = json_into(&sink);
    json_node(&json, node);
    if (sink.cut) return reading_fail(reading, "more than %d bytes", SCENARIO_RAW_MAX);
    *legs = arena_copy(reading->arena, sink_written(&sink));
    return legs->at || reading_fail(reading, "the scenario takes too much memory");
}

static bool read_bid_id(struct reading *reading, const struct node *node, void *at)
{
    struct plan *plan = at;
    plan->bid_id = BYTES_NONE;
    plan->bid_id_counted = node->kind == NODE_BOOL && node->truth;
    return node->kind == NODE_BOOL || read_sent_text(reading, node, &plan->bid_id);
}

static bool read_codes(struct reading *reading, const struct node *node, void *at)
{
    struct post_plan *post = at;
    return read_texts(reading, node, post->codes, SCENARIO_CODES_MAX, &post->codes_count);
}

static bool read_word(struct reading *reading, const struct node *node, const char *const *words, int count, int *value)
{
    struct bytes word;
    if (!reading_text(reading, node, &word)) return false;
    for (*value = 0; *value < count; ++*value)
        if (bytes_is(word, words[*value])) return true;
    return reading_fail(reading, "\"%s\" is not among the words for it", word.at);
}

static bool read_truth(struct reading *reading, const struct node *node, void *at)
{
    static const char *const words[] = {"by_act", "accepted", "rejected", "not_seen"};
    int value;
    if (!read_word(reading, node, words, 4, &value)) return false;
    *(enum truth *)at = (enum truth)value;
    return true;
}

static bool read_door(struct reading *reading, const struct node *node, void *at)
{
    static const char *const words[] = {"open", "refused", "closes"};
    int value;
    if (!read_word(reading, node, words, 3, &value)) return false;
    *(enum door *)at = (enum door)value;
    return true;
}

static bool read_post(struct reading *reading, const struct node *node, void *at)
{
    static const struct reading_key keys[] = {
        {"think_ms", offsetof(struct post_plan, think), read_think},
        {"reject", offsetof(struct post_plan, reject_ppm), reading_share},
        {"codes", 0, read_codes},
        {"reason", offsetof(struct post_plan, reason), read_sent_text},
        {"manner", offsetof(struct post_plan, script.manner), act_read_post},
        {"script", offsetof(struct post_plan, script), act_read_post_script},
        {"script_end", offsetof(struct post_plan, script.stays), act_read_script_end},
        {"price", offsetof(struct post_plan, price_micros), reading_money},
        {"redirect_url", offsetof(struct post_plan, redirect_url), read_sent_text},
        {"truth", offsetof(struct post_plan, truth), read_truth},
    };
    return reading_map(reading, node, keys, sizeof keys / sizeof *keys, at);
}

static bool read_secrets(struct reading *reading, const struct node *node, void *at)
{
    struct buyer_spec *spec = at;
    spec->secrets_count = 1;
    if (node->kind == NODE_TEXT) return reading_text(reading, node, &spec->secrets[0]);
    return read_texts(reading, node, spec->secrets, SCENARIO_SECRETS_MAX, &spec->secrets_count);
}

#define PLAN(member) offsetof(struct buyer_spec, plan.member)
/* clang-format off */
#define PLAN_KEYS                                                                                                      \
    {"price", offsetof(struct buyer_spec, plan), read_price},                                                          \
    {"legs", PLAN(legs), read_legs},                                                                                   \
    {"think_ms", PLAN(think), read_think},                                                                             \
    {"no_bid", PLAN(no_bid_ppm), reading_share},                                                                       \
    {"no_bid_code", PLAN(no_bid_code), read_sent_text},                                                                \
    {"no_bid_reason", PLAN(no_bid_reason), read_sent_text},                                                            \
    {"pause_s", PLAN(pause_s), read_seconds},                                                                          \
    {"bid_id", offsetof(struct buyer_spec, plan), read_bid_id},                                                        \
    {"available", PLAN(available), reading_switch},                                                                    \
    {"available_in_ms", PLAN(available_in_us), reading_ms},                                                            \
    {"valid_ms", PLAN(valid_us), reading_ms},                                                                          \
    {"manner", PLAN(script.manner), act_read_ping},                                                                    \
    {"script", PLAN(script), act_read_ping_script},                                                                    \
    {"script_end", PLAN(script.stays), act_read_script_end},                                                           \
    {"seats", PLAN(seats), reading_count},                                                                             \
    {"seat_ms", PLAN(seat_us), reading_ms},                                                                            \
    {"drip_ms", PLAN(drip_us), reading_ms},                                                                            \
    {"drip_bytes", PLAN(drip_bytes), reading_count},                                                                   \
    {"door", offsetof(struct buyer_spec, door), read_door},                                                            \
    {"post_door", offsetof(struct buyer_spec, post_door), read_door},                                                  \
    {"post", PLAN(post), read_post}

static const struct reading_key plan_keys[] = {PLAN_KEYS};
static const struct reading_key buyer_keys[] = {
    {"name", offsetof(struct buyer_spec, name), reading_text},
    {"count", offsetof(struct buyer_spec, copies), reading_count},
    {"path", offsetof(struct buyer_spec, path), reading_text},
    {"listen", offsetof(struct buyer_spec, listen), reading_text},
    {"post_listen", offsetof(struct buyer_spec, post_listen), reading_text},
    {"secret", 0, read_secrets},
    {"key", offsetof(struct buyer_spec, key), reading_text},
    {"contract", offsetof(struct buyer_spec, contract), reading_text},
    PLAN_KEYS,
};
/* clang-format on */

/* What no single key can tell. */
static bool check_buyer(struct reading *reading, const struct buyer_spec *spec)
{
    const struct plan *plan = &spec->plan;
    if (!spec->name.len) return reading_fail(reading, "a buyer needs a name");
    if (!plan->priced && !plan->legs.len) return reading_fail(reading, "a buyer needs a price, or legs");
    if (spec->path.len && spec->path.at[0] != '/') return reading_fail(reading, "a path starts with /");
    if (spec->door != DOOR_OPEN && !spec->listen.len)
        return reading_fail(reading, "a door that is not open needs a listen of its own");
    if (spec->post_door != DOOR_OPEN && !spec->post_listen.len)
        return reading_fail(reading, "a post_door that is not open needs a post_listen of its own");
    if (!plan->drip_bytes) return reading_fail(reading, "drip_bytes must be at least 1");
    return true;
}

bool scenario_change(struct reading *reading, const struct node *changes, struct buyer_spec *spec)
{
    struct buyer_spec changed = *spec;
    if (!reading_map(reading, changes, plan_keys, sizeof plan_keys / sizeof *plan_keys, &changed)) return false;
    if (!check_buyer(reading, &changed)) return false;
    *spec = changed;
    return true;
}

static bool read_buyer(struct reading *reading, const struct node *node, void *at)
{
    struct buyer_spec *spec = at;
    *spec = (struct buyer_spec){
        .copies = 1,
        .plan = {.no_bid_code = BYTES("filtered"),
                 .pause_s = -1,
                 .available = -1,
                 .available_in_us = -1,
                 .valid_us = -1,
                 .script.manner = ACT_NORMAL,
                 .seats = -1,
                 .drip_us = 100000,
                 .drip_bytes = 1,
                 .post = {.script.manner = ACT_NORMAL, .price_micros = -1}},
    };
    return reading_map(reading, node, buyer_keys, sizeof buyer_keys / sizeof *buyer_keys, spec) &&
           check_buyer(reading, spec);
}

/* One of several copies: NAME-1, NAME-2, … at /NAME-1/…; each on a port of its own where the port is 0. */
static bool copy_buyer(struct reading *reading, struct buyer_spec *copy, uint32_t number)
{
    char text[COPIES_NAME_MAX];
    struct sink sink = sink_over(text, sizeof text);
    sink_bytes(&sink, copy->name);
    sink_format(&sink, "-%u", number);
    copy->name = arena_copy(reading->arena, sink_written(&sink));
    if (sink.cut || !copy->name.at) return reading_fail(reading, "the name is too long");
    if (!copy->path.len) return true;
    sink = sink_over(text, sizeof text);
    sink_bytes(&sink, copy->path);
    sink_format(&sink, "-%u", number);
    copy->path = arena_copy(reading->arena, sink_written(&sink));
    return (!sink.cut && copy->path.at) || reading_fail(reading, "the path is too long");
}

static bool read_copies(struct reading *reading, const struct node *node, void *at)
{
    struct scenario *scenario = at;
    struct buyer_spec spec;
    if (!read_buyer(reading, node, &spec)) return false;
    if (spec.copies < 1 || spec.copies > SCENARIO_BUYERS_MAX - scenario->count)
        return reading_fail(reading, "from 1 to %d buyers fit into a scenario", SCENARIO_BUYERS_MAX);
    for (uint32_t number = 1; number <= spec.copies; number++) {
        struct buyer_spec *copy = &scenario->buyers[scenario->count];
        *copy = spec;
        if (spec.copies > 1 && !copy_buyer(reading, copy, number)) return false;
        scenario->count++;
    }
    return true;
}

static bool read_buyers(struct reading *reading, const struct node *node, void *at)
{
    struct scenario *scenario = at;
    if (node->kind != NODE_LIST || !node->count) return reading_fail(reading, "a list of buyers is needed");
    int64_t count = 0;
    NODE_EACH(child, node)
    {
        int64_t copies = 1;
        const struct node *given = node_find(child, "count");
        if (given && node_i64(given, &copies) && (copies < 1 || copies > SCENARIO_BUYERS_MAX)) copies = 1;
        count += copies;
    }
    scenario->buyers = arena_zero(&scenario->arena, (size_t)count, sizeof *scenario->buyers);
    if (!scenario->buyers) return reading_fail(reading, "the scenario takes too much memory");
    unsigned index = 0;
    NODE_EACH(one, node)
    if (!reading_item(reading, one, index++, read_copies, scenario)) return false;
    return true;
}

static bool read_private(struct reading *reading, const struct node *node, void *at)
{
    struct scenario *scenario = at;
    return read_texts(reading, node, scenario->private, SCENARIO_PRIVATE_MAX, &scenario->private_count);
}

static bool read_tls(struct reading *reading, const struct node *node, void *at)
{
    static const struct reading_key keys[] = {
        {"certificate", offsetof(struct scenario, certificate), reading_text},
        {"key", offsetof(struct scenario, certificate_key), reading_text},
    };
    struct scenario *scenario = at;
    if (!reading_map(reading, node, keys, 2, scenario)) return false;
    return (scenario->certificate.len && scenario->certificate_key.len) ||
           reading_fail(reading, "certificate and key are needed");
}

static bool read_exchange(struct reading *reading, const struct node *node, void *at)
{
    static const struct reading_key keys[] = {
        {"url", offsetof(struct scenario, exchange_url), reading_text},
        {"ca", offsetof(struct scenario, exchange_ca), reading_text},
        {"ttl_s", offsetof(struct scenario, availability_ttl_s), reading_count},
    };
    struct scenario *scenario = at;
    if (!reading_map(reading, node, keys, 3, scenario)) return false;
    if (!scenario->availability_ttl_s) return reading_fail(reading, "ttl_s must be at least 1");
    return scenario->exchange_url.len || reading_fail(reading, "url is needed");
}

static bool check_scenario(struct reading *reading, const struct scenario *scenario)
{
    if (!scenario->count) return reading_fail(reading, "buyers are needed");
    for (uint32_t i = 0; i < scenario->count; i++) {
        const struct buyer_spec *spec = &scenario->buyers[i];
        if (!scenario->listen.len && !spec->listen.len)
            return reading_fail(reading, "buyer \"%s\" has no listen, nor has the scenario", spec->name.at);
        if (spec->key.len && !scenario->exchange_url.len)
            return reading_fail(reading, "buyer \"%s\" has a key, but there is no exchange", spec->name.at);
    }
    return true;
}

static bool read_scenario(struct reading *reading, const struct node *node, const char *listen,
                          struct scenario *scenario)
{
    static const struct reading_key keys[] = {
        {"listen", offsetof(struct scenario, listen), reading_text},
        {"tls", 0, read_tls},
        {"exchange", 0, read_exchange},
        {"seed", offsetof(struct scenario, seed), reading_count},
        {"huge_bytes", offsetof(struct scenario, huge_bytes), reading_count},
        {"record", offsetof(struct scenario, record), reading_switch},
        {"private", 0, read_private},
        {"buyers", 0, read_buyers},
    };
    scenario->seed = 1;
    scenario->huge_bytes = 1 << 20;
    scenario->availability_ttl_s = 60;
    if (!reading_map(reading, node, keys, sizeof keys / sizeof *keys, scenario)) return false;
    if (listen) scenario->listen = bytes_of(listen);
    return check_scenario(reading, scenario);
}

static bool read_file(FILE *file, struct arena *arena, struct bytes *text)
{
    if (fseek(file, 0, SEEK_END)) return false;
    long size = ftell(file);
    if (size < 0 || size > FILE_BYTES_MAX || fseek(file, 0, SEEK_SET)) return false;
    char *content = arena_take(arena, (size_t)size + 1);
    if (!content) return false;
    *text = (struct bytes){content, fread(content, 1, (size_t)size, file)};
    return !ferror(file);
}

static bool load(struct reading *reading, struct scenario *scenario, struct bytes *text)
{
    FILE *file = fopen(reading->file, "rb");
    if (!file) return reading_fail(reading, "%s", strerror(errno));
    bool whole = read_file(file, &scenario->arena, text);
    fclose(file);
    return whole || reading_fail(reading, "not a regular file of at most %d bytes", FILE_BYTES_MAX);
}

static bool syntax_fail(struct reading *reading, struct bytes text, const struct document_error *error)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < error->at && i < text.len; i++) {
        column = text.at[i] == '\n' ? 1 : column + 1;
        line += text.at[i] == '\n';
    }
    return reading_fail(reading, "line %u, column %u: %s", line, column, error->text);
}

bool scenario_read(struct scenario *scenario, const char *file, const char *listen, struct reading *reading)
{
    *scenario = (struct scenario){0};
    arena_init(&scenario->arena, 1 << 16, ARENA_BYTES_MAX);
    *reading = reading_of(&scenario->arena, file);
    const char *slash = strrchr(file, '/');
    scenario->folder = arena_copy(&scenario->arena, (struct bytes){file, slash ? (size_t)(slash - file) + 1 : 0});
    struct bytes text;
    if (!load(reading, scenario, &text)) return false;
    struct document_limits limits = {DOCUMENT_DEPTH_MAX, 1u << 20, DOCUMENT_KEYS_MAX};
    struct document_error error;
    const struct node *document = document_read_json(&scenario->arena, text, &limits, &error);
    if (!document) return syntax_fail(reading, text, &error);
    return read_scenario(reading, document, listen, scenario);
}

void scenario_free(struct scenario *scenario)
{
    arena_free(&scenario->arena);
}

const char *scenario_path(struct scenario *scenario, struct bytes path)
{
    size_t folder_len = path.at[0] == '/' ? 0 : scenario->folder.len;
    char *whole = arena_take(&scenario->arena, folder_len + path.len + 1);
    if (!whole) return NULL;
    memcpy(whole, scenario->folder.at, folder_len);
    memcpy(whole + folder_len, path.at, path.len);
    whole[folder_len + path.len] = '\0';
    return whole;
}

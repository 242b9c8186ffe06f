#include "tests/sim/files.h"

#include <stdio.h>

#include "protocol/base/check.h"

#define FILE_ROOM (1u << 20)
#define PORT_SHARED 9000u
#define PORT_OWN 9100u      /* of a buyer with an address of its own: that and its number */
#define PORT_OWN_POST 9500u /* the same, for posts alone */

static bool is_map(const struct node *node)
{
    return node && node->kind == NODE_MAP;
}

void files_merge(struct json *json, const struct node *base, const struct node *over)
{
    if (!is_map(base) || !is_map(over)) {
        if (over || base)
            json_node(json, over ? over : base);
        else
            json_null(json);
        return;
    }
    json_open_map(json);
    NODE_EACH(member, base)
    {
        const struct node *other = node_find_bytes(over, member->key);
        if (other && other->kind == NODE_NULL) continue;
        json_key_bytes(json, member->key);
        files_merge(json, member, other);
    }
    NODE_EACH(added, over)
    {
        if (node_find_bytes(base, added->key) || added->kind == NODE_NULL) continue;
        json_key_bytes(json, added->key);
        json_node(json, added);
    }
    json_close_map(json);
}

const struct node *files_merged(struct arena *arena, const struct node *base, const struct node *over)
{
    struct document_error error;
    struct sink sink = sink_over(arena_take(arena, FILE_ROOM / 4), FILE_ROOM / 4);
    struct json json = json_into(&sink);
    if (!sink.at) return NULL;
    files_merge(&json, base, over);
    return sink.cut ? NULL : document_read_json(arena, sink_written(&sink), &DOCUMENT_LIMITS, &error);
}

struct bytes files_read(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *at = arena_take(arena, FILE_ROOM);
    if (!file || !at) return BYTES_NONE;
    struct bytes text = {at, fread(at, 1, FILE_ROOM, file)};
    fclose(file);
    return text;
}

static bool write_file(const char *folder, const char *name, const struct sink *sink)
{
    char path[FILES_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || sink->cut) return false;
    size_t written = fwrite(sink->at, 1, sink->len, file);
    return fclose(file) == 0 && written == sink->len;
}

static void write_members(struct json *json, const struct node *base, const struct node *over)
{
    static const struct node none = {.kind = NODE_MAP, .span = 1};
    const struct node *all = is_map(over) ? over : &none;
    NODE_EACH(member, base)
    {
        const struct node *other = node_find_bytes(all, member->key);
        if (other && other->kind == NODE_NULL) continue;
        json_key_bytes(json, member->key);
        files_merge(json, member, other);
    }
    NODE_EACH(added, all)
    {
        if (node_find_bytes(base, added->key) || added->kind == NODE_NULL) continue;
        if (bytes_is(added->key, "tests_at") || bytes_is(added->key, "status"))
            continue; /* written as what it stands for */
        json_key_bytes(json, added->key);
        json_node(json, added);
    }
}

static void write_id(struct json *json, struct bytes id)
{
    json_key(json, "id");
    json_text(json, id);
}

static void write_url(struct json *json, const char *key, struct bytes buyer, unsigned port, const char *path)
{
    char text[160];
    struct sink url = sink_over(text, sizeof text);
    sink_format(&url, "http://127.0.0.1:%u/%.*s/%s", port, (int)buyer.len, buyer.at, path);
    json_key(json, key);
    json_text(json, sink_written(&url));
}

/* A contract asks for a ping unless it has a standing price. */
static void write_contract(struct json *json, const struct node *defaults, struct bytes id, struct bytes buyer,
                           const struct node *given, const struct node *does, unsigned number)
{
    const struct node *price = node_find(given, "price");
    bool is_live = !price || (price->kind == NODE_TEXT && bytes_is(price->text, "live"));
    unsigned port = node_find(does, "listen") ? PORT_OWN + number : PORT_SHARED;
    json_open_map(json);
    write_id(json, id);
    if (!node_find(given, "campaign")) {
        json_key(json, "campaign");
        json_text(json, BYTES("auto"));
    }
    if (is_live) write_url(json, "ping_url", buyer, port, "ping");
    const struct node *delivery = node_find(given, "delivery");
    if (!delivery || !bytes_is(delivery->text, "inbox"))
        write_url(json, "post_url", buyer, node_find(does, "post_listen") ? PORT_OWN_POST + number : port, "post");
    if (node_find(given, "status")) write_url(json, "status_url", buyer, port, "status");
    const struct node *tests_at = node_find(given, "tests_at");
    if (tests_at) {
        json_key(json, "test");
        json_open_map(json);
        if (is_live) write_url(json, "ping_url", tests_at->text, PORT_SHARED, "ping");
        write_url(json, "post_url", tests_at->text, PORT_SHARED, "post");
        json_close_map(json);
    }
    write_members(json, node_find(defaults, "contract"), given);
    json_close_map(json);
}

static void write_buyer(struct json *json, const struct node *defaults, const struct node *buyer, unsigned number)
{
    const struct node *many = node_find(buyer, "contracts"), *does = node_find(buyer, "does");
    json_open_map(json);
    write_id(json, buyer->key);
    write_members(json, node_find(defaults, "buyer"), node_find(buyer, "is"));
    json_key(json, "contracts");
    json_open_list(json);
    if (is_map(many)) {
        NODE_EACH(contract, many) write_contract(json, defaults, contract->key, buyer->key, contract, does, number);
    } else {
        write_contract(json, defaults, buyer->key, buyer->key, node_find(buyer, "contract"), does, number);
    }
    json_close_list(json);
    json_close_map(json);
}

static void write_market(struct sink *sink, const struct node *defaults, const struct node *play)
{
    const struct node *buyers = node_find(play, "buyers"), *affiliates = node_find(play, "affiliates");
    struct json json = json_into(sink);
    unsigned number = 0;
    json_open_map(&json);
    json_key(&json, "campaigns");
    json_open_list(&json);
    json_open_map(&json);
    write_id(&json, BYTES("auto"));
    write_members(&json, node_find(defaults, "campaign"), node_find(play, "campaign"));
    json_close_map(&json);
    const struct node *more = node_find(play, "campaigns");
    if (is_map(more)) {
        NODE_EACH(campaign, more)
        {
            json_open_map(&json);
            write_id(&json, campaign->key);
            write_members(&json, node_find(defaults, "campaign"), campaign);
            json_close_map(&json);
        }
    }
    json_close_list(&json);
    if (is_map(node_find(play, "lists"))) {
        json_key(&json, "lists");
        json_node(&json, node_find(play, "lists"));
    }
    json_key(&json, "affiliates");
    json_open_list(&json);
    if (is_map(affiliates)) {
        NODE_EACH(affiliate, affiliates)
        {
            json_open_map(&json);
            write_id(&json, affiliate->key);
            write_members(&json, node_find(defaults, "affiliate"), affiliate);
            json_close_map(&json);
        }
    } else {
        json_open_map(&json);
        write_id(&json, BYTES("best"));
        write_members(&json, node_find(defaults, "affiliate"), NULL);
        json_close_map(&json);
    }
    json_close_list(&json);
    json_key(&json, "buyers");
    json_open_list(&json);
    if (is_map(buyers)) {
        NODE_EACH(buyer, buyers) write_buyer(&json, defaults, buyer, number++);
    }
    json_close_list(&json);
    json_close_map(&json);
}

static void write_scenario(struct sink *sink, const struct node *defaults, const struct node *play)
{
    const struct node *buyers = node_find(play, "buyers");
    struct json json = json_into(sink);
    json_open_map(&json);
    json_key(&json, "listen");
    json_text(&json, BYTES("127.0.0.1:9000"));
    if (node_find(play, "buyers_seed")) {
        json_key(&json, "seed");
        json_node(&json, node_find(play, "buyers_seed"));
    }
    json_key(&json, "private");
    json_raw(&json, BYTES("[\"first_name\",\"phone\",\"email\"]"));
    json_key(&json, "buyers");
    json_open_list(&json);
    if (!buyers) buyers = &(struct node){.kind = NODE_MAP, .span = 1}; /* a play may have none */
    NODE_EACH(buyer, buyers)
    {
        json_open_map(&json);
        json_key(&json, "name");
        json_text(&json, buyer->key);
        write_members(&json, node_find(defaults, "does"), node_find(buyer, "does"));
        json_close_map(&json);
    }
    json_close_list(&json);
    json_close_map(&json);
}

static void write_settings(struct sink *sink, const struct node *defaults, const struct node *play)
{
    struct json json = json_into(sink);
    json_open_map(&json);
    json_key(&json, "listen");
    json_raw(&json, BYTES("{\"public\":\"127.0.0.1:0\",\"admin\":\"127.0.0.1:0\"}"));
    json_key(&json, "catalogue");
    json_text(&json, BYTES("market.yaml"));
    json_key(&json, "ledger");
    json_raw(&json, BYTES("{\"path\":\"data\"}"));
    json_key(&json, "endpoints");
    json_raw(&json, BYTES("{\"allow_private\":true}"));
    write_members(&json, node_find(defaults, "settings"), node_find(play, "settings"));
    json_close_map(&json);
}

/* Tables the settings name: `files`, each with its text. */
static bool write_tables(const char *folder, const struct node *play)
{
    const struct node *files = node_find(play, "files");
    if (!is_map(files)) return true;
    NODE_EACH(file, files)
    {
        char name[64];
        struct sink whole = {.at = (char *)(uintptr_t)file->text.at, .len = file->text.len, .cap = file->text.len};
        snprintf(name, sizeof name, "%.*s", (int)file->key.len, file->key.at);
        if (!write_file(folder, name, &whole)) return false;
    }
    return true;
}

bool files_write(const char *folder, const struct node *defaults, const struct node *play)
{
    static const struct {
        const char *name;
        void (*write)(struct sink *sink, const struct node *defaults, const struct node *play);
    } files[] = {{"outcry.yaml", write_settings}, {"market.yaml", write_market}, {"scenario.json", write_scenario}};
    static char text[FILE_ROOM];
    const struct node *more = node_find(play, "files");
    if (is_map(more)) {
        NODE_EACH(file, more)
        {
            struct sink sink = sink_over(text, sizeof text);
            char name[64];
            struct sink spelled = sink_over(name, sizeof name - 1);
            sink_bytes(&spelled, file->key);
            name[spelled.len] = 0;
            sink_bytes(&sink, file->text);
            if (!write_file(folder, name, &sink)) return false;
        }
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct sink sink = sink_over(text, sizeof text);
        files[i].write(&sink, defaults, play);
        if (!write_file(folder, files[i].name, &sink)) return false;
    }
    return write_tables(folder, play);
}

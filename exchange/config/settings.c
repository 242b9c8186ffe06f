/* The table says where each value goes, so reading is one walk over the groups: find the node or take the default, read
 * it by its type, put it in its place. What rows cannot say, because two of them meet (tls and listen, say), stands in
 * check_* below. */
#include "exchange/config/settings.h"

#include <errno.h>
#include <unistd.h>

#include "exchange/base/file.h"
#include "exchange/config/checker.h"
#include "exchange/config/schema_groups.h"
#include "exchange/config/yaml.h"
#include "exchange/market/scalar.h"
#include "protocol/base/check.h"

#define CANNOT_CHANGE " cannot change while the exchange runs: the old value stays until it is restarted"

struct source {
    struct tree *tree;
    const struct node *root;
    const char *folder;
    struct settings *settings;
};

static bool keep_row(const struct settings *running, struct settings *fresh, unsigned group,
                     const struct schema_row *row, struct config_report *report);
static bool read_tree(struct tree *tree, const char *path, uint32_t *root);
static void set_folder(const char *path, char *folder, size_t cap);
static void fill(const struct source *source, const struct schema_group *group, const struct node *map);
static void store(const struct source *source, const struct schema_row *row, const struct node *node);
static void store_addresses(const struct source *source, const struct schema_row *row, const struct node *node);
static void store_keys(const struct source *source, const struct schema_row *row, const struct node *node);
static void store_bands(const struct source *source, const struct node *list);
static void store_texts(const struct source *source, const struct schema_row *row, const struct node *node);
static void store_text(const struct source *source, const struct schema_row *row, const struct node *node, char *at);
static void check_together(const struct source *source);
static void check_listen(const struct source *source);
static void check_files(const struct source *source);
static void check_readable(const struct source *source, const char *group, const char *key, const char *path);
static const struct node *find(const struct source *source, const char *group, const char *key);

bool settings_read(const char *path, struct settings *settings, struct config_report *report)
{
    memset(settings, 0, sizeof *settings); /* padding too: settings_keep compares bytes */
    char folder[SETTINGS_PATH_MAX];
    struct tree tree;
    uint32_t root;
    tree_open(&tree, report);
    if (!value_path("", bytes_of(path), settings->file, sizeof settings->file)) {
        config_report_add(report, true, "", 0, 0, "the path of the settings file is too long");
    } else if (read_tree(&tree, path, &root)) {
        set_folder(path, folder, sizeof folder);
        struct source source = {&tree, NULL, folder, settings};
        bool whole = checker_run(&tree, root, &schema_settings, folder);
        source.root = &tree.nodes[root];
        if (whole) {
            fill(&source, &schema_settings, source.root);
            settings->margin.is_set = true;
            check_together(&source);
        }
    }
    tree_close(&tree);
    config_report_sort(report);
    return config_report_is_clean(report);
}

unsigned settings_keep(const struct settings *running, struct settings *fresh, struct config_report *report)
{
    unsigned kept = 0;
    for (unsigned g = 0; g < schema_settings_groups_count; g++)
        for (unsigned i = 0; i < schema_settings_groups[g]->rows_count; i++)
            kept += keep_row(running, fresh, g, &schema_settings_groups[g]->rows[i], report);
    if (!*running->tls_certificate == !*fresh->tls_certificate) return kept;
    memcpy(fresh->tls_certificate, running->tls_certificate, sizeof fresh->tls_certificate);
    memcpy(fresh->tls_key, running->tls_key, sizeof fresh->tls_key);
    config_report_add(report, false, fresh->file, 0, 0, "tls" CANNOT_CHANGE);
    return kept + 1;
}

struct house_rules settings_house_rules(const struct settings *settings)
{
    struct margin margin = settings->margin; /* the settings are copied about: no pointer stands in them */
    margin.bands = settings->margin_bands_count ? settings->margin_bands : NULL;
    margin.bands_count = settings->margin_bands_count;
    return (struct house_rules){.margin = margin,
                                .payout_step_micros = settings->payout_step_micros,
                                .max_posts = settings->max_posts,
                                .currency = bytes_of(settings->currency),
                                .time_zone = bytes_of(settings->time_zone),
                                .circuit = settings->circuit,
                                .allow_private = settings->endpoints_allow_private};
}

bool settings_is_loopback(const char *address)
{
    struct bytes text = bytes_of(address);
    return bytes_starts(text, BYTES("127.")) || bytes_starts(text, BYTES("[::1]:")) ||
           bytes_starts(text, BYTES("unix:"));
}

/* True if the running value had to stay. */
static bool keep_row(const struct settings *running, struct settings *fresh, unsigned group,
                     const struct schema_row *row, struct config_report *report)
{
    const char *old = (const char *)running + row->offset;
    char *new = (char *)fresh + row->offset;
    if (!row->size || row->flags & SCHEMA_RELOADABLE || memcmp(old, new, row->size) == 0) return false;
    memcpy(new, old, row->size);
    const char *name = group ? schema_settings_groups[group]->name : ""; /* the first group is the file itself */
    config_report_add(report, false, fresh->file, 0, 0, "%s%s%s" CANNOT_CHANGE, name, group ? "." : "", row->key);
    return true;
}

static bool read_tree(struct tree *tree, const char *path, uint32_t *root)
{
    uint32_t file = tree_file(tree, path);
    if (file == TREE_NONE) return false;
    struct bytes content;
    enum fault fault = file_read(path, YAML_INPUT_MAX, &tree->texts, &content);
    if (fault != FAULT_NONE) {
        bool told = fault == FAULT_SYSTEM || fault == FAULT_NOT_FOUND;
        config_report_add(tree->report, true, path, 0, 0, "cannot be read: %s",
                          told ? strerror(errno) : fault_text(fault));
        return false;
    }
    *root = yaml_read(tree, file, content);
    return *root != TREE_NONE;
}

static void set_folder(const char *path, char *folder, size_t cap)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (slash == path) len = 1; /* "/outcry.yaml" */
    check(len < cap);
    memcpy(folder, path, len);
    folder[len] = 0;
}

static void fill(const struct source *source, const struct schema_group *group, const struct node *map)
{
    for (unsigned i = 0; i < group->rows_count; i++) {
        const struct schema_row *row = &group->rows[i];
        const struct node *node = map ? checker_find(source->tree, map, row->key) : NULL;
        if (row->flags & SCHEMA_LATER) continue;
        if (row->group == &schema_band) {
            if (node) store_bands(source, node);
            continue;
        }
        if (row->type == SCHEMA_MAP) {
            fill(source, row->group, node);
            continue;
        }
        struct node fallback = {.kind = NODE_TEXT, .text = bytes_of(row->fallback), .span = 1};
        if (!node && row->fallback) node = &fallback;
        if (node) store(source, row, node);
    }
}

static void store(const struct source *source, const struct schema_row *row, const struct node *node)
{
    char *at = (char *)source->settings + row->offset;
    int64_t number;
    if (row->type == SCHEMA_ADDRESS && row->form == SCHEMA_ONE_OR_LIST) {
        store_addresses(source, row, node);
    } else if (row->type == SCHEMA_KEY) {
        store_keys(source, row, node);
    } else if (row->type == SCHEMA_TEXT && row->form == SCHEMA_LIST) {
        store_texts(source, row, node);
    } else if (value_number(row, node, &number)) {
        uint32_t narrow = (uint32_t)number;
        bool truth = number != 0;
        const void *from = row->size == sizeof number   ? (const void *)&number
                           : row->size == sizeof narrow ? (const void *)&narrow
                                                        : (const void *)&truth;
        check(row->size == 8 || (row->size == 4 && number >= 0 && number <= UINT32_MAX) || row->type == SCHEMA_BOOL);
        memcpy(at, from, row->size);
    } else {
        store_text(source, row, node, at);
    }
}

static void store_addresses(const struct source *source, const struct schema_row *row, const struct node *node)
{
    struct settings_addresses *addresses = (void *)((char *)source->settings + row->offset);
    if (node->kind != NODE_LIST) {
        store_text(source, row, node, addresses->at[addresses->count++]);
        return;
    }
    NODE_EACH(item, node)
    {
        store_text(source, row, item, addresses->at[addresses->count++]);
    }
}

static void store_keys(const struct source *source, const struct schema_row *row, const struct node *node)
{
    struct settings_keys *keys = (void *)((char *)source->settings + row->offset);
    NODE_EACH(item, node)
    {
        struct bytes text = BYTES_NONE;
        check(scalar_text(item, &text) && value_key(text, keys->at[keys->count].at));
        keys->count++;
    }
}

/* The checker has seen to each value; how the bands follow each other is looked at here. */
static void store_bands(const struct source *source, const struct node *list)
{
    struct settings *settings = source->settings;
    uint32_t at;
    NODE_EACH(item, list)
    {
        struct margin_band *band = &settings->margin_bands[settings->margin_bands_count++];
        int64_t *const to[] = {&band->up_to_micros, &band->ppm, &band->fixed_micros};
        band->up_to_micros = INT64_MAX;
        for (unsigned i = 0; i < schema_band.rows_count; i++) {
            const struct node *node = node_find(item, schema_band.rows[i].key);
            check(i < sizeof to / sizeof *to && (!node || value_number(&schema_band.rows[i], node, to[i])));
        }
    }
    const char *error = margin_bands_error(settings->margin_bands, settings->margin_bands_count, &at);
    if (settings->margin_bands_count == 0) error = "bands without a band", at = 0;
    if (error) tree_complain(source->tree, list->count ? node_at(list, at) : list, "%s", error);
    if (settings->margin.ppm || settings->margin.fixed_micros)
        tree_complain(source->tree, list, "bands state percent and fixed themselves: both would not count");
}

static void store_texts(const struct source *source, const struct schema_row *row, const struct node *node)
{
    struct settings_texts *texts = (void *)((char *)source->settings + row->offset);
    NODE_EACH(item, node)
    {
        struct bytes text = BYTES_NONE;
        check(scalar_text(item, &text) && text.len < sizeof texts->at[0]);
        memcpy(texts->at[texts->count++], text.at, text.len);
    }
}

/* Texts, with the folder before paths. The checker has seen to their form; only the length may still be too much. */
static void store_text(const struct source *source, const struct schema_row *row, const struct node *node, char *at)
{
    struct bytes text = BYTES_NONE;
    check(scalar_text(node, &text));
    size_t cap = row->type == SCHEMA_ADDRESS ? SETTINGS_ADDRESS_MAX : row->size;
    bool unix_socket = row->type == SCHEMA_ADDRESS && bytes_starts(text, BYTES("unix:"));
    bool fits;
    if (row->type == SCHEMA_PATH || row->type == SCHEMA_KEYFILE) {
        fits = value_path(source->folder, row->type == SCHEMA_PATH ? text : bytes_from(text, 5), at, cap);
    } else if (unix_socket) {
        memcpy(at, "unix:", 5);
        fits = value_path(source->folder, bytes_from(text, 5), at + 5, 108);
    } else {
        fits = value_path("", text, at, cap);
    }
    if (!fits) tree_complain(source->tree, node, "%s: too long", row->key);
}

static void check_together(const struct source *source)
{
    struct settings *settings = source->settings;
    if (!*settings->ledger_keys &&
        !value_path(settings->ledger_path, BYTES("ledger.keys"), settings->ledger_keys, sizeof settings->ledger_keys))
        tree_complain(source->tree, source->root, "ledger: the path is too long");
    if (settings->circuit.pause_us > settings->circuit.pause_max_us) {
        const struct node *node = find(source, "circuit", "pause");
        if (!node) node = find(source, "circuit", "pause_max");
        tree_complain(source->tree, node ? node : source->root, "circuit: pause is longer than pause_max");
    }
    if (settings->margin.max_micros && settings->margin.max_micros < settings->margin.min_micros)
        tree_complain(source->tree, find(source, "margin", "max"), "margin: max is below min");
    check_listen(source);
    check_files(source);
}

static void check_listen(const struct source *source)
{
    const struct settings *settings = source->settings;
    const struct node *public = find(source, "listen", "public"), *admin = find(source, "listen", "admin");
    bool has_tls = node_find(source->root, "tls") != NULL; /* one that is wrong is reported already */
    for (uint32_t i = 0; i < settings->listen_public.count; i++) {
        const char *address = settings->listen_public.at[i];
        if (strncmp(address, "unix:", 5) == 0)
            tree_complain(source->tree, public, "public: must be an address and a port, not a unix socket");
        else if (!has_tls && !settings_is_loopback(address))
            tree_complain(source->tree, public, "public: %s is not a loopback address: that needs tls", address);
    }
    if (!has_tls && !settings_is_loopback(settings->listen_admin))
        tree_complain(source->tree, admin, "admin: %s is not a loopback address: that needs tls",
                      settings->listen_admin);
    if (settings->admin_keys.count == 0 && strncmp(settings->listen_admin, "unix:", 5) != 0)
        tree_warn(source->tree, admin ? admin : source->root,
                  "no admin_keys: nobody can use the admin listener (make one: outcry key new admin; or listen on "
                  "unix:PATH)");
}

static void check_files(const struct source *source)
{
    const struct settings *settings = source->settings;
    check_readable(source, "tls", "certificate", settings->tls_certificate);
    check_readable(source, "tls", "key", settings->tls_key);
    check_readable(source, "endpoints", "ca", settings->endpoints_ca);
    check_readable(source, NULL, "catalogue", settings->catalogue);
    if (access(settings->ledger_keys, F_OK) == 0) check_readable(source, "ledger", "keys", settings->ledger_keys);
}

static void check_readable(const struct source *source, const char *group, const char *key, const char *path)
{
    if (!*path || access(path, R_OK) == 0) return;
    const struct node *node = find(source, group, key);
    tree_complain(source->tree, node ? node : source->root, "%s: %s cannot be read: %s", key, path, strerror(errno));
}

static const struct node *find(const struct source *source, const char *group, const char *key)
{
    const struct node *map = group ? checker_find(source->tree, source->root, group) : source->root;
    return map ? checker_find(source->tree, map, key) : NULL;
}

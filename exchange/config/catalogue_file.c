/* Three steps over one tree: every file is read and held against the schema; what stands is copied behind it as one
 * document with the defaults written in; market builds the snapshot from that.
 *
 *   nodes: | market.yaml | more.yaml | { campaigns, affiliates, buyers } |
 *
 * Bulk contracts go the same way one at a time, while market builds (bulk.h). */
#include "exchange/config/catalogue_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "exchange/base/file.h"
#include "exchange/config/bulk.h"
#include "exchange/config/checker.h"
#include "exchange/config/config.h"
#include "exchange/config/copy.h"
#include "exchange/config/schema_groups.h"
#include "exchange/config/yaml.h"

struct roots {
    uint32_t *at;
    uint32_t count, cap;
};

struct loading {
    struct tree tree;
    struct roots files; /* of YAML and JSON: maps of the catalogue group */
    struct bulk bulk;   /* of NDJSON: contracts, which are read while market builds */
    const struct settings *settings;
    struct config_report *report;
    char folder[SETTINGS_PATH_MAX]; /* of the settings file */
    bool whole;                     /* nothing is so wrong that market cannot look at the rest */
};

static void read_folder(struct loading *loading);
static void read_file(struct loading *loading, const char *path);
static bool is_named(const char *name, const char *suffix);
static bool add_root(struct loading *loading, struct roots *roots, uint32_t root);
static void check_all(struct loading *loading);
static struct catalogue *build(struct loading *loading, struct standing *standing);
static uint32_t merge(struct loading *loading);
static bool merge_list(struct loading *loading, const struct schema_row *row);
static bool add_suppress(struct loading *loading);
static uint32_t open_parent(struct tree *tree, enum node_kind kind, const char *key);
static void on_finding(void *arg, const struct node *where, bool is_error, const char *text);

struct catalogue *catalogue_file_build(const struct settings *settings, struct standing *standing,
                                       struct config_report *report)
{
    struct loading loading = {.settings = settings, .report = report, .whole = true};
    const char *slash = strrchr(settings->file, '/');
    (void)value_path("", bytes_first(bytes_of(settings->file), slash ? (size_t)(slash - settings->file) : 0),
                     loading.folder, sizeof loading.folder); /* a part of what fits */
    if (slash == settings->file) memcpy(loading.folder, "/", 2);
    tree_open(&loading.tree, report);
    bulk_open(&loading.bulk, loading.folder, report);
    struct stat about;
    struct catalogue *catalogue = NULL;
    if (stat(settings->catalogue, &about) != 0)
        config_report_add(report, true, settings->catalogue, 0, 0, "cannot be read: %s", strerror(errno));
    else if (S_ISDIR(about.st_mode))
        read_folder(&loading);
    else
        read_file(&loading, settings->catalogue);
    check_all(&loading);
    if (loading.whole) catalogue = build(&loading, standing);
    bulk_finish(&loading.bulk);
    tree_close(&loading.tree);
    free(loading.files.at);
    bulk_close(&loading.bulk);
    config_report_sort(report);
    if (!config_report_is_clean(report)) catalogue_drop(&catalogue);
    return catalogue;
}

static void read_folder(struct loading *loading)
{
    const char *folder = loading->settings->catalogue;
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        config_report_add(loading->report, true, folder, 0, 0, "cannot be read: %s", strerror(errno));
        return;
    }
    unsigned taken = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char path[SETTINGS_PATH_MAX];
        bool known = is_named(name, ".yaml") || is_named(name, ".json") || is_named(name, ".ndjson");
        struct stat about;
        if (name[0] != '.' && !value_path(folder, bytes_of(name), path, sizeof path)) {
            config_report_add(loading->report, true, folder, 0, 0, "the path of a file in it is too long");
        } else if (name[0] != '.' && known) {
            read_file(loading, path);
            taken++;
        } else if (name[0] != '.' && stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
            config_report_add(loading->report, false, path, 0, 0, "left out: not named .yaml, .json or .ndjson");
        }
        free(entries[i]);
    }
    free(entries);
    if (taken == 0)
        config_report_add(loading->report, true, folder, 0, 0, "no .yaml, .json or .ndjson file in this folder");
}

static void read_file(struct loading *loading, const char *path)
{
    struct tree *tree = &loading->tree;
    struct bytes content;
    uint32_t file = tree_file(tree, path);
    if (file == TREE_NONE) return;
    enum fault fault = file_read(path, YAML_INPUT_MAX, &tree->texts, &content);
    if (fault != FAULT_NONE) {
        bool told = fault == FAULT_SYSTEM || fault == FAULT_NOT_FOUND;
        config_report_add(loading->report, true, path, 0, 0, "cannot be read: %s",
                          told ? strerror(errno) : fault_text(fault));
        return;
    }
    if (is_named(path, ".ndjson")) {
        if (!bulk_add(&loading->bulk, path, content)) loading->whole = false;
        return;
    }
    uint32_t root = yaml_read(tree, file, content);
    if (root == TREE_NONE || !add_root(loading, &loading->files, root)) loading->whole = false;
}

static bool is_named(const char *name, const char *suffix)
{
    size_t len = strlen(name), end = strlen(suffix);
    return len > end && strcmp(name + len - end, suffix) == 0;
}

static bool add_root(struct loading *loading, struct roots *roots, uint32_t root)
{
    if (roots->count == roots->cap) {
        uint32_t cap = roots->cap ? roots->cap * 2 : 64;
        uint32_t *grown = realloc(roots->at, cap * sizeof *grown);
        if (!grown) {
            loading->report->out_of_memory = true;
            return false;
        }
        roots->at = grown;
        roots->cap = cap;
    }
    roots->at[roots->count++] = root;
    return true;
}

static void check_all(struct loading *loading)
{
    struct tree *tree = &loading->tree;
    for (uint32_t i = 0; i < loading->files.count; i++)
        loading->whole &= checker_run(tree, loading->files.at[i], &schema_catalogue, loading->folder);
    if (loading->files.count == 0) loading->whole = false; /* contracts alone make no market */
    if (loading->files.count == 0 && loading->bulk.lines > 0)
        config_report_add(loading->report, true, loading->settings->catalogue, 0, 0,
                          "no campaigns: a .yaml file has to stand beside the .ndjson");
}

/* A table that is wrong is told and left out. */
static bool read_table(struct loading *loading, const char *path, struct arena *arena, struct geo *geo,
                       bool (*read)(struct geo *, struct bytes, struct arena *, struct geo_error *))
{
    struct bytes content;
    struct geo_error error;
    if (!*path) return false;
    enum fault fault = file_read(path, GEO_TEXT_MAX, arena, &content);
    if (fault != FAULT_NONE) {
        bool told = fault == FAULT_SYSTEM || fault == FAULT_NOT_FOUND;
        config_report_add(loading->report, true, path, 0, 0, "cannot be read: %s",
                          told ? strerror(errno) : fault_text(fault));
        return false;
    }
    if (read(geo, content, arena, &error)) return true;
    config_report_add(loading->report, true, path, error.line, 1, "%s", error.text);
    return false;
}

static bool read_geo(struct loading *loading, struct arena *arena, struct geo *geo)
{
    bool has_zips = read_table(loading, loading->settings->geo_zips, arena, geo, geo_read_zips);
    return read_table(loading, loading->settings->geo_areas, arena, geo, geo_read_areas) || has_zips;
}

/* After errors market still looks, with what was refused left out, so that its findings are in the list too; the
 * snapshot is dropped. */
static struct catalogue *build(struct loading *loading, struct standing *standing)
{
    uint32_t root = merge(loading);
    if (root == TREE_NONE) return NULL;
    struct arena zones;
    struct geo geo = {0};
    arena_init(&zones, 65536, (size_t)1 << 28);
    bool has_geo = read_geo(loading, &zones, &geo);
    struct catalogue_source source = {
        .document = &loading->tree.nodes[root],
        .house = settings_house_rules(loading->settings),
        .geo = has_geo ? &geo : NULL,
        .standing = config_report_is_clean(loading->report) ? standing : NULL,
        .read_zone = config_read_zone,
        .read_zone_arg = &zones,
        .next_bulk = bulk_next,
        .next_bulk_arg = &loading->bulk,
        .bulk_max = loading->bulk.lines,
        .on_finding = on_finding,
        .on_finding_arg = loading,
    };
    struct catalogue *catalogue = catalogue_build(&source);
    if (!catalogue && config_report_is_clean(loading->report)) loading->report->out_of_memory = true;
    arena_free(&zones);
    return catalogue;
}

static uint32_t merge(struct loading *loading)
{
    struct tree *tree = &loading->tree;
    uint32_t root = open_parent(tree, NODE_MAP, "");
    if (root == TREE_NONE) return TREE_NONE;
    for (unsigned i = 0; i < schema_catalogue.rows_count; i++) {
        const struct schema_row *row = &schema_catalogue.rows[i];
        if (row->flags & SCHEMA_LATER) continue;
        if (!merge_list(loading, row)) return TREE_NONE;
        tree->nodes[root].count++;
    }
    if (!add_suppress(loading)) return TREE_NONE;
    tree->nodes[root].count++;
    tree->nodes[root].span = tree->count - root;
    return root;
}

/* The lists (or maps of names) of that key of all files, as one. */
static bool merge_list(struct loading *loading, const struct schema_row *row)
{
    struct tree *tree = &loading->tree;
    uint32_t list = open_parent(tree, row->form == SCHEMA_NAMED ? NODE_MAP : NODE_LIST, row->key);
    if (list == TREE_NONE) return false;
    for (uint32_t i = 0; i < loading->files.count; i++) {
        const struct node *from = checker_find(tree, &tree->nodes[loading->files.at[i]], row->key);
        if (!from) continue;
        uint32_t item = tree_index(tree, from) + 1, end = item - 1 + from->span, step;
        for (; item < end; item += step) {
            step = tree->nodes[item].span;
            if (tree->places[item].dropped) continue;
            if (copy_checked(tree, item, row->group, false) == TREE_NONE) return false;
            tree->nodes[list].count++;
        }
    }
    tree->nodes[list].span = tree->count - list;
    return true;
}

/* The settings' own, so that the snapshot has all that decides. */
static bool add_suppress(struct loading *loading)
{
    struct tree *tree = &loading->tree;
    const struct settings_texts *texts = &loading->settings->suppress;
    uint32_t list = open_parent(tree, NODE_LIST, "suppress");
    for (uint32_t i = 0; i < texts->count && list != TREE_NONE; i++) {
        struct node node = {.kind = NODE_TEXT, .text = bytes_of(texts->at[i]), .span = 1};
        struct tree_place place = {.file = 0};
        if (tree_add(tree, &node, &place) == TREE_NONE) return false;
    }
    if (list == TREE_NONE) return false;
    tree->nodes[list].count = texts->count;
    tree->nodes[list].span = tree->count - list;
    return true;
}

static uint32_t open_parent(struct tree *tree, enum node_kind kind, const char *key)
{
    struct node node = {.kind = kind, .key = bytes_of(key), .span = 1};
    struct tree_place place = {.file = 0};
    return tree_add(tree, &node, &place);
}

static void on_finding(void *arg, const struct node *where, bool is_error, const char *text)
{
    struct loading *loading = arg;
    if (!where)
        config_report_add(loading->report, is_error, loading->settings->catalogue, 0, 0, "%s", text);
    else if (!tree_has(&loading->tree, where))
        bulk_complain(&loading->bulk, where, is_error, text);
    else if (is_error)
        tree_complain(&loading->tree, where, "%s", text);
    else
        tree_warn(&loading->tree, where, "%s", text);
}

/* A contract is read while market builds: what is cold by the time it is needed costs more than all the work on it. */
#include "exchange/config/bulk.h"

#include <stdlib.h>

#include "exchange/config/checker.h"
#include "exchange/config/copy.h"
#include "exchange/config/ndjson.h"
#include "exchange/config/schema_groups.h"

#define BULK_LEVELS 2 /* a line's contract stands in a list in the document's map */
#define SCRATCH_CHUNK 65536
#define SCRATCH_MAX 67108864

static bool take_line(struct bulk *bulk, struct ndjson_line *line);
static bool make_room(struct bulk *bulk);

void bulk_open(struct bulk *bulk, const char *folder, struct config_report *report)
{
    *bulk = (struct bulk){.folder = folder, .report = report};
    tree_open(&bulk->tree, report);
    arena_init(&bulk->scratch, SCRATCH_CHUNK, SCRATCH_MAX);
}

void bulk_close(struct bulk *bulk)
{
    tree_close(&bulk->tree);
    arena_free(&bulk->scratch);
    free(bulk->files);
    free(bulk->places);
}

static uint32_t count_lines(struct bytes content)
{
    uint32_t count = 0;
    while (content.len) {
        const char *end = memchr(content.at, '\n', content.len);
        count++;
        content = end ? bytes_from(content, (size_t)(end - content.at) + 1) : BYTES_NONE;
    }
    return count;
}

bool bulk_add(struct bulk *bulk, const char *path, struct bytes content)
{
    if (!bulk->files) bulk->files = malloc(BULK_FILES_MAX * sizeof *bulk->files);
    uint32_t file = bulk->files ? tree_file(&bulk->tree, path) : TREE_NONE;
    if (!bulk->files) bulk->report->out_of_memory = true;
    if (file == TREE_NONE) return false;
    bulk->files[bulk->files_count++] = (struct bulk_file){.file = file, .rest = content};
    bulk->lines += count_lines(content);
    return true;
}

const struct node *bulk_next(void *arg, bool *is_wrong)
{
    struct bulk *bulk = arg;
    struct tree *tree = &bulk->tree;
    struct ndjson_line line;
    while (take_line(bulk, &line)) {
        tree_clear(tree);
        arena_reset(&bulk->scratch); /* keys stood there */
        uint32_t root = ndjson_read(tree, &line, &bulk->scratch, BULK_LEVELS);
        if (root == TREE_NONE || !checker_run(tree, root, &schema_bulk_contract, bulk->folder)) {
            bulk->is_wrong = true;
            continue;
        }
        uint32_t whole = copy_checked(tree, root, &schema_bulk_contract, false);
        if (whole == TREE_NONE || !make_room(bulk)) break;
        for (uint32_t i = whole; i < tree->count; i++) tree->nodes[i].at = bulk->given;
        bulk->places[bulk->given++] = (struct bulk_place){line.file, line.number};
        *is_wrong = bulk->is_wrong;
        return &tree->nodes[whole];
    }
    *is_wrong = bulk->is_wrong || bulk->report->out_of_memory;
    return NULL;
}

void bulk_finish(struct bulk *bulk)
{
    bool is_wrong;
    while (bulk_next(bulk, &is_wrong)) {
    }
}

void bulk_complain(struct bulk *bulk, const struct node *where, bool is_error, const char *text)
{
    if (tree_has(&bulk->tree, where) && is_error) {
        tree_complain(&bulk->tree, where, "%s", text);
    } else if (tree_has(&bulk->tree, where)) {
        tree_warn(&bulk->tree, where, "%s", text);
    } else if (where->at < bulk->given) {
        const struct bulk_place *place = &bulk->places[where->at];
        config_report_add(bulk->report, is_error, bulk->tree.files[place->file], place->line, 1, "%s", text);
    }
}

/* Empty ones are passed over. */
static bool take_line(struct bulk *bulk, struct ndjson_line *line)
{
    for (; bulk->at < bulk->files_count; bulk->at++) {
        struct bulk_file *file = &bulk->files[bulk->at];
        while (file->rest.len) {
            file->rest = bytes_split(file->rest, '\n', &line->text);
            line->number = ++file->line;
            line->file = file->file;
            if (line->text.len && line->text.at[line->text.len - 1] == '\r') line->text.len--;
            if (line->text.len) return true;
        }
    }
    return false;
}

static bool make_room(struct bulk *bulk)
{
    if (!bulk->places) bulk->places = malloc((bulk->lines + 1) * sizeof *bulk->places);
    if (!bulk->places) bulk->report->out_of_memory = true;
    return bulk->places != NULL;
}

/* Handing over many lines at once keeps two threads from waiting for each other at each of them; more than what a cache
 * holds would cost again what that saves. */
#include "exchange/config/batch.h"

#include "exchange/config/checker.h"
#include "exchange/config/copy.h"
#include "exchange/config/schema_groups.h"
#include "protocol/base/check.h"

#define LINE_LEVELS 2 /* a line's contract stands in a list in the document's map */
#define SCRATCH_CHUNK 65536
#define SCRATCH_MAX (67108864 + BATCH_SCRATCH_MAX)

void batch_open(struct batch *batch)
{
    *batch = (struct batch){.count = 0};
    config_report_open(&batch->report);
    tree_open(&batch->tree, &batch->report);
    arena_init(&batch->scratch, SCRATCH_CHUNK, SCRATCH_MAX);
}

void batch_close(struct batch *batch)
{
    tree_close(&batch->tree);
    arena_free(&batch->scratch);
    config_report_close(&batch->report);
}

void batch_clear(struct batch *batch)
{
    config_report_close(&batch->report);
    tree_clear(&batch->tree);
    arena_reset(&batch->scratch);
    batch->count = 0;
}

bool batch_is_full(const struct batch *batch)
{
    return batch->count == BATCH_LINES_MAX || batch->tree.count >= BATCH_NODES_MAX ||
           batch->scratch.total >= BATCH_SCRATCH_MAX;
}

bool batch_add(struct batch *batch, const struct ndjson_line *line, const char *folder, uint32_t number)
{
    check(!batch_is_full(batch));
    struct tree *tree = &batch->tree;
    uint32_t contract = TREE_NONE;
    uint32_t root = ndjson_read(tree, line, &batch->scratch, LINE_LEVELS);
    if (root != TREE_NONE && checker_run(tree, root, &schema_bulk_contract, folder))
        contract = copy_checked(tree, root, &schema_bulk_contract, false);
    for (uint32_t i = contract; i < tree->count; i++) tree->nodes[i].at = number;
    batch->lines[batch->count++] = (struct batch_line){
        .file = line->file,
        .number = line->number,
        .contract = contract,
        .found = config_report_counted(&batch->report),
    };
    return contract != TREE_NONE;
}

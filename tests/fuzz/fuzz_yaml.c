// rooms: exchange_config
/* Hostile settings and catalogue files: no crash, and what the checker calls whole holds together: spans and counts
 * agree, every node has its place. The first byte chooses how the rest is read. */
#include "exchange/config/bulk.h"
#include "exchange/config/checker.h"
#include "exchange/config/yaml.h"
#include "protocol/base/check.h"
#include "protocol/crypto/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct tree *tree, uint32_t root)
{
    const struct node *node = &tree->nodes[root];
    check(node->span >= 1 && root + node->span <= tree->count);
    check(tree->places[root].line >= 1 && tree->places[root].col >= 1);
    uint32_t children = 0;
    NODE_EACH(child, node)
    {
        walk(tree, tree_index(tree, child));
        children++;
    }
    check(children == node->count);
}

/* As catalogue_file does, without a market to build. */
static void read_bulk(struct config_report *report, struct bytes input)
{
    struct bulk bulk;
    bool is_wrong = false;
    bulk_open(&bulk, "/nowhere", report);
    if (bulk_add(&bulk, "fuzz", input))
        for (const struct node *node; (node = bulk_next(&bulk, &is_wrong));)
            walk(&bulk.tree, tree_index(&bulk.tree, node));
    check(!is_wrong || !config_report_is_clean(report));
    bulk_close(&bulk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started) check(crypto_start() == FAULT_NONE);
    started = true;
    if (size == 0) return 0;
    struct bytes input = {(const char *)data + 1, size - 1};
    struct config_report report;
    struct tree tree;
    config_report_open(&report);
    tree_open(&tree, &report);
    uint32_t file = tree_file(&tree, "fuzz");
    if (data[0] == 'n') {
        read_bulk(&report, input);
    } else {
        uint32_t root = yaml_read(&tree, file, input);
        check(root != TREE_NONE || !config_report_is_clean(&report));
        if (root != TREE_NONE) {
            walk(&tree, root);
            (void)checker_run(&tree, root, data[0] == 's' ? &schema_settings : &schema_catalogue, "/nowhere");
        }
    }
    config_report_sort(&report);
    tree_close(&tree);
    config_report_close(&report);
    return 0;
}

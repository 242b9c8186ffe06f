// rooms: exchange_config
/* Hostile settings and catalogue files: no crash, and what the checker calls whole holds together: spans and counts
 * agree, every node has its place. The first byte chooses how the rest is read. */
#include "exchange/config/checker.h"
#include "exchange/config/ndjson.h"
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

struct lines {
    struct tree *tree;
};

static bool on_line(void *arg, uint32_t root)
{
    struct lines *lines = arg;
    walk(lines->tree, root);
    (void)checker_run(lines->tree, root, &schema_bulk_contract, "/nowhere");
    return true;
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
        struct lines lines = {&tree};
        (void)ndjson_read(&tree, file, input, 2, on_line, &lines);
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

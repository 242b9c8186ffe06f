/* yaml: values keep their text, places are told, and what we refuse is refused where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/config/yaml.h"
#include "tests/unit/exchange/config/given.h"

static struct tree tree;
static struct config_report report;
static const struct node *root;

static void read_text(struct bytes text)
{
    config_report_open(&report);
    tree_open(&tree, &report);
    uint32_t index = yaml_read(&tree, tree_file(&tree, "a.yaml"), text);
    root = index == TREE_NONE ? NULL : &tree.nodes[index];
    config_report_sort(&report);
}

static int end(void **state)
{
    (void)state;
    tree_close(&tree);
    config_report_close(&report);
    return 0;
}

static void finds(const char *text, const char *findings)
{
    read_text(bytes_of(text));
    assert_string_equal(given_findings(&report), findings);
    end(NULL);
}

static void keeps_every_value_as_text(void **state)
{
    (void)state;
    read_text(BYTES("state: NO\nnumber: 1e3\nhours: 08:00\nnothing:\ntruth: yes\nquoted: \"a\\nb\"\noctal: 0o17\n"));
    assert_non_null(root);
    assert_true(config_report_is_clean(&report));
    assert_int_equal(root->count, 7);
    assert_int_equal(root->span, 8);
    static const char *const texts[] = {"NO", "1e3", "08:00", "", "yes", "a\nb", "0o17"};
    unsigned i = 0;
    NODE_EACH(child, root)
    {
        assert_int_equal(child->kind, NODE_TEXT);
        assert_string_equal(child->text.at, texts[i++]);
    }
    assert_int_equal(i, 7);
}

static void gives_the_tree_of_documents(void **state)
{
    (void)state;
    read_text(BYTES("a: [1, {b: c}, []]\nd:\n  e: {}\n"));
    assert_non_null(root);
    const struct node *list = node_find(root, "a");
    assert_int_equal(list->kind, NODE_LIST);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->span, 5);
    const struct node *map = node_step(node_first(list));
    assert_string_equal(node_find(map, "b")->text.at, "c");
    assert_int_equal(node_find(node_find(root, "d"), "e")->kind, NODE_MAP);
    assert_int_equal(root->span, tree.count);
}

static void tells_places(void **state)
{
    (void)state;
    read_text(BYTES("a: 1\nlist:\n  - x\n  - bcd: [y,  z]\n"));
    const struct node *list = node_find(root, "list");
    const struct node *bcd = node_find(node_step(node_first(list)), "bcd");
    assert_int_equal(tree_place(&tree, bcd)->line, 4);
    assert_int_equal(tree_place(&tree, bcd)->col, 10);
    assert_int_equal(tree_place(&tree, bcd)->key_col, 5);
    const struct node *z = node_step(node_first(bcd));
    assert_int_equal(tree_place(&tree, z)->col, 15);
}

static void reads_json(void **state)
{
    (void)state;
    read_text(BYTES("{\"a\": [true, null, 12.5, \"x\\u00e9\"],\n\t\"b\": {\"c\": \"\\/\"}}"));
    assert_string_equal(given_findings(&report), "");
    assert_string_equal(node_first(node_find(root, "a"))->text.at, "true");
    assert_string_equal(node_find(node_find(root, "b"), "c")->text.at, "/");
}

static void refuses_what_can_mislead(void **state)
{
    (void)state;
    finds("a: &x 1\nb: *x\n",
          "a.yaml:1:4: anchors are not supported\na.yaml:2:4: aliases are not supported: write the value out\n");
    finds("a: !!int 1\n", "a.yaml:1:4: tags are not supported: the key decides what a value means\n");
    finds("a: 1\nb: 2\na: 3\nb: 4\n", "a.yaml:3:1: duplicate key a: it stands in line 1 already\n"
                                      "a.yaml:4:1: duplicate key b: it stands in line 2 already\n");
    finds("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document: a file holds only one\n");
    finds("a: \"x\\0y\"\n", "a.yaml:1:4: a NUL character is not allowed\n");
    finds("[a, b]: 1\n", "a.yaml:1:1: a key must be plain text, not a list or map\n");
    finds("", "a.yaml: the file is empty\n");
    finds("# only a comment\n", "a.yaml: the file is empty\n");
}

static void reports_syntax_with_its_place(void **state)
{
    (void)state;
    finds("a: 1\n b: 2\n", "a.yaml:2:3: mapping values are not allowed in this context\n");
    read_text(BYTES("a: [1\nb: 2\n"));
    assert_null(root);
    assert_int_equal(report.errors, 1);
    assert_int_equal(report.findings[0].line, 2);
    end(NULL);
    read_text(BYTES("ok: 1\nbad: x\xff\n"));
    assert_null(root);
    assert_int_equal(report.findings[0].line, 2);
    assert_int_equal(report.findings[0].col, 7);
}

static void bounds_depth_and_keys(void **state)
{
    (void)state;
    char deep[64];
    memset(deep, '[', sizeof deep);
    read_text((struct bytes){deep, TREE_DEPTH_MAX + 1});
    assert_null(root);
    assert_string_equal(report.findings[0].text, "nested too deeply");
    end(NULL);
    memset(deep + TREE_DEPTH_MAX, ']', TREE_DEPTH_MAX);
    read_text((struct bytes){deep, (size_t)2 * TREE_DEPTH_MAX});
    assert_non_null(root);
    end(NULL);
    static char wide[8192];
    struct sink sink = sink_over(wide, sizeof wide);
    for (unsigned i = 0; i <= DOCUMENT_KEYS_MAX; i++) sink_format(&sink, "k%u: 1\n", i);
    read_text(sink_written(&sink));
    assert_null(root);
    assert_int_equal(report.findings[0].line, DOCUMENT_KEYS_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(keeps_every_value_as_text, end),
        cmocka_unit_test_teardown(gives_the_tree_of_documents, end),
        cmocka_unit_test_teardown(tells_places, end),
        cmocka_unit_test_teardown(reads_json, end),
        cmocka_unit_test(refuses_what_can_mislead),
        cmocka_unit_test_teardown(reports_syntax_with_its_place, end),
        cmocka_unit_test_teardown(bounds_depth_and_keys, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

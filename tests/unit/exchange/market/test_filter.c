/* filter: a truth table, what is refused, explanations, and random trees and leads against an evaluator that
 * reads the document itself. */
#include "exchange/market/filter.h"

#include "tests/unit/exchange/market/world.h"

static struct world world;
static struct catalogue *catalogue;
static const struct campaign *campaign;
static char refused[1024];

static void on_error(void *arg, const struct node *where, const char *text)
{
    (void)arg;
    assert_non_null(where);
    snprintf(refused, sizeof refused, "%s", text);
}

static const struct filter *build(const char *text)
{
    refused[0] = '\0';
    return filter_build(&world.arena, campaign, NULL, world_read(&world, text), on_error, NULL);
}

static struct facts facts_of(const char *lead)
{
    struct lead_form form = world_lead(&world, campaign, LEAD_PING, lead);
    form.facts.affiliate = BYTES("best");
    form.facts.source = BYTES("fb");
    return form.facts;
}

static void truth_table(void **state)
{
    static const struct {
        const char *filter;
        bool full, bare; /* CA 94110 34 good "hello"; NY 02134 and nothing else */
    } ROWS[] = {
        {"{'field':'state','is':'CA'}", true, false},
        {"{'field':'state','is':'ca'}", true, false},
        {"{'field':'state','in':['NV','NY']}", false, true},
        {"{'field':'zip','in':['94110','10001']}", true, false},
        {"{'field':'zip','in':[94110]}", true, false},
        {"{'field':'zip','is':'02134'}", false, true},
        {"{'field':'zip','prefix':['94','95']}", true, false},
        {"{'field':'zip','prefix':['9','94']}", true, false},
        {"{'field':'zip','prefix':['94111','02']}", false, true},
        {"{'field':'age','min':25,'max':'70'}", true, false},
        {"{'field':'age','min':34}", true, false},
        {"{'field':'age','min':35}", false, false},
        {"{'field':'age','max':34}", true, false},
        {"{'field':'age','max':33}", false, false},
        {"{'field':'age','is':34}", true, false},
        {"{'field':'age','in':[20,'34',50]}", true, false},
        {"{'field':'age','in':[20,50]}", false, false},
        {"{'field':'credit','in':['good','excellent']}", true, false},
        {"{'field':'credit','is':'poor'}", false, false},
        {"{'field':'note','is':'hello'}", true, false},
        {"{'field':'note','in':['x','hello','a']}", true, false},
        {"{'field':'note','in':['x','hell','hello!']}", false, false},
        {"{'field':'note','prefix':['he']}", true, false},
        {"{'field':'note','prefix':['hello world']}", false, false},
        {"{'field':'note','exists':true}", true, false},
        {"{'field':'note','exists':'false'}", false, true},
        {"{'affiliate':['best']}", true, true},
        {"{'affiliate':['cheap','bester']}", false, false},
        {"{'source':['a','fb','z']}", true, true},
        {"{'source':['google']}", false, false},
        {"{'all':[{'field':'state','is':'CA'},{'field':'age','min':20}]}", true, false},
        {"{'all':[{'field':'state','is':'CA'},{'field':'age','min':40}]}", false, false},
        {"{'any':[{'field':'state','is':'NY'},{'field':'age','min':20}]}", true, true},
        {"{'none':[{'field':'state','is':'NY'},{'field':'age','min':40}]}", true, false},
        {"{'none':[{'field':'age','min':40}]}", true, true},
        {"{'all':[{'any':[{'none':[{'all':[{'field':'state','is':'NY'}]}]}]}]}", true, false},
        /* a private field is not there in a ping, and neither yes nor no holds */
        {"{'field':'phone','exists':true}", false, false},
        {"{'field':'phone','exists':false}", false, false},
        {"{'none':[{'field':'email','prefix':['a']}]}", false, false},
        {"{'any':[{'field':'state','in':['CA','NY']},{'field':'phone','exists':true}]}", false, false},
    };
    struct facts full = facts_of("{'state':'CA','zip':'94110','age':34,'credit':'good','note':'hello'}");
    struct facts bare = facts_of("{'state':'NY','zip':'02134'}");
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char text[300];
        struct sink why = sink_over(text, sizeof text);
        const struct filter *filter = build(ROWS[i].filter);
        if (!filter) fail_msg("%s: %s", ROWS[i].filter, refused);
        if (filter_matches(filter, &full) != ROWS[i].full) fail_msg("%s: the full lead", ROWS[i].filter);
        if (filter_matches(filter, &bare) != ROWS[i].bare) fail_msg("%s: the bare lead", ROWS[i].filter);
        filter_explain(filter, campaign, &full, &why);
        if ((why.len == 0) != ROWS[i].full) fail_msg("%s: \"%.*s\"", ROWS[i].filter, (int)why.len, why.at);
    }
}

static void private_fields_in_one_call(void **state)
{
    (void)state;
    const struct filter *filter = build(
        "{'all':[{'field':'phone','prefix':['+1415']},{'field':'email','is':'A@B.co'}]}");
    assert_non_null(filter);
    assert_true(filter_is_private(filter));
    assert_false(filter_is_private(build("{'field':'state','is':'CA'}")));
    struct lead_form form = world_lead(
        &world, campaign, LEAD_ONE_CALL,
        "{'state':'CA','zip':'94110','first_name':'A','phone':'(415) 555-0123','email':'a@b.co'}");
    assert_true(filter_matches(filter, &form.facts));
    form.facts.with_private = false;
    assert_false(filter_matches(filter, &form.facts));
    assert_true(
        filter_matches(build("{'field':'phone','in':['415-555-0123']}"),
                       &(struct facts){.campaign = campaign, .fields = form.facts.fields, .with_private = true}));
}

static void what_is_refused(void **state)
{
    static const char *const WRONG[][2] = {
        {"{}", "a condition is a map"},
        {"[]", "a condition is a map"},
        {"'CA'", "a condition is a map"},
        {"{'field':'stat','is':'CA'}", "no field stat"},
        {"{'field':['state'],'is':'CA'}", "field needs a name"},
        {"{'field':'state'}", "needs one of is, in"},
        {"{'field':'state','is':'XX'}", "cannot be \"XX\""},
        {"{'field':'state','is':''}", "an empty value"},
        {"{'field':'state','is':['CA']}", "is needs one value"},
        {"{'field':'state','in':'CA'}", "in needs a list"},
        {"{'field':'state','in':[]}", "in needs a list of at least one"},
        {"{'field':'state','in':['CA','Nevada']}", "cannot be \"Nevada\""},
        {"{'field':'state','is':'CA','in':['CA']}", "one test"},
        {"{'field':'age','min':1,'exists':true}", "one test"},
        {"{'field':'age','is':15}", "outside the allowed range"},
        {"{'field':'age','min':30,'max':20}", "min is above max"},
        {"{'field':'age','min':111}", "cannot have such a value"},
        {"{'field':'age','max':15}", "cannot have such a value"},
        {"{'field':'age','min':'x'}", "min must be a whole number"},
        {"{'field':'age','max':1.5}", "max must be a whole number"},
        {"{'field':'state','min':1}", "no number"},
        {"{'field':'age','prefix':['3']}", "has no prefix"},
        {"{'field':'credit','prefix':['g']}", "has no prefix"},
        {"{'field':'zip','prefix':['94x']}", "begins like this"},
        {"{'field':'zip','prefix':['941101']}", "begins like this"},
        {"{'field':'zip','prefix':[]}", "prefix needs a list"},
        {"{'field':'zip','prefix':'94'}", "prefix needs a list"},
        {"{'field':'phone','prefix':['415']}", "begins like this"},
        {"{'field':'email','prefix':['A']}", "begins like this"},
        {"{'field':'credit','is':'Good'}", "not one of the allowed values"},
        {"{'field':'zip','is':'9411'}", "five-digit"},
        {"{'field':'note','exists':'maybe'}", "true or false"},
        {"{'field':'note','matches':'(a'}", "a ( without its )"},
        {"{'field':'note','like':'a'}", "no condition is called like"},
        {"{'state':['XX']}", "it is not a state"},
        {"{'near':{'zip':'94110','miles':25}}", "near needs the table of zips"},
        {"{'foo':['CA']}", "no condition is called foo"},
        {"{'all':[]}", "all needs a list"},
        {"{'all':{'field':'state','is':'CA'}}", "all needs a list"},
        {"{'all':[{'field':'state','is':'CA'}],'any':[{'field':'state','is':'CA'}]}", "a condition is one thing"},
        {"{'affiliate':[]}", "affiliate needs a list"},
        {"{'affiliate':'best'}", "affiliate needs a list"},
        {"{'source':[['x']]}", "a name must be a text"},
        {"{'all':[{'all':[{'all':[{'all':[{'all':[{'field':'state','is':'CA'}]}]}]}]}]}", "nested too deeply"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        if (build(WRONG[i][0])) fail_msg("taken: %s", WRONG[i][0]);
        if (!strstr(refused, WRONG[i][1])) fail_msg("%s: %s", WRONG[i][0], refused);
    }
}

static void reasons_in_words(void **state)
{
    static const char *const ROWS[][2] = {
        {"{'field':'state','in':['NV','AZ']}", "state CA is not AZ, NV"},
        {"{'field':'age','min':40}", "age 34 is not at least 40"},
        {"{'field':'age','max':20}", "age 34 is not at most 20"},
        {"{'field':'age','min':40,'max':50}", "age 34 is not from 40 to 50"},
        {"{'field':'age','is':40}", "age 34 is not 40"},
        {"{'field':'zip','in':['00501','10001']}", "zip 94110 is not 00501, 10001"},
        {"{'field':'zip','prefix':['95','9']}", ""},
        {"{'field':'zip','prefix':['95','8']}", "zip 94110 does not start with 8, 95"},
        {"{'field':'credit','is':'poor'}", "credit good is not poor"},
        {"{'field':'note','exists':true}", "note is not given"},
        {"{'field':'age','exists':false}", "age is given"},
        {"{'none':[{'affiliate':['cheap']},{'affiliate':['best']}]}", "affiliate best is best"},
        {"{'none':[{'field':'age','exists':true}]}", "age is given"},
        {"{'none':[{'field':'note','exists':false}]}", "note is not given"},
        {"{'none':[{'all':[{'field':'state','is':'CA'},{'field':'zip','prefix':['94']}]}]}",
         "state CA is CA and zip 94110 starts with 94"},
        {"{'all':[{'field':'state','is':'CA'},{'field':'age','min':40},{'field':'age','min':50}]}",
         "age 34 is not at least 40"},
        {"{'any':[{'field':'age','min':40},{'source':['x']}]}", "age 34 is not at least 40 and source fb is not x"},
        {"{'field':'phone','exists':true}",
         "its filter looks at phone, which is private: it takes leads in one call only"},
        {"{'field':'note','in':['a','b','c','d','e','f','g','h']}", "note is not given"},
    };
    struct facts facts = facts_of("{'state':'CA','zip':'94110','age':34,'credit':'good'}");
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char text[300];
        struct sink why = sink_over(text, sizeof text);
        filter_explain(build(ROWS[i][0]), campaign, &facts, &why);
        if (!bytes_is(sink_written(&why), ROWS[i][1])) fail_msg("%s: \"%.*s\"", ROWS[i][0], (int)why.len, why.at);
    }
}

/* Of a lead in one call, whose private fields are forgotten by then: the public condition that kept it out, if one did.
 */
static void a_private_filter_is_explained(void **state)
{
    static const char *const ROWS[][2] = {
        {"{'all':[{'field':'phone','exists':true},{'field':'state','is':'NV'}]}", "state CA is not NV"},
        {"{'all':[{'field':'first_name','prefix':['Z']},{'field':'state','is':'CA'}]}",
         "its filter looks at first_name, which is private: what it says does not suit, and is not kept"},
        {"{'field':'first_name','prefix':['Z']}",
         "its filter looks at first_name, which is private: what it says does not suit, and is not kept"},
        {"{'any':[{'field':'state','is':'NV'},{'all':[{'field':'first_name','prefix':['Z']},{'field':'phone','exists':"
         "true},"
         "{'field':'first_name','exists':true}]}]}",
         "its filter looks at first_name and phone, which are private: what they say does not suit, and is not kept"},
    };
    struct facts facts = facts_of("{'state':'CA','zip':'94110'}");
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char text[300];
        struct sink why = sink_over(text, sizeof text);
        filter_explain_private(build(ROWS[i][0]), campaign, &facts, &why);
        if (!bytes_is(sink_written(&why), ROWS[i][1])) fail_msg("%s: \"%.*s\"", ROWS[i][0], (int)why.len, why.at);
    }
}

/* --- the naive evaluator: texts out of the document, compared as they stand (the generator writes normal forms) --- */

static bool naive_leaf(const struct node *node, const struct node *lead, struct bytes name)
{
    const struct node *value = node_find_bytes(lead, name), *test;
    int64_t number = 0, bound;
    if ((test = node_find(node, "exists"))) return (value != NULL) == test->truth;
    if (!value) return false;
    if (value->kind == NODE_NUMBER) assert_true(node_i64(value, &number));
    if ((test = node_find(node, "min")) && node_i64(test, &bound) && number < bound) return false;
    if ((test = node_find(node, "max")) && node_i64(test, &bound) && number > bound) return false;
    if (node_find(node, "min") || node_find(node, "max")) return true;
    if ((test = node_find(node, "is"))) return bytes_same(test->text, value->text);
    const struct node *list = node_find(node, "in");
    if (list) {
        NODE_EACH(child, list)
        if (bytes_same(child->text, value->text)) return true;
        return false;
    }
    list = node_find(node, "prefix");
    NODE_EACH(child, list)
    if (bytes_starts(value->text, child->text)) return true;
    return false;
}

static bool naive(const struct node *node, const struct node *lead)
{
    const struct node *field = node_find(node, "field"), *child = node + 1;
    if (field) return naive_leaf(node, lead, field->text);
    bool all = true, any = false;
    if (bytes_is(child->key, "affiliate") || bytes_is(child->key, "source")) {
        struct bytes wanted = bytes_is(child->key, "affiliate") ? BYTES("best") : BYTES("fb");
        NODE_EACH(name, child)
        if (bytes_same(name->text, wanted)) return true;
        return false;
    }
    NODE_EACH(part, child)
    {
        bool holds = naive(part, lead);
        all = all && holds;
        any = any || holds;
    }
    if (bytes_is(child->key, "all")) return all;
    return bytes_is(child->key, "any") ? any : !any;
}

static void write_words(struct dice *dice, struct sink *sink, const char *const *words, unsigned count)
{
    unsigned picked = 1 + dice_below(dice, 4);
    sink_char(sink, '[');
    for (unsigned i = 0; i < picked; i++) sink_format(sink, "%s'%s'", i ? "," : "", words[dice_below(dice, count)]);
    sink_char(sink, ']');
}

static const char *const STATES[] = {"CA", "NV", "NY", "TX", "WY", "AA"};
static const char *const ZIPS[] = {"94110", "94111", "95000", "02134", "10001", "99999"};
static const char *const CREDITS[] = {"poor", "fair", "good", "excellent"};
static const char *const NOTES[] = {"a", "ab", "abc", "b", "ba", "c", "abcd"};
static const char *const NAMES[] = {"best", "fb", "cheap", "x"};

static const struct {
    const char *name;
    const char *const *words;
    unsigned count;
} WORDS[] = {{"state", STATES, 6}, {"zip", ZIPS, 6}, {"credit", CREDITS, 4}, {"note", NOTES, 7}};

static void write_leaf(struct dice *dice, struct sink *sink)
{
    unsigned kind = dice_below(dice, 8), which = dice_below(dice, 4), low = 16 + dice_below(dice, 30);
    if (kind == 0) {
        sink_format(sink, "{'%s':", dice_below(dice, 2) ? "affiliate" : "source");
        write_words(dice, sink, NAMES, 4);
        sink_char(sink, '}');
    } else if (kind == 1) {
        sink_format(sink, "{'field':'age','min':%u,'max':%u}", low, low + dice_below(dice, 20));
    } else if (kind == 2) {
        sink_format(sink, "{'field':'age','%s':%u}", dice_below(dice, 2) ? "min" : "max", low);
    } else if (kind == 3) {
        sink_format(sink, "{'field':'age','in':[%u,%u,%u]}", low, low + 1, 16 + dice_below(dice, 30));
    } else if (kind == 4) {
        const char *const fields[] = {"state", "zip", "age", "credit", "note"};
        sink_format(sink, "{'field':'%s','exists':%s}", fields[dice_below(dice, 5)], which & 1 ? "true" : "false");
    } else if (kind == 5) {
        sink_format(sink, "{'field':'%s','is':'%s'}", WORDS[which].name,
                    WORDS[which].words[dice_below(dice, WORDS[which].count)]);
    } else if (kind == 6) {
        const char *const prefixes[] = {"9", "94", "941", "0", "94110", "1000"};
        sink_text(sink, which & 1 ? "{'field':'zip','prefix':" : "{'field':'note','prefix':");
        write_words(dice, sink, which & 1 ? prefixes : NOTES, 6);
        sink_char(sink, '}');
    } else {
        sink_format(sink, "{'field':'%s','in':", WORDS[which].name);
        write_words(dice, sink, WORDS[which].words, WORDS[which].count);
        sink_char(sink, '}');
    }
}

static void write_tree(struct dice *dice, struct sink *sink, unsigned depth)
{
    static const char *const GROUPS[] = {"all", "any", "none"};
    if (depth == 0 || dice_below(dice, 4) == 0) {
        write_leaf(dice, sink);
        return;
    }
    unsigned parts = 1 + dice_below(dice, 3);
    sink_format(sink, "{'%s':[", GROUPS[dice_below(dice, 3)]);
    for (unsigned i = 0; i < parts; i++) {
        if (i) sink_char(sink, ',');
        write_tree(dice, sink, depth - 1);
    }
    sink_text(sink, "]}");
}

static void write_lead(struct dice *dice, struct sink *sink)
{
    sink_format(sink, "{'state':'%s','zip':'%s'", STATES[dice_below(dice, 6)], ZIPS[dice_below(dice, 6)]);
    if (dice_below(dice, 3)) sink_format(sink, ",'age':%u", 16 + dice_below(dice, 50));
    if (dice_below(dice, 3)) sink_format(sink, ",'credit':'%s'", CREDITS[dice_below(dice, 4)]);
    if (dice_below(dice, 3)) sink_format(sink, ",'note':'%s'", NOTES[dice_below(dice, 7)]);
    sink_char(sink, '}');
}

static void agrees_with_a_naive_evaluator(void **state)
{
    enum { LEADS = 40, TREES = 4000 };
    struct dice dice = {20260101};
    struct world local = {0};
    struct facts facts[LEADS];
    const struct node *leads[LEADS];
    unsigned held = 0;
    (void)state;
    for (unsigned i = 0; i < LEADS; i++) {
        char text[200];
        struct sink sink = sink_over(text, sizeof text - 1);
        write_lead(&dice, &sink);
        text[sink.len] = '\0';
        leads[i] = world_read(&world, text);
        facts[i] = facts_of(text);
    }
    arena_init(&local.arena, 1 << 16, 1 << 26);
    for (unsigned i = 0; i < TREES; i++) {
        char text[8192];
        struct sink sink = sink_over(text, sizeof text - 1);
        write_tree(&dice, &sink, 4);
        assert_false(sink.cut);
        text[sink.len] = '\0';
        const struct node *node = world_read(&local, text);
        const struct filter *filter = filter_build(&local.arena, campaign, NULL, node, on_error, NULL);
        if (!filter) fail_msg("refused: %s: %s", text, refused);
        for (unsigned j = 0; j < LEADS; j++) {
            char why[4096];
            struct sink explained = sink_over(why, sizeof why);
            bool matches = filter_matches(filter, &facts[j]);
            held += matches;
            if (matches != naive(node, leads[j])) fail_msg("tree %u, lead %u: %s", i, j, text);
            filter_explain(filter, campaign, &facts[j], &explained);
            if ((explained.len == 0) != matches) fail_msg("tree %u, lead %u is not explained: %s", i, j, text);
        }
        arena_reset(&local.arena);
    }
    arena_free(&local.arena);
    assert_true(held > LEADS * TREES / 5 && held < LEADS * TREES * 4 / 5);
}

/* More than 64 choices take another form than a mask. */
static void many_choices(void **state)
{
    char text[4096];
    struct sink sink = sink_over(text, sizeof text - 1);
    (void)state;
    sink_text(&sink, "{'campaigns':[{'id':'c','fields':{'make':{'type':'choice','private':false,'of':[");
    for (unsigned i = 0; i < 100; i++) sink_format(&sink, "%s'm%u'", i ? "," : "", i);
    sink_text(&sink, "]}}}]}");
    text[sink.len] = '\0';
    struct catalogue *other = world_build(&world, text);
    const struct node *node = world_read(&world, "{'field':'make','in':['m99','m5','m64']}");
    const struct filter *filter = filter_build(&world.arena, &other->campaigns[0], NULL, node, on_error, NULL);
    assert_non_null(filter);
    for (unsigned i = 0; i < 100; i++) {
        char lead[40];
        snprintf(lead, sizeof lead, "{'make':'m%u'}", i);
        struct lead_form form = world_lead(&world, &other->campaigns[0], LEAD_PING, lead);
        assert_int_equal(filter_matches(filter, &form.facts), i == 99 || i == 5 || i == 64);
    }
    struct lead_form form = world_lead(&world, &other->campaigns[0], LEAD_PING, "{'make':'m1'}");
    struct sink why = sink_over(text, sizeof text);
    filter_explain(filter, &other->campaigns[0], &form.facts, &why);
    assert_true(bytes_is(sink_written(&why), "make m1 is not m5, m64, m99"));
    catalogue_drop(&other);
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    catalogue = world_build(&world, "{'campaigns':[" WORLD_CAMPAIGN "]}");
    campaign = &catalogue->campaigns[0];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    catalogue_drop(&catalogue);
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_filter_is_explained),
        cmocka_unit_test(truth_table),
        cmocka_unit_test(private_fields_in_one_call),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(reasons_in_words),
        cmocka_unit_test(many_choices),
        cmocka_unit_test(agrees_with_a_naive_evaluator),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

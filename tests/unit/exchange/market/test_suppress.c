/* suppress: lists of people in a catalogue: who is out where, which lists a campaign asks about, what is wrong with
 * them; and lists as text. */
#include "exchange/market/suppress.h"

#include "exchange/market/list_text.h"
#include "tests/unit/exchange/market/world.h"

static struct world world;

#define MARKET                                                                                                         \
    "{%s'campaigns':[{'id':'auto','fields':{'phone':{'type':'us_phone'},'email':{'type':'email'}}%s},"                 \
    "{'id':'home','fields':{'phone':{'type':'us_phone'}}},{'id':'none','fields':{'n':{'type':'integer'}}}],"           \
    "'buyers':[{'id':'north','signing_secret':'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfKQ9r8GKYo='%s,'contracts':["    \
    "{'id':'k','campaign':'auto','post_url':'https://n.example/p','price':'5'%s},"                                     \
    "{'id':'h','campaign':'home','post_url':'https://n.example/p','price':'5'}]}]}"

static struct catalogue *market(const char *top, const char *campaign, const char *buyer, const char *contract)
{
    char text[4096];
    snprintf(text, sizeof text, MARKET, top, campaign, buyer, contract);
    return world_try(&world, text);
}

#define LISTS "'lists':{'dnc':{'file':'dnc.txt'},'own':{'owner':'north'}},"

static uint32_t list_called(const struct catalogue *catalogue, const char *name)
{
    return table_find(&catalogue->list_names, bytes_of(name));
}

static enum reason contract_says(const struct catalogue *catalogue, const char *list, const char *consent)
{
    uint64_t bits[LISTS_MAX / 64] = {0};
    struct person person = {0};
    uint32_t at = list_called(catalogue, list);
    if (at != TABLE_NONE) bits[at / 64] |= UINT64_C(1) << at % 64;
    struct facts facts = {.campaign = &catalogue->campaigns[0],
                          .on_lists = bits,
                          .consent = consent ? world_read(&world, consent) : NULL};
    enum reason reason = suppress_lead(catalogue, &facts);
    return reason != REASON_NONE ? reason : suppress_contract(catalogue, &catalogue->contracts[0], &person, &facts);
}

static void who_is_out_where(void **state)
{
    static const struct {
        const char *top, *campaign, *buyer, *contract, *list, *consent;
        enum reason wanted;
    } cases[] = {
        {LISTS, "", "", "", "dnc", NULL, REASON_NONE},
        {LISTS "'suppress':['dnc'],", "", "", "", "dnc", NULL, REASON_SUPPRESSED},
        {LISTS "'suppress':['dnc'],", "", "", "", "own", NULL, REASON_NONE},
        {LISTS, ",'suppress':['own']", "", "", "own", NULL, REASON_SUPPRESSED},
        {LISTS, "", ",'suppress':['own']", "", "own", NULL, REASON_SUPPRESSED},
        {LISTS, "", "", ",'suppress':['x.txt']", "x.txt", NULL, REASON_SUPPRESSED},
        {LISTS, "", "", ",'suppress':['x.txt']", "dnc", NULL, REASON_NONE},
        {LISTS, "", "", ",'suppress':[{'list':'dnc','unless':{'consent':'tcpa'}}]", "dnc", NULL, REASON_SUPPRESSED},
        {LISTS, "", "", ",'suppress':[{'list':'dnc','unless':{'consent':'tcpa'}}]", "dnc", "{'tcpa':false}",
         REASON_SUPPRESSED},
        {LISTS, "", "", ",'suppress':[{'list':'dnc','unless':{'consent':'tcpa'}}]", "dnc", "{'tcpa':true}",
         REASON_NONE},
        {LISTS, "", "", ",'suppress':[{'list':'dnc'}]", "dnc", "{'tcpa':true}", REASON_SUPPRESSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct catalogue *catalogue = market(cases[i].top, cases[i].campaign, cases[i].buyer, cases[i].contract);
        if (!catalogue) fail_msg("case %zu: %s", i, world.found);
        enum reason found = contract_says(catalogue, cases[i].list, cases[i].consent);
        if (found != cases[i].wanted) fail_msg("case %zu: %s", i, reason_code(found));
        assert_int_equal(catalogue->campaigns[0].asks_people, i > 0);
        catalogue_drop(&catalogue);
    }
}

static void which_lists_are_asked(void **state)
{
    (void)state;
    struct catalogue *catalogue = market(LISTS "'suppress':['house.txt'],", "",
                                         ",'suppress':['dnc'],'exclude':{'phones':['4155550123'],'emails':['A@b.co']}",
                                         ",'filter':{'none':[{'in_list':'own'}]}");
    assert_non_null(catalogue);
    assert_int_equal(catalogue->campaigns[0].lists_count, 3);
    assert_int_equal(catalogue->campaigns[1].lists_count, 2); /* of the exchange, of its buyer */
    assert_true(catalogue->contracts[0].asks_list);
    assert_false(catalogue->contracts[1].asks_list);
    assert_non_null(strstr(world.found, "campaign none has no field of type us_phone or email"));
    assert_int_equal(catalogue->lists[list_called(catalogue, "own")].owner, 0);
    assert_false(catalogue->lists[list_called(catalogue, "house.txt")].is_named);
    /* whom a buyer excludes; and what of it goes into the book */
    struct person person = {.count = 1, .list = {{PERSON_EMAIL, {{0}}}}};
    struct facts facts = {.campaign = &catalogue->campaigns[0]};
    assert_int_equal(suppress_contract(catalogue, &catalogue->contracts[0], &person, &facts), REASON_NONE);
    assert_true(person_hash_of(BYTES("a@b.co"), &world.arena, &person.list[0].plain));
    assert_int_equal(suppress_contract(catalogue, &catalogue->contracts[0], &person, &facts), REASON_EXCLUDED);
    for (size_t i = 0; i + 6 < catalogue->packed.len; i++)
        if (memcmp(catalogue->packed.at + i, "555012", 6) == 0) fail_msg("a phone stands in the packed catalogue");
    struct catalogue *again = catalogue_unpack(catalogue->packed, world_zone, &world);
    assert_non_null(again);
    assert_int_equal(again->campaigns[0].lists_count, 3);
    assert_int_equal(again->suppress.count, 1);
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
}

static void contradictions_are_told(void **state)
{
    static const struct {
        const char *top, *contract, *found;
    } cases[] = {
        {"'lists':{'x':{}},", "", "error: a list needs a file, or an owner who puts it [x]\n"},
        {"'lists':{'x':{'owner':'west'}},", "", "error: there is no such buyer [owner]\n"},
        {"", ",'suppress':[{'list':'x'}]", "error: there is no list x [list]\n"},
        {"", ",'filter':{'in_list':'x'}", "error: there is no list x [in_list]\n"},
        {LISTS, ",'suppress':[{'list':'dnc','unless':{'consent':'age'}}]",
         "error: the only thing a suppression gives way to is {consent: tcpa} [unless]\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(market(cases[i].top, "", "", cases[i].contract));
        if (!strstr(world.found, cases[i].found)) fail_msg("case %zu: %s", i, world.found);
    }
}

static uint64_t read_list(const char *text, struct list_text_error *error, struct list **list)
{
    struct list_maker *maker;
    *list = NULL;
    assert_int_equal(list_begin(&maker), FAULT_NONE);
    bool good = list_text_read(bytes_of(text), NULL, NULL, maker, error);
    assert_int_equal(list_finish(&maker, false, good ? list : NULL), FAULT_NONE);
    return good ? list_count(*list) : UINT64_MAX;
}

static void lists_as_text(void **state)
{
    struct list_text_error error;
    struct list *list;
    struct digest digest;
    (void)state;
    assert_int_equal(read_list("", &error, &list), 0);
    list_drop(&list);
    assert_int_equal(read_list("# none\n\n   \r\n", &error, &list), 0);
    list_drop(&list);
    assert_int_equal(read_list("\xef\xbb\xbf(415) 555-0123 # Ann\r\n4155550123\n\tANN@example.com \n"
                               "00000000000000000000000000000000000000000000000000000000000000AB",
                               &error, &list),
                     3);
    assert_true(person_hash_of(BYTES("+14155550123"), &world.arena, &digest));
    assert_true(list_has(list, list_entry(&digest)));
    assert_true(person_hash_of(BYTES("ann@example.com"), &world.arena, &digest));
    assert_true(list_has(list, list_entry(&digest)));
    list_drop(&list);
    assert_int_equal(read_list("4155550123\nAnn\n", &error, &list), UINT64_MAX);
    assert_int_equal(error.line, 2);
    assert_int_equal(read_list("4155550123\n\nabcdef\n", &error, &list), UINT64_MAX);
    assert_int_equal(error.line, 3);
}

static int open_world(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_out_where),
        cmocka_unit_test(which_lists_are_asked),
        cmocka_unit_test(contradictions_are_told),
        cmocka_unit_test(lists_as_text),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}

/* duplicates: which encounters count, where, for how long; and who a lead is about. */
#include "exchange/market/duplicates.h"

#include "exchange/market/person.h"
#include "tests/unit/exchange/market/world.h"

static struct world world;

#define NOW INT64_C(1767366000000)
#define DAY INT64_C(86400000)
#define FIELDS                                                                                                         \
    "'fields':{'state':{'type':'us_state','private':false},'phone':{'type':'us_phone','required':'post'},"             \
    "'mobile':{'type':'us_phone'},'email':{'type':'email'}}"
#define BUYER                                                                                                          \
    "'buyers':[{'id':'north','signing_secret':'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfKQ9r8GKYo=','contracts':["      \
    "{'id':'k','campaign':'auto','post_url':'https://n.example/p','price':'5'%s}]}]"

static struct catalogue *market(const char *rule, const char *contract)
{
    char text[4096];
    snprintf(text, sizeof text,
             "{'campaigns':[{'id':'auto'," FIELDS "%s},{'id':'home'," FIELDS "},{'id':'solar'," FIELDS "}]," BUYER "}",
             rule, contract);
    return world_try(&world, text);
}

struct case_of {
    const char *rule, *contract;
    struct encounter encounters[2];
    uint32_t count;
    bool seen, met;
};

#define SOLD(kind_, ago, campaign_, contract_)                                                                         \
    {                                                                                                                  \
        .post_id = {{1}}, .lead_id = {{1}}, .state = ENCOUNTER_SOLD, .kind = kind_, .at_ms = NOW - (ago),              \
        .campaign = {campaign_, sizeof campaign_ - 1}, .contract = {                                                   \
            contract_,                                                                                                 \
            sizeof contract_ - 1                                                                                       \
        }                                                                                                              \
    }
#define REFUSED(kind_, ago, contract_)                                                                                 \
    {                                                                                                                  \
        .post_id = {{2}}, .lead_id = {{2}}, .state = ENCOUNTER_REFUSED, .kind = kind_, .at_ms = NOW - (ago),           \
        .campaign = {"auto", 4}, .contract = {                                                                         \
            contract_,                                                                                                 \
            sizeof contract_ - 1                                                                                       \
        }                                                                                                              \
    }
#define OPEN(kind_, ago, lead)                                                                                         \
    {                                                                                                                  \
        .post_id = {{3}}, .lead_id = {{lead}}, .state = ENCOUNTER_OPEN, .kind = kind_, .at_ms = NOW - (ago),           \
        .campaign = {"auto", 4}, .contract = {                                                                         \
            "k",                                                                                                       \
            1                                                                                                          \
        }                                                                                                              \
    }

#define WEEK ",'duplicates':{'window':'7d'}"

static void which_encounters_count(void **state)
{
    static const struct case_of cases[] = {
        {"", "", {SOLD(PERSON_PHONE, 1, "auto", "k")}, 1, false, false},
        {WEEK, "", {SOLD(PERSON_PHONE, 7 * DAY - 1, "auto", "x")}, 1, true, false},
        {WEEK, "", {SOLD(PERSON_PHONE, 7 * DAY, "auto", "x")}, 1, false, false},
        {WEEK, "", {SOLD(PERSON_EMAIL, DAY, "auto", "x")}, 1, true, false},
        {WEEK, "", {SOLD(PERSON_PHONE, DAY, "home", "x")}, 1, false, false},
        {",'duplicates':{'window':'7d','by':['phone']}", "", {SOLD(PERSON_EMAIL, DAY, "auto", "x")}, 1, false, false},
        /* all of the keys: of one and the same post */
        {",'duplicates':{'window':'7d','match':'all'}", "", {SOLD(PERSON_PHONE, DAY, "auto", "x")}, 1, false, false},
        {",'duplicates':{'window':'7d','match':'all'}",
         "",
         {SOLD(PERSON_PHONE, DAY, "auto", "x"), SOLD(PERSON_EMAIL, DAY, "auto", "x")},
         2,
         true,
         false},
        {",'duplicates':{'window':'7d','match':'all'}",
         "",
         {SOLD(PERSON_PHONE, DAY, "auto", "x"), OPEN(PERSON_EMAIL, DAY, 9)},
         2,
         false,
         false},
        /* scope */
        {",'duplicates':{'window':'7d','scope':'exchange'}",
         "",
         {SOLD(PERSON_PHONE, DAY, "solar", "x")},
         1,
         true,
         false},
        {",'duplicates':{'window':'7d','scope':['home']}", "", {SOLD(PERSON_PHONE, DAY, "home", "x")}, 1, true, false},
        {",'duplicates':{'window':'7d','scope':['home']}",
         "",
         {SOLD(PERSON_PHONE, DAY, "solar", "x")},
         1,
         false,
         false},
        {",'duplicates':{'window':'7d','scope':['home']}", "", {SOLD(PERSON_PHONE, DAY, "auto", "x")}, 1, true, false},
        /* counts, and the memory of a refusal */
        {WEEK, "", {REFUSED(PERSON_PHONE, DAY - 1, "k")}, 1, false, true},
        {WEEK, "", {REFUSED(PERSON_PHONE, DAY, "k")}, 1, false, false},
        {WEEK, "", {REFUSED(PERSON_PHONE, 1, "x")}, 1, false, false},
        {",'duplicates':{'window':'7d','counts':'posted'}", "", {REFUSED(PERSON_PHONE, 3 * DAY, "x")}, 1, true, false},
        {",'duplicates':{'window':'7d','reject_memory':'3d'}",
         "",
         {REFUSED(PERSON_PHONE, 2 * DAY, "k")},
         1,
         false,
         true},
        /* in doubt: as long as it lasts, and never one's own */
        {WEEK, "", {OPEN(PERSON_PHONE, 400 * DAY, 9)}, 1, true, false},
        {WEEK, "", {OPEN(PERSON_PHONE, DAY, 7)}, 1, false, false},
        /* a contract's window */
        {"", ",'duplicates':{'window':'90d'}", {SOLD(PERSON_PHONE, 89 * DAY, "auto", "k")}, 1, false, true},
        {"", ",'duplicates':{'window':'90d'}", {SOLD(PERSON_PHONE, 90 * DAY, "auto", "k")}, 1, false, false},
        {"", ",'duplicates':{'window':'90d'}", {SOLD(PERSON_PHONE, DAY, "auto", "x")}, 1, false, false},
        {"", ",'duplicates':{'window':'90d'}", {OPEN(PERSON_EMAIL, DAY, 9)}, 1, false, true},
        {"", ",'duplicates':{'window':'90d'}", {REFUSED(PERSON_PHONE, 1, "k")}, 1, false, false},
    };
    const struct ident self = {{7}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct catalogue *catalogue = market(cases[i].rule, cases[i].contract);
        if (!catalogue) fail_msg("case %zu: %s", i, world.found);
        struct duplicates_question question = {
            catalogue, &catalogue->campaigns[0], &self, cases[i].encounters, cases[i].count, NOW, IDENT_NONE};
        bool seen = duplicates_seen(&question), met = duplicates_met(&question, &catalogue->contracts[0]);
        if (seen != cases[i].seen || met != cases[i].met) fail_msg("case %zu: seen %d met %d", i, seen, met);
        question.origin = cases[i].encounters[0].lead_id; /* what comes of that lead is not its duplicate */
        if (cases[i].count == 1 && !ident_is_none(&question.origin))
            assert_false(duplicates_bars(&question, &catalogue->contracts[0]));
        question.origin = IDENT_NONE;
        assert_int_equal(duplicates_bars(&question, &catalogue->contracts[0]), seen || met);
        assert_int_equal(catalogue->campaigns[0].recalls, i > 0);
        catalogue_drop(&catalogue);
    }
}

/* As long as the longest rule that may ask. */
static void how_long_a_person_is_kept(void **state)
{
    (void)state;
    struct catalogue *catalogue = market(",'duplicates':{'window':'7d','counts':'posted','scope':['home']}",
                                         ",'duplicates':{'window':'90d'}");
    assert_non_null(catalogue);
    assert_int_equal(catalogue->campaigns[0].sold_keep_ms, 90 * DAY);
    assert_int_equal(catalogue->campaigns[0].refused_keep_ms, 90 * DAY);
    assert_int_equal(catalogue->campaigns[1].sold_keep_ms, 7 * DAY);
    assert_int_equal(catalogue->campaigns[1].refused_keep_ms, 7 * DAY);
    assert_false(catalogue->campaigns[1].recalls);
    assert_int_equal(catalogue->campaigns[2].sold_keep_ms, 0);
    catalogue_drop(&catalogue);
}

static void contradictions_are_told(void **state)
{
    static const struct {
        const char *rule, *contract, *found;
    } cases[] = {
        {",'duplicates':{}", "", "error: duplicates needs a window [duplicates]\n"},
        {",'duplicates':{'window':'7d','by':['name']}", "", "error: a person is known by phone or email []\n"},
        {",'duplicates':{'window':'7d','scope':['boat']}", "",
         "error: scope is campaign, exchange, or a list of campaigns: there is no campaign boat []\n"},
        {"", ",'duplicates':{'window':'soon'}", "error: window needs a duration such as 250ms, 3s, 5m [window]\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(market(cases[i].rule, cases[i].contract));
        assert_string_equal(world.found, cases[i].found);
    }
    struct catalogue *catalogue = market(",'duplicates':{'window':'7d','match':'all'}", "");
    assert_string_equal(world.found, "warning: match: all never holds for a lead without a phone or an email, and the "
                                     "campaign does not require both [duplicates]\n");
    catalogue_drop(&catalogue);
}

static void who_a_lead_is_about(void **state)
{
    (void)state;
    struct catalogue *catalogue = market("", "");
    struct person person;
    struct digest plain, other;
    struct ping_hashes told = {.has_phone = true, .has_email = true};
    const struct node *lead = world_read(&world, "{'state':'CA','phone':'(415) 555-0123','mobile':'4155550124'}");
    digest_of(&told.email, &BYTES("ann@example.com"), 1);
    assert_true(person_read(&catalogue->campaigns[0], lead, &told, &world.arena, &person));
    assert_int_equal(person.count, 3); /* the phone that is given counts, not the hash of another */
    assert_int_equal(person.list[0].kind, PERSON_PHONE);
    assert_int_equal(person.list[2].kind, PERSON_EMAIL);
    assert_true(person_hash_of(BYTES("+1 415 555 0124"), &world.arena, &plain));
    assert_true(person_has(&person, &plain));
    assert_false(person_has(&person, &told.phone));
    assert_true(person_hash_of(BYTES("Ann@Example.COM"), &world.arena, &plain));
    assert_true(digest_same(&plain, &told.email));
    char hex[2 * DIGEST_LEN];
    struct sink sink = sink_over(hex, sizeof hex);
    sink_hex(&sink, (struct bytes){(const char *)plain.at, DIGEST_LEN});
    assert_true(person_hash_of(sink_written(&sink), &world.arena, &other));
    assert_true(digest_same(&plain, &other));
    assert_false(person_hash_of(BYTES("Ann"), &world.arena, &other));
    assert_false(person_hash_of(BYTES(""), &world.arena, &other));
    catalogue_drop(&catalogue);
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
        cmocka_unit_test(which_encounters_count),
        cmocka_unit_test(how_long_a_person_is_kept),
        cmocka_unit_test(contradictions_are_told),
        cmocka_unit_test(who_a_lead_is_about),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}

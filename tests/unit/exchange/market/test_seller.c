/* Who is named to the person: what a contract may say of its seller, what contradicts itself, and that it comes back
 * out of the packed catalogue. */
#include "exchange/market/catalogue.h"
#include "exchange/market/seller.h"
#include "protocol/message/consent.h"
#include "tests/unit/exchange/market/world.h"

#define SHA_OF_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

static struct world world;

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

/* A catalogue of one contract with more keys. */
static struct catalogue *contract_with(const char *more)
{
    char text[8192];
    snprintf(
        text, sizeof text,
        "{'campaigns':[" WORLD_CAMPAIGN "],'affiliates':[{'id':'best','keys':['" WORLD_KEY(
            "00000001") "'],'campaigns':['auto']}],'buyers':[{" WORLD_BUYER("n") ",'contracts':[{'id':'x','campaign':'"
                                                                                 "auto','price':'5','post_url':'https:/"
                                                                                 "/north.example/post'%s}]}]"
                                                                                 "}",
        more);
    return world_try(&world, text);
}

static void is_read_and_packed(void **state)
{
    (void)state;
    struct catalogue *catalogue = contract_with(
        ",'consent':'named','seller':{'name':'Northern','url':'https://n.example/','logo_url':'http://n.example/l.png',"
        "'consent_text':'a'}");
    assert_non_null(catalogue);
    assert_int_equal(world.warnings, 0);
    struct catalogue *again = catalogue_unpack(catalogue->packed, NULL, NULL);
    assert_non_null(again);
    for (int i = 0; i < 2; i++) {
        const struct contract *contract = &(i ? again : catalogue)->contracts[0];
        assert_true(contract->is_named);
        assert_true(bytes_is(contract->seller->name, "Northern"));
        assert_true(bytes_is(contract->seller->url, "https://n.example/"));
        assert_true(bytes_is(contract->seller->logo_url, "http://n.example/l.png"));
        assert_true(bytes_is(contract->seller->consent_text, "a"));
        assert_true(bytes_is(contract->seller->consent_sha256, SHA_OF_A)); /* worked out */
    }
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
    catalogue = contract_with(",'consent':'general'");
    assert_false(catalogue->contracts[0].is_named);
    assert_null(catalogue->contracts[0].seller);
    catalogue_drop(&catalogue);
    catalogue = contract_with(",'seller':{'name':'N','consent_sha256':'" SHA_OF_A "'}"); /* the text is elsewhere */
    assert_false(catalogue->contracts[0].is_named);
    assert_true(bytes_is(catalogue->contracts[0].seller->consent_sha256, SHA_OF_A));
    catalogue_drop(&catalogue);
}

static void contradictions_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *more, *finding;
    } ROWS[] = {
        {",'consent':'named'", "consent: named needs a seller"},
        {",'consent':'perhaps'", "consent has no such value"},
        {",'seller':{'url':'https://n.example/'}", "a seller needs a name"},
        {",'seller':{'name':'N\\nM'}", "name must not hold control characters"},
        {",'seller':{'name':'N\\u0007'}", "name must not hold control characters"},
        {",'seller':{'name':'N','url':'ftp://n.example/'}", "url must be an http or https URL"},
        {",'seller':{'name':'N','logo_url':'https://n.example/a b'}", "logo_url must be an http or https URL"},
        {",'seller':{'name':'N','consent_sha256':'12'}", "64 hexadecimal digits"},
        {",'seller':{'name':'N','consent_text':'b','consent_sha256':'" SHA_OF_A "'}", "is not the SHA-256 of"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct catalogue *catalogue = contract_with(ROWS[i].more);
        if (catalogue) fail_msg("taken: %s", ROWS[i].more);
        if (!strstr(world.found, ROWS[i].finding)) fail_msg("%s\n%s", ROWS[i].more, world.found);
    }
    char more[4096], name[SELLER_NAME_MAX + 2];
    for (size_t len = SELLER_NAME_MAX; len <= SELLER_NAME_MAX + 1; len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        snprintf(more, sizeof more, ",'seller':{'name':'%s'}", name);
        struct catalogue *catalogue = contract_with(more);
        assert_int_equal(catalogue != NULL, len == SELLER_NAME_MAX);
        if (catalogue)
            catalogue_drop(&catalogue);
        else
            assert_non_null(strstr(world.found, "name is longer than 128 bytes"));
    }
}

static void a_consent_names_letter_by_letter(void **state)
{
    (void)state;
    static const struct {
        const char *consent;
        bool names;
    } ROWS[] = {
        {"{'sellers':['Eastern','Northern']}", true},
        {"{'sellers':'Northern'}", true},
        {"{'sellers':['northern']}", false},
        {"{'sellers':['Northern ']}", false},
        {"{'sellers':[]}", false},
        {"{'sellers':'Eastern'}", false},
        {"{'tcpa':true}", false},
        {"{'text':'Northern','sellers':['North']}", false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (consent_names(world_read(&world, ROWS[i].consent), BYTES("Northern")) != ROWS[i].names)
            fail_msg("%s", ROWS[i].consent);
    assert_false(consent_names(NULL, BYTES("Northern")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_and_packed),
        cmocka_unit_test(contradictions_are_told),
        cmocka_unit_test(a_consent_names_letter_by_letter),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* field: each type's normal form, what it is made from, and what it refuses. */
#include "exchange/market/field.h"

#include "tests/unit/exchange/market/world.h"

static struct world world;

static const struct bytes COLOURS[] = {{"red", 3}, {"green", 5}};

static const struct field FIELDS[FIELD_TYPES] = {
    [FIELD_TEXT] = {.type = FIELD_TEXT, .max = 10},
    [FIELD_INTEGER] = {.type = FIELD_INTEGER, .min = -5, .max = 110},
    [FIELD_CHOICE] = {.type = FIELD_CHOICE, .choices = COLOURS, .choices_count = 2},
    [FIELD_US_STATE] = {.type = FIELD_US_STATE},
    [FIELD_US_ZIP] = {.type = FIELD_US_ZIP},
    [FIELD_US_PHONE] = {.type = FIELD_US_PHONE},
    [FIELD_EMAIL] = {.type = FIELD_EMAIL},
    [FIELD_DATE] = {.type = FIELD_DATE, .min = 18000101, .max = 22001231},
    [FIELD_DECIMAL] = {.type = FIELD_DECIMAL, .min = -1500000, .max = INT64_C(9000000000000)},
    [FIELD_BOOLEAN] = {.type = FIELD_BOOLEAN},
    [FIELD_URL] = {.type = FIELD_URL, .max = 40},
    [FIELD_IP] = {.type = FIELD_IP},
};

struct row {
    enum field_type type;
    const char *value; /* JSON, ' for " */
    const char *text;  /* normal form, or the code of the complaint */
    int64_t number;
};

#define REFUSED INT64_MIN

static const struct row ROWS[] = {
    {FIELD_TEXT, "'Ann'", "Ann", 0},
    {FIELD_TEXT, "' Ann '", " Ann ", 0},
    {FIELD_TEXT, "'1234567890'", "1234567890", 0},
    {FIELD_TEXT, "'12345678901'", "too_long", REFUSED},
    {FIELD_TEXT, "'äöüß€'", "too_long", REFUSED}, /* bytes, not characters */
    {FIELD_TEXT, "'a\\tb\\n'", "a\tb\n", 0},
    {FIELD_TEXT, "'a\\u0000b'", "format", REFUSED},
    {FIELD_TEXT, "'a\\u001bb'", "format", REFUSED},
    {FIELD_TEXT, "'a\\u007fb'", "format", REFUSED},
    {FIELD_TEXT, "5", "type", REFUSED},
    {FIELD_TEXT, "true", "type", REFUSED},
    {FIELD_TEXT, "['a']", "type", REFUSED},
    {FIELD_INTEGER, "34", "34", 34},
    {FIELD_INTEGER, "'34'", "34", 34},
    {FIELD_INTEGER, "' 034 '", "34", 34},
    {FIELD_INTEGER, "3.4e1", "34", 34},
    {FIELD_INTEGER, "-5", "-5", -5},
    {FIELD_INTEGER, "-6", "range", REFUSED},
    {FIELD_INTEGER, "111", "range", REFUSED},
    {FIELD_INTEGER, "34.5", "type", REFUSED},
    {FIELD_INTEGER, "'34.0'", "type", REFUSED},
    {FIELD_INTEGER, "'x'", "type", REFUSED},
    {FIELD_INTEGER, "99999999999999999999", "type", REFUSED},
    {FIELD_INTEGER, "false", "type", REFUSED},
    {FIELD_CHOICE, "'green'", "green", 1},
    {FIELD_CHOICE, "' red'", "red", 0},
    {FIELD_CHOICE, "'Red'", "choice", REFUSED},
    {FIELD_CHOICE, "'blue'", "choice", REFUSED},
    {FIELD_CHOICE, "1", "type", REFUSED},
    {FIELD_US_STATE, "'CA'", "CA", 8},
    {FIELD_US_STATE, "'ca'", "CA", 8},
    {FIELD_US_STATE, "' nY '", "NY", 42},
    {FIELD_US_STATE, "'AA'", "AA", 0},
    {FIELD_US_STATE, "'WY'", "WY", 62},
    {FIELD_US_STATE, "'NO'", "choice", REFUSED},
    {FIELD_US_STATE, "'C'", "choice", REFUSED},
    {FIELD_US_STATE, "'CAL'", "choice", REFUSED},
    {FIELD_US_STATE, "'\\u0001A'", "choice", REFUSED},
    {FIELD_US_STATE, "6", "type", REFUSED},
    {FIELD_DATE, "'1985-04-12'", "1985-04-12", 19850412},
    {FIELD_DATE, "'04/12/1985'", "1985-04-12", 19850412},
    {FIELD_DATE, "' 2024-02-29 '", "2024-02-29", 20240229},
    {FIELD_DATE, "'2023-02-29'", "format", REFUSED},
    {FIELD_DATE, "'1900-02-29'", "format", REFUSED},
    {FIELD_DATE, "'1985-13-01'", "format", REFUSED},
    {FIELD_DATE, "'1985-00-01'", "format", REFUSED},
    {FIELD_DATE, "'85-04-12'", "format", REFUSED},
    {FIELD_DATE, "'1799-01-01'", "format", REFUSED},
    {FIELD_DATE, "'1985-4-012'", "format", REFUSED},
    {FIELD_DATE, "19850412", "type", REFUSED},
    {FIELD_US_ZIP, "'94110'", "94110", 94110},
    {FIELD_US_ZIP, "94110", "94110", 94110},
    {FIELD_US_ZIP, "'02134'", "02134", 2134},
    {FIELD_US_ZIP, "2134", "format", REFUSED},
    {FIELD_US_ZIP, "'94110-1234'", "94110", 94110},
    {FIELD_US_ZIP, "'941101234'", "94110", 94110},
    {FIELD_US_ZIP, "'94110-'", "format", REFUSED},
    {FIELD_US_ZIP, "'94110-123'", "format", REFUSED},
    {FIELD_US_ZIP, "'94110 1234'", "format", REFUSED},
    {FIELD_US_ZIP, "'9411'", "format", REFUSED},
    {FIELD_US_ZIP, "'00000'", "format", REFUSED},
    {FIELD_US_ZIP, "'9411O'", "format", REFUSED},
    {FIELD_US_ZIP, "94110.5", "format", REFUSED},
    {FIELD_US_ZIP, "-94110", "format", REFUSED},
    {FIELD_US_ZIP, "true", "type", REFUSED},
    {FIELD_US_PHONE, "'+14155550123'", "+14155550123", 0},
    {FIELD_US_PHONE, "'(415) 555-0123'", "+14155550123", 0},
    {FIELD_US_PHONE, "'1.415.555.0123'", "+14155550123", 0},
    {FIELD_US_PHONE, "' +1 415 555 0123 '", "+14155550123", 0},
    {FIELD_US_PHONE, "4155550123", "+14155550123", 0},
    {FIELD_US_PHONE, "14155550123", "+14155550123", 0},
    {FIELD_US_PHONE, "'+4155550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'+24155550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'24155550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'415555012'", "format", REFUSED},
    {FIELD_US_PHONE, "'41555501234'", "format", REFUSED},
    {FIELD_US_PHONE, "'114155550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'0155550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'1155550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'4115550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'4955550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'4151550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'4159110123'", "format", REFUSED},
    {FIELD_US_PHONE, "'415-555-0123 x9'", "format", REFUSED},
    {FIELD_US_PHONE, "'415++5550123'", "format", REFUSED},
    {FIELD_US_PHONE, "'415\\u00005550123'", "format", REFUSED},
    {FIELD_US_PHONE, "415555.0123", "format", REFUSED},
    {FIELD_US_PHONE, "true", "type", REFUSED},
    {FIELD_EMAIL, "'ann@example.com'", "ann@example.com", 0},
    {FIELD_EMAIL, "' Ann.Lee+x@Example.COM '", "ann.lee+x@example.com", 0},
    {FIELD_EMAIL, "'o\\u0027hara@a-b.co.uk'", "o'hara@a-b.co.uk", 0},
    {FIELD_EMAIL, "'ann@example'", "format", REFUSED},
    {FIELD_EMAIL, "'ann'", "format", REFUSED},
    {FIELD_EMAIL, "'@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@'", "format", REFUSED},
    {FIELD_EMAIL, "'a@b@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'.ann@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'ann.@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'a..b@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@example..com'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@.example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@example.com.'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@-example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@example-.com'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@1.2.3.45'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@example.c'", "format", REFUSED},
    {FIELD_EMAIL, "'ann@[1.2.3.4]'", "format", REFUSED},
    {FIELD_EMAIL, "'ann lee@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'änn@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'a\\u0000b@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "'a\\nb@example.com'", "format", REFUSED},
    {FIELD_EMAIL, "5", "type", REFUSED},
    {FIELD_DATE, "'2201-01-01'", "format", REFUSED},
    {FIELD_DECIMAL, "12.5", "12.5", 12500000},
    {FIELD_DECIMAL, "'12.50'", "12.5", 12500000},
    {FIELD_DECIMAL, "' 012 '", "type", REFUSED},
    {FIELD_DECIMAL, "' 12 '", "12", 12000000},
    {FIELD_DECIMAL, "1.2e1", "12", 12000000},
    {FIELD_DECIMAL, "-0.25", "-0.25", -250000},
    {FIELD_DECIMAL, "0.000001", "0.000001", 1},
    {FIELD_DECIMAL, "-0", "0", 0},
    {FIELD_DECIMAL, "'0.0000010'", "0.000001", 1},
    {FIELD_DECIMAL, "0.0000001", "type", REFUSED},
    {FIELD_DECIMAL, "'1,5'", "type", REFUSED},
    {FIELD_DECIMAL, "'$5'", "type", REFUSED},
    {FIELD_DECIMAL, "true", "type", REFUSED},
    {FIELD_DECIMAL, "-1.5", "-1.5", -1500000},
    {FIELD_DECIMAL, "-1.500001", "range", REFUSED},
    {FIELD_DECIMAL, "9000000.000001", "range", REFUSED},
    {FIELD_DECIMAL, "1e30", "type", REFUSED},
    {FIELD_BOOLEAN, "true", "true", 1},
    {FIELD_BOOLEAN, "false", "false", 0},
    {FIELD_BOOLEAN, "'TRUE'", "true", 1},
    {FIELD_BOOLEAN, "' yes '", "true", 1},
    {FIELD_BOOLEAN, "'No'", "false", 0},
    {FIELD_BOOLEAN, "1", "true", 1},
    {FIELD_BOOLEAN, "'0'", "false", 0},
    {FIELD_BOOLEAN, "2", "type", REFUSED},
    {FIELD_BOOLEAN, "'on'", "type", REFUSED},
    {FIELD_BOOLEAN, "[]", "type", REFUSED},
    {FIELD_URL, "'https://a.example/x?y#Z'", "https://a.example/x?y#Z", 0},
    {FIELD_URL, "' HTTP://A.Example:80/Path '", "http://a.example:80/Path", 0},
    {FIELD_URL, "'https://a'", "https://a", 0},
    {FIELD_URL, "'https://'", "format", REFUSED},
    {FIELD_URL, "'https:///x'", "format", REFUSED},
    {FIELD_URL, "'http://?x'", "format", REFUSED},
    {FIELD_URL, "'ftp://a.example'", "format", REFUSED},
    {FIELD_URL, "'a.example'", "format", REFUSED},
    {FIELD_URL, "'https://a b'", "format", REFUSED},
    {FIELD_URL, "'https://a\\u0000b'", "format", REFUSED},
    {FIELD_URL, "'https://ä.example'", "format", REFUSED},
    {FIELD_URL, "'https://a.example/123456789012345678901'", "https://a.example/123456789012345678901", 0},
    {FIELD_URL, "'https://a.example/12345678901234567890123'", "too_long", REFUSED},
    {FIELD_URL, "5", "type", REFUSED},
    {FIELD_IP, "'203.0.113.7'", "203.0.113.7", 0},
    {FIELD_IP, "' 203.0.113.7 '", "203.0.113.7", 0},
    {FIELD_IP, "'2001:DB8::0:1'", "2001:db8::1", 0},
    {FIELD_IP, "'::ffff:203.0.113.7'", "::ffff:203.0.113.7", 0},
    {FIELD_IP, "'203.0.113'", "format", REFUSED},
    {FIELD_IP, "'203.0.113.256'", "format", REFUSED},
    {FIELD_IP, "'203.0.113.7/24'", "format", REFUSED},
    {FIELD_IP, "'1:2:3:4:5:6:7:8:9'", "format", REFUSED},
    {FIELD_IP, "'203.0.113.7\\u0000'", "format", REFUSED},
    {FIELD_IP, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", "format", REFUSED},
    {FIELD_IP, "1", "type", REFUSED},
};

static void every_value_has_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct row *row = &ROWS[i];
        const struct node *node = world_read(&world, row->value);
        struct field_fault fault = {"", ""};
        struct fact fact;
        enum field_verdict verdict = field_read(&FIELDS[row->type], node, &world.arena, &fact, &fault);
        const char *name = field_type_name(row->type);
        if (row->number == REFUSED) {
            if (verdict != FIELD_WRONG || strcmp(fault.code, row->text) != 0 || fact.is_set)
                fail_msg("%s %s: verdict %d, %s", name, row->value, verdict, fault.code);
            continue;
        }
        if (verdict != FIELD_FINE) fail_msg("%s %s: %s", name, row->value, fault.text);
        if (!fact.is_set || !bytes_is(fact.text, row->text) || fact.number != row->number)
            fail_msg("%s %s: \"%.*s\" %lld", name, row->value, (int)fact.text.len, fact.text.at,
                     (long long)fact.number);
    }
}

static void a_normal_form_reads_as_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct node node = {.kind = NODE_TEXT, .text = bytes_of(ROWS[i].text), .span = 1};
        struct field_fault fault;
        struct fact fact;
        if (ROWS[i].number == REFUSED) continue;
        assert_int_equal(field_read(&FIELDS[ROWS[i].type], &node, &world.arena, &fact, &fault), FIELD_FINE);
        assert_true(bytes_is(fact.text, ROWS[i].text));
        assert_int_equal(fact.number, ROWS[i].number);
    }
}

static void nothing_is_absent(void **state)
{
    struct field_fault fault;
    struct fact fact;
    (void)state;
    for (unsigned i = 0; i < FIELD_TYPES; i++) {
        assert_int_equal(field_read(&FIELDS[i], NULL, &world.arena, &fact, &fault), FIELD_ABSENT);
        assert_int_equal(field_read(&FIELDS[i], world_read(&world, "null"), &world.arena, &fact, &fault), FIELD_ABSENT);
        assert_int_equal(field_read(&FIELDS[i], world_read(&world, "''"), &world.arena, &fact, &fault), FIELD_ABSENT);
        assert_false(fact.is_set);
    }
}

static void bounds_of_an_address(void **state)
{
    char text[400];
    struct field_fault fault;
    struct fact fact;
    struct node node = {.kind = NODE_TEXT, .span = 1};
    (void)state;
    for (size_t local = 63; local <= 66; local++) {
        snprintf(text, sizeof text, "%0*d@example.com", (int)local, 0);
        node.text = bytes_of(text);
        enum field_verdict verdict = field_read(&FIELDS[FIELD_EMAIL], &node, &world.arena, &fact, &fault);
        assert_int_equal(verdict, local <= 64 ? FIELD_FINE : FIELD_WRONG);
        snprintf(text, sizeof text, "a@%0*dx.com", (int)local - 1, 0);
        node.text = bytes_of(text);
        verdict = field_read(&FIELDS[FIELD_EMAIL], &node, &world.arena, &fact, &fault);
        assert_int_equal(verdict, local <= 63 ? FIELD_FINE : FIELD_WRONG);
    }
    for (size_t len = 253; len <= 256; len++) {
        memset(text, 'a', sizeof text);
        for (size_t at = 60; at < len; at += 60) text[at] = '.';
        text[1] = '@';
        node.text = (struct bytes){text, len};
        enum field_verdict verdict = field_read(&FIELDS[FIELD_EMAIL], &node, &world.arena, &fact, &fault);
        assert_int_equal(verdict, len <= 254 ? FIELD_FINE : FIELD_WRONG);
    }
}

static void states_and_types_by_name(void **state)
{
    enum field_type type = FIELD_TEXT;
    (void)state;
    for (unsigned i = 0; i < FIELD_STATES; i++) {
        struct bytes name = field_state_name(i);
        assert_int_equal(field_state_code(name), i);
        if (i) assert_true(bytes_compare(field_state_name(i - 1), name) < 0);
    }
    assert_int_equal(field_state_code(BYTES("ca")), -1);
    assert_int_equal(field_state_code(BYTES("")), -1);
    for (unsigned i = 0; i < FIELD_TYPES; i++) {
        assert_true(field_type_find(bytes_of(field_type_name((enum field_type)i)), &type));
        assert_int_equal(type, i);
    }
    assert_false(field_type_find(BYTES("data"), &type));
}

static void memory_may_be_out(void **state)
{
    struct arena none;
    struct fact fact;
    struct field_fault fault;
    (void)state;
    arena_init(&none, 16, 0);
    assert_int_equal(field_read(&FIELDS[FIELD_US_PHONE], world_read(&world, "'4155550123'"), &none, &fact, &fault),
                     FIELD_NO_MEMORY);
    assert_int_equal(field_read(&FIELDS[FIELD_EMAIL], world_read(&world, "'A@b.co'"), &none, &fact, &fault),
                     FIELD_NO_MEMORY);
    assert_int_equal(field_read(&FIELDS[FIELD_INTEGER], world_read(&world, "'007'"), &none, &fact, &fault),
                     FIELD_NO_MEMORY);
    assert_int_equal(field_read(&FIELDS[FIELD_US_PHONE], world_read(&world, "'+14155550123'"), &none, &fact, &fault),
                     FIELD_FINE); /* normal already: nothing is copied */
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_one_form), cmocka_unit_test(a_normal_form_reads_as_itself),
        cmocka_unit_test(nothing_is_absent),        cmocka_unit_test(bounds_of_an_address),
        cmocka_unit_test(states_and_types_by_name), cmocka_unit_test(memory_may_be_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

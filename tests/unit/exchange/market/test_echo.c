/* What is found of a lead in somebody else's words, however it is written, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/echo.h"
#include "protocol/codec/json.h"

#define CONTENT                                                                                                        \
    "{\"lead\":{\"state\":\"CA\",\"zip\":\"94110\",\"age\":34,\"phone\":\"+14155550171\",\"first_name\":\"Annabel\","  \
    "\"email\":\"ann.bell@example.com\",\"ssn\":\"078-05-1120\",\"more\":{\"deep\":[\"Rosebud\"]},\"short\":\"abc\"}," \
    "\"consent\":{\"tcpa\":true,\"ip\":\"203.0.113.171\"}}"

static struct arena arena;

static bool repeats(const struct campaign *campaign, const char *text)
{
    struct document_error error;
    const struct node *content = document_read_json(&arena, BYTES(CONTENT), &DOCUMENT_LIMITS, &error);
    assert_non_null(content);
    return echo_repeats(campaign, content, bytes_of(text));
}

static const struct campaign *campaign_of(void)
{
    static const struct field fields[] = {{.name = {"state", 5}, .type = FIELD_US_STATE},
                                          {.name = {"zip", 3}, .type = FIELD_US_ZIP},
                                          {.name = {"age", 3}, .type = FIELD_INTEGER},
                                          {.name = {"first_name", 10}, .type = FIELD_TEXT, .is_private = true},
                                          {.name = {"phone", 5}, .type = FIELD_US_PHONE, .is_private = true}};
    static const struct campaign campaign = {.fields = (struct field *)(uintptr_t)fields, .fields_count = 5};
    return &campaign;
}

static void test_what_is_found(void **state)
{
    static const char *const texts[] = {"we have +14155550171 already",
                                        "4155550171",
                                        "dial (415) 555-0171 today",
                                        "415.555.0171",
                                        "ANNABEL was here",
                                        "no: annabel",
                                        "ann.bell@example.com",
                                        "https://x.example/?m=Ann.Bell%40Example.com",
                                        "078051120",
                                        "rosebud!",
                                        "from 203.0.113.171",
                                        "https://x.example/14155550171/next"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!repeats(campaign_of(), texts[i])) fail_msg("not found: %s", texts[i]);
}

static void test_what_is_not(void **state)
{
    static const char *const texts[] = {"",           "outside CA",       "94110 is full", "34 is too old",
                                        "duplicate",  "annabella",        "abc",           "call 555-0171",
                                        "B-41555501", "true consent only"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (repeats(campaign_of(), texts[i])) fail_msg("found: %s", texts[i]);
}

static void test_what_is_too_long(void **state)
{
    static char text[ECHO_TEXT_MAX + 2];
    (void)state;
    memset(text, 'x', ECHO_TEXT_MAX);
    assert_false(repeats(campaign_of(), text));
    text[ECHO_TEXT_MAX] = 'x';
    assert_true(repeats(campaign_of(), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_found), cmocka_unit_test(test_what_is_not),
                                       cmocka_unit_test(test_what_is_too_long)};
    arena_init(&arena, 65536, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}

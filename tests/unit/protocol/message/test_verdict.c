/* verdict: every HTTP status against every kind of body, by the classes of api.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "protocol/message/verdict.h"

static struct arena arena;

static int reset(void **state)
{
    (void)state;
    arena_free(&arena);
    arena_init(&arena, 4096, 1 << 20);
    return 0;
}

static int done(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct verdict read(int status, const char *body)
{
    struct verdict verdict;
    verdict_read(&arena, status, bytes_of(body), false, &verdict);
    return verdict;
}

/* Of a 2xx the body decides. */
static const struct {
    const char *body;
    enum verdict_class class;
    int64_t price_micros;
    const char *lead_id;
} bodies[] = {
    {"{\"status\":\"accepted\"}", VERDICT_ACCEPTED, -1, ""},
    {"{\"status\":\"accepted\",\"buyer_lead_id\":\"77\",\"price\":\"12.50\",\"redirect_url\":7}", VERDICT_ACCEPTED,
     12500000, "77"},
    {"{\"status\":\"accepted\",\"buyer_lead_id\":77,\"price\":0.01}", VERDICT_ACCEPTED, 10000, "77"},
    {"{\"status\":\"accepted\",\"buyer_lead_id\":\"a\\nb\"}", VERDICT_ACCEPTED, -1, ""},
    {"{\"status\":\"accepted\",\"code\":[]}", VERDICT_ACCEPTED, -1, ""},
    {"{\"status\":\"accepted\",\"price\":\"0\"}", VERDICT_REJECTED, -1, ""},
    {"{\"status\":\"accepted\",\"price\":0.000,\"buyer_lead_id\":\"7\"}", VERDICT_REJECTED, -1, ""},
    {"{\"status\":\"accepted\",\"price\":\"-1\"}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":\"accepted\",\"price\":\"lots\"}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":\"accepted\",\"price\":null}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":\"accepted\",\"buyer_lead_id\":{}}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":\"rejected\"}", VERDICT_REJECTED, -1, ""},
    {"{\"status\":\"rejected\",\"price\":\"lots\",\"code\":7}", VERDICT_REJECTED, -1, ""},
    {"{\"status\":\"rejected\",\"price\":\"9\",\"buyer_lead_id\":\"7\"}", VERDICT_REJECTED, -1, ""},
    {"{\"status\":\"Accepted\"}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":\"bid\"}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":1}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":[\"accepted\"]}", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":\"accepted\",\"status\":\"rejected\"}", VERDICT_UNKNOWN, -1, ""},
    {"{}", VERDICT_UNKNOWN, -1, ""},
    {"", VERDICT_UNKNOWN, -1, ""},
    {"accepted", VERDICT_UNKNOWN, -1, ""},
    {"{\"status\":\"accepted\"", VERDICT_UNKNOWN, -1, ""},
    {"[{\"status\":\"accepted\"}]", VERDICT_UNKNOWN, -1, ""},
};

static void body_of_a_2xx_decides(void **state)
{
    static const int statuses[] = {200, 201, 202, 204, 299};
    for (size_t s = 0; s < sizeof statuses / sizeof *statuses; s++) {
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            reset(state);
            struct verdict verdict = read(statuses[s], bodies[i].body);
            bool unknown = bodies[i].class == VERDICT_UNKNOWN;
            if (verdict.class != bodies[i].class || verdict.doubt != (unknown ? DOUBT_BAD_RESPONSE : DOUBT_NONE) ||
                verdict.unhealthy != unknown || verdict.price_micros != bodies[i].price_micros ||
                !bytes_is(verdict.buyer_lead_id, bodies[i].lead_id))
                fail_msg("%d %s: class %d doubt %d", statuses[s], bodies[i].body, (int)verdict.class,
                         (int)verdict.doubt);
        }
    }
}

static enum verdict_doubt doubt_of(int status)
{
    if (status >= 300 && status <= 399) return DOUBT_REDIRECT;
    if (status == 408 || status == 409 || status == 425 || (status >= 500 && status <= 599)) return DOUBT_HTTP_5XX;
    return status >= 400 && status <= 499 ? DOUBT_NONE : DOUBT_BAD_RESPONSE;
}

/* All but 2xx: whatever the body says, it is never a sale. */
static void other_statuses_decide_alone(void **state)
{
    for (int status = 0; status <= 999; status++) {
        if (status / 100 == 2) continue;
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            reset(state);
            struct verdict verdict = read(status, bodies[i].body);
            enum verdict_doubt doubt = doubt_of(status);
            bool refused_at_the_door = status == 401 || status == 403 || status == 404 || status == 405;
            if (verdict.doubt != doubt || verdict.class != (doubt ? VERDICT_UNKNOWN : VERDICT_REJECTED) ||
                verdict.unhealthy != (doubt || refused_at_the_door) || verdict.price_micros != -1 ||
                verdict.buyer_lead_id.len)
                fail_msg("%d %s: class %d doubt %d", status, bodies[i].body, (int)verdict.class, (int)verdict.doubt);
        }
    }
}

static void refusals_have_words(void **state)
{
    (void)state;
    struct verdict verdict = read(200, "{\"status\":\"rejected\",\"code\":\"duplicate\",\"reason\":\"seen on 3 May\"}");
    assert_true(bytes_is(verdict.code, "duplicate"));
    assert_true(bytes_is(verdict.text, "seen on 3 May"));
    verdict = read(422, "{\"code\":\"bad_phone\",\"reason\":\"no\\tsuch number\"}");
    assert_true(bytes_is(verdict.code, "other"));
    assert_true(bytes_is(verdict.text, "no?such number"));
    verdict = read(422, "{\"code\":\"bad_phone\"}");
    assert_true(bytes_is(verdict.text, "bad_phone"));
    verdict = read(400, "<html>");
    assert_int_equal(verdict.code.len, 0);
    assert_int_equal(verdict.text.len, 0);
    verdict = read(200, "{\"status\":\"rejected\",\"code\":7,\"reason\":\"x\"}");
    assert_int_equal(verdict.text.len, 0);
    verdict = read(200, "{\"status\":\"accepted\",\"price\":0}");
    assert_true(bytes_is(verdict.code, "price"));
    assert_true(verdict.text.len > 0);
}

static void lead_id_is_whole_or_nothing(void **state)
{
    (void)state;
    for (int len = VERDICT_LEAD_ID_MAX; len <= VERDICT_LEAD_ID_MAX + 1; len++) {
        char body[256];
        snprintf(body, sizeof body, "{\"status\":\"accepted\",\"buyer_lead_id\":\"%0*d\"}", len, 7);
        struct verdict verdict = read(200, body);
        assert_int_equal(verdict.class, VERDICT_ACCEPTED);
        assert_int_equal(verdict.buyer_lead_id.len, len == VERDICT_LEAD_ID_MAX ? len : 0);
    }
}

static void text_is_cut(void **state)
{
    (void)state;
    char body[512];
    snprintf(body, sizeof body, "{\"status\":\"rejected\",\"reason\":\"%0300d\"}", 0);
    assert_int_equal(read(200, body).text.len, VERDICT_TEXT_MAX);
}

static void reads_messagepack(void **state)
{
    (void)state;
    struct verdict verdict;
    /* {"status": "accepted"} */
    verdict_read(&arena, 200,
                 BYTES("\x81\xa6status\xa8"
                       "accepted"),
                 true, &verdict);
    assert_int_equal(verdict.class, VERDICT_ACCEPTED);
    verdict_read(&arena, 200, BYTES("{\"status\":\"accepted\"}"), true, &verdict);
    assert_int_equal(verdict.doubt, DOUBT_BAD_RESPONSE);
}

/* An arena with nothing left to give: in doubt, as anything that could not be understood. */
static void full_arena_is_a_doubt(void **state)
{
    (void)state;
    struct arena small;
    struct verdict verdict;
    arena_init(&small, 16, 16);
    verdict_read(&small, 200, BYTES("{\"status\":\"accepted\"}"), false, &verdict);
    assert_int_equal(verdict.class, VERDICT_UNKNOWN);
    assert_int_equal(verdict.doubt, DOUBT_BAD_RESPONSE);
    arena_free(&small);
}

static void doubts_have_names(void **state)
{
    (void)state;
    assert_string_equal(verdict_doubt_text(DOUBT_NONE), "");
    assert_string_equal(verdict_doubt_text(DOUBT_TIMEOUT), "timeout");
    assert_string_equal(verdict_doubt_text(DOUBT_RESET), "reset");
    assert_string_equal(verdict_doubt_text(DOUBT_HTTP_5XX), "http_5xx");
    assert_string_equal(verdict_doubt_text(DOUBT_REDIRECT), "redirect");
    assert_string_equal(verdict_doubt_text(DOUBT_BAD_RESPONSE), "bad_response");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(body_of_a_2xx_decides, reset, done),
        cmocka_unit_test_setup_teardown(other_statuses_decide_alone, reset, done),
        cmocka_unit_test_setup_teardown(refusals_have_words, reset, done),
        cmocka_unit_test_setup_teardown(lead_id_is_whole_or_nothing, reset, done),
        cmocka_unit_test_setup_teardown(text_is_cut, reset, done),
        cmocka_unit_test_setup_teardown(reads_messagepack, reset, done),
        cmocka_unit_test_setup_teardown(full_arena_is_a_doubt, reset, done),
        cmocka_unit_test_setup_teardown(doubts_have_names, reset, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

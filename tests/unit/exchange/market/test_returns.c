/* returns: when a sale may be given back, and who bears it. */
#include "exchange/market/returns.h"

#include "protocol/base/money.h"
#include "tests/unit/exchange/market/world.h"

#define SOLD_MS INT64_C(1772470800000)
#define DAY_MS INT64_C(86400000)

static const struct bytes codes[] = {{"bad_phone", 9}, {"duplicate", 9}};

static struct return_terms usual(void)
{
    return (struct return_terms){.window_ms = 7 * DAY_MS, .max_ppm = 100000, .reasons = {codes, 2}};
}

static struct return_question about(const struct return_terms *terms)
{
    return (struct return_question){.terms = terms,
                                    .sold_ms = SOLD_MS,
                                    .wall_ms = SOLD_MS + DAY_MS,
                                    .reason_code = BYTES("bad_phone"),
                                    .left_micros = 12000000,
                                    .month = {.sales = 40, .returns = 3}};
}

static void refuses(const struct return_question *question, const char *field, const char *words)
{
    const char *blamed, *text = returns_refusal(question, &blamed);
    assert_non_null(text);
    if (!strstr(text, words)) fail_msg("%s: %s", words, text);
    if (field)
        assert_string_equal(blamed, field);
    else
        assert_null(blamed);
}

static void allows(const struct return_question *question)
{
    const char *field = "", *text = returns_refusal(question, &field);
    if (text) fail_msg("%s", text);
    assert_null(field);
}

static void each_rule_refuses(void **state)
{
    (void)state;
    struct return_terms terms = usual();
    struct return_question question = about(&terms);
    allows(&question);
    question.terms = NULL;
    refuses(&question, NULL, "nothing back");
    question = about(&terms);
    question.wall_ms = SOLD_MS + 7 * DAY_MS;
    allows(&question);
    question.wall_ms++;
    refuses(&question, NULL, "time");
    question = about(&terms);
    question.left_micros = 0;
    refuses(&question, NULL, "left");
    question = about(&terms);
    question.reason_code = BYTES("dislike");
    refuses(&question, "reason_code", "reasons");
    terms.reasons.count = 0;
    allows(&question);
    question.reason_code = BYTES_NONE;
    refuses(&question, "reason_code", "reasons");
    terms = usual();
    question = about(&terms);
    question.has_amount = true;
    question.amount_micros = 12000000;
    allows(&question);
    question.amount_micros++;
    refuses(&question, "amount", "more than");
    question.amount_micros = 0;
    refuses(&question, "amount", "above 0");
}

/* Ten of a hundred: 3 of 39 may come back (the share rounded down), and the first of any. */
static void a_share_is_rounded_down_and_one_always_may(void **state)
{
    (void)state;
    struct return_terms terms = usual();
    struct return_question question = about(&terms);
    for (uint64_t sales = 1; sales < 120; sales++) {
        uint64_t most = sales / 10 > 1 ? sales / 10 : 1, returns = 0;
        question.month.sales = sales;
        for (;; returns++) {
            const char *field;
            question.month.returns = returns;
            if (returns_refusal(&question, &field)) break;
        }
        assert_int_equal(returns, most);
        question.is_counted = true; /* another part of one that counts already */
        allows(&question);
        question.is_counted = false;
    }
    terms.max_ppm = 0;
    question.month = (struct return_month){.sales = 1000, .returns = 0};
    allows(&question);
    question.month.returns = 1;
    refuses(&question, NULL, "month");
    terms.max_ppm = MONEY_PPM;
    question.month.returns = 1000000;
    allows(&question);
}

static void the_house_bears_what_the_affiliate_does_not(void **state)
{
    (void)state;
    struct return_share share = {.is_set = true, .window_ms = 3 * DAY_MS, .max_ppm = 100000};
    struct return_month month = {.sales = 40, .returns = 3};
    assert_false(returns_by_house(&share, SOLD_MS, SOLD_MS + 3 * DAY_MS, false, &month));
    assert_true(returns_by_house(&share, SOLD_MS, SOLD_MS + 3 * DAY_MS + 1, false, &month));
    month.returns = 4;
    assert_true(returns_by_house(&share, SOLD_MS, SOLD_MS, false, &month));
    assert_false(returns_by_house(&share, SOLD_MS, SOLD_MS, true, &month));
    month.returns = 0;
    share.max_ppm = 0;
    assert_false(returns_by_house(&share, SOLD_MS, SOLD_MS, false, &month));
    share.is_set = false;
    assert_true(returns_by_house(&share, SOLD_MS, SOLD_MS, false, &month));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(a_share_is_rounded_down_and_one_always_may),
        cmocka_unit_test(the_house_bears_what_the_affiliate_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

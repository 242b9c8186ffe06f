/* scalar: every form each reader takes, and its nearest misses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/scalar.h"

#define SAME INT64_C(-987654321) /* what a target holds that was not written */

static struct node text_node(const char *text)
{
    return (struct node){.kind = NODE_TEXT, .text = bytes_of(text), .span = 1};
}

static struct node number_node(const char *digits)
{
    return (struct node){.kind = NODE_NUMBER, .text = bytes_of(digits), .span = 1};
}

struct row {
    const char *text;
    int64_t value; /* SAME: refused */
};

static void hold(bool (*read)(const struct node *, int64_t *), const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct node node = text_node(rows[i].text);
        int64_t value = SAME;
        bool taken = read(&node, &value);
        if (taken != (rows[i].value != SAME) || value != rows[i].value)
            fail_msg("\"%s\": %s, %lld", rows[i].text, taken ? "taken" : "refused", (long long)value);
    }
    int64_t value = SAME;
    struct node truth = {.kind = NODE_BOOL, .truth = true, .span = 1}, map = {.kind = NODE_MAP, .span = 1};
    assert_false(read(NULL, &value));
    assert_false(read(&truth, &value));
    assert_false(read(&map, &value));
    assert_int_equal(value, SAME);
}

#define HOLD(read, rows) hold(read, rows, sizeof rows / sizeof *rows)

static void durations_have_a_unit(void **state)
{
    static const struct row ROWS[] = {
        {"250ms", 250000},
        {"3s", 3000000},
        {"5m", 300000000},
        {"2h", INT64_C(7200000000)},
        {"30d", INT64_C(2592000000000)},
        {"5y", INT64_C(157680000000000)},
        {"0s", 0},
        {"106751991d", INT64_C(106751991) * 86400000000},
        {"106751992d", SAME},
        {"99999999999999999999s", SAME},
        {"", SAME},
        {"s", SAME},
        {"10", SAME},
        {"1.5s", SAME},
        {"-1s", SAME},
        {"+1s", SAME},
        {"1 s", SAME},
        {"1S", SAME},
        {"1h30m", SAME},
        {"1us", SAME},
        {"5w", SAME},
    };
    (void)state;
    HOLD(scalar_duration, ROWS);
}

static void sizes_are_binary(void **state)
{
    static const struct row ROWS[] = {
        {"512", 512},
        {"64KiB", 65536},
        {"4MiB", 4194304},
        {"2GiB", INT64_C(2147483648)},
        {"64GiB", INT64_C(68719476736)},
        {"1TiB", INT64_C(1099511627776)},
        {"8388607TiB", INT64_C(8388607) << 40},
        {"8388608TiB", SAME},
        {"64KB", SAME},
        {"64K", SAME},
        {"-1", SAME},
        {"", SAME},
        {"KiB", SAME},
    };
    (void)state;
    HOLD(scalar_size, ROWS);
    struct node number = number_node("4096");
    int64_t bytes = SAME;
    assert_true(scalar_size(&number, &bytes));
    assert_int_equal(bytes, 4096);
}

static void numbers_money_and_percent(void **state)
{
    static const struct row NUMBERS[] = {
        {"16", 16},
        {"-5", -5},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", SAME},
        {"1e2", SAME},
        {"1.0", SAME},
        {"", SAME},
        {"x", SAME},
        {" 1", SAME},
    };
    static const struct row MONEY[] = {
        {"12.50", 12500000}, {"0.000001", 1}, {"0.0000001", SAME}, {"-3", -3000000},
        {"1,5", SAME},       {"$1", SAME},    {"", SAME},
    };
    static const struct row PERCENT[] = {
        {"15", 150000}, {"12.5", 125000}, {"0.0001", 1}, {"0.00001", SAME}, {"15%", SAME}, {"100", 1000000},
    };
    (void)state;
    HOLD(scalar_i64, NUMBERS);
    HOLD(scalar_money, MONEY);
    HOLD(scalar_percent, PERCENT);
    struct node number = number_node("1e2");
    int64_t value = SAME;
    assert_true(scalar_i64(&number, &value)); /* a number keeps JSON's spellings */
    assert_int_equal(value, 100);
    number = number_node("12.5");
    assert_false(scalar_i64(&number, &value));
    assert_true(scalar_money(&number, &value));
    assert_int_equal(value, 12500000);
    assert_true(scalar_percent(&number, &value));
    assert_int_equal(value, 125000);
}

static void truths_and_texts(void **state)
{
    static const char *const WRONG[] = {"True", "yes", "no", "on", "1", "0", "", "truex"};
    struct node node = text_node("true"), number = number_node("7"), list = {.kind = NODE_LIST, .span = 1};
    struct bytes text = BYTES("kept");
    bool truth = false;
    (void)state;
    assert_true(scalar_bool(&node, &truth) && truth);
    node = text_node("false");
    assert_true(scalar_bool(&node, &truth) && !truth);
    node = (struct node){.kind = NODE_BOOL, .truth = true, .span = 1};
    assert_true(scalar_bool(&node, &truth) && truth);
    assert_false(scalar_text(&node, &text));
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        node = text_node(WRONG[i]);
        if (scalar_bool(&node, &truth)) fail_msg("\"%s\" is taken for a truth", WRONG[i]);
    }
    assert_false(scalar_bool(&number, &truth));
    assert_false(scalar_bool(NULL, &truth));
    assert_false(scalar_text(&list, &text));
    assert_false(scalar_text(NULL, &text));
    assert_true(bytes_is(text, "kept"));
    assert_true(scalar_text(&number, &text));
    assert_true(bytes_is(text, "7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_a_unit),
        cmocka_unit_test(sizes_are_binary),
        cmocka_unit_test(numbers_money_and_percent),
        cmocka_unit_test(truths_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

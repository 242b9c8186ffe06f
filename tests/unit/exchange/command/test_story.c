/* A story's page, held to the letter: what a person reads is decided here and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "exchange/command/story.h"

static char *page_of(const char *json, bool in_colour)
{
    struct arena arena;
    struct document_error error;
    char *text = NULL;
    size_t len = 0;
    arena_init(&arena, 1u << 16, 1u << 24);
    const struct node *story = document_read_json(&arena, bytes_of(json), &DOCUMENT_LIMITS, &error);
    assert_non_null(story);
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_true(story_print(story, out, in_colour));
    assert_int_equal(fclose(out), 0);
    arena_free(&arena);
    return text;
}

#define BID(price, ms, payout)                                                                                         \
    "\"bid\":{\"price\":\"" price "\",\"available\":true,\"ms\":" ms ",\"payout\":\"" payout "\"},\"ms\":" ms
#define NO_BID "\"bid\":null,\"rank\":null,\"posts\":[]"

static const char sold[] =
    "{\"ping_id\":\"01PING\",\"lead_id\":\"01LEAD\",\"kind\":\"ping\",\"campaign\":\"auto\",\"affiliate\":\"best\","
    "\"source\":\"fb\","
    "\"at\":\"2026-01-05T10:00:00.000Z\",\"status\":\"sold\",\"reason\":null,\"floor\":\"4.00\",\"promise\":\"16.00\","
    "\"public\":{\"state\":\"CA\",\"age\":34},\"closed\":{\"cause\":\"all_answered\",\"saved_ms\":1},\"contracts\":["
    "{\"contract\":\"north\",\"state\":\"pinged\",\"reason\":{\"code\":\"outbid\",\"text\":\"a better bid won\"}," BID(
        "12.00", "33",
        "9.60") ",\"effective_price\":\"24.00\",\"tier\":2,\"rank\":3,\"posts\":[]},"
                "{\"contract\":\"shut\",\"state\":\"skipped\",\"reason\":{\"code\":\"closed\",\"text\":\"outside the "
                "schedule\"}," NO_BID "},"
                "{\"contract\":\"flat\",\"state\":\"standing\",\"reason\":null," BID(
                    "17.00", "0",
                    "13.60") ",\"rank\":2,\"posts\":[{\"outcome\":\"accepted\",\"reason\":null,\"ms\":25}]},"
                             "{\"contract\":\"low\",\"state\":\"pinged\",\"reason\":{\"code\":\"low_bid\",\"text\":"
                             "\"bid below what the affiliate asks\"}," BID(
                                 "2.00", "8",
                                 "1.60") ",\"rank\":null,\"posts\":[]},"
                                         "{\"contract\":\"mute\",\"state\":\"pinged\",\"reason\":{\"code\":\"no_bid\","
                                         "\"text\":\"no bid\",\"buyer_code\":\"capped\"},\"ms\":9," NO_BID "},"
                                         "{\"contract\":\"a-contract-of-long-name\",\"state\":\"pinged\",\"reason\":"
                                         "null," BID(
                                             "20.00", "51",
                                             "16.00") ",\"rank\":1,\"posts\":[{\"outcome\":\"rejected\",\"reason\":{"
                                                      "\"code\":\"rejected\",\"text\":\"we have seen this "
                                                      "person on the third of May and again in "
                                                      "June\",\"buyer_code\":\"duplicate\"},\"ms\":35}]}],"
                                                      "\"counts\":{\"filtered\":4,\"closed\":3},\"not_listed\":7,"
                                                      "\"sales\":[{\"buyer\":\"flat-"
                                                      "buyer\",\"price\":\"17.00\",\"payout\":\"16.00\",\"margin\":\"1."
                                                      "00\","
                                                      "\"margin_rule\":\"campaign\"}],\"steps\":[{\"step\":\"admit\","
                                                      "\"at_us\":0},{\"step\":\"close\",\"at_us\":52100}],"
                                                      "\"post_steps\":[{\"step\":\"admit\",\"at_us\":0},{\"step\":"
                                                      "\"close\",\"at_us\":63900}]}";

static const char sold_page[] =
    "lead     01LEAD   from ping 01PING\n"
    "from     best (source fb), auto, at 2026-01-05T10:00:00.000Z\n"
    "facts    state CA, age 34   (all that a buyer sees before it buys)\n"
    "price    16.00 was offered to the affiliate; it wanted at least 4.00\n"
    "took     52 ms for the auction (bids closed when every answer was in or overdue), 63 ms for the post\n"
    "\n"
    "place  contract                 asked          bid      after  affiliate   what became of it\n"
    "    1  a-contract-of-long-name  yes          20.00      51 ms      16.00   refused the lead: we have seen this "
    "person on\n"
    "                                                                           the third of May and again in June\n"
    "                                                                           [duplicate] (35 ms)\n"
    "    2  flat                     standing     17.00          -      13.60   BOUGHT IT (25 ms)\n"
    "    3  north                    yes          12.00      33 ms       9.60   a better bid won; counts as 24.00, "
    "tier 2\n"
    "    -  low                      yes           2.00       8 ms       1.60   bid below what the affiliate asks\n"
    "    -  mute                     yes              -       9 ms          -   capped\n"
    "    -  shut                     no               -          -          -   outside the schedule\n"
    "       and 7 more that were not asked: 4 filtered, 3 closed\n"
    "\n"
    "SOLD to flat-buyer for 17.00: 16.00 to the affiliate, 1.00 stays with the house (margin of the campaign)\n";

static void test_sold(void **state)
{
    (void)state;
    char *page = page_of(sold, false);
    assert_string_equal(page, sold_page);
    free(page);
}

/* The same letters, and colours around them. */
static void test_colours_change_no_letter(void **state)
{
    (void)state;
    char *page = page_of(sold, true), *to = page;
    assert_non_null(strchr(page, '\033'));
    for (const char *from = page; *from; from++) {
        if (*from == '\033')
            while (*from != 'm') from++;
        else
            *to++ = *from;
    }
    *to = '\0';
    assert_string_equal(page, sold_page);
    free(page);
}

static void test_early_close(void **state)
{
    (void)state;
    char *page = page_of(
        "{\"ping_id\":\"01PING\",\"lead_id\":null,\"kind\":\"ping\",\"campaign\":\"auto\",\"affiliate\":\"best\","
        "\"source\":\"\",\"at\":\"2026-01-05T10:00:00.000Z\",\"status\":\"accepted\",\"reason\":null,\"floor\":\"0."
        "00\","
        "\"promise\":\"9.60\",\"public\":null,\"arm\":\"trial\",\"closed\":{\"cause\":\"early_close\",\"saved_ms\":850}"
        ","
        "\"contracts\":[],\"sales\":[],\"steps\":[{\"step\":\"admit\",\"at_us\":0},{\"step\":\"close\",\"at_us\":48000}"
        "]}",
        false);
    assert_non_null(strstr(page,
                           "took     48 ms for the auction (bids closed when no bid to come could have won, 850 ms "
                           "early); by the trial rules of the experiment\n"));
    free(page);
}

static void test_rejected_ping(void **state)
{
    (void)state;
    char *page = page_of(
        "{\"ping_id\":\"01PING\",\"lead_id\":null,\"kind\":\"ping\",\"campaign\":\"auto\",\"affiliate\":\"best\","
        "\"source\":\"\",\"at\":\"2026-01-05T10:00:00.000Z\",\"status\":\"rejected\",\"reason\":{\"code\":"
        "\"no_contract\",\"text\":\"no contract buys in this campaign\"},\"floor\":\"0.00\",\"promise\":\"0.00\","
        "\"public\":null,\"closed\":{\"cause\":\"nobody_asked\",\"saved_ms\":0},\"contracts\":[],\"sales\":[],"
        "\"steps\":[{\"step\":\"admit\",\"at_us\":0}]}",
        false);
    assert_string_equal(page, "ping     01PING\n"
                              "from     best, auto, at 2026-01-05T10:00:00.000Z\n"
                              "took     0 ms for the auction (bids closed when nobody could be asked)\n"
                              "\n\n"
                              "REJECTED: no contract buys in this campaign\n");
    free(page);
}

/* Of a lead resumed after a doubt the trace has the later posts only. */
static void test_after_a_doubt(void **state)
{
    (void)state;
    char *page = page_of(
        "{\"ping_id\":\"01PING\",\"lead_id\":\"01LEAD\",\"kind\":\"ping\",\"campaign\":\"auto\",\"affiliate\":\"best\","
        "\"at\":\"now\","
        "\"status\":\"pending\",\"reason\":null,\"contracts\":["
        "{\"contract\":\"first\",\"state\":\"pinged\",\"reason\":null," BID(
            "9.00", "1", "8.00") ",\"rank\":1,\"posts\":[]},"
                                 "{\"contract\":\"second\",\"state\":\"pinged\",\"reason\":null," BID(
                                     "8.50", "1",
                                     "8.00") ",\"rank\":2,\"posts\":[{\"outcome\":"
                                             "\"unknown\",\"reason\":{\"code\":\"unknown\",\"text\":\"outcome "
                                             "unknown\"},\"ms\":600}]},"
                                             "{\"contract\":\"third\",\"state\":\"pinged\",\"reason\":null," BID(
                                                 "8.40", "1", "8.00") ",\"rank\":3,\"posts\":[]}],"
                                                                      "\"sales\":[]}",
        false);
    assert_non_null(strstr(page, "had the lead before: in doubt, then resolved as rejected"));
    assert_non_null(strstr(page, "got the lead, gave no verdict: in doubt (600 ms)"));
    assert_non_null(strstr(page, "next in line\n"));
    assert_non_null(
        strstr(page, "\nPENDING: the post is in doubt; nobody else gets the lead until that is resolved\n"));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sold),          cmocka_unit_test(test_colours_change_no_letter),
        cmocka_unit_test(test_early_close),   cmocka_unit_test(test_rejected_ping),
        cmocka_unit_test(test_after_a_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

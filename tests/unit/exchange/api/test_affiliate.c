/* What affiliates ask, over the whole exchange in one process: what is told again is what was told first. */
#include "exchange/api/visit.h"
#include "tests/unit/exchange/api/house.h"

static int open_one(void **state)
{
    return open_house(state, 1, 100000, api_front.on_request);
}

/* From the answer's status to its time, which is each answer's own. */
static void copy_verdict(const char *answer, char *verdict, size_t room)
{
    const char *from = strstr(answer, "\"status\":\""), *to = from ? strstr(from, "\"elapsed_ms\"") : NULL;
    assert_non_null(to);
    snprintf(verdict, room, "%.*s", (int)(to - from), from);
}

/* Sent twice with one key: the same verdict, word for word. */
static void expect_twice(struct house *house, const char *path, const char *body, const char *words)
{
    char answer[8192], first[4096], again[4096];
    house->idempotency_key = path;
    assert_int_equal(ask(house, path, body, answer, sizeof answer), 200);
    copy_verdict(answer, first, sizeof first);
    if (!strstr(first, words)) fail_msg("not %s in %s", words, first);
    assert_int_equal(ask(house, path, body, answer, sizeof answer), 200);
    copy_verdict(answer, again, sizeof again);
    assert_string_equal(again, first);
    house->idempotency_key = NULL;
}

static void the_first_verdict_again_has_its_words(void **state)
{
    struct house *house = *state;
    char answer[8192], post[512];
    ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}", answer, sizeof answer);
    snprintf(post, sizeof post, "{\"ping_id\":\"%.26s\",\"lead\":{\"state\":\"NV\",\"phone\":\"4155552671\"}}",
             strstr(answer, "\"ping_id\":\"") + 11);
    expect_twice(house, "/v1/posts", post,
                 "\"code\":\"ping_mismatch\",\"text\":\"the lead differs from its ping: state\"");
    expect_twice(house, "/v1/leads",
                 "{\"campaign\":\"auto\",\"min_price\":\"40\",\"sub_id\":[\"a\",\"b\"],"
                 "\"lead\":{\"state\":\"CA\",\"phone\":\"4155552671\"}}",
                 "\"code\":\"low_bid\",\"text\":\"bids stayed below 40.00\"},\"sub_id\":[\"a\",\"b\"]");
}

/* The same ping gets the offer that stands, id and all; one with its id takes its place. */
static void a_ping_again_and_refined(void **state)
{
    struct house *house = *state;
    char first[8192], again[8192], body[512];
    const char *ping = "{\"campaign\":\"auto\",\"ref\":\"r\",\"lead\":{\"state\":\"CA\"}}";
    assert_int_equal(ask(house, "/v1/pings", ping, first, sizeof first), 200);
    assert_int_equal(ask(house, "/v1/pings", ping, again, sizeof again), 200);
    const char *id = strstr(first, "\"ping_id\":\"") + 11;
    assert_memory_equal(strstr(again, "\"ping_id\":\"") + 11, id, 26);
    assert_int_equal(atomic_load(&house->buyer.pings), 2); /* both contracts, once */
    snprintf(body, sizeof body, "{\"campaign\":\"auto\",\"ping_id\":\"%.26s\",\"lead\":{}}", id);
    assert_int_equal(ask(house, "/v1/pings", body, again, sizeof again), 200);
    if (!strstr(again, "\"ref\":\"r\"")) fail_msg("%s", again);
    assert_memory_not_equal(strstr(again, "\"ping_id\":\"") + 11, id, 26);
    char refined[27];
    snprintf(refined, sizeof refined, "%.26s", id);
    snprintf(body, sizeof body, "{\"ping_id\":\"%.26s\",\"lead\":{\"phone\":\"4155552671\"}}", id);
    assert_int_equal(ask(house, "/v1/posts", body, first, sizeof first), 409);
    if (!strstr(first, "refined")) fail_msg("%s", first);
    snprintf(body, sizeof body, "/v1/pings/%s", refined);
    assert_int_equal(talk(house, house->socket, "GET", body, "", first, sizeof first), 200);
    if (!strstr(first, "\"superseded\":true")) fail_msg("%s", first);
    snprintf(body, sizeof body, "/v1/pings/%.26s", strstr(again, "\"ping_id\":\"") + 11);
    assert_int_equal(talk(house, house->socket, "GET", body, "", first, sizeof first), 200);
    if (strstr(first, "superseded")) fail_msg("%s", first);
}

/* In the answer and whenever the ping is asked for; of a contract that shows none, nothing. */
static void legs_tell_their_seller(void **state)
{
    static const char seller[] = "\"seller\":{\"name\":\"The \\\"North\\\"\",\"url\":\"https://n.example/\","
                                 "\"consent_text\":\"a\",\"consent_sha256\":\"ca978112ca1bbdcafac231b39a23dc4da786eff8"
                                 "147c4e72b9807785afee48bb\"}}";
    struct house *house = *state;
    char answer[8192], path[64];
    const char *ping = "{\"campaign\":\"auto\",\"legs\":\"all\",\"lead\":{\"state\":\"NV\"}}";
    assert_int_equal(ask(house, "/v1/pings", ping, answer, sizeof answer), 200);
    if (!strstr(answer, seller) || !strstr(answer, "\"price\":\"7.20\",\"max_sold\":1,\"selected\":false}"))
        fail_msg("%s", answer);
    snprintf(path, sizeof path, "/v1/pings/%.26s", strstr(answer, "\"ping_id\":\"") + 11);
    assert_int_equal(talk(house, house->socket, "GET", path, "", answer, sizeof answer), 200);
    if (!strstr(answer, seller)) fail_msg("%s", answer);
}

/* Each tells why, and nobody is revoked by it: the lead sells afterwards. */
static void what_cannot_be_taken_back(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *words[2];
    } cases[] = {
        {"{}", 422, {"invalid_field", "one of phone, email and lead_id is required"}},
        {"{\"phone\":null,\"lead_id\":null}", 422, {"invalid_field", "is required"}},
        {"{\"phone\":\"12\"}", 422, {"phone", "is not a phone"}},
        {"{\"phone\":4155552671}", 422, {"phone", "is not a phone"}},
        {"{\"phone\":\"a@example.com\"}", 422, {"phone", "is not a phone"}},
        {"{\"email\":\"4155552671\"}", 422, {"email", "is not an e-mail address"}},
        {"{\"phone\":\"4155552671\",\"email\":\"nobody\"}", 422, {"email", "is not an e-mail address"}},
        {"{\"phone\":\"4155552671\",\"fax\":\"1\"}", 422, {"fax", "unknown field"}},
        {"{\"lead_id\":\"17\"}", 422, {"lead_id", "is not a lead's id"}},
        {"{\"lead_id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}", 404, {"not_found", "no such lead"}},
        {"{\"phone\":", 400, {"malformed", "malformed"}},
    };
    struct house *house = *state;
    char answer[8192];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = ask(house, "/v1/revocations", cases[i].body, answer, sizeof answer);
        bool told = strstr(answer, cases[i].words[0]) && strstr(answer, cases[i].words[1]);
        if (status != cases[i].status || !told) fail_msg("%s: %d %s", cases[i].body, status, answer);
    }
#define LEAD(state) "{\"campaign\":\"auto\",\"lead\":{\"state\":\"" state "\",\"phone\":\"4155552671\"}}"
    assert_int_equal(ask(house, "/v1/leads", LEAD("CA"), answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "\"status\":\"sold\""));
    assert_int_equal(ask(house, "/v1/revocations", "{\"phone\":\"4155552671\"}", answer, sizeof answer), 200);
    assert_int_equal(ask(house, "/v1/leads", LEAD("NY"), answer, sizeof answer), 200);
    if (!strstr(answer, "\"suppressed\"")) fail_msg("%s", answer);
}

/* Of one lead: a person it does not name, and a lead that somebody else sold, which nobody hears of. */
static void a_lead_that_names_nobody_and_one_of_others(void **state)
{
    struct house *house = *state;
    char answer[8192], body[256], own_key[sizeof house->key];
    assert_int_equal(
        ask(house, "/v1/leads", "{\"campaign\":\"plain\",\"lead\":{\"state\":\"CA\"}}", answer, sizeof answer), 200);
    snprintf(body, sizeof body, "{\"lead_id\":\"%.26s\"}", strstr(answer, "\"lead_id\":\"") + 11);
    assert_int_equal(ask(house, "/v1/revocations", body, answer, sizeof answer), 422);
    if (!strstr(answer, "invalid_field") || !strstr(answer, "the lead names nobody")) fail_msg("%s", answer);
    assert_int_equal(ask(house, "/v1/leads", LEAD("CA"), answer, sizeof answer), 200);
    snprintf(body, sizeof body, "{\"lead_id\":\"%.26s\"}", strstr(answer, "\"lead_id\":\"") + 11);
    memcpy(own_key, house->key, sizeof own_key);
    memcpy(house->key, house->other_key, sizeof house->key);
    assert_int_equal(ask(house, "/v1/revocations", body, answer, sizeof answer), 404);
    if (!strstr(answer, "no such lead")) fail_msg("%s", answer);
    memcpy(house->key, own_key, sizeof own_key);
    assert_int_equal(ask(house, "/v1/leads", LEAD("NY"), answer, sizeof answer), 200);
    if (!strstr(answer, "\"status\":\"sold\"")) fail_msg("it was revoked all the same: %s", answer);
    assert_int_equal(ask(house, "/v1/revocations", body, answer, sizeof answer), 200); /* its own affiliate may */
}

static void a_new_auction_is_told(void **state)
{
    char text[2048];
    struct sink sink = sink_over(text, sizeof text);
    struct auction_answer answer = {.status = ANSWER_UNSOLD,
                                    .reason = REASON_LOW_BID,
                                    .text = "low",
                                    .ping_id = {{1}},
                                    .lead_id = {{2}},
                                    .reauction_id = {{3}},
                                    .because = OFFER_OF_MISMATCH};
    (void)state;
    answer_write(&sink, &answer, false);
    text[sink.len] = '\0';
    if (!strstr(text, "\"reauction\":{\"ping_id\":\"") || !strstr(text, "\"because\":\"ping_mismatch\"") ||
        !strstr(text, "is not owed"))
        fail_msg("%s", text);
}

static void a_lead_asked_for_later_says_why(void **state)
{
    struct house *house = *state;
    char answer[8192], first[4096], later[4096], path[64];
    assert_int_equal(
        ask(house, "/v1/leads",
            "{\"campaign\":\"auto\",\"min_price\":\"40\",\"lead\":{\"state\":\"CA\",\"phone\":\"4155552671\"}}", answer,
            sizeof answer),
        200);
    copy_verdict(answer, first, sizeof first);
    assert_non_null(strstr(first, "bids stayed below 40.00"));
    snprintf(path, sizeof path, "/v1/leads/%.26s", strstr(answer, "\"lead_id\":\"") + 11);
    assert_int_equal(talk(house, house->socket, "GET", path, "", answer, sizeof answer), 200);
    copy_verdict(answer, later, sizeof later);
    assert_string_equal(later, first);
}

static void a_ping_asked_for_later_has_what_was_sent_along(void **state)
{
    struct house *house = *state;
    char answer[8192], path[64];
    ask(house, "/v1/pings",
        "{\"campaign\":\"auto\",\"ref\":\"r-1\",\"click_id\":\"c-9\",\"sub_id\":[\"ad\",\"eu\"],\"lead\":{\"state\":"
        "\"CA\"}}",
        answer, sizeof answer);
    snprintf(path, sizeof path, "/v1/pings/%.26s", strstr(answer, "\"ping_id\":\"") + 11);
    assert_int_equal(talk(house, house->socket, "GET", path, "", answer, sizeof answer), 200);
    if (!strstr(answer, "\"ref\":\"r-1\",\"click_id\":\"c-9\",\"sub_id\":[\"ad\",\"eu\"]")) fail_msg("%s", answer);
}

static void malformed_http_has_an_id_too(void **state)
{
    struct house *house = *state;
    char answer[4096];
    int fd = dial(worker_address(house->workers[0], 0));
    size_t have = 0;
    ssize_t got;
    assert_int_equal(write(fd, "nonsense\r\n\r\n", 12), 12);
    while ((got = read(fd, answer + have, sizeof answer - 1 - have)) > 0) have += (size_t)got;
    answer[have] = '\0';
    close(fd);
    assert_int_equal(atoi(answer + 9), 400);
    const char *id = strcasestr(answer, "\r\nx-request-id: ");
    assert_non_null(id);
    assert_int_equal(strcspn(id + 16, "\r"), IDENT_TEXT);
}

/* HMAC-SHA256 of "the key of hashes" over the hexadecimal SHA-256 of +14155552671. */
#define KEYED_PHONE "7a969318d3f4aa932c8192f2dbd9b0c536385817c24f6bb71cc46793c1148aca"
#define PLAIN_PHONE "cb6880e416769253645cb9c6b8989154bf66a56a77fc14c81fb1019663cbb928"

static void expect_told(struct house *house, const char *words)
{
    pthread_mutex_lock(&house->buyer.lock);
    if (!strstr(house->buyer.told, words)) fail_msg("not %s in %s", words, house->buyer.told);
    assert_null(strstr(house->buyer.told, PLAIN_PHONE));
    assert_null(strstr(house->buyer.told, "4155552671"));
    pthread_mutex_unlock(&house->buyer.lock);
}

/* A keyed hash of the person and the floor go to the contract that asks for them; of a ping the affiliate's own hash is
 * keyed. Both stand before the lead, which is shared. */
static void a_contract_is_told_what_it_asks_for(void **state)
{
    struct house *house = *state;
    char answer[8192];
    ask(house, "/v1/pings",
        "{\"campaign\":\"auto\",\"min_price\":\"2\",\"hashes\":{\"phone\":\"" PLAIN_PHONE
        "\"},\"lead\":{\"state\":\"CA\"}}",
        answer, sizeof answer);
    expect_told(house, "\"min_bid\":\"2.50\",\"hashes\":{\"phone\":\"" KEYED_PHONE "\"},\"lead\":{\"state\":\"CA\"}}");
    ask(house, "/v1/leads", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\",\"phone\":\"415 555 2671\"}}", answer,
        sizeof answer);
    expect_told(house, "\"test\":false,\"source_ref\":");
    expect_told(house, ",\"hashes\":{\"phone\":\"" KEYED_PHONE "\"},\"lead\":{\"state\":\"CA\"}}");
    ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}", answer, sizeof answer);
    pthread_mutex_lock(&house->buyer.lock);
    assert_null(strstr(house->buyer.told, "\"hashes\""));
    assert_null(strstr(house->buyer.told, "\"min_bid\""));
    pthread_mutex_unlock(&house->buyer.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_cannot_be_taken_back, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_lead_that_names_nobody_and_one_of_others, open_one, close_house),
        cmocka_unit_test_setup_teardown(the_first_verdict_again_has_its_words, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_ping_again_and_refined, open_one, close_house),
        cmocka_unit_test_setup_teardown(legs_tell_their_seller, open_one, close_house),
        cmocka_unit_test(a_new_auction_is_told),
        cmocka_unit_test_setup_teardown(a_lead_asked_for_later_says_why, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_ping_asked_for_later_has_what_was_sent_along, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_contract_is_told_what_it_asks_for, open_one, close_house),
        cmocka_unit_test_setup_teardown(malformed_http_has_an_id_too, open_one, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

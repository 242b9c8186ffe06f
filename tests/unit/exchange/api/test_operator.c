/* What operators ask, over the whole exchange in one process. */
#include "tests/unit/exchange/api/house.h"

static int open_one(void **state)
{
    return open_house(state, 1, 100000, api_front.on_request);
}

/* What stands in the answer's `sales`. */
static void copy_sales(const char *answer, char *sales, size_t room)
{
    const char *from = strstr(answer, "\"sales\":["), *to = from ? strchr(from, ']') : NULL;
    assert_non_null(to);
    snprintf(sales, room, "%.*s", (int)(to - from), from);
}

/* The affiliate hears the same of a post in doubt whenever it asks, and its sale keeps its id. */
static void a_doubt_is_told_the_same_until_it_is_resolved(void **state)
{
    struct house *house = *state;
    char answer[8192], first[1024], again[1024], post[512], path[128], lead_id[27] = "", sale_id[27] = "";
    int admin = dial(worker_admin_address(house->workers[0]));
    atomic_store(&house->buyer.post_status, 503);
    ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}", answer, sizeof answer);
    snprintf(post, sizeof post, "{\"ping_id\":\"%.26s\",\"lead\":{\"phone\":\"4155552671\"}}",
             strstr(answer, "\"ping_id\":\"") + 11);
    assert_int_equal(ask(house, "/v1/posts", post, answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "\"status\":\"pending\",\"final\":false"));
    copy_sales(answer, first, sizeof first);
    assert_non_null(strstr(first, "\"buyer\":\"north\",\"price\":\"10.00\",\"status\":\"pending\""));
    memcpy(lead_id, strstr(answer, "\"lead_id\":\"") + 11, 26);
    memcpy(sale_id, strstr(first, "\"sale_id\":\"") + 11, 26);

    assert_int_equal(ask(house, "/v1/posts", post, answer, sizeof answer), 200);
    copy_sales(answer, again, sizeof again);
    assert_string_equal(again, first);
    snprintf(path, sizeof path, "/v1/leads/%s", lead_id);
    assert_int_equal(talk(house, house->socket, "GET", path, "", answer, sizeof answer), 200);
    copy_sales(answer, again, sizeof again);
    assert_string_equal(again, first);

    assert_int_equal(talk(house, admin, "GET", "/v1/admin/posts?state=in_doubt&after=x", "", answer, sizeof answer),
                     422);
    assert_int_equal(talk(house, admin, "GET", "/v1/admin/posts?state=in_doubt", "", answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "\"after\":null"));
    snprintf(path, sizeof path, "/v1/admin/posts?state=in_doubt&after=%.26s", strstr(answer, "\"post_id\":\"") + 11);
    assert_int_equal(talk(house, admin, "GET", path, "", answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "{\"posts\":[],\"after\":null}"));
    assert_int_equal(talk(house, admin, "GET", "/v1/admin/posts?state=in_doubt", "", answer, sizeof answer), 200);
    snprintf(path, sizeof path, "/v1/admin/posts/%.26s/resolve", strstr(answer, "\"post_id\":\"") + 11);
    assert_int_equal(talk(house, admin, "POST", path, "{\"status\":\"accepted\"}", answer, sizeof answer), 200);
    assert_int_equal(talk(house, admin, "POST", path, "{\"status\":\"accepted\"}", answer, sizeof answer), 409);
    snprintf(path, sizeof path, "/v1/leads/%s", lead_id);
    assert_int_equal(talk(house, house->socket, "GET", path, "", answer, sizeof answer), 200);
    copy_sales(answer, again, sizeof again);
    assert_non_null(strstr(again, "\"buyer\":\"north\",\"price\":\"10.00\",\"status\":\"sold\""));
    assert_non_null(strstr(again, sale_id));
    close(admin);
}

static void expect_stats(const struct house *house, int admin, const char *figures)
{
    char answer[8192];
    assert_int_equal(talk(house, admin, "GET", "/v1/admin/stats", "", answer, sizeof answer), 200);
    if (!strstr(answer, figures)) fail_msg("not %s in %s", figures, answer);
}

/* A lead counts once, however often its answer is asked for; a refusal counts once; a doubt counts when it is a sale.
 */
static void figures_count_each_end_once(void **state)
{
    struct house *house = *state;
    char answer[8192], post[512], path[128];
    int admin = dial(worker_admin_address(house->workers[0]));
    ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}", answer, sizeof answer);
    snprintf(post, sizeof post, "{\"ping_id\":\"%.26s\",\"lead\":{\"phone\":\"4155552671\"}}",
             strstr(answer, "\"ping_id\":\"") + 11);
    assert_int_equal(ask(house, "/v1/posts", post, answer, sizeof answer), 200);
    assert_int_equal(ask(house, "/v1/posts", post, answer, sizeof answer), 200);
    assert_int_equal(ask(house, "/v1/pings", "{\"campaign\":\"boats\",\"lead\":{}}", answer, sizeof answer), 422);
    expect_stats(house, admin, "\"auctions\":1,"); /* not the refused one, nor a post of an offer */
    expect_stats(house, admin,
                 "\"posts_in_doubt\":0,\"sold\":1,\"unsold\":0,\"refused\":1,\"revenue\":\"12.50\",\"payout\":"
                 "\"10.00\",\"margin\":\"2.50\"");
    assert_int_equal(talk(house, admin, "GET", "/metrics", "", answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "outcry_refused_total 1\n"));
    assert_non_null(strstr(answer, "outcry_reasons_total{reason=\"campaign_unknown\"} 1\n"));

    atomic_store(&house->buyer.post_status, 503);
    const char *lead = "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\",\"phone\":\"4155552672\"}}";
    assert_int_equal(ask(house, "/v1/leads", lead, answer, sizeof answer), 200);
    expect_stats(house, admin, "\"posts_in_doubt\":1,\"sold\":1,\"unsold\":0,\"refused\":1,\"revenue\":\"12.50\"");
    assert_int_equal(talk(house, admin, "GET", "/v1/admin/posts?state=in_doubt", "", answer, sizeof answer), 200);
    snprintf(path, sizeof path, "/v1/admin/posts/%.26s/resolve", strstr(answer, "\"post_id\":\"") + 11);
    assert_int_equal(talk(house, admin, "POST", path, "{\"status\":\"accepted\"}", answer, sizeof answer), 200);
    expect_stats(house, admin,
                 "\"posts_in_doubt\":0,\"sold\":2,\"unsold\":0,\"refused\":1,\"revenue\":\"25.00\",\"payout\":"
                 "\"20.00\",\"margin\":\"5.00\"");
    close(admin);
}

/* api.md names the same members for every contract, asked or not. */
static void a_contract_that_was_filtered_has_every_member(void **state)
{
    struct house *house = *state;
    char answer[16384], path[128];
    int admin = dial(worker_admin_address(house->workers[0]));
    ask(house, "/v1/pings", "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\"}}", answer, sizeof answer);
    snprintf(path, sizeof path, "/v1/admin/explain/%.26s", strstr(answer, "\"ping_id\":\"") + 11);
    assert_int_equal(talk(house, admin, "GET", path, "", answer, sizeof answer), 200);
    const char *filtered = strstr(answer, "{\"contract\":\"north-nv\",\"buyer\":\"north\",\"state\":\"skipped\"");
    assert_non_null(filtered);
    assert_non_null(strstr(filtered, "\"code\":\"filtered\""));
    assert_non_null(strstr(filtered, "\"bid\":null,\"effective_price\":null,\"ms\":null,\"tier\":1,\"rank\":null,"
                                     "\"posts\":[]}"));
    close(admin);
}

/* 403: we know the key, and it is for something else; 401: we do not know it. */
static void a_known_key_in_the_wrong_place_is_forbidden(void **state)
{
    struct house *house = *state;
    char answer[8192], affiliate[APIKEY_TEXT_MAX + 1];
    int admin = dial(worker_admin_address(house->workers[0]));
    house->hall.admin_is_open = false;
    assert_int_equal(talk(house, admin, "GET", "/v1/admin/stats", "", answer, sizeof answer), 403);
    memcpy(affiliate, house->key, sizeof affiliate);
    apikey_make(APIKEY_ADMIN, house->key);
    assert_int_equal(talk(house, admin, "GET", "/v1/admin/stats", "", answer, sizeof answer), 401);
    assert_int_equal(ask(house, "/v1/pings", "{}", answer, sizeof answer), 401);
    apikey_digest(bytes_of(house->key), &house->hall.admin_keys[0]);
    house->hall.admin_keys_count = 1;
    assert_int_equal(talk(house, admin, "GET", "/v1/admin/stats", "", answer, sizeof answer), 200);
    assert_int_equal(ask(house, "/v1/pings", "{}", answer, sizeof answer), 403);
    memcpy(house->key, affiliate, sizeof affiliate);
    close(admin);
}

/* A main thread that took the wish and is waiting for the workers itself: it will never answer. */
static bool take_wish(void *arg, unsigned worker, void *waiter)
{
    (void)worker;
    atomic_store((_Atomic(void *) *)arg, waiter);
    return true;
}

/* Hangs, and is ended by ctest, where the drain waits for the answer. */
static void a_drain_does_not_wait_for_a_reload(void **state)
{
    struct house *house = *state;
    static _Atomic(void *) waiter; /* lives on: the api keeps it for an answer that never comes */
    const char *request = "POST /v1/admin/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    house->hall.ask_reload = take_wish;
    house->hall.ask_reload_arg = &waiter;
    int fd = dial(worker_admin_address(house->workers[0]));
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    while (!atomic_load(&waiter)) usleep(1000);
    worker_drain(house->workers[0], 10000);
    worker_join(house->workers[0]);
    close(fd);
}

static void on_resolved_only(void *arg, const struct ledger_resolution *resolution)
{
    assert_true(resolution->fault == FAULT_NONE && resolution->resumes);
    loop_stop(arg);
}

/* In the book only, as if the process had been killed before it went on. */
static void resolve_in_the_book(const struct hall *hall, const char *post)
{
    struct loop *loop;
    struct ledger_line *line;
    struct ident post_id;
    assert_true(ident_read((struct bytes){post, 26}, &post_id));
    assert_int_equal(loop_open(&loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(hall->ledger, loop, &line), FAULT_NONE);
    struct ledger_verdict verdict = {.post_id = post_id, .by = VERDICT_BY_OPERATOR, .wall_ms = clock_wall_ms()};
    assert_int_equal(ledger_resolve(line, &verdict, on_resolved_only, loop), FAULT_NONE);
    loop_run(loop);
    ledger_line_close(&line);
    loop_close(&loop);
}

/* Its other candidate is of the same owner, so its story ends unsold; but it is taken up, and ends. */
static void a_lead_that_was_to_go_on_is_taken_up_at_the_start(void **state)
{
    struct house *house = *state;
    struct hall *hall = &house->hall;
    char answer[8192], path[64];
    struct tls_note note;
    atomic_store(&house->buyer.post_status, 503);
    const char *lead = "{\"campaign\":\"auto\",\"lead\":{\"state\":\"CA\",\"phone\":\"4155552672\"}}";
    assert_int_equal(ask(house, "/v1/leads", lead, answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "\"status\":\"pending\""));
    snprintf(path, sizeof path, "/v1/leads/%.26s", strstr(answer, "\"lead_id\":\"") + 11);
    resolve_in_the_book(hall, strstr(answer, "\"sale_id\":\"") + 11);
    worker_drain(house->workers[0], 10000);
    worker_join(house->workers[0]);
    worker_close(&house->workers[0]);

    struct worker_options options = {
        .hall = hall, .front = &house->front, .listen = {"127.0.0.1:0"}, .listen_count = 1, .admin = "127.0.0.1:0"};
    hall->started_ms = clock_wall_ms() + 1;
    if (worker_open(&options, &house->workers[0], &note)) fail_msg("%s", note.text);
    hall->workers[0] = house->workers[0];
    assert_int_equal(worker_start(house->workers[0]), FAULT_NONE);
    close(house->socket);
    house->socket = dial(worker_address(house->workers[0], 0));
    do { /* the story runs beside */
        assert_int_equal(talk(house, house->socket, "GET", path, "", answer, sizeof answer), 200);
    } while (!strstr(answer, "\"status\":\"unsold\""));
    assert_non_null(strstr(answer, "\"code\":\"rejected\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_doubt_is_told_the_same_until_it_is_resolved, open_one, close_house),
        cmocka_unit_test_setup_teardown(figures_count_each_end_once, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_contract_that_was_filtered_has_every_member, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_known_key_in_the_wrong_place_is_forbidden, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_drain_does_not_wait_for_a_reload, open_one, close_house),
        cmocka_unit_test_setup_teardown(a_lead_that_was_to_go_on_is_taken_up_at_the_start, open_one, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

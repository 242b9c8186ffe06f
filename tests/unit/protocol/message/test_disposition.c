/* disposition, return, stage: what buyers may say of a lead they bought, and how far each word reaches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "protocol/message/disposition.h"
#include "protocol/message/return.h"

#define ID "01J9ZK3V5C8X1R7QW2E4T6Y8AB"

static struct arena arena;

static const struct node *json(const char *text)
{
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    const struct node *node = document_read_json(&arena, bytes_of(text), &limits, &error);
    if (!node) fail_msg("not JSON: %s", text);
    return node;
}

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

static void stages_climb(void **state)
{
    (void)state;
    char words[128] = "";
    for (int stage = STAGE_ATTEMPTED; stage < STAGE_COUNT; stage++) {
        struct bytes name = bytes_of(stage_name((enum sale_stage)stage));
        assert_int_equal(stage_find(name), stage);
        assert_true(stage_reaches((enum sale_stage)stage, (enum sale_stage)stage));
        assert_int_equal(stage_ends_waiting((enum sale_stage)stage), stage != STAGE_ATTEMPTED);
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", words[0] ? " " : "", name.at);
    }
    assert_string_equal(words, STAGE_WORDS);
    assert_int_equal(stage_find(BYTES("")), STAGE_NONE);
    assert_int_equal(stage_find(BYTES("Sold")), STAGE_NONE);
    assert_true(stage_reaches(STAGE_SOLD, STAGE_CONTACTED));
    assert_false(stage_reaches(STAGE_CONTACTED, STAGE_SOLD));
    assert_false(stage_reaches(STAGE_LOST, STAGE_CONTACTED));
    assert_false(stage_reaches(STAGE_BAD, STAGE_LOST));
    assert_false(stage_reaches(STAGE_SOLD, STAGE_NONE));
    assert_int_equal(stage_higher(STAGE_QUOTED, STAGE_LOST), STAGE_QUOTED);
    assert_int_equal(stage_higher(STAGE_BAD, STAGE_ATTEMPTED), STAGE_ATTEMPTED);
    assert_int_equal(stage_higher(STAGE_NONE, STAGE_BAD), STAGE_BAD);
    assert_int_equal(stage_higher(STAGE_CONTACTED, STAGE_APPOINTMENT), STAGE_APPOINTMENT);
}

static void reads_a_disposition(void **state)
{
    (void)state;
    char text[IDENT_TEXT + 1];
    struct disposition_request request;
    struct complaints complaints = {0};
    assert_true(
        disposition_read(json("{\"event_id\":\"e-1\",\"post_id\":\"" ID "\",\"stage\":\"quoted\",\"label\":\"hot\","
                              "\"agent\":\"7\",\"at\":\"2026-11-22T15:04:05Z\",\"value\":\"12.50\"}"),
                         &request, &complaints));
    assert_true(bytes_is(request.event_id, "e-1"));
    assert_int_equal(request.by, DISPOSITION_BY_POST);
    assert_string_equal(ident_text(&request.id, text), ID);
    assert_int_equal(request.stage, STAGE_QUOTED);
    assert_true(bytes_is(request.label, "hot") && bytes_is(request.agent, "7"));
    assert_int_equal(request.at_ms, 1795359845000);
    assert_int_equal(request.value_micros, 12500000);
    assert_true(
        disposition_read(json("{\"event_id\":\"e\",\"buyer_lead_id\":\"L-1\",\"stage\":\"bad\",\"value\":null}"),
                         &request, &complaints));
    assert_int_equal(request.by, DISPOSITION_BY_BUYER_LEAD);
    assert_true(bytes_is(request.buyer_lead_id, "L-1"));
    assert_int_equal(request.value_micros, -1);
    assert_int_equal(request.at_ms, 0);
}

static void refuses_other_dispositions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field, *code;
    } rows[] = {
        {"{\"lead_id\":\"" ID "\",\"stage\":\"lost\"}", "event_id", "required"},
        {"{\"event_id\":\"\",\"lead_id\":\"" ID "\",\"stage\":\"lost\"}", "event_id", "required"},
        {"{\"event_id\":7,\"lead_id\":\"" ID "\",\"stage\":\"lost\"}", "event_id", "type"},
        {"{\"event_id\":\"e\",\"stage\":\"lost\"}", "post_id", "required"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"post_id\":\"" ID "\",\"stage\":\"lost\"}", "post_id",
         "conflict"},
        {"{\"event_id\":\"e\",\"lead_id\":\"short\",\"stage\":\"lost\"}", "lead_id", "format"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\"}", "stage", "required"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":\"won\"}", "stage", "choice"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":1}", "stage", "choice"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":\"lost\",\"at\":\"noon\"}", "at", "format"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":\"lost\",\"value\":\"-0.01\"}", "value", "range"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":\"lost\",\"value\":\"1000000000.01\"}", "value",
         "range"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":\"lost\",\"value\":\"much\"}", "value", "type"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":\"lost\",\"label\":\"a\\u0001b\"}", "label", "format"},
        {"{\"event_id\":\"e\",\"lead_id\":\"" ID "\",\"stage\":\"lost\",\"mood\":\"good\"}", "mood", "unknown"},
        {"[]", "", "type"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct disposition_request request;
        struct complaints complaints = {0};
        assert_false(disposition_read(json(rows[i].text), &request, &complaints));
        assert_true(bytes_is(complaints.list[0].field, rows[i].field));
        assert_string_equal(complaints.list[0].code, rows[i].code);
    }
}

static void reads_returns_and_decisions(void **state)
{
    (void)state;
    struct return_request request;
    struct return_decision decision;
    struct complaints complaints = {0};
    assert_true(return_read(
        json("{\"post_id\":\"" ID "\",\"reason_code\":\"bad_phone\",\"amount\":\"3.00\",\"evidence\":\"x\"}"), &request,
        &complaints));
    assert_true(request.has_amount && bytes_is(request.reason_code, "bad_phone") && bytes_is(request.evidence, "x"));
    assert_int_equal(request.amount_micros, 3000000);
    assert_true(return_read(json("{\"post_id\":\"" ID "\",\"reason_code\":\"dup\"}"), &request, &complaints));
    assert_false(request.has_amount);
    assert_true(return_read_decision(json("{\"decision\":\"approve\"}"), &decision, &complaints));
    assert_true(decision.approves);
    assert_true(return_read_decision(json("{\"decision\":\"deny\",\"note\":\"no\"}"), &decision, &complaints));
    assert_true(!decision.approves && bytes_is(decision.note, "no"));
    static const char *const wrong[] = {"{\"post_id\":\"" ID "\"}",
                                        "{\"reason_code\":\"x\"}",
                                        "{\"post_id\":\"" ID "\",\"reason_code\":\"x\",\"amount\":\"0\"}",
                                        "{\"post_id\":\"" ID "\",\"reason_code\":\"x\",\"amount\":\"-1\"}",
                                        "{\"post_id\":\"" ID "\",\"reason_code\":\"x\",\"amount\":\"all\"}",
                                        "{\"post_id\":\"" ID "\",\"reason_code\":\"x\",\"why\":\"y\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct complaints found = {0};
        assert_false(return_read(json(wrong[i]), &request, &found));
        assert_int_equal(found.count, 1);
    }
    assert_false(return_read_decision(json("{\"decision\":\"maybe\"}"), &decision, &complaints));
    assert_false(return_read_decision(json("{}"), &decision, &complaints));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stages_climb, reset, done),
        cmocka_unit_test_setup_teardown(reads_a_disposition, reset, done),
        cmocka_unit_test_setup_teardown(refuses_other_dispositions, reset, done),
        cmocka_unit_test_setup_teardown(reads_returns_and_decisions, reset, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* aftersale: its records come back as they were; nothing shorter, longer or of another kind is read, and every value
 * has one spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/record/aftersale.h"
#include "tests/unit/exchange/record/samples.h"

#define ROUNDS 400

static char memory[8192];

static enum sale_stage roll_stage(struct dice *dice, enum sale_stage least)
{
    return (enum sale_stage)((uint64_t)least + roll_below(dice, STAGE_COUNT - (uint64_t)least));
}

static bool write_disposition(struct dice *dice, struct sink *sink)
{
    struct book_disposition told = {.buyer = roll_text(dice, 60),
                                    .event_id = roll_text(dice, 120),
                                    .stage = roll_stage(dice, STAGE_ATTEMPTED),
                                    .label = roll_text(dice, 60),
                                    .agent = roll_text(dice, 60),
                                    .at_ms = roll_number(dice),
                                    .value_micros = roll_number(dice),
                                    .earned = {roll_number(dice), roll_number(dice), roll_number(dice), 3}};
    roll_raw(dice, &told.post_id, sizeof told.post_id);
    return aftersale_write_disposition(sink, &told);
}

static bool again_disposition(struct bytes bytes, struct sink *sink)
{
    struct book_disposition told;
    return aftersale_read_disposition(bytes, &told) && aftersale_write_disposition(sink, &told);
}

static bool write_return(struct dice *dice, struct sink *sink)
{
    struct book_return asked = {.buyer = roll_text(dice, 60),
                                .affiliate = roll_text(dice, 60),
                                .contract = roll_text(dice, 60),
                                .campaign = roll_text(dice, 60),
                                .reason_code = roll_text(dice, 60),
                                .has_evidence = roll_flag(dice),
                                .status = (enum return_status)roll_below(dice, RETURN_STATUS_COUNT),
                                .judge = (enum return_judge)roll_below(dice, RETURN_JUDGES),
                                .note = roll_text(dice, 100),
                                .amount_micros = roll_number(dice),
                                .by_house = roll_flag(dice),
                                .asked_ms = roll_number(dice),
                                .judged_ms = roll_number(dice),
                                .accept_at_ms = roll_number(dice),
                                .onward_until_ms = roll_number(dice)};
    roll_raw(dice, &asked.return_id, sizeof asked.return_id);
    roll_raw(dice, &asked.post_id, sizeof asked.post_id);
    roll_raw(dice, &asked.lead_id, sizeof asked.lead_id);
    if (asked.has_evidence) roll_raw(dice, &asked.evidence, sizeof asked.evidence);
    roll_raw(dice, &asked.sale_id, sizeof asked.sale_id);
    return aftersale_write_return(sink, &asked);
}

static bool again_return(struct bytes bytes, struct sink *sink)
{
    struct book_return asked;
    return aftersale_read_return(bytes, &asked) && aftersale_write_return(sink, &asked);
}

static bool write_judgement(struct dice *dice, struct sink *sink)
{
    struct book_judgement judgement = {.status = roll_flag(dice) ? RETURN_APPROVED : RETURN_DENIED,
                                       .judge = (enum return_judge)roll_below(dice, RETURN_JUDGES),
                                       .note = roll_text(dice, 100)};
    roll_raw(dice, &judgement.return_id, sizeof judgement.return_id);
    return aftersale_write_judgement(sink, &judgement);
}

static bool again_judgement(struct bytes bytes, struct sink *sink)
{
    struct book_judgement judgement;
    return aftersale_read_judgement(bytes, &judgement) && aftersale_write_judgement(sink, &judgement);
}

static bool write_record(struct dice *dice, struct sink *sink)
{
    struct aftersale_record record = {.dispositions = (uint32_t)roll(dice),
                                      .latest = roll_stage(dice, STAGE_NONE),
                                      .highest = roll_stage(dice, STAGE_NONE),
                                      .latest_ms = roll_number(dice),
                                      .contacted_ms = roll_number(dice),
                                      .paid = (uint32_t)roll(dice),
                                      .returns = (uint32_t)roll(dice),
                                      .pending_micros = roll_number(dice),
                                      .is_uncontacted = roll_flag(dice),
                                      .is_bad = roll_flag(dice)};
    roll_raw(dice, &record.post_id, sizeof record.post_id);
    roll_raw(dice, &record.lead_id, sizeof record.lead_id);
    record.has_terms = roll_flag(dice);
    record.terms = (struct book_after){.gives_back = (uint32_t)roll(dice),
                                       .counts = roll_flag(dice),
                                       .pays_at = roll_stage(dice, STAGE_NONE),
                                       .pays_ppm = (uint32_t)roll(dice),
                                       .contact_ms = roll_number(dice),
                                       .onward_ms = roll_number(dice)};
    record.contact_by_ms = roll_number(dice);
    return aftersale_write_record(sink, &record);
}

static bool again_record(struct bytes bytes, struct sink *sink)
{
    struct aftersale_record record;
    return aftersale_read_record(bytes, &record) && aftersale_write_record(sink, &record);
}

static const struct kind {
    bool (*write)(struct dice *dice, struct sink *sink);
    bool (*again)(struct bytes bytes, struct sink *sink);
} kinds[] = {{write_disposition, again_disposition},
             {write_return, again_return},
             {write_judgement, again_judgement},
             {write_record, again_record}};
#define KINDS (sizeof kinds / sizeof *kinds)

static void come_back_as_they_were(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS * KINDS; round++) {
        const struct kind *kind = &kinds[round % KINDS];
        struct dice dice = {round * UINT64_C(0x9e3779b97f4a7c15) + 1};
        struct sink sink = sink_over(memory, 4096), again = sink_over(memory + 4096, 4096);
        assert_true(kind->write(&dice, &sink));
        assert_true(kind->again(sink_written(&sink), &again));
        assert_true(bytes_same(sink_written(&sink), sink_written(&again)));
        struct bytes shorter = {sink.at, roll_below(&dice, sink.len)}, longer = {sink.at, sink.len + 1};
        assert_false(kind->again(shorter, &again));
        memory[sink.len] = 0;
        assert_false(kind->again(longer, &again));
        for (unsigned other = 0; other < KINDS; other++)
            if (&kinds[other] != kind) assert_false(kinds[other].again(sink_written(&sink), &again));
        memory[1]++; /* a newer version */
        assert_false(kind->again(sink_written(&sink), &again));
    }
}

/* A changed byte is refused, or is another record. */
static void one_spelling_each(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS * KINDS; round++) {
        const struct kind *kind = &kinds[round % KINDS];
        struct dice dice = {round * UINT64_C(0x2545f4914f6cdd1d) + 7};
        struct sink sink = sink_over(memory, 4096), again = sink_over(memory + 4096, 4096);
        assert_true(kind->write(&dice, &sink));
        size_t at = roll_below(&dice, sink.len);
        memory[at] = (char)(memory[at] ^ (1 + (int)roll_below(&dice, 255)));
        if (kind->again(sink_written(&sink), &again))
            assert_true(bytes_same(sink_written(&sink), sink_written(&again)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(come_back_as_they_were), cmocka_unit_test(one_spelling_each)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

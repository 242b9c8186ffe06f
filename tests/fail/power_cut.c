/* power_cut write FOLDER LEADS: leads through a ledger in FOLDER, saying "ack SEQ" on standard output for each entry
 * that was acknowledged, "open" when the book is there. power_cut check FOLDER SEQ: the book found there opens,
 * verifies and has entry SEQ. Exit status 1: it does not, and says why.
 *
 * tests/fail/power_cut.py records the first under strace and lets the second look at what a power cut could have left.
 */
#include <stdint.h>

#include "exchange/ledger/rows.h"
#include "protocol/crypto/digest.h"
#include "tests/unit/exchange/ledger/desk.h"

#define BURST 5u

struct writer {
    struct desk desk;
    struct lead_ids ids[BURST];
    unsigned under_way;
};

static void say(const char *word, uint64_t number)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s %llu\n", word, (unsigned long long)number);
    check(write(STDOUT_FILENO, text, (size_t)len) == len);
}

static void on_durable(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct writer *writer = arg;
    (void)token;
    check(fault == FAULT_NONE, "%s", fault_text(fault));
    say("ack", seq);
    if (--writer->under_way == 0) loop_stop(writer->desk.loop);
}

static void append(struct writer *writer, const struct book_step *step)
{
    check(ledger_append(writer->desk.line, step, NULL, on_durable, writer, 0) == FAULT_NONE);
    writer->under_way++;
}

static void open_leads(struct writer *writer, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct lead_ids *ids = &writer->ids[i];
        struct tale tale;
        *ids = (struct lead_ids){desk_id(&writer->desk), desk_id(&writer->desk), desk_id(&writer->desk)};
        tale_begin(&tale, &writer->desk, &ids->lead, &ids->ping);
        tale_open(&tale, NULL);
        tale_intend(&tale, &ids->post, 0);
        append(writer, &tale.step);
    }
    loop_run(writer->desk.loop);
}

/* Sold, refused or in doubt, in turn. */
static void end_leads(struct writer *writer, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct lead_ids *ids = &writer->ids[i];
        struct tale tale;
        tale_begin(&tale, &writer->desk, &ids->lead, &ids->ping);
        if (i % 3 == 0) {
            tale_sell(&tale, &writer->desk, &ids->post, 0);
        } else {
            tale_judge(&tale, &ids->post, i % 3 == 1 ? POST_REJECTED : POST_UNKNOWN);
            tale_end(&tale, i % 3 == 1 ? LEAD_UNSOLD : LEAD_PENDING);
        }
        append(writer, &tale.step);
    }
    loop_run(writer->desk.loop);
}

static struct desk desk_at(const char *folder)
{
    struct desk desk = {.wall_ms = DESK_WALL};
    snprintf(desk.path, sizeof desk.path, "%s", folder);
    snprintf(desk.keys, sizeof desk.keys, "%s/keys", folder);
    ident_maker_init(&desk.maker, 1, 7);
    return desk;
}

static int write_leads(const char *folder, unsigned leads)
{
    struct writer writer = {.desk = desk_at(folder)};
    if (desk_open(&writer.desk) != FAULT_NONE) {
        fprintf(stderr, "%s\n", writer.desk.note.text);
        return 1;
    }
    say("open", 0);
    for (unsigned done = 0; done < leads;) {
        unsigned count = done % (BURST + 1) + 1 > leads - done ? leads - done
                                                               : done % BURST + 1; /* bursts of all sizes */
        open_leads(&writer, count);
        end_leads(&writer, count);
        done += count;
    }
    desk_close(&writer.desk);
    return 0;
}

static int check_book(const char *folder, uint64_t seq)
{
    struct desk desk = desk_at(folder);
    struct ledger_counts counts;
    struct report_verdict verdict;
    if (desk_open(&desk) != FAULT_NONE) {
        printf("it does not open: %s\n", desk.note.text);
        return 1;
    }
    ledger_counts(desk.ledger, &counts);
    desk_close(&desk);
    if (counts.seq < seq) {
        printf("entry %llu was acknowledged, the book ends at %llu\n", (unsigned long long)seq,
               (unsigned long long)counts.seq);
        return 1;
    }
    enum fault fault = report_verify(desk.path, &verdict, NULL, NULL);
    if (fault == FAULT_NONE && verdict.good) return 0;
    printf("it does not verify: %s %s\n", fault_text(fault), verdict.text);
    return 1;
}

int main(int count, char **words)
{
    if (count != 4 || crypto_start() != FAULT_NONE) return 2;
    log_start(LOG_ERROR, LOG_TEXT);
    unsigned long long number = strtoull(words[3], NULL, 10);
    int status = strcmp(words[1], "write") == 0 ? write_leads(words[2], (unsigned)number)
                                                : check_book(words[2], number);
    crypto_stop();
    return status;
}

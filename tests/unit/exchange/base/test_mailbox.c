/* mailbox: bounded, in order per sender, nothing lost or doubled between threads, and the receiver is always told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "exchange/base/mailbox.h"

struct letter {
    uint32_t sender, number;
    uint64_t check; /* of the two, so that a torn copy shows */
};

static struct letter letter_of(uint32_t sender, uint32_t number)
{
    return (struct letter){sender, number, ((uint64_t)sender << 32 | number) * UINT64_C(0x9e3779b97f4a7c15)};
}

static void test_keeps_order_and_bound(void **state)
{
    (void)state;
    struct mailbox *mailbox;
    assert_int_equal(mailbox_open(sizeof(struct letter), 5, &mailbox), FAULT_NONE);
    for (uint32_t round = 0; round < 3; round++) {
        struct letter letter;
        assert_false(mailbox_take(mailbox, &letter));
        for (uint32_t i = 0; i < 8; i++) { /* 5 is rounded up to 8 */
            letter = letter_of(round, i);
            assert_true(mailbox_send(mailbox, &letter));
        }
        assert_int_equal(mailbox_depth(mailbox), 8);
        letter = letter_of(round, 99);
        assert_false(mailbox_send(mailbox, &letter));
        for (uint32_t i = 0; i < 8; i++) {
            assert_true(mailbox_take(mailbox, &letter));
            struct letter wanted = letter_of(round, i);
            assert_memory_equal(&letter, &wanted, sizeof letter);
        }
    }
    assert_int_equal(mailbox_depth(mailbox), 0);
    mailbox_close(&mailbox);
    assert_null(mailbox);
}

static void test_waits_until_the_instant(void **state)
{
    (void)state;
    struct mailbox *mailbox;
    assert_int_equal(mailbox_open(1, 2, &mailbox), FAULT_NONE);
    int64_t until_us = clock_now_us() + 3000;
    mailbox_wait(mailbox, until_us);
    assert_true(clock_now_us() >= until_us);
    mailbox_wait(mailbox, 0); /* an instant that has passed: at once */
    assert_true(mailbox_send(mailbox, "x"));
    mailbox_wait(mailbox, CLOCK_NEVER); /* there is mail: at once */
    char one;
    assert_true(mailbox_take(mailbox, &one));
    assert_int_equal(one, 'x');
    mailbox_close(&mailbox);
}

#define SENDERS 3u
#define LETTERS 40000u

struct sender {
    struct mailbox *mailbox;
    uint32_t number;
    pthread_t thread;
};

static void *send_all(void *arg)
{
    struct sender *sender = arg;
    for (uint32_t i = 0; i < LETTERS; i++) {
        struct letter letter = letter_of(sender->number, i);
        while (!mailbox_send(sender->mailbox, &letter)) sched_yield();
    }
    return NULL;
}

struct receiver {
    struct mailbox *mailbox;
    struct loop *loop;
    uint32_t next[SENDERS];
    uint32_t got, calls, wrong;
    uint32_t each_max; /* letters taken per call; the rest is left in the box */
};

static void receive(struct receiver *receiver, const struct letter *letter)
{
    struct letter wanted = letter_of(letter->sender, letter->number);
    if (letter->sender >= SENDERS || letter->check != wanted.check || receiver->next[letter->sender] != letter->number)
        receiver->wrong++;
    else
        receiver->next[letter->sender]++;
    receiver->got++;
}

static void start_senders(struct mailbox *mailbox, struct sender *senders)
{
    for (uint32_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.mailbox = mailbox, .number = i};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
}

static void test_many_senders_one_that_waits(void **state)
{
    (void)state;
    struct receiver receiver = {0};
    struct sender senders[SENDERS];
    assert_int_equal(mailbox_open(sizeof(struct letter), 64, &receiver.mailbox), FAULT_NONE);
    start_senders(receiver.mailbox, senders);
    struct letter letter;
    while (receiver.got < SENDERS * LETTERS) {
        mailbox_wait(receiver.mailbox, CLOCK_NEVER);
        while (mailbox_take(receiver.mailbox, &letter)) receive(&receiver, &letter);
    }
    for (uint32_t i = 0; i < SENDERS; i++) pthread_join(senders[i].thread, NULL);
    assert_int_equal(receiver.wrong, 0);
    assert_false(mailbox_take(receiver.mailbox, &letter));
    mailbox_close(&receiver.mailbox);
}

static void on_mail(void *arg)
{
    struct receiver *receiver = arg;
    struct letter letter;
    receiver->calls++;
    for (uint32_t i = 0; i < receiver->each_max && mailbox_take(receiver->mailbox, &letter); i++)
        receive(receiver, &letter);
    if (receiver->got == SENDERS * LETTERS) loop_stop(receiver->loop);
}

static void test_many_senders_one_loop(void **state)
{
    (void)state;
    struct receiver receiver = {.each_max = 50};
    struct sender senders[SENDERS];
    assert_int_equal(loop_open(&receiver.loop), FAULT_NONE);
    assert_int_equal(mailbox_open(sizeof(struct letter), 64, &receiver.mailbox), FAULT_NONE);
    struct letter early = letter_of(SENDERS, 0); /* mail from before anyone attended */
    assert_true(mailbox_send(receiver.mailbox, &early));
    receiver.got = UINT32_MAX; /* so that the early one makes it 0 */
    assert_int_equal(mailbox_attend(receiver.mailbox, receiver.loop, on_mail, &receiver), FAULT_NONE);
    start_senders(receiver.mailbox, senders);
    loop_run(receiver.loop);
    for (uint32_t i = 0; i < SENDERS; i++) pthread_join(senders[i].thread, NULL);
    assert_int_equal(receiver.wrong, 1); /* the early one */
    assert_int_equal(receiver.got, SENDERS * LETTERS);
    mailbox_close(&receiver.mailbox);
    loop_close(&receiver.loop);
}

static void take_one(void *arg)
{
    struct receiver *receiver = arg;
    char one;
    receiver->calls++;
    if (mailbox_take(receiver->mailbox, &one) && ++receiver->got == 8) loop_stop(receiver->loop);
}

/* A callback that leaves mail in the box is called again without a new signal. */
static void test_mail_left_is_not_forgotten(void **state)
{
    (void)state;
    struct receiver receiver = {0};
    assert_int_equal(loop_open(&receiver.loop), FAULT_NONE);
    assert_int_equal(mailbox_open(1, 8, &receiver.mailbox), FAULT_NONE);
    assert_int_equal(mailbox_attend(receiver.mailbox, receiver.loop, take_one, &receiver), FAULT_NONE);
    for (int i = 0; i < 8; i++) assert_true(mailbox_send(receiver.mailbox, "x"));
    loop_run(receiver.loop);
    assert_int_equal(receiver.calls, 8);
    mailbox_close(&receiver.mailbox);
    loop_close(&receiver.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_order_and_bound),       cmocka_unit_test(test_waits_until_the_instant),
        cmocka_unit_test(test_many_senders_one_that_waits), cmocka_unit_test(test_many_senders_one_loop),
        cmocka_unit_test(test_mail_left_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What becomes of private content: erased by person and by lead, at once or when a story ends, over a restart too; at
 * the end of its retention; and its data keys wrapped anew, of today's books and of older ones. After each, the book
 * verifies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/ledger/content.h"
#include "exchange/ledger/journal.h"
#include "exchange/ledger/notices.h"
#include "exchange/ledger/privacy.h"
#include "protocol/base/clock.h"
#include "tests/unit/exchange/ledger/desk.h"

#define PATIENCE_US INT64_C(20000000)
#define LEADS 200

static struct arena arena;

static int begin(void **state)
{
    static struct desk desk;
    desk_folder(&desk);
    *state = &desk;
    return desk_open(&desk) == FAULT_NONE ? 0 : 1;
}

static int end(void **state)
{
    struct desk *desk = *state;
    if (desk->ledger) desk_close(desk);
    desk_remove(desk);
    return 0;
}

static struct person_keys person(uint8_t phone, uint8_t email)
{
    return (struct person_keys){.count = 2, .list = {{PERSON_PHONE, {phone}}, {PERSON_EMAIL, {email, 1}}}};
}

static enum fault open_of(struct desk *desk, struct lead_ids *ids, struct person_keys keys, int64_t keep_ms)
{
    struct tale tale;
    *ids = (struct lead_ids){desk_id(desk), desk_id(desk), desk_id(desk)};
    tale_begin(&tale, desk, &ids->lead, &ids->ping);
    tale_open(&tale, NULL);
    tale.opening.person = keys;
    tale.opening.keep_ms = keep_ms;
    tale.opening.field_names = BYTES("consent.tcpa,phone,+2");
    tale.opening.fields = disclosure_names_id(tale.opening.field_names);
    tale_intend(&tale, &ids->post, 0);
    tale.intent.keys_count = 0;
    return desk_append(desk, &tale.step);
}

static struct lead_ids sold_of(struct desk *desk, struct person_keys keys)
{
    struct lead_ids ids;
    assert_int_equal(open_of(desk, &ids, keys, 0), FAULT_NONE);
    assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_NONE);
    return ids;
}

struct look {
    struct desk *desk;
    struct ident lead_id;
    struct lead_record lead;
    struct bytes content, names;
    enum fault fault, content_fault;
    unsigned posts;
};

static void on_disclosure(void *arg, const struct disclosure *disclosure)
{
    struct look *look = arg;
    look->posts += disclosure->kind == DISCLOSURE_POST;
}

static void on_look(void *context, struct reader *reader)
{
    struct look *look = context;
    look->fault = reader_lead(reader, &look->lead_id, &arena, &look->lead);
    look->content_fault = reader_content(reader, &look->lead_id, &arena, &look->content);
    if (look->fault == FAULT_NONE && look->lead.fields)
        look->fault = reader_field_names(reader, look->lead.fields, &arena, &look->names);
    if (look->fault == FAULT_NONE) look->fault = reader_disclosures(reader, &look->lead_id, on_disclosure, look);
}

static struct look look_at(struct desk *desk, const struct lead_ids *ids)
{
    struct look look = {.desk = desk, .lead_id = ids->lead};
    desk_ask(desk, on_look, &look, 0, false);
    assert_int_equal(look.fault, FAULT_NONE);
    return look;
}

static void assert_kept(struct desk *desk, const struct lead_ids *ids)
{
    struct look look = look_at(desk, ids);
    assert_int_equal(look.content_fault, FAULT_NONE);
    assert_true(bytes_starts(look.content, BYTES("{\"lead\":{\"phone\":\"+12025550143\"")));
    assert_int_not_equal(look.lead.erasure, LEAD_ERASED);
}

/* Status, money and who was shown what are there all the same. */
static void assert_erased(struct desk *desk, const struct lead_ids *ids)
{
    struct look look = look_at(desk, ids);
    assert_int_equal(look.content_fault, FAULT_NOT_FOUND);
    assert_int_equal(look.lead.erasure, LEAD_ERASED);
    assert_true(look.lead.erased_ms > 0);
    assert_int_equal(look.posts, 1);
    assert_true(bytes_is(look.names, "consent.tcpa,phone,+2"));
    assert_int_equal(look.lead.slots[0].sale.price_micros, DESK_PRICE);
}

static void assert_verifies(struct desk *desk)
{
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    assert_string_equal(verdict.text, "");
    assert_true(verdict.good);
}

/* --- erasures --- */

static struct privacy_erasure erased;

static void on_erased(void *arg, const struct privacy_erasure *erasure)
{
    struct desk *desk = arg;
    erased = *erasure;
    loop_stop(desk->loop);
}

static enum fault erase(struct desk *desk, const struct ident *lead_id, struct person_keys keys)
{
    struct privacy_erasure asked = {.keys = keys};
    if (lead_id) asked.lead_id = *lead_id;
    assert_int_equal(privacy_erase(desk->line, &asked, desk->wall_ms++, on_erased, desk), FAULT_NONE);
    loop_run(desk->loop);
    return erased.fault;
}

struct heard {
    struct desk *desk;
    unsigned affiliate, buyer;
};

static unsigned count_erased(struct reader *reader, enum notice_hearer kind, struct bytes id)
{
    struct event_row rows[64];
    struct hearer hearer = {.kind = kind, .id = id};
    uint32_t count = 0;
    unsigned told = 0;
    assert_int_equal(notices_after(reader, &hearer, 0, &arena, rows, 64, &count), FAULT_NONE);
    for (uint32_t i = 0; i < count; i++) told += rows[i].event.notice == NOTICE_LEAD_ERASED;
    return told;
}

static void on_hear(void *context, struct reader *reader)
{
    struct heard *heard = context;
    heard->affiliate = count_erased(reader, NOTICE_TO_AFFILIATE, BYTES("acme"));
    heard->buyer = count_erased(reader, NOTICE_TO_BUYER, BYTES("north"));
}

static void assert_heard(struct desk *desk, unsigned affiliate, unsigned buyer)
{
    struct heard heard = {.desk = desk};
    desk_ask(desk, on_hear, &heard, 0, false);
    assert_int_equal(heard.affiliate, affiliate);
    assert_int_equal(heard.buyer, buyer);
}

static void test_a_person_is_erased(void **state)
{
    struct desk *desk = *state;
    struct person_keys keys = person(1, 1), phone = {.count = 1, .list = {keys.list[0]}};
    struct lead_ids first = sold_of(desk, keys), other = sold_of(desk, person(2, 2)), second = sold_of(desk, phone);
    assert_kept(desk, &first);
    assert_int_equal(erase(desk, NULL, phone), FAULT_NONE);
    assert_int_equal(erased.erased, 2);
    assert_int_equal(erased.waiting, 0);
    assert_int_equal(erased.told, 2);
    assert_true(ident_same(&erased.leads[0], &first.lead));
    assert_true(ident_same(&erased.leads[1], &second.lead));
    assert_erased(desk, &first);
    assert_erased(desk, &second);
    assert_kept(desk, &other);
    assert_heard(desk, 2, 2);
    assert_int_equal(erase(desk, NULL, phone), FAULT_NONE); /* nothing is left to erase */
    assert_int_equal(erased.erased, 0);
    assert_verifies(desk);
}

/* Every page of the person's leads, and every one but the others'. */
static void test_a_person_of_many_leads(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids[LEADS];
    for (int i = 0; i < LEADS; i++) ids[i] = sold_of(desk, person((uint8_t)(i % 2), 7));
    assert_int_equal(erase(desk, &ids[0].lead, (struct person_keys){0}), FAULT_NONE);
    assert_int_equal(erased.keys.count, 2);
    assert_int_equal(erased.erased, LEADS); /* all share the e-mail */
    assert_int_equal(erased.told, PRIVACY_LEADS_TOLD_MAX);
    for (int i = 0; i < LEADS; i++) assert_erased(desk, &ids[i]);
    assert_verifies(desk);
}

static unsigned rows_of_people(const struct desk *desk)
{
    struct store *book;
    struct MDB_txn *txn;
    struct store_cursor cursor;
    char folder[80];
    unsigned rows = 0;
    snprintf(folder, sizeof folder, "%s/book", desk->path);
    assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, 0, STORE_READ, &book), FAULT_NONE);
    assert_int_equal(store_begin(book, false, &txn), FAULT_NONE);
    assert_int_equal(store_cursor_open(book, txn, BOOK_PEOPLE, &cursor), FAULT_NONE);
    for (enum fault fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) rows++;
    store_cursor_close(&cursor);
    store_abort(&txn);
    store_close(&book);
    return rows;
}

/* Rows of people are written some time after the leads; a lead whose id is older than the last of them gets its own at
 * once; one that is newer is found without. */
static void test_who_is_found_by_what(void **state)
{
    struct desk *desk = *state;
    struct ledger_counts before, now;
    struct lead_ids first = sold_of(desk, person(1, 1)), late = first, newest;
    int64_t until_us = clock_now_us() + PATIENCE_US;
    late.lead.at[15] ^= 1;
    if (memcmp(late.lead.at, first.lead.at, 16) > 0) { /* the first has to be the older one */
        late.lead = first.lead;
        late.lead.at[14]--;
    }
    late.ping = desk_id(desk);
    late.post = desk_id(desk);
    ledger_counts(desk->ledger, &before);
    do {
        usleep(10000);
        ledger_counts(desk->ledger, &now);
    } while (now.commits == before.commits && clock_now_us() < until_us);
    desk_close(desk);
    assert_int_equal(rows_of_people(desk), 2);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    struct tale tale;
    tale_begin(&tale, desk, &late.lead, &late.ping);
    tale_open(&tale, NULL);
    tale.opening.person = person(1, 2);
    tale_intend(&tale, &late.post, 0);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    assert_int_equal(desk_end_lead(desk, &late, POST_ACCEPTED), FAULT_NONE);
    newest = sold_of(desk, person(1, 3));
    desk_close(desk);
    assert_true(rows_of_people(desk) >= 4); /* the newest may have come in time */
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(erase(desk, NULL, (struct person_keys){.count = 1, .list = {person(1, 1).list[0]}}), FAULT_NONE);
    assert_int_equal(erased.erased, 3);
    assert_erased(desk, &newest);
    assert_verifies(desk);
    desk_close(desk);
    assert_int_equal(rows_of_people(desk), 0);
    assert_int_equal(desk_open(desk), FAULT_NONE);
}

static void test_who_is_not_there(void **state)
{
    struct desk *desk = *state;
    struct ident nobody = desk_id(desk);
    struct ledger_counts before, after;
    ledger_counts(desk->ledger, &before);
    assert_int_equal(erase(desk, &nobody, (struct person_keys){0}), FAULT_NOT_FOUND);
    ledger_counts(desk->ledger, &after);
    assert_int_equal(before.seq, after.seq);
    assert_int_equal(erase(desk, NULL, person(9, 9)), FAULT_NONE); /* and is not sold from now on */
    assert_int_equal(erased.erased, 0);
    ledger_counts(desk->ledger, &after);
    assert_int_equal(before.seq + 1, after.seq);
    assert_verifies(desk);
}

static void test_a_story_ends_first(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(open_of(desk, &ids, person(3, 3), 0), FAULT_NONE);
    assert_int_equal(erase(desk, NULL, person(3, 3)), FAULT_NONE);
    assert_int_equal(erased.erased, 0);
    assert_int_equal(erased.waiting, 1);
    assert_kept(desk, &ids);
    assert_verifies(desk);
    assert_heard(desk, 0, 0);
    assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_NONE);
    assert_erased(desk, &ids);
    assert_heard(desk, 1, 1);
    assert_verifies(desk);
}

/* The story never ends: the process does. */
static void test_a_start_ends_the_story(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(open_of(desk, &ids, person(4, 4), 0), FAULT_NONE);
    assert_int_equal(erase(desk, NULL, person(4, 4)), FAULT_NONE);
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_erased(desk, &ids);
    assert_verifies(desk);
}

/* A doubt that is resolved as rejected would let the story go on; of an erased lead it does not. */
static void test_a_doubt_of_an_erased_lead(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids;
    assert_int_equal(open_of(desk, &ids, person(5, 5), 0), FAULT_NONE);
    assert_int_equal(desk_end_lead(desk, &ids, POST_UNKNOWN), FAULT_NONE);
    assert_int_equal(erase(desk, NULL, person(5, 5)), FAULT_NONE);
    assert_int_equal(erased.erased, 1);
    assert_int_equal(desk_resolve(desk, &ids.post, false), FAULT_NONE);
    assert_false(desk->resolution.resumes);
    assert_int_equal(look_at(desk, &ids).lead.state, LEAD_UNSOLD);
    assert_verifies(desk);
}

static void test_retention(void **state)
{
    struct desk *desk = *state;
    struct lead_ids brief, longer, open;
    desk->wall_ms = clock_wall_ms() - 60000;
    assert_int_equal(open_of(desk, &brief, person(6, 6), 30000), FAULT_NONE);
    assert_int_equal(desk_end_lead(desk, &brief, POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(open_of(desk, &longer, person(7, 7), 86400000), FAULT_NONE);
    assert_int_equal(desk_end_lead(desk, &longer, POST_ACCEPTED), FAULT_NONE);
    assert_int_equal(open_of(desk, &open, person(8, 8), 30000), FAULT_NONE);
    int64_t until_us = clock_now_us() + PATIENCE_US;
    while (look_at(desk, &brief).lead.erasure != LEAD_ERASED && clock_now_us() < until_us) usleep(10000);
    assert_erased(desk, &brief);
    assert_kept(desk, &longer);
    while (look_at(desk, &open).lead.erasure == LEAD_KEPT && clock_now_us() < until_us) usleep(10000);
    assert_int_equal(look_at(desk, &open).lead.erasure, LEAD_ERASURE_WAITS);
    assert_int_equal(desk_end_lead(desk, &open, POST_ACCEPTED), FAULT_NONE);
    assert_erased(desk, &open);
    assert_verifies(desk);
    assert_int_equal(erase(desk, &longer.lead, (struct person_keys){0}), FAULT_NONE); /* before its time */
    assert_erased(desk, &longer);
    assert_verifies(desk);
}

/* --- other disclosures --- */

static void test_disclosures(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids = sold_of(desk, person(1, 1));
    struct disclosure copy = {.kind = DISCLOSURE_COPY,
                              .lead_id = ids.lead,
                              .id = desk_id(desk),
                              .contract = BYTES("north/auto"),
                              .buyer = BYTES("north"),
                              .to = BYTES("crm"),
                              .wall_ms = desk->wall_ms};
    const struct {
        bool is_of_nobody;
        enum fault fault;
    } tries[] = {{false, FAULT_NONE}, {false, FAULT_INPUT}, {true, FAULT_INPUT}};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        if (tries[i].is_of_nobody) copy.lead_id = copy.id;
        assert_int_equal(privacy_disclose(desk->line, &copy, desk_on_durable, desk, 4711), FAULT_NONE);
        loop_run(desk->loop);
        assert_int_equal(desk->fault, tries[i].fault);
    }
    assert_verifies(desk);
}

/* --- rotation --- */

static size_t read_keys(const struct desk *desk, char text[4096])
{
    FILE *file = fopen(desk->keys, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, 4095, file);
    fclose(file);
    text[len] = '\0';
    return len;
}

static unsigned keys_in(const char *text)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, "\nkey ")); at++) count++;
    return count;
}

static void await_rotation(struct desk *desk)
{
    struct privacy_rotation rotation = {.is_running = true};
    int64_t until_us = clock_now_us() + PATIENCE_US;
    while (rotation.is_running && clock_now_us() < until_us) {
        usleep(1000);
        privacy_rotation(desk->ledger, &rotation);
    }
    assert_false(rotation.is_running);
    assert_int_equal(rotation.unreadable, 0);
}

static enum fault rotate(struct desk *desk)
{
    assert_int_equal(privacy_rotate(desk->line, desk->wall_ms++, desk_on_durable, desk, 4711), FAULT_NONE);
    loop_run(desk->loop);
    return desk->fault;
}

static void derive_all(struct desk *desk, struct digest *digests)
{
    for (unsigned i = 0; keyfile_purposes[i]; i++)
        assert_int_equal(ledger_derive(desk->ledger, keyfile_purposes[i], &digests[i]), FAULT_NONE);
}

/* Content rows as one digest: a rotation leaves every byte of them. */
static struct digest digest_content(struct desk *desk)
{
    struct store *book;
    struct MDB_txn *txn;
    struct store_cursor cursor;
    struct digest digest = {{0}};
    char folder[80];
    snprintf(folder, sizeof folder, "%s/book", desk->path);
    assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, 0, STORE_READ, &book), FAULT_NONE);
    assert_int_equal(store_begin(book, false, &txn), FAULT_NONE);
    assert_int_equal(store_cursor_open(book, txn, BOOK_CONTENT, &cursor), FAULT_NONE);
    for (enum fault fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor))
        digest_of(&digest, (struct bytes[]){{(const char *)digest.at, DIGEST_LEN}, cursor.key, cursor.value}, 3);
    store_cursor_close(&cursor);
    store_abort(&txn);
    store_close(&book);
    return digest;
}

static void test_keys_are_rotated(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids[LEADS];
    struct digest before[8], after[8];
    char old[4096], now[4096];
    for (int i = 0; i < LEADS; i++) ids[i] = sold_of(desk, person((uint8_t)i, (uint8_t)i));
    derive_all(desk, before);
    read_keys(desk, old);
    desk_close(desk);
    struct digest content = digest_content(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_int_equal(rotate(desk), FAULT_NONE);
    await_rotation(desk);
    read_keys(desk, now);
    assert_int_equal(keys_in(now), 1);
    assert_string_not_equal(old, now);
    for (int i = 0; i < LEADS; i++) assert_kept(desk, &ids[i]);
    assert_int_equal(rotate(desk), FAULT_NONE); /* and once more, over a restart */
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    await_rotation(desk);
    read_keys(desk, now);
    assert_int_equal(keys_in(now), 1);
    for (int i = 0; i < LEADS; i++) assert_kept(desk, &ids[i]);
    derive_all(desk, after);
    assert_memory_equal(before, after, 3 * sizeof *before);
    assert_verifies(desk);
    desk_close(desk);
    struct digest same = digest_content(desk);
    assert_memory_equal(&content, &same, sizeof same);
    FILE *file = fopen(desk->keys, "w"); /* the old key alone opens it no more */
    fputs(old, file);
    fclose(file);
    assert_int_equal(desk_open(desk), FAULT_INPUT);
    assert_non_null(strstr(desk->note.text, "another key"));
    file = fopen(desk->keys, "w");
    fputs(now, file);
    fclose(file);
    assert_int_equal(desk_open(desk), FAULT_NONE);
}

static void test_a_file_that_cannot_be_written(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids = sold_of(desk, person(1, 1));
    char place[120];
    snprintf(place, sizeof place, "%s.%ld", desk->keys, (long)getpid());
    assert_int_equal(mkdir(place, 0700), 0); /* where the new file is to be written */
    assert_int_equal(rotate(desk), FAULT_SYSTEM);
    assert_kept(desk, &ids);
    assert_int_equal(rmdir(place), 0);
    assert_int_equal(rotate(desk), FAULT_NONE);
    await_rotation(desk);
    assert_kept(desk, &ids);
}

/* As a book of version 2 has it: the wrapped key in front of the content, both tied to lead id and version; and its key
 * file, whose key is its own root. */
static void make_old(struct desk *desk, const struct ident *lead_id, const uint8_t key[SEAL_KEY_LEN])
{
    static const char plain[] = "{\"lead\":{\"phone\":\"+12025550143\"},\"consent\":{\"tcpa\":true}}";
    uint8_t row[512] = {1, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77}, data_key[SEAL_KEY_LEN] = {42};
    char folder[80], tie[17];
    struct store *book;
    struct MDB_txn *txn;
    size_t wrapped, sealed;
    memcpy(tie, lead_id->at, 16);
    tie[16] = 1;
    struct bytes wrapping = {(const char *)key, SEAL_KEY_LEN}, of_lead = {(const char *)data_key, SEAL_KEY_LEN};
    struct bytes tied = {tie, sizeof tie};
    assert_int_equal(seal_close(wrapping, tied, of_lead, row + 9, sizeof row - 9, &wrapped), FAULT_NONE);
    assert_int_equal(seal_close(of_lead, tied, (struct bytes){plain, sizeof plain - 1}, row + 9 + wrapped,
                                sizeof row - 9 - wrapped, &sealed),
                     FAULT_NONE);
    snprintf(folder, sizeof folder, "%s/book", desk->path);
    assert_int_equal(store_open(folder, journal_tables, BOOK_TABLES_COUNT, DESK_MAP, STORE_WRITE, &book), FAULT_NONE);
    assert_int_equal(store_begin(book, true, &txn), FAULT_NONE);
    assert_int_equal(store_put_parts(book, txn, BOOK_CONTENT, ident_bytes(lead_id),
                                     (struct bytes){(const char *)row, 9 + wrapped + sealed}, false),
                     FAULT_NONE);
    assert_int_equal(store_clear(book, txn, BOOK_DATA_KEYS), FAULT_NONE);
    assert_int_equal(store_clear(book, txn, BOOK_PEOPLE), FAULT_NONE);
    assert_int_equal(store_put(book, txn, BOOK_META, BYTES("combined"), BYTES("1")), FAULT_NONE);
    assert_int_equal(store_put(book, txn, BOOK_META, BYTES("key"), BYTES("\0\x11\x22\x33\x44\x55\x66\x77")),
                     FAULT_NONE);
    assert_int_equal(store_commit(&txn), FAULT_NONE);
    store_close(&book);
}

static void test_an_older_book(void **state)
{
    struct desk *desk = *state;
    struct lead_ids ids = sold_of(desk, person(1, 1));
    uint8_t key[SEAL_KEY_LEN] = {0xab};
    struct digest before[8], after[8];
    char text[4096];
    desk_close(desk);
    make_old(desk, &ids.lead, key);
    FILE *file = fopen(desk->keys, "w");
    fprintf(file, "outcry-ledger-key 1\nid 0011223344556677\nkey ab%062d\n", 0);
    fclose(file);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_kept(desk, &ids);
    derive_all(desk, before);
    assert_int_equal(rotate(desk), FAULT_NONE);
    await_rotation(desk);
    assert_kept(desk, &ids);
    read_keys(desk, text);
    assert_int_equal(keys_in(text), 1);
    assert_null(strstr(text, "0011223344556677"));
    assert_null(strstr(text, "ab0000000000"));
    desk_close(desk);
    assert_int_equal(desk_open(desk), FAULT_NONE);
    assert_kept(desk, &ids);
    derive_all(desk, after);
    assert_memory_equal(before, after, 3 * sizeof *before);
    assert_verifies(desk);
    assert_int_equal(erase(desk, &ids.lead, (struct person_keys){0}), FAULT_NONE);
    assert_erased(desk, &ids);
    assert_verifies(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_person_is_erased, begin, end),
        cmocka_unit_test_setup_teardown(test_a_person_of_many_leads, begin, end),
        cmocka_unit_test_setup_teardown(test_who_is_found_by_what, begin, end),
        cmocka_unit_test_setup_teardown(test_who_is_not_there, begin, end),
        cmocka_unit_test_setup_teardown(test_a_story_ends_first, begin, end),
        cmocka_unit_test_setup_teardown(test_a_start_ends_the_story, begin, end),
        cmocka_unit_test_setup_teardown(test_a_doubt_of_an_erased_lead, begin, end),
        cmocka_unit_test_setup_teardown(test_retention, begin, end),
        cmocka_unit_test_setup_teardown(test_disclosures, begin, end),
        cmocka_unit_test_setup_teardown(test_keys_are_rotated, begin, end),
        cmocka_unit_test_setup_teardown(test_a_file_that_cannot_be_written, begin, end),
        cmocka_unit_test_setup_teardown(test_an_older_book, begin, end),
    };
    if (crypto_start() != FAULT_NONE) return 1;
    log_start(LOG_ERROR, LOG_TEXT);
    arena_init(&arena, 65536, 64 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    crypto_stop();
    return failed;
}

/* Buyers' lists, as they come: each piece is read, keyed and written beside the old list's file; when the last one is
 * read the file takes that one's place, and then the list is swapped in; in this order, so that what was answered is
 * what the next start finds. Lines that are wrong, and senders who leave, leave the old one serving.
 *
 * A reload that is under way has read the lists already, and swaps all of them in at its end: until then uploads wait.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/command/serving.h"
#include "exchange/config/list_file.h"
#include "exchange/market/list_text.h"
#include "protocol/base/check.h"
#include "protocol/crypto/mac.h"

#define ANSWER_ROOM 256u

/* A list on its way, as far as it has been read. */
struct reading {
    struct list_text text;
    struct list_file *file;
    struct mac *mac;
};

static void keyed(void *arg, struct digest *digest)
{
    struct digest plain = *digest;
    struct bytes parts[] = {{(const char *)plain.at, DIGEST_LEN}};
    mac_of(arg, digest, parts, 1);
}

static enum fault add(void *file, uint64_t entry)
{
    return list_file_add(file, entry);
}

static void end_reading(struct upload *upload)
{
    struct reading *reading = upload->reading;
    upload->reading = NULL;
    if (!reading) return;
    list_text_close(&reading->text);
    list_file_drop(&reading->file);
    if (reading->mac) mac_close(&reading->mac);
    free(reading);
}

static enum fault begin_reading(struct serving *serving, struct upload *upload)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading) return FAULT_MEMORY;
    enum fault fault = FAULT_MEMORY;
    reading->mac = mac_open((struct bytes){(const char *)serving->hall.document_key.at, DIGEST_LEN});
    if (reading->mac)
        fault = list_file_begin(serving->settings.ledger_path, upload->name, upload->number, &reading->file);
    list_text_open(&reading->text, &(struct list_text_rules){keyed, reading->mac, add, reading->file});
    upload->reading = reading;
    if (fault != FAULT_NONE) end_reading(upload);
    return fault;
}

/* The catalogue may have changed since its head was looked at. */
static bool is_still_owned(const struct serving *serving, const struct upload *upload)
{
    const struct catalogue *catalogue = serving->hall.catalogue;
    uint32_t at = table_find(&catalogue->list_names, upload->name);
    if (at == TABLE_NONE || catalogue->lists[at].owner == LIST_NO_OWNER) return false;
    return bytes_same(catalogue->buyers[catalogue->lists[at].owner].id, upload->owner);
}

/* Takes over the count of `list`. */
static bool swap(struct serving *serving, struct bytes name, struct list *list, const struct list_origin *origin)
{
    struct shelf *fresh = shelf_open();
    bool good = fresh && shelf_copy(fresh, serving->hall.shelf) == FAULT_NONE;
    if (!good) list_drop(&list);
    if (good) good = shelf_put(fresh, name, list, origin) == FAULT_NONE;
    if (good)
        hall_swap_shelf(&serving->hall, fresh);
    else
        shelf_drop(&fresh);
    reload_sweep_soon(serving);
    return good;
}

static bool finish(struct serving *serving, struct upload *upload, char *answer)
{
    struct reading *reading = upload->reading;
    struct list *list;
    struct list_origin origin;
    if (!is_still_owned(serving, upload)) {
        snprintf(answer, ANSWER_ROOM, "not one of your lists any more");
        return false;
    }
    (void)hall_sweep(&serving->hall, false); /* what the last list left makes room for this one */
    enum fault fault = list_file_finish(&reading->file, clock_wall_ms(), &list, &origin);
    if (fault != FAULT_NONE) {
        snprintf(answer, ANSWER_ROOM, "the list cannot be kept: %s", fault_text(fault));
        return false;
    }
    unsigned long long entries = list_count(list);
    if (!swap(serving, upload->name, list, &origin)) {
        snprintf(answer, ANSWER_ROOM, "out of memory: the list serves from the next start on");
        return false;
    }
    snprintf(answer, ANSWER_ROOM, "{\"list\":\"%.*s\",\"entries\":%llu}", (int)upload->name.len, upload->name.at,
             entries);
    return true;
}

/* True with an empty answer: the next piece is wanted. */
static bool take_piece(struct serving *serving, struct upload *upload, char *answer)
{
    struct list_text_error error = {0};
    enum fault fault = upload->reading ? FAULT_NONE : begin_reading(serving, upload);
    if (fault != FAULT_NONE) {
        snprintf(answer, ANSWER_ROOM, "the list cannot be kept: %s", fault_text(fault));
        return false;
    }
    struct list_text *text = &((struct reading *)upload->reading)->text;
    bool good = list_text_piece(text, (struct bytes){upload->piece, upload->piece_len}, &error);
    if (good && upload->is_last) good = list_text_end(text, &error);
    if (good) return !upload->is_last || finish(serving, upload, answer);
    if (error.line)
        snprintf(answer, ANSWER_ROOM, "line %llu %s", (unsigned long long)error.line, error.text);
    else
        snprintf(answer, ANSWER_ROOM, "%s", error.text);
    return false;
}

void replace_send(void *arg, struct upload *upload)
{
    struct serving *serving = arg;
    check(mailbox_send(serving->pieces, &upload), "more letters than uploads");
}

void replace_on_piece(void *arg)
{
    struct serving *serving = arg;
    struct upload *upload;
    while (!serving->reloading && mailbox_take(serving->pieces, &upload)) {
        char *answer = upload->is_gone ? NULL : calloc(1, ANSWER_ROOM);
        bool good = answer && take_piece(serving, upload, answer);
        if (!good || answer[0]) end_reading(upload);
        if (upload->is_gone) {
            uploads_give(&serving->hall.uploads, &upload);
            continue;
        }
        if (good && !answer[0]) {
            free(answer);
            answer = NULL;
        }
        worker_tell_reloaded(serving->hall.workers[upload->worker], upload->waiter, good, answer);
    }
}

void replace_stop(struct serving *serving)
{
    struct uploads *uploads = &serving->hall.uploads;
    for (unsigned i = 0; i < UPLOADS_MAX; i++) {
        struct upload *upload = uploads->taken[i];
        if (!upload) continue;
        end_reading(upload);
        free(upload->waiter);
        uploads_give(uploads, &upload);
    }
    uploads_close(uploads);
}

/* A buyer's list, as it put it: read, made durable, then swapped in; in this order, so that what was answered is what
 * the next start finds. Lines that are wrong leave the old one serving. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/command/serving.h"
#include "exchange/market/list_text.h"
#include "protocol/crypto/mac.h"

#define ANSWER_ROOM 256u

static void keyed(void *arg, struct digest *digest)
{
    struct digest plain = *digest;
    struct bytes parts[] = {{(const char *)plain.at, DIGEST_LEN}};
    mac_of(arg, digest, parts, 1);
}

/* NULL: *error. */
static struct list *read_list(struct serving *serving, struct bytes text, struct list_text_error *error)
{
    struct list_maker *maker = NULL;
    struct list *list = NULL;
    struct mac *mac = mac_open((struct bytes){(const char *)serving->hall.document_key.at, DIGEST_LEN});
    *error = (struct list_text_error){0, "out of memory"};
    bool good = mac && list_begin(&maker) == FAULT_NONE && list_text_read(text, keyed, mac, maker, error);
    if (maker && list_finish(&maker, true, good ? &list : NULL) != FAULT_NONE) list = NULL;
    if (mac) mac_close(&mac);
    return list;
}

/* Takes over the count of `list`. */
static bool swap(struct serving *serving, struct bytes name, struct list *list)
{
    struct list_origin origin = {0}; /* of no file: the next reload reads it again */
    struct shelf *fresh = shelf_open();
    bool good = fresh && shelf_copy(fresh, serving->hall.shelf) == FAULT_NONE;
    if (!good) list_drop(&list);
    if (good) good = shelf_put(fresh, name, list, &origin) == FAULT_NONE;
    if (good)
        hall_swap_shelf(&serving->hall, fresh);
    else
        shelf_drop(&fresh);
    return good;
}

static bool replace(struct serving *serving, const struct hall_list *wish, char *answer)
{
    struct bytes name = {wish->text, wish->name_len}, text = {wish->text + wish->name_len, wish->body_len};
    struct list_text_error error;
    struct list *list = read_list(serving, text, &error);
    if (!list) {
        if (error.line) snprintf(answer, ANSWER_ROOM, "line %llu %s", (unsigned long long)error.line, error.text);
        if (!error.line) snprintf(answer, ANSWER_ROOM, "%s", error.text);
        return false;
    }
    unsigned long long entries = list_count(list);
    enum fault fault = lists_save(&serving->settings, name, list, clock_wall_ms());
    if (fault != FAULT_NONE) {
        list_drop(&list);
        snprintf(answer, ANSWER_ROOM, "the list cannot be kept: %s", fault_text(fault));
        return false;
    }
    if (!swap(serving, name, list)) {
        snprintf(answer, ANSWER_ROOM, "out of memory: the list serves from the next start on");
        return false;
    }
    snprintf(answer, ANSWER_ROOM, "{\"list\":\"%.*s\",\"entries\":%llu}", (int)name.len, name.at, entries);
    return true;
}

bool replace_ask(void *arg, unsigned worker, void *waiter, const struct hall_list *list)
{
    struct serving *serving = arg;
    struct reload_wish wish = {worker, waiter, *list};
    return mailbox_send(serving->wishes, &wish);
}

void replace_now(struct serving *serving, struct reload_wish *wish)
{
    char *answer = calloc(1, ANSWER_ROOM);
    bool good = answer && replace(serving, &wish->list, answer);
    crypto_wipe(wish->list.text, wish->list.name_len + wish->list.body_len);
    free(wish->list.text);
    worker_tell_reloaded(serving->hall.workers[wish->worker], wish->waiter, good, answer);
}

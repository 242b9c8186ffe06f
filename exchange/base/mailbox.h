/* mailbox: a bounded queue of fixed-size messages between threads: any number of senders, one receiver, who is told by
 * an eventfd (one signal for many messages). Never blocks a sender: full is an answer. */
#pragma once

#include "protocol/base/fault.h"
#include "protocol/wire/loop.h"

struct mailbox;

/* `message_bytes` each, up to `max` (rounded up to a power of two). */
enum fault mailbox_open(size_t message_bytes, unsigned max, struct mailbox **mailbox) MUST_USE;
void mailbox_close(struct mailbox **mailbox);
/* Copies the message in. False: full. Any thread. */
bool mailbox_send(struct mailbox *mailbox, const void *message);
/* Copies the oldest one out. False: empty. The receiver's thread. */
bool mailbox_take(struct mailbox *mailbox, void *message);
/* Receiver with a loop: on_mail is called when there is something. */
enum fault mailbox_attend(struct mailbox *mailbox, struct loop *loop, void (*on_mail)(void *arg), void *arg) MUST_USE;
/* The receiver's loop is told no longer. On its thread, not from on_mail. */
void mailbox_leave(struct mailbox *mailbox);
/* Receiver without one: waits until there is something or `until_us`. */
void mailbox_wait(struct mailbox *mailbox, int64_t until_us);
unsigned mailbox_depth(const struct mailbox *mailbox);

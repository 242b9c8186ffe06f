/* What a buyer says of posts it gave no verdict on: one, or a list, each judged and written by itself, all of them
 * answered together. Said again it is answered the same; said of a post that was given up meanwhile it is noted, and
 * the answer says that nothing is billed. */
#include <stdlib.h>

#include "exchange/api/visit.h"

#define VERDICTS_MAX 100u
#define ARENA_BYTES 4096u
#define ITEM_ROOM 2048u /* of an item's answer, with names whose every byte is escaped */

struct item {
    struct saying *saying;
    struct complaints complaints;
    struct ident post_id;
    bool accepted;
    struct ledger_resolution told;
};

struct saying {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the buyer has gone */
    struct visit_manners manners;
    struct arena arena;
    bool is_list;
    struct item *items;
    unsigned count, out; /* out: not answered yet, and one for whoever is still asking */
};

void verdicts_on_gone(void *waiter)
{
    ((struct saying *)waiter)->request = NULL;
}

static void release(struct saying *saying)
{
    arena_free(&saying->arena);
    free(saying);
}

/* --- the answer --- */

static void write_id(struct json *json, const char *key, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    json_key(json, key);
    json_text(json, bytes_of(ident_text(id, text)));
}

/* Why an acceptance came too late, in words. */
static const char *late_text(enum post_state state)
{
    return state == POST_VOIDED ? "noted, not billed: the post was voided before this was said"
                                : "noted, not billed: without a word the post had counted as refused";
}

/* Why the state of the post forbids it. */
static const char *conflict_text(const struct item *item)
{
    switch (item->told.state) {
    case POST_OPEN:
        return "the post is still under way: answer it, or say this again later";
    case POST_ACCEPTED:
        return "the post is sold";
    case POST_FAILED:
        return "the post was never sent";
    default:
        return "you refused this post";
    }
}

static enum reason reason_of(const struct item *item)
{
    if (item->complaints.count) return REASON_INVALID_FIELD;
    return item->told.fault == FAULT_NOT_FOUND ? REASON_NOT_FOUND : REASON_CONFLICT;
}

static const char *text_of(const struct item *item)
{
    enum reason reason = reason_of(item);
    if (reason == REASON_NOT_FOUND) return "no such post of yours";
    return reason == REASON_CONFLICT ? conflict_text(item) : reason_text(reason);
}

static void write_taken(struct json *json, const struct item *item)
{
    const struct ledger_resolution *told = &item->told;
    bool is_late = told->outcome == RESOLUTION_LATE;
    write_id(json, "post_id", &item->post_id);
    write_id(json, "lead_id", &told->lead_id);
    json_key(json, "status");
    json_text(json, item->accepted ? BYTES("accepted") : BYTES("rejected"));
    json_key(json, "billed");
    json_bool(json, told->state == POST_ACCEPTED && !told->is_test);
    json_key(json, "test");
    json_bool(json, told->is_test);
    if (!is_late) return;
    json_key(json, "late");
    json_bool(json, true);
    json_key(json, "text");
    json_text(json, bytes_of(late_text(told->state)));
}

static void write_refused(struct json *json, const struct item *item)
{
    if (!ident_is_none(&item->post_id)) write_id(json, "post_id", &item->post_id);
    json_key(json, "status");
    json_text(json, BYTES("refused"));
    json_key(json, "code");
    json_text(json, bytes_of(reason_code(reason_of(item))));
    json_key(json, "text");
    json_text(json, bytes_of(text_of(item)));
    if (!item->complaints.count) return;
    json_key(json, "errors");
    json_open_list(json);
    for (unsigned i = 0; i < item->complaints.count && i < COMPLAINTS_MAX; i++) {
        json_open_map(json);
        json_key(json, "field");
        json_text(json, item->complaints.list[i].field);
        json_key(json, "code");
        json_text(json, bytes_of(item->complaints.list[i].code));
        json_key(json, "text");
        json_text(json, bytes_of(item->complaints.list[i].text));
        json_close_map(json);
    }
    json_close_list(json);
}

static bool is_taken(const struct item *item)
{
    return item->complaints.count == 0 && item->told.fault == FAULT_NONE;
}

static void write_item(struct json *json, const struct item *item)
{
    json_open_map(json);
    (is_taken(item) ? write_taken : write_refused)(json, item);
    json_close_map(json);
}

static void write_list(struct json *json, const struct saying *saying)
{
    json_open_map(json);
    json_key(json, "results");
    json_open_list(json);
    for (unsigned i = 0; i < saying->count; i++) write_item(json, &saying->items[i]);
    json_close_list(json);
    json_close_map(json);
}

/* Something the buyer can do nothing about: it may say all of it again, since nothing is done twice. */
static bool has_failed(const struct saying *saying)
{
    for (unsigned i = 0; i < saying->count; i++) {
        enum fault fault = saying->items[i].told.fault;
        if (fault != FAULT_NONE && fault != FAULT_INPUT && fault != FAULT_NOT_FOUND) return true;
    }
    return false;
}

static void refuse_one(struct saying *saying)
{
    const struct item *item = &saying->items[0];
    enum reason reason = reason_of(item);
    int status = reason == REASON_INVALID_FIELD ? 422 : reason == REASON_NOT_FOUND ? 404 : 409;
    visit_problem(saying->worker, saying->request, &saying->manners, status, reason, text_of(item),
                  item->complaints.count ? &item->complaints : NULL, 0);
}

static void answer(struct saying *saying)
{
    size_t room = 256 + saying->count * ITEM_ROOM;
    char *text = arena_take(&saying->arena, room);
    struct sink sink = sink_over(text, text ? room : 0);
    struct json json = json_into(&sink);
    bool failed = has_failed(saying);
    if (!failed && !saying->is_list && !is_taken(&saying->items[0])) {
        refuse_one(saying);
        return;
    }
    if (saying->is_list)
        write_list(&json, saying);
    else
        write_item(&json, &saying->items[0]);
    if (failed || !text || sink.cut)
        visit_problem(saying->worker, saying->request, &saying->manners, 503, failed ? REASON_LEDGER_DOWN : REASON_BUSY,
                      NULL, NULL, 1);
    else
        visit_send(saying->worker, saying->request, &saying->manners, 200, "application/json", NULL,
                   sink_written(&sink));
}

static void come_back(struct saying *saying)
{
    if (--saying->out > 0) return;
    if (saying->request) {
        worker_wait(saying->request, NULL);
        answer(saying);
    }
    release(saying);
}

/* --- the items --- */

static void on_resolved(void *arg, const struct ledger_resolution *resolution)
{
    struct item *item = arg;
    item->told = *resolution;
    if (resolution->resumes) worker_resume(item->saying->worker, &resolution->lead_id);
    come_back(item->saying);
}

static bool read_item(const struct node *node, struct item *item)
{
    struct complaints *complaints = &item->complaints;
    const struct node *post = node_find(node, "post_id"), *status = node_find(node, "status");
    bool is_text = status && status->kind == NODE_TEXT;
    if (node->kind != NODE_MAP) {
        complain(complaints, BYTES("post_id"), "type", "must be a map with post_id and status");
        return false;
    }
    if (!post || post->kind != NODE_TEXT || !ident_read(post->text, &item->post_id)) {
        item->post_id = IDENT_NONE;
        complain(complaints, BYTES("post_id"), post ? "format" : "required", "must be the post_id of a post to you");
    }
    item->accepted = is_text && bytes_is(status->text, "accepted");
    if (!item->accepted && !(is_text && bytes_is(status->text, "rejected")))
        complain(complaints, BYTES("status"), status ? "choice" : "required", "must be accepted or rejected");
    NODE_EACH(member, node)
    {
        bool is_known = bytes_is(member->key, "post_id") || bytes_is(member->key, "status");
        if (!is_known) complain(complaints, member->key, "unknown", "unknown field");
    }
    return complaints->count == 0;
}

static void say(struct saying *saying, struct item *item, struct bytes buyer)
{
    struct ledger_verdict verdict = {.post_id = item->post_id,
                                     .accepted = item->accepted,
                                     .by = VERDICT_BY_BUYER,
                                     .buyer = buyer,
                                     .wall_ms = clock_wall_ms()};
    saying->out++;
    item->told.fault = ledger_resolve(worker_line(saying->worker), &verdict, on_resolved, item);
    if (item->told.fault != FAULT_NONE) saying->out--;
}

/* NULL: the problem has been answered. */
static struct saying *begin(struct visit *visit, const struct node **document)
{
    struct saying *saying = calloc(1, sizeof *saying);
    if (!saying) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return NULL;
    }
    *saying = (struct saying){
        .kind = WAITER_VERDICTS, .worker = visit->worker, .manners = visit->manners, .count = 1, .out = 1};
    size_t items = VERDICTS_MAX * (sizeof(struct item) + ITEM_ROOM);
    arena_init(&saying->arena, ARENA_BYTES, visit->view->body.len * 100 + items + ARENA_BYTES);
    *document = visit_either(visit, &saying->arena);
    saying->is_list = *document && (*document)->kind == NODE_LIST;
    if (saying->is_list) saying->count = (*document)->count;
    if (*document && (saying->count == 0 || saying->count > VERDICTS_MAX)) {
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD,
                      "a list of 1 to 100 verdicts", NULL, 0);
        *document = NULL;
    }
    saying->items = *document ? arena_zero(&saying->arena, saying->count, sizeof *saying->items) : NULL;
    if (saying->items) return saying;
    if (*document) visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    release(saying);
    return NULL;
}

void verdicts_say(struct visit *visit)
{
    const struct node *document;
    struct saying *saying = begin(visit, &document);
    unsigned next = 0;
    if (!saying) return;
    saying->request = visit->request;
    worker_wait(visit->request, saying);
    for (unsigned i = 0; i < saying->count; i++) saying->items[i].saying = saying;
    if (!saying->is_list && read_item(document, saying->items)) say(saying, saying->items, visit->buyer->id);
    if (saying->is_list) NODE_EACH(node, document)
        {
            struct item *item = &saying->items[next++];
            if (read_item(node, item)) say(saying, item, visit->buyer->id);
        }
    come_back(saying);
}

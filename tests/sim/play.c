/* One step after the other, each done by a function found by the step's verb; what a step expects is waited for, so a
 * play says nothing about how long things take unless it means to. */
#include "tests/sim/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exchange/market/scalar.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"
#include "tests/sim/files.h"
#include "tests/sim/rules.h"
#include "tests/sim/tale.h"

#define LABELS_MAX 64u
#define PATIENCE_US INT64_C(60000000)
#define NOTE_MAX 4096
#define START_MS INT64_C(1772470800000) /* a Monday, 17:00 UTC */

struct label {
    struct bytes name;
    uint32_t request;
};

struct play {
    struct arena arena;
    const char *folder;
    const struct node *defaults, *document;
    struct world *world;
    struct label labels[LABELS_MAX];
    unsigned labels_count;
    struct ident resolved; /* the post last resolved */
    unsigned step, failed;
};

static void differ(struct play *play, struct bytes what, struct bytes wanted, const char *found)
{
    printf("  step %u, %.*s\n    expected  %.*s\n    found     %s\n", play->step, (int)what.len, what.at,
           (int)wanted.len, wanted.at, found);
    play->failed++;
}

static void complain_step(struct play *play, const char *what, struct bytes about)
{
    printf("  step %u: %s %.*s\n", play->step, what, (int)about.len, about.at ? about.at : "");
    play->failed++;
}

static struct bytes text_of(const struct node *map, const char *name)
{
    const struct node *node = node_find(map, name);
    return node && node->kind == NODE_TEXT ? node->text : BYTES_NONE;
}

static const struct label *label_of(struct play *play, struct bytes name)
{
    for (unsigned i = play->labels_count; i-- > 0;)
        if (bytes_same(play->labels[i].name, name)) return &play->labels[i];
    complain_step(play, "there is no request", name);
    return NULL;
}

static struct world_request *request_of(struct play *play, const struct node *step, const char *verb)
{
    const struct label *label = label_of(play, text_of(step, verb));
    return label ? &play->world->requests[label->request] : NULL;
}

/* Waits until *found says what is wanted; the teller writes what is so now. */
typedef void teller(struct play *play, const struct node *step, char found[TALE_MAX]);

static void await(struct play *play, const struct node *step, const char *what, teller *tell)
{
    const struct node *expect = node_find(step, "expect");
    int64_t give_up_us = play->world->queue.now_us + PATIENCE_US;
    char found[TALE_MAX];
    if (!expect) return;
    for (;;) {
        tell(play, step, found);
        if (tale_fits(expect->text, bytes_of(found))) return;
        if (queue_next_us(&play->world->queue) > give_up_us || !world_step(play->world)) break;
    }
    differ(play, bytes_of(what), expect->text, found);
}

/* Affiliates
 * ----------------------------------------------------------------------------------------------------------- */

static void tell_request(struct play *play, const struct node *step, char found[TALE_MAX])
{
    static const char *const verbs[] = {"ping", "post", "lead", "answer"};
    for (unsigned i = 0; i < 4; i++)
        if (node_find(step, verbs[i])) tale_of_request(request_of(play, step, verbs[i]), found);
}

/* A whole lead without a key is a lead of its own, unless the step says which one it is again. */
static void write_labelled(struct json *json, const struct node *lead, const struct node *step)
{
    struct bytes again = text_of(step, "again");
    json_open_map(json);
    NODE_EACH(member, lead)
    {
        json_key_bytes(json, member->key);
        json_node(json, member);
    }
    json_key(json, "label");
    json_text(json, again.len ? again : text_of(step, "lead"));
    json_close_map(json);
}

/* The body: the usual one, with what the step says otherwise, and the id of the ping it is of. */
static struct bytes body_of(struct play *play, const struct node *step, const char *verb, const struct ident *ping_id)
{
    size_t room = 65536;
    char text[IDENT_TEXT + 1];
    struct sink sink = sink_over(arena_take(&play->arena, room), room);
    struct json json = json_into(&sink);
    const struct node *body = files_merged(&play->arena, node_find(play->defaults, verb), node_find(step, "with"));
    check(sink.at && body);
    json_open_map(&json);
    if (ping_id) {
        json_key(&json, "ping_id");
        json_text(&json, (struct bytes){ident_text(ping_id, text), IDENT_TEXT});
    }
    NODE_EACH(member, body)
    {
        json_key_bytes(&json, member->key);
        if (bytes_is(member->key, "lead") && strcmp(verb, "lead") == 0 && !node_find(step, "key"))
            write_labelled(&json, member, step);
        else
            json_node(&json, member);
    }
    json_close_map(&json);
    check(!sink.cut);
    return sink_written(&sink);
}

static void ask(struct play *play, const struct node *step, const char *verb, enum auction_kind kind)
{
    int64_t worker = 0;
    struct bytes by = text_of(step, "by");
    bool is_of_ping = kind == AUCTION_POST || node_find(step, "of"); /* a post, or a refinement */
    const struct world_request *ping = is_of_ping ? request_of(play, step, "of") : NULL;
    if (is_of_ping && !ping) return;
    struct ident ping_id = ping ? ping->ping_id : IDENT_NONE;
    const struct node *test_key = node_find(step, "test_key");
    node_i64(node_find(step, "worker"), &worker);
    struct world_ask ask = {.kind = kind,
                            .affiliate = by.len ? by : BYTES("best"),
                            .body = body_of(play, step, verb, ping ? &ping_id : NULL),
                            .key = text_of(step, "key"),
                            .test_key = test_key && test_key->truth,
                            .worker = (unsigned)worker};
    check(play->labels_count < LABELS_MAX);
    uint32_t request = world_ask(play->world, &ask);
    play->labels[play->labels_count++] = (struct label){text_of(step, verb), request};
    await(play, step, verb, tell_request);
}

static void do_ping(struct play *play, const struct node *step)
{
    ask(play, step, "ping", AUCTION_PING);
}
static void do_post(struct play *play, const struct node *step)
{
    ask(play, step, "post", AUCTION_POST);
}
static void do_lead(struct play *play, const struct node *step)
{
    ask(play, step, "lead", AUCTION_ONE_CALL);
}

static void do_answer(struct play *play, const struct node *step)
{
    await(play, step, "answer", tell_request);
}

static void do_hang_up(struct play *play, const struct node *step)
{
    const struct label *label = label_of(play, text_of(step, "hang_up"));
    if (label) world_hang_up(play->world, label->request);
}

static void tell_get(struct play *play, const struct node *step, char found[TALE_MAX])
{
    const struct world_request *request = request_of(play, step, "get");
    const struct model_lead *lead = request ? model_lead(&play->world->model, &request->lead_id) : NULL;
    if (lead)
        tale_of_lead(play->world, lead, found);
    else
        snprintf(found, TALE_MAX, "404 not_found");
}

static void do_get(struct play *play, const struct node *step)
{
    await(play, step, "get", tell_get);
}

/* Buyers
 * --------------------------------------------------------------------------------------------------------------- */

static void tell_seen(struct play *play, const struct node *step, char found[TALE_MAX])
{
    struct bytes wanted = text_of(step, "expect");
    int buyer = town_find(play->world->town, text_of(step, "seen"));
    struct sink sink = sink_over(found, TALE_MAX - 1);
    while (wanted.len && buyer >= 0) {
        struct bytes name, count;
        wanted = bytes_split(wanted, ' ', &name);
        wanted = bytes_split(wanted, ' ', &count);
        sink_format(&sink, "%s%.*s %lld", sink.len ? " " : "", (int)name.len, name.at,
                    (long long)town_count(play->world->town, buyer, name));
    }
    found[sink.len] = '\0';
}

static void do_seen(struct play *play, const struct node *step)
{
    await(play, step, "seen", tell_seen);
}

/* A phone or an e-mail, or with `of` the person of that lead. */
static void do_revoke(struct play *play, const struct node *step)
{
    const struct world_request *request = node_find(step, "of") ? request_of(play, step, "of") : NULL;
    if (!world_revoke(play->world, text_of(step, "revoke"), request ? &request->lead_id : NULL))
        complain_step(play, "nobody to revoke:", text_of(step, "revoke"));
}

static void do_put_list(struct play *play, const struct node *step)
{
    bool good = world_put_list(play->world, text_of(step, "put_list"), text_of(step, "text"));
    struct bytes found = good ? BYTES("200") : BYTES("422");
    if (!tale_fits(text_of(step, "expect"), found)) differ(play, BYTES("put_list"), text_of(step, "expect"), found.at);
}

static void do_release(struct play *play, const struct node *step)
{
    if (!world_release(play->world, text_of(step, "release")))
        complain_step(play, "nothing was held by", text_of(step, "release"));
}

static void do_set(struct play *play, const struct node *step)
{
    char note[TOWN_NOTE_MAX];
    size_t room = 16384;
    struct sink sink = sink_over(arena_take(&play->arena, room), room);
    struct json json = json_into(&sink);
    json_node(&json, node_find(step, "does"));
    int buyer = town_find(play->world->town, text_of(step, "set"));
    if (buyer < 0 || !town_change(play->world->town, buyer, sink_written(&sink), note))
        complain_step(play, "not set:", bytes_of(buyer < 0 ? "no such buyer" : note));
}

static void do_push(struct play *play, const struct node *step)
{
    int64_t seats = -1, ttl_s = 60;
    const struct node *available = node_find(step, "available");
    node_i64(node_find(step, "seats"), &seats);
    node_i64(node_find(step, "ttl_s"), &ttl_s);
    if (!world_push(play->world, text_of(step, "push"), text_of(step, "contract"), !available || available->truth,
                    seats, ttl_s))
        complain_step(play, "no such buyer or contract:", text_of(step, "push"));
}

/* Operators
 * ------------------------------------------------------------------------------------------------------------ */

static void do_pay(struct play *play, const struct node *step)
{
    int64_t micros;
    bool is_paid = money_read(text_of(step, "amount"), &micros) && world_pay(play->world, text_of(step, "pay"), micros);
    if (!is_paid) complain_step(play, "cannot pay", BYTES_NONE);
}

static void do_pause(struct play *play, const struct node *step)
{
    if (!world_pause(play->world, text_of(step, "pause"), true)) complain_step(play, "cannot pause", BYTES_NONE);
}
static void do_resume(struct play *play, const struct node *step)
{
    if (!world_pause(play->world, text_of(step, "resume"), false)) complain_step(play, "cannot resume", BYTES_NONE);
}

static const char *settings_path(struct play *play, char path[FILES_PATH_MAX])
{
    snprintf(path, FILES_PATH_MAX, "%s/outcry.yaml", play->folder);
    return path;
}

static void do_reload(struct play *play, const struct node *step)
{
    char path[FILES_PATH_MAX], note[NOTE_MAX];
    const struct node *refused = node_find(step, "refused");
    const struct node *fresh = files_merged(&play->arena, play->document, node_find(step, "reload"));
    check(fresh && files_write(play->folder, play->defaults, fresh));
    bool good = world_reload(play->world, settings_path(play, path), note, sizeof note);
    if (good) play->document = fresh;
    if (!good && !refused) complain_step(play, "the reload was refused:", bytes_of(note));
    if (good && refused) complain_step(play, "the reload was not refused", BYTES_NONE);
    check(files_write(play->folder, play->defaults, play->document));
}

static void tell_gate(struct play *play, const struct node *step, char found[TALE_MAX])
{
    enum reason reason = world_gate(play->world, text_of(step, "gate"));
    snprintf(found, TALE_MAX, "%s",
             reason == REASON_COUNT  ? "404"
             : reason == REASON_NONE ? "open"
                                     : reason_code(reason));
}

static void do_gate(struct play *play, const struct node *step)
{
    await(play, step, "gate", tell_gate);
}

static void do_resolve(struct play *play, const struct node *step)
{
    struct model *model = &play->world->model;
    struct bytes contract = text_of(step, "resolve"), expect = text_of(step, "expect");
    char found[TALE_MAX];
    struct world_said said;
    for (uint32_t i = 0; i < model->posts_count; i++)
        if (model->posts[i].state == POST_UNKNOWN && bytes_same(model->posts[i].intent.contract, contract))
            play->resolved = model->posts[i].post_id;
    int status = world_say(play->world, &play->resolved, bytes_is(text_of(step, "as"), "accepted"), VERDICT_BY_OPERATOR,
                           &said);
    snprintf(found, sizeof found, "%d%s", status, said.resumes ? " fallback" : "");
    if (!tale_fits(expect, bytes_of(found))) differ(play, BYTES("resolve"), expect, found);
}

static void tell_doubts(struct play *play, const struct node *step, char found[TALE_MAX])
{
    const struct model *model = &play->world->model;
    struct sink sink = sink_over(found, TALE_MAX - 1);
    (void)step;
    for (uint32_t i = 0; i < model->posts_count; i++) {
        if (model->posts[i].state != POST_UNKNOWN) continue;
        if (sink.len) sink_char(&sink, ' ');
        sink_bytes(&sink, model->posts[i].intent.contract);
    }
    if (!sink.len) sink_text(&sink, "none");
    found[sink.len] = '\0';
}

static void do_doubts(struct play *play, const struct node *step)
{
    await(play, step, "doubts", tell_doubts);
}

/* A buyer calls about its latest post of a lead. */
static void do_verdict(struct play *play, const struct node *step)
{
    const struct model *model = &play->world->model;
    struct bytes contract = text_of(step, "verdict"), by = text_of(step, "by"), expect = text_of(step, "expect");
    const struct world_request *request = request_of(play, step, "of");
    const struct model_lead *lead = request ? model_lead(model, &request->lead_id) : NULL;
    const struct model_post *post = NULL;
    char found[TALE_MAX];
    struct world_said said = {0};
    for (uint32_t i = 0; lead && i < model->posts_count; i++)
        if (&model->leads[model->posts[i].lead] == lead && bytes_same(model->posts[i].intent.contract, contract))
            post = &model->posts[i];
    bool is_its = post && (!by.len || bytes_same(by, post->intent.buyer));
    struct ident post_id = is_its ? post->post_id : IDENT_NONE;
    int status = !is_its ? 404
                         : world_say(play->world, &post_id, bytes_is(text_of(step, "as"), "accepted"), VERDICT_BY_BUYER,
                                     &said);
    post = is_its ? model_post(model, &post_id) : NULL;
    bool is_billed = status == 200 && post->state == POST_ACCEPTED;
    snprintf(found, sizeof found, "%d%s%s", status, is_billed ? " billed" : "", said.is_late ? " late" : "");
    if (!tale_fits(expect, bytes_of(found))) differ(play, BYTES("verdict"), expect, found);
}

static void tell_idle(struct play *play, const struct node *step, char found[TALE_MAX])
{
    (void)step;
    snprintf(found, TALE_MAX, "%u", world_open_auctions(play->world));
}

static void do_idle(struct play *play, const struct node *step)
{
    await(play, step, "idle", tell_idle);
}

/* Both arms together: which of them it was hangs on the seed. */
static void tell_experiment(struct play *play, const struct node *step, char found[TALE_MAX])
{
    const struct campaign *campaign = catalogue_campaign(play->world->catalogue, node_first(step)->text);
    struct sink sink = sink_over(found, TALE_MAX - 1);
    struct arm_sums sum = {0};
    for (unsigned arm = 0; campaign && campaign->trial_cell != STANDING_NONE && arm < ARMS_PER_EXPERIMENT; arm++) {
        struct arm_sums one;
        arms_read(play->world->standing, campaign->trial_cell, arm, &one);
        sum.auctions += one.auctions;
        sum.sold += one.sold;
        sum.revenue_micros += one.revenue_micros;
        sum.payout_micros += one.payout_micros;
        sum.margin_micros += one.margin_micros;
    }
    sink_format(&sink, "auctions %llu sold %llu revenue ", (unsigned long long)sum.auctions,
                (unsigned long long)sum.sold);
    money_write(&sink, sum.revenue_micros);
    sink_text(&sink, " payout ");
    money_write(&sink, sum.payout_micros);
    sink_text(&sink, " margin ");
    money_write(&sink, sum.margin_micros);
    found[sink.len] = '\0';
}

static void do_experiment(struct play *play, const struct node *step)
{
    await(play, step, "experiment", tell_experiment);
}

static void do_explain(struct play *play, const struct node *step)
{
    const struct world_request *request = request_of(play, step, "explain");
    if (!request) return;
    const struct ident *id = ident_is_none(&request->lead_id) ? &request->ping_id : &request->lead_id;
    char found[TALE_MAX];
    const struct node *auction = node_find(step, "auction"), *contracts = node_find(step, "contracts");
    if (auction) {
        tale_of_auction(play->world, id, found);
        if (!tale_fits(auction->text, bytes_of(found))) differ(play, auction->key, auction->text, found);
    }
    if (!contracts) return;
    NODE_EACH(contract, contracts)
    {
        tale_of_contract(play->world, id, contract->key, found);
        if (!tale_fits(contract->text, bytes_of(found))) differ(play, contract->key, contract->text, found);
    }
}

/* Time and the process
 * ------------------------------------------------------------------------------------------------- */

static void do_wait(struct play *play, const struct node *step)
{
    int64_t us = 0;
    check(scalar_duration(node_find(step, "wait"), &us));
    world_pass(play->world, us);
}

static void do_crash(struct play *play, const struct node *step)
{
    (void)step;
    world_crash(play->world);
}

static void do_drain(struct play *play, const struct node *step)
{
    (void)step;
    world_drain(play->world);
}

/* Until the process has ended; then it starts again, and nothing of it was lost. */
static void do_drained(struct play *play, const struct node *step)
{
    int64_t give_up_us = play->world->queue.now_us + PATIENCE_US;
    (void)step;
    while (!play->world->drained && queue_next_us(&play->world->queue) < give_up_us && world_step(play->world))
        ;
    if (!play->world->drained) complain_step(play, "the process does not end", BYTES_NONE);
    world_pass(play->world, 300000); /* the last traces */
    world_crash(play->world);
}

static const struct {
    const char *verb;
    void (*run)(struct play *play, const struct node *step);
} verbs[] = {{"ping", do_ping},       {"post", do_post},       {"lead", do_lead},
             {"answer", do_answer},   {"hang_up", do_hang_up}, {"get", do_get},
             {"seen", do_seen},       {"revoke", do_revoke},   {"put_list", do_put_list},
             {"release", do_release}, {"set", do_set},         {"push", do_push},
             {"pay", do_pay},         {"pause", do_pause},     {"resume", do_resume},
             {"reload", do_reload},   {"gate", do_gate},       {"resolve", do_resolve},
             {"doubts", do_doubts},   {"verdict", do_verdict}, {"explain", do_explain},
             {"wait", do_wait},       {"crash", do_crash},     {"drain", do_drain},
             {"drained", do_drained}, {"idle", do_idle},       {"experiment", do_experiment}};

static void run_step(struct play *play, const struct node *step)
{
    play->step++;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!bytes_is(node_first(step)->key, verbs[i].verb)) continue;
        verbs[i].run(play, step);
        return;
    }
    complain_step(play, "no such verb:", node_first(step)->key);
}

/* How it ends
 * ---------------------------------------------------------------------------------------------------------- */

/* "pings 1 posts 2": the counts that are named. */
static void check_counts(struct play *play, struct bytes what, struct bytes wanted,
                         bool (*tell)(struct play *play, struct bytes whose, struct bytes name, struct sink *out),
                         struct bytes whose)
{
    char found[TALE_MAX];
    struct sink sink = sink_over(found, TALE_MAX - 1);
    struct bytes left = wanted;
    while (left.len) {
        struct bytes name, count;
        left = bytes_split(left, ' ', &name);
        left = bytes_split(left, ' ', &count);
        if (sink.len) sink_char(&sink, ' ');
        sink_bytes(&sink, name);
        sink_char(&sink, ' ');
        if (!tell(play, whose, name, &sink)) sink_text(&sink, "?");
    }
    found[sink.len] = '\0';
    if (!tale_fits(wanted, bytes_of(found))) differ(play, what, wanted, found);
}

static bool tell_buyer(struct play *play, struct bytes whose, struct bytes name, struct sink *out)
{
    int buyer = town_find(play->world->town, whose);
    int64_t count = buyer < 0 ? -1 : town_count(play->world->town, buyer, name);
    sink_i64(out, count);
    return count >= 0;
}

static bool tell_ledger(struct play *play, struct bytes whose, struct bytes name, struct sink *out)
{
    struct model_totals totals;
    (void)whose;
    model_totals(&play->world->model, &totals);
    const struct {
        const char *name;
        int64_t value;
        bool is_money;
    } rows[] = {{"leads", totals.leads, false},           {"sold", totals.sold, false},
                {"unsold", totals.unsold, false},         {"pending", totals.pending, false},
                {"posts", totals.posts, false},           {"doubts", totals.doubts, false},
                {"revenue", totals.revenue_micros, true}, {"payout", totals.payout_micros, true},
                {"margin", totals.margin_micros, true},   {"tests", totals.tests, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!bytes_is(name, rows[i].name)) continue;
        if (rows[i].is_money)
            money_write(out, rows[i].value);
        else
            sink_i64(out, rows[i].value);
        return true;
    }
    return false;
}

static void check_accounts(struct play *play, const struct node *accounts)
{
    const struct model *model = &play->world->model;
    NODE_EACH(account, accounts)
    {
        char found[TALE_MAX];
        struct sink sink = sink_over(found, TALE_MAX - 1);
        for (uint32_t i = 0; i < model->accounts_count; i++)
            if (bytes_same(model->accounts[i].name, account->key)) money_write(&sink, model->accounts[i].micros);
        if (!sink.len) sink_text(&sink, "0.00");
        found[sink.len] = '\0';
        if (!tale_fits(account->text, bytes_of(found))) differ(play, account->key, account->text, found);
    }
}

static void check_ends(struct play *play)
{
    const struct node *ends = node_find(play->document, "ends"), *buyers = node_find(ends, "buyers");
    const struct node *ledger = node_find(ends, "ledger"), *accounts = node_find(ends, "accounts");
    if (buyers) {
        NODE_EACH(buyer, buyers) check_counts(play, buyer->key, buyer->text, tell_buyer, buyer->key);
    }
    if (ledger) check_counts(play, BYTES("ledger"), ledger->text, tell_ledger, BYTES_NONE);
    if (accounts) check_accounts(play, accounts);
}

/* What is still open comes to its end, then the invariants are held against everything. */
static void settle(struct play *play)
{
    while (world_open_auctions(play->world) && world_step(play->world))
        ;
    world_pass(play->world, 1000000);
    rules_check(play->world);
    if (!play->world->wrong[0]) return;
    printf("  broken: %s\n", play->world->wrong);
    play->failed++;
}

/* Begin
 * ---------------------------------------------------------------------------------------------------------------- */

/* "@+2" is the day after tomorrow: schedules in plays hold whatever the day. */
static void place_days(char *text, size_t len)
{
    static const char *const names[] = {"thu", "fri", "sat", "sun", "mon", "tue", "wed"};
    int64_t today = START_MS / 86400000;
    for (size_t i = 0; i + 3 <= len; i++)
        if (text[i] == '@' && text[i + 1] == '+') memcpy(text + i, names[(today + text[i + 2] - '0') % 7], 3);
}

static const struct node *read_document(struct play *play, const char *path)
{
    struct document_error error = {.text = "cannot be read"};
    struct bytes text = files_read(&play->arena, path);
    if (text.at) place_days((char *)(uintptr_t)text.at, text.len);
    const struct node *document = text.at ? document_read_json(&play->arena, text, &DOCUMENT_LIMITS, &error) : NULL;
    if (!document) printf("%s: at byte %zu: %s\n", path, error.at, error.text);
    return document;
}

static bool open_world(struct play *play)
{
    char path[FILES_PATH_MAX], note[NOTE_MAX] = "";
    struct world_options options = {
        .seed = 7, .workers = 2, .wall_ms = START_MS, .commit_us = {800, 1000}, .way_us = {200, 200}};
    if (!files_write(play->folder, play->defaults, play->document)) return false;
    snprintf(path, sizeof path, "%s/scenario.json", play->folder);
    struct town *town = town_open(path, note);
    if (town) play->world = world_open(&options, settings_path(play, path), town, note, sizeof note);
    if (!play->world) printf("  the play cannot begin: %s\n", note);
    return play->world != NULL;
}

bool play_run(const char *path, const char *defaults, const char *folder)
{
    struct play *play = calloc(1, sizeof *play);
    check(play != NULL);
    arena_init(&play->arena, 1 << 20, 256u << 20);
    play->folder = folder;
    play->defaults = read_document(play, defaults);
    play->document = play->defaults ? read_document(play, path) : NULL;
    bool good = play->document && open_world(play);
    if (good) {
        NODE_EACH(step, node_find(play->document, "steps")) run_step(play, step);
        settle(play);
        check_ends(play);
        good = play->failed == 0;
        world_close(&play->world);
    }
    arena_free(&play->arena);
    free(play);
    return good;
}

/* Drawn from the world's own seed, so that a world that broke does the same again. */
#include "tests/sim/acts.h"

#include <stdio.h>

#include "protocol/base/check.h"
#include "protocol/crypto/digest.h"
#include "tests/sim/rules.h"
#include "tests/sim/sieve.h"

#define KEYS 12u /* of Idempotency-Keys: few, so that they meet */
#define NOTE_MAX 4096
#define EDGE_WAIT_US INT64_C(3000000) /* at most, for an offer's end */

static bool has(const struct run *run, enum swarm feature)
{
    return swarm_has(run->market.swarm, feature);
}

static uint64_t below(struct run *run, uint64_t bound)
{
    return queue_draw(&run->chance, bound);
}

/* Affiliates
X */

/* Some hundred people, who share phones and e-mails. */
static unsigned phone_of(unsigned variant)
{
    return 212 + variant * 13 % 67;
}
static unsigned email_of(unsigned variant)
{
    return variant * 7 % 90;
}

static void write_hash(struct sink *body, unsigned variant)
{
    char text[32];
    struct digest digest;
    struct sink phone = sink_over(text, sizeof text);
    sink_format(&phone, "+1%u" WORLD_CANARY_PHONE, phone_of(variant));
    struct bytes parts[] = {sink_written(&phone)};
    digest_of(&digest, parts, 1);
    sink_text(body, "\"hashes\":{\"phone\":\"");
    sink_hex(body, (struct bytes){(const char *)digest.at, DIGEST_LEN});
    sink_text(body, "\"},");
}

/* A test's outcome, or none. */
static void write_outcome(struct run *run, struct sink *body)
{
    static const char *const outcomes[] = {"sold",   "no_bid",  "low_bid", "rejected_then_sold",
                                           "unsold", "timeout", "pending", "duplicate"};
    if (below(run, 3)) sink_format(body, ",\"test_outcome\":\"%s\"", outcomes[below(run, 8)]);
}

static void write_lead(struct run *run, struct sink *body, bool whole, unsigned variant, bool is_test)
{
    static const char *const states[] = {"CA", "NV", "TX"};
    static const char *const credit[] = {"poor", "fair", "good"};
    sink_format(body, "\"lead\":{\"state\":\"%s\",\"age\":%u", states[variant % 3], 20 + variant * 7 % 50);
    if (variant % 3 == 0) sink_format(body, ",\"income\":\"%u.50\"", variant % 80);
    if (variant % 4 == 0) sink_text(body, variant % 8 ? ",\"owner\":true" : ",\"owner\":\"no\"");
    if (variant % 40 == 7) sink_text(body, ",\"note\":\"a " WORLD_TEST_NOTE "\"");
    if (variant % 4) sink_format(body, ",\"zip\":\"9%u1%02u\"", variant % 2, variant % 23);
    if (variant % 5) sink_format(body, ",\"credit\":\"%s\"", credit[variant / 3 % 3]);
    if (variant % 7)
        sink_format(body, ",\"born\":\"19%02u-%02u-%02u\"", 40 + variant % 60, 1 + variant % 12, 1 + variant % 28);
    if (whole) sink_format(body, ",\"first_name\":\"" WORLD_CANARY_TEXT "%u\"", variant); /* nobody else's */
    if (whole) sink_format(body, ",\"phone\":\"+1%u" WORLD_CANARY_PHONE "\"", phone_of(variant));
    if (whole && variant % 5)
        sink_format(body, ",\"email\":\"" WORLD_CANARY_TEXT "%u@example.com\"", email_of(variant));
    if (is_test) write_outcome(run, body);
    static const char *const sellers[] = {"", ",\"sellers\":[\"S1\",\"S3\"]", ",\"sellers\":\"S0\"",
                                          ",\"sellers\":[\"S0\",\"S1\",\"S2\"]"};
    if (below(run, 30))
        sink_format(body, "},\"consent\":{\"tcpa\":true%s}}", sellers[below(run, 4)]);
    else
        sink_text(body, "}}");
}

static void write_channel(unsigned variant, struct sink *body)
{
    static const char *const some[] = {"search", "social", "email", "other"};
    if (variant % 3) sink_format(body, "\"channel\":\"%s\",", some[variant / 3 % 4]);
}

static void write_sub_ids(unsigned variant, struct sink *body)
{
    static const char *const some[] = {"\"s1\"", "[\"s3\",\"s2\"]", "[\"quote \\\" and \\\\ \"]"};
    if (variant % 4 == 1) sink_format(body, "\"sub_id\":%s,", some[variant / 4 % 3]);
}

/* A buyer, an owner of several, and what is nobody's. */
static void write_excluded(unsigned variant, struct sink *body)
{
    static const char *const some[] = {
        "[\"b0\"]", "[\"b3\",\"b1\",\"b3\"]", "\"b2\"", "[\"one-owner\"]", "[\"b1-c0\",\"\",\"quote \\\" and \\\\ \"]",
        "[]"};
    if (variant % 7 == 2) sink_format(body, "\"exclude_buyers\":%s,", some[variant / 7 % 6]);
}

static uint32_t send(struct run *run, enum auction_kind kind, struct bytes body, unsigned affiliate, bool keyed)
{
    char name[16], key[16];
    random_affiliate(affiliate, name);
    snprintf(key, sizeof key, "key-%u", (unsigned)below(run, KEYS));
    keyed = keyed && has(run, SWARM_KEYS);
    struct world_ask ask = {.kind = kind,
                            .affiliate = bytes_of(name),
                            .body = body,
                            .test_key = has(run, SWARM_TESTS) && below(run, 40) == 0,
                            .key = keyed ? bytes_of(key) : BYTES_NONE,
                            .worker = (unsigned)below(run, WORLD_WORKERS_MAX)};
    return world_ask(run->world, &ask);
}

/* A place among the recent pings that have one; ACTS_RECENT: there is none yet. */
static unsigned draw_recent(struct run *run)
{
    unsigned count = run->recent_count < ACTS_RECENT ? run->recent_count : ACTS_RECENT;
    return count ? (unsigned)below(run, count) : ACTS_RECENT;
}

/* The ping's id, if it has an offer. */
static bool write_ping_id(struct run *run, unsigned place, struct sink *body)
{
    char id[IDENT_TEXT + 1];
    const struct world_request *ping = place < ACTS_RECENT ? &run->world->requests[run->recent[place].request] : NULL;
    if (!ping || !ping->answered || ping->status != ANSWER_ACCEPTED) return false;
    sink_format(body, "\"ping_id\":\"%s\",", ident_text(&ping->ping_id, id));
    return true;
}

/* The variant of a ping's lead tells all of its body, so that its post can be the same lead, and it itself the same
 * ping again. One in five refines a recent ping, of whoever sent it. */
static void act_ping(struct run *run)
{
    char text[1024];
    struct sink body = sink_over(text, sizeof text);
    uint32_t variant = run->world->requests_count;
    unsigned place = draw_recent(run);
    bool is_again = place < ACTS_RECENT && !below(run, 6),
         refines = !is_again && has(run, SWARM_REFINES) && !below(run, 5);
    sink_text(&body, "{\"campaign\":\"auto\",");
    if (is_again || (refines && write_ping_id(run, place, &body))) variant = run->recent[place].variant;
    bool is_test = has(run, SWARM_TESTS) && variant % 10 == 0;
    if (is_test) sink_text(&body, "\"test\":true,");
    if (variant % 8 == 0 && has(run, SWARM_IMPATIENCE)) sink_format(&body, "\"timeout_ms\":%u,", 100 + variant % 200);
    if (variant % 9 == 0) sink_text(&body, "\"min_price\":\"5.00\",\"source\":\"fb\",\"ref\":\"r\",");
    if (variant % 11 == 0) sink_format(&body, "\"max_sales\":%u,\"min_leg_price\":\"2.00\",", 1 + variant % 4);
    if (variant % 13 == 0) sink_format(&body, "\"sold_elsewhere\":%u,", variant % 3);
    write_channel(variant, &body);
    if (variant % 3 == 0) write_hash(&body, variant + (variant % 24 == 0)); /* seldom another person's */
    write_sub_ids(variant, &body);
    write_excluded(variant, &body);
    if (variant % 5 == 0 && !below(run, 10)) variant++; /* a refinement that contradicts its ping */
    write_lead(run, &body, false, variant, is_test);
    uint32_t request = send(run, AUCTION_PING, sink_written(&body), variant % RANDOM_AFFILIATES, false);
    place = run->recent_count++ % ACTS_RECENT;
    run->recent[place].request = request;
    run->recent[place].variant = variant;
}

static void act_post(struct run *run)
{
    char text[1024];
    struct sink body = sink_over(text, sizeof text);
    unsigned place = draw_recent(run);
    sink_text(&body, "{");
    if (!write_ping_id(run, place, &body)) return;
    uint32_t variant = run->recent[place].variant;
    if (below(run, 4) == 0) sink_text(&body, "\"if_expired\":\"reauction\",");
    if (has(run, SWARM_TESTS) && !below(run, 20)) sink_format(&body, "\"test\":%s,", below(run, 2) ? "true" : "false");
    bool is_test = run->world->requests[run->recent[place].request].is_test && below(run, 2);
    write_lead(run, &body, true, below(run, 25) ? variant : variant + 1, is_test);
    unsigned affiliate = (variant + (below(run, 30) == 0)) % RANDOM_AFFILIATES;
    send(run, AUCTION_POST, sink_written(&body), affiliate, below(run, 5) == 0);
}

static void act_lead(struct run *run)
{
    char text[1024];
    struct sink body = sink_over(text, sizeof text);
    bool keyed = below(run, 2) == 0;
    sink_text(&body, "{\"campaign\":\"auto\",");
    bool is_test = has(run, SWARM_TESTS) && below(run, 10) == 0;
    if (is_test) sink_text(&body, "\"test\":true,");
    if (has(run, SWARM_IMPATIENCE) && !below(run, 8))
        sink_format(&body, "\"timeout_ms\":%u,", 150 + (unsigned)below(run, 500));
    if (!below(run, 8)) sink_text(&body, "\"source\":\"fb\",");
    if (!below(run, 10)) sink_format(&body, "\"max_sales\":%u,", 1 + (unsigned)below(run, 4));
    if (!below(run, 12)) sink_format(&body, "\"sold_elsewhere\":%u,", 1 + (unsigned)below(run, 2));
    write_channel((unsigned)below(run, 12), &body);
    write_sub_ids((unsigned)below(run, 12), &body);
    write_excluded((unsigned)below(run, 42), &body);
    write_lead(run, &body, true, (unsigned)below(run, keyed ? 2 : 50), is_test);
    send(run, AUCTION_ONE_CALL, sink_written(&body), (unsigned)below(run, RANDOM_AFFILIATES), keyed);
}

static int64_t draw_edge_us(struct run *run)
{
    static const int64_t edges_us[] = {-1000, -1, 0, 1, 1000};
    return edges_us[below(run, 5)];
}

static void on_hang_up(void *arg, uint64_t number)
{
    world_hang_up(arg, (uint32_t)number);
}

/* The latest ping's offer is posted to as it ends. */
static void act_edge(struct run *run)
{
    const struct world *world = run->world;
    if (!run->recent_count) return;
    const struct world_request *ping = &world->requests[run->recent[(run->recent_count - 1) % ACTS_RECENT].request];
    int64_t left_us = (ping->expires_ms - world_wall_ms(world)) * 1000 - world->queue.now_us % 1000 + draw_edge_us(run);
    if (ping->expires_ms && left_us > 0 && left_us < EDGE_WAIT_US) world_pass(run->world, left_us);
    for (unsigned i = 0; i < 4; i++) act_post(run);
}

static void act_hang_up(struct run *run)
{
    uint32_t count = run->world->requests_count;
    if (!count) return;
    uint32_t number = count - 1 - (uint32_t)below(run, count < 20 ? count : 20);
    int64_t at_us = run->world->requests[number].answer_by_us + draw_edge_us(run);
    if (has(run, SWARM_EDGES) && at_us > run->world->queue.now_us)
        queue_at(&run->world->queue, at_us, on_hang_up, run->world, number);
    else
        world_hang_up(run->world, number);
}

/* Buyers and operators
 * ------------------------------------------------------------------------------------------------- */

static void act_push(struct run *run)
{
    char buyer[16], contract[16] = "";
    unsigned number = (unsigned)below(run, run->market.buyers);
    random_buyer(number, buyer);
    if (below(run, 3)) random_contract(number, (unsigned)below(run, run->market.contracts[number]), contract);
    bool available = below(run, 6) != 0;
    int64_t seats = below(run, 3) ? (int64_t)below(run, 6) : -1;
    world_push(run->world, bytes_of(buyer), bytes_of(contract), available, seats, 1 + (int64_t)below(run, 60));
}

static void act_release(struct run *run)
{
    char buyer[16];
    random_buyer((unsigned)below(run, run->market.buyers), buyer);
    world_release(run->world, bytes_of(buyer));
}

/* To whomever: only of prepaid ones, and of those with a limit, it lets through what was not. */
static void act_pay(struct run *run)
{
    char buyer[16];
    random_buyer((unsigned)below(run, run->market.buyers), buyer);
    world_pay(run->world, bytes_of(buyer), 1 + (int64_t)below(run, 60000000));
}

static void act_pause(struct run *run)
{
    char contract[16];
    unsigned number = (unsigned)below(run, run->market.buyers);
    random_contract(number, (unsigned)below(run, run->market.contracts[number]), contract);
    world_pause(run->world, bytes_of(contract), below(run, 3) == 0);
}

/* The reference of filters reads the market's file, as it is now. */
void acts_know_market(struct run *run)
{
    char path[160];
    if (run->world->sieve && run->world->sabotage == SABOTAGE_SIEVE) return;
    sieve_close(&run->world->sieve);
    snprintf(path, sizeof path, "%s/market.yaml", run->settings);
    run->world->sieve = sieve_open(path);
    check(run->world->sieve != NULL);
}

static void act_reload(struct run *run)
{
    char note[NOTE_MAX];
    check(random_rewrite(&run->market, run->settings));
    char path[160];
    acts_know_market(run);
    snprintf(path, sizeof path, "%s/outcry.yaml", run->settings);
    if (!world_reload(run->world, path, note, sizeof note))
        world_wrong(run->world, "a reload was refused: %.3000s", note);
}

/* The operator asks the buyer, and says what it heard. */
void acts_resolve(struct run *run, uint32_t at)
{
    struct world *world = run->world;
    const struct model_post *post = &world->model.posts[at];
    char text[IDENT_TEXT + 1];
    struct world_said said;
    if (post->state != POST_UNKNOWN || !world_writes(world)) return;
    struct ident post_id = post->post_id;
    int buyer = town_find(world->town, post->intent.buyer);
    const char *knows = town_knows(world->town, buyer, (struct bytes){ident_text(&post_id, text), IDENT_TEXT});
    int status = world_say(world, &post_id, knows[0] == 'a', VERDICT_BY_OPERATOR, &said);
    if (status != 200) world_wrong(world, "a doubt could not be resolved: %d", status);
    /* Once more, and the buyer at the same time: the first word stands. */
    status = world_say(world, &post_id, knows[0] == 'a', VERDICT_BY_OPERATOR, &said);
    if (status != 409) world_wrong(world, "a doubt is resolved a second time: %d", status);
    if (knows[0] == 'n' || below(run, 2)) return;
    status = world_say(world, &post_id, knows[0] == 'a', VERDICT_BY_BUYER, &said);
    if (status != 200 || said.is_late || said.resumes)
        world_wrong(world, "a buyer says the same as the operator and is answered %d", status);
}

static void act_resolve(struct run *run)
{
    uint32_t count = run->world->model.posts_count;
    if (count) acts_resolve(run, count - 1 - (uint32_t)below(run, count < 50 ? count : 50));
}

/* A buyer calls about one of its latest posts, once more at times, and with what it knows. */
static void act_verdict(struct run *run)
{
    struct world *world = run->world;
    uint32_t count = world->model.posts_count;
    char text[IDENT_TEXT + 1];
    struct world_said said, again;
    if (!count || !world_writes(world)) return;
    const struct model_post *post = &world->model.posts[count - 1 - below(run, count < 50 ? count : 50)];
    struct ident post_id = post->post_id;
    int buyer = town_find(world->town, post->intent.buyer);
    const char *knows = town_knows(world->town, buyer, (struct bytes){ident_text(&post_id, text), IDENT_TEXT});
    if (knows[0] == 'n') return;
    bool accepted = knows[0] == 'a', was_open = post->state == POST_OPEN;
    int status = world_say(world, &post_id, accepted, VERDICT_BY_BUYER, &said);
    int same = world_say(world, &post_id, accepted, VERDICT_BY_BUYER, &again);
    if (status != same || said.is_late != again.is_late)
        world_wrong(world, "a buyer is answered %d, then %d", status, same);
    if (was_open && status != 409) world_wrong(world, "a buyer's word about a post that is under way: %d", status);
}

static void act_crash(struct run *run)
{
    world_crash(run->world);
}

/* A flush fails: nothing is written any more; somebody notices later and starts anew. */
static void act_break(struct run *run)
{
    run->world->ledger_broken = true;
    for (unsigned i = 0; i < 10; i++) {
        act_ping(run);
        act_post(run);
        world_pass(run->world, 5000);
    }
    while (world_open_auctions(run->world) && world_step(run->world))
        ;
    rules_check_broken(run->world);
    world_crash(run->world);
}

/* No room on the disk: nothing new is taken, what is under way is not written; then room again. What was left open
 * becomes a doubt at the next start. */
static void act_full(struct run *run)
{
    struct world *world = run->world;
    world->ledger_full = true;
    world->counts.fulls++;
    for (unsigned i = 0; i < 10; i++) {
        act_ping(run);
        act_post(run);
        world_pass(world, (int64_t)below(run, 20000));
    }
    world->ledger_full = false;
    for (unsigned i = 0; i < 20; i++) {
        act_lead(run);
        act_ping(run);
        act_post(run);
        world_pass(world, (int64_t)below(run, 20000));
    }
    while (world_open_auctions(world) && world_step(world))
        ;
    rules_check_broken(world);
    world_crash(world);
}

static void act_look(struct run *run)
{
    uint32_t count = run->world->model.leads_count;
    if (count) world_look(run->world, count - 1 - (uint32_t)below(run, count < 50 ? count : 50));
}

static void act_drain(struct run *run)
{
    struct world *world = run->world;
    world_drain(world);
    act_ping(run);
    int64_t give_up_us = world->queue.now_us + 30000000;
    while (!world->drained && queue_next_us(&world->queue) < give_up_us && world_step(world))
        ;
    if (!world->drained) world_wrong(world, "the drain does not end");
    world_crash(world);
}

static void act_jump(struct run *run)
{
    static const int64_t jumps_us[] = {300000, 2000000, 5000000, 61000000, 1800000000};
    world_pass(run->world, jumps_us[below(run, 5)]);
}

/* SWARM_COUNT: in every world. */
static const struct {
    unsigned weight;
    void (*act)(struct run *run);
    enum swarm feature;
} acts[] = {{400, act_ping, SWARM_COUNT},   {400, act_post, SWARM_COUNT},      {150, act_lead, SWARM_COUNT},
            {60, act_look, SWARM_COUNT},    {10, act_edge, SWARM_EDGES},       {30, act_hang_up, SWARM_IMPATIENCE},
            {40, act_push, SWARM_PUSHES},   {30, act_release, SWARM_COUNT},    {25, act_pay, SWARM_FUNDS},
            {6, act_pause, SWARM_PUSHES},   {15, act_resolve, SWARM_VERDICTS}, {20, act_verdict, SWARM_VERDICTS},
            {4, act_reload, SWARM_RELOADS}, {3, act_crash, SWARM_CRASHES},     {1, act_break, SWARM_BREAKS},
            {1, act_drain, SWARM_DRAINS},   {1, act_full, SWARM_FULL},         {6, act_jump, SWARM_JUMPS}};

static unsigned weight_of(const struct run *run, size_t i)
{
    bool has = acts[i].feature == SWARM_COUNT || swarm_has(run->market.swarm, acts[i].feature);
    return has ? acts[i].weight : 0;
}

void acts_go(struct run *run)
{
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) all += weight_of(run, i);
    uint64_t drawn = below(run, all);
    size_t i = 0;
    while (drawn >= weight_of(run, i)) drawn -= weight_of(run, i++);
    acts[i].act(run);
    world_pass(run->world, (int64_t)below(run, 4000));
}

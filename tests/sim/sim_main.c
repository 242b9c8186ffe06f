/* sim-seeded [--seed N] [--auctions N] [--from W] [--sabotage K]: world after world, each with its own market, buyers
 * and events drawn from the seed, until so many auctions have been run; the invariants hold in every one, or a line is
 * printed that runs the broken world alone again.
 *
 * --sabotage puts a fault into the world (world.h): then the exit status is 0 only if it was found. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/check.h"
#include "protocol/crypto/digest.h"
#include "tests/sim/random.h"
#include "tests/sim/rules.h"
#include "tests/sim/sieve.h"

#define AUCTIONS_PER_WORLD 600u
#define KEYS 12u   /* of Idempotency-Keys: few, so that they meet */
#define RECENT 16u /* pings that are posted to */
#define ACTIONS_MAX 8000u
#define NOTE_MAX 4096
#define START_MS INT64_C(1772470800000)

struct sim {
    uint64_t seed, auctions, from;
    enum sabotage sabotage;
    char folder[64];
    struct world_counts sum;
    uint64_t worlds, sold;
};

struct run {
    struct world *world;
    struct random_market market;
    struct queue chance;
    char settings[128];
    struct {
        uint32_t request, variant; /* of the lead */
    } recent[RECENT];              /* pings */
    unsigned recent_count;
};

static uint64_t below(struct run *run, uint64_t bound)
{
    return queue_draw(&run->chance, bound);
}

/* Affiliates
 * ----------------------------------------------------------------------------------------------------------- */

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
    if (whole) sink_text(body, ",\"first_name\":\"" WORLD_CANARY_TEXT "\"");
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
    struct world_ask ask = {.kind = kind,
                            .affiliate = bytes_of(name),
                            .body = body,
                            .test_key = below(run, 40) == 0,
                            .key = keyed ? bytes_of(key) : BYTES_NONE,
                            .worker = (unsigned)below(run, WORLD_WORKERS_MAX)};
    return world_ask(run->world, &ask);
}

/* A place among the recent pings that have one; RECENT: there is none yet. */
static unsigned draw_recent(struct run *run)
{
    unsigned count = run->recent_count < RECENT ? run->recent_count : RECENT;
    return count ? (unsigned)below(run, count) : RECENT;
}

/* The ping's id, if it has an offer. */
static bool write_ping_id(struct run *run, unsigned place, struct sink *body)
{
    char id[IDENT_TEXT + 1];
    const struct world_request *ping = place < RECENT ? &run->world->requests[run->recent[place].request] : NULL;
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
    bool is_again = place < RECENT && !below(run, 6), refines = !is_again && !below(run, 5);
    sink_text(&body, "{\"campaign\":\"auto\",");
    if (is_again || (refines && write_ping_id(run, place, &body))) variant = run->recent[place].variant;
    bool is_test = variant % 10 == 0;
    if (is_test) sink_text(&body, "\"test\":true,");
    if (variant % 8 == 0) sink_format(&body, "\"timeout_ms\":%u,", 100 + variant % 200);
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
    place = run->recent_count++ % RECENT;
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
    if (!below(run, 20)) sink_format(&body, "\"test\":%s,", below(run, 2) ? "true" : "false");
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
    bool is_test = below(run, 10) == 0;
    if (is_test) sink_text(&body, "\"test\":true,");
    if (!below(run, 8)) sink_format(&body, "\"timeout_ms\":%u,", 150 + (unsigned)below(run, 500));
    if (!below(run, 8)) sink_text(&body, "\"source\":\"fb\",");
    if (!below(run, 10)) sink_format(&body, "\"max_sales\":%u,", 1 + (unsigned)below(run, 4));
    if (!below(run, 12)) sink_format(&body, "\"sold_elsewhere\":%u,", 1 + (unsigned)below(run, 2));
    write_channel((unsigned)below(run, 12), &body);
    write_sub_ids((unsigned)below(run, 12), &body);
    write_excluded((unsigned)below(run, 42), &body);
    write_lead(run, &body, true, (unsigned)below(run, keyed ? 2 : 50), is_test);
    send(run, AUCTION_ONE_CALL, sink_written(&body), (unsigned)below(run, RANDOM_AFFILIATES), keyed);
}

static void act_hang_up(struct run *run)
{
    uint32_t count = run->world->requests_count;
    if (count) world_hang_up(run->world, count - 1 - (uint32_t)below(run, count < 20 ? count : 20));
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
static void know_market(struct run *run)
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
    know_market(run);
    snprintf(path, sizeof path, "%s/outcry.yaml", run->settings);
    if (!world_reload(run->world, path, note, sizeof note))
        world_wrong(run->world, "a reload was refused: %.3000s", note);
}

/* The operator asks the buyer, and says what it heard. */
static void resolve(struct run *run, uint32_t at)
{
    struct world *world = run->world;
    const struct model_post *post = &world->model.posts[at];
    char text[IDENT_TEXT + 1];
    struct world_said said;
    if (post->state != POST_UNKNOWN || world->ledger_broken) return;
    struct ident post_id = post->post_id;
    int buyer = town_find(world->town, post->intent.buyer);
    const char *knows = town_knows(world->town, buyer, (struct bytes){ident_text(&post_id, text), IDENT_TEXT});
    int status = world_say(world, &post_id, knows[0] == 'a', VERDICT_BY_OPERATOR, &said);
    if (status != 200) world_wrong(world, "a doubt could not be resolved: %d", status);
}

static void act_resolve(struct run *run)
{
    uint32_t count = run->world->model.posts_count;
    if (count) resolve(run, count - 1 - (uint32_t)below(run, count < 50 ? count : 50));
}

/* A buyer calls about one of its latest posts, once more at times, and with what it knows. */
static void act_verdict(struct run *run)
{
    struct world *world = run->world;
    uint32_t count = world->model.posts_count;
    char text[IDENT_TEXT + 1];
    struct world_said said, again;
    if (!count || world->ledger_broken) return;
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

static const struct {
    unsigned weight;
    void (*act)(struct run *run);
} acts[] = {{400, act_ping},   {400, act_post}, {150, act_lead}, {30, act_hang_up}, {40, act_push},
            {30, act_release}, {25, act_pay},   {6, act_pause},  {15, act_resolve}, {20, act_verdict},
            {4, act_reload},   {3, act_crash},  {1, act_break},  {1, act_drain},    {6, act_jump}};

static void act(struct run *run)
{
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) all += acts[i].weight;
    uint64_t drawn = below(run, all);
    size_t i = 0;
    while (drawn >= acts[i].weight) drawn -= acts[i++].weight;
    acts[i].act(run);
    world_pass(run->world, (int64_t)below(run, 4000));
}

/* A world
 * -------------------------------------------------------------------------------------------------------------- */

static bool begin(struct sim *sim, struct run *run, uint64_t seed)
{
    char path[160], note[NOTE_MAX];
    *run = (struct run){0};
    queue_open(&run->chance, 0, seed ^ 0x5eedu, false);
    snprintf(run->settings, sizeof run->settings, "%s", sim->folder);
    if (!random_write(&run->market, seed, sim->folder)) return false;
    snprintf(path, sizeof path, "%s/scenario.json", sim->folder);
    struct town *town = town_open(path, note);
    if (!town) {
        printf("%s\n", note);
        return false;
    }
    struct world_options options = {.seed = seed,
                                    .workers = 1 + (unsigned)below(run, WORLD_WORKERS_MAX),
                                    .wall_ms = START_MS,
                                    .commit_us = {300, 300 + (int64_t)below(run, 5000)},
                                    .way_us = {0, below(run, 2) ? 0 : 2000},
                                    .rough = true};
    snprintf(path, sizeof path, "%s/outcry.yaml", sim->folder);
    run->world = world_open(&options, path, town, note, sizeof note);
    if (!run->world) printf("%s\n", note);
    if (run->world) {
        run->world->sabotage = sim->sabotage;
        run->world->model.forgets_releases = sim->sabotage == SABOTAGE_BOOK;
        know_market(run);
    }
    return run->world != NULL;
}

/* What is open comes to its end, half of the doubts are resolved and their stories too. */
static void settle(struct run *run)
{
    struct world *world = run->world;
    if (world->ledger_broken) world_crash(world);
    for (unsigned turn = 0; turn < 2; turn++) {
        while (world_open_auctions(world) && world_step(world))
            ;
        world_pass(world, 1000000);
        for (uint32_t i = 0; turn == 0 && i < world->model.posts_count; i++)
            if (below(run, 2)) resolve(run, i);
    }
    while (world_open_auctions(world) && world_step(world))
        ;
    world_pass(world, 1000000);
}

static void add(struct sim *sim, const struct world *world)
{
    const uint64_t *from = (const uint64_t *)&world->counts;
    uint64_t *to = (uint64_t *)&sim->sum;
    for (size_t i = 0; i < sizeof world->counts / sizeof *from; i++) to[i] += from[i];
    struct model_totals totals;
    model_totals(&world->model, &totals);
    sim->sold += totals.sold;
    sim->worlds++;
}

static bool run_world(struct sim *sim, uint64_t number)
{
    struct run run;
    uint64_t seed = sim->seed * UINT64_C(0x9e3779b97f4a7c15) + number;
    if (!begin(sim, &run, seed)) return false;
    for (unsigned i = 0; i < ACTIONS_MAX && run.world->counts.auctions < AUCTIONS_PER_WORLD && !run.world->wrong[0];
         i++)
        act(&run);
    if (!run.world->wrong[0]) settle(&run);
    if (!run.world->wrong[0]) rules_check(run.world);
    bool good = !run.world->wrong[0];
    if (!good) printf("broken: %s\n", run.world->wrong);
    add(sim, run.world);
    world_close(&run.world);
    return good;
}

static void report(const struct sim *sim)
{
    const struct world_counts *sum = &sim->sum;
    printf("%llu worlds, %llu auctions (%llu pings, %llu posts, %llu one call, %llu taken up again), %llu sold, %llu "
           "calls,\n"
           "%llu doubts at %llu starts, %llu affiliates left, %llu drains,\n"
           "%llu pings refined, %llu told again, %llu leads auctioned anew, %llu early closes (%llu of several), %llu "
           "later tiers,\n"
           "%llu payments, %llu intents held against a limit, %llu sold to several, %llu sets of legs tried again, "
           "%llu of them of several, %llu too large to try\n",
           (unsigned long long)sim->worlds, (unsigned long long)sum->auctions, (unsigned long long)sum->pings,
           (unsigned long long)sum->posts, (unsigned long long)sum->one_calls, (unsigned long long)sum->resumed,
           (unsigned long long)sim->sold, (unsigned long long)sum->calls, (unsigned long long)sum->doubts,
           (unsigned long long)sum->crashes, (unsigned long long)sum->gone, (unsigned long long)sum->drains,
           (unsigned long long)sum->refined, (unsigned long long)sum->told_again, (unsigned long long)sum->reauctions,
           (unsigned long long)sum->early_closes, (unsigned long long)sum->early_sets,
           (unsigned long long)sum->later_tiers, (unsigned long long)sum->payments, (unsigned long long)sum->purses,
           (unsigned long long)sum->shared, (unsigned long long)sum->sets, (unsigned long long)sum->sets_several,
           (unsigned long long)sum->sets_skipped);
    printf("%llu doubts ended by themselves, %llu times a buyer was asked about one, %llu acceptances came too late\n",
           (unsigned long long)sum->ended, (unsigned long long)sum->asked_status, (unsigned long long)sum->told_late);
}

static bool read_number(const char *text, uint64_t *value)
{
    return text && bytes_u64(bytes_of(text), value);
}

static bool read_options(struct sim *sim, int argc, char **argv)
{
    uint64_t sabotage = 0;
    const struct {
        const char *name;
        uint64_t *value;
    } options[] = {
        {"--seed", &sim->seed}, {"--auctions", &sim->auctions}, {"--from", &sim->from}, {"--sabotage", &sabotage}};
    for (int i = 1; i < argc; i += 2) {
        bool known = false;
        for (size_t k = 0; k < sizeof options / sizeof *options; k++)
            known |= strcmp(argv[i], options[k].name) == 0 && read_number(argv[i + 1], options[k].value);
        if (!known || sabotage >= SABOTAGE_COUNT) return false;
    }
    sim->sabotage = (enum sabotage)sabotage;
    return true;
}

static void clear_folder(const char *folder)
{
    static const char *const names[] = {"outcry.yaml", "market.yaml", "scenario.json",
                                        "odd.txt",     "few.txt",     "areas.tsv"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int main(int argc, char **argv)
{
    struct sim sim = {.auctions = 100000, .folder = "/tmp/outcry-sim-XXXXXX"};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    sim.seed = (uint64_t)now.tv_sec * 1000003u + (uint64_t)now.tv_nsec;
    if (!read_options(&sim, argc, argv)) {
        fprintf(stderr, "usage: sim-seeded [--seed N] [--auctions N] [--from W] [--sabotage 1..%d]\n",
                SABOTAGE_COUNT - 1);
        return 2;
    }
    if (crypto_start() || !mkdtemp(sim.folder)) return 2;
    printf("seed %llu\n", (unsigned long long)sim.seed);
    bool good = true;
    uint64_t number = sim.from;
    while (good && sim.sum.auctions < sim.auctions) good = run_world(&sim, number++);
    if (!good)
        printf("again: sim-seeded --seed %llu --from %llu --auctions 1\n", (unsigned long long)sim.seed,
               (unsigned long long)(number - 1));
    report(&sim);
    clear_folder(sim.folder);
    crypto_stop();
    if (!sim.sabotage) return good ? 0 : 1;
    printf("the sabotage was %s\n", good ? "NOT found" : "found");
    return good ? 1 : 0;
}

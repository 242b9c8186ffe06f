/* sim_seeded [--seed N] [--auctions N] [--jobs N] [--from W] [--sabotage K]: world after world, each with its own
 * market, buyers and events drawn from the seed, until so many auctions have been run; the invariants hold in every
 * one, or a line is printed that runs the broken world alone again, also where a world ended the program.
 *
 * Worlds know nothing of each other, so that jobs share them: each is a process of its own and runs every n-th world.
 * --sabotage puts a fault into the world (world.h): then the exit status is 0 only if it was found. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/base/check.h"
#include "protocol/crypto/digest.h"
#include "tests/sim/acts.h"
#include "tests/sim/keeper.h"
#include "tests/sim/rules.h"
#include "tests/sim/sieve.h"

#define JOBS_MAX 64u
#define AUCTIONS_PER_WORLD 600u
#define ACTIONS_MAX 8000u
#define NOTE_MAX 4096
#define START_MS INT64_C(1772470800000)

struct sim {
    const char *program;
    uint64_t seed, auctions, jobs, from;
    enum sabotage sabotage;
    char folder[64], wrong[WORLD_WRONG_MAX];
    struct keeper *keeper;
    struct world_counts sum;
    uint64_t worlds, sold;
};

/* Between the jobs: who broke first, and what each has done. */
struct board {
    _Atomic uint64_t broken;
    struct share {
        uint64_t number; /* of its world */
        uint64_t worlds, sold;
        struct world_counts sum;
    } shares[JOBS_MAX];
};

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
                                    .workers = 1 + (unsigned)queue_draw(&run->chance, WORLD_WORKERS_MAX),
                                    .wall_ms = START_MS,
                                    .commit_us = {300, 300 + (int64_t)queue_draw(&run->chance, 5000)},
                                    .way_us = {0, queue_draw(&run->chance, 2) ? 0 : 2000},
                                    .rough = true,
                                    .swarm = run->market.swarm};
    snprintf(path, sizeof path, "%s/outcry.yaml", sim->folder);
    run->world = world_open(&options, path, town, note, sizeof note);
    if (!run->world) printf("%s\n", note);
    if (run->world) {
        run->world->sabotage = sim->sabotage;
        run->world->model.forgets_releases = sim->sabotage == SABOTAGE_BOOK;
        acts_know_market(run);
        if (swarm_has(run->market.swarm, SWARM_KEPT)) keeper_begin(sim->keeper, run->world);
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
            if (queue_draw(&run->chance, 2)) acts_resolve(run, i);
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
        acts_go(&run);
    if (!run.world->wrong[0]) settle(&run);
    if (!run.world->wrong[0]) rules_check(run.world);
    if (!run.world->wrong[0]) keeper_check(sim->keeper);
    keeper_end(sim->keeper);
    bool good = !run.world->wrong[0];
    if (!good) snprintf(sim->wrong, sizeof sim->wrong, "%s", run.world->wrong);
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
    printf("%llu messages lost, %llu twice, %llu at a deadline's edge, %llu stalled commits, %llu times no room, %llu "
           "looks at leads\n",
           (unsigned long long)sum->lost, (unsigned long long)sum->twice, (unsigned long long)sum->edges,
           (unsigned long long)sum->stalls, (unsigned long long)sum->fulls, (unsigned long long)sum->looks);
    printf(
        "%llu doubts ended by themselves, %llu times a buyer was asked about one, %llu acceptances came too late, %llu "
        "entries in the exchange's own rows, %llu returns, %llu copies\n",
        (unsigned long long)sum->ended, (unsigned long long)sum->asked_status, (unsigned long long)sum->told_late,
        (unsigned long long)sum->kept_steps, (unsigned long long)sum->returns, (unsigned long long)sum->copies);
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
    } options[] = {{"--seed", &sim->seed},
                   {"--auctions", &sim->auctions},
                   {"--jobs", &sim->jobs},
                   {"--from", &sim->from},
                   {"--sabotage", &sabotage}};
    for (int i = 1; i < argc; i += 2) {
        bool known = false;
        for (size_t k = 0; k < sizeof options / sizeof *options; k++)
            known |= strcmp(argv[i], options[k].name) == 0 && read_number(argv[i + 1], options[k].value);
        if (!known || sabotage >= SABOTAGE_COUNT || sim->jobs == 0 || sim->jobs > JOBS_MAX) return false;
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
    snprintf(path, sizeof path, "%s/book/data.mdb", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/book", folder);
    rmdir(path);
    rmdir(folder);
}

/* The one line that runs that world alone. Of several jobs only the first says it. */
static void tell_broken(const struct sim *sim, struct board *board, uint64_t number, const char *wrong)
{
    if (atomic_fetch_add(&board->broken, 1)) return;
    printf("broken: %s\nagain: %s --seed %llu --from %llu --auctions 1", wrong, sim->program,
           (unsigned long long)sim->seed, (unsigned long long)number);
    if (sim->sabotage) printf(" --sabotage %d", (int)sim->sabotage);
    printf("\n");
    fflush(stdout);
}

/* Every n-th world, until its share is done or somebody's world is broken. */
static void run_share(struct sim *sim, struct board *board, uint64_t job)
{
    struct share *share = &board->shares[job];
    uint64_t auctions = (sim->auctions + sim->jobs - 1) / sim->jobs;
    if (crypto_start() || !mkdtemp(sim->folder)) _exit(2);
    sim->keeper = keeper_open(sim->folder);
    check(sim->keeper != NULL);
    for (share->number = sim->from + job; sim->sum.auctions < auctions && !atomic_load(&board->broken);
         share->number += sim->jobs)
        if (!run_world(sim, share->number)) tell_broken(sim, board, share->number, sim->wrong);
    share->worlds = sim->worlds;
    share->sold = sim->sold;
    share->sum = sim->sum;
    keeper_close(&sim->keeper);
    clear_folder(sim->folder);
    crypto_stop();
}

static void gather(struct sim *sim, const struct share *share)
{
    const uint64_t *from = (const uint64_t *)&share->sum;
    uint64_t *to = (uint64_t *)&sim->sum;
    for (size_t i = 0; i < sizeof share->sum / sizeof *from; i++) to[i] += from[i];
    sim->worlds += share->worlds;
    sim->sold += share->sold;
}

static bool run_jobs(struct sim *sim)
{
    pid_t pids[JOBS_MAX];
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(board != MAP_FAILED);
    for (uint64_t job = 0; job < sim->jobs; job++) {
        pids[job] = fork();
        check(pids[job] >= 0);
        if (pids[job]) continue;
        run_share(sim, board, job);
        exit(0);
    }
    for (uint64_t job = 0; job < sim->jobs; job++) {
        int status = 0;
        check(waitpid(pids[job], &status, 0) == pids[job]);
        if (status) tell_broken(sim, board, board->shares[job].number, "the program ended");
        gather(sim, &board->shares[job]);
    }
    return atomic_load(&board->broken) == 0;
}

int main(int argc, char **argv)
{
    struct sim sim = {.program = argv[0], .auctions = 100000, .jobs = 1, .folder = "/tmp/outcry-sim-XXXXXX"};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    sim.seed = (uint64_t)now.tv_sec * 1000003u + (uint64_t)now.tv_nsec;
    if (!read_options(&sim, argc, argv)) {
        fprintf(stderr, "usage: sim_seeded [--seed N] [--auctions N] [--jobs 1..%u] [--from W] [--sabotage 1..%d]\n",
                JOBS_MAX, SABOTAGE_COUNT - 1);
        return 2;
    }
    printf("seed %llu\n", (unsigned long long)sim.seed);
    fflush(stdout);
    bool good = run_jobs(&sim);
    report(&sim);
    if (!sim.sabotage) return good ? 0 : 1;
    printf("the sabotage was %s\n", good ? "NOT found" : "found");
    return good ? 1 : 0;
}

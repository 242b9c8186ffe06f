/* How a campaign ranks: its own rules, and those of an experiment, which are the campaign's own but for what the
 * experiment names. A contract says what its place depends on (priority, weight, multiplier). */
#include "exchange/market/build.h"
#include "exchange/market/scalar.h"
#include "protocol/base/money.h"

#define SECOND_STEP_MICROS INT64_C(10000)
#define PRIORITY 100u
#define MULTIPLIER_MAX INT64_C(100000000) /* ppm: 100.00 */

static const char *const POLICY_NAMES[POLICIES] = {"price", "priority", "weighted", "round_robin", "even"};
static const char *const ARM_NAMES[ARMS] = {"", "control", "trial"};

const char *ranking_policy_name(enum ranking_policy policy)
{
    return POLICY_NAMES[policy];
}

const char *ranking_arm_name(enum ranking_arm arm)
{
    return ARM_NAMES[arm];
}

static void read_choice(struct build *build, const struct node *node, const char *name, const char *const *words,
                        bool *is_second_word)
{
    unsigned number = *is_second_word;
    build_word(build, node, name, words, 2, &number);
    *is_second_word = number == 1;
}

/* What `node` names of *ranking; the rest stays as it is. */
static void read_ranking(struct build *build, const struct node *node, struct ranking *ranking)
{
    static const char *const VALUES[] = {"price", "expected_value"}, *const PRICINGS[] = {"first", "second"},
                             *const UNAVAILABLE[] = {"skip", "last"};
    unsigned policy = ranking->policy;
    build_word(build, node, "policy", POLICY_NAMES, POLICIES, &policy);
    ranking->policy = (enum ranking_policy)policy;
    read_choice(build, node, "rank_by", VALUES, &ranking->by_expected_value);
    read_choice(build, node, "pricing", PRICINGS, &ranking->is_second_price);
    read_choice(build, node, "unavailable_bids", UNAVAILABLE, &ranking->unavailable_last);
    build_bool(build, node, "shadow", &ranking->is_shadow);
    build_money(build, node, "second_price_step", &ranking->second_step_micros);
}

static bool is_same(const struct ranking *a, const struct ranking *b)
{
    return a->policy == b->policy && a->by_expected_value == b->by_expected_value && a->is_shadow == b->is_shadow &&
           a->unavailable_last == b->unavailable_last && a->is_second_price == b->is_second_price &&
           a->second_step_micros == b->second_step_micros;
}

static void read_experiment(struct build *build, const struct node *node, struct campaign *campaign)
{
    const struct node *share = node_find(node, "share");
    int64_t ppm = 0;
    campaign->trial = campaign->ranking;
    if (!share || !scalar_percent(share, &ppm) || ppm <= 0 || ppm >= MONEY_PPM) {
        build_error(build, share ? share : node, "an experiment needs its share: more than 0 and less than 100");
        return;
    }
    campaign->trial_ppm = (uint32_t)ppm;
    read_ranking(build, node, &campaign->trial);
    if (is_same(&campaign->trial, &campaign->ranking))
        build_warning(build, node, "this experiment changes nothing: both arms have the same rules");
}

void build_ranking(struct build *build, const struct node *node, struct campaign *campaign)
{
    static const char *const MODES[] = {"parallel", "waterfall"};
    const struct node *experiment = node_find(node, "experiment");
    campaign->trial_cell = STANDING_NONE;
    campaign->ranking = (struct ranking){.second_step_micros = SECOND_STEP_MICROS};
    read_choice(build, node, "tier_mode", MODES, &campaign->is_waterfall);
    read_ranking(build, node, &campaign->ranking);
    if (experiment && experiment->kind == NODE_MAP) read_experiment(build, experiment, campaign);
}

void build_place(struct build *build, const struct node *node, struct contract *contract)
{
    int64_t multiplier_micros = MONEY_PPM;
    contract->tier = contract->weight = 1;
    contract->priority = PRIORITY;
    build_count(build, node, "tier", 1, &contract->tier);
    build_count(build, node, "priority", 0, &contract->priority);
    build_count(build, node, "weight", 1, &contract->weight);
    build_money(build, node, "multiplier", &multiplier_micros);
    if (multiplier_micros <= 0 || multiplier_micros > MULTIPLIER_MAX)
        build_error(build, node_find(node, "multiplier"), "a multiplier is above 0 and at most 100");
    else
        contract->multiplier_ppm = (uint32_t)multiplier_micros;
}

void build_count_today(struct build *build, struct contract *contract)
{
    if (contract->campaign >= build->catalogue->campaigns_count) return; /* told already */
    const struct campaign *campaign = &build->catalogue->campaigns[contract->campaign];
    bool is_even = campaign->ranking.policy == POLICY_EVEN ||
                   (campaign->trial_ppm && campaign->trial.policy == POLICY_EVEN);
    if (!is_even) return;
    struct cap_owner owner = {.kind = "even", .id = contract->id};
    struct cap *caps = build_zero(build, contract->caps_count + 1, sizeof *caps);
    if (!caps) return;
    if (contract->caps_count) memcpy(caps, contract->caps, contract->caps_count * sizeof *caps);
    struct cap *today = &caps[contract->caps_count];
    *today = (struct cap){.window = CAP_DAY, .limit = UINT32_MAX, .cell = STANDING_NONE};
    today->id = build_cap_id(&owner, today);
    contract->caps = caps;
    contract->counts_today = true;
}

static void write_rules(struct sink *sink, const struct ranking *ranking)
{
    sink_format(sink, "|%u %d %d %d %d %lld", (unsigned)ranking->policy, ranking->by_expected_value, ranking->is_shadow,
                ranking->unavailable_last, ranking->is_second_price, (long long)ranking->second_step_micros);
}

uint32_t build_trial_cell(struct build *build, const struct campaign *campaign)
{
    char text[256];
    struct sink sink = sink_over(text, sizeof text);
    if (!campaign->trial_ppm) return STANDING_NONE;
    sink_bytes(&sink, campaign->id);
    write_rules(&sink, &campaign->ranking);
    write_rules(&sink, &campaign->trial);
    uint32_t cell = standing_experiment_cell(build->source->standing, sink_written(&sink));
    if (cell == STANDING_NONE) build->no_memory = true;
    return cell;
}

/* Of campaigns by number: the tier of their first contract, and whether another one has another. */
void build_check_tiers(struct build *build)
{
    const struct catalogue *catalogue = build->catalogue;
    const struct node *list = node_find(build->source->document, "campaigns");
    uint32_t *tiers = build_zero(build, catalogue->campaigns_count, sizeof *tiers), made = 0;
    bool *differ = build_zero(build, catalogue->campaigns_count, sizeof *differ);
    if (!list || !tiers || !differ || catalogue->campaigns_count == 0) return;
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        const struct contract *contract = &catalogue->contracts[i];
        if (contract->campaign >= catalogue->campaigns_count) continue;
        uint32_t *tier = &tiers[contract->campaign];
        differ[contract->campaign] |= *tier && *tier != contract->tier;
        *tier = contract->tier;
    }
    NODE_EACH(node, list)
    {
        uint32_t i = made++;
        if (catalogue->campaigns[i].is_waterfall && tiers[i] && !differ[i])
            build_warning(build, node_find(node, "tier_mode"),
                          "a waterfall of one step: all contracts of this campaign are in tier %u", tiers[i]);
    }
}

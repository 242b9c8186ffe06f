/* Campaigns, second part: what makes a lead good, or no lead at all. Which zip has to be in which
 * state is settled here, so that a ping knows no geography. */
#include "exchange/market/build.h"
#include "exchange/market/filter.h"
#include "exchange/market/scalar.h"
#include "exchange/market/score.h"
#include "protocol/message/consent.h"

#define TEST_PATTERNS_MAX 64u

static void read_consent(struct build *build, const struct node *node, struct campaign *campaign);
static void read_patterns(struct build *build, const struct node *node, struct campaign *campaign);
static void read_score(struct build *build, const struct node *node, struct campaign *campaign);
static void pair_zips(struct build *build, const struct node *node, struct campaign *campaign);

void build_quality(struct build *build, const struct node *node, struct campaign *campaign)
{
    read_consent(build, node_find(node, "consent"), campaign);
    read_patterns(build, node, campaign);
    read_score(build, node, campaign);
    pair_zips(build, node, campaign);
}

static void read_consent(struct build *build, const struct node *node, struct campaign *campaign)
{
    static const char *const WHEN[] = {"post", "ping"};
    uint32_t count;
    unsigned when = 0;
    const struct node *list = build_list(build, node, "required", &count);
    struct bytes *required = build_zero(build, count, sizeof *required);
    build_word(build, node, "required_at", WHEN, 2, &when);
    campaign->quality.consent_at_ping = when == 1;
    if (when == 1 && count == 0)
        build_warning(build, node_find(node, "required_at"),
                      "nothing of the consent is required, at the ping or later [consent_not_required]");
    if (!list || !required) return;
    campaign->quality.consent_required = required;
    NODE_EACH(child, list)
    {
        struct bytes text = BYTES_NONE;
        if (!scalar_text(child, &text) || !consent_has_part(text))
            build_error(build, child, "the record of a consent has no %.*s", BUILD_SHOWN(text));
        else
            required[campaign->quality.consent_required_count++] = build_copy(build, text);
    }
}

/* [{field: phone, matches: "^\\+1...55501"}]: each is a condition of its own. */
static void read_patterns(struct build *build, const struct node *node, struct campaign *campaign)
{
    uint32_t count, made = 0;
    const struct node *list = build_list(build, node, "test_patterns", &count);
    if (!list) return;
    if (count > TEST_PATTERNS_MAX) {
        build_error(build, list, "a campaign has at most %u test patterns", TEST_PATTERNS_MAX);
        return;
    }
    const struct filter **patterns = build_zero(build, count, sizeof(const struct filter *));
    if (!patterns) return;
    NODE_EACH(child, list)
    {
        if (!node_find(child, "field") || !node_find(child, "matches") || child->count != 2) {
            build_error(build, child, "a test pattern is written {field: phone, matches: \"...\"}");
            continue;
        }
        patterns[made] = build_filter(build, campaign, child);
        made += patterns[made] != NULL;
    }
    campaign->quality.test_patterns = patterns;
    campaign->quality.test_patterns_count = made;
}

static void read_points(struct build *build, const struct node *node, int64_t *points)
{
    const struct node *value = node_find(node, "points");
    if (!scalar_i64(value, points) || *points < -SCORE_POINTS_MAX || *points > SCORE_POINTS_MAX)
        build_error(build, value ? value : node, "a score rule needs points, from -%d to %d", SCORE_POINTS_MAX,
                    SCORE_POINTS_MAX);
    else if (*points == 0)
        build_warning(build, value, "a rule of 0 points changes nothing [score_without_points]");
}

/* The rules become the campaign's when all are read: until then a condition on the score finds none. */
static void read_score(struct build *build, const struct node *node, struct campaign *campaign)
{
    uint32_t count, made = 0;
    const struct node *list = build_list(build, node, "score", &count);
    if (!list) return;
    if (count > SCORE_RULES_MAX) {
        build_error(build, list, "a campaign has at most %u score rules", SCORE_RULES_MAX);
        return;
    }
    struct score_rule *rules = build_zero(build, count, sizeof *rules);
    if (!rules) return;
    NODE_EACH(child, list)
    {
        struct score_rule *rule = &rules[made++];
        const struct node *when = node_find(child, "when");
        read_points(build, child, &rule->points);
        if (when) rule->when = build_filter(build, campaign, when);
        if (rule->when && filter_is_private(rule->when))
            build_error(build, when, "looks at a private field: a score is of what the ping tells");
    }
    campaign->quality.score = rules;
    campaign->quality.score_count = made;
}

static uint32_t fields_of(const struct campaign *campaign, enum field_type type)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < campaign->fields_count; i++) count += campaign->fields[i].type == type;
    return count;
}

/* "to_zip" goes with "to_state". */
static bool go_together(struct bytes zip, struct bytes state)
{
    for (size_t at = 0; at + 3 <= zip.len; at++) {
        if (memcmp(zip.at + at, "zip", 3) != 0 || state.len != zip.len + 2) continue;
        if (bytes_same(bytes_first(zip, at), bytes_first(state, at)) &&
            bytes_starts(bytes_from(state, at), BYTES("state")) &&
            bytes_same(bytes_from(zip, at + 3), bytes_from(state, at + 5)))
            return true;
    }
    return false;
}

/* One zip and one state belong together whatever they are called; of several, those whose names say so. */
static void pair_zips(struct build *build, const struct node *node, struct campaign *campaign)
{
    uint32_t zips = fields_of(campaign, FIELD_US_ZIP), states = fields_of(campaign, FIELD_US_STATE), made = 0;
    if (!build->source->geo || !build->source->geo->zips || zips == 0 || states == 0) return;
    struct zip_pair *pairs = build_zero(build, (size_t)zips * states, sizeof *pairs);
    if (!pairs) return;
    for (uint32_t zip = 0; zip < campaign->fields_count; zip++) {
        for (uint32_t state = 0; state < campaign->fields_count; state++) {
            const struct field *a = &campaign->fields[zip], *b = &campaign->fields[state];
            if (a->type != FIELD_US_ZIP || b->type != FIELD_US_STATE) continue;
            if ((zips == 1 && states == 1) || go_together(a->name, b->name))
                pairs[made++] = (struct zip_pair){zip, state};
        }
    }
    if (made) campaign->quality.zip_places = build_places(build, node);
    campaign->quality.zip_pairs = pairs;
    campaign->quality.zip_pairs_count = campaign->quality.zip_places ? made : 0;
}

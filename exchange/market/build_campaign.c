/* Campaigns: the schema of a lead first, because every contract's filter is read against it. Fields keep the document's
 * order: it is the order buyers see them in. */
#include "exchange/market/build_aftersale.h"

#include "exchange/market/legs.h"
#include "exchange/market/scalar.h"
#include "exchange/record/offer.h"

#define TIMEOUT_US INT64_C(1000000)
#define POST_TIMEOUT_US INT64_C(3000000)
#define OFFER_TTL_US INT64_C(300000000)
#define REPING_WINDOW_US INT64_C(60000000)

static void read_campaign(struct build *build, const struct node *node, struct campaign *campaign);
static void read_retention(struct build *build, const struct node *node, struct campaign *campaign);
static void read_pings(struct build *build, const struct node *node, struct campaign *campaign);
static void read_sales(struct build *build, const struct node *node, struct campaign *campaign);
static void read_fields(struct build *build, const struct node *node, struct campaign *campaign);
static void read_field(struct build *build, const struct node *node, struct field *field);
static void read_limits(struct build *build, const struct node *node, struct field *field);
static void read_choices(struct build *build, const struct node *node, struct field *field);

void build_campaigns(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    uint32_t count, made = 0;
    const struct node *list = build_list(build, build->source->document, "campaigns", &count);
    catalogue->campaigns = build_zero(build, count, sizeof *catalogue->campaigns);
    if (!list || !catalogue->campaigns) return;
    catalogue->campaigns_count = count;
    NODE_EACH(node, list)
    {
        struct campaign *campaign = &catalogue->campaigns[made];
        campaign->index = made++;
        campaign->list_names = &catalogue->list_names;
        build_id(build, node, "campaign", &catalogue->campaign_ids, campaign->index, &campaign->id);
        read_campaign(build, node, campaign);
    }
}

static void read_campaign(struct build *build, const struct node *node, struct campaign *campaign)
{
    static const char *const PROMISES[] = {"squeeze", "keep"};
    unsigned promise = PROMISE_SQUEEZE;
    campaign->timeout_us = TIMEOUT_US;
    campaign->post_timeout_us = POST_TIMEOUT_US;
    campaign->offer_ttl_us = OFFER_TTL_US;
    build_duration(build, node, "timeout", &campaign->timeout_us);
    build_duration(build, node, "post_timeout", &campaign->post_timeout_us);
    build_duration(build, node, "offer_ttl", &campaign->offer_ttl_us);
    build_word(build, node, "promise", PROMISES, 2, &promise);
    campaign->promise = (enum promise_kind)promise;
    build_money(build, node, "min_margin", &campaign->min_margin_micros);
    read_sales(build, node, campaign);
    read_pings(build, node, campaign);
    read_retention(build, node, campaign);
    build_margin(build, node, &campaign->margin);
    build_onward(build, node, campaign);
    build_ranking(build, node, campaign);
    read_fields(build, node, campaign);
    build_quality(build, node, campaign);
    build_whereabouts(campaign);
    build_quiet(build, node, campaign);
    build_text(build, node, "exit_url", &campaign->exit_url);
    build_bool(build, node, "paused", &campaign->paused);
}

/* What a ping binds to that comes after it. */
static void read_sales(struct build *build, const struct node *node, struct campaign *campaign)
{
    static const char *const OBJECTIVE_WORDS[OBJECTIVES] = {"payout", "revenue", "margin"};
    unsigned objective = OBJECTIVE_PAYOUT;
    uint32_t sales = 1;
    build_word(build, node, "objective", OBJECTIVE_WORDS, OBJECTIVES, &objective);
    build_count(build, node, "max_sales", 1, &sales);
    if (sales > OFFER_SALES_MAX) build_error(build, node_find(node, "max_sales"), "max_sales is at most 8");
    campaign->objective = (uint8_t)objective;
    campaign->max_sales = (uint8_t)sales;
}

static void read_retention(struct build *build, const struct node *node, struct campaign *campaign)
{
    const struct node *retention = node_find(node, "retention");
    int64_t us = 0;
    if (!retention) return;
    if (!scalar_duration(retention, &us) || us < 1000) {
        build_error(build, retention, "retention needs a duration such as 5y");
        return;
    }
    campaign->retention_ms = us / 1000;
    if (us < campaign->offer_ttl_us)
        build_warning(build, retention,
                      "retention is shorter than offer_ttl: a lead may be gone before it can be sold again");
}

static void read_pings(struct build *build, const struct node *node, struct campaign *campaign)
{
    static const char *const MISMATCHES[] = {"refuse", "reauction"};
    unsigned mismatch = 0;
    campaign->reping_window_us = REPING_WINDOW_US;
    campaign->max_refines = OFFER_REFINES_MAX;
    build_word(build, node, "on_mismatch", MISMATCHES, 2, &mismatch);
    build_count(build, node, "max_refines", 0, &campaign->max_refines);
    campaign->reauctions_mismatch = mismatch == 1;
    const struct node *window = node_find(node, "reping_window");
    if (window && !scalar_duration(window, &campaign->reping_window_us)) /* 0s is one too: never */
        build_error(build, window, "reping_window needs a duration such as 60s");
    if (window && campaign->reping_window_us > campaign->offer_ttl_us)
        build_warning(build, window, "reping_window is longer than offer_ttl: no offer stands that long");
}

static void read_fields(struct build *build, const struct node *node, struct campaign *campaign)
{
    const struct node *map = node_find(node, "fields");
    uint32_t made = 0;
    if (!map || map->kind != NODE_MAP || map->count == 0) {
        build_error(build, map ? map : node, "a campaign needs fields");
        return;
    }
    if (map->count > CAMPAIGN_FIELDS_MAX) {
        build_error(build, map, "a campaign has at most %u fields", CAMPAIGN_FIELDS_MAX);
        return;
    }
    struct field *fields = build_zero(build, map->count, sizeof *fields);
    if (!fields) return;
    NODE_EACH(child, map) read_field(build, child, &fields[made++]);
    campaign->fields = fields;
    campaign->fields_count = made;
}

static void read_field(struct build *build, const struct node *node, struct field *field)
{
    static const char *const REQUIRED[] = {"", "ping", "post"};
    const struct node *type = node_find(node, "type");
    struct bytes name;
    unsigned required = FIELD_OPTIONAL;
    *field = (struct field){.name = build_copy(build, node->key), .is_private = true};
    if (node->key.len == 0 || node->key.len > FIELD_NAME_MAX)
        build_error(build, node, "a field's name has 1 to %d bytes", FIELD_NAME_MAX);
    if (!scalar_text(type, &name) || !field_type_find(name, &field->type)) {
        build_error(build, type ? type : node, "a field needs a type");
        return;
    }
    build_word(build, node, "required", REQUIRED, 3, &required);
    field->required = (enum field_required)required;
    build_bool(build, node, "private", &field->is_private);
    if (field->is_private && field->required == FIELD_AT_PING)
        build_error(build, node, "field %.*s is required in the ping but private (say private: false)",
                    BUILD_SHOWN(field->name));
    read_limits(build, node, field);
    read_choices(build, node, field);
}

/* Into *limit, in the form of the field's numbers. */
static void read_limit(struct build *build, const struct node *node, const struct field *field, const char *name,
                       int64_t *limit)
{
    const struct node *value = node_find(node, name);
    struct fact fact = {.number = 0};
    struct field_fault fault;
    bool fine = true;
    if (!value) return;
    if (field->type == FIELD_DECIMAL)
        fine = scalar_money(value, &fact.number);
    else if (field->type == FIELD_DATE)
        fine = field_read(&(struct field){.type = FIELD_DATE, .min = INT64_MIN, .max = INT64_MAX}, value, build->arena,
                          &fact, &fault) == FIELD_FINE;
    else
        fine = scalar_i64(value, &fact.number);
    if (fine)
        *limit = fact.number;
    else
        build_error(build, value, "%s needs a %s", name,
                    field->type == FIELD_DATE      ? "date such as 1985-04-12"
                    : field->type == FIELD_DECIMAL ? "number with at most six decimals"
                                                   : "whole number");
}

static void read_limits(struct build *build, const struct node *node, struct field *field)
{
    const struct node *min = node_find(node, "min"), *max = node_find(node, "max");
    bool is_number = field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL || field->type == FIELD_DATE;
    bool is_long = field->type == FIELD_TEXT || field->type == FIELD_URL;
    field->min = is_number ? INT64_MIN : 0;
    field->max = field->type == FIELD_TEXT ? FIELD_TEXT_MAX : field->type == FIELD_URL ? FIELD_URL_MAX : INT64_MAX;
    if (min && !is_number) build_error(build, min, "a field of type %s has no min", field_type_name(field->type));
    if (max && !is_number && !is_long)
        build_error(build, max, "a field of type %s has no max", field_type_name(field->type));
    if (is_number) read_limit(build, node, field, "min", &field->min);
    if (is_number || is_long) read_limit(build, node, field, "max", &field->max);
    if (field->min > field->max) build_error(build, node, "min is above max: the field can have no value");
    if (is_long && field->max < 1) build_error(build, node, "a text needs room for a byte");
}

static void read_choices(struct build *build, const struct node *node, struct field *field)
{
    uint32_t count;
    const struct node *list = build_list(build, node, "of", &count);
    struct table seen;
    if (field->type != FIELD_CHOICE) {
        if (list) build_error(build, list, "only a choice has of");
        return;
    }
    if (count == 0 || count > FIELD_CHOICES_MAX) {
        build_error(build, list ? list : node, "a choice needs of: a list of 1 to %u values", FIELD_CHOICES_MAX);
        return;
    }
    struct bytes *choices = build_zero(build, count, sizeof *choices);
    if (!choices) return;
    table_init(&seen);
    field->choices = choices;
    NODE_EACH(child, list)
    {
        struct bytes text;
        if (!scalar_text(child, &text) || text.len == 0) {
            build_error(build, child, "a choice is a text that is not empty");
            continue;
        }
        if (table_find(&seen, text) != TABLE_NONE)
            build_error(build, child, "the choice %.*s stands twice", BUILD_SHOWN(text));
        if (table_put(&seen, text, 0) != FAULT_NONE) build->no_memory = true;
        choices[field->choices_count++] = build_copy(build, text);
    }
    table_free(&seen);
}

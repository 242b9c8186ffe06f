/* Affiliates and buyers: who they are, by which keys they are known, and on what terms they stand. */
#include "exchange/market/build_addresses.h"
#include "exchange/market/build_aftersale.h"
#include "exchange/market/redirect.h"
#include "exchange/market/rehearsal.h"
#include "exchange/market/scalar.h"

static void read_affiliate(struct build *build, const struct node *node, struct affiliate *affiliate);
static void read_campaigns(struct build *build, const struct node *node, struct affiliate *affiliate);
static void read_caps(struct build *build, const struct node *node, struct affiliate *affiliate);
static void read_buyer(struct build *build, const struct node *node, struct buyer *buyer);
static void read_purse(struct build *build, const struct node *funds, struct purse *purse);
static void read_zone(struct build *build, const struct node *node, struct buyer *buyer);
static void read_secrets(struct build *build, const struct node *node, struct buyer *buyer);
static void read_hosts(struct build *build, const struct node *list, const struct node *node, struct buyer *buyer);
static uint32_t read_keys(struct build *build, const struct node *node, enum principal_kind kind, uint32_t index);

/* Room for every key of affiliates and buyers, taken before the first is read. */
static void open_principals(struct build *build)
{
    static const char *const OWNERS[] = {"affiliates", "buyers"};
    size_t room = 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct node *list = node_find(build->source->document, OWNERS[i]);
        if (!list || list->kind != NODE_LIST) continue;
        NODE_EACH(node, list)
        {
            const struct node *keys = node_find(node, "keys");
            if (keys && keys->kind == NODE_LIST) room += keys->count;
        }
    }
    build->catalogue->principals = build_zero(build, room, sizeof *build->catalogue->principals);
}

void build_affiliates(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    uint32_t count, made = 0;
    const struct node *list = build_list(build, build->source->document, "affiliates", &count);
    open_principals(build);
    catalogue->affiliates = build_zero(build, count, sizeof *catalogue->affiliates);
    if (!list || !catalogue->affiliates || !catalogue->principals) return;
    catalogue->affiliates_count = count;
    NODE_EACH(node, list)
    {
        struct affiliate *affiliate = &catalogue->affiliates[made];
        affiliate->index = made++;
        affiliate->cell = STANDING_NONE;
        build_id(build, node, "affiliate", &catalogue->affiliate_ids, affiliate->index, &affiliate->id);
        read_affiliate(build, node, affiliate);
    }
}

void build_buyers(struct build *build)
{
    struct catalogue *catalogue = build->catalogue;
    uint32_t count, made = 0;
    const struct node *list = build_list(build, build->source->document, "buyers", &count);
    catalogue->buyers = build_zero(build, (size_t)count + REHEARSAL_BUYERS, sizeof *catalogue->buyers);
    if (!list || !catalogue->buyers || !catalogue->principals) return;
    catalogue->buyers_count = count;
    NODE_EACH(node, list)
    {
        struct buyer *buyer = &catalogue->buyers[made];
        buyer->index = made++;
        buyer->cell = STANDING_NONE;
        build_id(build, node, "buyer", &catalogue->buyer_ids, buyer->index, &buyer->id);
        read_buyer(build, node, buyer);
    }
}

static void read_affiliate(struct build *build, const struct node *node, struct affiliate *affiliate)
{
    static const char *const REVEALS[] = {"id", "name", "none"}, *const BIDS[] = {"none", "best", "all"};
    static const char *const PENDING[] = {"wait", "release"};
    unsigned reveal = REVEAL_ID, bids = REVEAL_NO_BIDS, pending = 0;
    uint32_t sales = 0;
    build_money(build, node, "min_price", &affiliate->min_price_micros);
    build_count(build, node, "max_sales", 1, &sales);
    affiliate->max_sales = (uint8_t)sales;
    build_margin(build, node, &affiliate->margin);
    build_pay(build, node, &affiliate->margin);
    build_sources(build, node, affiliate);
    build_count(build, node_find(node, "rate"), "pings_per_s", 1, &affiliate->pings_per_s);
    build_word(build, node_find(node, "reveal"), "buyers", REVEALS, 3, &reveal);
    build_word(build, node_find(node, "reveal"), "bids", BIDS, 3, &bids);
    build_bool(build, node_find(node, "reveal"), "stages", &affiliate->reveal_stages);
    affiliate->reveal = (enum reveal_buyers)reveal;
    affiliate->reveal_bids = (enum reveal_bids)bids;
    build_word(build, node, "on_pending", PENDING, 2, &pending);
    affiliate->releases = pending == 1;
    build_bool(build, node, "paused", &affiliate->paused);
    build_duration(build, node_find(node, "terms"), "clear_after", &affiliate->clear_after_us);
    build_affiliate_notices(build, node, affiliate);
    build_return_share(build, node, &affiliate->returns);
    read_campaigns(build, node, affiliate);
    read_caps(build, node, affiliate);
    if (read_keys(build, node, PRINCIPAL_AFFILIATE, affiliate->index) == 0)
        build_warning(build, node, "affiliate %.*s has no key: it cannot send leads [no_key]",
                      BUILD_SHOWN(affiliate->id));
}

static void read_campaigns(struct build *build, const struct node *node, struct affiliate *affiliate)
{
    uint32_t count;
    const struct node *list = build_list(build, node, "campaigns", &count);
    uint32_t *campaigns = build_zero(build, count, sizeof *campaigns);
    if (count == 0)
        build_warning(build, list ? list : node, "affiliate %.*s may sell in no campaign [no_campaign]",
                      BUILD_SHOWN(affiliate->id));
    if (!list || !campaigns) return;
    affiliate->campaigns = campaigns;
    NODE_EACH(child, list)
    {
        struct bytes id;
        uint32_t found = scalar_text(child, &id) ? table_find(&build->catalogue->campaign_ids, id) : TABLE_NONE;
        bool twice = false;
        if (found == TABLE_NONE) {
            build_error(build, child, "there is no such campaign");
            continue;
        }
        for (uint32_t i = 0; i < affiliate->campaigns_count; i++) twice |= campaigns[i] == found;
        if (twice)
            build_error(build, child, "campaign %.*s stands twice", BUILD_SHOWN(id));
        else
            campaigns[affiliate->campaigns_count++] = found;
    }
}

/* One count in each campaign, in the house's time zone: an affiliate has no other. */
static void read_caps(struct build *build, const struct node *node, struct affiliate *affiliate)
{
    const struct catalogue *catalogue = build->catalogue;
    struct cap_owner owner = {.kind = "affiliate", .id = affiliate->id};
    uint32_t count;
    const struct cap *caps = build_caps(build, node, &owner, catalogue->zone, &count);
    struct cap *made = build_zero(build, (size_t)count * affiliate->campaigns_count, sizeof *made);
    if (!made) return;
    affiliate->caps = made;
    affiliate->caps_count = count;
    for (uint32_t i = 0; i < count * affiliate->campaigns_count; i++) {
        owner.campaign = catalogue->campaigns[affiliate->campaigns[i / count]].id;
        made[i] = caps[i % count];
        made[i].id = build_cap_id(&owner, &made[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].per == CAP_PER_AFFILIATE)
            build_error(build, node_find(node, "caps"), "a cap of an affiliate cannot be per affiliate");
}

static void read_buyer(struct build *build, const struct node *node, struct buyer *buyer)
{
    buyer->group = buyer->id;
    build_text(build, node, "group", &buyer->group);
    build_text(build, node, "public_name", &buyer->public_name);
    build_count(build, node, "max_in_flight", 1, &buyer->max_in_flight);
    build_count(build, node, "max_pings_per_s", 1, &buyer->max_pings_per_s);
    read_zone(build, node, buyer);
    buyer->schedule = build_schedule(build, node, buyer->zone);
    struct cap_owner owner = {.kind = "buyer", .id = buyer->id};
    buyer->caps = build_caps(build, node, &owner, buyer->zone, &buyer->caps_count);
    read_purse(build, node_find(node, "funds"), &buyer->purse);
    read_secrets(build, node, buyer);
    build_buyer_notices(build, node, buyer);
    build_text(build, node, "hash_secret", &buyer->hash_secret);
    read_hosts(build, node_find(node, "redirect_hosts"), node, buyer);
    read_keys(build, node, PRINCIPAL_BUYER, buyer->index);
}

/* What is low is kept as a balance: of a credit, one that has used up all but low_at. */
static void read_purse(struct build *build, const struct node *funds, struct purse *purse)
{
    bool is_prepaid = false, has_credit = funds && node_find(funds, "credit_limit");
    if (!funds || funds->kind != NODE_MAP) return;
    build_bool(build, funds, "prepaid", &is_prepaid);
    build_money(build, funds, "credit_limit", &purse->credit_micros);
    build_money(build, funds, "low_at", &purse->low_micros);
    purse->is_limited = true;
    purse->has_low = node_find(funds, "low_at") != NULL;
    if (is_prepaid && has_credit)
        build_error(build, node_find(funds, "credit_limit"), "prepaid buyers have no credit_limit: one of the two");
    else if (!is_prepaid && !has_credit)
        build_error(build, funds, "funds needs prepaid: true or a credit_limit; without funds a buyer has no limit");
    if (has_credit && purse->has_low && purse->low_micros >= purse->credit_micros)
        build_error(build, node_find(funds, "low_at"), "low_at is what is left of the credit_limit: less than that");
    purse->low_micros -= purse->credit_micros;
}

static void read_zone(struct build *build, const struct node *node, struct buyer *buyer)
{
    struct bytes name = BYTES_NONE;
    build_text(build, node, "time_zone", &name);
    buyer->zone = build_zone(build, name);
    if (buyer->zone) return;
    buyer->zone = zone_utc();
    build_error(build, node_find(node, "time_zone"), "there is no time zone %.*s", BUILD_SHOWN(name));
}

static void read_secrets(struct build *build, const struct node *node, struct buyer *buyer)
{
    const struct node *secret = node_find(node, "signing_secret");
    if (build->is_unpack) return;
    if (!secret || (secret->kind == NODE_LIST && secret->count == 0)) {
        build_error(build, node, "buyer %.*s needs a signing_secret: our calls are signed with it",
                    BUILD_SHOWN(buyer->id));
        return;
    }
    if (secret->kind != NODE_LIST) {
        build_secret(build, secret, "signing_secret", buyer->secrets, &buyer->secrets_count);
        return;
    }
    NODE_EACH(child, secret)
    build_secret(build, child, "signing_secret", buyer->secrets, &buyer->secrets_count);
}

/* Whole host names: quote.north.example, without scheme, port or path. */
static void read_hosts(struct build *build, const struct node *list, const struct node *node, struct buyer *buyer)
{
    char url[300];
    if (!list || list->kind != NODE_LIST) return;
    build_names(build, node, "redirect_hosts", &buyer->redirect_hosts);
    NODE_EACH(child, list)
    {
        struct bytes host = BYTES_NONE;
        struct sink sink = sink_over(url, sizeof url);
        sink_text(&sink, "https://");
        if (scalar_text(child, &host)) sink_bytes(&sink, host);
        if (sink.cut || !host.len || !bytes_same(redirect_host(sink_written(&sink)), host))
            build_error(build, child, "%.*s is no host name such as quote.north.example", BUILD_SHOWN(host));
    }
}

static bool is_buyer_or_group(const struct catalogue *catalogue, struct bytes name)
{
    if (table_find(&catalogue->buyer_ids, name) != TABLE_NONE) return true;
    for (uint32_t i = 0; i < catalogue->buyers_count; i++)
        if (bytes_same(catalogue->buyers[i].group, name)) return true;
    return false;
}

/* A name that nobody has is a slip of the pen, and would let through what was meant to be kept out. */
static void check_names(struct build *build, const struct node *list, bool of_buyers)
{
    if (!list || list->kind != NODE_LIST) return;
    NODE_EACH(child, list)
    {
        struct bytes name;
        if (!scalar_text(child, &name)) continue;
        if (of_buyers && !is_buyer_or_group(build->catalogue, name))
            build_error(build, child, "there is no buyer and no group %.*s", BUILD_SHOWN(name));
        if (!of_buyers && table_find(&build->catalogue->affiliate_ids, name) == TABLE_NONE)
            build_error(build, child, "there is no affiliate %.*s", BUILD_SHOWN(name));
    }
}

void build_exclusions(struct build *build)
{
    const struct node *affiliates = node_find(build->source->document, "affiliates");
    const struct node *buyers = node_find(build->source->document, "buyers");
    uint32_t made = 0;
    if (affiliates && build->catalogue->affiliates_count) {
        NODE_EACH(node, affiliates)
        {
            build_names(build, node, "exclude_buyers", &build->catalogue->affiliates[made++].exclude_buyers);
            check_names(build, node_find(node, "exclude_buyers"), true);
        }
    }
    made = 0;
    if (!buyers || !build->catalogue->buyers_count) return;
    NODE_EACH(node, buyers)
    {
        struct buyer *buyer = &build->catalogue->buyers[made++];
        const struct node *exclude = node_find(node, "exclude");
        build_names(build, exclude, "affiliates", &buyer->exclude_affiliates);
        build_names(build, exclude, "sources", &buyer->exclude_sources);
        check_names(build, node_find(exclude, "affiliates"), false);
    }
}

/* "sha256:" and 64 hexadecimal digits; returns how many there are. */
static uint32_t read_keys(struct build *build, const struct node *node, enum principal_kind kind, uint32_t index)
{
    struct catalogue *catalogue = build->catalogue;
    uint32_t count;
    const struct node *list = build_list(build, node, "keys", &count);
    if (!list) return 0;
    NODE_EACH(child, list)
    {
        struct bytes text;
        struct digest *key = build_zero(build, 1, sizeof *key);
        if (!key) return count;
        if (!scalar_text(child, &text) || !bytes_starts(text, BYTES("sha256:")) ||
            !bytes_unhex(bytes_from(text, 7), key->at, DIGEST_LEN)) {
            build_error(build, child, "a key is written sha256: and 64 hexadecimal digits");
            continue;
        }
        struct bytes raw = {(const char *)key->at, DIGEST_LEN};
        if (table_find(&catalogue->keys, raw) != TABLE_NONE) {
            build_error(build, child, "this key is given to someone already");
            continue;
        }
        catalogue->principals[catalogue->principals_count] = (struct principal){kind, index};
        if (table_put(&catalogue->keys, raw, catalogue->principals_count++) != FAULT_NONE) build->no_memory = true;
    }
    return count;
}

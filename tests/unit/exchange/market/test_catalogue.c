/* catalogue: a whole one read back member by member, every contradiction told, packing, counting, and many contracts.
 */
#include "exchange/market/catalogue.h"

#include "tests/unit/exchange/market/world.h"

static struct world world;

#define CONTRACT(id) "'id':'" id "','campaign':'auto','post_url':'https://north.example/post'"
#define LIVE "'price':'live','ping_url':'https://north.example/ping'"

static const char WHOLE[] =
    "{'campaigns':[" WORLD_CAMPAIGN ",{'id':'solar','promise':'keep','min_margin':'1','offer_ttl':'60s',"
    "'fields':{'roof':{'type':'text','private':'false'}}}],"
    "'affiliates':[{'id':'best','keys':['" WORLD_KEY(
        "a1b2c3d4") "'],'campaigns':['auto','solar'],'min_price':'2.00',"
                    "'margin':{'percent':'15'},'reveal':{'buyers':'name'},'rate':{'pings_per_s':'500'},'paused':'false'"
                    "},"
                    "{'id':'other','keys':['" WORLD_KEY("00000001") "','" WORLD_KEY(
                        "00000002") "'],'campaigns':['solar'],"
                                    "'paused':'true'}],"
                                    "'buyers':[{" WORLD_BUYER(
                                        "north") ",'group':'holding','public_name':'Northern','time_zone':'America/"
                                                 "New_York',"
                                                 "'keys':['" WORLD_KEY(
                                                     "0000000b") "'],'max_in_flight':'200','max_pings_per_s':1000,'"
                                                                 "contracts':["
                                                                 "{" CONTRACT(
                                                                     "north-ca") "," LIVE
                                                                                 ",'ping_timeout':'400ms','post_"
                                                                                 "timeout':'2s','min_price':'1.00','"
                                                                                 "max_price':'80',"
                                                                                 "'tier':'2','filter':{'field':'state',"
                                                                                 "'in':['CA','NV']},'schedule':{'mon-"
                                                                                 "fri':'08:00-20:00','sat':'09:00-17:"
                                                                                 "00'},"
                                                                                 "'caps':[{'window':'hour','leads':'20'"
                                                                                 "},{'window':'day','leads':100}],'"
                                                                                 "seats':'required',"
                                                                                 "'when_silent':'unavailable','bid_ttl'"
                                                                                 ":'30s'},"
                                                                                 "{" CONTRACT(
                                                                                     "north-fix") ",'price':'12.50','"
                                                                                                  "paused':'true'}]},"
                                                                                                  "{" WORLD_BUYER(
                                                                                                      "south") ",'"
                                                                                                               "contrac"
                                                                                                               "ts':[{'"
                                                                                                               "id':'"
                                                                                                               "south-"
                                                                                                               "1','"
                                                                                                               "campaig"
                                                                                                               "n':'"
                                                                                                               "solar',"
                                                                                                               "'post_"
                                                                                                               "url':'"
                                                                                                               "https:/"
                                                                                                               "/SOUTH."
                                                                                                               "example"
                                                                                                               ":8443',"
                                                                                                               "'price'"
                                                                                                               ":[{'"
                                                                                                               "when':{"
                                                                                                               "'field'"
                                                                                                               ":'roof'"
                                                                                                               ",'is':'"
                                                                                                               "tin'},'"
                                                                                                               "price':"
                                                                                                               "'15'},{"
                                                                                                               "'price'"
                                                                                                               ":9}]}]}"
                                                                                                               "],"
                                                                                                               "'contra"
                                                                                                               "cts':[{"
                                                                                                               "'buyer'"
                                                                                                               ":'"
                                                                                                               "north'"
                                                                                                               "," CONTRACT(
                                                                                                                   "bul"
                                                                                                                   "k-"
                                                                                                                   "1") ",'price':'3','schedule':{'mon-fri':'08:00-20:00',"
                                                                                                                        "'sat':'09:00-17:00'}}]}";

static void check_contracts(const struct catalogue *catalogue)
{
    const struct contract *live = catalogue_contract(catalogue, BYTES("north-ca"));
    assert_true(live->is_live);
    assert_true(bytes_is(live->ping.host, "north.example"));
    assert_true(bytes_is(live->ping.target, "/ping"));
    assert_int_equal(live->ping.port, 443);
    assert_int_equal(live->ping_timeout_us, 400000);
    assert_int_equal(live->post_timeout_us, 2000000);
    assert_int_equal(live->min_price_micros, 1000000);
    assert_int_equal(live->max_price_micros, 80000000);
    assert_int_equal(live->tier, 2);
    assert_int_equal(live->bid_ttl_ms, 30000);
    assert_true(live->seats_required);
    assert_false(live->silent_available);
    assert_non_null(live->filter);
    assert_int_equal(live->caps_count, 2);
    assert_int_equal(live->caps[0].window, CAP_HOUR);
    assert_int_equal(live->caps[1].window, CAP_DAY);
    assert_int_equal(live->caps[1].limit, 100);
    assert_memory_not_equal(&live->caps[0].id, &live->caps[1].id, sizeof live->caps[0].id);
    const struct contract *fix = catalogue_contract(catalogue, BYTES("north-fix"));
    assert_true(fix->paused);
    assert_false(fix->is_live);
    assert_int_equal(fix->prices_count, 1);
    assert_int_equal(fix->prices[0].price_micros, 12500000);
    assert_int_equal(fix->ping_timeout_us, 1000000);
    assert_int_equal(fix->post_timeout_us, 3000000);
    assert_int_equal(fix->bid_ttl_ms, 300000);
    assert_int_equal(fix->tier, 1);
    assert_true(fix->silent_available);
    assert_int_equal(fix->ping.url.len, 0);
    assert_null(fix->filter);
    assert_null(fix->schedule);
    const struct contract *rules = catalogue_contract(catalogue, BYTES("south-1"));
    assert_int_equal(rules->prices_count, 2);
    assert_non_null(rules->prices[0].when);
    assert_null(rules->prices[1].when);
    assert_int_equal(rules->prices[1].price_micros, 9000000);
    assert_true(bytes_is(rules->post.host, "south.example"));
    assert_int_equal(rules->post.port, 8443);
    assert_true(bytes_is(rules->post.target, "/"));
    const struct contract *bulk = catalogue_contract(catalogue, BYTES("bulk-1"));
    assert_int_equal(bulk->buyer, 0);
    assert_ptr_equal(bulk->schedule, live->schedule); /* equal ones are kept once */
    assert_ptr_equal(bulk->post.host.at, live->post.host.at);
    assert_true(bulk->draw_key != live->draw_key);
    assert_null(catalogue_contract(catalogue, BYTES("north")));
}

static void check_parties(const struct catalogue *catalogue)
{
    const struct campaign *campaign = catalogue_campaign(catalogue, BYTES("auto"));
    assert_int_equal(campaign->timeout_us, 1000000);
    assert_int_equal(campaign->offer_ttl_us, 300000000);
    assert_int_equal(campaign->promise, PROMISE_SQUEEZE);
    assert_int_equal(campaign->margin.ppm, 200000);
    assert_int_equal(campaign->margin.min_micros, 250000);
    assert_int_equal(campaign->fields_count, 8);
    assert_true(bytes_is(campaign->fields[0].name, "state"));
    assert_int_equal(campaign->fields[0].required, FIELD_AT_PING);
    assert_false(campaign->fields[0].is_private);
    assert_int_equal(campaign->fields[2].min, 16);
    assert_int_equal(campaign->fields[3].choices_count, 4);
    assert_int_equal(campaign->fields[5].max, 60);
    assert_true(campaign->fields[6].is_private);
    assert_int_equal(campaign->fields[6].required, FIELD_AT_POST);
    assert_true(bytes_is(campaign->quality.consent_required[0], "tcpa"));
    assert_int_equal(campaign->contracts_count, 3);
    assert_int_equal(campaign->contracts[2], 3);
    const struct campaign *solar = catalogue_campaign(catalogue, BYTES("solar"));
    assert_int_equal(solar->promise, PROMISE_KEEP);
    assert_int_equal(solar->min_margin_micros, 1000000);
    assert_false(solar->margin.is_set);
    assert_int_equal(solar->contracts_count, 1);
    const struct affiliate *best = catalogue_affiliate(catalogue, BYTES("best"));
    assert_int_equal(best->campaigns_count, 2);
    assert_int_equal(best->min_price_micros, 2000000);
    assert_int_equal(best->margin.ppm, 150000);
    assert_int_equal(best->pings_per_s, 500);
    assert_int_equal(best->reveal, REVEAL_NAME);
    assert_true(catalogue_affiliate(catalogue, BYTES("other"))->paused);
    const struct buyer *north = catalogue_buyer(catalogue, BYTES("north"));
    assert_true(bytes_is(north->group, "holding"));
    assert_true(bytes_is(north->public_name, "Northern"));
    assert_int_equal(north->max_in_flight, 200);
    assert_int_equal(north->max_pings_per_s, 1000);
    assert_int_equal(north->contracts_count, 3);
    assert_int_equal(zone_offset_s(north->zone, 1767225600), -18000);
    const struct buyer *south = catalogue_buyer(catalogue, BYTES("south"));
    assert_true(bytes_is(south->group, "south"));
    assert_ptr_equal(south->zone, zone_utc());
    assert_int_equal(catalogue->contracts[south->contracts[0]].buyer, 1);
    assert_null(catalogue_buyer(catalogue, BYTES("")));
    assert_null(catalogue_campaign(catalogue, BYTES("Auto")));
}

static void check_keys(const struct catalogue *catalogue)
{
    struct digest key;
    assert_int_equal(catalogue->principals_count, 4);
    assert_true(bytes_unhex(bytes_from(BYTES(WORLD_KEY("0000000b")), 7), key.at, DIGEST_LEN));
    const struct principal *principal = catalogue_principal(catalogue, &key);
    assert_int_equal(principal->kind, PRINCIPAL_BUYER);
    assert_int_equal(principal->index, 0);
    assert_true(bytes_unhex(bytes_from(BYTES(WORLD_KEY("00000002")), 7), key.at, DIGEST_LEN));
    principal = catalogue_principal(catalogue, &key);
    assert_int_equal(principal->kind, PRINCIPAL_AFFILIATE);
    assert_int_equal(principal->index, 1);
    key.at[0]++;
    assert_null(catalogue_principal(catalogue, &key));
}

static void a_whole_one(void **state)
{
    (void)state;
    struct catalogue *catalogue = world_build(&world, WHOLE);
    assert_string_equal(world.found, "");
    assert_int_equal(catalogue->contracts_count, 4);
    check_contracts(catalogue);
    check_parties(catalogue);
    check_keys(catalogue);
    assert_int_equal(catalogue->buyers[0].secrets_count, 1);
    assert_true(bytes_is(catalogue->buyers[0].secrets[0], WORLD_SECRET));
    assert_true(bytes_is(catalogue->house.currency, "USD"));
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        const struct contract *contract = &catalogue->contracts[i];
        assert_int_equal(contract->index, i);
        assert_true(contract->cell != STANDING_NONE && contract->post_origin_cell != STANDING_NONE);
        assert_true((contract->ping_origin_cell != STANDING_NONE) == contract->is_live);
        for (uint32_t j = 0; j < contract->caps_count; j++) assert_true(contract->caps[j].cell != STANDING_NONE);
    }
    catalogue_drop(&catalogue);
    assert_null(catalogue);
}

/* Cells are found by stable id, whatever else changed. */
static void cells_outlive_it(void **state)
{
    (void)state;
    struct catalogue *first = world_build(&world, WHOLE);
    struct catalogue *second = world_build(
        &world,
        "{'campaigns':[" WORLD_CAMPAIGN "],'buyers':[{" WORLD_BUYER("east") "},{" WORLD_BUYER(
            "north") ",'contracts':[{" CONTRACT("north-ca") ",'price':'1','caps':[{'window':'day','leads':7}]}]}]}");
    const struct contract *before = catalogue_contract(first, BYTES("north-ca"));
    const struct contract *after = catalogue_contract(second, BYTES("north-ca"));
    assert_int_equal(before->cell, after->cell);
    assert_int_equal(before->caps[1].cell, after->caps[0].cell);
    assert_int_equal(before->post_origin_cell, after->post_origin_cell);
    assert_int_equal(before->draw_key, after->draw_key);
    assert_int_equal(catalogue_buyer(first, BYTES("north"))->cell, catalogue_buyer(second, BYTES("north"))->cell);
    assert_true(catalogue_buyer(second, BYTES("east"))->cell != catalogue_buyer(second, BYTES("north"))->cell);
    catalogue_drop(&first);
    catalogue_drop(&second);
}

static void packed_and_unpacked(void **state)
{
    (void)state;
    struct catalogue *catalogue = world_build(&world, WHOLE), *again = world_build(&world, WHOLE);
    assert_true(digest_same(&catalogue->version, &again->version));
    struct digest expected;
    digest_of(&expected, &catalogue->packed, 1);
    assert_true(digest_same(&catalogue->version, &expected));
    assert_null(memmem(catalogue->packed.at, catalogue->packed.len, "whsec_", 6));
    catalogue_drop(&again);
    again = catalogue_unpack(catalogue->packed, world_zone, &world);
    assert_non_null(again);
    assert_true(digest_same(&catalogue->version, &again->version));
    assert_true(bytes_same(catalogue->packed, again->packed));
    check_contracts(again);
    check_parties(again);
    check_keys(again);
    assert_int_equal(again->buyers[0].secrets_count, 0);
    assert_int_equal(again->contracts[0].cell, STANDING_NONE);
    assert_int_equal(again->house.circuit.failures, 5);
    assert_int_equal(again->house.circuit.share_ppm, 500000);
    assert_int_equal(again->house.circuit.of, 20);
    assert_int_equal(again->house.circuit.pause_us, 1000000);
    assert_int_equal(again->house.circuit.pause_max_us, 4000000);
    assert_int_equal(again->house.margin.ppm, 150000);
    assert_true(again->house.margin.is_set);
    assert_int_equal(again->house.payout_step_micros, 10000);
    assert_int_equal(again->house.max_posts, 4);
    assert_true(bytes_is(again->house.currency, "USD"));
    assert_int_equal(again->house.margin.bands_count, 0);
    catalogue_drop(&again);
    static const struct margin_band BANDS[] = {{10000000, 250000, 0}, {INT64_MAX, 150000, 500000}};
    world.house.margin.bands = BANDS;
    world.house.margin.bands_count = 2;
    struct catalogue *banded = world_build(&world, WHOLE);
    world.house.margin.bands = NULL;
    world.house.margin.bands_count = 0;
    assert_false(digest_same(&catalogue->version, &banded->version));
    again = catalogue_unpack(banded->packed, world_zone, &world);
    assert_non_null(again);
    assert_true(digest_same(&banded->version, &again->version));
    assert_ptr_not_equal(again->house.margin.bands, BANDS);
    assert_int_equal(again->house.margin.bands_count, 2);
    assert_memory_equal(again->house.margin.bands, BANDS, sizeof BANDS);
    catalogue_drop(&banded);
    catalogue_drop(&again);
    world.house.max_posts = 5;
    again = world_build(&world, WHOLE);
    world.house.max_posts = 4;
    assert_false(digest_same(&catalogue->version, &again->version));
    catalogue_drop(&again);
    for (size_t len = 0; len < catalogue->packed.len; len += 7)
        assert_null(catalogue_unpack(bytes_first(catalogue->packed, len), world_zone, &world));
    assert_null(catalogue_unpack(BYTES("\x80"), world_zone, &world));
    assert_null(catalogue_unpack(catalogue->packed, NULL, NULL)); /* a zone that is not there any more */
    catalogue_drop(&catalogue);
}

static void counted(void **state)
{
    (void)state;
    struct catalogue *catalogue = world_build(&world, WHOLE), *held = catalogue;
    catalogue_take(catalogue);
    catalogue_drop(&catalogue);
    assert_null(catalogue);
    assert_int_equal(held->contracts_count, 4); /* asan would tell */
    catalogue_drop(&held);
    catalogue_drop(&held); /* none is fine */
}

/* Sources, pairs, calendars, a buyer's schedule: read, found, and the same after the book has kept them. */
static void the_terms_of_many(void **state)
{
    static const char DOCUMENT[] =
        "{'campaigns':[" WORLD_CAMPAIGN "],'calendars':{'us':{'2026-01-05':'closed','2026-01-04':'08:00-09:00'}},"
        "'margins':[{'affiliate':'b','contract':'y','percent':'3'},{'affiliate':'a','contract':'x','fixed':'1'},"
        "{'affiliate':'a','contract':'y','percent':'2'}],"
        "'affiliates':[{'id':'a','campaigns':['auto'],'sources':{'tok':{'paused':'true'},"
        "'fb':{'min_price':'3','pay':{'percent':'82'}}}},{'id':'b','campaigns':['auto'],'pay':{'fixed':'8'}}],"
        "'buyers':[{" WORLD_BUYER(
            "north") ",'time_zone':'America/New_York','schedule':{'mon-fri':'08:00-20:00',"
                     "'use':'us'},'contracts':[{" CONTRACT(
                         "x") ",'price':'5','free':'true','from':'2026-03-08','until':'2026-03-08'},"
                              "{" CONTRACT("y") ",'price':'5','schedule':{'sat':'08:00-20:00'},'margin':{'bands':[{'up_"
                                                "to':'4','percent':'9'},"
                                                "{'fixed':'1'}]}}]}]}";
    struct catalogue *built = world_build(&world, DOCUMENT);
    struct catalogue *catalogue = catalogue_unpack(built->packed, NULL, NULL);
    (void)state;
    assert_null(catalogue); /* the zone is needed again */
    for (unsigned turn = 0; turn < 2; turn++) {
        catalogue = turn ? catalogue_unpack(built->packed, world_zone, &world) : built;
        assert_non_null(catalogue);
        if (turn == 0) catalogue_take(built);
        const struct affiliate *a = catalogue_affiliate(catalogue, BYTES("a"));
        const struct affiliate *b = catalogue_affiliate(catalogue, BYTES("b"));
        const struct contract *x = catalogue_contract(catalogue, BYTES("x"));
        const struct contract *y = catalogue_contract(catalogue, BYTES("y"));
        const struct lead_source *fb = catalogue_source_of(a, BYTES("fb"));
        assert_true(fb && fb->min_price_micros == 3000000 && fb->margin.is_pay && fb->margin.ppm == 820000);
        assert_true(catalogue_source_of(a, BYTES("tok"))->paused && !catalogue_source_of(a, BYTES("sms")));
        assert_true(b->margin.is_pay && b->margin.is_fixed && b->margin.fixed_micros == 8000000);
        assert_true(x->is_free && x->pairs->count == 1 && x->pairs->list[0].margin.fixed_micros == 1000000);
        assert_true(y->pairs->count == 2 && y->pairs->list[0].affiliate == a->index);
        assert_true(y->pairs->list[1].margin.ppm == 30000);
        assert_true(y->margin && y->margin->bands_count == 2 && y->margin->bands[0].up_to_micros == 4000000);
        assert_ptr_equal(x->schedule, catalogue_buyer(catalogue, BYTES("north"))->schedule);
        assert_ptr_not_equal(y->schedule, x->schedule);
        assert_int_equal(x->schedule->calendar->count, 2);
        assert_int_equal(x->from_min, 1772946000 / 60); /* 05:00 UTC; the day has 23 hours */
        assert_int_equal(x->until_min - x->from_min, 23 * 60);
        catalogue_drop(&catalogue);
    }
    catalogue_drop(&built);
}

/* --- contradictions --- */

#define IN_CAMPAIGN(text) "{'campaigns':[" text "]}"
#define IN_FIELD(text) IN_CAMPAIGN("{'id':'c','fields':{'f':" text "}}")
#define IN_AFFILIATE(text) "{'campaigns':[" WORLD_CAMPAIGN "],'affiliates':[" text "]}"
#define IN_BUYER(text) "{'campaigns':[" WORLD_CAMPAIGN "],'buyers':[" text "]}"
#define IN_CONTRACT(text) IN_BUYER("{" WORLD_BUYER("north") ",'contracts':[{" text "}]}")
#define WITH(text) IN_CONTRACT(CONTRACT("x") ",'price':'5'," text)
#define LIVE_WITH(text) IN_CONTRACT(CONTRACT("x") "," LIVE "," text)

struct contradiction {
    const char *document, *finding;
};

static const struct contradiction ERRORS[] = {
    {IN_CAMPAIGN(WORLD_CAMPAIGN "," WORLD_CAMPAIGN), "there is another campaign auto [id]"},
    {IN_CAMPAIGN("{'fields':{'f':{'type':'text'}}}"), "every campaign needs an id"},
    {IN_CAMPAIGN("{'id':'a b','fields':{'f':{'type':'text'}}}"), "every campaign needs an id"},
    {IN_CAMPAIGN("{'id':'a'}"), "a campaign needs fields"},
    {IN_CAMPAIGN("{'id':'a','fields':{}}"), "a campaign needs fields"},
    {IN_CAMPAIGN("{'id':'c','timeout':'0ms','fields':{'f':{'type':'text'}}}"), "timeout needs a duration"},
    {IN_CAMPAIGN("{'id':'c','promise':'maybe','fields':{'f':{'type':'text'}}}"), "promise has no such value"},
    {IN_CAMPAIGN("{'id':'c','margin':{'percent':'100'},'fields':{'f':{'type':'text'}}}"), "a margin of 100 percent"},
    {IN_CAMPAIGN("{'id':'c','margin':{'percent':'-1'},'fields':{'f':{'type':'text'}}}"), "percent needs a number"},
    {IN_CAMPAIGN("{'id':'c','margin':{},'fields':{'f':{'type':'text'}}}"),
     "margin needs percent, fixed, min, max or bands"},
    {IN_CAMPAIGN("{'id':'c','margin':{'min':'2','max':'1'},'fields':{'f':{'type':'text'}}}"), "max is below min"},
    {IN_CAMPAIGN("{'id':'c','margin':{'max':'0'},'fields':{'f':{'type':'text'}}}"), "a margin of at most 0"},
    {WITH("'margin':{'bands':[]}"), "bands without a band"},
    {WITH("'margin':{'bands':[{'percent':'5'},{'percent':'6'}]}"), "are never reached"},
    {WITH("'margin':{'bands':[{'up_to':'5','percent':'5'}]}"), "the last band needs no up_to"},
    {WITH("'margin':{'bands':[{'up_to':'5'},{'up_to':'5'},{'percent':'6'}]}"), "up_to must rise"},
    {WITH("'margin':{'percent':'5','bands':[{'percent':'6'}]}"), "both would not count"},
    {IN_AFFILIATE("{'id':'a','margin':{'percent':'5'},'pay':{'percent':'80'}}"), "margin beside it would not count"},
    {IN_AFFILIATE("{'id':'a','pay':{'percent':'80','fixed':'8'}}"), "pay needs fixed or percent"},
    {IN_AFFILIATE("{'id':'a','pay':{'percent':'101'}}"), "more than 100 percent"},
    {IN_AFFILIATE("{'id':'a','sources':['fb']}"), "sources is a map"},
    {"{'campaigns':[],'margins':[{'affiliate':'a','contract':'c','percent':'1'}]}", "there is no such affiliate"},
    {"{'calendars':{'us':{'2026-02-30':'closed'}}}", "a date is written 2026-12-25"},
    {"{'calendars':{'us':{}}}", "a calendar is a map"},
    {"{'calendars':['us']}", "calendars is a map"},
    {"{'calendars':{'us':{'2026-02-03':'shut'}}}", "hours are written"},
    {WITH("'schedule':{'mon':'08:00-12:00','use':'us'}"), "there is no such calendar"},
    {WITH("'from':'tomorrow'"), "from is a date"},
    {WITH("'from':'2026-02-02','until':'2026-02-01'"), "until is before from"},
    {IN_CAMPAIGN("{'id':'c','min_margin':'-1','fields':{'f':{'type':'text'}}}"), "min_margin needs an amount"},
    {IN_CAMPAIGN("{'id':'c','consent':{'required':['fax']},'fields':{'f':{'type':'text'}}}"),
     "the record of a consent has no fax"},
    {IN_FIELD("{'type':'text','required':'ping'}"), "field f is required in the ping but private"},
    {IN_FIELD("{'type':'data'}"), "a field needs a type [type]"},
    {IN_FIELD("{'private':false}"), "a field needs a type [f]"},
    {IN_FIELD("{'type':'choice'}"), "a choice needs of"},
    {IN_FIELD("{'type':'choice','of':[]}"), "a choice needs of"},
    {IN_FIELD("{'type':'choice','of':['a','b','a']}"), "the choice a stands twice"},
    {IN_FIELD("{'type':'choice','of':['a','']}"), "a choice is a text that is not empty"},
    {IN_FIELD("{'type':'text','of':['a']}"), "only a choice has of"},
    {IN_FIELD("{'type':'us_zip','min':'1'}"), "a field of type us_zip has no min"},
    {IN_FIELD("{'type':'email','max':'1'}"), "a field of type email has no max"},
    {IN_FIELD("{'type':'integer','min':5,'max':4}"), "min is above max"},
    {IN_FIELD("{'type':'integer','min':'x'}"), "min needs a whole number"},
    {IN_FIELD("{'type':'decimal','min':'x'}"), "min needs a number with at most six decimals"},
    {IN_FIELD("{'type':'decimal','min':'0.6','max':'0.5'}"), "min is above max"},
    {IN_FIELD("{'type':'date','max':'yesterday'}"), "max needs a date"},
    {IN_FIELD("{'type':'boolean','max':1}"), "a field of type boolean has no max"},
    {IN_FIELD("{'type':'url','max':0}"), "a text needs room"},
    {IN_FIELD("{'type':'text','max':0}"), "a text needs room"},
    {IN_AFFILIATE("{'id':'a','campaigns':['boat']}"), "there is no such campaign"},
    {IN_AFFILIATE("{'id':'a','campaigns':['auto','auto']}"), "campaign auto stands twice"},
    {IN_AFFILIATE("{'id':'a','keys':['sha256:12']}"), "a key is written sha256:"},
    {IN_AFFILIATE("{'id':'a','keys':['" WORLD_KEY("00000001") "','" WORLD_KEY("00000001") "']}"), "given to someone"},
    {IN_AFFILIATE("{'id':'a'},{'id':'a'}"), "there is another affiliate a"},
    {IN_AFFILIATE("{'id':'a','rate':{'pings_per_s':0}}"), "pings_per_s needs a whole number, at least 1"},
    {IN_AFFILIATE("{'id':'a','min_price':'1e12'}"), "min_price is too large"},
    {IN_AFFILIATE("{'id':'a','keys':'x'}"), "keys must be a list"},
    {IN_BUYER("{'id':'n'}"), "buyer n needs a signing_secret"},
    {IN_BUYER("{'id':'n','signing_secret':[]}"), "buyer n needs a signing_secret"},
    {IN_BUYER("{'id':'n','signing_secret':'whsec_short'}"), "signing_secret must be whsec_"},
    {IN_BUYER("{'id':'n','signing_secret':['" WORLD_SECRET "','" WORLD_SECRET "','" WORLD_SECRET "']}"), "two secrets"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'time_zone':'Mars/Base'}"), "there is no time zone Mars/Base [time_zone]"},
    {IN_BUYER("{" WORLD_BUYER("n") "},{" WORLD_BUYER("n") "}"), "there is another buyer n"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'max_in_flight':'many'}"), "max_in_flight needs a whole number"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'contracts':{}}"), "contracts must be a list"},
    {IN_CONTRACT("'id':'x','campaign':'boat','post_url':'https://n.example/','price':'1'"), "no such campaign"},
    {IN_CONTRACT("'id':'x','campaign':'auto','price':'1'"), "contract x has no post_url"},
    {IN_CONTRACT("'id':'x','campaign':'auto','price':'1','post_url':'http://n.example/'"), "https only [post_url]"},
    {IN_CONTRACT("'id':'x','campaign':'auto','price':'1','post_url':'https://10.0.0.1/'"), "not an address"},
    {IN_CONTRACT(CONTRACT("x")), "contract x has no price"},
    {IN_CONTRACT(CONTRACT("x") ",'price':'live'"), "a live price needs a ping_url"},
    {IN_CONTRACT(CONTRACT("x") ",'price':'0'"), "a price is an amount above 0"},
    {IN_CONTRACT(CONTRACT("x") ",'price':'dear'"), "a price is an amount above 0"},
    {IN_CONTRACT(CONTRACT("x") ",'price':{'exclusive':'1'}"), "a price alone and a shared one are both needed"},
    {IN_CONTRACT(CONTRACT("x") ",'price':{'exclusive':'2','shared':'1'}"), "are for type either"},
    {LIVE_WITH("'type':'shared'"), "type shared needs max_sold"},
    {LIVE_WITH("'max_sold':'3'"), "max_sold is for type shared or either"},
    {IN_CONTRACT(CONTRACT("x") ",'price':[]"), "price rules without a rule"},
    {IN_CONTRACT(CONTRACT("x") ",'price':[{'when':{'field':'state','is':'CA'}}]"), "a price rule needs a price"},
    {IN_CONTRACT(CONTRACT("x") ",'price':[{'when':{'field':'state','is':'XX'},'price':'1'}]"), "cannot be \"XX\""},
    {LIVE_WITH("'min_price':'5','max_price':'4'"), "min_price is above max_price"},
    {WITH("'on_unknown':'retry'"), "it needs idempotent: true"},
    {WITH("'on_unknown':{'reset':'retry'}"), "it needs idempotent: true"},
    {WITH("'on_unknown':{'reset':'sell'}"), "reset"},
    {WITH("'filter':{'field':'nope','is':'1'}"), "campaign auto has no field nope"},
    {WITH("'filter':{'field':'age','is':15}"), "field age cannot be \"15\""},
    {WITH("'schedule':{'mon-fri':'8-20'}"), "hours are written 08:00-20:00"},
    {WITH("'schedule':{'moon':'08:00-20:00'}"), "days are written mon-fri"},
    {WITH("'caps':[{'window':'day'}]"), "a cap needs its limit"},
    {WITH("'caps':[{'leads':'5'}]"), "a cap needs a window"},
    {WITH("'caps':[{'window':'day','leads':0}]"), "leads needs a whole number, at least 1"},
    {WITH("'caps':[{'window':'day','leads':1},{'window':'day','leads':2}]"), "another cap has the same window"},
    {WITH("'caps':[{},{},{},{},{},{},{},{},{}]"), "at most 8 caps"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'caps':[{'window':'day','leads':1}],'contracts':[{" CONTRACT(
         "x") ",'price':'1',"
              "'caps':[{},{},{},{},{},{},{},{}]}]}"),
     "its buyer's included"},
    {WITH("'caps':[{'window':'day','leads':1,'money':'1'}]"), "a cap needs its limit: leads, money or percent"},
    {WITH("'caps':[{'window':'day','leads':1,'percent':10,'per':'state'}]"), "a cap needs its limit"},
    {WITH("'caps':[{'window':'day','percent':10}]"), "a percent needs per"},
    {WITH("'caps':[{'window':'day','percent':100,'per':'state'}]"), "above 0 and below 100"},
    {WITH("'caps':[{'window':'day','percent':10,'per':'state','counts':'posts'}]"), "a percent is of sales"},
    {WITH("'caps':[{'window':'day','percent':10,'per':'state','pace':true}]"), "a percent has no pace"},
    {WITH("'caps':[{'window':'hour','leads':10,'pace':true}]"), "only a daily cap has a pace"},
    {WITH("'caps':[{'window':'day','money':'10','counts':'pings'}]"), "a ping costs no money"},
    {WITH("'caps':[{'window':'day','leads':1,'counts':'posts','give_back':true}]"), "only sales come back"},
    {WITH("'caps':[{'window':'day','leads':1,'per':'county'}]"), "per has no such value"},
    {WITH("'caps':[{'window':'day','leads':1,'per':'state'},{'window':'day','leads':2,'per':'state'}]"),
     "another cap has the same window"},
    {WITH("'caps':[{'window':'day','percent':1,'per':'state'},{'window':'day','percent':1,'per':'source'},"
          "{'window':'week','percent':1,'per':'state'},{'window':'week','percent':1,'per':'source'},"
          "{'window':'day','leads':1}]"),
     "of which a percent counts as two"},
    {"{'campaigns':[" WORLD_CAMPAIGN
     "],'affiliates':[{'id':'a','campaigns':['auto'],'caps':[{'window':'day','leads':1,'per':'affiliate'}]}]}",
     "cannot be per affiliate"},
    {"{'campaigns':[{'id':'c','fields':{'note':{'type':'text','private':false}}}],'buyers':[{" WORLD_BUYER(
         "n") ",'contracts':[{'id':'x','campaign':'c','price':'1','post_url':'https://n.example/',"
              "'caps':[{'window':'day','leads':1,'per':'state'}]}]}]}",
     "needs a public field of type us_state or us_zip"},
    {"{'campaigns':[{'id':'c','fields':{'zip':{'type':'us_zip','private':false}}}],'buyers':[{" WORLD_BUYER(
         "n") ",'contracts':[{'id':'x','campaign':'c','price':'1','post_url':'https://n.example/',"
              "'caps':[{'window':'day','leads':1,'per':'state'}]}]}]}",
     "or the table of zips"},
    {IN_CAMPAIGN("{'id':'c','fields':{'f':{'type':'text'}},'quiet_hours':{'default':'08:00-21:00'}}"),
     "need a field of type us_zip"},
    {IN_CAMPAIGN("{'id':'c','fields':{'f':{'type':'us_zip'}},'quiet_hours':{'default':'08:00-21:00'}}"),
     "need the table of zips"},
    {IN_CAMPAIGN("{'id':'c','fields':{'f':{'type':'text'}},'quiet_hours':{'default':'08:00-21:00'}}"),
     "need a field of type us_phone"},
    {IN_CAMPAIGN("{'id':'c','fields':{'f':{'type':'us_phone'}},'quiet_hours':{'default':'08:00-21:00'}}"),
     "need the table of area codes"},
    {IN_CAMPAIGN("{'id':'c','fields':{'f':{'type':'us_zip'}},'quiet_hours':{'by_state':{'FL':'08:00-20:00'}}}"),
     "quiet_hours need default"},
    {IN_CAMPAIGN("{'id':'c','fields':{'f':{'type':'us_zip'}},'quiet_hours':{'default':'8-21'}}"),
     "hours are written 08:00-20:00"},
    {IN_CAMPAIGN("{'id':'c','fields':{'f':{'type':'us_zip'}},'quiet_hours':{'default':'08:00-21:00','by_state':"
                 "{'XX':'08:00-20:00'}}}"),
     "XX is not a state's two letters"},
    {WITH("'caps':[{'window':'day','money':'0.001'}]"), "whole hundredths"},
    {WITH("'caps':[{'window':'day','money':'0'}]"), "whole hundredths"},
    {WITH("'caps':[{'window':'day','money':'42949672.96'}]"), "whole hundredths"},
    {WITH("'caps':[{'window':'total','leads':1}]"), "a total needs since"},
    {WITH("'caps':[{'window':'day','leads':1,'since':'2026-01-01'}]"), "only a total has since"},
    {WITH("'tier':0"), "tier needs a whole number, at least 1"},
    {WITH("'seats':'many'"), "seats has no such value"},
    {WITH("'paused':'maybe'"), "paused is true or false"},
    {LIVE_WITH("'ping_hashes':['phone']"), "ping_hashes need a hash_secret"},
    {LIVE_WITH("'ping_hashes':['fax']"), "ping_hashes may name phone and email"},
    {LIVE_WITH("'disclose_floor':'perhaps'"), "disclose_floor is true or false"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'funds':{}}"), "funds needs prepaid: true or a credit_limit"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'funds':{'low_at':'5'}}"), "funds needs prepaid: true or a credit_limit"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'funds':{'prepaid':false}}"), "funds needs prepaid: true or a credit_limit"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'funds':{'prepaid':true,'credit_limit':'5'}}"),
     "prepaid buyers have no credit_limit: one of the two [credit_limit]"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'funds':{'credit_limit':'5','low_at':'5'}}"),
     "low_at is what is left of the credit_limit: less than that [low_at]"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'redirect_hosts':['https://a.example']}"), "is no host name"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'redirect_hosts':['a.example/x']}"), "is no host name"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'contracts':[{" CONTRACT("x") ",'price':'1'},{" CONTRACT("x") ",'price':'1'}]}"),
     "there is another contract x"},
    {"{'campaigns':[" WORLD_CAMPAIGN "],'contracts':[{'buyer':'nobody'," CONTRACT("x") ",'price':'1'}]}",
     "there is no such buyer [buyer]"},
    {"{'campaigns':[" WORLD_CAMPAIGN "],'contracts':[{" CONTRACT("x") ",'price':'1'}]}", "there is no such buyer"},
    {"{'campaigns':{}}", "campaigns must be a list"},
};

static const struct contradiction WARNINGS[] = {
    {IN_AFFILIATE("{'id':'a','campaigns':['auto']}"), "affiliate a has no key"},
    {IN_AFFILIATE("{'id':'a','keys':['" WORLD_KEY("00000001") "']}"), "affiliate a may sell in no campaign"},
    {WITH("'schedule':{}"), "the contract can never be open"},
    {WITH("'filter':{'field':'phone','exists':true}"), "looks at a private field"},
    {WITH("'ping_url':'https://north.example/ping'"), "ping_url is not used"},
    {WITH("'min_price':'6'"), "outside min_price and max_price"},
    {WITH("'max_price':'4'"), "outside min_price and max_price"},
    {LIVE_WITH("'ping_timeout':'2s'"), "ping_timeout is longer"},
    {WITH("'disclose_floor':true"), "disclose_floor is not used [unused_disclosure]"},
    {IN_BUYER("{" WORLD_BUYER("n") ",'hash_secret':'sixteen bytes and more'}"), "has ping_hashes [unused_secret]"},
    {LIVE_WITH("'post_timeout':'4s'"), "post_timeout is longer"},
    {IN_CONTRACT(CONTRACT("x") ",'price':[{'price':'1'},{'when':{'field':'state','is':'CA'},'price':'2'}]"),
     "this one is never reached"},
    {WITH("'caps':[{'window':'hour','leads':100},{'window':'day','leads':100}]"),
     "the hour is never full before that of "
     "the day [cap_never_full]"},
    {WITH("'hold_offer':'20s','bid_ttl':'10s'"), "[hold_outlasts_bid]"},
};

static void contradictions_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        struct catalogue *catalogue = world_try(&world, ERRORS[i].document);
        if (catalogue) fail_msg("taken: %s", ERRORS[i].document);
        if (!strstr(world.found, ERRORS[i].finding)) fail_msg("%s\n%s", ERRORS[i].document, world.found);
    }
    for (size_t i = 0; i < sizeof WARNINGS / sizeof *WARNINGS; i++) {
        struct catalogue *catalogue = world_build(&world, WARNINGS[i].document);
        if (world.warnings != 1 || !strstr(world.found, WARNINGS[i].finding))
            fail_msg("%s\n%s", WARNINGS[i].document, world.found);
        catalogue_drop(&catalogue);
    }
}

static void all_at_once(void **state)
{
    (void)state;
    assert_null(world_try(&world, "{'campaigns':[{'id':'c','fields':{'f':{'type':'nope'},'g':{'type':'choice'}}}],"
                                  "'affiliates':[{'id':'a','campaigns':['x','y']}],'buyers':[{'id':'n','contracts':["
                                  "{'id':'1','campaign':'z'}]}]}"));
    assert_int_equal(world.errors, 8); /* type, of, x, y, secret, z, price, post_url */
}

static void private_addresses_in_a_demo(void **state)
{
    (void)state;
    static const char DOCUMENT[] = IN_CONTRACT("'id':'x','campaign':'auto','price':'live','ping_url':'http://"
                                               "127.0.0.1:4001/','post_url':'http://127.0.0.1:4001/'");
    assert_null(world_try(&world, DOCUMENT));
    world.house.allow_private = true;
    struct catalogue *catalogue = world_build(&world, DOCUMENT);
    world.house.allow_private = false;
    struct catalogue *again = catalogue_unpack(catalogue->packed, NULL, NULL);
    assert_true(again && again->house.allow_private);
    assert_int_equal(again->contracts[0].ping.port, 4001);
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
}

/* The memory of a contract with all that is usual; and that no step is quadratic would be told by the test's clock. */
static void many_contracts(void **state)
{
    enum { MANY = 20000 };
    size_t room = MANY * 420 + 4096;
    char *text = malloc(room);
    struct sink sink = sink_over(text, room - 1);
    (void)state;
    sink_text(&sink, "{'campaigns':[" WORLD_CAMPAIGN "],'buyers':[{" WORLD_BUYER("north") "}],'contracts':[");
    for (unsigned i = 0; i < MANY; i++)
        sink_format(&sink,
                    "%s{'buyer':'north','id':'contract-%u','campaign':'auto','ping_url':'https://north.example/p/%u',"
                    "'post_url':'https://north.example/post/%u','price':'live','max_price':'80','filter':{'all':["
                    "{'field':'state','in':['CA','NV']},{'field':'age','min':25,'max':70},"
                    "{'field':'zip','prefix':['94','95']}]},'schedule':{'mon-fri':'08:00-20:00'},"
                    "'caps':[{'window':'day','leads':'100'}]}",
                    i ? "," : "", i, i, i);
    sink_text(&sink, "]}");
    assert_false(sink.cut);
    text[sink.len] = '\0';
    struct catalogue *catalogue = world_build(&world, text);
    assert_int_equal(catalogue->contracts_count, MANY);
    size_t bytes = catalogue->memory.total + catalogue->contract_ids.places * sizeof(struct table_entry);
    print_message("%zu bytes a contract (struct contract %zu, packed %zu)\n", bytes / MANY, sizeof(struct contract),
                  catalogue->packed.len / MANY);
    assert_true(bytes / MANY <= 1024);
    const struct contract *last = catalogue_contract(catalogue, BYTES("contract-19999"));
    assert_int_equal(last->index, MANY - 1);
    catalogue_drop(&catalogue);
    free(text);
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_one),         cmocka_unit_test(cells_outlive_it),
        cmocka_unit_test(packed_and_unpacked), cmocka_unit_test(counted),
        cmocka_unit_test(the_terms_of_many),   cmocka_unit_test(contradictions_are_told),
        cmocka_unit_test(all_at_once),         cmocka_unit_test(private_addresses_in_a_demo),
        cmocka_unit_test(many_contracts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

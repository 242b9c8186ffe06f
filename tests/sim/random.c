/* Everything is small on purpose: few buyers, caps of a handful, times of one order, so that what seldom meets in the
 * world meets here all the time. Times of buyers lie around the deadlines, to the microsecond. */
#include "tests/sim/random.h"

#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "protocol/base/bytes.h"

#define FILE_ROOM 65536u

struct draft {
    struct queue chance;
    struct queue lasting; /* caps and quiet hours that no reload changes, likewise */
    struct queue people;  /* rules about people: the same after every reload, so that a sale can be held against them */
    char text[FILE_ROOM];
    struct sink sink;
    swarm_set swarm;
    unsigned depth; /* of filters in filters */
};

static uint64_t below(struct draft *draft, uint64_t bound)
{
    return queue_draw(&draft->chance, bound);
}

static bool hit(struct draft *draft, unsigned of)
{
    return below(draft, of) == 0;
}

/* One in `of`, where there is that feature at all. */
static bool may(struct draft *draft, enum swarm feature, unsigned of)
{
    return swarm_has(draft->swarm, feature) && hit(draft, of);
}

static const char *pick(struct draft *draft, const char *const *list, size_t count)
{
    return list[below(draft, count)];
}

/* Some words, or none where there is no such feature. */
#define MAY_PICK(draft, feature, ...) (swarm_has((draft)->swarm, feature) ? PICK(draft, __VA_ARGS__) : "")

#define PICK(draft, ...)                                                                                               \
    pick(draft, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

void random_buyer(unsigned buyer, char name[16])
{
    snprintf(name, 16, "b%u", buyer);
}
void random_contract(unsigned buyer, unsigned contract, char name[16])
{
    snprintf(name, 16, "b%u-c%u", buyer, contract);
}
void random_affiliate(unsigned affiliate, char name[16])
{
    snprintf(name, 16, "a%u", affiliate);
}

static void begin(struct draft *draft)
{
    draft->sink = sink_over(draft->text, sizeof draft->text);
}

static bool save(struct draft *draft, const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || draft->sink.cut) return false;
    size_t written = fwrite(draft->sink.at, 1, draft->sink.len, file);
    return fclose(file) == 0 && written == draft->sink.len;
}

#define SAY(draft, ...) sink_format(&(draft)->sink, __VA_ARGS__)

static void draw_settings(struct draft *draft)
{
    SAY(draft,
        "{\"listen\":{\"public\":\"127.0.0.1:0\",\"admin\":\"127.0.0.1:0\"},\"catalogue\":\"market.yaml\","
        "\"ledger\":{\"path\":\"data\"},\"geo\":{\"area_codes\":\"areas.tsv\"},\"endpoints\":{\"allow_private\":true},"
        "\"payout_step\":\"0.01\","
        "\"margin\":{\"percent\":15},\"offers_max\":2000,\"max_posts\":%u,"
        "\"circuit\":{\"failures\":%u,\"of\":20,\"share\":%u,\"pause\":\"1s\",\"pause_max\":\"4s\"}}",
        1 + (unsigned)below(draft, 4), 3 + (unsigned)below(draft, 18), 50 + (unsigned)below(draft, 51));
}

/* Drawn from the market's own seed. */
static void draw_duplicates(struct draft *draft)
{
    static const char *const windows[] = {"1s", "20s", "1h"}, *const matches[] = {"any", "any", "all"};
    static const char *const counts[] = {"sold", "sold", "posted"}, *const memories[] = {"1s", "60s"};
    struct queue *people = &draft->people;
    if (queue_draw(people, 3) || !swarm_has(draft->swarm, SWARM_DUPLICATES)) return;
    SAY(draft, "\"duplicates\":{\"window\":\"%s\",\"match\":\"%s\",\"counts\":\"%s\",\"reject_memory\":\"%s\"},",
        windows[queue_draw(people, 3)], matches[queue_draw(people, 3)], counts[queue_draw(people, 3)],
        memories[queue_draw(people, 2)]);
}

/* Half of the people live in New York, a quarter in California, of the others no table knows. */
static bool save_areas(struct draft *draft, const char *folder)
{
    begin(draft);
    SAY(draft, "415\tCA\tAmerica/Los_Angeles\n201\tNJ\tAmerica/New_York\n202\tDC\tAmerica/New_York\n");
    for (unsigned code = 212; code <= 262; code++)
        SAY(draft, "%u\t%s\n", code, code <= 245 ? "NY\tAmerica/New_York" : "CA\tAmerica/Los_Angeles");
    return save(draft, folder, "areas.tsv");
}

/* The world begins at noon in New York. */
static void draw_quiet(struct draft *draft)
{
    static const char *const hours[] = {"08:00-21:00", "09:00-21:00", "09:30-21:00", "12:00-20:00", "12:30-20:00"};
    struct queue *lasting = &draft->lasting;
    if (!swarm_has(draft->swarm, SWARM_QUIET) || queue_draw(lasting, 2)) return;
    SAY(draft, "\"quiet_hours\":{\"default\":\"%s\",\"by_state\":{\"NV\":\"%s\"},\"zone_from\":\"phone\"},",
        hours[queue_draw(lasting, 5)], hours[queue_draw(lasting, 5)]);
}

static void draw_ranking(struct draft *draft)
{
    bool is_shared = swarm_has(draft->swarm, SWARM_SHARED) && !hit(draft, 3);
    if (is_shared)
        SAY(draft, "\"max_sales\":%u,\"objective\":\"%s\",", 2 + (unsigned)below(draft, 3),
            PICK(draft, "payout", "revenue", "margin"));
    SAY(draft, "\"policy\":\"%s\",\"pricing\":\"%s\",\"second_price_step\":\"%s\",\"unavailable_bids\":\"%s\",",
        swarm_has(draft->swarm, SWARM_POLICIES)
            ? PICK(draft, "price", "price", "priority", "weighted", "round_robin", "even")
            : "price",
        may(draft, SWARM_SECOND_PRICE, 2) ? "second" : "first", PICK(draft, "0", "0.01", "0.50"),
        PICK(draft, "skip", "last"));
    SAY(draft, "\"rank_by\":\"%s\",\"shadow\":%s,", PICK(draft, "price", "expected_value"),
        PICK(draft, "false", "false", "true"));
    if (may(draft, SWARM_EXPERIMENT, 1))
        SAY(draft, "\"experiment\":{\"share\":%s,\"policy\":\"%s\",\"pricing\":\"%s\",\"rank_by\":\"%s\"},",
            PICK(draft, "50", "12.5", "99.99"), PICK(draft, "price", "weighted", "round_robin", "even"),
            PICK(draft, "first", "second"), PICK(draft, "price", "expected_value"));
    SAY(draft, "\"tier_mode\":\"%s\",", may(draft, SWARM_WATERFALL, 2) ? "waterfall" : "parallel");
}

static void draw_quality(struct draft *draft)
{
    SAY(draft, "\"consent\":{\"required\":[\"tcpa\"]%s},", hit(draft, 5) ? ",\"required_at\":\"ping\"" : "");
    if (hit(draft, 2)) SAY(draft, "\"exit_url\":\"https://exit.example/\",");
    SAY(draft,
        "\"test_patterns\":[{\"field\":\"note\",\"matches\":\"" WORLD_TEST_NOTE "\"}],\"score\":[{\"points\":%d},"
        "{\"when\":{\"field\":\"owner\",\"is\":true},\"points\":15},{\"when\":{\"field\":\"income\",\"min\":\"40.5\"},"
        "\"points\":10}],",
        (int)below(draft, 20) - 10);
}

/* Two caps that no reload changes: limits.c counts them again at the end. */
static void draw_lasting(struct draft *draft, const char *own)
{
    const char *const pers[] = {"state", own, "source", "channel"};
    static const char *const windows[] = {"day", "month"};
    struct queue *lasting = &draft->lasting;
    if (!swarm_has(draft->swarm, SWARM_SEGMENTS)) return;
    if (queue_draw(lasting, 3) == 0)
        SAY(draft, ",{\"window\":\"%s\",\"leads\":%u,\"per\":\"%s\"%s}", windows[queue_draw(lasting, 2)],
            3 + (unsigned)queue_draw(lasting, 25), pers[queue_draw(lasting, 4)],
            queue_draw(lasting, 3) ? "" : ",\"counts\":\"posts\"");
    if (queue_draw(lasting, 4) == 0)
        SAY(draft, ",{\"window\":\"month\",\"percent\":%u,\"per\":\"%s\"}", 20 + (unsigned)queue_draw(lasting, 60),
            pers[queue_draw(lasting, 4)]);
}

static void draw_campaign(struct draft *draft)
{
    SAY(draft,
        "{\"campaigns\":[{\"id\":\"auto\",\"timeout\":\"%s\",\"post_timeout\":\"%s\",\"offer_ttl\":\"%s\","
        "\"promise\":\"%s\",\"min_margin\":\"%s\",\"margin\":{\"percent\":%u},"
        "\"reping_window\":\"%s\",\"on_mismatch\":\"%s\",\"max_refines\":%u,",
        PICK(draft, "60ms", "200ms"), PICK(draft, "300ms", "1s", "3s"), PICK(draft, "2s", "30s", "300s"),
        PICK(draft, "squeeze", "squeeze", "keep"), PICK(draft, "0", "0.50"), (unsigned)below(draft, 40),
        PICK(draft, "0s", "500ms", "2s"), PICK(draft, "refuse", "reauction"), (unsigned)below(draft, 4));
    draw_ranking(draft);
    draw_quality(draft);
    draw_duplicates(draft);
    if (may(draft, SWARM_LISTS, 4)) SAY(draft, "\"suppress\":[\"few.txt\"],");
    draw_quiet(draft);
    SAY(draft, "\"fields\":{");
    SAY(draft, "\"state\":{\"type\":\"us_state\",\"required\":\"ping\",\"private\":false},"
               "\"note\":{\"type\":\"text\",\"private\":false},"
               "\"income\":{\"type\":\"decimal\",\"max\":1000,\"private\":false},"
               "\"owner\":{\"type\":\"boolean\",\"private\":false},"
               "\"zip\":{\"type\":\"us_zip\",\"private\":false},\"born\":{\"type\":\"date\",\"private\":false},"
               "\"credit\":{\"type\":\"choice\",\"of\":[\"poor\",\"fair\",\"good\"],\"private\":false},"
               "\"age\":{\"type\":\"integer\",\"min\":16,\"max\":110,\"private\":false},"
               "\"first_name\":{\"type\":\"text\",\"max\":60,\"required\":\"post\"},"
               "\"email\":{\"type\":\"email\"},"
               "\"phone\":{\"type\":\"us_phone\",\"required\":\"post\"}}}],\"affiliates\":[");
    for (unsigned i = 0; i < RANDOM_AFFILIATES; i++) {
        SAY(draft, "%s{\"id\":\"a%u\",\"caps\":[{\"window\":\"hour\",\"leads\":%u,\"counts\":\"pings\"}", i ? "," : "",
            i, 50 + (unsigned)below(draft, 500));
        draw_lasting(draft, "source");
        SAY(draft, "],\"campaigns\":[\"auto\"],\"min_price\":\"%s\"%s%s%s%s}", PICK(draft, "0", "0", "2.00"),
            may(draft, SWARM_RATES, 3) ? ",\"rate\":{\"pings_per_s\":300}" : "",
            MAY_PICK(draft, SWARM_MARGINS, "", "", ",\"pay\":{\"percent\":82}", ",\"pay\":{\"fixed\":\"6\"}",
                     ",\"margin\":{\"bands\":[{\"up_to\":\"9\",\"percent\":30},{\"fixed\":\"1.10\"}]}"),
            may(draft, SWARM_RELEASES, 2)
                ? ",\"on_pending\":\"release\""
                : PICK(draft, "", ",\"reveal\":{\"bids\":\"best\"}", ",\"reveal\":{\"bids\":\"all\"}"),
            MAY_PICK(draft, SWARM_MARGINS, "",
                     ",\"sources\":{\"fb\":{\"min_price\":\"4\",\"margin\":{\"percent\":5,\"max\":\"0.40\"}}}"));
    }
    SAY(draft, "],\"lists\":{\"odd\":{\"file\":\"odd.txt\"}}");
    SAY(draft, ",\"calendars\":{\"us\":{\"2026-01-01\":\"closed\"}},\"buyers\":[");
}

static void draw_caps(struct draft *draft, bool is_contract)
{
    bool some = may(draft, SWARM_CAPS, 2);
    SAY(draft, ",\"caps\":[{\"window\":\"%s\",\"leads\":%u%s}", PICK(draft, "minute", "hour", "hour", "week"),
        some ? 1 + (unsigned)below(draft, 60) : 100000, hit(draft, 5) ? ",\"counts\":\"pings\"" : "");
    if (some && is_contract && hit(draft, 3))
        SAY(draft, ",{\"window\":\"month\",\"money\":\"%u.05\"}", 20 + (unsigned)below(draft, 800));
    if (some && hit(draft, 2))
        SAY(draft, ",{\"window\":\"day\",\"leads\":%u%s}", 2 + (unsigned)below(draft, 200),
            hit(draft, 3) ? ",\"pace\":true" : "");
    if (is_contract) draw_lasting(draft, "affiliate");
    SAY(draft, "]");
}

static void draw_condition(struct draft *draft);

/* What follows from the form of a text. */
static void draw_form(struct draft *draft)
{
    switch (below(draft, 5)) {
    case 0:
        SAY(draft, "{\"field\":\"zip\",\"prefix\":[\"9%u\",\"901\"]}", (unsigned)below(draft, 2));
        return;
    case 1:
        SAY(draft, "{\"field\":\"zip\",\"matches\":\"^9[01]1[0-%u]|5$\"}", (unsigned)below(draft, 3));
        return;
    case 2:
        SAY(draft, "{\"zip\":[\"9011%u\",\"9110%u\"]}", (unsigned)below(draft, 9), (unsigned)below(draft, 9));
        return;
    case 3:
        SAY(draft, "{\"field\":\"%s\",\"exists\":%s}", PICK(draft, "zip", "born", "phone"),
            PICK(draft, "true", "false"));
        return;
    default:
        SAY(draft, "{\"field\":\"credit\",\"in\":[\"good\",\"%s\"]}", PICK(draft, "fair", "poor"));
    }
}

static void draw_group(struct draft *draft)
{
    SAY(draft, "{\"%s\":[", PICK(draft, "all", "any", "none"));
    draw_condition(draft);
    SAY(draft, ",");
    draw_form(draft);
    SAY(draft, "]}");
}

/* Half of them none; what looks at a private field lets one-call leads only. */
static void draw_condition(struct draft *draft)
{
    switch (below(draft, 13)) {
    case 8:
        SAY(draft, "{\"age_from\":\"born\",\"min\":%u,\"max\":%u}", 20 + (unsigned)below(draft, 30),
            50 + (unsigned)below(draft, 30));
        return;
    case 9:
        draw_form(draft);
        return;
    case 10:
        /* Groups stand in groups two deep at most. */
        if (draft->depth++ < 2)
            draw_group(draft);
        else
            draw_form(draft);
        draft->depth--;
        return;
    case 11:
        SAY(draft, "{\"score\":{\"min\":%d}}", (int)below(draft, 25));
        return;
    case 12:
        SAY(draft, "{\"field\":\"owner\",\"is\":%s}", PICK(draft, "true", "false"));
        return;
    case 0:
        SAY(draft, "{\"field\":\"state\",\"in\":[\"CA\",\"NV\"]}");
        return;
    case 1:
        SAY(draft, "{\"sub_id\":[\"s1\",\"s2\"]}");
        return;
    case 2:
        SAY(draft, "{\"consent\":\"tcpa\"}");
        return;
    case 3:
        SAY(draft, "{\"area_code\":[415,%u]}", 201 + (unsigned)below(draft, 2));
        return;
    case 4:
        SAY(draft, "{\"field\":\"first_name\",\"prefix\":[\"%s\"]}", PICK(draft, "z", "a"));
        return;
    case 5:
        SAY(draft, "{\"none\":[{\"source\":[\"fb\"]},{\"affiliate\":[\"a0\"]}]}");
        return;
    default:
        SAY(draft, "{\"field\":\"age\",\"min\":%u}", 20 + (unsigned)below(draft, 40));
    }
}

static void draw_filter(struct draft *draft)
{
    if (!may(draft, SWARM_FILTERS, 2)) return;
    SAY(draft, ",\"filter\":");
    if (may(draft, SWARM_LISTS, 4))
        SAY(draft, "%s", PICK(draft, "{\"in_list\":\"odd\"}", "{\"none\":[{\"in_list\":\"odd\"}]}"));
    else
        draw_condition(draft);
}

static void draw_prices(struct draft *draft, bool has_both)
{
    if (has_both && !hit(draft, 3)) {
        SAY(draft, ",\"price\":{\"exclusive\":\"%u.50\",\"shared\":\"%u\"}", 7 + (unsigned)below(draft, 16),
            5 + (unsigned)below(draft, 9));
        return;
    }
    if (!hit(draft, 3)) {
        SAY(draft, ",\"price\":\"%u.50\"", 3 + (unsigned)below(draft, 12));
        return;
    }
    SAY(draft, ",\"price\":[{\"when\":");
    draft->depth++; /* a rule stands deeper than a filter */
    draw_condition(draft);
    draft->depth--;
    SAY(draft, ",\"price\":\"11.00\"}%s]", PICK(draft, ",{\"price\":\"4.00\"}", ""));
}

/* Who is asked what became of a doubt, and how it ends; mostly soon, for worlds are short. */
static void draw_doubt(struct draft *draft, unsigned buyer, bool is_inbox)
{
    if (!swarm_has(draft->swarm, SWARM_DOUBT)) return;
    if (!is_inbox && hit(draft, 3)) SAY(draft, ",\"status_url\":\"http://127.0.0.1:9000/b%u/status\"", buyer);
    if (hit(draft, 3)) return;
    SAY(draft, ",\"doubt\":{\"within\":\"%s\",\"then\":\"%s\"}", PICK(draft, "1s", "3s", "90s", "30m"),
        PICK(draft, "void", "void", "sold"));
}

static void draw_contract(struct draft *draft, unsigned buyer, unsigned contract)
{
    static const char *const types[] = {"exclusive", "shared", "either", "either"};
    unsigned type = swarm_has(draft->swarm, SWARM_SHARED) ? (unsigned)below(draft, 4) : 0;
    bool is_live = !may(draft, SWARM_STANDING, 3), is_inbox = !is_live && may(draft, SWARM_INBOX, 2);
    SAY(draft, "{\"id\":\"b%u-c%u\",\"campaign\":\"auto\"", buyer, contract);
    if (is_inbox)
        SAY(draft, ",\"delivery\":\"inbox\"");
    else
        SAY(draft, ",\"post_url\":\"http://127.0.0.1:9000/b%u/post\"", buyer);
    if (may(draft, SWARM_COPIES, 2))
        SAY(draft, ",\"copies\":[\"http://127.0.0.1:9000/copy\"%s]", PICK(draft, "", ",\"http://127.0.0.1:9000/crm\""));
    if (may(draft, SWARM_COPIES, 3)) SAY(draft, ",\"notify\":[\"http://127.0.0.1:9000/chat\"]");
    if (is_live)
        SAY(draft, ",\"price\":\"live\",\"ping_url\":\"http://127.0.0.1:9000/b%u/ping\"", buyer);
    else
        draw_prices(draft, type > 1);
    SAY(draft, ",\"ping_timeout\":\"%s\",\"post_timeout\":\"%s\",\"tier\":%u", PICK(draft, "20ms", "50ms", "400ms"),
        PICK(draft, "60ms", "200ms", "2s"), 1 + (unsigned)may(draft, SWARM_TIERS, 2));
    if (type) SAY(draft, ",\"type\":\"%s\",\"max_sold\":%u", types[type], 2 + (unsigned)below(draft, 3));
    draw_caps(draft, true);
    if (may(draft, SWARM_HOLDS, 4)) SAY(draft, ",\"max_open_offers\":%u", 1 + (unsigned)below(draft, 4));
    if (may(draft, SWARM_HOLDS, 3)) SAY(draft, ",\"hold_offer\":\"%s\"", PICK(draft, "200ms", "1s", "20s"));
    if (may(draft, SWARM_SEATS, 4)) SAY(draft, ",\"seats\":\"required\"");
    if (may(draft, SWARM_SEATS, 6)) SAY(draft, ",\"when_silent\":\"unavailable\"");
    draw_filter(draft);
    if (may(draft, SWARM_LISTS, 5))
        SAY(draft, ",\"suppress\":[\"few.txt\",{\"list\":\"odd\",\"unless\":{\"consent\":\"tcpa\"}}]");
    if (hit(draft, 4)) SAY(draft, ",\"disclose_floor\":true");
    if (hit(draft, 4)) SAY(draft, ",\"ping_hashes\":[%s]", PICK(draft, "\"phone\"", "\"phone\",\"email\""));
    if (may(draft, SWARM_LOWER, 2)) SAY(draft, ",\"max_price\":\"%s\"", PICK(draft, "7.00", "9.00", "14.00"));
    if (may(draft, SWARM_HOLDS, 3)) SAY(draft, ",\"bid_ttl\":\"1s\"");
    if (may(draft, SWARM_MARGINS, 3)) SAY(draft, ",\"margin\":{\"fixed\":\"%u.25\"}", (unsigned)below(draft, 4));
    if (!is_inbox && hit(draft, 4))
        SAY(draft, ",\"test\":{%s\"post_url\":\"http://127.0.0.1:9000/b%u/post\"}",
            is_live ? "\"ping_url\":\"http://127.0.0.1:9000/b0/ping\"," : "", buyer);
    if (hit(draft, 6))
        SAY(draft, ",\"free\":true%s",
            PICK(draft, "", ",\"pay_on\":{\"stage\":\"sold\"}", ",\"pay_on\":{\"stage\":\"contacted\",\"percent\":5}"));
    if (hit(draft, 3)) SAY(draft, ",\"returns\":{\"window\":\"7d\",\"max_percent\":20,\"decide\":\"auto\"}");
    if (hit(draft, 5)) SAY(draft, ",\"contact_within\":\"%s\"", PICK(draft, "1s", "2h"));
    if (may(draft, SWARM_LOWER, 3))
        SAY(draft, ",\"price_at_post\":\"lower\"%s", PICK(draft, "", ",\"min_price\":\"4.00\""));
    SAY(draft, "%s",
        MAY_PICK(draft, SWARM_UNKNOWN, "", ",\"on_unknown\":\"fallback\"",
                 ",\"idempotent\":true,\"on_unknown\":\"retry\"",
                 ",\"idempotent\":true,\"on_unknown\":{\"timeout\":\"hold\",\"reset\":\"retry\",\"http_5xx\":"
                 "\"fallback\"}"));
    draw_doubt(draft, buyer, is_inbox);
    if (swarm_has(draft->swarm, SWARM_DUPLICATES) && queue_draw(&draft->people, 8) == 0)
        SAY(draft, ",\"duplicates\":{\"window\":\"%us\"}", 1 + 60 * (unsigned)queue_draw(&draft->people, 3));
    if (swarm_has(draft->swarm, SWARM_SELLERS) && queue_draw(&draft->people, 3) == 0) {
        unsigned seller = (unsigned)queue_draw(&draft->people, 4);
        SAY(draft, ",\"seller\":{\"name\":\"S%u\",\"consent_text\":\"S%u may call me.\"}", seller, seller);
        SAY(draft, ",\"consent\":\"%s\"", queue_draw(&draft->people, 4) ? "named" : "general");
    }
    if (hit(draft, 3)) SAY(draft, ",\"multiplier\":\"%s\"", PICK(draft, "0.50", "1.30"));
    if (hit(draft, 3))
        SAY(draft, ",\"priority\":%u,\"weight\":%u", (unsigned)below(draft, 3), 1 + (unsigned)below(draft, 5));
    SAY(draft, "}");
}

/* Every other phone, and a few; the same after every reload. */
static bool write_lists(struct draft *draft, const char *folder)
{
    begin(draft);
    for (unsigned area = 213; area < 280; area += 2) SAY(draft, "+1%u5550142\n", area);
    if (!save(draft, folder, "odd.txt")) return false;
    begin(draft);
    SAY(draft, "# a few\n+12125550142\n(218) 555-0142\nzcanary7@example.com\n");
    return save(draft, folder, "few.txt");
}

/* Of an order that a few sales use up; prepaid ones live on what world_pay brings. */
static void draw_funds(struct draft *draft)
{
    if (!swarm_has(draft->swarm, SWARM_FUNDS)) return;
    switch (below(draft, 4)) {
    case 0:
        SAY(draft, ",\"funds\":{\"prepaid\":true,\"low_at\":\"20\"}");
        return;
    case 1:
        SAY(draft, ",\"funds\":{\"credit_limit\":\"%u.000001\"}", 5 + (unsigned)below(draft, 200));
        return;
    default:
        return;
    }
}

static bool write_market(struct draft *draft, const struct random_market *market, const char *folder)
{
    queue_open(&draft->people, 0, market->seed ^ 0xfacadeu, false);
    if (!write_lists(draft, folder)) return false;
    queue_open(&draft->lasting, 0, market->seed ^ 0xca95u, false);
    if (!save_areas(draft, folder)) return false;
    begin(draft);
    draw_settings(draft);
    if (!save(draft, folder, "outcry.yaml")) return false;
    begin(draft);
    draw_campaign(draft);
    for (unsigned buyer = 0; buyer < market->buyers; buyer++) {
        SAY(draft, "%s{\"id\":\"b%u\",\"signing_secret\":\"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfKQ9r8GKYo=\"",
            buyer ? "," : "", buyer);
        if (hit(draft, 6)) SAY(draft, ",\"group\":\"one-owner\"");
        SAY(draft, ",\"hash_secret\":\"sixteen bytes and more\"");
        if (hit(draft, 2)) SAY(draft, ",\"redirect_hosts\":[\"go.example\"]");
        if (may(draft, SWARM_CAPS, 3)) draw_caps(draft, false);
        draw_funds(draft);
        if (may(draft, SWARM_RATES, 3)) SAY(draft, ",\"max_in_flight\":%u", 1 + (unsigned)below(draft, 6));
        if (may(draft, SWARM_RATES, 3)) SAY(draft, ",\"max_pings_per_s\":%u", 100 + (unsigned)below(draft, 300));
        SAY(draft, ",\"contracts\":[");
        for (unsigned contract = 0; contract < market->contracts[buyer]; contract++) {
            if (contract) SAY(draft, ",");
            draw_contract(draft, buyer, contract);
        }
        SAY(draft, "]}");
    }
    SAY(draft, "]}");
    return save(draft, folder, "market.yaml");
}

/* Around the deadlines: a millisecond before, on it, after it. */
static void draw_think(struct draft *draft, bool is_post)
{
    static const int ping_ms[] = {20, 50, 58, 198}, post_ms[] = {60, 200, 290, 990};
    int deadline_ms = (is_post ? post_ms : ping_ms)[below(draft, 4)];
    switch (swarm_has(draft->swarm, SWARM_SLOW) ? below(draft, 4) : 3) {
    case 0:
        SAY(draft, "\"think_ms\":%d", deadline_ms - 1 + (int)below(draft, 3));
        return;
    case 1:
        SAY(draft, "\"think_ms\":{\"uniform\":[%d,%d]}", deadline_ms - 3, deadline_ms + 3);
        return;
    case 2:
        SAY(draft, "\"think_ms\":{\"tail\":{\"base\":1,\"share\":0.1,\"ms\":%d}}", deadline_ms);
        return;
    default:
        SAY(draft, "\"think_ms\":{\"uniform\":[0,20]}");
    }
}

static void draw_script(struct draft *draft, bool is_post)
{
    unsigned count = 1 + (unsigned)below(draft, 12);
    SAY(draft, ",\"script\":[");
    for (unsigned i = 0; i < count; i++) {
        const char *usual = hit(draft, 3) ? (is_post ? "reject:other" : "no_bid") : "normal";
        const char *odd = PICK(draft, "garbage", "wrong_type", "wrong_status", "html", "status:503", "status:404",
                               "redirect", "no_content", "held", "silent", "hang_up_before", "hang_up_middle",
                               "hang_up_after", "not_http", "drip");
        SAY(draft, "%s\"%s\"", i ? "," : "", may(draft, SWARM_ODD, 3) ? odd : usual);
    }
    SAY(draft, "]");
}

static bool write_scenario(struct draft *draft, const struct random_market *market, const char *folder)
{
    begin(draft);
    SAY(draft,
        "{\"listen\":\"127.0.0.1:9000\",\"seed\":%u,\"private\":[\"first_name\",\"phone\",\"email\"],\"buyers\":[",
        1 + (unsigned)below(draft, 1000000));
    for (unsigned buyer = 0; buyer < market->buyers; buyer++) {
        SAY(draft, "%s{\"name\":\"b%u\",\"price\":%s,\"no_bid\":0.%u,", buyer ? "," : "", buyer,
            PICK(draft, "\"9.00\"", "{\"uniform\":[\"3\",\"20\"]}",
                 "{\"log_normal\":{\"median\":\"8\",\"sigma\":0.5}}"),
            swarm_has(draft->swarm, SWARM_REFUSALS) ? (unsigned)below(draft, 4) : 0);
        draw_think(draft, false);
        if (may(draft, SWARM_ODD, 2)) draw_script(draft, false);
        if (hit(draft, 4)) SAY(draft, ",\"bid_id\":true");
        if (may(draft, SWARM_LEGS, 2))
            SAY(draft, ",\"legs\":[{\"price\":\"%u.00\"},{\"price\":\"%u.50\",\"max_sold\":%u}%s]",
                6 + (unsigned)below(draft, 14), 5 + (unsigned)below(draft, 8), 2 + (unsigned)below(draft, 4),
                PICK(draft, "", ",{\"price\":\"8.25\",\"max_sold\":2}", ",{\"price\":\"3.75\",\"max_sold\":4}"));
        if (hit(draft, 5)) SAY(draft, ",\"valid_ms\":%u", 1 + (unsigned)below(draft, 2000));
        if (may(draft, SWARM_SEATS, 4)) SAY(draft, ",\"pause_s\":1");
        SAY(draft, ",\"drip_ms\":1,\"post\":{\"reject\":0.%u,",
            swarm_has(draft->swarm, SWARM_REFUSALS) ? (unsigned)below(draft, 6) : 0);
        draw_think(draft, true);
        if (may(draft, SWARM_ODD, 2)) draw_script(draft, true);
        if (may(draft, SWARM_LOWER, 4)) SAY(draft, ",\"price\":\"1.00\"");
        if (hit(draft, 3))
            SAY(draft, ",\"redirect_url\":\"%s\"", PICK(draft, "https://go.example/b%3D1", "https://evil.example/"));
        SAY(draft, "}}");
    }
    SAY(draft, "]}");
    return save(draft, folder, "scenario.json");
}

bool random_write(struct random_market *market, uint64_t seed, const char *folder)
{
    struct draft *draft = calloc(1, sizeof *draft);
    if (!draft) return false;
    queue_open(&draft->chance, 0, seed, false);
    draft->swarm = swarm_draw(seed);
    *market = (struct random_market){
        .seed = seed, .swarm = draft->swarm, .buyers = 1 + (unsigned)below(draft, RANDOM_BUYERS_MAX)};
    if (market->buyers < 4 && hit(draft, 2)) market->buyers += 3; /* so that several may get one lead */
    for (unsigned i = 0; i < market->buyers; i++)
        market->contracts[i] = 1 + (unsigned)below(draft, RANDOM_CONTRACTS_MAX);
    bool good = write_market(draft, market, folder) && write_scenario(draft, market, folder);
    free(draft);
    return good;
}

bool random_rewrite(struct random_market *market, const char *folder)
{
    struct draft *draft = calloc(1, sizeof *draft);
    if (!draft) return false;
    queue_open(&draft->chance, 0, market->seed + ++market->reloads * 1000003u, false);
    draft->swarm = market->swarm;
    bool good = write_market(draft, market, folder);
    free(draft);
    return good;
}

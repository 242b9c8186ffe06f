/* The catalogue's rows (config.md, "Catalogue"), first part: campaigns and affiliates. Keys that are specified and not
 * built yet stand here too, so that they are refused by name. */
#include "exchange/config/schema_groups.h"
#include "exchange/market/margin.h"

#define ROWS(array) .rows = array, .rows_count = sizeof array / sizeof *array

static const struct schema_row band_rows[] = {
    {.key = "up_to",
     .type = SCHEMA_MONEY,
     .range = "0.000001..",
     .prose = "prices up to this one; only the last band is without"},
    {.key = "percent", .type = SCHEMA_PERCENT, .fallback = "0", .range = "0..100", .prose = "of the buyer's price"},
    {.key = "fixed",
     .type = SCHEMA_MONEY,
     .fallback = "0",
     .range = "0..",
     .prose = "this much a sale, beside percent"},
};
const struct schema_group schema_band = {
    .name = "margin band",
    .title = "bands",
    .prose = "The first band that the price is within: bands: [{up_to: \"10\", percent: 25}, {percent: 15}].",
    ROWS(band_rows),
    .indivisible = true};

/* The first two rows are for `margins` alone. */
static const struct schema_row margin_rows[] = {
    {.key = "affiliate", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .prose = "whose leads"},
    {.key = "contract", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .prose = "sold to which contract"},
    {.key = "percent", .type = SCHEMA_PERCENT, .fallback = "0", .range = "0..100", .prose = "of the buyer's price"},
    {.key = "fixed",
     .type = SCHEMA_MONEY,
     .fallback = "0",
     .range = "0..",
     .prose = "this much a sale, beside percent"},
    {.key = "min", .type = SCHEMA_MONEY, .fallback = "0", .range = "0..", .prose = "at least this much a sale"},
    {.key = "max", .type = SCHEMA_MONEY, .range = "0.000001..", .prose = "at most this much a sale"},
    {.key = "bands",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .items_max = MARGIN_BANDS_MAX,
     .group = &schema_band,
     .prose = "percent and fixed by the price, instead of the two above"},
};
const struct schema_group schema_margin = {
    .name = "margin",
    .title = "margin",
    .prose = "The house's share of a price. The most specific one stands: that of one affiliate with one contract "
             "(`margins`), then contract, source, affiliate, campaign, and the exchange's last.",
    .rows = margin_rows + 2,
    .rows_count = sizeof margin_rows / sizeof *margin_rows - 2,
    .indivisible = true};
static const struct schema_group pair_group = {
    .name = "margins",
    .title = "margins",
    .prose = "The margin of one affiliate with one contract: margins: [{affiliate: a, contract: c, percent: 12}].",
    ROWS(margin_rows),
    .indivisible = true};

static const struct schema_row pay_rows[] = {
    {.key = "fixed", .type = SCHEMA_MONEY, .range = "0..", .prose = "this much a sale, whatever the price"},
    {.key = "percent", .type = SCHEMA_PERCENT, .range = "0..100", .prose = "of the buyer's price"},
};
static const struct schema_group pay_group = {
    .name = "pay",
    .title = "pay",
    .prose = "What the affiliate gets, instead of a margin: fixed or percent. A price below a fixed pay is low_bid.",
    ROWS(pay_rows),
    .indivisible = true};

static const struct schema_row source_rows[] = {
    {.key = "min_price", .type = SCHEMA_MONEY, .fallback = "0", .range = "0..", .prose = "the least payout of a lead"},
    {.key = "margin", .type = SCHEMA_MAP, .group = &schema_margin, .prose = "the house's share of its leads"},
    {.key = "pay", .type = SCHEMA_MAP, .group = &pay_group, .prose = "the payout instead of the margin"},
    {.key = "paused", .type = SCHEMA_BOOL, .fallback = "false", .prose = "its requests are refused"},
};
static const struct schema_group source_group = {
    .name = "source",
    .title = "sources",
    .prose = "Rules of an affiliate's sources, each under its name: sources: {fb: {min_price: \"3.00\"}}.",
    ROWS(source_rows)};

static const struct schema_row field_rows[] = {
    {.key = "type",
     .type = SCHEMA_CHOICE,
     .flags = SCHEMA_REQUIRED,
     .choices = "text integer decimal boolean choice date email url ip us_state us_zip us_phone",
     .prose = "what it holds"},
    {.key = "required",
     .type = SCHEMA_CHOICE,
     .choices = "ping post",
     .prose = "from when on it must be there; without it: never"},
    {.key = "private", .type = SCHEMA_BOOL, .fallback = "true", .prose = "never in a ping to a buyer"},
    {.key = "min", .type = SCHEMA_VALUE, .prose = "integer, decimal, date: the least"},
    {.key = "max", .type = SCHEMA_VALUE, .prose = "integer, decimal, date: the most; text, url: the most bytes"},
    {.key = "of",
     .type = SCHEMA_TEXT,
     .form = SCHEMA_LIST,
     .items_max = 64,
     .range = "1..64",
     .prose = "choice: the values"},
};
static const struct schema_group field_group = {.name = "field",
                                                .title = "fields",
                                                .prose = "The lead's fields, each under its name. A field that is not "
                                                         "named here may be sent all the same: it is kept, private.",
                                                ROWS(field_rows)};

static const struct schema_row quiet_rows[] = {
    {.key = "default",
     .type = SCHEMA_OPENING,
     .flags = SCHEMA_REQUIRED,
     .prose = "the open hours, where by_state says no others"},
    {.key = "by_state",
     .type = SCHEMA_OPENING,
     .form = SCHEMA_NAMED,
     .items_max = 63,
     .prose = "the open hours of a state: {FL: \"08:00-20:00\"}"},
    {.key = "zone_from",
     .type = SCHEMA_CHOICE,
     .choices = "zip phone both",
     .fallback = "both",
     .prose = "what tells where a person lives; both: open in each. Needs geo: zips, geo: area_codes"},
};
static const struct schema_group quiet_group = {
    .name = "quiet_hours",
    .title = "quiet_hours",
    .prose =
        "When people may be called: hours on the half hour, in the time zone of their zip or of their phone's area "
        "code. What a ping does not tell yet is asked at the post. Where neither is told, or a table does not "
        "know it, it must be open in every zone of the tables.",
    ROWS(quiet_rows),
    .indivisible = true};

static const struct schema_row consent_rows[] = {
    {.key = "required",
     .type = SCHEMA_TEXT,
     .form = SCHEMA_LIST,
     .items_max = 8,
     .range = "1..32",
     .prose = "parts of the consent that must be there; tcpa must be true"},
    {.key = "required_at",
     .type = SCHEMA_CHOICE,
     .choices = "ping post",
     .fallback = "post",
     .prose = "ping: in the ping already, and in the post"},
};
static const struct schema_group consent_group = {
    .name = "consent", .title = "consent", .prose = "What the person must have agreed to.", ROWS(consent_rows)};

static const struct schema_row list_rows[] = {
    {.key = "file",
     .type = SCHEMA_PATH,
     .prose = "a text: one phone, e-mail or hexadecimal SHA-256 of one a line; # comments"},
    {.key = "owner", .type = SCHEMA_NAME, .prose = "the buyer who may replace it: PUT /v1/buyer/lists/{name}"},
};
static const struct schema_group list_group = {
    .name = "list",
    .title = "lists",
    .prose = "A list of people, under its name: lists: {customers: {file: customers.txt, owner: north}}. Read at start "
             "and reload; of file and owner's the later one counts.",
    ROWS(list_rows),
    .indivisible = true};

static const struct schema_row unless_rows[] = {
    {.key = "consent",
     .type = SCHEMA_CHOICE,
     .flags = SCHEMA_REQUIRED,
     .choices = "tcpa",
     .prose = "that fact is true"},
};
static const struct schema_group unless_group = {.name = "unless",
                                                 .title = "unless",
                                                 .prose = "What a suppression gives way to.",
                                                 ROWS(unless_rows),
                                                 .indivisible = true};
static const struct schema_row suppress_rows[] = {
    {.key = "list", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .prose = "a name of `lists`"},
    {.key = "unless",
     .type = SCHEMA_MAP,
     .group = &unless_group,
     .prose = "people who agreed to it are sold all the same"},
};
const struct schema_group schema_suppress = {
    .name = "suppress",
    .title = "suppress",
    .prose = "People on these lists are not sold: suppress: [dnc.txt, {list: customers, unless: {consent: tcpa}}].",
    ROWS(suppress_rows),
    .indivisible = true};

static const struct schema_row duplicates_rows[] = {
    {.key = "by",
     .type = SCHEMA_CHOICE,
     .form = SCHEMA_LIST,
     .items_max = 2,
     .choices = "phone email",
     .prose = "what makes two people one; without it all of these that the campaign has a field of"},
    {.key = "match",
     .type = SCHEMA_CHOICE,
     .choices = "any all",
     .fallback = "any",
     .prose = "any: one of them is equal; all: each of them"},
    {.key = "window",
     .type = SCHEMA_DURATION,
     .flags = SCHEMA_REQUIRED,
     .range = "1s..3650d",
     .prose = "so long the person counts as seen"},
    {.key = "counts",
     .type = SCHEMA_CHOICE,
     .choices = "sold posted",
     .fallback = "sold",
     .prose = "who counts as seen: who was sold, or whose lead a buyer was sent"},
    {.key = "scope",
     .type = SCHEMA_NAME,
     .form = SCHEMA_ONE_OR_LIST,
     .items_max = 16,
     .fallback = "campaign",
     .prose = "where: campaign (this one), exchange (all), or a list of campaigns beside this one"},
    {.key = "reject_memory",
     .type = SCHEMA_DURATION,
     .fallback = "24h",
     .range = "1s..3650d",
     .prose = "so long a person whom a contract refused is kept from it"},
};
static const struct schema_group duplicates_group = {
    .name = "duplicates",
    .title = "duplicates",
    .prose = "The same person again is not sold twice: duplicates: {by: [phone, email], window: 30d}. A lead under "
             "way counts too.",
    ROWS(duplicates_rows),
    .indivisible = true};

static const struct schema_row contract_duplicates_rows[] = {
    {.key = "window",
     .type = SCHEMA_DURATION,
     .flags = SCHEMA_REQUIRED,
     .range = "1s..3650d",
     .prose = "so long a person sold to this contract is not sold to it again"},
};
const struct schema_group schema_contract_duplicates = {
    .name = "contract duplicates",
    .title = "duplicates of a contract",
    .prose = "Beside the campaign's rule, whose by, match and counts hold here too.",
    ROWS(contract_duplicates_rows),
    .indivisible = true};

#define POLICY_CHOICES "price priority weighted round_robin even"
#define RANK_BY_CHOICES "price expected_value"
#define PRICING_CHOICES "first second"
#define UNAVAILABLE_CHOICES "skip last"

/* No defaults here: what is not named is the campaign's own. */
static const struct schema_row experiment_rows[] = {
    {.key = "share",
     .type = SCHEMA_PERCENT,
     .flags = SCHEMA_REQUIRED,
     .range = "0.01..99.99",
     .prose = "of the campaign's auctions, drawn by a keyed hash of the ping"},
    {.key = "policy", .type = SCHEMA_CHOICE, .choices = POLICY_CHOICES, .prose = "as the campaign's"},
    {.key = "rank_by", .type = SCHEMA_CHOICE, .choices = RANK_BY_CHOICES, .prose = "as the campaign's"},
    {.key = "shadow", .type = SCHEMA_BOOL, .prose = "as the campaign's"},
    {.key = "pricing", .type = SCHEMA_CHOICE, .choices = PRICING_CHOICES, .prose = "as the campaign's"},
    {.key = "second_price_step", .type = SCHEMA_MONEY, .range = "0..", .prose = "as the campaign's"},
    {.key = "unavailable_bids", .type = SCHEMA_CHOICE, .choices = UNAVAILABLE_CHOICES, .prose = "as the campaign's"},
};
static const struct schema_group experiment_group = {
    .name = "experiment",
    .title = "experiment",
    .prose =
        "A share of the auctions goes by other rules: experiment: {share: 20, policy: weighted}. What is not named "
        "is the campaign's own. Both arms are in GET /v1/admin/stats.",
    ROWS(experiment_rows),
    .indivisible = true};

static const struct schema_row campaign_rows[] = {
    {.key = "id", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .prose = "its name in every request"},
    {.key = "timeout",
     .type = SCHEMA_DURATION,
     .fallback = "1000ms",
     .range = "10ms..60s",
     .prose = "answer to a ping"},
    {.key = "post_timeout",
     .type = SCHEMA_DURATION,
     .fallback = "3s",
     .range = "10ms..120s",
     .prose = "answer to a post, all fallbacks included"},
    {.key = "offer_ttl",
     .type = SCHEMA_DURATION,
     .fallback = "300s",
     .range = "1s..1d",
     .prose = "how long an offer stands"},
    {.key = "promise",
     .type = SCHEMA_CHOICE,
     .choices = "squeeze keep",
     .fallback = "squeeze",
     .prose = "at fallback: squeeze gives up margin to keep the offered price, keep does not"},
    {.key = "min_margin",
     .type = SCHEMA_MONEY,
     .fallback = "0",
     .range = "0..",
     .prose = "squeeze: the margin that is kept"},
    {.key = "on_mismatch",
     .type = SCHEMA_CHOICE,
     .choices = "refuse reauction",
     .fallback = "refuse",
     .prose = "a post that differs from its ping: unsold, or a new auction of the posted lead"},
    {.key = "objective",
     .type = SCHEMA_CHOICE,
     .choices = "payout revenue margin",
     .fallback = "payout",
     .prose = "what makes one set of buyers better than another, where a lead may be sold to several"},
    {.key = "reping_window",
     .type = SCHEMA_DURATION,
     .fallback = "60s",
     .range = "0s..1d",
     .prose =
         "the same ping again so soon, if it has a ref, click_id or hashes, gets the offer that stands; 0s: never"},
    {.key = "max_refines",
     .type = SCHEMA_COUNT,
     .fallback = "3",
     .range = "0..3",
     .prose = "how often a ping may be refined by one that names more"},
    {.key = "tier_mode",
     .type = SCHEMA_CHOICE,
     .choices = "parallel waterfall",
     .fallback = "parallel",
     .prose = "all tiers are asked at once, or the next one only when one gave nothing"},
    {.key = "policy",
     .type = SCHEMA_CHOICE,
     .choices = POLICY_CHOICES,
     .fallback = "price",
     .prose = "who is first inside a tier"},
    {.key = "rank_by",
     .type = SCHEMA_CHOICE,
     .choices = RANK_BY_CHOICES,
     .fallback = "price",
     .prose = "price x multiplier, or that x the share of its posts a contract accepts"},
    {.key = "shadow",
     .type = SCHEMA_BOOL,
     .fallback = "false",
     .prose = "decides by price, and shows in every trace what expected_value would have said"},
    {.key = "pricing",
     .type = SCHEMA_CHOICE,
     .choices = PRICING_CHOICES,
     .fallback = "first",
     .prose = "a buyer pays its own bid, or what the best losing bid of another group makes it pay"},
    {.key = "max_sales",
     .type = SCHEMA_COUNT,
     .range = "1..8",
     .fallback = "1",
     .prose = "to so many buyers a lead is sold at most"},
    {.key = "unavailable_bids",
     .type = SCHEMA_CHOICE,
     .choices = UNAVAILABLE_CHOICES,
     .fallback = "skip",
     .prose = "bids that say available: false are out, or behind all others"},
    {.key = "second_price_step",
     .type = SCHEMA_MONEY,
     .fallback = "0.01",
     .range = "0..",
     .prose = "pricing second: this much above the best losing bid"},
    {.key = "margin", .type = SCHEMA_MAP, .group = &schema_margin, .prose = "the house's share in this campaign"},
    {.key = "fields",
     .type = SCHEMA_MAP,
     .form = SCHEMA_NAMED,
     .flags = SCHEMA_REQUIRED,
     .items_max = 128,
     .group = &field_group,
     .prose = "name: {type: …}"},
    {.key = "duplicates",
     .type = SCHEMA_MAP,
     .group = &duplicates_group,
     .prose = "when the same person is sold again"},
    {.key = "consent", .type = SCHEMA_MAP, .group = &consent_group, .prose = "what the person must have agreed to"},
    {.key = "quiet_hours",
     .type = SCHEMA_MAP,
     .group = &quiet_group,
     .prose = "when people may be called, in their own time zone; outside, nothing of theirs is sold"},
    {.key = "exit_url", .type = SCHEMA_URL, .prose = "redirect_url in the answers of unsold leads"},
    {.key = "suppress",
     .type = SCHEMA_PATH,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_MAYBE_EMPTY | SCHEMA_OR_MAP,
     .items_max = 32,
     .group = &schema_suppress,
     .prose = "people who are not sold here: files, names of `lists`, or {list, unless}"},
    {.key = "test_patterns",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .items_max = 64,
     .group = &schema_pattern,
     .prose = "leads that look like tests: they end as test_lead, unsold"},
    {.key = "redistribute",
     .type = SCHEMA_MAP,
     .group = &schema_redistribute,
     .prose = "which sold leads go to a new auction; without it: none"},
    {.key = "experiment", .type = SCHEMA_MAP, .group = &experiment_group, .prose = "other rules for a share"},
    {.key = "retention",
     .type = SCHEMA_DURATION,
     .range = "1s..100y",
     .prose = "private content of leads is destroyed so long after they came; without it, only when it is erased"},
    {.key = "paused", .type = SCHEMA_BOOL, .fallback = "false", .prose = "takes no leads"},
    {.key = "score",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .items_max = 256,
     .group = &schema_score,
     .prose = "points of a lead, the sum of the rules that hold; filters may ask for them"},
};
static const struct schema_group campaign_group = {
    .name = "campaign",
    .title = "campaigns",
    .prose = "One kind of lead: its fields, its auction's rules, its margin.",
    ROWS(campaign_rows)};

static const struct schema_row rate_rows[] = {
    {.key = "pings_per_s",
     .type = SCHEMA_COUNT,
     .flags = SCHEMA_REQUIRED,
     .range = "1..1000000",
     .prose = "pings and one-call leads a second"},
};
static const struct schema_group rate_group = {
    .name = "rate", .title = "rate", .prose = "What one affiliate may send.", ROWS(rate_rows)};

static const struct schema_row reveal_rows[] = {
    {.key = "buyers",
     .type = SCHEMA_CHOICE,
     .choices = "id name none",
     .fallback = "id",
     .prose = "how a buyer is shown to it"},
    {.key = "bids",
     .type = SCHEMA_CHOICE,
     .choices = "none best all",
     .fallback = "none",
     .prose = "which bids a ping's answer tells it: what each would pay"},
    {.key = "stages",
     .type = SCHEMA_BOOL,
     .fallback = "false",
     .prose = "what buyers say became of its sold leads: the latest stage of each sale, when it is asked for the lead"},
};
static const struct schema_group reveal_group = {
    .name = "reveal", .title = "reveal", .prose = "How much an affiliate sees.", ROWS(reveal_rows)};

static const struct schema_row terms_rows[] = {
    {.key = "clear_after",
     .type = SCHEMA_DURATION,
     .flags = SCHEMA_REQUIRED,
     .range = "1s..",
     .prose = "after the sale its payout is cleared; without terms an operator clears it by hand"},
};
static const struct schema_group terms_group = {
    .name = "terms", .title = "terms", .prose = "As they stood when a lead was taken.", ROWS(terms_rows)};

static const struct schema_row affiliate_rows[] = {
    {.key = "id", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .prose = "its name in ledger and reports"},
    {.key = "keys",
     .type = SCHEMA_KEY,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_MAYBE_EMPTY,
     .items_max = 16,
     .prose = "its keys; made by: outcry key new affiliate"},
    {.key = "campaigns",
     .type = SCHEMA_NAME,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_REQUIRED,
     .items_max = 256,
     .prose = "what it may sell"},
    {.key = "min_price", .type = SCHEMA_MONEY, .fallback = "0", .range = "0..", .prose = "the least payout of a lead"},
    {.key = "margin", .type = SCHEMA_MAP, .group = &schema_margin, .prose = "the house's share of its leads"},
    {.key = "pay", .type = SCHEMA_MAP, .group = &pay_group, .prose = "the payout instead of the margin"},
    {.key = "reveal", .type = SCHEMA_MAP, .group = &reveal_group, .prose = "how much it sees"},
    {.key = "on_pending",
     .type = SCHEMA_CHOICE,
     .choices = "wait release",
     .fallback = "wait",
     .prose = "a verdict still out at its deadline: pending, and how it ended later; or the post is voided, and the "
              "lead unsold for good"},
    {.key = "terms", .type = SCHEMA_MAP, .group = &terms_group, .prose = "when its money is cleared"},
    {.key = "returns",
     .type = SCHEMA_MAP,
     .group = &schema_affiliate_returns,
     .prose = "which returns of its leads it bears; without it: the house bears all"},
    {.key = "exclude_buyers",
     .type = SCHEMA_TEXT,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_MAYBE_EMPTY,
     .items_max = 10000,
     .range = "1..256",
     .prose = "buyers, or groups of them, that never get its leads"},
    {.key = "caps",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_MAYBE_EMPTY,
     .items_max = 8,
     .group = &schema_cap,
     .prose = "bounds a window of its leads, in each campaign; reached: its pings are rejected as capped"},
    {.key = "rate", .type = SCHEMA_MAP, .group = &rate_group, .prose = "bounds a second"},
    {.key = "sources",
     .type = SCHEMA_MAP,
     .form = SCHEMA_NAMED,
     .items_max = 10000,
     .group = &source_group,
     .prose = "rules of its sources"},
    {.key = "max_sales",
     .type = SCHEMA_COUNT,
     .range = "1..8",
     .prose = "its leads are sold to so many buyers at most; without it: the campaign's"},
    {.key = "paused", .type = SCHEMA_BOOL, .fallback = "false", .prose = "its requests are refused"},
    {.key = "notices",
     .type = SCHEMA_MAP,
     .group = &schema_affiliate_notices,
     .prose = "where it is told what became of leads that were answered as pending"},
};
static const struct schema_group affiliate_group = {
    .name = "affiliate", .title = "affiliates", .prose = "Who sells leads to the exchange.", ROWS(affiliate_rows)};

static const struct schema_row calendar_day = {.key = "a calendar's day", .type = SCHEMA_DAY, .prose = "hours"};
static const struct schema_group calendar_group = {
    .name = "calendar",
    .title = "calendars",
    .prose = "Dates with hours of their own, each calendar under its name; a schedule takes one by `use`: calendars: "
             "{us: {\"2026-12-25\": closed, \"2026-12-24\": \"08:00-12:00\"}}.",
    .any = &calendar_day,
    .indivisible = true};

static const struct schema_row catalogue_rows[] = {
    {.key = "campaigns",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_MAYBE_EMPTY | SCHEMA_VITAL,
     .group = &campaign_group,
     .prose = "kinds of lead"},
    {.key = "lists",
     .type = SCHEMA_MAP,
     .form = SCHEMA_NAMED,
     .items_max = 256,
     .group = &list_group,
     .prose = "named lists of people"},
    {.key = "calendars",
     .type = SCHEMA_MAP,
     .form = SCHEMA_NAMED,
     .group = &calendar_group,
     .prose = "dated exceptions of schedules"},
    {.key = "margins",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_ITEMS | SCHEMA_MAYBE_EMPTY,
     .group = &pair_group,
     .prose = "of one affiliate with one contract"},
    {.key = "affiliates",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_ITEMS | SCHEMA_MAYBE_EMPTY,
     .group = &affiliate_group,
     .prose = "who sells"},
    {.key = "buyers",
     .type = SCHEMA_MAP,
     .form = SCHEMA_LIST,
     .flags = SCHEMA_ITEMS | SCHEMA_MAYBE_EMPTY,
     .group = &schema_buyer,
     .prose = "who buys"},
};
const struct schema_group schema_catalogue = {
    .name = "catalogue",
    .title = "Catalogue: market.yaml",
    .prose = "What is traded: campaigns, who sells and who buys. In a folder every .yaml and .json file holds a part "
             "of it, and every .ndjson file one contract a line, with its `buyer`.",
    ROWS(catalogue_rows)};

const struct schema_group *const schema_catalogue_groups[] = {
    &schema_catalogue,
    &campaign_group,
    &field_group,
    &consent_group,
    &schema_pattern,
    &schema_score,
    &quiet_group,
    &schema_margin,
    &schema_band,
    &pair_group,
    &experiment_group,
    &affiliate_group,
    &source_group,
    &pay_group,
    &rate_group,
    &reveal_group,
    &calendar_group,
    &list_group,
    &schema_suppress,
    &unless_group,
    &duplicates_group,
    &schema_contract_duplicates,
    &schema_affiliate_notices,
    &schema_affiliate_returns,
    &schema_redistribute,
};
const unsigned schema_catalogue_groups_count = sizeof schema_catalogue_groups / sizeof *schema_catalogue_groups;

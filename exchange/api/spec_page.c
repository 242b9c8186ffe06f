/* One page, nothing fetched from anywhere: it can be saved, mailed and printed. Everything that is somebody's text goes
 * through `escape`. */
#include "exchange/api/spec.h"

#include "exchange/market/seller.h"

#include <stdlib.h>

#define SECOND_MS 1000
#define MINUTE_MS 60000
#define SHELL_ROOM 262144u

static void write_head(const struct spec *spec, struct sink *sink);
static void write_facts(const struct spec *spec, struct sink *sink);
static void write_way(struct sink *sink);
static void write_fields(const struct spec *spec, struct sink *sink);
static void write_consent(const struct spec *spec, struct sink *sink);
static void write_sellers(const struct spec *spec, struct sink *sink);
static void write_examples(const struct spec *spec, struct sink *sink);
static void write_answers(struct sink *sink);

void spec_write_page(const struct spec *spec, struct sink *sink)
{
    write_head(spec, sink);
    write_facts(spec, sink);
    write_way(sink);
    write_fields(spec, sink);
    write_consent(spec, sink);
    write_sellers(spec, sink);
    write_examples(spec, sink);
    write_answers(sink);
    sink_text(sink, "</main></body></html>\n");
}

static void escape(struct bytes text, struct sink *sink)
{
    static const char *const NAMES[128] = {
        ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;", ['\''] = "&#39;"};
    for (size_t i = 0; i < text.len; i++) {
        unsigned char letter = (unsigned char)text.at[i];
        if (letter < 128 && NAMES[letter])
            sink_text(sink, NAMES[letter]);
        else
            sink_char(sink, text.at[i]);
    }
}

static void write_head(const struct spec *spec, struct sink *sink)
{
    static const char STYLE[] =
        ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6b7e;--line:#dfe5ec;--back:#f6f8fa;--card:#fff;"
        "--blue:#1f5fbf;--bluesoft:#e6effb;--green:#1c7a4a;--greensoft:#e2f4ea;--amber:#8a5a00;--ambersoft:#fcf0d9;"
        "--code:#10192a;--codeink:#dbe6f6}"
        "@media(prefers-color-scheme:dark){:root{--ink:#e7edf5;--soft:#9fb0c4;--line:#2c3746;--back:#121821;"
        "--card:#1a222e;--blue:#8fb9f5;--bluesoft:#1e2f49;--green:#7fd1a3;--greensoft:#17352a;--amber:#f0c267;"
        "--ambersoft:#3a2e14;--code:#0b111b}}"
        "*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);"
        "font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
        "main{max-width:70rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}"
        "header p{margin:0;color:var(--soft)}.over{text-transform:uppercase;letter-spacing:.08em;font-size:.78rem;"
        "font-weight:600}h1{font-size:2.1rem;line-height:1.2;margin:.25rem 0 .35rem}"
        "h2{font-size:1.25rem;margin:2.6rem 0 .6rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}"
        "p{margin:.4rem 0 .8rem}.wide+p,pre+p,.way+p{margin-top:1rem}a{color:var(--blue)}"
        ".facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem;margin-top:1.6rem}"
        ".facts div,.way li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}"
        ".facts b{display:block;font-size:1.15rem}.facts span{color:var(--soft);font-size:.87rem}"
        ".way{list-style:none;padding:0;margin:0;display:grid;gap:.8rem;"
        "grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));counter-reset:way}"
        ".way li{counter-increment:way;font-size:.95rem}.way li:before{content:counter(way);display:inline-block;"
        "width:1.6rem;height:1.6rem;line-height:1.6rem;text-align:center;border-radius:50%;background:var(--bluesoft);"
        "color:var(--blue);font-weight:700;margin-right:.5rem}"
        ".wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem}"
        "table{border-collapse:collapse;width:100%;font-size:.93rem}th,td{text-align:left;vertical-align:top;"
        "padding:.6rem .9rem;border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}"
        "th{color:var(--soft);font-size:.8rem;font-weight:600}td small{color:var(--soft);display:block}"
        "code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}td code{white-space:nowrap}"
        ".chip{display:inline-block;border-radius:1rem;padding:.08rem .6rem;font-size:.8rem;font-weight:600;"
        "margin:.1rem .2rem .1rem 0;white-space:nowrap;background:var(--back);border:1px solid var(--line)}"
        ".ping{background:var(--bluesoft);color:var(--blue);border-color:transparent}"
        ".post{background:var(--greensoft);color:var(--green);border-color:transparent}"
        ".private{background:var(--ambersoft);color:var(--amber);border-color:transparent}"
        "pre{background:var(--code);color:var(--codeink);border-radius:.6rem;padding:1rem 1.1rem;overflow-x:auto;"
        "margin:.3rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere}"
        "@media print{body{background:#fff}pre{white-space:pre-wrap}}";
    sink_text(sink, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    escape(spec->campaign->id, sink);
    sink_text(sink, " \xE2\x80\x93 posting instructions</title><style>");
    sink_text(sink, STYLE);
    sink_text(sink, "</style></head><body><main><header><p class=\"over\">Posting instructions</p><h1>");
    escape(spec->campaign->id, sink);
    sink_text(sink, "</h1><p>For <b>");
    escape(spec->affiliate->id, sink);
    sink_text(sink, "</b>, at <code>");
    escape(bytes_of(spec->origin), sink);
    sink_text(sink, "</code>");
    if (spec->campaign->paused || spec->affiliate->paused)
        sink_text(sink, " <span class=\"chip private\">paused: takes no leads now</span>");
    sink_text(sink, "</p></header>");
}

/* "300 ms", "3 s", "5 min". */
static void write_span(int64_t ms, struct sink *sink)
{
    bool is_minutes = ms % MINUTE_MS == 0, is_seconds = ms % SECOND_MS == 0;
    sink_i64(sink, is_minutes ? ms / MINUTE_MS : is_seconds ? ms / SECOND_MS : ms);
    sink_text(sink, is_minutes ? " min" : is_seconds ? " s" : " ms");
}

static void write_facts(const struct spec *spec, struct sink *sink)
{
    const struct campaign *campaign = spec->campaign;
    const struct {
        int64_t ms;
        const char *text;
    } SPANS[] = {{campaign->timeout_us / 1000, "a ping is answered within"},
                 {campaign->offer_ttl_us / 1000, "an offer stands at most"},
                 {campaign->post_timeout_us / 1000, "a post is answered within"}};
    sink_text(sink, "<section class=\"facts\">");
    for (size_t i = 0; i < sizeof SPANS / sizeof *SPANS; i++) {
        sink_text(sink, "<div><span>");
        sink_text(sink, SPANS[i].text);
        sink_text(sink, "</span><b>");
        write_span(SPANS[i].ms, sink);
        sink_text(sink, "</b></div>");
    }
    sink_text(sink, "<div><span>prices are in</span><b>");
    escape(spec->catalogue->house.currency, sink);
    sink_text(sink, "</b></div></section>");
}

static void write_way(struct sink *sink)
{
    sink_text(
        sink,
        "<h2>How a lead is sold</h2><ol class=\"way\">"
        "<li><b>Ping.</b> Send the public fields, without a name, a phone or an e-mail. Buyers bid.</li>"
        "<li><b>Offer.</b> You get a price, a <code>ping_id</code>, and until when the price stands.</li>"
        "<li><b>Post.</b> Send the whole lead with that <code>ping_id</code>. Only the winning buyer sees it.</li>"
        "</ol><p>Or send the whole lead in one call to <code>/v1/leads</code>. Every request carries your key as "
        "<code>Authorization: Bearer</code>; JSON, MessagePack and forms are understood.</p>");
}

/* Fields ----------------------------------------------------------------------------------------------------------- */

static void write_limits(const struct field *field, struct sink *sink)
{
    char low[40], high[40];
    struct sink min = sink_over(low, sizeof low), max = sink_over(high, sizeof high);
    bool has_min = spec_write_limit(field, false, &min), has_max = spec_write_limit(field, true, &max);
    bool is_long = field->type == FIELD_TEXT || field->type == FIELD_URL;
    if (!has_min && !has_max) return;
    sink_text(sink, "<small>");
    if (is_long) {
        sink_text(sink, "at most ");
        sink_bytes(sink, sink_written(&max));
        sink_text(sink, " bytes");
    } else {
        sink_text(sink, has_min && has_max ? "from " : has_min ? "at least " : "at most ");
        if (has_min) sink_bytes(sink, sink_written(&min));
        if (has_min && has_max) sink_text(sink, " to ");
        if (has_max) sink_bytes(sink, sink_written(&max));
    }
    sink_text(sink, "</small>");
}

static void write_field(const struct field *field, struct sink *sink)
{
    char value[SPEC_VALUE_MAX];
    struct sink written = sink_over(value, sizeof value);
    const char *required = spec_required(field);
    sink_text(sink, "<tr><td><code><b>");
    escape(field->name, sink);
    sink_text(sink, "</b></code></td><td>");
    sink_text(sink, spec_looks(field->type));
    for (uint32_t i = 0; i < field->choices_count; i++) {
        sink_text(sink, i ? "" : "<br>");
        sink_text(sink, "<span class=\"chip\">");
        escape(field->choices[i], sink);
        sink_text(sink, "</span>");
    }
    write_limits(field, sink);
    sink_text(sink, "</td><td>");
    if (!required)
        sink_text(sink, "<span class=\"chip\">optional</span>");
    else
        sink_text(sink, field->required == FIELD_AT_PING ? "<span class=\"chip ping\">ping and post</span>"
                                                         : "<span class=\"chip post\">post</span>");
    sink_text(sink, "</td><td>");
    sink_text(sink, field->is_private
                        ? "<span class=\"chip private\">private</span><small>only the winning buyer</small>"
                        : "public<small>in pings to buyers</small>");
    sink_text(sink, "</td><td><code>");
    spec_write_value(field, &written);
    escape(sink_written(&written), sink);
    sink_text(sink, "</code></td></tr>");
}

static void write_fields(const struct spec *spec, struct sink *sink)
{
    sink_text(sink,
              "<h2>Fields of <code>lead</code></h2><div class=\"wide\"><table><thead><tr><th>Name</th><th>What it "
              "holds</th><th>Required</th><th>Who sees it</th><th>To try it with</th></tr></thead><tbody>");
    for (uint32_t i = 0; i < spec->campaign->fields_count; i++) write_field(&spec->campaign->fields[i], sink);
    sink_text(sink,
              "</tbody></table></div><p>Other fields may be sent too: they are kept, private, and reach the winning "
              "buyer. A post has to agree with its ping; what it leaves out is taken from there.</p>");
}

static void write_consent(const struct spec *spec, struct sink *sink)
{
    const struct quality *quality = &spec->campaign->quality;
    sink_text(sink, "<h2>Consent</h2>");
    if (quality->consent_required_count == 0) {
        sink_text(sink, "<p>Nothing of it is required here.");
    } else {
        sink_text(sink,
                  quality->consent_at_ping ? "<p>Required in the ping and in the post: " : "<p>Required in the post: ");
        for (uint32_t i = 0; i < quality->consent_required_count; i++) {
            sink_text(sink, "<span class=\"chip post\">");
            escape(quality->consent_required[i], sink);
            sink_text(sink, bytes_is(quality->consent_required[i], "tcpa") ? ": true</span>" : "</span>");
        }
    }
    sink_text(sink, " Send all you have, in <code>consent</code>, beside <code>lead</code>: <code>tcpa</code>, "
                    "<code>channels</code>, <code>text</code> or <code>text_id</code>, <code>text_sha256</code>, "
                    "<code>page_url</code>, <code>at</code>, <code>ip</code>, <code>user_agent</code>, "
                    "<code>sellers</code>, <code>trustedform_cert_url</code>, <code>trustedform_ping_url</code>, "
                    "<code>leadid</code>. It is kept with the lead.</p>");
}

static void write_seller(const struct spec_seller *told, struct sink *sink)
{
    sink_text(sink, "<tr><td><b>");
    escape(told->seller->name, sink);
    sink_text(sink, "</b><small>");
    escape(told->seller->url, sink);
    sink_text(sink, "</small></td><td>");
    if (told->seller->consent_text.len)
        escape(told->seller->consent_text, sink);
    else
        sink_text(sink, "\xE2\x80\x93");
    sink_text(sink, "</td><td>");
    sink_text(sink, told->is_named ? "<span class=\"chip post\">must be named</span>" : "need not be named");
    sink_text(sink, "</td></tr>");
}

static void write_sellers(const struct spec *spec, struct sink *sink)
{
    if (spec->sellers_count == 0) return;
    sink_text(sink,
              "<h2>Sellers</h2><p>Buyers here buy for these. Name those whom the person agreed to hear from in "
              "<code>consent.sellers</code>, letter by letter; whoever must be named gets no lead that does not name "
              "it.</p><div class=\"wide\"><table><thead><tr><th>Seller</th><th>What the person agrees to</th>"
              "<th>Consent</th></tr></thead><tbody>");
    for (uint32_t i = 0; i < spec->sellers_count; i++) write_seller(&spec->sellers[i], sink);
    sink_text(sink, "</tbody></table></div><p>The legs of an offer say who stands behind each price.");
    sink_text(sink, spec->has_more_sellers ? " There are more sellers than are listed here.</p>" : "</p>");
}

/* Trying it ------------------------------------------------------------------------------------------------------ */

static void write_examples(const struct spec *spec, struct sink *sink)
{
    char *text = malloc(SHELL_ROOM);
    sink_text(sink,
              "<h2>Try it</h2><p>These are tests (<code>\"test\": true</code>): nothing is sold, no money moves. Leave "
              "it out to sell. Put your key into the shell first: <code>export KEY=oc_aff_\xE2\x80\xA6</code></p>");
    if (!text) sink->cut = true;
    for (unsigned i = 0; i < SPEC_EXAMPLES && text; i++) {
        struct sink shell = sink_over(text, SHELL_ROOM);
        sink_text(sink, "<h3>");
        sink_text(sink, spec_example_title((enum spec_example)i));
        sink_text(sink, "</h3><pre><code>");
        spec_write_example(spec, (enum spec_example)i, &shell);
        escape(sink_written(&shell), sink);
        if (shell.cut) sink->cut = true;
        sink_text(sink, "</code></pre>");
    }
    free(text);
    sink_text(sink,
              "<p>To see other ends of a test, add <code>\"test_outcome\"</code> to <code>lead</code>: "
              "<span class=\"chip\">sold</span><span class=\"chip\">no_bid</span><span class=\"chip\">low_bid</span>"
              "<span class=\"chip\">rejected_then_sold</span><span class=\"chip\">unsold</span>"
              "<span class=\"chip\">timeout</span><span class=\"chip\">pending</span>"
              "<span class=\"chip\">duplicate</span></p>");
}

static void write_answers(struct sink *sink)
{
    static const char *const ROWS[][2] = {
        {"accepted",
         "An offer to a ping: <code>price</code>, <code>ping_id</code>, <code>expires_at</code>. Post for it."},
        {"rejected", "No offer; <code>reason</code> says why. That is an answer too, with HTTP 200."},
        {"sold", "The lead is sold; <code>price</code> is what you get."},
        {"unsold", "Nobody bought it; <code>reason</code> says why."},
        {"pending", "A buyer has it and has not said yet: ask again with <code>GET /v1/leads/{lead_id}</code>."},
    };
    sink_text(sink,
              "<h2>Answers</h2><div class=\"wide\"><table><thead><tr><th>status</th><th>What it means</th></tr></thead>"
              "<tbody>");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        sink_text(sink, "<tr><td><code><b>");
        sink_text(sink, ROWS[i][0]);
        sink_text(sink, "</b></code></td><td>");
        sink_text(sink, ROWS[i][1]);
        sink_text(sink, "</td></tr>");
    }
    sink_text(sink, "</tbody></table></div><p>A request that is wrong in itself is answered with 4xx and "
                    "<code>errors</code>, a line for each field, and costs nothing: mend it and send it again. Send an "
                    "<code>Idempotency-Key</code> with posts, and sending the same twice is safe.</p>");
}

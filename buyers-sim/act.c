/* The words are a table, and each says which half of the act it sets and what may follow its colon; so a new manner is
 * a line here and a line where it is carried out. */
#include "buyers-sim/act.h"

#include "protocol/base/money.h"

#define SCRIPT_ACTS_MAX 10000

enum argument { ARGUMENT_NONE, ARGUMENT_PRICE, ARGUMENT_CODE, ARGUMENT_STATUS };
enum asked { ASKED_PING = 1, ASKED_POST = 2, ASKED_BOTH = 3 };

static const char *const content_words[] = {
#define X(name, word) [CONTENT_##name] = word,
    ACT_CONTENTS(X)
#undef X
};

static const char *const delivery_words[] = {
#define X(name, word) [DELIVERY_##name] = word,
    ACT_DELIVERIES(X)
#undef X
};

#define CONTENTS (sizeof content_words / sizeof *content_words)
#define DELIVERIES (sizeof delivery_words / sizeof *delivery_words)

static const struct {
    enum asked asked;
    enum argument argument;
} content_rules[] = {
    [CONTENT_NORMAL] = {ASKED_BOTH, ARGUMENT_NONE},     [CONTENT_BID] = {ASKED_PING, ARGUMENT_PRICE},
    [CONTENT_NO_BID] = {ASKED_PING, ARGUMENT_CODE},     [CONTENT_UNAVAILABLE] = {ASKED_PING, ARGUMENT_PRICE},
    [CONTENT_NO_CONTENT] = {ASKED_BOTH, ARGUMENT_NONE}, [CONTENT_ACCEPT] = {ASKED_POST, ARGUMENT_PRICE},
    [CONTENT_REJECT] = {ASKED_POST, ARGUMENT_CODE},     [CONTENT_GARBAGE] = {ASKED_BOTH, ARGUMENT_NONE},
    [CONTENT_WRONG_TYPE] = {ASKED_BOTH, ARGUMENT_NONE}, [CONTENT_WRONG_STATUS] = {ASKED_BOTH, ARGUMENT_NONE},
    [CONTENT_HTML] = {ASKED_BOTH, ARGUMENT_NONE},       [CONTENT_HUGE] = {ASKED_BOTH, ARGUMENT_NONE},
    [CONTENT_REDIRECT] = {ASKED_BOTH, ARGUMENT_NONE},   [CONTENT_STATUS] = {ASKED_BOTH, ARGUMENT_STATUS},
};

static bool read_argument(struct reading *reading, enum argument kind, struct bytes text, struct act *act)
{
    uint64_t status;
    switch (kind) {
    case ARGUMENT_NONE:
        return reading_fail(reading, "nothing may follow this word's colon");
    case ARGUMENT_PRICE:
        if (money_read(text, &act->price_micros) && act->price_micros >= 0) return true;
        return reading_fail(reading, "\"%.*s\" is no price", (int)text.len, text.at);
    case ARGUMENT_CODE:
        act->code = text;
        return true;
    case ARGUMENT_STATUS:
        if (!bytes_u64(text, &status) || status < 200 || status > 999)
            return reading_fail(reading, "\"%.*s\" is no status", (int)text.len, text.at);
        act->status = (int)status;
        return true;
    }
    return false;
}

static bool read_content(struct reading *reading, enum act_content content, struct bytes word, struct act *act)
{
    struct bytes name, argument = bytes_split(word, ':', &name);
    act->content = content;
    if (argument.len) return read_argument(reading, content_rules[content].argument, argument, act);
    return content != CONTENT_STATUS || reading_fail(reading, "a number must follow: status:503");
}

static bool read_word(struct reading *reading, struct bytes word, enum asked asked, struct act *act)
{
    struct bytes name;
    bytes_split(word, ':', &name);
    for (unsigned i = 0; i < CONTENTS; i++)
        if (bytes_is(name, content_words[i]) && (content_rules[i].asked & asked))
            return read_content(reading, (enum act_content)i, word, act);
    for (unsigned i = 0; i < DELIVERIES; i++)
        if (bytes_is(word, delivery_words[i])) {
            act->delivery = (enum act_delivery)i;
            return true;
        }
    return reading_fail(reading, "\"%.*s\" is no manner of a %s", (int)word.len, word.at,
                        asked == ASKED_PING ? "ping" : "post");
}

static bool read_act(struct reading *reading, const struct node *node, enum asked asked, struct act *act)
{
    struct bytes words;
    if (!reading_text(reading, node, &words)) return false;
    *act = ACT_NORMAL;
    do {
        struct bytes word, rest = bytes_split(words, ' ', &word);
        if (!read_word(reading, word, asked, act)) return false;
        words = rest;
    } while (words.len);
    return true;
}

bool act_read_ping(struct reading *reading, const struct node *node, void *at)
{
    return read_act(reading, node, ASKED_PING, at);
}

bool act_read_post(struct reading *reading, const struct node *node, void *at)
{
    return read_act(reading, node, ASKED_POST, at);
}

static bool read_script(struct reading *reading, const struct node *node, reading_reader *read, struct script *script)
{
    if (node->kind != NODE_LIST || node->count > SCRIPT_ACTS_MAX)
        return reading_fail(reading, "a list of at most %d texts is needed", SCRIPT_ACTS_MAX);
    script->acts = arena_zero(reading->arena, node->count, sizeof *script->acts);
    if (!script->acts) return reading_fail(reading, "the scenario takes too much memory");
    script->count = 0;
    NODE_EACH(child, node)
    {
        if (!reading_item(reading, child, script->count, read, &script->acts[script->count])) return false;
        script->count++;
    }
    return true;
}

bool act_read_ping_script(struct reading *reading, const struct node *node, void *at)
{
    return read_script(reading, node, act_read_ping, at);
}

bool act_read_post_script(struct reading *reading, const struct node *node, void *at)
{
    return read_script(reading, node, act_read_post, at);
}

bool act_read_script_end(struct reading *reading, const struct node *node, void *at)
{
    struct bytes word;
    if (!reading_text(reading, node, &word)) return false;
    *(int *)at = bytes_is(word, "last");
    return bytes_is(word, "last") || bytes_is(word, "cycle") || reading_fail(reading, "cycle or last is needed");
}

struct act act_next(const struct script *script, uint32_t *turn)
{
    if (!script->count) return script->manner;
    if (*turn >= script->count) *turn = script->stays ? script->count - 1 : 0;
    return script->acts[(*turn)++];
}

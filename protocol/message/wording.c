/* The characters in question are few and all start with one of five bytes, so a text is looked at byte by byte and only
 * two lead bytes (C2, E2) need a second look. A replacement is one byte, so a clean copy is never longer. */
#include "protocol/message/wording.h"

static size_t control_len(struct bytes rest);

static const char *const codes[] = {"duplicate", "filtered",        "capped",  "closed",     "no_seat",
                                    "price",     "invalid_contact", "consent", "suppressed", "other"};

struct bytes wording_cut(struct bytes text, size_t max)
{
    if (text.len <= max) return text;
    while (max > 0 && ((unsigned char)text.at[max] & 0xC0u) == 0x80u) max--;
    return bytes_first(text, max);
}

bool wording_is_plain(struct bytes text)
{
    for (size_t at = 0; at < text.len; at++)
        if (control_len(bytes_from(text, at))) return false;
    return true;
}

struct bytes wording_clean(struct arena *arena, struct bytes text, size_t max)
{
    text = wording_cut(text, max);
    if (wording_is_plain(text)) return text;
    char *clean = arena_take(arena, text.len);
    if (!clean) return BYTES_NONE;
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        size_t control = control_len(bytes_from(text, at));
        clean[len++] = control ? '?' : text.at[at];
        at += control ? control : 1;
    }
    return (struct bytes){clean, len};
}

static bool code_is_known(struct bytes code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (bytes_is(code, codes[i])) return true;
    return false;
}

bool wording_refusal(struct arena *arena, const struct node *reply, size_t text_max, struct bytes *code,
                     struct bytes *text)
{
    const struct node *said_code = node_find(reply, "code"), *said_reason = node_find(reply, "reason");
    *code = *text = BYTES_NONE;
    if ((said_code && said_code->kind != NODE_TEXT) || (said_reason && said_reason->kind != NODE_TEXT)) return false;
    if (said_reason) *text = wording_clean(arena, said_reason->text, text_max);
    if (!said_code || said_code->text.len == 0) return true;
    *code = said_code->text;
    if (code_is_known(*code)) return true;
    if (!text->len) *text = wording_clean(arena, *code, text_max);
    *code = BYTES("other");
    return true;
}

/* The length of the unwanted character that `rest` starts with, 0 if it starts with none. */
static size_t control_len(struct bytes rest)
{
    const unsigned char *at = (const unsigned char *)rest.at;
    if (at[0] < 0x20 || at[0] == 0x7F) return 1;
    if (at[0] == 0xC2 && rest.len >= 2 && at[1] < 0xA0) return 2; /* U+0080..009F */
    if (at[0] != 0xE2 || rest.len < 3) return 0;
    if (at[1] == 0x80 && at[2] >= 0xA8 && at[2] <= 0xAE) return 3; /* U+2028..202E */
    if (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9) return 3; /* U+2066..2069 */
    return 0;
}

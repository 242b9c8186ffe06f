/* A value is looked for in the text as it is, in lower case, and among the text's digits alone. Texts are short (a
 * buyer's words), and so are values: plain search is enough. */
#include "exchange/market/echo.h"

#define WORD_LEAST 4u
#define DIGITS_LEAST 7u
#define NATIONAL_DIGITS 10u
#define DIGITS_MAX 64u

struct echo {
    char lower[ECHO_TEXT_MAX];
    char digits[ECHO_TEXT_MAX]; /* runs joined over what separates them, and parted by a space where a word does */
    size_t lower_len, digits_len;
};

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char lower_of(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of other scripts count as letters. */
static bool is_of_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static void take_text(struct echo *echo, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        int high = c == '%' && i + 2 < text.len ? hex_of(text.at[i + 1]) : -1;
        int low = high >= 0 ? hex_of(text.at[i + 2]) : -1;
        if (low >= 0) {
            c = (char)(high << 4 | low);
            i += 2;
        }
        echo->lower[echo->lower_len++] = lower_of(c);
        if (is_digit(c))
            echo->digits[echo->digits_len++] = c;
        else if (is_of_word(lower_of(c)) && echo->digits_len && echo->digits[echo->digits_len - 1] != ' ')
            echo->digits[echo->digits_len++] = ' ';
    }
}

static bool has(const char *text, size_t len, struct bytes part)
{
    return part.len && part.len <= len && memmem(text, len, part.at, part.len) != NULL;
}

/* As a word: not inside of another. `word` is in lower case. */
static bool has_word(const struct echo *echo, struct bytes word)
{
    const char *from = echo->lower, *end = echo->lower + echo->lower_len, *at;
    while (from < end && (at = memmem(from, (size_t)(end - from), word.at, word.len)) != NULL) {
        bool starts = at == echo->lower || !is_of_word(at[-1]) || !is_of_word(word.at[0]);
        bool ends = at + word.len == end || !is_of_word(at[word.len]) || !is_of_word(word.at[word.len - 1]);
        if (starts && ends) return true;
        from = at + 1;
    }
    return false;
}

static bool repeats_digits(const struct echo *echo, struct bytes value)
{
    char digits[DIGITS_MAX];
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        bool is_letter = is_of_word(lower_of(value.at[i])) && !is_digit(value.at[i]);
        if (is_letter || len == sizeof digits) return false; /* a sentence; its words are looked for */
        if (is_digit(value.at[i])) digits[len++] = value.at[i];
    }
    if (len < DIGITS_LEAST) return false;
    size_t skip = len > NATIONAL_DIGITS && len <= NATIONAL_DIGITS + 3 ? len - NATIONAL_DIGITS : 0;
    return has(echo->digits, echo->digits_len, (struct bytes){digits + skip, len - skip});
}

static bool repeats_value(const struct echo *echo, struct bytes value)
{
    char word[ECHO_TEXT_MAX];
    if (repeats_digits(echo, value)) return true;
    if (value.len < WORD_LEAST || value.len > sizeof word) return false;
    for (size_t i = 0; i < value.len; i++) word[i] = lower_of(value.at[i]);
    return has_word(echo, (struct bytes){word, value.len});
}

/* Any text or number of the subtree. */
static bool repeats_any(const struct echo *echo, const struct node *value)
{
    for (uint32_t i = 0; i < value->span; i++)
        if ((value[i].kind == NODE_TEXT || value[i].kind == NODE_NUMBER) && repeats_value(echo, value[i].text))
            return true;
    return false;
}

static bool is_private(const struct campaign *campaign, struct bytes name)
{
    const struct field *field = campaign_field(campaign, name);
    return !field || field->is_private;
}

bool echo_repeats(const struct campaign *campaign, const struct node *content, struct bytes text)
{
    struct echo echo = {.lower_len = 0};
    const struct node *lead = node_find(content, "lead"), *consent = node_find(content, "consent");
    if (text.len == 0) return false;
    if (text.len > ECHO_TEXT_MAX) return true;
    take_text(&echo, text);
    if (lead) NODE_EACH(value, lead)
    if (is_private(campaign, value->key) && repeats_any(&echo, value)) return true;
    return consent && repeats_any(&echo, consent);
}

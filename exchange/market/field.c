/* One reader a type, found by table. A value that is normal already is not copied: leads are mostly clean, and the ping
 * path must not pay for the few that are not. */
#include "exchange/market/field.h"

#include <arpa/inet.h>

#include "protocol/base/money.h"

#define EMAIL_MAX 254 /* RFC 5321 section 4.5.3.1, less the angle brackets */
#define EMAIL_LOCAL_MAX 64
#define LABEL_MAX 63
#define PHONE_DIGITS 10u
#define YEAR_MIN 1800u
#define YEAR_MAX 2200u

typedef enum field_verdict read_type(const struct field *field, const struct node *value, struct arena *arena,
                                     struct fact *fact, struct field_fault *fault);

static read_type read_text, read_integer, read_choice, read_state, read_zip, read_phone, read_email, read_date,
    read_decimal, read_boolean, read_url, read_ip;

static const struct {
    const char *name;
    read_type *read;
} TYPES[FIELD_TYPES] = {
    [FIELD_TEXT] = {"text", read_text},
    [FIELD_INTEGER] = {"integer", read_integer},
    [FIELD_CHOICE] = {"choice", read_choice},
    [FIELD_US_STATE] = {"us_state", read_state},
    [FIELD_US_ZIP] = {"us_zip", read_zip},
    [FIELD_US_PHONE] = {"us_phone", read_phone},
    [FIELD_EMAIL] = {"email", read_email},
    [FIELD_DATE] = {"date", read_date},
    [FIELD_DECIMAL] = {"decimal", read_decimal},
    [FIELD_BOOLEAN] = {"boolean", read_boolean},
    [FIELD_URL] = {"url", read_url},
    [FIELD_IP] = {"ip", read_ip},
};

static const char STATES[FIELD_STATES][3] = {
    "AA", "AE", "AK", "AL", "AP", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "FM", "GA",
    "GU", "HI", "IA", "ID", "IL", "IN", "KS", "KY", "LA", "MA", "MD", "ME", "MH", "MI", "MN", "MO",
    "MP", "MS", "MT", "NC", "ND", "NE", "NH", "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "PR",
    "PW", "RI", "SC", "SD", "TN", "TX", "UM", "UT", "VA", "VI", "VT", "WA", "WI", "WV", "WY",
};

bool field_is_bare(enum field_type type)
{
    return type == FIELD_INTEGER || type == FIELD_DECIMAL || type == FIELD_BOOLEAN;
}

bool field_is_of_text(enum field_type type)
{
    return type == FIELD_TEXT || type == FIELD_EMAIL || type == FIELD_US_PHONE || type == FIELD_URL || type == FIELD_IP;
}

const char *field_type_name(enum field_type type)
{
    return TYPES[type].name;
}

bool field_type_find(struct bytes name, enum field_type *type)
{
    for (unsigned i = 0; i < FIELD_TYPES; i++) {
        if (!bytes_is(name, TYPES[i].name)) continue;
        *type = (enum field_type)i;
        return true;
    }
    return false;
}

int field_state_code(struct bytes text)
{
    unsigned low = 0, high = FIELD_STATES;
    if (text.len != 2) return -1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = memcmp(STATES[middle], text.at, 2);
        if (order == 0) return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

struct bytes field_state_name(unsigned code)
{
    return (struct bytes){STATES[code], 2};
}

enum field_verdict field_read(const struct field *field, const struct node *value, struct arena *arena,
                              struct fact *fact, struct field_fault *fault)
{
    *fact = (struct fact){0};
    if (!value || value->kind == NODE_NULL || (value->kind == NODE_TEXT && value->text.len == 0)) return FIELD_ABSENT;
    enum field_verdict verdict = TYPES[field->type].read(field, value, arena, fact, fault);
    fact->is_set = verdict == FIELD_FINE;
    return verdict;
}

static enum field_verdict wrong(struct field_fault *fault, const char *code, const char *text)
{
    *fault = (struct field_fault){code, text};
    return FIELD_WRONG;
}

static struct bytes trimmed(struct bytes text)
{
    while (text.len && (text.at[0] == ' ' || text.at[0] == '\t')) text = bytes_from(text, 1);
    while (text.len && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t')) text.len--;
    return text;
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static bool is_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

/* Line ends and tabs belong to free text; other control characters (NUL first of all) break whoever prints them. */
static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char letter = (unsigned char)text.at[i];
        if ((letter < 0x20 && letter != '\t' && letter != '\n' && letter != '\r') || letter == 0x7F) return true;
    }
    return false;
}

static enum field_verdict read_text(const struct field *field, const struct node *value, struct arena *arena,
                                    struct fact *fact, struct field_fault *fault)
{
    (void)arena;
    if (value->kind != NODE_TEXT) return wrong(fault, "type", "must be a text");
    if ((int64_t)value->text.len > field->max) return wrong(fault, "too_long", "is too long");
    if (has_control(value->text)) return wrong(fault, "format", "holds a control character");
    if (!bytes_is_utf8(value->text)) return wrong(fault, "format", "is not UTF-8");
    fact->text = value->text;
    return FIELD_FINE;
}

static enum field_verdict read_integer(const struct field *field, const struct node *value, struct arena *arena,
                                       struct fact *fact, struct field_fault *fault)
{
    char digits[24];
    struct sink sink = sink_over(digits, sizeof digits);
    bool fine = value->kind == NODE_TEXT ? bytes_i64(trimmed(value->text), &fact->number)
                                         : node_i64(value, &fact->number);
    if (!fine) return wrong(fault, "type", "must be a whole number");
    if (fact->number < field->min || fact->number > field->max)
        return wrong(fault, "range", "is outside the allowed range");
    sink_i64(&sink, fact->number);
    fact->text = value->text;
    if (!bytes_same(fact->text, sink_written(&sink))) fact->text = arena_copy(arena, sink_written(&sink));
    return fact->text.at ? FIELD_FINE : FIELD_NO_MEMORY;
}

static enum field_verdict read_choice(const struct field *field, const struct node *value, struct arena *arena,
                                      struct fact *fact, struct field_fault *fault)
{
    (void)arena;
    if (value->kind != NODE_TEXT) return wrong(fault, "type", "must be a text");
    struct bytes text = trimmed(value->text);
    for (uint32_t i = 0; i < field->choices_count; i++) {
        if (!bytes_same(text, field->choices[i])) continue;
        fact->text = text;
        fact->number = i;
        return FIELD_FINE;
    }
    return wrong(fault, "choice", "is not one of the allowed values");
}

static enum field_verdict read_state(const struct field *field, const struct node *value, struct arena *arena,
                                     struct fact *fact, struct field_fault *fault)
{
    char upper[2];
    (void)field, (void)arena;
    if (value->kind != NODE_TEXT) return wrong(fault, "type", "must be a text");
    struct bytes text = trimmed(value->text);
    int code = -1;
    if (text.len == 2 && is_letter(text.at[0]) && is_letter(text.at[1])) {
        upper[0] = (char)(text.at[0] & ~0x20);
        upper[1] = (char)(text.at[1] & ~0x20);
        code = field_state_code((struct bytes){upper, 2});
    }
    if (code < 0) return wrong(fault, "choice", "is not a state's two letters");
    fact->text = field_state_name((unsigned)code);
    fact->number = code;
    return FIELD_FINE;
}

/* 94110, 94110-1234, 941101234; a number that lost its leading zeros has too few digits and is refused. */
static enum field_verdict read_zip(const struct field *field, const struct node *value, struct arena *arena,
                                   struct fact *fact, struct field_fault *fault)
{
    uint64_t number;
    (void)field, (void)arena;
    if (value->kind != NODE_TEXT && value->kind != NODE_NUMBER) return wrong(fault, "type", "must be a text");
    struct bytes text = trimmed(value->text), rest = bytes_from(text, 5);
    if (rest.len == 5 && rest.at[0] == '-') rest = bytes_from(rest, 1);
    bool fine = bytes_u64(bytes_first(text, 5), &number) && text.len >= 5 && number > 0;
    fact->number = fine ? (int64_t)number : 0;
    if (fine && rest.len) fine = rest.len == 4 && bytes_u64(rest, &number);
    if (!fine) return wrong(fault, "format", "is not a five-digit ZIP code");
    fact->text = bytes_first(text, 5);
    return FIELD_FINE;
}

/* Area code [2-9][0-8][0-9], exchange [2-9][0-9][0-9], neither of them N11 (those are services). */
static bool is_nanp(const char *digits)
{
    if (digits[0] < '2' || digits[1] == '9' || digits[3] < '2') return false;
    return !(digits[1] == '1' && digits[2] == '1') && !(digits[4] == '1' && digits[5] == '1');
}

static enum field_verdict read_phone(const struct field *field, const struct node *value, struct arena *arena,
                                     struct fact *fact, struct field_fault *fault)
{
    char e164[2 + PHONE_DIGITS + 1] = "+1", digits[PHONE_DIGITS + 2];
    size_t count = 0;
    (void)field;
    if (value->kind != NODE_TEXT && value->kind != NODE_NUMBER) return wrong(fault, "type", "must be a text");
    struct bytes text = trimmed(value->text);
    bool has_plus = text.len && text.at[0] == '+', fine = true;
    for (size_t i = has_plus; i < text.len && fine; i++) {
        if (is_digit(text.at[i]) && count < PHONE_DIGITS + 1)
            digits[count++] = text.at[i];
        else
            fine = value->kind == NODE_TEXT && memchr(" -.()", text.at[i], 5) != NULL;
    }
    bool has_country = count == PHONE_DIGITS + 1 && digits[0] == '1';
    fine = fine && (has_country || (count == PHONE_DIGITS && !has_plus)) && is_nanp(digits + has_country);
    if (!fine) return wrong(fault, "format", "is not a North American phone number");
    memcpy(e164 + 2, digits + has_country, PHONE_DIGITS);
    struct bytes normal = {e164, 2 + PHONE_DIGITS};
    fact->text = bytes_same(value->text, normal) ? value->text : arena_copy(arena, normal);
    return fact->text.at ? FIELD_FINE : FIELD_NO_MEMORY;
}

/* Letters, digits and what `others` adds; dots only between two of them. */
static bool is_dotted(struct bytes text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        char letter = text.at[i];
        if (is_letter(letter) || is_digit(letter) || (letter && strchr(others, letter))) continue;
        if (letter != '.' || i == 0 || i + 1 == text.len || text.at[i - 1] == '.') return false;
    }
    return text.len > 0;
}

/* Labels of at most 63, no hyphen at their ends, at least two, the last not all digits. */
static bool is_domain(struct bytes domain)
{
    struct bytes label = BYTES_NONE;
    unsigned labels = 0;
    if (!is_dotted(domain, "-")) return false;
    for (; domain.len; labels++) {
        domain = bytes_split(domain, '.', &label);
        if (label.len > LABEL_MAX || label.at[0] == '-' || label.at[label.len - 1] == '-') return false;
    }
    uint64_t number;
    return labels >= 2 && label.len >= 2 && !bytes_u64(label, &number);
}

/* The dot-atom form of RFC 5321; quoted local parts and addresses in brackets are not what a web form collects. */
static enum field_verdict read_email(const struct field *field, const struct node *value, struct arena *arena,
                                     struct fact *fact, struct field_fault *fault)
{
    struct bytes local, text = trimmed(value->text);
    bool has_capital = false;
    (void)field;
    if (value->kind != NODE_TEXT) return wrong(fault, "type", "must be a text");
    if (text.len > EMAIL_MAX) return wrong(fault, "too_long", "is too long");
    struct bytes domain = bytes_split(text, '@', &local);
    if (local.len > EMAIL_LOCAL_MAX || !is_dotted(local, "!#$%&'*+/=?^_`{|}~-") || !is_domain(domain))
        return wrong(fault, "format", "is not an e-mail address");
    for (size_t i = 0; i < text.len; i++) has_capital |= text.at[i] >= 'A' && text.at[i] <= 'Z';
    fact->text = text;
    if (!has_capital) return FIELD_FINE;
    char *lower = arena_take(arena, text.len);
    if (!lower) return FIELD_NO_MEMORY;
    for (size_t i = 0; i < text.len; i++)
        lower[i] = (char)(text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] | 0x20 : text.at[i]);
    fact->text = (struct bytes){lower, text.len};
    return FIELD_FINE;
}

static bool is_day(uint64_t year, uint64_t month, uint64_t day)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1) return false;
    return day <= DAYS[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

/* 1985-04-12 or 04/12/1985; nothing is guessed from two digits of a year. */
static enum field_verdict read_date(const struct field *field, const struct node *value, struct arena *arena,
                                    struct fact *fact, struct field_fault *fault)
{
    char normal[10];
    uint64_t year = 0, month = 0, day = 0;
    if (value->kind != NODE_TEXT) return wrong(fault, "type", "must be a text");
    struct bytes text = trimmed(value->text);
    bool is_iso = text.len == 10 && text.at[4] == '-' && text.at[7] == '-';
    bool fine = is_iso || (text.len == 10 && text.at[2] == '/' && text.at[5] == '/');
    if (fine) {
        fine = bytes_u64((struct bytes){text.at + (is_iso ? 0 : 6), 4}, &year) &&
               bytes_u64((struct bytes){text.at + (is_iso ? 5 : 0), 2}, &month) &&
               bytes_u64((struct bytes){text.at + (is_iso ? 8 : 3), 2}, &day);
    }
    if (!fine || !is_day(year, month, day)) return wrong(fault, "format", "is not a date such as 1985-04-12");
    fact->number = (int64_t)(year * 10000 + month * 100 + day);
    if (fact->number < field->min || fact->number > field->max)
        return wrong(fault, "range", "is outside the allowed range");
    fact->text = text;
    if (is_iso) return FIELD_FINE;
    struct sink sink = sink_over(normal, sizeof normal);
    sink_digits(&sink, year, 4);
    sink_char(&sink, '-');
    sink_digits(&sink, month, 2);
    sink_char(&sink, '-');
    sink_digits(&sink, day, 2);
    fact->text = arena_copy(arena, sink_written(&sink));
    return fact->text.at ? FIELD_FINE : FIELD_NO_MEMORY;
}

void field_write_decimal(struct sink *sink, int64_t millionths)
{
    uint64_t size = millionths < 0 ? 0 - (uint64_t)millionths : (uint64_t)millionths, rest = size % MONEY_UNIT;
    unsigned digits = 6;
    if (millionths < 0) sink_char(sink, '-');
    sink_u64(sink, size / MONEY_UNIT);
    if (rest == 0) return;
    for (; rest % 10 == 0; rest /= 10) digits--;
    sink_char(sink, '.');
    sink_digits(sink, rest, digits);
}

static enum field_verdict read_decimal(const struct field *field, const struct node *value, struct arena *arena,
                                       struct fact *fact, struct field_fault *fault)
{
    char digits[32];
    struct sink sink = sink_over(digits, sizeof digits);
    if (value->kind != NODE_TEXT && value->kind != NODE_NUMBER) return wrong(fault, "type", "must be a number");
    if (!money_read(trimmed(value->text), &fact->number))
        return wrong(fault, "type", "must be a number with at most six decimals");
    if (fact->number < field->min || fact->number > field->max)
        return wrong(fault, "range", "is outside the allowed range");
    field_write_decimal(&sink, fact->number);
    fact->text = value->text;
    if (!bytes_same(fact->text, sink_written(&sink))) fact->text = arena_copy(arena, sink_written(&sink));
    return fact->text.at ? FIELD_FINE : FIELD_NO_MEMORY;
}

static enum field_verdict read_boolean(const struct field *field, const struct node *value, struct arena *arena,
                                       struct fact *fact, struct field_fault *fault)
{
    static const char *const WORDS[][3] = {{"false", "no", "0"}, {"true", "yes", "1"}};
    int found = value->kind == NODE_BOOL ? (int)value->truth : -1;
    (void)field, (void)arena;
    if (value->kind == NODE_TEXT || value->kind == NODE_NUMBER)
        for (int i = 0; i < 6; i++)
            if (bytes_same_folded(trimmed(value->text), bytes_of(WORDS[i % 2][i / 2]))) found = i % 2;
    if (found < 0) return wrong(fault, "type", "must be true or false");
    fact->number = found;
    fact->text = bytes_of(WORDS[found][0]);
    return FIELD_FINE;
}

/* Up to the first slash, question mark or hash behind "//"; 0: there is no host, or no http. */
static size_t host_end(struct bytes url)
{
    size_t from = url.len > 8 && bytes_same_folded(bytes_first(url, 8), BYTES("https://"))  ? 8
                  : url.len > 7 && bytes_same_folded(bytes_first(url, 7), BYTES("http://")) ? 7
                                                                                            : 0;
    size_t end = from;
    while (from && end < url.len && !memchr("/?#", url.at[end], 3)) end++;
    return end > from ? end : 0;
}

static enum field_verdict read_url(const struct field *field, const struct node *value, struct arena *arena,
                                   struct fact *fact, struct field_fault *fault)
{
    if (value->kind != NODE_TEXT) return wrong(fault, "type", "must be a text");
    struct bytes url = trimmed(value->text);
    if ((int64_t)url.len > field->max) return wrong(fault, "too_long", "is too long");
    size_t end = host_end(url);
    bool fine = end > 0, has_capital = false;
    for (size_t i = 0; i < url.len && fine; i++) fine = url.at[i] > ' ' && url.at[i] < 0x7F;
    if (!fine) return wrong(fault, "format", "is not an http or https URL");
    for (size_t i = 0; i < end; i++) has_capital |= url.at[i] >= 'A' && url.at[i] <= 'Z';
    fact->text = url;
    if (!has_capital) return FIELD_FINE;
    char *lower = arena_take(arena, url.len);
    if (!lower) return FIELD_NO_MEMORY;
    for (size_t i = 0; i < url.len; i++)
        lower[i] = (char)(i < end && url.at[i] >= 'A' && url.at[i] <= 'Z' ? url.at[i] | 0x20 : url.at[i]);
    fact->text = (struct bytes){lower, url.len};
    return FIELD_FINE;
}

static enum field_verdict read_ip(const struct field *field, const struct node *value, struct arena *arena,
                                  struct fact *fact, struct field_fault *fault)
{
    char text[INET6_ADDRSTRLEN] = "", normal[INET6_ADDRSTRLEN];
    struct in6_addr raw;
    (void)field;
    if (value->kind != NODE_TEXT) return wrong(fault, "type", "must be a text");
    struct bytes given = trimmed(value->text);
    bool fits = given.len < sizeof text && !memchr(given.at, '\0', given.len);
    if (fits) memcpy(text, given.at, given.len);
    int family = fits && inet_pton(AF_INET, text, &raw) == 1    ? AF_INET
                 : fits && inet_pton(AF_INET6, text, &raw) == 1 ? AF_INET6
                                                                : AF_UNSPEC;
    if (family == AF_UNSPEC || !inet_ntop(family, &raw, normal, sizeof normal))
        return wrong(fault, "format", "is not an IPv4 or IPv6 address");
    fact->text = value->text;
    if (!bytes_is(fact->text, normal)) fact->text = arena_copy(arena, bytes_of(normal));
    return fact->text.at ? FIELD_FINE : FIELD_NO_MEMORY;
}

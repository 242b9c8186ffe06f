/* Thompson's construction, run as a set of states: every byte of the text moves the whole set once, so time is bounded
 * by text times pattern and no pattern can run away. A repeat is compiled by reading its atom again, as often as it may
 * occur; REGEX_STEPS_MAX bounds that. */
#include "exchange/market/regex.h"

enum op { OP_CLASS, OP_SPLIT, OP_JUMP, OP_START, OP_END, OP_FOUND };

struct step {
    uint8_t op;     /* enum op */
    uint16_t other; /* SPLIT, JUMP: where to; SPLIT also goes on */
    uint16_t class; /* of CLASS */
};

struct byte_class {
    uint64_t bits[4];
};

struct regex {
    const struct step *steps;
    const struct byte_class *classes;
    uint32_t count;
};

struct reading {
    struct bytes pattern;
    size_t at;
    struct step steps[REGEX_STEPS_MAX];
    struct byte_class classes[REGEX_STEPS_MAX];
    uint32_t count, classes_count;
    unsigned depth;
    const char *error;
};

struct states {
    uint16_t at[REGEX_STEPS_MAX];
    uint32_t count;
    uint64_t seen[REGEX_STEPS_MAX / 64];
};

static bool read_choice(struct reading *reading);

static bool fail(struct reading *reading, const char *error)
{
    if (!reading->error) reading->error = error;
    return false;
}

const struct regex *regex_compile(struct arena *arena, struct bytes pattern, const char **error, size_t *error_at)
{
    struct reading reading = {.pattern = pattern}; /* 20 KiB of the stack, and nothing is left behind */
    *error = NULL;
    *error_at = 0;
    if (pattern.len == 0) (void)fail(&reading, "an empty expression fits everything");
    bool fine = !reading.error && read_choice(&reading);
    if (fine && reading.at < pattern.len) fine = fail(&reading, "a ) without its (");
    if (!fine) {
        *error = reading.error;
        *error_at = reading.at;
        return NULL;
    }
    reading.steps[reading.count++] = (struct step){.op = OP_FOUND};
    struct regex *regex = arena_take(arena, sizeof *regex);
    struct step *steps = arena_take(arena, reading.count * sizeof *steps);
    struct byte_class *classes = arena_take(arena, (reading.classes_count + 1) * sizeof *classes);
    if (!regex || !steps || !classes) return NULL;
    memcpy(steps, reading.steps, reading.count * sizeof *steps);
    memcpy(classes, reading.classes, reading.classes_count * sizeof *classes);
    *regex = (struct regex){steps, classes, reading.count};
    return regex;
}

static void states_clear(struct states *states)
{
    states->count = 0;
    memset(states->seen, 0, sizeof states->seen);
}

/* The step and all that is reached from it without a byte; true if the end is among them. Each step enters once. */
static bool reach(const struct regex *regex, struct states *states, uint16_t first, bool at_start, bool at_end)
{
    uint16_t waiting[REGEX_STEPS_MAX * 2 + 1];
    uint32_t count = 0;
    waiting[count++] = first;
    while (count > 0) {
        uint16_t at = waiting[--count];
        const struct step *step = &regex->steps[at];
        if (states->seen[at / 64] >> (at % 64) & 1) continue;
        states->seen[at / 64] |= UINT64_C(1) << (at % 64);
        if (step->op == OP_FOUND) return true;
        if (step->op == OP_CLASS) states->at[states->count++] = at;
        if (step->op == OP_JUMP || step->op == OP_SPLIT) waiting[count++] = step->other;
        if (step->op == OP_SPLIT || (step->op == OP_START && at_start) || (step->op == OP_END && at_end))
            waiting[count++] = (uint16_t)(at + 1);
    }
    return false;
}

bool regex_matches(const struct regex *regex, struct bytes text)
{
    struct states sets[2], *now = &sets[0], *next = &sets[1];
    states_clear(now);
    for (size_t i = 0;; i++) {
        if (reach(regex, now, 0, i == 0, i == text.len)) return true; /* it may begin anywhere */
        if (i == text.len) return false;
        unsigned char byte = (unsigned char)text.at[i];
        states_clear(next);
        for (uint32_t k = 0; k < now->count; k++) {
            uint16_t at = now->at[k];
            if (!(regex->classes[regex->steps[at].class].bits[byte / 64] >> (byte % 64) & 1)) continue;
            if (reach(regex, next, (uint16_t)(at + 1), false, i + 1 == text.len)) return true;
        }
        struct states *swap = now;
        now = next;
        next = swap;
    }
}

static bool is_more(const struct reading *reading)
{
    return reading->at < reading->pattern.len;
}

static bool looks_at(const struct reading *reading, char wanted)
{
    return is_more(reading) && reading->pattern.at[reading->at] == wanted;
}

static bool add(struct reading *reading, struct step step)
{
    if (reading->count + 1 >= REGEX_STEPS_MAX)
        return fail(reading, "the expression is too long with its repeats written out");
    reading->steps[reading->count++] = step;
    return true;
}

/* Makes room for one step at `at`: what stands behind it moves, with where it jumps to. */
static bool insert(struct reading *reading, uint32_t at, struct step step)
{
    if (!add(reading, step)) return false;
    memmove(&reading->steps[at + 1], &reading->steps[at], (reading->count - 1 - at) * sizeof *reading->steps);
    for (uint32_t i = at + 1; i < reading->count; i++) {
        struct step *moved = &reading->steps[i];
        if ((moved->op == OP_SPLIT || moved->op == OP_JUMP) && moved->other >= at) moved->other++;
    }
    reading->steps[at] = step;
    return true;
}

static bool add_class(struct reading *reading, const struct byte_class *class)
{
    reading->classes[reading->classes_count] = *class;
    return add(reading, (struct step){.op = OP_CLASS, .class = (uint16_t)reading->classes_count}) &&
           ++reading->classes_count > 0;
}

static void put(struct byte_class *class, unsigned from, unsigned to)
{
    for (unsigned byte = from; byte <= to; byte++) class->bits[byte / 64] |= UINT64_C(1) << (byte % 64);
}

static void turn(struct byte_class *class)
{
    for (unsigned i = 0; i < 4; i++) class->bits[i] = ~class->bits[i];
}

static bool is_word(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

/* What stands behind a backslash, into the class. */
static bool read_escape(struct reading *reading, struct byte_class *class)
{
    struct byte_class made = {{0}};
    if (!is_more(reading)) return fail(reading, "nothing stands behind the last \\");
    char letter = reading->pattern.at[reading->at++], small = (char)(letter | 0x20);
    if (is_word(letter) && small != 'd' && small != 'w' && small != 's')
        return fail(reading, "there is no such \\ (\\d \\w \\s and punctuation are)");
    if (!is_word(letter)) {
        put(class, (unsigned char)letter, (unsigned char)letter);
        return true;
    }
    if (small == 'd' || small == 'w') put(&made, '0', '9');
    if (small == 's') put(&made, '\t', '\r'), put(&made, ' ', ' ');
    if (small == 'w') put(&made, 'a', 'z'), put(&made, 'A', 'Z'), put(&made, '_', '_');
    if (letter != small) turn(&made);
    for (unsigned i = 0; i < 4; i++) class->bits[i] |= made.bits[i];
    return true;
}

/* The text is behind the [. */
static bool read_set(struct reading *reading, struct byte_class *class)
{
    bool is_turned = looks_at(reading, '^'), is_first = true;
    reading->at += is_turned;
    for (;; is_first = false) {
        if (!is_more(reading)) return fail(reading, "a [ without its ]");
        unsigned char from = (unsigned char)reading->pattern.at[reading->at++], to = from;
        if (from == ']' && !is_first) break;
        if (from >= 0x80) return fail(reading, "only ASCII stands in [ ]");
        if (from == '\\') {
            if (!read_escape(reading, class)) return false;
            continue;
        }
        bool is_range = looks_at(reading, '-') && reading->at + 1 < reading->pattern.len &&
                        reading->pattern.at[reading->at + 1] != ']';
        if (is_range) {
            to = (unsigned char)reading->pattern.at[reading->at + 1];
            reading->at += 2;
        }
        if (to < from || to >= 0x80 || (is_range && to == '\\')) return fail(reading, "no such range in [ ]");
        put(class, from, to);
    }
    if (is_turned) turn(class);
    return true;
}

static bool read_group(struct reading *reading)
{
    if (looks_at(reading, '?')) {
        reading->at++;
        if (!looks_at(reading, ':')) return fail(reading, "of (? only (?: is understood");
        reading->at++;
    }
    if (reading->depth == REGEX_DEPTH_MAX) return fail(reading, "parentheses are nested too deeply");
    reading->depth++;
    if (!read_choice(reading)) return false;
    reading->depth--;
    if (!looks_at(reading, ')')) return fail(reading, "a ( without its )");
    reading->at++;
    return true;
}

static bool read_atom(struct reading *reading)
{
    struct byte_class class = {{0}};
    char letter = reading->pattern.at[reading->at++];
    switch (letter) {
    case '(':
        return read_group(reading);
    case '[':
        return read_set(reading, &class) && add_class(reading, &class);
    case '\\':
        return read_escape(reading, &class) && add_class(reading, &class);
    case '.':
        turn(&class);
        return add_class(reading, &class);
    case '^':
        return add(reading, (struct step){.op = OP_START});
    case '$':
        return add(reading, (struct step){.op = OP_END});
    case '*':
    case '+':
    case '?':
    case '{':
        reading->at--;
        return fail(reading, "nothing stands before this repeat (a literal one needs a \\)");
    default:
        put(&class, (unsigned char)letter, (unsigned char)letter);
        return add_class(reading, &class);
    }
}

static bool read_count(struct reading *reading, unsigned *count)
{
    size_t from = reading->at;
    *count = 0;
    while (is_more(reading) && reading->pattern.at[reading->at] >= '0' && reading->pattern.at[reading->at] <= '9') {
        *count = *count * 10 + (unsigned)(reading->pattern.at[reading->at++] - '0');
        if (*count > REGEX_REPEAT_MAX) return fail(reading, "a repeat goes to 255");
    }
    return reading->at > from || fail(reading, "a repeat is {2}, {2,} or {2,5}");
}

/* *max 0: without end. False with no error: there is no repeat here. */
static bool read_repeat(struct reading *reading, unsigned *min, unsigned *max)
{
    if (!is_more(reading)) return false;
    char letter = reading->pattern.at[reading->at];
    if (letter == '*' || letter == '+' || letter == '?') {
        *min = letter == '+';
        *max = letter == '?';
        reading->at++;
        return true;
    }
    if (letter != '{') return false;
    reading->at++;
    if (!read_count(reading, min)) return false;
    *max = *min;
    if (looks_at(reading, ',')) {
        reading->at++;
        *max = 0;
        if (!looks_at(reading, '}') && !read_count(reading, max)) return false;
        if (reading->pattern.at[reading->at - 1] != ',' && (*max < *min || *max == 0))
            return fail(reading, "a repeat's end is below its start");
    } else if (*min == 0) {
        return fail(reading, "a repeat of 0 is nothing");
    }
    if (!looks_at(reading, '}')) return fail(reading, "a { without its }");
    reading->at++;
    return true;
}

/* The atom again, from its place in the pattern. */
static bool again(struct reading *reading, size_t atom_at)
{
    size_t behind = reading->at;
    reading->at = atom_at;
    bool fine = read_atom(reading);
    if (fine) reading->at = behind;
    return fine;
}

/* x{2,4} is x x (x (x)?)?; x{2,} is x x x*. */
static bool write_repeat(struct reading *reading, size_t atom_at, uint32_t from, unsigned min, unsigned max)
{
    for (unsigned i = 1; i < min; i++)
        if (!again(reading, atom_at)) return false;
    uint32_t optional = reading->count;
    if (min == 0)
        optional = from;
    else if ((max == 0 || max > min) && !again(reading, atom_at))
        return false;
    if (max == 0) {
        if (!insert(reading, optional, (struct step){.op = OP_SPLIT})) return false;
        bool fine = add(reading, (struct step){.op = OP_JUMP, .other = (uint16_t)optional});
        reading->steps[optional].other = (uint16_t)reading->count;
        return fine;
    }
    unsigned more = max - min;
    uint32_t splits[REGEX_REPEAT_MAX];
    for (unsigned i = 0; i < more; i++) {
        if (i > 0) {
            optional = reading->count;
            if (!again(reading, atom_at)) return false;
        }
        if (!insert(reading, optional, (struct step){.op = OP_SPLIT})) return false;
        splits[i] = optional;
    }
    for (unsigned i = 0; i < more; i++) reading->steps[splits[i]].other = (uint16_t)reading->count;
    return true;
}

static bool read_row(struct reading *reading)
{
    while (is_more(reading) && !looks_at(reading, '|') && !looks_at(reading, ')')) {
        size_t atom_at = reading->at;
        uint32_t from = reading->count;
        unsigned min, max;
        if (!read_atom(reading)) return false;
        if (read_repeat(reading, &min, &max)) {
            if (!write_repeat(reading, atom_at, from, min, max)) return false;
            if (looks_at(reading, '*') || looks_at(reading, '+') || looks_at(reading, '?') || looks_at(reading, '{'))
                return fail(reading, "a repeat of a repeat");
        }
        if (reading->error) return false;
    }
    return true;
}

/* a|b|c: split to the next, jump behind the last. */
static bool read_choice(struct reading *reading)
{
    uint32_t from = reading->count;
    if (!read_row(reading)) return false;
    if (!looks_at(reading, '|')) return true;
    if (!insert(reading, from, (struct step){.op = OP_SPLIT})) return false;
    uint32_t jump = reading->count;
    if (!add(reading, (struct step){.op = OP_JUMP})) return false;
    reading->steps[from].other = (uint16_t)reading->count;
    reading->at++;
    if (!read_choice(reading)) return false;
    reading->steps[jump].other = (uint16_t)reading->count;
    return true;
}

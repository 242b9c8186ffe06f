/* Lines that are whole within a piece are read where they stand. Of one that is cut only what counts is kept: not its
 * comment, not the blanks before it, and of blanks behind it no more than there is room for; so that a line of any
 * length needs no more memory than the longest good one. */
#include "exchange/market/list_text.h"

#define ARENA_BYTES 4096u
#define MARK "\xef\xbb\xbf"
#define MARK_LEN 3u

static bool is_blank(char one)
{
    return one == ' ' || one == '\t';
}

static struct bytes trimmed(struct bytes line)
{
    line = bytes_first(line, bytes_find(line, '#'));
    while (line.len && is_blank(line.at[0])) line = bytes_from(line, 1);
    while (line.len && (is_blank(line.at[line.len - 1]) || line.at[line.len - 1] == '\r')) line.len--;
    return line;
}

static bool fail(struct list_text_error *error, uint64_t line, const char *text)
{
    *error = (struct list_text_error){line, text};
    return false;
}

void list_text_open(struct list_text *text, const struct list_text_rules *rules)
{
    *text = (struct list_text){.rules = *rules};
    arena_init(&text->arena, ARENA_BYTES, 16 * ARENA_BYTES);
}

void list_text_close(struct list_text *text)
{
    arena_free(&text->arena);
    crypto_wipe(text->part, sizeof text->part);
}

static void keep(struct list_text *text, struct bytes more)
{
    size_t comment = bytes_find(more, '#');
    if (text->in_comment) return;
    text->in_comment = comment < more.len;
    more = bytes_first(more, comment);
    while (text->kept == 0 && more.len && is_blank(more.at[0])) more = bytes_from(more, 1);
    struct bytes fits = bytes_first(more, sizeof text->part - text->kept);
    if (fits.len) memcpy(text->part + text->kept, fits.at, fits.len);
    text->kept += fits.len;
    text->is_long |= trimmed(bytes_from(more, fits.len)).len > 0;
}

/* Whether a line has begun that the last piece did not end. */
static bool is_cut(const struct list_text *text)
{
    return text->kept || text->in_comment || text->is_long;
}

static bool take_line(struct list_text *text, struct bytes line, struct list_text_error *error)
{
    struct digest digest;
    bool is_long = text->is_long;
    text->line++;
    text->kept = 0;
    text->in_comment = text->is_long = false;
    line = trimmed(line);
    if (line.len == 0 && !is_long) return true; /* of a long one, what is left out may be all that counts */
    bool good = !is_long && line.len <= LIST_TEXT_LINE_MAX && person_hash_of(line, &text->arena, &digest);
    arena_reset(&text->arena);
    if (!good) return fail(error, text->line, "is no phone, no e-mail and no SHA-256");
    if (text->rules.keyed) text->rules.keyed(text->rules.keyed_arg, &digest);
    enum fault fault = text->rules.on_entry(text->rules.entry_arg, list_entry(&digest));
    if (fault == FAULT_NONE) return true;
    return fail(error, 0, fault == FAULT_FULL ? "has too many entries" : fault_text(fault));
}

/* A byte order mark may stand before the first line; the beginning of one that is none belongs to that line. */
static struct bytes skip_mark(struct list_text *text, struct bytes piece)
{
    while (text->marked < MARK_LEN && piece.len) {
        if (piece.at[0] != MARK[text->marked]) {
            keep(text, (struct bytes){MARK, text->marked});
            text->marked = MARK_LEN;
        } else {
            text->marked++;
            piece = bytes_from(piece, 1);
        }
    }
    return piece;
}

bool list_text_piece(struct list_text *text, struct bytes piece, struct list_text_error *error)
{
    piece = skip_mark(text, piece);
    while (piece.len) {
        size_t end = bytes_find(piece, '\n');
        struct bytes line = bytes_first(piece, end);
        bool is_whole = end < piece.len;
        if (!is_whole || is_cut(text)) {
            keep(text, line);
            line = (struct bytes){text->part, text->kept};
        }
        if (is_whole && !take_line(text, line, error)) return false;
        piece = bytes_from(piece, end + 1);
    }
    return true;
}

bool list_text_end(struct list_text *text, struct list_text_error *error)
{
    if (text->marked < MARK_LEN) keep(text, (struct bytes){MARK, text->marked});
    return !is_cut(text) || take_line(text, (struct bytes){text->part, text->kept}, error);
}

static enum fault add(void *maker, uint64_t entry)
{
    return list_add(maker, entry);
}

bool list_text_read(struct bytes whole, void (*keyed)(void *arg, struct digest *digest), void *arg,
                    struct list_maker *maker, struct list_text_error *error)
{
    struct list_text text;
    list_text_open(&text, &(struct list_text_rules){keyed, arg, add, maker});
    bool good = list_text_piece(&text, whole, error) && list_text_end(&text, error);
    list_text_close(&text);
    return good;
}

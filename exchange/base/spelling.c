/* Optimal string alignment over two short words, three rows of the usual table. The words are keys of a handful of
 * letters, looked at only when something is refused. */
#include "exchange/base/spelling.h"

#include <ctype.h>

static unsigned least(unsigned a, unsigned b);
static bool same(char a, char b);

unsigned spelling_distance(struct bytes a, struct bytes b)
{
    if (a.len > SPELLING_WORD_MAX || b.len > SPELLING_WORD_MAX) return SPELLING_WORD_MAX;
    unsigned rows[3][SPELLING_WORD_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    for (unsigned j = 0; j <= b.len; j++) above[j] = before[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same(a.at[i - 1], b.at[j - 1]));
            if (i > 1 && j > 1 && same(a.at[i - 1], b.at[j - 2]) && same(a.at[i - 2], b.at[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.len];
}

bool spelling_is_near(struct bytes word, struct bytes known)
{
    size_t shorter = word.len < known.len ? word.len : known.len;
    size_t allowed = (shorter + 2) / 3;
    return spelling_distance(word, known) <= allowed && shorter > 1;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

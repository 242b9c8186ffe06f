/* files: the three files a play stands for: outcry.yaml, market.yaml and scenario.json (JSON is YAML), written out of
 * the play's short form and tests/plays/defaults.json. tests/wire/play.py does the same for real processes. */
#pragma once

#include "protocol/codec/json.h"

#define FILES_PATH_MAX 512

/* The two maps as one: `over` wins member by member, null takes a member away. Either may be NULL. */
void files_merge(struct json *json, const struct node *base, const struct node *over);
/* The same as a document in the arena; NULL only when memory is out. */
const struct node *files_merged(struct arena *arena, const struct node *base, const struct node *over);
/* The first so many bytes of a file, in the arena; .at NULL: it cannot be read. */
struct bytes files_read(struct arena *arena, const char *path);

/* Writes the files into the folder. False: they could not be written. */
bool files_write(const char *folder, const struct node *defaults, const struct node *play);

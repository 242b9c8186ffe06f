/* reference: the schema table as people read it: `outcry check --schema`, and docs/config.md, which a test holds to
 * this. */
#pragma once

#include <stdio.h>

enum reference_form { REFERENCE_TEXT, REFERENCE_MARKDOWN, REFERENCE_JSON };

void reference_print(enum reference_form form, FILE *out);

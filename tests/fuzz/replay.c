/* Runs a fuzz target once over each file of the folders given, without libFuzzer: every build and compiler can do it,
 * and a finding stays found once it is a seed. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is copied to a block of exactly its size, so that a sanitizer sees the first byte read past it. */
static bool replay(const char *path)
{
    struct stat stat;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &stat) != 0) {
        perror(path);
        if (file) fclose(file);
        return false;
    }
    size_t size = (size_t)stat.st_size;
    uint8_t *data = malloc(size ? size : 1);
    bool fine = data && fread(data, 1, size, file) == size;
    fclose(file);
    if (fine) LLVMFuzzerTestOneInput(data, size);
    free(data);
    return fine;
}

static int replay_folder(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort), done = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            if (!replay(path)) exit(1);
            done++;
        }
        free(names[i]);
    }
    if (count >= 0) free(names);
    return done;
}

int main(int argc, char **argv)
{
    int done = 0;
    for (int i = 1; i < argc; i++) done += replay_folder(argv[i]);
    printf("%d inputs\n", done);
    if (done > 0) return 0;
    fprintf(stderr, "no seed found\n");
    return 1;
}

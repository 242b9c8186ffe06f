/* run-plays PLAY...: each play in the simulated world; exit status 1 if one went otherwise than it says. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "protocol/crypto/digest.h"
#include "tests/sim/play.h"

static void clear_folder(const char *folder)
{
    static const char *const names[] = {"outcry.yaml", "market.yaml", "scenario.json"};
    char path[PLAY_FOLDER_MAX + 32];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (crypto_start()) return 2;
    for (int i = 1; i < argc; i++) {
        char folder[PLAY_FOLDER_MAX] = "/tmp/outcry-play-XXXXXX";
        if (!mkdtemp(folder)) return 2;
        bool good = play_run(argv[i], OUTCRY_SOURCE_DIR "/tests/plays/defaults.json", folder);
        printf("%s %s\n", good ? "good" : "FAILED", argv[i]);
        failed += !good;
        clear_folder(folder);
    }
    crypto_stop();
    return failed ? 1 : 0;
}

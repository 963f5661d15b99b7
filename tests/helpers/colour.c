/* colour decode|encode CURVE         floats on standard input, converted, on standard output
 * colour matrix FROM TO              RGB triples of floats */
#include <stdio.h>
#include <string.h>

#include "colour/space.h"

int main(int argc, char **argv)
{
    float v[3];
    ck_curve curve;
    ck_matrix3 m;
    if (argc == 4 && !strcmp(argv[1], "matrix")) {
        bool moved = ck_primaries_matrix(argv[2], argv[3], &m);
        while (fread(v, sizeof v, 1, stdin) == 1) {
            if (moved)
                ck_matrix_apply(&m, v, v + 1, v + 2, 1);
            fwrite(v, sizeof v, 1, stdout);
        }
        return 0;
    }
    if (argc != 3 || !ck_curve_named(argv[2], &curve))
        return 2;
    while (fread(v, sizeof *v, 1, stdin) == 1) {
        (strcmp(argv[1], "decode") ? ck_curve_encode : ck_curve_decode)(&curve, v, v, 1);
        fwrite(v, sizeof *v, 1, stdout);
    }
    return 0;
}

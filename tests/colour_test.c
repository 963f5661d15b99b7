/* Curves, primaries, spaces, and Rec. 709 inside. */
#include <math.h>
#include <string.h>

#include "colour/space.h"
#include "image/colour.h"
#include "image/convert.h"
#include "image/gamut.h"
#include "image/plate.h"
#include "tap.h"

#define POINTS 7
#define NEAR 1e-6 /* of the value, or of 1 if it is smaller */

/* Light and code in float64, by an independent implementation of the published formulas. */
static const struct {
    const char *curve;
    double at[POINTS][2];
} curves[] = {
    /* clang-format off */
    {"slog3", {{-0.004, 0.0663763502751}, {0, 0.0928641251222}, {0.001, 0.099486068834}, {0.0181, 0.198379898344}, {0.18, 0.410557184751}, {0.9, 0.584452842075}, {4, 0.749098911819}}},
    {"vlog", {{-0.004, 0.1026}, {0, 0.125}, {0.001, 0.1306}, {0.0181, 0.21869589314}, {0.18, 0.42331144876}, {0.9, 0.588167438154}, {4, 0.743840585792}}},
    {"logc4", {{-0.004, 0.0788207091347}, {0, 0.0928641251222}, {0.001, 0.0960684358549}, {0.0181, 0.138604728153}, {0.18, 0.278395836548}, {0.9, 0.417959358921}, {4, 0.555135049409}}},
    {"logc3", {{-0.004, 0.07133838}, {0, 0.092809}, {0.001, 0.098176655}, {0.0181, 0.183879815647}, {0.18, 0.391006832034}, {0.9, 0.55943189173}, {4, 0.718701631374}}},
    {"logc3-ei160", {{-0.004, 0.069409852}, {0, 0.092778}, {0.001, 0.098620037}, {0.0181, 0.182132257487}, {0.18, 0.391006567968}, {0.9, 0.571898726828}, {4, 0.744746330816}}},
    {"logc3-ei1600", {{-0.004, 0.0721706}, {0, 0.092824}, {0.001, 0.09798735}, {0.0181, 0.183452260899}, {0.18, 0.391006591214}, {0.9, 0.554089466707}, {4, 0.707512818614}}},
    {"clog2", {{-0.004, 0.0585642538983}, {0, 0.092864125}, {0.001, 0.102547125117}, {0.0181, 0.198965256098}, {0.18, 0.398254692561}, {0.9, 0.562304264804}, {4, 0.71773580737}}},
    {"clog3", {{-0.004, 0.116342279778}, {0, 0.12512219}, {0.001, 0.127317167556}, {0.0181, 0.164416244631}, {0.18, 0.343389370374}, {0.9, 0.564473582831}, {4, 0.794468703826}}},
    {"log3g10", {{-0.004, 0.0643402579719}, {0, 0.0915514877147}, {0.001, 0.0973129018254}, {0.0181, 0.163953921488}, {0.18, 0.333332912026}, {0.9, 0.483360528397}, {4, 0.627292998471}}},
    {"flog2", {{-0.004, 0.057666156}, {0, 0.092864}, {0.001, 0.1016240981}, {0.0181, 0.192627665135}, {0.18, 0.391007241891}, {0.9, 0.557132363979}, {4, 0.714967701026}}},
    {"acescct", {{-0.004, 0.0307445832292}, {0, 0.0729055341958}, {0.001, 0.0834457719375}, {0.0181, 0.224436844037}, {0.18, 0.413588402492}, {0.9, 0.546118544895}, {4, 0.668949771689}}},
    {"acescc", {{0, -0.358447488584}, {0.001, -0.0140287833711}, {0.0181, 0.224436844037}, {0.18, 0.413588402492}, {0.9, 0.546118544895}, {4, 0.668949771689}}},
    {"cineon", {{0, 0.0928641251222}, {0.001, 0.104027834972}, {0.0181, 0.217375430838}, {0.18, 0.457319613085}, {0.9, 0.656333306552}, {4, 0.845120807404}}},
    {"intermediate", {{-0.004, -0.0417770742}, {0, 0}, {0.001, 0.01044426855}, {0.0181, 0.125497806176}, {0.18, 0.336043272385}, {0.9, 0.502784180914}, {4, 0.659830394421}}},
    {"srgb", {{0, 0}, {0.001, 0.01292}, {0.0181, 0.143282871273}, {0.18, 0.4613561295}, {0.9, 0.954687171886}, {4, 1.82479629528}}},
    {"bt709", {{0, 0}, {0.001, 0.0045}, {0.0181, 0.0816978774173}, {0.18, 0.409007728864}, {0.9, 0.949109896397}, {4, 1.9518065154}}},
    {"bt1886", {{0, 0}, {0.001, 0.056234132519}, {0.0181, 0.187945849548}, {0.18, 0.489437089574}, {0.9, 0.957049452025}, {4, 1.78179743628}}},
    {"pq", {{0, 7.30955902578e-07}, {0.001, 0.083327526368}, {0.0181, 0.226646493619}, {0.18, 0.410896752042}, {0.9, 0.569704345477}, {4, 0.729144955444}}},
    {"hlg", {{0, 0}, {0.001, 0.0547722557505}, {0.0181, 0.233023603955}, {0.18, 0.672358132128}, {0.9, 0.980674603875}, {4, 1.25114458602}}},
    /* clang-format on */
};
#define CURVES (sizeof curves / sizeof *curves)

static const struct {
    const char *from, *to;
    double m[3][3];
} matrices[] = {
    /* clang-format off */
    {"s-gamut3.cine", "bt709", {{1.62694741, -0.540138539, -0.0868088709}, {-0.178515527, 1.41794093, -0.2394254}, {-0.044436115, -0.195919966, 1.24035608}}},
    {"arri-wg4", "bt709", {{1.89312344, -0.780881504, -0.112241939}, {-0.205700358, 1.34025749, -0.134557131}, {-0.0127057429, -0.152184876, 1.16489062}}},
    {"ap0", "bt709", {{2.52168619, -1.13413099, -0.387555199}, {-0.276479914, 1.37271909, -0.0962391734}, {-0.015378065, -0.152975336, 1.1683534}}},
    {"bt2020", "ap1", {{0.974894978, 0.0195991086, 0.00550591344}, {0.0021795628, 0.995535469, 0.00228496831}, {0.00479723968, 0.0245320166, 0.970670744}}},
    {"redwidegamut", "bt2020", {{1.18043085, -0.0940395638, -0.0863912879}, {-0.0280173195, 1.31144204, -0.283424716}, {-0.0743595159, -0.362077603, 1.43643712}}},
    /* clang-format on */
};
#define MATRICES (sizeof matrices / sizeof *matrices)

static bool near(double got, double want)
{
    return fabs(got - want) <= NEAR * fmax(1, fabs(want));
}

static void published_values(void)
{
    for (size_t i = 0; i < CURVES; i++) {
        ck_curve c;
        bool both = ck_curve_named(curves[i].curve, &c);
        for (int k = 0; k < POINTS && both; k++) {
            float light = (float)curves[i].at[k][0], code = (float)curves[i].at[k][1], got[2];
            if (k && light == 0 && code == 0 && curves[i].at[k - 1][0] > 0)
                break; /* the row is shorter */
            ck_curve_encode(&c, &light, &got[0], 1);
            ck_curve_decode(&c, &code, &got[1], 1);
            both = near((double)got[0], curves[i].at[k][1]) && near((double)got[1], curves[i].at[k][0]);
            if (!both)
                printf("# %s: %g -> %.9g, %g -> %.9g\n", c.name, (double)light, (double)got[0], (double)code,
                       (double)got[1]);
        }
        ok(both, "%s: published values, both ways", curves[i].curve);
    }
}

/* Codes of 10 bits come back, and light grows with them. */
static void there_and_back(void)
{
    static const char *const all[] = {"srgb",  "bt709",   "bt1886", "gamma1.8",     "linear", "pq",    "hlg",
                                      "logc3", "logc4",   "slog3",  "vlog",         "clog2",  "clog3", "log3g10",
                                      "flog2", "acescct", "cineon", "intermediate", "log100", "log316"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ck_curve c;
        double worst = 0;
        float last = -INFINITY;
        bool grows = ck_curve_named(all[i], &c);
        for (int code = 0; code <= 1023 && grows; code++) {
            float x = (float)code / 1023, light, back;
            ck_curve_decode(&c, &x, &light, 1);
            ck_curve_encode(&c, &light, &back, 1);
            worst = worse(worst, fabs((double)back - (double)x));
            grows = light > last || (!strncmp(all[i], "pq", 2) && code < 1);
            last = light;
        }
        /* BT.709's rounded constants leave a step at the corner, 1.099 * 0.018^0.45 - 0.099 - 0.081 = 2.4e-4, and code
         * 83 lies in it. */
        ok(grows && worst < (strcmp(all[i], "bt709") ? 2e-6 : 2.6e-4), "%s: every code of 10 bits comes back (%.1e)",
           all[i], worst);
    }
}

static void below_zero(void)
{
    static const char *const mirrored[] = {"srgb", "bt709", "bt1886", "gamma2.6", "pq", "hlg"};
    for (size_t i = 0; i < sizeof mirrored / sizeof *mirrored; i++) {
        ck_curve c;
        float x[2] = {0.3f, -0.3f}, y[2], z[2];
        ck_curve_named(mirrored[i], &c);
        ck_curve_decode(&c, x, y, 2);
        ck_curve_encode(&c, x, z, 2);
        ok(y[0] == -y[1] && z[0] == -z[1] && y[0] > 0, "%s: mirrored below 0", mirrored[i]);
    }
    float v[4] = {-0.5f, 0.25f, NAN, 2}, lin[4], back[4], plain[4];
    ck_srgb_to_linear_mirrored(v, lin, 4);
    ck_linear_to_srgb_mirrored(lin, back, 4);
    ck_srgb_to_linear(v, plain, 4);
    ok(lin[0] < 0 && fabsf(back[0] + 0.5f) < 1e-6f && isnan(back[2]), "sRGB of planes too, NaN stays");
    ok(plain[0] == 0 && plain[1] == lin[1] && plain[3] == lin[3], "which is the plain curve above 0");
}

static void names(void)
{
    static const char *const same[][2] = {{"S-Log3", "slog3"},
                                          {"SLOG3", "slog3"},
                                          {"LogC4", "logc4"},
                                          {"ARRI LogC4", "logc4"},
                                          {"LogC3", "logc3"},
                                          {"LogC3 EI 800", "logc3"},
                                          {"logc3-ei400", "logc3-ei400"},
                                          {"LogC3-400", "logc3-ei400"},
                                          {"V-Log", "vlog"},
                                          {"C-Log2", "clog2"},
                                          {"Canon Log 3", "clog3"},
                                          {"Log3G10", "log3g10"},
                                          {"F-Log2", "flog2"},
                                          {"ACEScct", "acescct"},
                                          {"Rec.709", "bt709"},
                                          {"smpte2084", "pq"},
                                          {"ST 2084", "pq"},
                                          {"arib-std-b67", "hlg"},
                                          {"gamma2.4", "gamma2.4"},
                                          {"Gamma 2.4", "gamma2.4"},
                                          {"iec61966-2-1", "srgb"},
                                          {"bt2020-10", "bt709"},
                                          {"DaVinci Intermediate", "intermediate"},
                                          {"BT.1886", "bt1886"}};
    ck_curve c;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        ok(ck_curve_named(same[i][0], &c) && !strcmp(c.name, same[i][1]), "'%s' is %s", same[i][0], same[i][1]);
    static const char *const none[] = {"", "slog", "logc3-ei900", "gamma", "gamma0", "gamma99", "s-log3 x"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ok(!ck_curve_named(none[i], &c), "'%s' is no curve", none[i]);
    for (int code = 0; code < 32; code++)
        if (ck_curve_of_h273(code, &c) && ck_curve_h273(&c) != code)
            ok(false, "code %d of H.273 is %s, whose code is %d", code, c.name, ck_curve_h273(&c));
    ok(ck_curve_of_h273(16, &c) && !strcmp(c.name, "pq") && !ck_curve_of_h273(2, &c), "codes of H.273");
}

static bool space(const char *text, const char *curve, const char *primaries)
{
    ck_colour_space s;
    ck_error e;
    return ck_colour_space_parse(text, &s, &e) == CK_OK && !strcmp(s.curve.name, curve) &&
           !strcmp(s.primaries, primaries);
}

static void spaces(void)
{
    ck_colour_space s;
    ck_error e;
    ok(space("slog3", "slog3", "") && space("S-Log3/S-Gamut3.Cine", "slog3", "s-gamut3.cine") &&
           space("ACEScg", "linear", "ap1") && space("srgb", "srgb", "bt709") && space("rec2100-pq", "pq", "bt2020") &&
           space("linear/0.7,0.3,0.2,0.7,0.1,0.05,0.3127,0.329", "linear", "0.7,0.3,0.2,0.7,0.1,0.05,0.3127,0.329"),
       "names of spaces");
    ok(ck_colour_space_parse("slog3/nowhere", &s, &e) == CK_ERR_ARGUMENT && strstr(e.text, "nowhere") &&
           ck_colour_space_parse("nolog", &s, &e) == CK_ERR_ARGUMENT && strstr(e.text, "slog3"),
       "others are errors that list what is known");
    ck_primaries p;
    ok(!ck_primaries_parse("0.64,0.33,0.64,0.33,0.15,0.06,0.3127,0.329", &p) &&
           !ck_primaries_parse("0.64,0.33,0.3,0.6,0.15,0.06,0.3127,0", &p),
       "primaries on a line, and a white without light, are none");
}

static void matrix_values(void)
{
    for (size_t i = 0; i < MATRICES; i++) {
        ck_matrix3 m;
        double worst = 0;
        bool is = ck_primaries_matrix(matrices[i].from, matrices[i].to, &m);
        float r[3] = {1, 0, 0}, g[3] = {0, 1, 0}, b[3] = {0, 0, 1};
        if (is)
            ck_matrix_apply(&m, r, g, b, 3);
        for (int c = 0; c < 3; c++) {
            worst = worse(worst, fabs((double)r[c] - matrices[i].m[0][c]));
            worst = worse(worst, fabs((double)g[c] - matrices[i].m[1][c]));
            worst = worse(worst, fabs((double)b[c] - matrices[i].m[2][c]));
        }
        ok(is && worst < NEAR, "%s to %s (%.1e)", matrices[i].from, matrices[i].to, worst);
    }
    ck_matrix3 m;
    ok(!ck_primaries_matrix("bt709", "Rec.709", &m) && !ck_primaries_matrix(NULL, "ap1", &m) &&
           !ck_primaries_matrix("unknown", "ap1", &m),
       "nothing to convert");
}

static ck_plane *add(ck_frame *f, const char *name, ck_type t, int c, const char *encoding, float value)
{
    ck_plane *p;
    ck_frame_add(f, name, t, c, 2, 3, encoding, &p, NULL);
    for (size_t i = 0; i < p->bytes / p->elem; i++) {
        float v = value + 0.01f * (float)i;
        if (t == CK_F32)
            ((float *)ck_plane_data(p))[i] = v;
        else if (t == CK_F16)
            ck_f32_to_f16(&v, (uint16_t *)ck_plane_data(p) + i, 1);
        else
            ck_f32_to_u8(&v, (uint8_t *)ck_plane_data(p) + i, 1);
    }
    return p;
}

static float sample(ck_frame *f, const char *name, size_t i)
{
    ck_plane *p = ck_frame_plane(f, name);
    float v;
    ck_to_f32((const char *)p->data + i * p->elem, p->type, &v, 1);
    return v;
}

/* A plane that is not changed comes back as it was; one that is made inside is converted. */
static void inside(void)
{
    ck_gamut g;
    ck_gamut_visit v;
    ck_frame f = {0};
    ck_error e;
    ck_plane *p;
    ck_gamut_of("ap1", &g);
    const void *rgb = add(&f, "rgb", CK_F16, 3, "linear", 0.1f)->data;
    const void *fg = add(&f, "fg", CK_F32, 3, "srgb", 0.2f)->data;
    float was = sample(&f, "rgb", 5);
    ok(ck_gamut_enter(&g, &f, &v, &e) == CK_OK && !strcmp(ck_frame_plane(&f, "rgb")->encoding, CK_LINEAR_WIDE) &&
           fabsf(sample(&f, "rgb", 5) - was) > 1e-4f,
       "inside, the plate is in Rec. 709");
    /* AP1's red is outside Rec. 709; white stays white. */
    ck_frame_add(&f, "processed", CK_F32, 4, 1, 1, "linear", &p, &e);
    memcpy(ck_plane_data(p), (const float[4]){0.5f, 0.5f, 0.5f, 1}, 4 * sizeof(float));
    ck_frame_add(&f, "clean", CK_F16, 3, 1, 1, "linear", &p, &e);
    memset(ck_plane_data(p), 0, p->bytes);
    ok(ck_gamut_leave(&v, &f, CK_OK, &e) == CK_OK && ck_frame_plane(&f, "rgb")->data == rgb &&
           ck_frame_plane(&f, "fg")->data == fg && sample(&f, "rgb", 5) == was,
       "outside, planes that were not changed are the stream's again");
    ok(fabsf(sample(&f, "processed", 0) - 0.5f) < 1e-4f && fabsf(sample(&f, "processed", 2) - 0.5f) < 1e-4f &&
           sample(&f, "processed", 3) == 1,
       "white that was made inside is white outside");
    float red = 0;
    ck_gamut_enter(&g, &f, &v, &e);
    ck_frame_edit(&f, "fg", &p, &e);
    memset(ck_plane_data(p), 0, p->bytes);
    *(float *)ck_plane_data(p) = 1; /* Rec. 709's red */
    ck_gamut_leave(&v, &f, CK_OK, &e);
    red = sample(&f, "fg", 0);
    ok(red < 0.9f && red > 0.7f && sample(&f, "fg", 6) > 0.2f, "a foreground that was changed is converted (%g)",
       (double)red);
    ok(ck_gamut_leave(&v, &f, CK_ERR_FORMAT, &e) == CK_ERR_FORMAT, "a failure stays one");
    ck_gamut_of("smpte170m", &g);
    ok(!g.wide && !ck_gamut_wide(NULL) && !ck_gamut_wide("bt709") && !ck_gamut_wide("unknown") &&
           ck_gamut_wide("bt2020"),
       "SD video counts as Rec. 709");
    ck_frame_free(&f);
}

int main(void)
{
    published_values();
    there_and_back();
    below_zero();
    names();
    spaces();
    matrix_values();
    inside();
    return done_testing();
}

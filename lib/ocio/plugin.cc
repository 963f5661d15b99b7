/* libck-ocio.so: OpenColorIO behind the C table of plugin.h.  Only API of version 2.1, which is in Debian 12 and 13. */
#include <OpenColorIO/OpenColorIO.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

extern "C" {
#include "ocio/plugin.h"
}

namespace OCIO = OCIO_NAMESPACE;
using Config = OCIO::ConstConfigRcPtr;
using Processor = OCIO::ConstCPUProcessorRcPtr;

static const OCIO::Config &config(const void *handle)
{
    return **static_cast<const Config *>(handle);
}

/* OpenColorIO's message on one line. */
static void explain(ck_error *e, const char *words)
{
    if (!e)
        return;
    std::snprintf(e->text, sizeof e->text, "%s", words);
    for (char *p = e->text; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
}

/* The result of f; false or NULL, and the message, if it throws. */
template <class F> static auto guarded(ck_error *e, F f) noexcept -> decltype(f())
{
    try {
        return f();
    } catch (const std::exception &x) {
        explain(e, x.what());
    } catch (...) {
        explain(e, "unknown error");
    }
    return {};
}

/* Libraries do not print: OpenColorIO's notices are off, unless the user has asked for them. */
static void *open_config(const char *file, ck_error *e)
{
    return guarded(e, [=]() -> void * {
        if (!std::getenv("OCIO_LOGGING_LEVEL"))
            OCIO::SetLoggingLevel(OCIO::LOGGING_LEVEL_NONE);
        return new Config(OCIO::Config::CreateFromFile(file));
    });
}

static void close_config(void *handle)
{
    delete static_cast<Config *>(handle);
}

static bool has(const void *handle, const char *space)
{
    return guarded(nullptr, [=] { return config(handle).getColorSpace(space) != nullptr; });
}

/* The i-th name of space `name` and its aliases; NULL, and i reduced by their number, past the last. */
static const char *name_or_alias(const OCIO::Config &c, const char *name, int &i)
{
    OCIO::ConstColorSpaceRcPtr space = c.getColorSpace(name);
    int aliases = space ? static_cast<int>(space->getNumAliases()) : 0;
    if (i <= aliases)
        return i ? space->getAlias(static_cast<size_t>(i - 1)) : name;
    i -= aliases + 1;
    return nullptr;
}

static const char *space_name(const void *handle, int i)
{
    return guarded(nullptr, [=]() mutable -> const char * {
        const OCIO::Config &c = config(handle);
        for (int k = 0; k < c.getNumColorSpaces(); k++)
            if (const char *name = name_or_alias(c, c.getColorSpaceNameByIndex(k), i))
                return name;
        return i < c.getNumRoles() ? c.getRoleName(i) : nullptr;
    });
}

static const char *display_name(const void *handle, int i)
{
    return guarded(nullptr,
                   [=] { return i < config(handle).getNumDisplays() ? config(handle).getDisplay(i) : nullptr; });
}

static const char *view_name(const void *handle, const char *display, int i)
{
    return guarded(nullptr, [=] {
        return i < config(handle).getNumViews(display) ? config(handle).getView(display, i) : nullptr;
    });
}

/* Viewing rules may leave no view for `from`; then the display's own default. */
static const char *default_view(const void *handle, const char *display, const char *from)
{
    const char *view = guarded(nullptr, [=] { return config(handle).getDefaultView(display, from); });
    if (!view || !*view)
        view = guarded(nullptr, [=] { return config(handle).getDefaultView(display); });
    return view && *view ? view : nullptr;
}

/* Lossless: the default may approximate logarithms, powers and inverse tables. */
static void *for_cpu(const OCIO::ConstProcessorRcPtr &p)
{
    return new Processor(
        p->getOptimizedCPUProcessor(OCIO::BIT_DEPTH_F32, OCIO::BIT_DEPTH_F32, OCIO::OPTIMIZATION_LOSSLESS));
}

static void *between(const void *handle, const char *from, const char *to, ck_error *e)
{
    return guarded(e, [=] { return for_cpu(config(handle).getProcessor(from, to)); });
}

static void *through(const void *handle, const char *from, const char *display, const char *view, ck_error *e)
{
    return guarded(
        e, [=] { return for_cpu(config(handle).getProcessor(from, display, view, OCIO::TRANSFORM_DIR_FORWARD)); });
}

/* One pixel at a time allocates nothing, so it is left when memory is short. */
static void apply_single(const OCIO::CPUProcessor &p, float *r, float *g, float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float rgb[3] = {r[i], g[i], b[i]};
        p.applyRGB(rgb);
        r[i] = rgb[0];
        g[i] = rgb[1];
        b[i] = rgb[2];
    }
}

/* In rows that fit the cache: OpenColorIO interleaves a row, transforms it and separates it. */
static void apply(const void *handle, float *r, float *g, float *b, size_t n)
{
    const OCIO::CPUProcessor &p = **static_cast<const Processor *>(handle);
    enum : size_t { ROW = 1024 };
    for (size_t at = 0, w = 0; at < n; at += w) {
        w = n - at < ROW ? n - at : ROW;
        bool done = guarded(nullptr, [=, &p] {
            OCIO::PlanarImageDesc row(r + at, g + at, b + at, nullptr, static_cast<long>(w), 1);
            p.apply(row);
            return true;
        });
        if (!done)
            apply_single(p, r + at, g + at, b + at, w);
    }
}

static void release(void *handle)
{
    delete static_cast<Processor *>(handle);
}

extern "C" __attribute__((visibility("default"))) const void *ck_ocio_plugin(unsigned long version)
{
    static const ck_ocio_table table = {open_config,  close_config, has,     space_name, display_name, view_name,
                                        default_view, between,      through, apply,      release};
    return version == CK_OCIO_PLUGIN_VERSION ? &table : nullptr;
}

#include "io/exr_dwa.h"

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputPart.h>
#include <ImfMultiPartInputFile.h>
#include <ImfMultiPartOutputFile.h>
#include <ImfOutputPart.h>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <vector>

namespace
{

/* The header that OpenEXRCore has made. */
class header_stream : public Imf::IStream
{
  public:
    header_stream(const char *data, size_t n) : Imf::IStream("header"), data_(data), n_(n) {}
    bool read(char out[], int n) override
    {
        if (n < 0 || (size_t)n > n_ - at_)
            throw std::runtime_error("the header is incomplete");
        std::memcpy(out, data_ + at_, (size_t)n);
        at_ += (size_t)n;
        return at_ < n_;
    }
    uint64_t tellg() override { return at_; }
    void seekg(uint64_t at) override { at_ = (size_t)at < n_ ? (size_t)at : n_; }
    size_t left() const { return n_ - at_; }

  private:
    const char *data_;
    size_t n_, at_ = 0;
};

class file_stream : public Imf::OStream
{
  public:
    explicit file_stream(const ck_exr_dwa *job) : Imf::OStream("file"), job_(job) {}
    void write(const char data[], int n) override
    {
        if (!job_->write(job_->user, data, (size_t)n, at_))
            throw std::runtime_error("cannot write");
        at_ += (uint64_t)n;
    }
    uint64_t tellp() override { return at_; }
    void seekp(uint64_t at) override { at_ = at; }

  private:
    const ck_exr_dwa *job_;
    uint64_t at_ = 0;
};

std::vector<Imf::Header> read_headers(const ck_exr_dwa *job)
{
    enum { MAGIC_AND_VERSION = 8 };
    header_stream in(static_cast<const char *>(job->header), job->bytes);
    std::vector<Imf::Header> all;
    int version = 2;
    in.seekg(MAGIC_AND_VERSION);
    for (int i = 0; i < job->n; i++) {
        Imf::Header h;
        h.readFrom(in, version);
        h.dwaCompressionLevel() = job->level;
        all.push_back(h);
    }
    return all;
}

void write_part(Imf::MultiPartOutputFile &file, int at, const ck_exr_dwa_part *p)
{
    Imf::OutputPart out(file, at);
    Imf::FrameBuffer pixels;
    for (int i = 0; i < p->n; i++) {
        const ck_exr_dwa_channel *c = &p->channels[i];
        size_t step = c->half ? 2 : 4;
        /* The interface takes mutable memory for reading and writing alike; writing only reads it. */
        char *base = const_cast<char *>(static_cast<const char *>(c->data));
        pixels.insert(c->name, Imf::Slice(c->half ? Imf::HALF : Imf::FLOAT, base, step, step * (size_t)p->w));
    }
    out.setFrameBuffer(pixels);
    out.writePixels(p->h);
}

/* A band of lines is decoded at a time, into memory that is used again. */
void check_part(Imf::MultiPartInputFile &file, int at)
{
    enum { BAND = 256 }; /* lines of a DWAB chunk */
    Imf::InputPart in(file, at);
    const Imath::Box2i box = in.header().dataWindow();
    const Imf::ChannelList &channels = in.header().channels();
    size_t width = (size_t)box.max.x - (size_t)box.min.x + 1, k = 0, n = 0;
    for (auto c = channels.begin(); c != channels.end(); ++c)
        n++;
    std::vector<float> lines(n * width * BAND);
    for (int64_t y = box.min.y; y <= box.max.y; y += BAND, k = 0) {
        Imf::FrameBuffer pixels;
        const Imath::Box2i band(Imath::V2i(box.min.x, (int)y), Imath::V2i(box.max.x, (int)y + BAND - 1));
        for (auto c = channels.begin(); c != channels.end(); ++c, k++)
            pixels.insert(c.name(), Imf::Slice::Make(Imf::FLOAT, lines.data() + k * width * BAND, band, 0, 0,
                                                     c.channel().xSampling, c.channel().ySampling));
        in.setFrameBuffer(pixels);
        in.readPixels((int)y, (int)std::min<int64_t>(y + BAND - 1, box.max.y));
    }
}

/* False, with the reason in `why`, if f throws. */
template <class F> bool guarded(char *why, size_t n, F f) noexcept
{
    try {
        f();
        return true;
    } catch (const std::exception &x) {
        std::snprintf(why, n, "%s", x.what());
    } catch (...) {
        std::snprintf(why, n, "unknown error");
    }
    for (char *p = why; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    return false;
}

} // namespace

bool ck_exr_dwa_write(const ck_exr_dwa *job, char *why, size_t n)
{
    return guarded(why, n, [=] {
        std::vector<Imf::Header> headers = read_headers(job);
        file_stream out(job);
        /* Without threads of its own: the caller has one frame on each core. */
        Imf::MultiPartOutputFile file(out, headers.data(), job->n, false, 0);
        for (int i = 0; i < job->n; i++)
            write_part(file, i, &job->parts[i]);
    });
}

bool ck_exr_dwa_check(const char *path, char *why, size_t n)
{
    return guarded(why, n, [=] {
        Imf::MultiPartInputFile file(path, 0);
        for (int i = 0; i < file.parts(); i++)
            check_part(file, i);
    });
}

/* Decoding: the header of a file, a table with one place for all its chunks, and at that place the chunk in hand.  The
 * file is opened once per decoder, so a chunk costs no more than in a real file.
 *
 * C interface: no exception leaves this file. */
#include "io/exr_dwa.h"

#include <ImfChannelList.h>
#include <ImfCompressionAttribute.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <ImfInputPart.h>
#include <ImfMultiPartInputFile.h>
#include <ImfMultiPartOutputFile.h>
#include <ImfOutputPart.h>
#include <ImfTileDescription.h>
#include <ImfTiledInputFile.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

/* Run f.  If it throws, its reason goes to `why`, of n bytes, on one line. */
template <class F> exr_result_t guarded(char *why, size_t n, F f) noexcept
{
    exr_result_t code = EXR_ERR_CORRUPT_CHUNK;
    try {
        f();
        return EXR_ERR_SUCCESS;
    } catch (const std::bad_alloc &x) {
        std::snprintf(why, n, "%s", x.what());
        code = EXR_ERR_OUT_OF_MEMORY;
    } catch (const std::exception &x) {
        std::snprintf(why, n, "%s", x.what());
    } catch (...) {
        std::snprintf(why, n, "unknown error");
    }
    for (char *p = why; n && *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    return code;
}

/* ---- decoding of chunks ---- */

const uint64_t PLACE = uint64_t(1) << 40; /* of every chunk: far behind any header */

template <class T> void append(std::string &s, T v) /* this machine and the format are little-endian */
{
    s.append(reinterpret_cast<const char *>(&v), sizeof v);
}

class memory_stream : public Imf::OStream
{
  public:
    memory_stream() : Imf::OStream("memory") {}
    void write(const char *c, int n) override
    {
        size_t end = at_ + static_cast<size_t>(n);
        if (end > bytes.size())
            bytes.resize(end);
        memcpy(&bytes[at_], c, static_cast<size_t>(n));
        at_ = end;
    }
    uint64_t tellp() override { return at_; }
    void seekp(uint64_t pos) override { at_ = pos; }

    std::string bytes;

  private:
    size_t at_ = 0;
};

class chunk_stream : public Imf::IStream
{
  public:
    explicit chunk_stream(std::string head) : Imf::IStream("chunk"), head_(std::move(head)) {}
    void hold(std::string front, const void *data, size_t n)
    {
        front_ = std::move(front);
        data_ = static_cast<const char *>(data);
        size_ = n;
        at_ = PLACE;
    }
    bool read(char *to, int n) override
    {
        size_t want = static_cast<size_t>(n);
        if (at_ < PLACE)
            copy(to, head_.data(), head_.size(), at_, want);
        else if (at_ - PLACE < front_.size())
            copy(to, front_.data(), front_.size(), at_ - PLACE, want);
        else
            copy(to, data_, size_, at_ - PLACE - front_.size(), want);
        at_ += want;
        return true;
    }
    /* The chunk itself needs no copy. */
    bool isMemoryMapped() const override { return true; }
    char *readMemoryMapped(int n) override
    {
        size_t from = at_ - PLACE - front_.size(), want = static_cast<size_t>(n);
        if (at_ < PLACE + front_.size() || n < 0 || from > size_ || want > size_ - from)
            throw std::runtime_error("end of data");
        at_ += want;
        return const_cast<char *>(data_) + from; /* the library only reads it */
    }
    uint64_t tellg() override { return at_; }
    void seekg(uint64_t pos) override { at_ = pos; }

  private:
    static void copy(char *to, const char *from, size_t size, uint64_t at, size_t n)
    {
        if (at > size || n > size - at)
            throw std::runtime_error("end of data");
        memcpy(to, from + at, n);
    }
    std::string head_, front_;
    const char *data_ = nullptr;
    size_t size_ = 0;
    uint64_t at_ = 0;
};

Imf::PixelType pixel_type(exr_pixel_type_t t)
{
    return t == EXR_PIXEL_HALF ? Imf::HALF : t == EXR_PIXEL_FLOAT ? Imf::FLOAT : Imf::UINT;
}

/* Names matter: DWA treats channels by them. */
Imf::Header header(const exr_attr_chlist_t *list, exr_compression_t c, const exr_attr_box2i_t &b)
{
    Imath::Box2i box(Imath::V2i(b.min.x, b.min.y), Imath::V2i(b.max.x, b.max.y));
    Imf::Header h(box, box);
    h.compression() = static_cast<Imf::Compression>(c);
    for (int i = 0; i < list->num_channels; i++) {
        const exr_attr_chlist_entry_t &e = list->entries[i];
        h.channels().insert(e.name.str, Imf::Channel(pixel_type(e.pixel_type), e.x_sampling, e.y_sampling, e.p_linear));
    }
    return h;
}

/* Lines of a chunk. */
int lines_of(exr_compression_t c)
{
    return c == EXR_COMPRESSION_DWAB ? 256 : 32;
}

/* Address that the library expects: of the sample at (0,0), which may lie outside the buffer. */
char *origin(const void *first, int64_t x, int64_t y, size_t sample, size_t line)
{
    auto from = static_cast<int64_t>(reinterpret_cast<intptr_t>(first));
    return reinterpret_cast<char *>(
        static_cast<intptr_t>(from - x * static_cast<int64_t>(sample) - y * static_cast<int64_t>(line)));
}

} // namespace

struct ck_exr_dwa_decoder {
    std::vector<std::string> names; /* of the channels */
    exr_attr_box2i_t data;
    std::unique_ptr<chunk_stream> in;
    std::unique_ptr<Imf::InputFile> lines;
    std::unique_ptr<Imf::TiledInputFile> tile;
};

exr_result_t ck_exr_dwa_decoder_new(const exr_attr_chlist_t *list, exr_compression_t c, exr_attr_box2i_t data,
                                    int tiled, ck_exr_dwa_decoder **out)
{
    return guarded(nullptr, 0, [&] {
        auto k = std::make_unique<ck_exr_dwa_decoder>();
        k->data = data;
        for (int i = 0; i < list->num_channels; i++)
            k->names.emplace_back(list->entries[i].name.str);
        Imf::Header h = header(list, c, data);
        int64_t height = int64_t(data.max.y) - data.min.y + 1;
        if (tiled)
            h.setTileDescription(Imf::TileDescription(static_cast<unsigned>(data.max.x - data.min.x + 1),
                                                      static_cast<unsigned>(height), Imf::ONE_LEVEL));
        memory_stream m;
        std::string head("\x76\x2f\x31\x01", 4);
        append(head, uint32_t(2 | 0x400 | (tiled ? 0x200 : 0))); /* version 2, long names, tiles */
        h.writeTo(m, tiled != 0);
        head += m.bytes;
        for (int64_t i = tiled ? 1 : (height + lines_of(c) - 1) / lines_of(c); i > 0; i--)
            append(head, PLACE);
        k->in = std::make_unique<chunk_stream>(std::move(head));
        if (tiled)
            k->tile = std::make_unique<Imf::TiledInputFile>(*k->in, 0);
        else
            k->lines = std::make_unique<Imf::InputFile>(*k->in, 0);
        *out = k.release();
    });
}

exr_result_t ck_exr_dwa_decoder_run(ck_exr_dwa_decoder *k, const ck_exr_dwa_chunk *chunk,
                                    const ck_exr_dwa_samples *want, int n, int floats)
{
    return guarded(nullptr, 0, [&] {
        Imf::FrameBuffer fb;
        size_t size = floats ? 4 : 2;
        for (int i = 0; i < n; i++) {
            size_t line = size * want[i].line;
            fb.insert(k->names[static_cast<size_t>(want[i].channel)],
                      Imf::Slice(floats ? Imf::FLOAT : Imf::HALF,
                                 origin(want[i].to, k->data.min.x, k->tile ? 0 : chunk->y, size, line), size, line));
        }
        std::string front;
        for (int i = 0; k->tile && i < 4; i++) /* indices of tile and level */
            append(front, int32_t(0));
        if (!k->tile)
            append(front, int32_t(chunk->y));
        append(front, static_cast<int32_t>(chunk->bytes));
        k->in->hold(std::move(front), chunk->packed, chunk->bytes);
        if (k->tile) {
            k->tile->setFrameBuffer(fb);
            k->tile->readTile(0, 0);
        } else {
            k->lines->setFrameBuffer(fb);
            k->lines->readPixels(chunk->y, chunk->y + chunk->h - 1);
        }
    });
}

void ck_exr_dwa_decoder_free(ck_exr_dwa_decoder *d)
{
    (void)guarded(nullptr, 0, [&] { delete d; });
}

/* ---- whole files ---- */

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

} // namespace

bool ck_exr_dwa_write(const ck_exr_dwa *job, char *why, size_t n)
{
    return !guarded(why, n, [=] {
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
    return !guarded(why, n, [=] {
        Imf::MultiPartInputFile file(path, 0);
        for (int i = 0; i < file.parts(); i++)
            check_part(file, i);
    });
}

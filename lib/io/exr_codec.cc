/* Chunks as files in memory.
 *
 * Decoding: the header of a file, a table with one place for all its chunks, and at that place the chunk in hand.  The
 * file is opened once per decoder, so a chunk costs no more than in a real file.  Encoding: the lines of the chunk in
 * hand are the next ones of a file, and what the library writes is the chunk.
 *
 * C interface: no exception leaves this file. */
#include <ImfChannelList.h>
#include <ImfCompressionAttribute.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <ImfOutputFile.h>
#include <ImfTileDescription.h>
#include <ImfTiledInputFile.h>

#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include "io/exr_codec.h"
}

namespace
{

const uint64_t PLACE = uint64_t(1) << 40; /* of every chunk: far behind any header */

template <class T> void append(std::string &s, T v) /* this machine and the format are little-endian */
{
    s.append(reinterpret_cast<const char *>(&v), sizeof v);
}

class Memory : public Imf::OStream
{
  public:
    Memory() : Imf::OStream("memory") {}
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
    void clear() { bytes.resize(at_ = 0); }

    std::string bytes;

  private:
    size_t at_ = 0;
};

class Chunk : public Imf::IStream
{
  public:
    explicit Chunk(std::string head) : Imf::IStream("chunk"), head_(std::move(head)) {}
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

int lines_of(exr_compression_t c)
{
    return c == EXR_COMPRESSION_DWAB ? 256 : c == EXR_COMPRESSION_ZIP || c == EXR_COMPRESSION_PXR24 ? 16 : 32;
}

/* Address that the library expects: of the sample at (0,0), which may lie outside the buffer. */
char *origin(const void *first, int64_t x, int64_t y, size_t sample, size_t line)
{
    auto from = static_cast<int64_t>(reinterpret_cast<intptr_t>(first));
    return reinterpret_cast<char *>(
        static_cast<intptr_t>(from - x * static_cast<int64_t>(sample) - y * static_cast<int64_t>(line)));
}

template <class F> exr_result_t guarded(F f) noexcept
{
    try {
        f();
        return EXR_ERR_SUCCESS;
    } catch (const std::bad_alloc &) {
        return EXR_ERR_OUT_OF_MEMORY;
    } catch (...) {
        return EXR_ERR_CORRUPT_CHUNK;
    }
}

} // namespace

struct ck_exr_codec {
    std::vector<std::string> names; /* of the channels */
    exr_attr_box2i_t data;
    std::unique_ptr<Chunk> in;
    std::unique_ptr<Imf::InputFile> lines;
    std::unique_ptr<Imf::TiledInputFile> tile;
};

exr_result_t ck_exr_decoder_new(const exr_attr_chlist_t *list, exr_compression_t c, exr_attr_box2i_t data, int tiled,
                                ck_exr_codec **out)
{
    return guarded([&] {
        auto k = std::make_unique<ck_exr_codec>();
        k->data = data;
        for (int i = 0; i < list->num_channels; i++)
            k->names.emplace_back(list->entries[i].name.str);
        Imf::Header h = header(list, c, data);
        int64_t height = int64_t(data.max.y) - data.min.y + 1;
        if (tiled)
            h.setTileDescription(Imf::TileDescription(static_cast<unsigned>(data.max.x - data.min.x + 1),
                                                      static_cast<unsigned>(height), Imf::ONE_LEVEL));
        Memory m;
        std::string head("\x76\x2f\x31\x01", 4);
        append(head, uint32_t(2 | 0x400 | (tiled ? 0x200 : 0))); /* version 2, long names, tiles */
        h.writeTo(m, tiled != 0);
        head += m.bytes;
        for (int64_t i = tiled ? 1 : (height + lines_of(c) - 1) / lines_of(c); i > 0; i--)
            append(head, PLACE);
        k->in = std::make_unique<Chunk>(std::move(head));
        if (tiled)
            k->tile = std::make_unique<Imf::TiledInputFile>(*k->in, 0);
        else
            k->lines = std::make_unique<Imf::InputFile>(*k->in, 0);
        *out = k.release();
    });
}

exr_result_t ck_exr_decoder_run(ck_exr_codec *k, const ck_exr_chunk *chunk, const ck_exr_samples *want, int n,
                                int floats)
{
    return guarded([&] {
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

void ck_exr_codec_free(ck_exr_codec *c)
{
    (void)guarded([&] { delete c; });
}

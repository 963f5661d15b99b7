/* Opening a checkpoint: map it, recognise its format by its first bytes, call that format's reader. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "checkpoint/build.h"
#include "checkpoint/map.h"

typedef ck_status (*reader)(ck_weights *w, const uint8_t *bytes, size_t n, ck_error *e);

/* Recognise the format of the bytes. */
static ck_status tell(const uint8_t *bytes, size_t n, reader *read, const char **format, ck_error *e)
{
    /* Byte 8 is '{' in a safetensors file, where the header starts; in a zip it would be compression method 123, which
     * does not exist. */
    if (n > 8 && bytes[8] == '{') {
        *format = "safetensors";
        *read = ck_safetensors_read;
        return CK_OK;
    }
    if (n > 8 && !memcmp(bytes, "PK\3\4", 4)) {
        *format = "pth";
        *read = ck_pth_read;
        return CK_OK;
    }
    if (n > 8 && bytes[0] == 0x80)
        return ck_fail(
            e, CK_ERR_UNSUPPORTED,
            "a .pth from before PyTorch 1.6 (no zip archive) is not read: convert it with python3 -c \"import torch; "
            "torch.save(torch.load('OLD.pth', map_location='cpu', weights_only=True), 'NEW.pth')\"");
    return ck_fail(e, CK_ERR_FORMAT, "neither .safetensors nor .pth: is the download complete?");
}

/* Limit the number of elements to the file's size in bytes.  A stride of 0 repeats elements, and tensors may share a
 * storage, so without a limit a small file could demand any amount of memory. */
static ck_status check_elements(const ck_weights *w, size_t n, ck_error *e)
{
    size_t sum = 0;
    for (size_t i = 0; i < ck_weights_count(w); i++)
        if (!ck_add(sum, ck_weights_at(w, i)->count, &sum) || sum > n)
            return ck_fail(e, CK_ERR_FORMAT,
                           "its tensors have more elements than the file has bytes (%zu), from '%.200s' on: save "
                           "contiguous tensors",
                           n, ck_weights_at(w, i)->name);
    return CK_OK;
}

ck_status ck_weights_open_bytes(const void *bytes, size_t n, ck_weights **out, ck_error *e)
{
    reader read = NULL;
    const char *format = NULL;
    *out = NULL;
    ck_status s = tell(bytes, n, &read, &format, e);
    if (s != CK_OK)
        return s;
    ck_weights *w = *out = ck_weights_new(format);
    if (!w)
        return ck_fail(e, CK_ERR_MEMORY, "out of memory for the list of tensors");
    s = read(w, bytes, n, e);
    if (s == CK_OK)
        s = ck_weights_finish(w, e);
    if (s == CK_OK)
        s = check_elements(w, n, e);
    if (s != CK_OK) {
        ck_weights_free(w);
        *out = NULL;
    }
    return s;
}

ck_status ck_weights_open(const char *path, ck_weights **out, ck_error *e)
{
    *out = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* O_NONBLOCK: do not wait for a named pipe's writer */
    if (fd < 0)
        return ck_fail_errno(e, "cannot open the model");
    void *map;
    size_t size = 0;
    ck_status s = ck_map_open(fd, &map, &size, e);
    close(fd);
    if (s == CK_OK)
        s = ck_weights_open_bytes(map, size, out, e);
    if (map && ck_map_cut(map)) {
        ck_weights_free(*out);
        *out = NULL;
        s = ck_fail(e, CK_ERR_IO, CK_MAP_CUT_TEXT);
    }
    if (s == CK_OK)
        ck_weights_own_map(*out, map, size);
    else if (map)
        ck_map_close(map, size);
    return s;
}

/* Opening a checkpoint: mapped, its format told by its first bytes, read by that format's reader. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/build.h"

typedef ck_status (*reader)(ck_weights *w, const uint8_t *bytes, size_t n, ck_error *e);

/* Which format the bytes are of. */
static ck_status tell(const uint8_t *bytes, size_t n, reader *read, const char **format, ck_error *e)
{
    /* At byte 8 a zip has its compression method, and none is 123, a safetensors header's '{'. */
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
        return ck_fail(e, CK_ERR_UNSUPPORTED,
                       "this is a .pth of the format before PyTorch 1.6 (a bare pickle, not a zip archive), which is "
                       "not read: convert it with python3 -c \"import torch; torch.save(torch.load('OLD.pth', "
                       "map_location='cpu', weights_only=True), 'NEW.pth')\"");
    return ck_fail(e, CK_ERR_FORMAT, "neither .safetensors nor .pth: is the download complete?");
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
    if (s != CK_OK) {
        ck_weights_free(w);
        *out = NULL;
    }
    return s;
}

/* *map is NULL after a failure. */
static ck_status map_file(int fd, void **map, size_t *size, ck_error *e)
{
    struct stat st;
    *map = NULL;
    if (fstat(fd, &st))
        return ck_fail_errno(e, "cannot open the model");
    if (!S_ISREG(st.st_mode))
        return ck_fail(e, CK_ERR_ARGUMENT, "a model must be a file: no pipe, device or folder can be mapped");
    if (st.st_size == 0)
        return ck_fail(e, CK_ERR_FORMAT, "the file is empty: is the download complete?");
    *size = (size_t)st.st_size;
    void *p = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return ck_fail_errno(e, "cannot map the model");
    *map = p;
    return CK_OK;
}

ck_status ck_weights_open(const char *path, ck_weights **out, ck_error *e)
{
    *out = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe must not make us wait */
    if (fd < 0)
        return ck_fail_errno(e, "cannot open the model");
    void *map;
    size_t size = 0;
    ck_status s = map_file(fd, &map, &size, e);
    close(fd);
    if (s == CK_OK)
        s = ck_weights_open_bytes(map, size, out, e);
    if (s == CK_OK)
        ck_weights_own_map(*out, map, size);
    else if (map)
        munmap(map, size);
    return s;
}

/*
 * One AV1 still picture -> its planes, where dav1d put them: no copy, no conversion. What the decoder Worker needs of
 * dav1d and nothing else. `functions/decoder/av1/dav1d.ts` calls it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <dav1d/dav1d.h>

#define EXPORT(name) __attribute__((export_name(#name)))

/* Colour and alpha are two pictures of one file, decoded one after the other. */
#define PICTURES 2

#define OUT_OF_MEMORY 1
#define DAMAGED 2

static Dav1dPicture pictures[PICTURES];
static uint32_t description[11];

EXPORT(allocate) void *allocate(size_t bytes) {
    return malloc(bytes);
}

EXPORT(release) void release(void *block) {
    free(block);
}

static void keep(const uint8_t *data, void *cookie) {
    (void)data;
    (void)cookie;
}

/* Feeds all of the data; of several pictures, which are layers of one, the last is the finest. */
static int decode_all(Dav1dContext *context, Dav1dData *data, Dav1dPicture *picture) {
    int found = 0;
    for (;;) {
        int sent = data->sz > 0 ? dav1d_send_data(context, data) : 0;
        if (sent < 0 && sent != DAV1D_ERR(EAGAIN)) return sent;
        Dav1dPicture next;
        memset(&next, 0, sizeof(next));
        int got = dav1d_get_picture(context, &next);
        if (got == 0) {
            if (found) dav1d_picture_unref(picture);
            *picture = next;
            found = 1;
        } else if (got != DAV1D_ERR(EAGAIN)) {
            return got;
        } else if (data->sz == 0) {
            return found ? 0 : DAV1D_ERR(EINVAL);
        }
    }
}

/*
 * Decodes picture `which`, 0 or 1, from `bytes` at `data`, which stay the caller's. Pictures of more than `max_pixels` are
 * refused. Returns 0, or 1 if memory ran out, or 2 if the data are no picture.
 */
EXPORT(decode) int decode(int which, const uint8_t *data, size_t bytes, unsigned max_pixels) {
    Dav1dSettings settings;
    dav1d_default_settings(&settings);
    settings.n_threads = 1;
    settings.max_frame_delay = 1;
    settings.all_layers = 0;
    settings.frame_size_limit = max_pixels;
    settings.logger.callback = NULL;
    Dav1dContext *context = NULL;
    int result = dav1d_open(&context, &settings);
    if (result < 0) return OUT_OF_MEMORY;
    Dav1dData input;
    memset(&input, 0, sizeof(input));
    result = dav1d_data_wrap(&input, data, bytes, keep, NULL);
    if (result == 0) result = decode_all(context, &input, &pictures[which]);
    dav1d_data_unref(&input);
    /* The picture is counted by itself and outlives the decoder, whose other memory is free from here on. */
    dav1d_close(&context);
    return result == 0 ? 0 : result == DAV1D_ERR(ENOMEM) ? OUT_OF_MEMORY : DAMAGED;
}

EXPORT(drop) void drop(int which) {
    dav1d_picture_unref(&pictures[which]);
}

/*
 * Eleven numbers about a decoded picture: width, height, layout (0: gray, 1: 4:2:0, 2: 4:2:2, 3: 4:4:4), bits a sample,
 * matrix, 1 for full range, addresses of the planes Y, U, V, bytes a row of Y, bytes a row of U and V.
 */
EXPORT(describe) const uint32_t *describe(int which) {
    const Dav1dPicture *picture = &pictures[which];
    const uint32_t numbers[11] = {
        (uint32_t)picture->p.w,
        (uint32_t)picture->p.h,
        (uint32_t)picture->p.layout,
        (uint32_t)picture->p.bpc,
        (uint32_t)picture->seq_hdr->mtrx,
        (uint32_t)picture->seq_hdr->color_range,
        (uint32_t)(uintptr_t)picture->data[0],
        (uint32_t)(uintptr_t)picture->data[1],
        (uint32_t)(uintptr_t)picture->data[2],
        (uint32_t)picture->stride[0],
        (uint32_t)picture->stride[1],
    };
    memcpy(description, numbers, sizeof(numbers));
    return description;
}

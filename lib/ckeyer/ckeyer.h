/* libckeyer: frames, streams and the frame loop, for stages outside this project.
 *
 *     cc $(pkg-config --cflags ckeyer) my-stage.c $(pkg-config --libs ckeyer)
 *
 * A stage is one call of ck_stage_main (stage.h).  A program with a loop of its own uses ck_reader and ck_writer
 * (stream.h).  Works in C11 and C++20.
 *
 * Version: MAJOR changes when a program that was compiled before no longer runs, MINOR when something is added. */
#ifndef CK_CKEYER_CKEYER_H
#define CK_CKEYER_CKEYER_H

/* Outside of the linkage below. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CKEYER_VERSION_MAJOR 1
#define CKEYER_VERSION_MINOR 0
#define CKEYER_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

#include "base/floats.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/option.h"
#include "base/status.h"
#include "stream/frame.h"
#include "stream/meta.h"
#include "stream/stage.h"
#include "stream/stream.h"

#ifdef __cplusplus
}
#endif

#endif

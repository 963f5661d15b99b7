/* libavcodec, libavformat and libavfilter, loaded when they are first needed.
 *
 * They and the libraries behind them, 130 of them in Debian 12, take 30 to 60 ms to load, as long as reading a still.
 * So programs are not linked with them: their functions are called through ck_av, by macros of the same names.  Files
 * include this header instead of theirs.  A call before ck_av_load crashes.  libavutil and libswscale, which load in
 * 2 ms, are linked as usual.
 *
 * A function that is missing here is an undefined reference for the linker: add it to a list and to the macros.  The
 * same holds for functions that headers call inline. */
#ifndef CK_IO_AV_LOAD_H
#define CK_IO_AV_LOAD_H

#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavfilter/version.h>
#include <libavformat/avformat.h>

#include "base/status.h"

/* clang-format off */
#define CK_AVCODEC(F)                                                                                                  \
    F(av_get_bits_per_sample) F(av_new_packet) F(av_packet_alloc) F(av_packet_free) F(av_packet_get_side_data)         \
    F(av_packet_move_ref) F(av_packet_new_side_data) F(av_packet_rescale_ts) F(av_packet_unref)                        \
    F(avcodec_alloc_context3) F(avcodec_descriptor_get) F(avcodec_descriptor_get_by_name) F(avcodec_find_decoder)      \
    F(avcodec_find_decoder_by_name) F(avcodec_find_encoder_by_name) F(avcodec_flush_buffers) F(avcodec_free_context)   \
    F(avcodec_get_class) F(avcodec_get_name) F(avcodec_open2) F(avcodec_parameters_copy)                               \
    F(avcodec_parameters_from_context) F(avcodec_parameters_to_context) F(avcodec_receive_frame)                       \
    F(avcodec_receive_packet) F(avcodec_send_frame) F(avcodec_send_packet) F(avcodec_version)

#define CK_AVFORMAT(F)                                                                                                 \
    F(av_find_best_stream) F(av_guess_frame_rate) F(av_guess_sample_aspect_ratio) F(av_read_frame) F(av_seek_frame)    \
    F(av_stream_get_parser) F(av_write_frame) F(av_write_trailer) F(avformat_alloc_context)                            \
    F(avformat_alloc_output_context2) F(avformat_close_input) F(avformat_find_stream_info) F(avformat_free_context)    \
    F(avformat_index_get_entries_count) F(avformat_index_get_entry) F(avformat_new_stream) F(avformat_open_input)      \
    F(avformat_query_codec) F(avformat_version) F(avformat_write_header) F(avio_alloc_context) F(avio_context_free)    \
    F(avio_flush) F(avio_read) F(avio_seek)

#define CK_AVFILTER(F)                                                                                                 \
    F(av_buffersink_get_frame) F(av_buffersrc_add_frame) F(av_buffersrc_parameters_alloc)                              \
    F(av_buffersrc_parameters_set) F(avfilter_get_by_name) F(avfilter_graph_alloc) F(avfilter_graph_alloc_filter)      \
    F(avfilter_graph_config) F(avfilter_graph_create_filter) F(avfilter_graph_free) F(avfilter_graph_set_auto_convert) \
    F(avfilter_init_str) F(avfilter_link)
/* clang-format on */

#define CK_AV_POINTER(f) __typeof__(f) *f;
extern struct ck_av {
    CK_AVCODEC(CK_AV_POINTER)
    CK_AVFORMAT(CK_AV_POINTER)
    CK_AVFILTER(CK_AV_POINTER)
} ck_av;
#undef CK_AV_POINTER

/* Each needs those before it. */
typedef enum ck_av_library { CK_LIBAVCODEC, CK_LIBAVFORMAT, CK_LIBAVFILTER } ck_av_library;

/* Load a library and those before it, once in the process.  CK_ERR_UNSUPPORTED, with the linker's reason, if it cannot
 * be loaded.  Thread-safe. */
ck_status ck_av_load(ck_av_library last, ck_error *e);

#define av_get_bits_per_sample ck_av.av_get_bits_per_sample
#define av_new_packet ck_av.av_new_packet
#define av_packet_alloc ck_av.av_packet_alloc
#define av_packet_free ck_av.av_packet_free
#define av_packet_get_side_data ck_av.av_packet_get_side_data
#define av_packet_move_ref ck_av.av_packet_move_ref
#define av_packet_new_side_data ck_av.av_packet_new_side_data
#define av_packet_rescale_ts ck_av.av_packet_rescale_ts
#define av_packet_unref ck_av.av_packet_unref
#define avcodec_alloc_context3 ck_av.avcodec_alloc_context3
#define avcodec_descriptor_get ck_av.avcodec_descriptor_get
#define avcodec_descriptor_get_by_name ck_av.avcodec_descriptor_get_by_name
#define avcodec_find_decoder ck_av.avcodec_find_decoder
#define avcodec_find_decoder_by_name ck_av.avcodec_find_decoder_by_name
#define avcodec_find_encoder_by_name ck_av.avcodec_find_encoder_by_name
#define avcodec_flush_buffers ck_av.avcodec_flush_buffers
#define avcodec_free_context ck_av.avcodec_free_context
#define avcodec_get_class ck_av.avcodec_get_class
#define avcodec_get_name ck_av.avcodec_get_name
#define avcodec_open2 ck_av.avcodec_open2
#define avcodec_parameters_copy ck_av.avcodec_parameters_copy
#define avcodec_parameters_from_context ck_av.avcodec_parameters_from_context
#define avcodec_parameters_to_context ck_av.avcodec_parameters_to_context
#define avcodec_receive_frame ck_av.avcodec_receive_frame
#define avcodec_receive_packet ck_av.avcodec_receive_packet
#define avcodec_send_frame ck_av.avcodec_send_frame
#define avcodec_send_packet ck_av.avcodec_send_packet
#define avcodec_version ck_av.avcodec_version

#define av_find_best_stream ck_av.av_find_best_stream
#define av_guess_frame_rate ck_av.av_guess_frame_rate
#define av_guess_sample_aspect_ratio ck_av.av_guess_sample_aspect_ratio
#define av_read_frame ck_av.av_read_frame
#define av_seek_frame ck_av.av_seek_frame
#define av_stream_get_parser ck_av.av_stream_get_parser
#define av_write_frame ck_av.av_write_frame
#define av_write_trailer ck_av.av_write_trailer
#define avformat_alloc_context ck_av.avformat_alloc_context
#define avformat_alloc_output_context2 ck_av.avformat_alloc_output_context2
#define avformat_close_input ck_av.avformat_close_input
#define avformat_find_stream_info ck_av.avformat_find_stream_info
#define avformat_free_context ck_av.avformat_free_context
#define avformat_index_get_entries_count ck_av.avformat_index_get_entries_count
#define avformat_index_get_entry ck_av.avformat_index_get_entry
#define avformat_new_stream ck_av.avformat_new_stream
#define avformat_open_input ck_av.avformat_open_input
#define avformat_query_codec ck_av.avformat_query_codec
#define avformat_version ck_av.avformat_version
#define avformat_write_header ck_av.avformat_write_header
#define avio_alloc_context ck_av.avio_alloc_context
#define avio_context_free ck_av.avio_context_free
#define avio_flush ck_av.avio_flush
#define avio_read ck_av.avio_read
#define avio_seek ck_av.avio_seek

#define av_buffersink_get_frame ck_av.av_buffersink_get_frame
#define av_buffersrc_add_frame ck_av.av_buffersrc_add_frame
#define av_buffersrc_parameters_alloc ck_av.av_buffersrc_parameters_alloc
#define av_buffersrc_parameters_set ck_av.av_buffersrc_parameters_set
#define avfilter_get_by_name ck_av.avfilter_get_by_name
#define avfilter_graph_alloc ck_av.avfilter_graph_alloc
#define avfilter_graph_alloc_filter ck_av.avfilter_graph_alloc_filter
#define avfilter_graph_config ck_av.avfilter_graph_config
#define avfilter_graph_create_filter ck_av.avfilter_graph_create_filter
#define avfilter_graph_free ck_av.avfilter_graph_free
#define avfilter_graph_set_auto_convert ck_av.avfilter_graph_set_auto_convert
#define avfilter_init_str ck_av.avfilter_init_str
#define avfilter_link ck_av.avfilter_link

#endif

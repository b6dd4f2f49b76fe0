/* SPDX-License-Identifier: MIT */
/*
 * Types by themselves, outside of calls: what is kept in files, tickets and other protocols' messages ([MS-RPCE] 2.2.6,
 * 2.2.7). `typedef [encode, decode] T` in an IDL or ACF file makes T_encode() and T_decode().
 *
 *   encoder = sp_encoder_new(SP_ENCODING_1, NULL);
 *   status = PKERB_VALIDATION_INFO_encode(encoder, info, &error);      several types may follow each other
 *   bytes = sp_encoder_bytes(encoder, &len);
 *   sp_encoder_free(encoder);
 *
 *   decoder = sp_decoder_new(bytes, len, 1 << 20, &error);
 *   status = PKERB_VALIDATION_INFO_decode(decoder, &info, &error);     info lives in the decoder
 *   sp_decoder_free(decoder);
 *
 * One encoder or decoder belongs to one thread at a time.
 */
#ifndef SALLYPORT_SERIALIZE_H
#define SALLYPORT_SERIALIZE_H

#include <sallyport/error.h>
#include <sallyport/status.h>
#include <sallyport/types.h>

typedef struct sp_encoder sp_encoder;
typedef struct sp_decoder sp_decoder;

enum sp_encoding {
	SP_ENCODING_1,       /* version 1: NDR ([MS-RPCE] 2.2.6) */
	SP_ENCODING_2,       /* version 2: NDR ([MS-RPCE] 2.2.7) */
	SP_ENCODING_2_NDR64, /* version 2: NDR64 */
};

/* interface: what a stream of version 2 names as its origin; NULL: nothing. NULL is returned for lack of memory. */
sp_encoder *sp_encoder_new(enum sp_encoding encoding, const struct sp_syntax_id *interface);
/* All of the stream so far; the encoder's, until it encodes more or is freed. */
const void *sp_encoder_bytes(const sp_encoder *encoder, size_t *ret_len);
void sp_encoder_free(sp_encoder *encoder); /* NULL is fine */

/*
 * bytes must stay until the end. What is decoded takes at most max_memory bytes. NULL with *reterr: not a stream of
 * version 1 or 2, or no memory.
 */
sp_decoder *sp_decoder_new(
	const void *bytes, size_t len, size_t max_memory, struct sp_error *reterr);
enum sp_encoding sp_decoder_encoding(const sp_decoder *decoder);
/* Bytes behind the last type that was decoded. */
size_t sp_decoder_left(const sp_decoder *decoder);
void sp_decoder_free(sp_decoder *decoder); /* with all that was decoded; NULL is fine */

#endif

/* SPDX-License-Identifier: MIT */
/* What people type for "there", as string bindings: a name, an IPv4 or IPv6 address, or a string binding. */
#ifndef PROBE_TARGET_H
#define PROBE_TARGET_H

#include <sallyport/binding.h>
#include <sallyport/error.h>

/*
 * A string binding as it is; anything else is a host over ncacn_ip_tcp without an endpoint. IPv6 may stand in
 * brackets. *ret is freed with sp_binding_free().
 */
SP_NODISCARD sp_status target_parse(const char *text, sp_binding **ret, struct sp_error *reterr);
/*
 * The endpoint mapper there: its well-known endpoint unless the text names one. *ret_text is malloc'ed and the
 * caller's.
 */
SP_NODISCARD sp_status target_mapper(
	const char *text, uint16_t mapper_port, char **ret_text, struct sp_error *reterr);
/* The string binding of the text, normalised; the caller's as above. */
SP_NODISCARD sp_status target_binding(const char *text, char **ret_text, struct sp_error *reterr);
/* "338cd001-2244-31f1-aaaa-900038001003,1.0"; "...,1" is version 1.0; or what the catalogue knows: "samr", or a
   UUID without version. False: it is none of that. */
SP_NODISCARD bool target_interface(const char *text, struct sp_syntax_id *ret);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * String bindings, as RpcStringBindingParse and RpcStringBindingCompose take
 * and make them:
 *
 *   ObjectUUID@ProtocolSequence:NetworkAddress[Endpoint,Option=Value,...]
 *
 * A backslash escapes the next character; IPv6 addresses may stand in brackets.
 * No function here keeps state; all are safe from any thread.
 */
#ifndef SALLYPORT_BINDING_H
#define SALLYPORT_BINDING_H

#include <sallyport/error.h>
#include <sallyport/types.h>

/* The parts, unescaped, UTF-8. Absent parts are empty strings, never NULL. */
typedef struct sp_binding {
	bool has_object;
	struct sp_uuid object;
	char *protseq;  /* "ncacn_ip_tcp" */
	char *address;  /* without the brackets of an IPv6 address */
	char *endpoint; /* from "[135]" or "[endpoint=135]" */
	char *options;  /* "a=b,c", still escaped */
} sp_binding;

/*
 * Parses text. *ret_binding is the caller's, freed with sp_binding_free(), and untouched on failure.
 * RPC_S_INVALID_STRING_BINDING, RPC_S_INVALID_STRING_UUID, RPC_S_OUT_OF_MEMORY.
 */
SP_NODISCARD sp_status sp_binding_parse(
	const char *text, sp_binding **ret_binding, struct sp_error *reterr);

/* Any argument but protseq may be NULL or empty. *ret_text is malloc'ed and the caller's. */
SP_NODISCARD sp_status sp_binding_compose(const struct sp_uuid *object, const char *protseq,
	const char *address, const char *endpoint, const char *options, char **ret_text);

void sp_binding_free(sp_binding *);

/*
 * "6bffd098-a112-3610-9833-46c3f87e345a", braces and upper case allowed. False if malformed;
 * *ret untouched then.
 */
SP_NODISCARD bool sp_uuid_parse(const char *text, struct sp_uuid *ret);
#define SP_UUID_TEXT 37 /* with the NUL */
void sp_uuid_format(const struct sp_uuid *, char ret[SP_UUID_TEXT]);
bool sp_uuid_equal(const struct sp_uuid *, const struct sp_uuid *);
bool sp_uuid_is_nil(const struct sp_uuid *);

#endif

/* SPDX-License-Identifier: MIT */
/* The messages of SPNEGO (RFC 4178 4.2, [MS-SPNG] 2.2), in DER. Pure; views into the caller's bytes. */
#ifndef AUTH_SPNEGO_TOKEN_H
#define AUTH_SPNEGO_TOKEN_H

#include <sallyport/types.h>

#define SPNEGO_MECHS_MAX 8 /* of a list; those behind are nothing that we know */

enum spnego_mech {
	SPNEGO_MECH_OTHER,
	SPNEGO_MECH_MS_KERBEROS, /* the number with the wrong bits that Windows 2000 began with */
	SPNEGO_MECH_KERBEROS,
	SPNEGO_MECH_NTLM,
};

enum spnego_state {
	SPNEGO_ACCEPT_COMPLETED = 0,
	SPNEGO_ACCEPT_INCOMPLETE = 1,
	SPNEGO_REJECT = 2,
	SPNEGO_REQUEST_MIC = 3,
	SPNEGO_NO_STATE = 255,
};

struct spnego_view {
	const uint8_t *p; /* NULL: the field is not there */
	size_t n;
};

struct spnego_init {
	struct spnego_view list; /* the MechTypeList as it travels: mechListMIC goes over it */
	enum spnego_mech mechs[SPNEGO_MECHS_MAX];
	size_t n_mechs;
	struct spnego_view token;
};

struct spnego_response {
	enum spnego_state state;
	bool has_mech;
	enum spnego_mech mech;
	struct spnego_view token, mic;
};

/* get: false when it is not that message. */
bool spnego_init_get(const void *, size_t n, struct spnego_init *ret);
bool spnego_response_get(const void *, size_t n, struct spnego_response *ret);

/* put: into memory of its own, mem_free'd by the caller; NULL: no memory. */
uint8_t *spnego_init_put(const struct spnego_init *, size_t *ret_n);
uint8_t *spnego_response_put(const struct spnego_response *, size_t *ret_n);
/* The MechTypeList of these mechanisms. */
uint8_t *spnego_list_put(const enum spnego_mech *, size_t n_mechs, size_t *ret_n);

#endif

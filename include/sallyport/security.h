/* SPDX-License-Identifier: MIT */
/*
 * Who calls, and what protects the call on its way: authentication of clients and servers, signing and sealing
 * ([MS-RPCE] 2.2.1.1.7, 2.2.1.1.8, 3.3.1.5.2). docs/security.md says what each setting is good against.
 *
 *   client:  sp_client_secure(client, &(struct sp_security){.provider = SP_AUTH_NTLM, .level = SP_LEVEL_PRIVACY,
 *                    .user = "alice", .domain = "HOUSE", .password = password}, &error)
 *   server:  sp_server_use_ntlm(server, &(struct sp_ntlm_options){.accounts = "/etc/sallyport/smbpasswd"}, &error)
 *            and sp_interface_options.least_level, sp_call_caller() in handlers
 */
#ifndef SALLYPORT_SECURITY_H
#define SALLYPORT_SECURITY_H

#include <sallyport/client.h>
#include <sallyport/error.h>
#include <sallyport/server.h>

/* RPC_C_AUTHN_*, as Windows numbers them. */
enum sp_auth {
	SP_AUTH_NONE = 0,
	SP_AUTH_SPNEGO = 9,    /* RPC_C_AUTHN_GSS_NEGOTIATE */
	SP_AUTH_NTLM = 10,     /* RPC_C_AUTHN_WINNT */
	SP_AUTH_KERBEROS = 16, /* RPC_C_AUTHN_GSS_KERBEROS */
};

/* --- clients ------------------------------------------------------------------------------------ */

/* Strings are UTF-8. Zero or NULL means the default in parentheses. */
struct sp_security {
	enum sp_auth provider;
	enum sp_level level; /* (SP_LEVEL_PRIVACY) */
	const char *user;    /* (none: anonymous) */
	const char *domain;  /* (""); with Kerberos the realm */
	const char *password;
	const uint8_t *nt_hash;  /* 16 bytes, in place of a password */
	const char *ccache;      /* Kerberos without a password: the ticket cache (the system's) */
	const char *workstation; /* what this computer calls itself (its host name) */
	const char
		*spn; /* the server's name as it says it ("host/" and the address of the binding) */
	/*
	 * Takes servers that do not sign the headers of PDUs: an attacker may then change operation numbers and lengths,
	 * or pretend to be such a server. Only for those that cannot do otherwise.
	 */
	bool unsigned_headers;
	bool ntlm_v1; /* NTLMv1's response, which can be broken: only for those that take nothing else */
};

/*
 * Every connection that the client opens from now on is authenticated so; those that are open are closed. Questions to the
 * endpoint mapper stay anonymous. Everything is copied; of a password NTLM keeps only its hash. All is wiped in the end.
 * SPNEGO tries Kerberos first when the spn names a host, not an address, and there is a ticket cache, or a password and a
 * domain with a dot in it; then NTLM. Kerberos asks its key distribution centre with blocking calls.
 * RPC_S_UNKNOWN_AUTHN_SERVICE (1747), RPC_S_UNKNOWN_AUTHN_LEVEL (1748), RPC_S_INVALID_ARG (87), RPC_S_OUT_OF_MEMORY.
 * Not while calls are under way: RPC_S_CALL_IN_PROGRESS (1791).
 */
SP_NODISCARD sp_status sp_client_secure(
	sp_client *, const struct sp_security *, struct sp_error *reterr);

/* --- servers ------------------------------------------------------------------------------------ */

struct sp_account {
	char name[769]; /* as handlers shall see it, whatever the client's spelling */
	uint8_t nt_hash[16];
};

/* Zero or NULL means the default in parentheses. */
struct sp_ntlm_options {
	const char *
		accounts; /* a file in smbpasswd's format, read once and not readable for everybody (none) */
	/* Asked for accounts instead; any loop thread, must not block. False: there is none. */
	bool (*lookup)(void *arg, const char *user, const char *domain, struct sp_account *ret);
	void *lookup_arg;
	const char *
		computer; /* what this server calls itself (its host name up to the first dot, upper case) */
	const char *domain; /* (computer) */
	bool anonymous;     /* takes clients without a name; interfaces must allow them, too */
	bool ntlm_v1;       /* takes NTLMv1's response, which can be broken */
	bool mic_required;  /* refuses clients that do not protect NTLM's own messages */
	/*
	 * Once so many logons from one address (of IPv6: one network of 64 bits) have failed within a minute, more from there
	 * are refused before a password is looked at, right ones, too, until that minute is over; Kerberos by itself and
	 * ncalrpc are not (no limit). 256 addresses are remembered.
	 */
	unsigned failures_per_minute;
};

/*
 * The server takes clients that authenticate with NTLM, by itself and within SPNEGO. Before sp_server_start(), once.
 * RPC_S_ALREADY_REGISTERED, RPC_S_INVALID_ARG, ERROR_ACCESS_DENIED (a file that everybody may read), RPC_S_OUT_OF_MEMORY.
 */
SP_NODISCARD sp_status sp_server_use_ntlm(
	sp_server *, const struct sp_ntlm_options *, struct sp_error *reterr);

/* Zero or NULL means the default in parentheses. */
struct sp_kerberos_options {
	const char *keytab; /* (the system's) every key in it is taken */
};

/*
 * The server takes clients that authenticate with Kerberos, by itself and within SPNEGO. Before sp_server_start(), once.
 * RPC_S_ALREADY_REGISTERED, RPC_S_UNKNOWN_AUTHN_SERVICE (built without Kerberos, or no keytab), RPC_S_OUT_OF_MEMORY.
 */
SP_NODISCARD sp_status sp_server_use_kerberos(
	sp_server *, const struct sp_kerberos_options *, struct sp_error *reterr);

/* --- handlers ----------------------------------------------------------------------------------- */

struct sp_caller {
	enum sp_auth provider;
	enum sp_level level; /* SP_LEVEL_NONE: nobody in particular */
	const char *user,
		*domain; /* "" when there is none; valid until the call has been completed */
	bool anonymous;  /* authenticated as nobody */
	const uint8_t *session_key; /* NULL: none */
	size_t session_key_len;
};
/* Who makes this call. Any thread, until the call is completed. */
struct sp_caller sp_call_caller(const sp_call *);

#endif

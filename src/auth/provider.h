/* SPDX-License-Identifier: MIT */
/*
 * A security context as the engine sees it: tokens go in and come out until both sides know each other, then
 * messages are signed or sealed ([MS-RPCE] 3.3.1.5.2, RFC 2743). Each provider fills in one table of functions; nobody but
 * the provider knows what stands behind it, and who includes this header links no cryptography.
 *
 *   auth_step       legs, until AUTH_DONE or AUTH_FAILED; on whatever thread, one at a time
 *   auth_protect    in the order in which the messages leave
 *   auth_unprotect  in the order in which they come
 *
 * A context belongs to one connection and its thread. Once it is done, names, session key and expiry do not change and may be
 * read from any thread that holds a reference.
 */
#ifndef AUTH_PROVIDER_H
#define AUTH_PROVIDER_H

#include <stdatomic.h>

#include <sallyport/types.h>

enum auth_type { /* [MS-RPCE] 2.2.1.1.7 */
	AUTH_TYPE_NONE = 0x00,
	AUTH_TYPE_SPNEGO = 0x09,
	AUTH_TYPE_NTLM = 0x0a,
	AUTH_TYPE_KERBEROS = 0x10,
	AUTH_TYPE_NETLOGON = 0x44,
};

enum auth_level { /* [MS-RPCE] 2.2.1.1.8 */
	AUTH_LEVEL_NONE = 1,
	AUTH_LEVEL_CONNECT = 2,
	AUTH_LEVEL_CALL = 3, /* processed as PACKET */
	AUTH_LEVEL_PACKET = 4,
	AUTH_LEVEL_INTEGRITY = 5,
	AUTH_LEVEL_PRIVACY = 6,
};

/* A piece of a message, in its order. All pieces are signed; with `sealed` at level privacy it is encrypted in place. */
struct auth_span {
	uint8_t *p;
	size_t len;
	bool sealed;
};

/* What a leg made for the peer: mem_free'd by the caller; NULL and 0 is none. */
struct auth_token {
	uint8_t *bytes;
	size_t len;
};

enum auth_outcome {
	AUTH_CONTINUE, /* the token must go out, and another one must come back */
	AUTH_DONE,     /* the context is built; a token that is there must still go out */
	AUTH_FAILED,   /* nothing goes out; `why` says what came, never a secret */
};

/* Who the peer is, as the provider says; strings live as long as the context. */
struct auth_names {
	const char *user, *domain; /* "" when there is none */
	bool anonymous;
	enum auth_type mechanism; /* who knows it: within SPNEGO the provider that it chose */
};

struct auth_context;

struct auth_methods {
	const char *name;
	enum auth_outcome (*step)(struct auth_context *, const void *in, size_t n,
		struct auth_token *ret, const char **ret_why);
	size_t (*signature_size)(const struct auth_context *, enum auth_level);
	bool (*protect)(struct auth_context *, enum auth_level, const struct auth_span *, size_t n,
		uint8_t *ret_signature);
	bool (*unprotect)(struct auth_context *, enum auth_level, const struct auth_span *,
		size_t n, const uint8_t *signature, size_t signature_len);
	void (*names)(const struct auth_context *, struct auth_names *ret); /* of the peer */
	/* NULL: none */
	const uint8_t *(*session_key)(const struct auth_context *, size_t *ret_len);
	int64_t (*expiry)(const struct auth_context *); /* seconds since 1970; INT64_MAX: never */
	/* Over some bytes that are no message of the conversation; NULL in SPNEGO itself. False: cannot be done. */
	bool (*mic)(struct auth_context *, const uint8_t *, size_t n, struct auth_token *ret);
	bool (*check_mic)(struct auth_context *, const uint8_t *, size_t n, const uint8_t *mic,
		size_t mic_len);
	void (*free)(struct auth_context *);
};

struct auth_context { /* the first member of a provider's own */
	const struct auth_methods *methods;
	_Atomic uint32_t refs;
	/* Signs the headers of PDUs in any case, whether the peers agreed on that or not. */
	bool signs_headers;
};

/* What a server takes: one entry per auth_type. accept makes a context for one client; NULL: no memory. */
struct auth_acceptor {
	uint8_t type;
	struct auth_context *(*accept)(const void *arg);
	const void *arg;
};

static inline struct auth_context *
auth_ref(struct auth_context *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

static inline void
auth_unref(struct auth_context *c) /* NULL is fine */
{
	if (c && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
		c->methods->free(c);
}

static inline void
auth_context_init(struct auth_context *c, const struct auth_methods *methods)
{
	c->methods = methods;
	atomic_init(&c->refs, 1);
}

static inline enum auth_outcome
auth_step(struct auth_context *c, const void *in, size_t n, struct auth_token *ret,
	const char **ret_why)
{
	return c->methods->step(c, in, n, ret, ret_why);
}

#endif

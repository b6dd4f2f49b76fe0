/* SPDX-License-Identifier: MIT */
#include "rpc/security.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/accounts.h"
#include "auth/kerberos.h"
#include "auth/ntlm.h"
#include "auth/secret.h"
#include "auth/spnego.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "rpc/client.h"
#include "rpc/failures.h"
#include "rpc/server.h"

#define LOG_PAUSE (60 * SP_SECOND)

bool
security_step(struct assoc_conn *conn, struct assoc_event *e, const char **ret_why)
{
	struct auth_token token = {0};
	enum auth_outcome outcome = auth_step(
		e->auth, buf_slice_bytes(&e->take_stub), e->take_stub.len, &token, ret_why);

	assoc_auth_done(conn, outcome, &token, outcome == AUTH_FAILED ? *ret_why : NULL);
	return outcome != AUTH_FAILED;
}

/* --- clients --- */

struct client_security { /* in memory that is wiped and not dumped */
	uint8_t type, level;
	bool headers_optional;
	struct ntlm_credentials ntlm; /* its strings are these */
	char user[NTLM_TEXT_SIZE], domain[NTLM_TEXT_SIZE], workstation[NTLM_TEXT_SIZE],
		spn[NTLM_TEXT_SIZE], password[NTLM_TEXT_SIZE], ccache[NTLM_TEXT_SIZE];
	bool kerberos, has_password, ntlm_too;
};

void
client_security_free(struct client_security *s)
{
	secret_free(s, sizeof(*s));
}

static struct auth_context *
initiate(const struct client_security *s)
{
	const struct kerberos_credentials who = {.user = s->user,
		.realm = s->domain,
		.password = s->has_password ? s->password : NULL,
		.ccache = s->ccache,
		.target = s->spn};
	struct spnego_offer offers[SPNEGO_OFFERS_MAX];
	size_t n = 0;

	if (s->type == SP_AUTH_NTLM)
		return ntlm_initiate(&s->ntlm);
	if (s->type == SP_AUTH_KERBEROS)
		return kerberos_initiate(&who);
	if (s->kerberos)
		offers[n++] = (struct spnego_offer){AUTH_TYPE_KERBEROS, kerberos_initiate(&who)};
	if (s->ntlm_too || n == 0)
		offers[n++] = (struct spnego_offer){AUTH_TYPE_NTLM, ntlm_initiate(&s->ntlm)};
	return spnego_initiate(offers, n);
}

bool
client_security_apply(const struct client_security *s, struct assoc_conn *conn)
{
	struct assoc_protection p;

	if (!s)
		return true;
	p = (struct assoc_protection){.type = s->type,
		.level = s->level,
		.headers_optional = s->headers_optional,
		.take_auth = initiate(s)};
	return assoc_secure(conn, &p);
}

static sp_status
security_check(const struct sp_security *o, struct sp_error *reterr)
{
	if (o->provider != SP_AUTH_NTLM && o->provider != SP_AUTH_SPNEGO &&
		(o->provider != SP_AUTH_KERBEROS || !kerberos_is_there()))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_UNKNOWN_AUTHN_SERVICE,
			"secure a client with provider %u - this library has no such provider - "
			"use SPNEGO (9), NTLM (10) or Kerberos (16)",
			o->provider);
	if (o->level && (o->level < SP_LEVEL_CONNECT || o->level > SP_LEVEL_PRIVACY))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_UNKNOWN_AUTHN_LEVEL,
			"secure a client at level %u - levels are connect (2) to privacy (6) - "
			"without security nothing is to be said",
			o->level);
	if (o->provider != SP_AUTH_KERBEROS && o->user && *o->user && !o->password && !o->nt_hash &&
		!o->ccache)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"secure a client as %.100s - without a password or its hash - give one",
			o->user);
	return 0;
}

static bool
text_keep(char ret[NTLM_TEXT_SIZE], const char *text)
{
	return snprintf(ret, NTLM_TEXT_SIZE, "%s", text ? text : "") < NTLM_TEXT_SIZE;
}

static bool
names_keep(struct client_security *s, const sp_client *client, const struct sp_security *o)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (!o->workstation && gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	if (!o->spn)
		snprintf(s->spn, sizeof(s->spn), "host/%s", client->binding->address);
	return text_keep(s->user, o->user) && text_keep(s->domain, o->domain) &&
	       text_keep(s->workstation, o->workstation ? o->workstation : host) &&
	       (!o->spn || text_keep(s->spn, o->spn));
}

/* Tickets are for names; who gives a password and no realm means an account of the server itself. */
static bool
kerberos_fits(const struct client_security *s)
{
	const char *host = strchr(s->spn, '/');
	uint8_t address[16];

	if (!kerberos_is_there() || !host || inet_pton(AF_INET, host + 1, address) == 1 ||
		inet_pton(AF_INET6, host + 1, address) == 1)
		return false;
	if (s->has_password)
		return strchr(s->domain, '.') != NULL;
	return s->ccache[0] || !s->user[0];
}

static bool
credentials_keep(struct client_security *s, const sp_client *client, const struct sp_security *o)
{
	bool fits = names_keep(s, client, o);

	s->ntlm = (struct ntlm_credentials){.user = s->user,
		.domain = s->domain,
		.workstation = s->workstation,
		.target = s->spn,
		.v1 = o->ntlm_v1};
	if (o->nt_hash)
		memcpy(s->ntlm.nt_hash, o->nt_hash, sizeof(s->ntlm.nt_hash));
	else if (o->password)
		fits = ntlm_nt_hash(o->password, s->ntlm.nt_hash) && fits;
	if (o->provider == SP_AUTH_NTLM)
		return fits;
	s->has_password = o->password;
	s->ntlm_too = o->password || o->nt_hash || (!s->user[0] && !o->ccache);
	fits = fits && text_keep(s->password, o->password) && text_keep(s->ccache, o->ccache);
	s->kerberos = kerberos_fits(s);
	return fits;
}

sp_status
sp_client_secure(sp_client *client, const struct sp_security *o, struct sp_error *reterr)
{
	sp_status status = security_check(o, reterr);
	struct client_security *s;

	if (status)
		return status;
	if (!list_is_empty(&client->queue) || !list_is_empty(&client->finished))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_CALL_IN_PROGRESS,
			"secure a client - calls of it are under way - wait for them");
	list_for (it, &client->sessions)
		if (list_entry(it, struct session, node)->n_calls > 0)
			return error_set(reterr, SP_PHASE_NONE, RPC_S_CALL_IN_PROGRESS,
				"secure a client - calls of it are under way - wait for them");
	s = secret_new(sizeof(*s));
	if (!s)
		return error_no_memory(reterr);
	s->type = (uint8_t)o->provider;
	s->level = (uint8_t)(o->level ? o->level : SP_LEVEL_PRIVACY);
	s->headers_optional = o->unsigned_headers;
	if (!credentials_keep(s, client, o)) {
		client_security_free(s);
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"secure a client - a name or password has more than %u characters - "
			"nobody can have it",
			NTLM_NAME_MAX);
	}
	sp_client_disconnect(client);
	client_security_free(client->security);
	client->security = s;
	return 0;
}

/* --- servers --- */

struct server_security {
	struct auth_acceptor acceptors[3]; /* SPNEGO first; the others within it, too */
	size_t n_acceptors;
	struct spnego_acceptor spnego;
	struct ntlm_acceptor ntlm;
	struct accounts *accounts;
	struct kerberos_keys *keys;
	char *computer, *domain;
	struct sp_ntlm_options options; /* the callback */
	pthread_mutex_t lock;           /* over what follows */
	sp_nanos logged;
	unsigned unlogged;
	struct failures failures;
};

void
server_security_free(struct server_security *s)
{
	if (!s)
		return;
	accounts_free(s->accounts);
	kerberos_keys_free(s->keys);
	mem_free(s->computer);
	mem_free(s->domain);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

const struct auth_acceptor *
server_security_acceptors(const struct server_security *s, size_t *ret_n)
{
	*ret_n = s ? s->n_acceptors : 0;
	return s ? s->acceptors : NULL;
}

/* The part of the host name before the first dot, in capitals, is what Windows calls a NetBIOS name. */
static char *
computer_name(const char *given)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (given)
		return mem_strdup(given);
	if (gethostname(host, sizeof(host) - 1) || host[0] == '\0')
		snprintf(host, sizeof(host), "LOCALHOST");
	host[strcspn(host, ".")] = '\0';
	host[15] = '\0';
	for (char *p = host; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return mem_strdup(host);
}

static bool
lookup_by_callback(void *arg, const char *user, const char *domain, struct ntlm_account *ret)
{
	const struct server_security *s = arg;
	struct sp_account account = {0};
	bool found = s->options.lookup(s->options.lookup_arg, user, domain, &account);

	_Static_assert(sizeof(account.name) == sizeof(ret->name), "names are as long");
	if (found) {
		memcpy(ret->name, account.name, sizeof(ret->name));
		ret->name[sizeof(ret->name) - 1] = '\0';
		memcpy(ret->nt_hash, account.nt_hash, sizeof(ret->nt_hash));
	}
	secret_wipe(&account, sizeof(account));
	return found;
}

static sp_status
accounts_open(struct server_security *s, struct sp_error *reterr)
{
	const struct sp_ntlm_options *o = &s->options;
	sp_status status;

	if (o->lookup) {
		s->ntlm.lookup = lookup_by_callback;
		s->ntlm.arg = s;
	}
	if (!o->accounts)
		return 0;
	status = accounts_read(o->accounts, &s->accounts, reterr);
	s->ntlm.lookup = accounts_lookup;
	s->ntlm.arg = s->accounts;
	return status;
}

static bool
takes(const struct server_security *s, enum sp_auth type)
{
	for (size_t i = 0; s && i < s->n_acceptors; i++)
		if (s->acceptors[i].type == type)
			return true;
	return false;
}

/* What the server has, or a new one that it gets with its first provider. NULL: no, and *ret_status why. */
static struct server_security *
security_of(sp_server *server, enum sp_auth type, sp_status *ret_status, struct sp_error *reterr)
{
	struct server_security *s = server->security;

	if (takes(s, type) || server->state != SERVER_IDLE) {
		*ret_status = error_set(reterr, SP_PHASE_NONE, RPC_S_ALREADY_REGISTERED,
			"let a server take provider %u - it runs, or does so already - do it once, "
			"before",
			type);
		return NULL;
	}
	if (s)
		return s;
	s = mem_zalloc(1, sizeof(*s));
	if (!s) {
		*ret_status = error_no_memory(reterr);
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->acceptors[s->n_acceptors++] =
		(struct auth_acceptor){SP_AUTH_SPNEGO, spnego_accept, &s->spnego};
	s->spnego.acceptors = &s->acceptors[1];
	server->security = s;
	return s;
}

static void
acceptor_add(struct server_security *s, enum sp_auth type,
	struct auth_context *(*accept)(const void *), const void *arg)
{
	s->acceptors[s->n_acceptors++] = (struct auth_acceptor){(uint8_t)type, accept, arg};
	s->spnego.n_acceptors++;
}

sp_status
sp_server_use_kerberos(
	sp_server *server, const struct sp_kerberos_options *o, struct sp_error *reterr)
{
	sp_status status = 0;
	struct server_security *s = security_of(server, SP_AUTH_KERBEROS, &status, reterr);
	const char *why;

	if (!s)
		return status;
	s->keys = kerberos_keys_open(o->keytab, &why);
	if (!s->keys)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_UNKNOWN_AUTHN_SERVICE,
			"let a server take Kerberos - %.200s - see docs/security.md", why);
	acceptor_add(s, SP_AUTH_KERBEROS, kerberos_accept, s->keys);
	return 0;
}

sp_status
sp_server_use_ntlm(sp_server *server, const struct sp_ntlm_options *o, struct sp_error *reterr)
{
	sp_status status = 0;
	struct server_security *s = security_of(server, SP_AUTH_NTLM, &status, reterr);

	if (!s)
		return status;
	s->options = *o;
	mem_free(s->computer); /* of an attempt before */
	mem_free(s->domain);
	s->computer = computer_name(o->computer);
	s->domain = o->domain || !s->computer ? mem_strdup(o->domain ? o->domain : "")
					      : mem_strdup(s->computer);
	s->ntlm = (struct ntlm_acceptor){.computer = s->computer,
		.domain = s->domain,
		.anonymous = o->anonymous,
		.v1 = o->ntlm_v1,
		.mic_required = o->mic_required};
	status = s->computer && s->domain ? accounts_open(s, reterr) : error_no_memory(reterr);
	s->options.accounts = s->options.computer = s->options.domain = NULL; /* the caller's */
	if (!status)
		acceptor_add(s, SP_AUTH_NTLM, ntlm_accept, &s->ntlm);
	return status;
}

void
server_security_failed(sp_server *server, const struct connection *c, const char *why)
{
	struct server_security *s = server->security;
	sp_nanos now = time_now();
	unsigned others = 0;
	bool log;

	pthread_mutex_lock(&s->lock);
	log = s->logged == 0 || now - s->logged >= LOG_PAUSE;
	if (log) {
		others = s->unlogged;
		s->unlogged = 0;
		s->logged = now;
	} else {
		s->unlogged++;
	}
	pthread_mutex_unlock(&s->lock);
	if (log)
		server_log(server, SP_LOG_WARNING,
			"security: %s: %s (and %u like it since the last message)", c->peer_text,
			why, others);
}

static bool
has_failed_enough(struct server_security *s, const struct connection *c, uint8_t type)
{
	unsigned n;

	if (s->options.failures_per_minute == 0 || !c->host_is_known || type == SP_AUTH_KERBEROS)
		return false;
	pthread_mutex_lock(&s->lock);
	n = failures_of(&s->failures, &c->host, time_now());
	pthread_mutex_unlock(&s->lock);
	return n >= s->options.failures_per_minute;
}

void
server_security_step(struct connection *c, struct assoc_event *e)
{
	sp_server *server = c->thread->server;
	struct server_security *s = server->security;
	const char *why = "too many logons from there have failed";
	struct auth_token none = {0};

	if (has_failed_enough(s, c, e->auth_type)) {
		assoc_auth_done(&c->link.conn, AUTH_FAILED, &none, why);
		server_security_failed(server, c, why);
		return;
	}
	if (security_step(&c->link.conn, e, &why))
		return;
	if (s->options.failures_per_minute > 0 && c->host_is_known) {
		pthread_mutex_lock(&s->lock);
		failures_add(&s->failures, &c->host, time_now());
		pthread_mutex_unlock(&s->lock);
	}
	server_security_failed(server, c, why);
}

sp_status
server_security_admit(const sp_call *call)
{
	const struct registration *r = call->registration;
	const sp_server *server = call->connection->thread->server;
	enum sp_level least = r->options.least_level;
	struct sp_caller caller;

	/* mgmt's inquiries are for everybody; a local peer is known by the system */
	if (!least && r->index > 0)
		least = server->options.least_level;
	if (least <= SP_LEVEL_NONE || call->connection->local)
		return 0;
	caller = sp_call_caller(call);
	if (caller.level < least || (caller.anonymous && !r->options.anonymous))
		return ERROR_ACCESS_DENIED;
	return 0;
}

struct sp_caller
sp_call_caller(const sp_call *call)
{
	struct sp_caller caller = {.level = SP_LEVEL_NONE, .user = "", .domain = ""};
	struct auth_names names;

	if (!call->auth)
		return caller;
	call->auth->methods->names(call->auth, &names);
	caller.provider = (enum sp_auth)call->auth_type;
	caller.level = (enum sp_level)call->auth_level;
	caller.user = names.user;
	caller.domain = names.domain;
	caller.anonymous = names.anonymous;
	caller.session_key = call->auth->methods->session_key(call->auth, &caller.session_key_len);
	return caller;
}

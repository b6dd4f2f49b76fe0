/* SPDX-License-Identifier: MIT */
#include "auth/kerberos.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include "auth/secret.h"
#include "base/mem.h"

#define NAME_SIZE 769
#define SIGNATURE_MAX 256
#define KEY_MAX 64
#define WISHES                                                                                     \
	(GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG |          \
		GSS_C_CONF_FLAG | GSS_C_DCE_STYLE)
#define NEEDED (GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG)

struct kerberos_keys {
	gss_cred_id_t cred;
};

struct kerberos {
	struct auth_context base; /* the first member */
	gss_ctx_id_t gss;
	gss_cred_id_t cred; /* the initiator's own; the acceptor's is the server's */
	gss_name_t target;
	bool initiator, done;
	const char *password;
	char user[NAME_SIZE], domain[NAME_SIZE], ccache[NAME_SIZE];
	uint8_t key[KEY_MAX];
	size_t key_len, signed_size, sealed_size;
	int64_t expiry;
};

static _Thread_local char reason[256];

/* What the library has to say about a status, most telling first. */
static const char *
status_text(const char *what, OM_uint32 major, OM_uint32 minor)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 more = 0, ignored;
	bool is_mech = minor != 0;

	gss_display_status(&ignored, is_mech ? minor : major,
		is_mech ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &text);
	snprintf(reason, sizeof(reason), "Kerberos: %s: %.*s", what, (int)text.length,
		text.value ? (const char *)text.value : "");
	gss_release_buffer(&ignored, &text);
	return reason;
}

bool
kerberos_is_there(void)
{
	return true;
}

/* --- names and credentials --- */

static OM_uint32
name_import(const char *text, gss_name_t *ret, OM_uint32 *ret_minor)
{
	gss_buffer_desc buffer = {strlen(text), (void *)text};

	return gss_import_name(ret_minor, &buffer, GSS_KRB5_NT_PRINCIPAL_NAME, ret);
}

struct kerberos_keys *
kerberos_keys_open(const char *keytab, const char **ret_why)
{
	gss_key_value_element_desc element = {"keytab", keytab};
	gss_key_value_set_desc store = {1, &element};
	gss_OID_set_desc mechs = {1, (gss_OID)gss_mech_krb5};
	struct kerberos_keys *keys = mem_zalloc(1, sizeof(*keys));
	OM_uint32 major, minor;

	if (!keys) {
		*ret_why = "no memory";
		return NULL;
	}
	major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechs, GSS_C_ACCEPT,
		keytab ? &store : NULL, &keys->cred, NULL, NULL);
	if (!GSS_ERROR(major))
		return keys;
	*ret_why = status_text("the keytab", major, minor);
	mem_free(keys);
	return NULL;
}

void
kerberos_keys_free(struct kerberos_keys *keys)
{
	OM_uint32 ignored;

	if (!keys)
		return;
	gss_release_cred(&ignored, &keys->cred);
	mem_free(keys);
}

/* A password, a ticket cache, or what the system has. */
static OM_uint32
cred_acquire(struct kerberos *x, OM_uint32 *ret_minor)
{
	gss_key_value_element_desc element = {"ccache", x->ccache};
	gss_key_value_set_desc store = {1, &element};
	gss_OID_set_desc mechs = {1, (gss_OID)gss_mech_krb5};
	gss_name_t name = GSS_C_NO_NAME;
	char text[2 * NAME_SIZE];
	OM_uint32 major = GSS_S_COMPLETE, ignored;

	if (x->user[0]) {
		snprintf(text, sizeof(text), "%s%s%s", x->user, x->domain[0] ? "@" : "", x->domain);
		major = name_import(text, &name, ret_minor);
	}
	if (GSS_ERROR(major))
		return major;
	if (x->password && x->user[0]) {
		gss_buffer_desc password = {strlen(x->password), (void *)x->password};

		major = gss_acquire_cred_with_password(ret_minor, name, &password, GSS_C_INDEFINITE,
			&mechs, GSS_C_INITIATE, &x->cred, NULL, NULL);
	} else {
		major = gss_acquire_cred_from(ret_minor, name, GSS_C_INDEFINITE, &mechs,
			GSS_C_INITIATE, x->ccache[0] ? &store : NULL, &x->cred, NULL, NULL);
	}
	gss_release_name(&ignored, &name);
	return major;
}

/* --- what is known once both sides know each other --- */

static bool
peer_name_take(struct kerberos *x)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	gss_name_t client = GSS_C_NO_NAME, server = GSS_C_NO_NAME;
	OM_uint32 minor, lifetime = 0;
	bool good = !GSS_ERROR(gss_inquire_context(
		&minor, x->gss, &client, &server, &lifetime, NULL, NULL, NULL, NULL));
	const char *at;

	good = good &&
	       !GSS_ERROR(gss_display_name(&minor, x->initiator ? server : client, &text, NULL));
	good = good && text.length < NAME_SIZE;
	if (good) {
		memcpy(x->user, text.value, text.length);
		x->user[text.length] = '\0';
		at = strrchr(x->user, '@');
		snprintf(x->domain, sizeof(x->domain), "%s", at ? at + 1 : "");
		if (at)
			x->user[at - x->user] = '\0';
		x->expiry = lifetime == GSS_C_INDEFINITE ? INT64_MAX : time(NULL) + lifetime;
	}
	gss_release_buffer(&minor, &text);
	gss_release_name(&minor, &client);
	gss_release_name(&minor, &server);
	return good;
}

static bool
key_take(struct kerberos *x)
{
	gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
	OM_uint32 minor;
	bool good = !GSS_ERROR(gss_inquire_sec_context_by_oid(
			    &minor, x->gss, GSS_C_INQ_SSPI_SESSION_KEY, &set)) &&
		    set && set->count > 0 && set->elements[0].length <= KEY_MAX;

	if (good) {
		x->key_len = set->elements[0].length;
		memcpy(x->key, set->elements[0].value, x->key_len);
		secret_wipe(set->elements[0].value, x->key_len);
	}
	gss_release_buffer_set(&minor, &set);
	return good;
}

/* Sizes do not depend on the message: what is sealed is a multiple of the block size. */
static bool
sizes_take(struct kerberos *x)
{
	uint8_t block[16] = {0};
	gss_iov_buffer_desc sealed[2] = {{.type = GSS_IOV_BUFFER_TYPE_HEADER},
		{.type = GSS_IOV_BUFFER_TYPE_DATA, .buffer = {sizeof(block), block}}};
	gss_iov_buffer_desc mic[2] = {
		{.type = GSS_IOV_BUFFER_TYPE_DATA, .buffer = {sizeof(block), block}},
		{.type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN}};
	OM_uint32 minor;
	int conf;

	if (GSS_ERROR(
		    gss_wrap_iov_length(&minor, x->gss, 1, GSS_C_QOP_DEFAULT, &conf, sealed, 2)) ||
		GSS_ERROR(gss_get_mic_iov_length(&minor, x->gss, GSS_C_QOP_DEFAULT, mic, 2)))
		return false;
	x->sealed_size = sealed[0].buffer.length;
	x->signed_size = mic[1].buffer.length;
	return x->sealed_size <= SIGNATURE_MAX && x->signed_size <= SIGNATURE_MAX;
}

static enum auth_outcome
finish(struct kerberos *x, OM_uint32 flags, const char **ret_why)
{
	/* what a client does not ask for, such as signing at level connect, it does not use */
	if (x->initiator && (flags & NEEDED) != NEEDED)
		*ret_why = "Kerberos: the server cannot do what is needed";
	else if (!peer_name_take(x) || !key_take(x) || !sizes_take(x))
		*ret_why = "Kerberos: a session that says nothing of itself";
	else
		x->done = true;
	return x->done ? AUTH_DONE : AUTH_FAILED;
}

/* --- legs --- */

static enum auth_outcome
step(struct auth_context *c, const void *in, size_t n, struct auth_token *ret, const char **ret_why)
{
	struct kerberos *x = (struct kerberos *)c;
	gss_buffer_desc input = {n, (void *)in}, output = GSS_C_EMPTY_BUFFER;
	OM_uint32 major = GSS_S_COMPLETE, minor = 0, flags = 0, ignored;

	if (x->initiator && !x->cred)
		major = cred_acquire(x, &minor);
	x->password = NULL;
	if (!GSS_ERROR(major) && x->initiator)
		major = gss_init_sec_context(&minor, x->cred, &x->gss, x->target,
			(gss_OID)gss_mech_krb5, WISHES, 0, GSS_C_NO_CHANNEL_BINDINGS, &input, NULL,
			&output, &flags, NULL);
	else if (!GSS_ERROR(major))
		major = gss_accept_sec_context(&minor, &x->gss, x->cred, &input,
			GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &output, &flags, NULL, NULL);
	if (!GSS_ERROR(major) && output.length > 0) {
		ret->bytes = mem_alloc(output.length);
		if (ret->bytes)
			memcpy(ret->bytes, output.value, output.length);
		ret->len = ret->bytes ? output.length : 0;
	}
	n = output.length;
	gss_release_buffer(&ignored, &output);
	if (GSS_ERROR(major)) {
		*ret_why = status_text("the logon", major, minor);
		return AUTH_FAILED;
	}
	if (n > 0 && !ret->bytes) {
		*ret_why = "no memory for a Kerberos token";
		return AUTH_FAILED;
	}
	return major & GSS_S_CONTINUE_NEEDED ? AUTH_CONTINUE : finish(x, flags, ret_why);
}

/* --- messages --- */

static size_t
signature_size(const struct auth_context *c, enum auth_level level)
{
	const struct kerberos *x = (const struct kerberos *)c;

	return level == AUTH_LEVEL_PRIVACY ? x->sealed_size : x->signed_size;
}

#define SPANS_MAX 4

static void
spans_show(gss_iov_buffer_desc *iov, const struct auth_span *spans, size_t n, bool seals)
{
	for (size_t i = 0; i < n; i++)
		iov[i] = (gss_iov_buffer_desc){.type = seals && !spans[i].sealed
							       ? GSS_IOV_BUFFER_TYPE_SIGN_ONLY
							       : GSS_IOV_BUFFER_TYPE_DATA,
			.buffer = {spans[i].len, spans[i].p}};
}

static bool
protect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	uint8_t *ret_signature)
{
	struct kerberos *x = (struct kerberos *)c;
	bool seals = level == AUTH_LEVEL_PRIVACY;
	gss_iov_buffer_desc iov[SPANS_MAX + 1];
	OM_uint32 major, minor;
	int conf = 0;

	if (!x->done || n > SPANS_MAX)
		return false;
	spans_show(iov + 1, spans, n, seals);
	iov[0] = (gss_iov_buffer_desc){
		.type = seals ? GSS_IOV_BUFFER_TYPE_HEADER : GSS_IOV_BUFFER_TYPE_MIC_TOKEN,
		.buffer = {signature_size(c, level), ret_signature}};
	if (!seals)
		return gss_get_mic_iov(&minor, x->gss, GSS_C_QOP_DEFAULT, iov, (int)n + 1) ==
		       GSS_S_COMPLETE;
	major = gss_wrap_iov(&minor, x->gss, 1, GSS_C_QOP_DEFAULT, &conf, iov, (int)n + 1);
	return major == GSS_S_COMPLETE && conf;
}

/* A repeated message, one too early or too late is an error here, though to GSS-API it is only information. */
static bool
unprotect(struct auth_context *c, enum auth_level level, const struct auth_span *spans, size_t n,
	const uint8_t *signature, size_t signature_len)
{
	struct kerberos *x = (struct kerberos *)c;
	bool seals = level == AUTH_LEVEL_PRIVACY;
	gss_iov_buffer_desc iov[SPANS_MAX + 1];
	uint8_t copy[SIGNATURE_MAX];
	OM_uint32 minor;
	int conf = 0;

	if (!x->done || n > SPANS_MAX || signature_len != signature_size(c, level))
		return false;
	memcpy(copy, signature, signature_len); /* the library works in it */
	spans_show(iov + 1, spans, n, seals);
	iov[0] = (gss_iov_buffer_desc){
		.type = seals ? GSS_IOV_BUFFER_TYPE_HEADER : GSS_IOV_BUFFER_TYPE_MIC_TOKEN,
		.buffer = {signature_len, copy}};
	if (!seals)
		return gss_verify_mic_iov(&minor, x->gss, NULL, iov, (int)n + 1) == GSS_S_COMPLETE;
	return gss_unwrap_iov(&minor, x->gss, &conf, NULL, iov, (int)n + 1) == GSS_S_COMPLETE &&
	       conf;
}

static bool
mic(struct auth_context *c, const uint8_t *bytes, size_t n, struct auth_token *ret)
{
	struct kerberos *x = (struct kerberos *)c;
	gss_buffer_desc message = {n, (void *)bytes}, token = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;

	if (GSS_ERROR(gss_get_mic(&minor, x->gss, GSS_C_QOP_DEFAULT, &message, &token)))
		return false;
	ret->bytes = mem_alloc(token.length);
	if (ret->bytes)
		memcpy(ret->bytes, token.value, token.length);
	ret->len = ret->bytes ? token.length : 0;
	gss_release_buffer(&minor, &token);
	return ret->bytes;
}

static bool
check_mic(
	struct auth_context *c, const uint8_t *bytes, size_t n, const uint8_t *mic, size_t mic_len)
{
	struct kerberos *x = (struct kerberos *)c;
	gss_buffer_desc message = {n, (void *)bytes}, token = {mic_len, (void *)mic};
	OM_uint32 minor;

	return gss_verify_mic(&minor, x->gss, &message, &token, NULL) == GSS_S_COMPLETE;
}

/* --- the table --- */

static void
names(const struct auth_context *c, struct auth_names *ret)
{
	const struct kerberos *x = (const struct kerberos *)c;

	*ret = (struct auth_names){x->user, x->domain, false, AUTH_TYPE_KERBEROS};
}

static const uint8_t *
session_key(const struct auth_context *c, size_t *ret_len)
{
	const struct kerberos *x = (const struct kerberos *)c;

	*ret_len = x->key_len;
	return x->done ? x->key : NULL;
}

static int64_t
expiry(const struct auth_context *c)
{
	return ((const struct kerberos *)c)->expiry;
}

static void
context_free(struct auth_context *c)
{
	struct kerberos *x = (struct kerberos *)c;
	OM_uint32 minor;

	gss_delete_sec_context(&minor, &x->gss, GSS_C_NO_BUFFER);
	gss_release_name(&minor, &x->target);
	if (x->initiator)
		gss_release_cred(&minor, &x->cred);
	secret_free(x, sizeof(*x));
}

static const struct auth_methods methods = {.name = "Kerberos",
	.step = step,
	.signature_size = signature_size,
	.protect = protect,
	.unprotect = unprotect,
	.names = names,
	.session_key = session_key,
	.expiry = expiry,
	.mic = mic,
	.check_mic = check_mic,
	.free = context_free};

struct auth_context *
kerberos_accept(const void *keys)
{
	struct kerberos *x = secret_new(sizeof(*x));

	if (!x)
		return NULL;
	auth_context_init(&x->base, &methods);
	x->cred = ((const struct kerberos_keys *)keys)->cred;
	return &x->base;
}

static bool
text_keep(char ret[NAME_SIZE], const char *text)
{
	return snprintf(ret, NAME_SIZE, "%s", text ? text : "") < NAME_SIZE;
}

struct auth_context *
kerberos_initiate(const struct kerberos_credentials *who)
{
	struct kerberos *x = secret_new(sizeof(*x));
	OM_uint32 minor;

	if (!x)
		return NULL;
	auth_context_init(&x->base, &methods);
	x->initiator = true;
	x->password = who->password;
	if (text_keep(x->user, who->user) && text_keep(x->domain, who->realm) &&
		text_keep(x->ccache, who->ccache) &&
		!GSS_ERROR(name_import(who->target, &x->target, &minor)))
		return &x->base;
	auth_unref(&x->base);
	return NULL;
}

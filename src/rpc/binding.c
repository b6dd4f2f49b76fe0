/* SPDX-License-Identifier: MIT */
#include <sallyport/binding.h>

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

/*
 * String bindings: [[Object@]ProtocolSequence:]NetworkAddress[[Endpoint][,Options]] with backslash as the
 * escape (Windows' "String Binding" reference). Unlike RpcStringBindingParse, a binding here always names its
 * protocol sequence.
 */

struct scan {
	const char *text; /* all of it, for messages */
	const char *p;
	char *word;      /* room for the longest part; where part_get() unescapes to */
	const char *bad; /* what is wrong; NULL so far */
};

static void
fail(struct scan *s, const char *bad)
{
	if (s->bad == NULL)
		s->bad = bad;
}

/* Unescapes until one of the characters of `ends` stands unescaped, or the end. */
static void
part_get(struct scan *s, const char *ends)
{
	char *out = s->word;

	while (*s->p != '\0' && strchr(ends, *s->p) == NULL) {
		if (*s->p == '\\' && *++s->p == '\0') {
			fail(s, "a backslash with nothing behind it");
			break;
		}
		*out++ = *s->p++;
	}
	*out = '\0';
}

/* Is there an unescaped c before one of the unescaped characters of `ends`? */
static bool
has_before(const char *p, char c, const char *ends)
{
	for (; *p != '\0' && strchr(ends, *p) == NULL; p++) {
		if (*p == c)
			return true;
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	return false;
}

static char *
keep(struct scan *s)
{
	char *copy = mem_strdup(s->word);

	return copy;
}

static void
object_get(struct scan *s, sp_binding *b)
{
	if (!has_before(s->p, '@', "["))
		return;
	part_get(s, "@");
	s->p++;
	b->has_object = true;
	if (!sp_uuid_parse(s->word, &b->object))
		fail(s, "the object is not a UUID");
}

static bool
is_protseq(const char *word)
{
	return *word != '\0' &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(word);
}

/* n characters that can only be an IPv6 address, with or without a zone: no endpoint has two colons */
static bool
is_ipv6(const char *p, size_t n)
{
	const char *zone = memchr(p, '%', n);
	size_t colons = 0, length = zone ? (size_t)(zone - p) : n;

	for (size_t i = 0; i < length; i++) {
		if (strchr("0123456789abcdefABCDEF:.", p[i]) == NULL)
			return false;
		colons += p[i] == ':';
	}
	for (size_t i = length; i < n; i++)
		if (strchr("\\[],=@", p[i]) != NULL)
			return false;
	return colons >= 2;
}

/* "[2001:db8::1]" is an address although it stands in brackets. */
static bool
is_bracketed_address(const char *p)
{
	size_t n = strcspn(p, "]");

	return *p == '[' && p[n] == ']' && is_ipv6(p + 1, n - 1);
}

static void
address_get(struct scan *s)
{
	if (!is_bracketed_address(s->p)) {
		part_get(s, "[]");
		return;
	}
	s->p++;
	part_get(s, "]");
	s->p++;
}

/* One of "endpoint=135", "option=value", or, first, a bare endpoint. Options stay escaped. */
static void
option_get(struct scan *s, bool first, char **endpoint, char *options)
{
	static const char key[] = "endpoint=";
	const char *start = s->p;
	bool named = strncmp(start, key, sizeof(key) - 1) == 0;
	bool option = has_before(start, '=', ",]");

	if (named)
		s->p += sizeof(key) - 1;
	part_get(s, ",]");
	if (named || (first && !option)) {
		if (*endpoint != NULL && **endpoint != '\0')
			fail(s, "the endpoint is given twice");
		mem_free(*endpoint);
		*endpoint = keep(s);
		return;
	}
	if (!option || *start == '=')
		fail(s, "an option without \"name=value\"");
	if (*options != '\0')
		strcat(options, ",");
	strncat(options, start, (size_t)(s->p - start));
}

static void
brackets_get(struct scan *s, char **endpoint, char *options)
{
	if (*s->p != '[') {
		if (*s->p != '\0')
			fail(s, "a closing bracket without an opening one");
		return;
	}
	for (bool first = true; *s->p == '[' || *s->p == ','; first = false) {
		s->p++;
		option_get(s, first, endpoint, options);
	}
	if (*s->p != ']')
		fail(s, "the closing bracket is missing");
	else if (*++s->p != '\0')
		fail(s, "text behind the closing bracket");
}

static bool
is_complete(const sp_binding *b)
{
	return b->protseq != NULL && b->address != NULL && b->endpoint != NULL &&
	       b->options != NULL;
}

static void
binding_get(struct scan *s, sp_binding *b)
{
	object_get(s, b);
	part_get(s, ":[]");
	if (!is_protseq(s->word))
		fail(s, "no protocol sequence such as ncacn_ip_tcp");
	b->protseq = keep(s);
	if (*s->p == ':')
		s->p++;
	else if (*s->p != '\0')
		fail(s, "no colon behind the protocol sequence");
	address_get(s);
	b->address = keep(s);
	brackets_get(s, &b->endpoint, b->options);
}

static sp_status
refuse(const struct scan *s, const sp_binding *b, struct sp_error *reterr)
{
	bool object = b->has_object && strcmp(s->bad, "the object is not a UUID") == 0;

	return error_set(reterr, SP_PHASE_NONE,
		object ? RPC_S_INVALID_STRING_UUID : RPC_S_INVALID_STRING_BINDING,
		"string binding \"%.200s\" - column %zu: %s - the form is "
		"Object@ncacn_ip_tcp:host[endpoint,option=value]",
		s->text, (size_t)(s->p - s->text) + 1, s->bad);
}

sp_status
sp_binding_parse(const char *text, sp_binding **ret_binding, struct sp_error *reterr)
{
	size_t size = strlen(text) + 1;
	struct scan s = {.text = text, .p = text, .word = mem_alloc(size)};
	sp_binding *b = mem_zalloc(1, sizeof(*b));
	sp_status status = RPC_S_OK;

	if (s.word == NULL || b == NULL || (b->options = mem_zalloc(size, 1)) == NULL ||
		(b->endpoint = mem_strdup("")) == NULL) {
		status = error_no_memory(reterr);
		goto out;
	}
	binding_get(&s, b);
	if (s.bad != NULL)
		status = refuse(&s, b, reterr);
	else if (!is_complete(b))
		status = error_no_memory(reterr);
	if (status == RPC_S_OK) {
		*ret_binding = b;
		b = NULL;
	}
out:
	sp_binding_free(b);
	mem_free(s.word);
	return status;
}

void
sp_binding_free(sp_binding *b)
{
	if (b == NULL)
		return;
	mem_free(b->protseq);
	mem_free(b->address);
	mem_free(b->endpoint);
	mem_free(b->options);
	mem_free(b);
}

static char *
escape_put(char *out, const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (strchr(special, *text) != NULL)
			*out++ = '\\';
		*out++ = *text;
	}
	*out = '\0';
	return out;
}

/* An IPv6 address goes into brackets, so that it reads back as one. */
static char *
address_put(char *out, const char *address)
{
	if (!is_ipv6(address, strlen(address)))
		return escape_put(out, address, "\\[]@,=");
	*out++ = '[';
	out = escape_put(out, address, "\\[]@,=");
	*out++ = ']';
	*out = '\0';
	return out;
}

static char *
brackets_put(char *out, const char *endpoint, const char *options)
{
	if (*endpoint == '\0' && *options == '\0')
		return out;
	*out++ = '[';
	if (is_ipv6(endpoint, strlen(endpoint)))
		out = stpcpy(out, "endpoint="); /* or it would read back as the address */
	out = escape_put(out, endpoint, "\\[]@,=");
	if (*options != '\0') {
		if (*endpoint != '\0')
			*out++ = ',';
		out = stpcpy(out, options); /* still escaped */
	}
	*out++ = ']';
	*out = '\0';
	return out;
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

sp_status
sp_binding_compose(const struct sp_uuid *object, const char *protseq, const char *address,
	const char *endpoint, const char *options, char **ret_text)
{
	char *text, *out;

	address = or_empty(address);
	endpoint = or_empty(endpoint);
	options = or_empty(options);
	if (protseq == NULL || !is_protseq(protseq))
		return RPC_S_INVALID_RPC_PROTSEQ;
	out = text = mem_alloc(SP_UUID_TEXT + strlen(protseq) + 2 * strlen(address) +
			       2 * strlen(endpoint) + strlen(options) + sizeof("@:[][endpoint=,]"));
	if (text == NULL)
		return RPC_S_OUT_OF_MEMORY;
	if (object != NULL) {
		sp_uuid_format(object, out);
		out = stpcpy(out + SP_UUID_TEXT - 1, "@");
	}
	out = stpcpy(out, protseq);
	out = stpcpy(out, ":");
	out = address_put(out, address);
	brackets_put(out, endpoint, options);
	*ret_text = text;
	return RPC_S_OK;
}

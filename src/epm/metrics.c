/* SPDX-License-Identifier: MIT */
#include "epm/metrics.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "epm/service.h"
#include "net/address.h"

#define TEXT_MAX 8192

struct metrics {
	struct MHD_Daemon *daemon;
};

struct text {
	char bytes[TEXT_MAX];
	size_t len;
};

static void line(struct text *, const char *fmt, ...) SP_PRINTF(2, 3);

static void
line(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->bytes + t->len, sizeof(t->bytes) - t->len, fmt, args);
	va_end(args);
	if (n > 0 && t->len + (size_t)n < sizeof(t->bytes))
		t->len += (size_t)n;
}

static void
head(struct text *t, const char *name, const char *type, const char *help)
{
	line(t, "# HELP sallyport_epm_%s %s\n# TYPE sallyport_epm_%s %s\n", name, help, name, type);
}

static void
value(struct text *t, const char *name, const char *type, const char *help, uint64_t v)
{
	head(t, name, type, help);
	line(t, "sallyport_epm_%s %llu\n", name, (unsigned long long)v);
}

static void
figures_put(struct text *t, const struct service_figures *f)
{
	static const char *const ops[] = {"ept_insert", "ept_delete", "ept_lookup", "ept_map",
		"ept_lookup_handle_free", "ept_inq_object", "ept_mgmt_delete"};
	static const char *const reasons[ADMISSION_VERDICTS] = {
		NULL, "anonymous", "network", "rate"};

	value(t, "entries", "gauge", "Entries in the map.", atomic_load(&f->entries));
	value(t, "sessions", "gauge", "Servers that have registered.", atomic_load(&f->sessions));
	value(t, "lookups", "gauge", "Unfinished lookups.", atomic_load(&f->lookups));
	head(t, "calls_total", "counter", "Calls by operation.");
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		line(t, "sallyport_epm_calls_total{operation=\"%s\"} %llu\n", ops[i],
			(unsigned long long)atomic_load(&f->calls[i]));
	value(t, "answers_total", "counter", "Entries and towers given as answers.",
		atomic_load(&f->answers));
	value(t, "unanswered_total", "counter", "Questions for which nothing was found.",
		atomic_load(&f->found_nothing));
	head(t, "refused_total", "counter", "Calls refused before they were looked at.");
	for (int v = ADMITTED + 1; v < ADMISSION_VERDICTS; v++)
		line(t, "sallyport_epm_refused_total{reason=\"%s\"} %llu\n", reasons[v],
			(unsigned long long)atomic_load(&f->refused[v]));
	value(t, "registrations_refused_total", "counter", "Registrations refused.",
		atomic_load(&f->registrations_refused));
}

static enum MHD_Result
respond(struct MHD_Connection *connection, unsigned status, char *body, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(
		response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *data, size_t *data_len, void **state)
{
	static char nothing[] = "only GET /metrics is here\n";
	struct text *t;
	enum MHD_Result result;

	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return respond(connection, MHD_HTTP_METHOD_NOT_ALLOWED, nothing, strlen(nothing));
	if (strcmp(url, "/metrics") != 0)
		return respond(connection, MHD_HTTP_NOT_FOUND, nothing, strlen(nothing));
	t = mem_zalloc(1, sizeof(*t));
	if (!t)
		return MHD_NO;
	figures_put(t, service_figures());
	result = respond(connection, MHD_HTTP_OK, t->bytes, t->len);
	mem_free(t);
	return result;
}

sp_status
metrics_new(const char *where, struct metrics **ret, struct sp_error *reterr)
{
	const char *colon = strrchr(where, ':');
	char host[ADDRESS_TEXT];
	struct address address;
	struct metrics *m;
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;

	snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	if (!address_parse(host, (uint16_t)strtoul(colon + 1, NULL, 10), &address))
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"serve metrics at %.100s - that is no address", where);
	m = mem_zalloc(1, sizeof(*m));
	if (!m)
		return error_no_memory(reterr);
	if (address.storage.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	m->daemon = MHD_start_daemon(flags, address_port(&address), NULL, NULL, on_request, m,
		MHD_OPTION_SOCK_ADDR, &address.storage, MHD_OPTION_CONNECTION_LIMIT, 16u,
		MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_END);
	if (!m->daemon) {
		mem_free(m);
		return error_errno(reterr, SP_PHASE_NONE, RPC_S_CANT_CREATE_ENDPOINT, errno,
			"serve metrics at %.100s - %s - nothing can listen there", where,
			strerror(errno));
	}
	*ret = m;
	return 0;
}

void
metrics_free(struct metrics *m)
{
	if (!m)
		return;
	MHD_stop_daemon(m->daemon);
	mem_free(m);
}

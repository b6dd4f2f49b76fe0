/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
fill(struct sp_error *e, enum sp_phase phase, sp_status status, const char *fmt, va_list ap)
{
	memset(e, 0, sizeof(*e));
	e->phase = phase;
	e->status = status;
	vsnprintf(e->sentence, sizeof(e->sentence), fmt, ap);
}

sp_status
error_set(struct sp_error *reterr, enum sp_phase phase, sp_status status, const char *fmt, ...)
{
	va_list ap;

	if (reterr) {
		va_start(ap, fmt);
		fill(reterr, phase, status, fmt, ap);
		va_end(ap);
	}
	return status;
}

sp_status
error_errno(struct sp_error *reterr, enum sp_phase phase, sp_status status, int sys_errno,
	const char *fmt, ...)
{
	va_list ap;

	if (reterr) {
		va_start(ap, fmt);
		fill(reterr, phase, status, fmt, ap);
		va_end(ap);
		reterr->evidence = SP_EVIDENCE_ERRNO;
		reterr->sys_errno = sys_errno;
	}
	return status;
}

sp_status
error_no_memory(struct sp_error *reterr)
{
	return error_set(reterr, SP_PHASE_NONE, RPC_S_OUT_OF_MEMORY,
		"allocate memory - refused by the system or a limit - the operation was given up");
}

const char *
sp_phase_name(enum sp_phase phase)
{
	static const char *const names[] = {
		[SP_PHASE_NONE] = "none",
		[SP_PHASE_NAME_RESOLUTION] = "name resolution",
		[SP_PHASE_TCP_SESSION] = "TCP session",
		[SP_PHASE_DISCOVERY] = "discovery",
		[SP_PHASE_COMMUNICATION] = "communication",
	};

	return (size_t)phase < sizeof(names) / sizeof(*names) ? names[phase] : "none";
}

const char *
sp_status_name(sp_status status)
{
	switch (status) {
#define STATUS_NAME(name, number, sentence)                                                        \
	case number: return #name;
		SP_STATUS_TABLE(STATUS_NAME)
#undef STATUS_NAME
	default: return NULL;
	}
}

const char *
sp_status_text(sp_status status)
{
	switch (status) {
#define STATUS_TEXT(name, number, sentence)                                                        \
	case number: return sentence;
		SP_STATUS_TABLE(STATUS_TEXT)
#undef STATUS_TEXT
	default: return NULL;
	}
}

const char *
sp_component_name(uint32_t component)
{
	static const char *const windows[] = {NULL, "application", "RPC runtime",
		"security provider", "NPFS", "redirector", "named pipes", "I/O", "Winsock", "Authz",
		"LPC"};

	if (component == SP_COMPONENT_APPLICATION)
		return "application";
	if (component == SP_COMPONENT_RUNTIME)
		return "RPC runtime";
	return component < sizeof(windows) / sizeof(*windows) ? windows[component] : NULL;
}

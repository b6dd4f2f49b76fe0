/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "idlc/check.h"
#include "idlc/diagnostic.h"

struct seen {
	struct seen *next;
	const char *name;
};

static const char *const known_attributes[] = {"aggregatable", "allocate", "appobject", "async",
	"async_uuid", "auto_handle", "bindable", "broadcast", "byte_count", "call_as", "callback",
	"case", "code", "comm_status", "context_handle", "context_handle_noserialize",
	"context_handle_serialize", "control", "cs_char", "custom", "decode", "default",
	"defaultbind", "defaultvalue", "disable_consistency_check", "displaybind", "dual",
	"enable_allocate", "encode", "endpoint", "entry", "explicit_handle", "fault_status",
	"first_is", "handle", "heap", "helpcontext", "helpfile", "helpstring", "helpstringcontext",
	"hidden", "id", "idempotent", "idl_quote", "ignore", "iid_is", "immediatebind",
	"implicit_handle", "in", "in_line", "last_is", "lcid", "length_is", "licensed", "local",
	"max_is", "maybe", "message", "min_is", "ms_union", "nocode", "noncreatable",
	"nonextensible", "notify", "notify_flag", "object", "odl", "oleautomation", "optimize",
	"optional", "out", "out_of_line", "partial_ignore", "pointer_default", "propget", "propput",
	"propputref", "proxy", "ptr", "public", "range", "readonly", "ref", "replaceable",
	"represent_as", "requestedit", "restricted", "retval", "size_is", "source",
	"strict_context_handle", "string", "switch_is", "switch_type", "transmit_as",
	"type_strict_context_handle", "uidefault", "unique", "user_marshal", "usesgetlasterror",
	"utf8", "uuid", "v1_enum", "v1_struct", "vararg", "version", "wire_marshal", NULL};

void
check_attributes(struct compiler *c, const struct attr *attrs)
{
	for (; attrs; attrs = attrs->next) {
		const char *const *known = known_attributes;
		struct seen *s = c->warned;

		while (*known && strcmp(*known, attrs->name) != 0)
			known++;
		while (s && strcmp(s->name, attrs->name) != 0)
			s = s->next;
		if (*known || s)
			continue;
		warning_at(c, attrs->pos, "attribute '%s' is not known and has no effect",
			attrs->name);
		s = compiler_new(c, 1, sizeof(*s));
		*s = (struct seen){c->warned, attrs->name};
		c->warned = s;
	}
}

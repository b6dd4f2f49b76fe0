/* SPDX-License-Identifier: MIT */
#include "rpc/extended.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utf16.h"
#include "eerr.h" /* made from idl/eerr.idl */
#include "ndr/ndr.h"

#define HEADERS_SIZE 16 /* common and private header ([MS-RPCE] 2.2.6.1, 2.2.6.2) */
#define RECORDS_MAX 64  /* a chain longer than this is nobody's honest error */
#define MEMORY_MAX 65536
#define TICKS_1601_TO_1970 116444736000000000ll

#define EERR_RECORD_EARLIER_MISSING 0x0001 /* [MS-EERR] 2.2.1.8 */
#define EERR_RECORD_LATER_MISSING 0x0002

/* --- reading --- */

/* Both headers. False: not version 1, or the lengths do not fit. *ret_len: of the type that follows. */
static bool
headers_get(const uint8_t *bytes, size_t len, bool *ret_big_endian, size_t *ret_len)
{
	struct wire_fault fault = {0};
	struct wire_in in;
	uint32_t object_len;

	wire_in_init(&in, bytes, len, false, &fault);
	if (wire_in_u8(&in) != 1)
		return false;
	*ret_big_endian = wire_in_u8(&in) == 0x00;
	if (wire_in_u16(&in) != 8) /* the common header is little-endian, always */
		return false;
	wire_in_skip(&in, 4);
	in.swap = *ret_big_endian ? !in.swap : in.swap;
	object_len = wire_in_u32(&in);
	wire_in_skip(&in, 4);
	if (!wire_in_ok(&in) || object_len > wire_in_left(&in))
		return false;
	*ret_len = object_len;
	return true;
}

static void
text_get(const EEUString *s, char *ret, size_t cap)
{
	size_t n = s->pString && s->nLength > 0 ? (size_t)s->nLength : 0;

	while (n > 0 && s->pString[n - 1] == 0)
		n--;
	utf16_to_utf8(s->pString, n, ret, cap);
}

/* ISO 8859-1 ([MS-EERR] 2.2.1.1). */
static void
ansi_get(const EEAString *s, char *ret, size_t cap)
{
	uint16_t wide[64];
	size_t n = s->pString && s->nLength > 0 ? (size_t)s->nLength : 0;

	if (n > sizeof(wide) / sizeof(*wide))
		n = sizeof(wide) / sizeof(*wide);
	for (size_t i = 0; i < n; i++)
		wide[i] = s->pString[i];
	while (n > 0 && wide[n - 1] == 0)
		n--;
	utf16_to_utf8(wide, n, ret, cap);
}

static void
param_get(const ExtendedErrorParam *in, struct sp_error_param *ret)
{
	ret->kind = SP_ERROR_PARAM_NUMBER;
	switch (in->Type) {
	case eeptiAnsiString:
		ret->kind = SP_ERROR_PARAM_TEXT;
		ansi_get(&in->Value.AnsiString, ret->text, sizeof(ret->text));
		break;
	case eeptiUnicodeString:
		ret->kind = SP_ERROR_PARAM_TEXT;
		text_get(&in->Value.UnicodeString, ret->text, sizeof(ret->text));
		break;
	case eeptiLongVal: ret->number = in->Value.LVal; break;
	case eeptiShortValue: ret->number = in->Value.IVal; break;
	case eeptiPointerValue: ret->number = in->Value.PVal; break;
	case eeptiBinary:
		ret->kind = SP_ERROR_PARAM_BYTES;
		ret->number = in->Value.Blob.nSize;
		break;
	case eeptiNone: ret->kind = SP_ERROR_PARAM_NONE; break;
	}
}

static void
record_get(const ExtendedErrorInfo *in, struct sp_error_record *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (in->ComputerName.Type == eecnpPresent)
		text_get(&in->ComputerName.Value.Name, ret->computer, sizeof(ret->computer));
	ret->process_id = in->ProcessID;
	ret->time = in->TimeStamp;
	ret->component = in->GeneratingComponent;
	ret->status = in->Status;
	ret->location = in->DetectionLocation;
	ret->earlier_missing = in->Flags & EERR_RECORD_EARLIER_MISSING;
	ret->later_missing = in->Flags & EERR_RECORD_LATER_MISSING;
	for (int16_t i = 0; i < in->nLen && i < SP_ERROR_PARAMS; i++)
		param_get(&in->Params[i], &ret->params[ret->n_params++]);
}

/* [MS-EERR] 2.2.2.2: whatever violates the format makes all of it void. */
static bool
is_sound(const ExtendedErrorInfo *first)
{
	size_t n = 0;

	for (const ExtendedErrorInfo *i = first; i; i = i->Next)
		if (i->nLen < 0 || i->nLen > EERR_MAX_PARAMS || ++n > RECORDS_MAX)
			return false;
	return n > 0;
}

/* The first ones and the root, which says most; what is left out between them is marked. */
static void
records_get(const ExtendedErrorInfo *first, struct sp_error *ret)
{
	const ExtendedErrorInfo *i = first;
	size_t n = 0;

	for (; i && n < SP_ERROR_RECORDS; i = i->Next)
		record_get(i, &ret->records[n++]);
	ret->n_records = (uint8_t)n;
	if (!i)
		return;
	while (i->Next)
		i = i->Next;
	record_get(i, &ret->records[n - 1]);
	ret->records[n - 1].earlier_missing = true;
	ret->records[n - 2].later_missing = true;
}

bool
eerr_get(const uint8_t *bytes, size_t len, struct sp_error *ret)
{
	struct eerr_marshal_args args = {0};
	struct arena arena;
	struct sp_pull pull;
	bool big_endian, good;
	size_t object_len;

	if (!headers_get(bytes, len, &big_endian, &object_len))
		return false;
	arena_init(&arena, MEMORY_MAX);
	ndr_pull_init(&pull, bytes + HEADERS_SIZE, object_len, big_endian, &arena, NULL, NULL);
	eerr_marshal_pull_in(&pull, &args);
	good = ndr_pull_status(&pull, NULL) == 0 && is_sound(args.first);
	ndr_pull_fini(&pull);
	if (good)
		records_get(args.first, ret);
	arena_fini(&arena);
	return good;
}

/* --- writing --- */

/* The texts of a record in UTF-16, with their NULs. */
struct texts {
	uint16_t computer[64];
	uint16_t params[SP_ERROR_PARAMS][64];
};

static EEUString
text_put(const char *text, uint16_t room[64])
{
	size_t n = utf16_from_utf8(text, strlen(text), room, 64);

	return (EEUString){.nLength = (int16_t)((n < 64 ? n : 63) + 1), .pString = room};
}

static void
param_put(const struct sp_error_param *p, uint16_t room[64], ExtendedErrorParam *ret)
{
	*ret = (ExtendedErrorParam){.Type = eeptiNone};
	if (p->kind == SP_ERROR_PARAM_TEXT) {
		ret->Type = eeptiUnicodeString;
		ret->Value.UnicodeString = text_put(p->text, room);
	} else if (p->kind == SP_ERROR_PARAM_NUMBER && p->number == (int32_t)p->number) {
		ret->Type = eeptiLongVal;
		ret->Value.LVal = (int32_t)p->number;
	} else if (p->kind == SP_ERROR_PARAM_NUMBER) {
		ret->Type = eeptiPointerValue;
		ret->Value.PVal = p->number;
	}
}

static ExtendedErrorInfo *
record_put(const struct sp_error_record *r, struct arena *arena)
{
	struct texts *texts = arena_alloc(arena, 1, sizeof(*texts));
	ExtendedErrorInfo *info =
		arena_alloc(arena, 1, sizeof(*info) + r->n_params * sizeof(info->Params[0]));

	if (!texts || !info)
		return NULL;
	info->ComputerName.Type = *r->computer ? eecnpPresent : eecnpNotPresent;
	if (*r->computer)
		info->ComputerName.Value.Name = text_put(r->computer, texts->computer);
	info->ProcessID = r->process_id;
	info->TimeStamp = r->time;
	info->GeneratingComponent = r->component;
	info->Status = r->status;
	info->DetectionLocation = r->location;
	info->Flags = (uint16_t)((r->earlier_missing ? EERR_RECORD_EARLIER_MISSING : 0) |
				 (r->later_missing ? EERR_RECORD_LATER_MISSING : 0));
	info->nLen = r->n_params;
	for (unsigned i = 0; i < r->n_params; i++)
		param_put(&r->params[i], texts->params[i], &info->Params[i]);
	return info;
}

/* NULL: no memory. */
static ExtendedErrorInfo *
records_put(const struct sp_error_record *records, size_t n, struct arena *arena)
{
	ExtendedErrorInfo *first = NULL, **last = &first;

	for (size_t i = 0; i < n; i++) {
		*last = record_put(&records[i], arena);
		if (!*last)
			return NULL;
		last = &(*last)->Next;
	}
	return first;
}

/* The headers go into the headroom. */
static void
headers_put(struct buf *b)
{
	struct wire_out out;
	uint32_t len = buf_len(b);

	b->start -= HEADERS_SIZE;
	wire_out_init(&out, b->data + b->start, HEADERS_SIZE);
	wire_out_u8(&out, 1);
	wire_out_u8(&out, 0x10);
	wire_out_u16(&out, 8);
	wire_out_u32(&out, 0xcccccccc);
	wire_out_u32(&out, len);
	wire_out_u32(&out, 0);
}

struct buf *
eerr_put(const struct sp_error_record *records, size_t n)
{
	struct eerr_marshal_args args = {0};
	struct buf *b = NULL;
	struct arena arena;
	struct sp_push push;

	arena_init(&arena, MEMORY_MAX);
	args.first = records_put(records, n, &arena);
	ndr_push_init(&push, HEADERS_SIZE, 8, MEMORY_MAX, NULL);
	if (args.first) {
		eerr_marshal_push_in(&push, &args);
		sp_push_align(&push, 8); /* the length counts the padding ([MS-RPCE] 2.2.6.2) */
		b = ndr_push_finish(&push);
	}
	ndr_push_fini(&push);
	arena_fini(&arena);
	if (b)
		headers_put(b);
	return b;
}

/* --- records of our own --- */

static int64_t
time_1601(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return TICKS_1601_TO_1970 + (int64_t)now.tv_sec * 10000000 + now.tv_nsec / 100;
}

struct sp_error_record
eerr_record(uint32_t component, enum eerr_location location, sp_status status)
{
	struct sp_error_record r = {.process_id = (uint32_t)getpid(),
		.time = time_1601(),
		.component = component,
		.status = status,
		.location = (uint16_t)location};
	struct utsname host;

	/* the name without its domain, as Windows gives it */
	if (uname(&host) == 0)
		snprintf(r.computer, sizeof(r.computer), "%.*s", (int)strcspn(host.nodename, "."),
			host.nodename);
	return r;
}

void
eerr_add_text(struct sp_error_record *r, const char *text)
{
	struct sp_error_param *p = &r->params[r->n_params++];

	*p = (struct sp_error_param){.kind = SP_ERROR_PARAM_TEXT};
	snprintf(p->text, sizeof(p->text), "%s", text);
}

void
eerr_add_number(struct sp_error_record *r, int64_t number)
{
	r->params[r->n_params++] =
		(struct sp_error_param){.kind = SP_ERROR_PARAM_NUMBER, .number = number};
}

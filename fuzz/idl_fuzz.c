/* SPDX-License-Identifier: MIT */
/*
 * The front end and the emitters over any text. Imports never leave the input. The first byte chooses
 * which allocation of the emitters' text fails, the rest is the file; random bytes are spread over IDL's
 * own words, so that an input without a corpus gets past the lexer too.
 */
#include <string.h>

#include "base/mem.h"
#include "idlc/emit.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct input {
	char *text;
	size_t len;
	bool is_acf; /* the same text is the ACF, too */
};

static const char *const words[] = {" ", "\n", "[", "]", "(", ")", "{", "}", ";", ",", "*", "=",
	"uuid", "interface ", "typedef ", "struct ", "union ", "enum ", "switch", "case ",
	"default", "long ", "short ", "hyper ", "char ", "wchar_t ", "void ", "in", "out",
	"size_is", "length_is", "string", "unique", "ptr", "ref", "context_handle", "switch_is",
	"switch_type", "const ", "import ", "a", "b", "n", "x1", "0", "1", "2", ":", "+", "?",
	"range", "v1_enum", "uuid(01234567-0123-4567-89ab-0123456789ab)", "\"", "'"};
#define N_WORDS (sizeof(words) / sizeof(*words))

/* Bytes from 0x80 stand for words; the others for themselves. */
static bool
expand(const uint8_t *data, size_t len, struct input *ret)
{
	ret->text = mem_alloc(len * 48 + 1);
	ret->len = 0;
	if (!ret->text)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *word = words[(data[i] & 0x7f) % N_WORDS];

		if (data[i] < 0x80) {
			ret->text[ret->len++] = (char)data[i];
			continue;
		}
		memcpy(ret->text + ret->len, word, strlen(word));
		ret->len += strlen(word);
	}
	ret->text[ret->len] = '\0';
	return true;
}

static bool
read_input(void *arg, const char *path, char **ret_text, size_t *ret_len)
{
	const struct input *in = arg;
	char *copy;

	if (strcmp(path, "f.idl") != 0 && !(in->is_acf && strcmp(path, "f.acf") == 0))
		return false;
	copy = mem_alloc(in->len + 1);
	if (!copy)
		return false;
	memcpy(copy, in->text, in->len + 1);
	*ret_text = copy;
	*ret_len = in->len;
	return true;
}

static void
emit_all(struct compiler *c)
{
	bool (*const emitters[])(struct compiler *, const char *, const char *, struct text *) = {
		emit_header, emit_ndr, emit_client, emit_server, emit_selftest, emit_json, emit_doc,
		emit_depfile};

	for (size_t i = 0; i < sizeof(emitters) / sizeof(*emitters); i++) {
		struct text text = {0};

		if (!emitters[i](c, "f", "f.idl", &text) && !c->out_of_memory && !text.failed)
			__builtin_trap();
		text_fini(&text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static FILE *nowhere;
	struct compiler c;
	struct input in;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (len < 1 || !expand(data + 1, len - 1, &in))
		return 0;
	compiler_init(&c, nowhere);
	c.read = read_input;
	c.read_arg = &in;
	in.is_acf = data[0] >= 0x80;
	mem_fail_nth(data[0] < 0x20 ? data[0] : 0);
	if (compiler_read(&c, "f.idl"))
		emit_all(&c);
	mem_fail_nth(0);
	compiler_fini(&c);
	mem_free(in.text);
	return 0;
}

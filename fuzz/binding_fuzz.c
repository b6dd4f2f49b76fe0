/* SPDX-License-Identifier: MIT */
/* A string binding that parses is composed again and parses to the same parts. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/binding.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1), *composed = NULL;
	sp_binding *b = NULL, *again = NULL;
	struct sp_error error;

	memcpy(text, bytes, len);
	text[len] = '\0';
	if (sp_binding_parse(text, &b, &error)) {
		assert(strstr(error.sentence, "column"));
		goto out;
	}
	assert(sp_binding_compose(b->has_object ? &b->object : NULL, b->protseq, b->address,
		       b->endpoint, b->options, &composed) == RPC_S_OK);
	assert(sp_binding_parse(composed, &again, &error) == RPC_S_OK);
	assert(strcmp(b->address, again->address) == 0);
	assert(strcmp(b->endpoint, again->endpoint) == 0);
	assert(strcmp(b->options, again->options) == 0);
out:
	sp_binding_free(b);
	sp_binding_free(again);
	free(composed);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Every decoder of a connection-oriented PDU over any bytes: it reads within them or says what is wrong. */
#include <assert.h>

#include "wire/bind.h"
#include "wire/request.h"
#include "wire/trailer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
results_get(const uint8_t *bytes, const struct pdu_header *h)
{
	struct wire_fault fault = {0};
	struct wire_in in;
	struct bind_ack_fixed ack;
	struct bind_result result;

	if (!pdu_body(bytes, h, &in, &fault))
		return;
	bind_ack_fixed_get(&in, &ack);
	for (unsigned i = 0; i < ack.n_results; i++)
		bind_result_get(&in, &result);
	/* the list was held against what is left before its first element was read */
	assert(ack.n_results == 0 || wire_in_ok(&in));
}

static void
calls_get(const uint8_t *bytes, const struct pdu_header *h)
{
	struct wire_fault fault = {0};
	struct wire_in in;
	struct request_fixed request;
	struct response_fixed response;
	struct fault_fixed refusal;

	if (pdu_body(bytes, h, &in, &fault))
		request_fixed_get(&in, h, &request);
	if (pdu_body(bytes, h, &in, &fault))
		response_fixed_get(&in, &response);
	if (pdu_body(bytes, h, &in, &fault))
		fault_fixed_get(&in, &refusal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct wire_fault fault = {0};
	struct pdu_header h;
	struct bind_nak nak;
	struct trailer trailer;

	if (!pdu_header_get(bytes, len, &h, &fault)) {
		assert(fault.bad != WIRE_OK && fault.what && fault.at <= len);
		return 0;
	}
	if (h.frag_len > len)
		return 0; /* the engine waits for the rest */
	(void)bind_check(bytes, &h, &fault);
	fault = (struct wire_fault){0};
	(void)bind_nak_get(bytes, &h, &nak, &fault);
	fault = (struct wire_fault){0};
	if (h.auth_len > 0)
		(void)trailer_get(bytes, &h, PDU_REQUEST_SIZE, &trailer, &fault);
	results_get(bytes, &h);
	calls_get(bytes, &h);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Calls everything that idl/calc.idl offers. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <sallyport/sallyport.h>

#include "calc.h"

static const char usage[] =
	"usage: %s [options] BINDING        for example ncacn_ip_tcp:192.0.2.7\n"
	"  --mapper-port N    the endpoint mapper's TCP port (135)\n"
	"  --ncalrpc-dir DIR  where local endpoints live\n";

/* A call fails in one of two ways: it did not come through (status), or the server says no (result). */
static bool
is_good(const char *what, sp_status status, uint32_t result, const struct sp_error *err)
{
	const char *text = sp_status_text(result);

	if (status)
		fprintf(stderr, "%s: %s: %u: %s\n", what, sp_phase_name(err->phase), status,
			err->sentence);
	else if (result)
		fprintf(stderr, "%s: the server says %u: %s\n", what, result, text ? text : "");
	return !status && !result;
}

static bool
numbers(sp_call *call)
{
	int32_t values[] = {3, 1, 4, 1, 5, 9, 2, 6}, sum, quotient, remainder;
	calc_summary summary;
	struct sp_error err;
	uint32_t result = 0;
	sp_status status = calc_add(call, 40, 2, &sum, &err);

	if (!is_good("add", status, 0, &err))
		return false;
	printf("40 + 2 = %d\n", sum);
	status = calc_divide(call, 17, 5, &quotient, &remainder, &result, &err);
	if (!is_good("divide", status, result, &err))
		return false;
	printf("17 / 5 = %d, remainder %d\n", quotient, remainder);
	status = calc_divide(call, 1, 0, &quotient, &remainder, &result, &err);
	if (!is_good("divide by zero", status, result == RPC_S_ZERO_DIVIDE ? 0 : 1, &err))
		return false;
	printf("1 / 0: the server says %u\n", result);
	status = calc_summarize(call, 8, values, &summary, &result, &err);
	if (!is_good("summarize", status, result, &err))
		return false;
	printf("8 numbers: mean %g, from %g to %g, sum %lld\n", summary.mean, summary.least,
		summary.greatest, (long long)summary.sum);
	return true;
}

static bool
registers(sp_call *call)
{
	calc_register handle = {0};
	struct sp_error err;
	uint32_t result = 0;
	int64_t value;
	sp_status status = calc_register_open(call, 100, &handle, &result, &err);

	for (int i = 1; i <= 3 && is_good("register", status, result, &err); i++)
		status = calc_register_add(call, handle, i, &result, &err);
	if (!is_good("register", status, result, &err))
		return false;
	status = calc_register_read(call, handle, &value, &result, &err);
	if (!is_good("read", status, result, &err))
		return false;
	printf("register: 100 + 1 + 2 + 3 = %lld\n", (long long)value);
	status = calc_register_close(call, &handle, &result, &err);
	return is_good("close", status, result, &err);
}

static bool
text(sp_call *call)
{
	static const uint16_t expression[] = {
		'2', ' ', '*', ' ', '3', ' ', '+', ' ', '0', '.', '5', 0};
	uint16_t *answer = NULL;
	struct sp_error err;
	uint32_t result = 0;
	sp_status status = calc_evaluate(call, expression, &answer, &result, &err);

	if (!is_good("evaluate", status, result, &err))
		return false;
	printf("2 * 3 + 0.5 = ");
	for (; answer && *answer; answer++) /* the call owns it until it is used again */
		putchar(*answer);
	putchar('\n');
	return true;
}

static bool
unions(sp_call *call)
{
	calc_number number = {.kind = CALC_REAL, .value.real = 2.5}, negated;
	struct sp_error err;
	uint32_t result = 0;
	sp_status status = calc_negate(call, &number, &negated, &result, &err);

	if (!is_good("negate", status, result, &err))
		return false;
	printf("-(%g) = %g\n", number.value.real, negated.value.real);
	return true;
}

static int
calculate(const char *binding, const struct sp_client_options *options)
{
	struct sp_error err;
	sp_client *client = NULL;
	sp_call *call = NULL;
	bool good = is_good("client", sp_client_new(binding, options, &client, &err), 0, &err);

	if (good)
		good = (call = sp_call_new(client));
	good = good && numbers(call) && registers(call) && text(call) && unions(call);
	if (good)
		printf("served by %s\n", sp_client_peer(client));
	sp_call_free(call);
	sp_client_free(client);
	return good ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const struct option names[] = {
		{"mapper-port", required_argument, NULL, 'm'},
		{"ncalrpc-dir", required_argument, NULL, 'd'},
		{0},
	};
	struct sp_client_options options = {0};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'm') {
			options.mapper_port = (uint16_t)strtoul(optarg, NULL, 10);
		} else if (option == 'd') {
			options.ncalrpc_dir = optarg;
		} else {
			fprintf(stderr, usage, argv[0]);
			return 64;
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, usage, argv[0]);
		return 64;
	}
	return calculate(argv[optind], &options);
}

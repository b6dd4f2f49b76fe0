/* SPDX-License-Identifier: MIT */
#include "rpc/fault.h"

#include <stddef.h>

#include "wire/bind.h"

/* [MS-RPCE] 3.1.1.5.5, the numbers of C706 appendix E where status.h has no name */
static const struct {
	uint32_t fault;
	sp_status status;
} table[] = {
	{NCA_S_COMM_FAILURE, RPC_S_COMM_FAILURE},
	{NCA_S_OP_RNG_ERROR, RPC_S_PROCNUM_OUT_OF_RANGE},
	{NCA_S_UNK_IF, RPC_S_UNKNOWN_IF},
	{NCA_S_YOU_CRASHED, RPC_S_CALL_FAILED},
	{NCA_S_PROTO_ERROR, RPC_S_PROTOCOL_ERROR},
	{NCA_S_OUT_ARGS_TOO_BIG, RPC_S_SERVER_OUT_OF_MEMORY},
	{NCA_S_SERVER_TOO_BUSY, RPC_S_SERVER_TOO_BUSY},
	{NCA_S_UNSUPPORTED_TYPE, RPC_S_UNSUPPORTED_TYPE},
	{NCA_S_FAULT_INT_DIV_BY_ZERO, RPC_S_ZERO_DIVIDE},
	{NCA_S_FAULT_ADDR_ERROR, RPC_S_ADDRESS_ERROR},
	{0x1c000003 /* nca_s_fault_fp_div_zero */, 1769 /* RPC_S_FP_DIV_ZERO */},
	{0x1c000004 /* nca_s_fault_fp_underflow */, 1770 /* RPC_S_FP_UNDERFLOW */},
	{0x1c000005 /* nca_s_fault_fp_overflow */, 1771 /* RPC_S_FP_OVERFLOW */},
	{NCA_S_FAULT_INVALID_TAG, RPC_S_INVALID_TAG},
	{NCA_S_FAULT_INVALID_BOUND, RPC_S_INVALID_BOUND},
	{NCA_S_FAULT_RPC_VERSION_MISMATCH, RPC_S_PROTOCOL_ERROR},
	{NCA_S_FAULT_UNSPEC_REJECT, RPC_S_CALL_FAILED},
	{0x1c00000a /* nca_s_bad_actid */, RPC_S_CALL_FAILED_DNE},
	{0x1c00000b /* nca_who_are_you_failed */, RPC_S_CALL_FAILED},
	{0x1c00000c /* nca_manager_not_entered */, RPC_S_CALL_FAILED_DNE},
	{NCA_S_FAULT_CANCEL, RPC_S_CALL_CANCELLED},
	{NCA_S_FAULT_ILL_INST, RPC_S_ADDRESS_ERROR},
	{NCA_S_FAULT_FP_ERROR, 1771 /* RPC_S_FP_OVERFLOW */},
	{0x1c000010 /* nca_s_fault_int_overflow */, RPC_S_ADDRESS_ERROR},
	{NCA_S_FAULT_UNSPEC, RPC_S_CALL_FAILED},
	{NCA_S_FAULT_CONTEXT_MISMATCH, RPC_X_SS_CONTEXT_MISMATCH},
	{NCA_S_FAULT_REMOTE_NO_MEMORY, RPC_S_SERVER_OUT_OF_MEMORY},
	{NCA_S_FAULT_PIPE_EMPTY, RPC_X_PIPE_EMPTY},
	{NCA_S_FAULT_PIPE_CLOSED, RPC_X_PIPE_CLOSED},
	{NCA_S_FAULT_PIPE_ORDER, RPC_X_WRONG_PIPE_ORDER},
	{NCA_S_FAULT_PIPE_DISCIPLINE, RPC_X_PIPE_DISCIPLINE_ERROR},
	{NCA_S_FAULT_PIPE_COMM_ERROR, RPC_S_COMM_FAILURE},
	{NCA_S_FAULT_PIPE_MEMORY, RPC_S_OUT_OF_MEMORY},
	{NCA_S_INVALID_PRES_CONTEXT_ID, RPC_S_PROTOCOL_ERROR},
	{NCA_S_UNSUPPORTED_AUTHN_LEVEL, RPC_S_UNSUPPORTED_AUTHN_LEVEL},
	{NCA_S_INVALID_CHECKSUM, RPC_S_CALL_FAILED_DNE},
	{NCA_S_INVALID_CRC, RPC_S_CALL_FAILED_DNE},
};

sp_status
fault_to_status(uint32_t fault)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].fault == fault)
			return table[i].status;
	/* a fault must not look like success */
	return fault ? fault : RPC_S_CALL_FAILED;
}

/* Windows gives too-busy for congestion and a protocol error for the version. */
sp_status
nak_to_status(unsigned reason)
{
	switch (reason) {
	case NAK_TEMPORARY_CONGESTION:
	case NAK_LOCAL_LIMIT_EXCEEDED: return RPC_S_SERVER_TOO_BUSY;
	case NAK_PROTOCOL_VERSION_NOT_SUPPORTED: return RPC_S_PROTOCOL_ERROR;
	case NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED: return RPC_S_UNKNOWN_AUTHN_SERVICE;
	case NAK_INVALID_CHECKSUM: return ERROR_ACCESS_DENIED;
	default: return RPC_S_CALL_FAILED_DNE;
	}
}

uint32_t
fault_to_send(uint32_t fault)
{
	/* [MS-RPCE] 3.3.3.5.1: success and the machine's exceptions, which mean the client's own to it */
	static const uint32_t never[] = {0, 0x80000001, 0x80000002, 0x80000003, 0xc0000005,
		0xc0000006, 0xc000001d, 0xc0000096, 0xc00000aa, 0xc00000fd, 0xc0000194, 0xc0000235,
		0xc0000409, 0xc0000420};

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (never[i] == fault)
			return NCA_S_FAULT_UNSPEC;
	return fault;
}

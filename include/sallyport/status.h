/* SPDX-License-Identifier: MIT */
/*
 * The statuses that RPC users meet, under Windows' own names and numbers
 * ([MS-ERREF] 2.2, [MS-RPCE] 2.2.2.10 and 3.1.1.5.5, C706 appendix E).
 * One table; the enum, the names and the sentences are all made from it.
 */
#ifndef SALLYPORT_STATUS_H
#define SALLYPORT_STATUS_H

/* X(name, number, sentence) */
#define SP_STATUS_TABLE(X)                                                                         \
	X(RPC_S_OK, 0, "The operation completed successfully")                                     \
	X(ERROR_ACCESS_DENIED, 5, "Access is denied")                                              \
	X(ERROR_NOT_ENOUGH_MEMORY, 8, "Not enough memory")                                         \
	X(RPC_S_OUT_OF_MEMORY, 14, "Out of memory")                                                \
	X(RPC_S_INVALID_ARG, 87, "The parameter is incorrect")                                     \
	X(RPC_S_ASYNC_CALL_PENDING, 997, "The asynchronous call has not ended yet")                \
	X(RPC_S_INVALID_STRING_BINDING, 1700, "The string binding is invalid")                     \
	X(RPC_S_WRONG_KIND_OF_BINDING, 1701, "The binding handle is not the correct type")         \
	X(RPC_S_INVALID_BINDING, 1702, "The binding handle is invalid")                            \
	X(RPC_S_PROTSEQ_NOT_SUPPORTED, 1703, "The protocol sequence is not supported")             \
	X(RPC_S_INVALID_RPC_PROTSEQ, 1704, "The protocol sequence is invalid")                     \
	X(RPC_S_INVALID_STRING_UUID, 1705, "The string UUID is invalid")                           \
	X(RPC_S_INVALID_ENDPOINT_FORMAT, 1706, "The endpoint format is invalid")                   \
	X(RPC_S_INVALID_NET_ADDR, 1707, "The network address is invalid")                          \
	X(RPC_S_NO_ENDPOINT_FOUND, 1708, "No endpoint was found")                                  \
	X(RPC_S_INVALID_TIMEOUT, 1709, "The timeout value is invalid")                             \
	X(RPC_S_OBJECT_NOT_FOUND, 1710, "The object UUID was not found")                           \
	X(RPC_S_ALREADY_REGISTERED, 1711, "The object UUID is already registered")                 \
	X(RPC_S_TYPE_ALREADY_REGISTERED, 1712, "The type UUID is already registered")              \
	X(RPC_S_ALREADY_LISTENING, 1713, "The server is already listening")                        \
	X(RPC_S_NO_PROTSEQS_REGISTERED, 1714, "No protocol sequences have been registered")        \
	X(RPC_S_NOT_LISTENING, 1715, "The server is not listening")                                \
	X(RPC_S_UNKNOWN_MGR_TYPE, 1716, "The manager type is unknown")                             \
	X(RPC_S_UNKNOWN_IF, 1717, "The interface is unknown")                                      \
	X(RPC_S_NO_BINDINGS, 1718, "There are no bindings")                                        \
	X(RPC_S_NO_PROTSEQS, 1719, "There are no protocol sequences")                              \
	X(RPC_S_CANT_CREATE_ENDPOINT, 1720, "The endpoint cannot be created")                      \
	X(RPC_S_OUT_OF_RESOURCES, 1721,                                                            \
		"Not enough resources are available to complete this operation")                   \
	X(RPC_S_SERVER_UNAVAILABLE, 1722, "The RPC server is unavailable")                         \
	X(RPC_S_SERVER_TOO_BUSY, 1723, "The RPC server is too busy to complete this operation")    \
	X(RPC_S_INVALID_NETWORK_OPTIONS, 1724, "The network options are invalid")                  \
	X(RPC_S_NO_CALL_ACTIVE, 1725, "There are no remote procedure calls active on this thread") \
	X(RPC_S_CALL_FAILED, 1726, "The remote procedure call failed")                             \
	X(RPC_S_CALL_FAILED_DNE, 1727, "The remote procedure call failed and did not execute")     \
	X(RPC_S_PROTOCOL_ERROR, 1728, "An RPC protocol error occurred")                            \
	X(RPC_S_UNSUPPORTED_TRANS_SYN, 1730,                                                       \
		"The transfer syntax is not supported by the RPC server")                          \
	X(RPC_S_UNSUPPORTED_TYPE, 1732,                                                            \
		"The universal unique identifier (UUID) type is not supported")                    \
	X(RPC_S_INVALID_TAG, 1733, "The tag is invalid")                                           \
	X(RPC_S_INVALID_BOUND, 1734, "The array bounds are invalid")                               \
	X(RPC_S_UNKNOWN_AUTHN_TYPE, 1741, "The authentication type is unknown")                    \
	X(RPC_S_MAX_CALLS_TOO_SMALL, 1742, "The maximum number of calls is too small")             \
	X(RPC_S_STRING_TOO_LONG, 1743, "The string is too long")                                   \
	X(RPC_S_PROCNUM_OUT_OF_RANGE, 1745, "The procedure number is out of range")                \
	X(RPC_S_BINDING_HAS_NO_AUTH, 1746,                                                         \
		"The binding does not contain any authentication information")                     \
	X(RPC_S_UNKNOWN_AUTHN_SERVICE, 1747, "The authentication service is unknown")              \
	X(RPC_S_UNKNOWN_AUTHN_LEVEL, 1748, "The authentication level is unknown")                  \
	X(RPC_S_INVALID_AUTH_IDENTITY, 1749, "The security context is invalid")                    \
	X(RPC_S_UNKNOWN_AUTHZ_SERVICE, 1750, "The authorization service is unknown")               \
	X(EPT_S_INVALID_ENTRY, 1751, "The entry is invalid")                                       \
	X(EPT_S_CANT_PERFORM_OP, 1752, "The server endpoint cannot perform the operation")         \
	X(EPT_S_NOT_REGISTERED, 1753,                                                              \
		"There are no more endpoints available from the endpoint mapper")                  \
	X(RPC_S_CANNOT_SUPPORT, 1764, "The requested operation is not supported")                  \
	X(RPC_S_INTERNAL_ERROR, 1766, "An internal error occurred in a remote procedure call")     \
	X(RPC_S_ZERO_DIVIDE, 1767, "The RPC server attempted an integer division by zero")         \
	X(RPC_S_ADDRESS_ERROR, 1768, "An addressing error occurred in the RPC server")             \
	X(RPC_X_SS_CONTEXT_MISMATCH, 6,                                                            \
		"The context handle does not match any known context handles")                     \
	X(RPC_X_NULL_REF_POINTER, 1780, "A null reference pointer was passed to the stub")         \
	X(RPC_X_ENUM_VALUE_OUT_OF_RANGE, 1781, "The enumeration value is out of range")            \
	X(RPC_X_BYTE_COUNT_TOO_SMALL, 1782, "The byte count is too small")                         \
	X(RPC_X_BAD_STUB_DATA, 1783, "The stub received bad data")                                 \
	X(RPC_S_CALL_IN_PROGRESS, 1791, "A call is in progress already")                           \
	X(RPC_S_CALL_CANCELLED, 1818, "The remote procedure call was cancelled")                   \
	X(RPC_S_COMM_FAILURE, 1820,                                                                \
		"A communications failure occurred during a remote procedure call")                \
	X(RPC_S_UNSUPPORTED_AUTHN_LEVEL, 1821,                                                     \
		"The requested authentication level is not supported")                             \
	X(RPC_S_SEC_PKG_ERROR, 1825, "A security package specific error occurred")                 \
	X(RPC_S_NOT_CANCELLED, 1826, "Thread is not canceled")                                     \
	X(RPC_X_WRONG_PIPE_ORDER, 1831, "Pipes were used in the wrong order")                      \
	X(EPT_S_CANT_CREATE, 1899, "The endpoint mapper database entry could not be created")      \
	X(RPC_X_PIPE_CLOSED, 1916, "The pipe has been closed")                                     \
	X(RPC_X_PIPE_DISCIPLINE_ERROR, 1917, "The call ended before its pipes")                    \
	X(RPC_X_PIPE_EMPTY, 1918, "The pipe has no more data")                                     \
	X(RPC_S_SERVER_OUT_OF_MEMORY, 1130, "Not enough server memory to complete the operation")  \
	X(ERROR_TIMEOUT, 1460, "This operation returned because the timeout period expired")       \
	X(EPT_NCA_NOT_REGISTERED, 0x16c9a0d6,                                                      \
		"There are no more endpoints available from the endpoint mapper (DCE "             \
		"ept_s_not_registered)")                                                           \
	X(EPT_NCA_CANT_PERFORM_OP, 0x16c9a0cd,                                                     \
		"The endpoint mapper cannot perform the operation (DCE ept_s_cant_perform_op)")    \
	X(EPT_NCA_INVALID_ENTRY, 0x16c9a0d3,                                                       \
		"The endpoint map entry is invalid (DCE ept_s_invalid_entry)")                     \
	X(EPT_NCA_INVALID_CONTEXT, 0x16c9a0d5,                                                     \
		"The lookup handle is invalid (DCE ept_s_invalid_context)")                        \
	X(NCA_S_COMM_FAILURE, 0x1c010001, "Communications failure")                                \
	X(NCA_S_OP_RNG_ERROR, 0x1c010002, "Operation number out of range")                         \
	X(NCA_S_UNK_IF, 0x1c010003, "Unknown interface")                                           \
	X(NCA_S_WRONG_BOOT_TIME, 0x1c010006, "Wrong boot time")                                    \
	X(NCA_S_YOU_CRASHED, 0x1c010009, "The client crashed")                                     \
	X(NCA_S_PROTO_ERROR, 0x1c01000b, "Protocol error")                                         \
	X(NCA_S_OUT_ARGS_TOO_BIG, 0x1c010013, "The output arguments are too big")                  \
	X(NCA_S_SERVER_TOO_BUSY, 0x1c010014, "The server is too busy to handle the call")          \
	X(NCA_S_FAULT_STRING_TOO_LONG, 0x1c010015, "String too long")                              \
	X(NCA_S_UNSUPPORTED_TYPE, 0x1c010017, "The type of the object is not supported")           \
	X(NCA_S_FAULT_INT_DIV_BY_ZERO, 0x1c000001, "Integer division by zero")                     \
	X(NCA_S_FAULT_ADDR_ERROR, 0x1c000002, "Address error")                                     \
	X(NCA_S_FAULT_INVALID_TAG, 0x1c000006, "Invalid union discriminator")                      \
	X(NCA_S_FAULT_INVALID_BOUND, 0x1c000007, "Invalid array bound")                            \
	X(NCA_S_FAULT_RPC_VERSION_MISMATCH, 0x1c000008, "RPC version mismatch")                    \
	X(NCA_S_FAULT_UNSPEC_REJECT, 0x1c000009, "Rejected for an unspecified reason")             \
	X(NCA_S_FAULT_CANCEL, 0x1c00000d, "The call was cancelled")                                \
	X(NCA_S_FAULT_ILL_INST, 0x1c00000e, "Illegal instruction")                                 \
	X(NCA_S_FAULT_FP_ERROR, 0x1c00000f, "Floating point error")                                \
	X(NCA_S_FAULT_UNSPEC, 0x1c000012, "Unspecified fault")                                     \
	X(NCA_S_FAULT_REMOTE_COMM_FAILURE, 0x1c000013,                                             \
		"The server's own call failed to communicate")                                     \
	X(NCA_S_FAULT_PIPE_EMPTY, 0x1c000014, "The pipe has no more data")                         \
	X(NCA_S_FAULT_PIPE_CLOSED, 0x1c000015, "The pipe has been closed")                         \
	X(NCA_S_FAULT_PIPE_ORDER, 0x1c000016, "Pipes were used in the wrong order")                \
	X(NCA_S_FAULT_PIPE_DISCIPLINE, 0x1c000017, "The call ended before its pipes")              \
	X(NCA_S_FAULT_PIPE_COMM_ERROR, 0x1c000018, "Communication failed while a pipe was read")   \
	X(NCA_S_FAULT_PIPE_MEMORY, 0x1c000019, "No memory for a pipe")                             \
	X(NCA_S_FAULT_CONTEXT_MISMATCH, 0x1c00001a,                                                \
		"The context handle does not match any known context handle")                      \
	X(NCA_S_FAULT_REMOTE_NO_MEMORY, 0x1c00001b, "The server is out of memory")                 \
	X(NCA_S_INVALID_PRES_CONTEXT_ID, 0x1c00001c, "Invalid presentation context identifier")    \
	X(NCA_S_UNSUPPORTED_AUTHN_LEVEL, 0x1c00001d, "Unsupported authentication level")           \
	X(NCA_S_INVALID_CHECKSUM, 0x1c00001f, "Invalid checksum")                                  \
	X(NCA_S_INVALID_CRC, 0x1c000020, "Invalid CRC")                                            \
	X(NCA_S_FAULT_USER_DEFINED, 0x1c000021, "User-defined fault")

enum {
#define SP_STATUS_ENUM(name, number, sentence) name = number,
	SP_STATUS_TABLE(SP_STATUS_ENUM)
#undef SP_STATUS_ENUM
};

#endif
